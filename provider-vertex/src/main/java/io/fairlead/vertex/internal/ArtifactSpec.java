package io.fairlead.vertex.internal;

/**
 * A directory.
 *
 * @param key its key, which has the hash of its content
 * @param files what is in it, or is to be
 */
record ArtifactSpec(String key, ArtifactFiles files) {}
