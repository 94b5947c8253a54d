package io.fairlead.grammar;

/** An option of one platform for {@link Scaling#with}. */
public non-sealed interface ScalingOptions extends PlatformOptions {}
