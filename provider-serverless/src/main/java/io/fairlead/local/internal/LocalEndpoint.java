package io.fairlead.local.internal;

/** A public name. */
record LocalEndpoint(String name) {}
