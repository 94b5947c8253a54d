package io.fairlead.local.internal;

/** The public name of an endpoint. */
record LocalEndpoint(String name) {}
