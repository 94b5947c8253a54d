package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.S3Location;
import java.util.Optional;

/**
 * A request that SageMaker has accepted, and the location of its answer.
 *
 * <p>It is plain data: one process may send the request, and another read the answer.
 *
 * @param endpoint the public name that was invoked
 * @param inferenceId the request's id, given by the caller or by SageMaker
 * @param outputLocation the S3 object with the answer, once it exists
 * @param failureLocation the S3 object with the error, unless the endpoint has no location for failures
 */
public record AsyncInvocation(
    String endpoint, String inferenceId, String outputLocation, Optional<String> failureLocation) {
  public AsyncInvocation {
    requireNonNull(endpoint, "endpoint");
    requireNonNull(inferenceId, "inferenceId");
    requireNonNull(outputLocation, "outputLocation");
    requireNonNull(failureLocation, "failureLocation");
    Problems.in("AsyncInvocation")
        .check(
            S3Location.isObject(outputLocation), "outputLocation", S3Location.RULE, outputLocation)
        .check(
            failureLocation.filter(location -> !S3Location.isObject(location)).isEmpty(),
            "failureLocation",
            S3Location.RULE,
            failureLocation.orElse(""))
        .throwIfAny();
  }
}
