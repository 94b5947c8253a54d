package io.fairlead.stateful;

/**
 * How much a model's answers depend on one feature: the mean change of an answer when the feature's value is swapped
 * with that of a recent request.
 *
 * <p>It is label-free and not causal: it says what the model looks at in these requests, not what is true of the world,
 * and of two features that tell the same it may name either.
 *
 * @param feature the feature's index in the request's row, from 0
 * @param mean the mean absolute change of the answer, in the answer's unit
 * @param standardError the standard error of the mean; infinite with fewer than two samples
 * @param samples the number of swaps that it was measured by, in effect: older ones count less
 */
public record FeatureImportance(int feature, double mean, double standardError, double samples) {}
