package io.fairlead.grammar;

/** Options of one platform for {@link ModelMetadata#with}. */
public non-sealed interface ArtifactOptions extends PlatformOptions {}
