package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.S3Location;
import java.util.Optional;

/**
 * A request that SageMaker has taken in, and where its answer will lie.
 *
 * <p>It is plain data: one process may ask, and another look for the answer.
 *
 * @param endpoint the public name that was asked
 * @param inferenceId the request's name, given by the caller or by SageMaker
 * @param outputLocation the S3 object that holds the answer, once there is one
 * @param failureLocation the S3 object that says what went wrong, unless the endpoint keeps no failures
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
