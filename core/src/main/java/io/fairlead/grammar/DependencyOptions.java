package io.fairlead.grammar;

/** Options of one platform for {@link Dependencies#with}. */
public non-sealed interface DependencyOptions extends PlatformOptions {}
