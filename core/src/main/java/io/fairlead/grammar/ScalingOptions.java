package io.fairlead.grammar;

/** Options of one platform for {@link Scaling#with}. */
public non-sealed interface ScalingOptions extends PlatformOptions {}
