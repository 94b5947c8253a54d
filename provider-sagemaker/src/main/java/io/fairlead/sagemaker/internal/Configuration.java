package io.fairlead.sagemaker.internal;

/** An endpoint configuration, which is never compared: its name is its content. */
record Configuration(String name) {}
