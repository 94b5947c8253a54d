package io.fairlead.grammar;

/** An option of one platform for {@link RuntimeSpec#with}. */
public non-sealed interface RuntimeOptions extends PlatformOptions {}
