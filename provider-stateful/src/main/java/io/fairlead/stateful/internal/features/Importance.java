package io.fairlead.stateful.internal.features;

/**
 * How much a model's answer depends on one feature.
 *
 * @param feature the index of the feature
 * @param mean the mean change of the answer when the feature's value is swapped with that of another recent request; 0
 *     before the first sample
 * @param standardError the standard error of the mean; infinite with fewer than two samples
 * @param samples how many samples the mean is worth, of which older ones count less
 */
public record Importance(int feature, double mean, double standardError, double samples) {}
