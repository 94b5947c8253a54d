package io.fairlead.sagemaker.internal;

import io.fairlead.provider.LocalModel;
import java.util.Optional;

/**
 * An uploaded model.
 *
 * @param key its key, which contains the hash of its content
 * @param model the local model to upload; empty for the actual state
 */
record Artifact(String key, Optional<LocalModel> model) {}
