package io.fairlead.grammar;

/** Options of one platform for a request: {@code Request.with}. */
public non-sealed interface RequestOptions extends PlatformOptions {}
