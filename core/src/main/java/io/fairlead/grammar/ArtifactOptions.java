package io.fairlead.grammar;

/** An option of one platform for {@link ModelMetadata#with}. */
public non-sealed interface ArtifactOptions extends PlatformOptions {}
