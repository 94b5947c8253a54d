package io.fairlead.sagemaker.internal;

/** An endpoint configuration. It is never compared: its name is derived from its content. */
record Configuration(String name) {}
