package io.fairlead.grammar;

/** Options of one platform for {@link RuntimeSpec#with}. */
public non-sealed interface RuntimeOptions extends PlatformOptions {}
