package io.fairlead.serverless;

/** A public name. */
record LocalEndpoint(String name) {}
