package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.gax.grpc.GrpcStatusCode;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.ApiExceptionFactory;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.grpc.Metadata;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Vertex AI's codes and words come to. */
class VertexErrorsTest {
  private static final VertexErrors ERRORS = new VertexErrors("nobody");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INVALID_ARGUMENT | The display name is too long. | INVALID",
        "INVALID_ARGUMENT | The following DeployedModel ID(s) [7] do not exist. | NOT_FOUND",
        "NOT_FOUND | Endpoint e is not found. | NOT_FOUND",
        "ALREADY_EXISTS | Endpoint e already exists. | ALREADY_EXISTS",
        "PERMISSION_DENIED | Permission denied on resource. | UNAUTHORIZED",
        "UNAUTHENTICATED | Request had invalid authentication credentials. | UNAUTHORIZED",
        "FAILED_PRECONDITION | There are other operations running. | CONFLICT",
        "ABORTED | The etag does not match the current one. | CONFLICT",
        "RESOURCE_EXHAUSTED | Quota exceeded for quota metric 'Online prediction requests'. | THROTTLED",
        "RESOURCE_EXHAUSTED | The following quota metrics exceed quota limits: custom_model_serving_cpus | QUOTA",
        "RESOURCE_EXHAUSTED | Machine type temporarily unavailable. | QUOTA",
        "RESOURCE_EXHAUSTED | gRPC message exceeds maximum size 4194304: 5000000 | INVALID",
        "UNAVAILABLE | io exception | UNAVAILABLE",
        "INTERNAL | Internal error encountered. | UNAVAILABLE",
        "DEADLINE_EXCEEDED | deadline exceeded after 30s | TIMEOUT",
        "UNIMPLEMENTED | no such method | UNSUPPORTED",
        "UNKNOWN | something | UNKNOWN"
      })
  void eachCodeAndWhatItSaysIsOfAKind(Status.Code code, String message, ErrorKind kind) {
    ServingException failure = ERRORS.failure("Deploy bert/blue", refused(code, message));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure)
        .hasMessageStartingWith("Deploy bert/blue failed: ")
        .hasCauseInstanceOf(ApiException.class);
    assertThat(failure.getMessage())
        .contains("(" + code + ")")
        .doesNotContain("StatusRuntimeException");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "RESOURCE_EXHAUSTED | Too many requests | true",
        "UNAVAILABLE | io exception: Connection reset by peer | false",
        "UNAVAILABLE | Network closed for unknown reason | false",
        "UNAVAILABLE | io exception: Connection refused: /127.0.0.1:1 | true",
        "UNAVAILABLE | Channel shutdown invoked | false",
        "RESOURCE_EXHAUSTED | gRPC message exceeds maximum size 4194304: 5000000 | false",
        "DEADLINE_EXCEEDED | deadline exceeded | false",
        "INTERNAL | the model failed | false"
      })
  void onlyWhatWasNotAskedIsAskedAgain(Status.Code code, String message, boolean again) {
    assertThat(VertexErrors.isRefusedForNow(refused(code, message))).isEqualTo(again);
  }

  /** So the contract breaks calls by one of the two. */
  @Test
  void aCutConnectionIsToTheControlPlaneWhatAnUnavailableServiceIs() {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("said", Metadata.ASCII_STRING_MARSHALLER), "by the service");

    ServingException cut =
        ERRORS.failure("Get model m", refused(Status.Code.UNAVAILABLE, "Connection reset"));
    ServingException unavailable = ERRORS.failure(
        "Get model m",
        ApiExceptionFactory.createException(
            Status.UNAVAILABLE.withDescription("Try later").asRuntimeException(trailers),
            GrpcStatusCode.of(Status.Code.UNAVAILABLE),
            false));

    assertThat(unavailable)
        .usingRecursiveComparison()
        .comparingOnlyFields("platform", "kind", "retryable", "retryAfter", "variant")
        .isEqualTo(cut);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Operation denied by org policy on resource. | false",
        "Constraint constraints/gcp.restrictServiceUsage violated. | false",
        "Service account serving@p.iam.gserviceaccount.com does not exist. | false",
        "The service account of Vertex AI is being provisioned. Please try again. | true",
        "There are other operations running on the resource. | true"
      })
  void whatAPolicyForbidsIsNotWaitedFor(String message, boolean passes) {
    ServingException failure =
        ERRORS.failure("Deploy bert/blue", refused(Status.Code.FAILED_PRECONDITION, message));

    assertThat(failure.retryable()).isEqualTo(passes);
  }

  @Test
  void anAnswerThatIsTooLargeSaysWhatToDo() {
    assertThat(ERRORS.predictionFailure(
            "Invoking endpoint 'bert'",
            refused(
                Status.Code.RESOURCE_EXHAUSTED,
                "gRPC message exceeds maximum size 4194304: 5000000")))
        .hasMessageContaining("use a streaming answer");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "8 | Machine type temporarily unavailable. | QUOTA | no such machine available",
        "8 | The following quota metrics exceed quota limits. | QUOTA | IAM & Admin, Quotas",
        "9 | Model server exited unexpectedly. | MODEL_FAILED | stage STARTING_MODEL_SERVER",
        "4 | The deployment timed out. | MODEL_FAILED | VertexContainer.deploymentTimeout",
        "5 | Image us-docker.pkg.dev/p/r/i not found. | INVALID | not found",
        "7 | Permission artifactregistry.repositories.downloadArtifacts denied | UNAUTHORIZED | docs/vertex.md",
        "13 | Internal error. | UNAVAILABLE | Internal error"
      })
  void anOperationsErrorKeepsItsStageAndSaysTheWayOut(
      int code, String message, ErrorKind kind, String said) {
    var error =
        com.google.rpc.Status.newBuilder().setCode(code).setMessage(message).build();

    ServingException failure =
        ERRORS.failure("Deploy bert/blue", error, true, "STARTING_MODEL_SERVER");

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure)
        .hasMessageContaining("at stage STARTING_MODEL_SERVER")
        .hasMessageContaining(said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "5 | DeployedModel 7 is not in Endpoint e. | NOT_FOUND",
        "9 | There are other operations running. | CONFLICT",
        "4 | The operation timed out. | TIMEOUT",
        "9 | The machine type is temporarily unavailable. | QUOTA"
      })
  void anOperationThatStartsNoContainerBlamesNone(int code, String message, ErrorKind kind) {
    var error =
        com.google.rpc.Status.newBuilder().setCode(code).setMessage(message).build();

    ServingException failure = ERRORS.failure("Undeploy bert/blue", error, false, "");

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure).hasMessageStartingWith("Undeploy bert/blue failed: ");
  }

  private static ApiException refused(Status.Code code, String message) {
    return ApiExceptionFactory.createException(
        code.toStatus().withDescription(message).asRuntimeException(),
        GrpcStatusCode.of(code),
        false);
  }
}
