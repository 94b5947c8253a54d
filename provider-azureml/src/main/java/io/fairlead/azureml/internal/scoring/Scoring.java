package io.fairlead.azureml.internal.scoring;

import static java.util.Objects.requireNonNull;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import java.net.URI;

/**
 * How an endpoint is invoked.
 *
 * @param uri the scoring URI
 * @param mode the kind of credential that it takes
 */
public record Scoring(URI uri, AuthMode mode) {
  public Scoring {
    requireNonNull(uri, "uri");
    requireNonNull(mode, "mode");
  }
}
