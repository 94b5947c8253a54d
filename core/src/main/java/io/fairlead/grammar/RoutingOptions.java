package io.fairlead.grammar;

/** Options of one platform for {@link Routing#with}. */
public non-sealed interface RoutingOptions extends PlatformOptions {}
