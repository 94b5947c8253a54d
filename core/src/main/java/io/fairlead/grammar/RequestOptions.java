package io.fairlead.grammar;

/** An option of one platform for a request: {@code Request.with}. */
public non-sealed interface RequestOptions extends PlatformOptions {}
