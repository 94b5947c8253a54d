package io.fairlead.grammar;

/** An option of one platform for {@link Dependencies#with}. */
public non-sealed interface DependencyOptions extends PlatformOptions {}
