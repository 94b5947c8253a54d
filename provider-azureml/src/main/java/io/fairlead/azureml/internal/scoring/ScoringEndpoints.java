package io.fairlead.azureml.internal.scoring;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;

/**
 * What invocations have to know of endpoints, which the control plane tells.
 *
 * <p>Called on threads of the invoker's own, one at a time for each endpoint; these are interrupted when it is closed.
 */
public interface ScoringEndpoints {
  /**
   * {@return how an endpoint is invoked}
   *
   * @throws io.fairlead.error.ServingException if it is not known; of kind {@code NOT_FOUND} if the endpoint does not
   *     exist
   */
  Scoring find(String endpoint);

  /**
   * {@return a credential for an endpoint, which is sent as {@code Authorization: Bearer}}
   *
   * @throws io.fairlead.error.ServingException if there is none
   */
  Credential credential(String endpoint, AuthMode mode);
}
