package io.fairlead.grammar;

/** An option of one platform for {@link Routing#with}. */
public non-sealed interface RoutingOptions extends PlatformOptions {}
