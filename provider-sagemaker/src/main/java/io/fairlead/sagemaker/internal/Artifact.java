package io.fairlead.sagemaker.internal;

import java.util.Optional;

/**
 * An upload.
 *
 * @param key its key, which has the hash of its content
 * @param archive what is uploaded; empty where it is read
 */
record Artifact(String key, Optional<ModelArchive> archive) {}
