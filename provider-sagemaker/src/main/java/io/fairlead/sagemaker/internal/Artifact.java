package io.fairlead.sagemaker.internal;

import io.fairlead.provider.LocalModel;
import java.util.Optional;

/**
 * An upload.
 *
 * @param key its key, which has the hash of its content
 * @param model what is uploaded; empty where it is read
 */
record Artifact(String key, Optional<LocalModel> model) {}
