package io.fairlead.sagemaker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerConfig;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sagemaker.model.SageMakerException;

/** What AWS's failures mean here. */
class SageMakerErrorsTest {
  private final SageMakerErrors errors =
      new SageMakerErrors(SageMakerConfig.of("us-east-1").withProfile("serving"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400 | ValidationException | Could not find model \"arn:...\". | NOT_FOUND",
        "400 | ValidationException | Could not find endpoint \"arn:...\". | NOT_FOUND",
        "400 | ValidationException | Could not find endpoint configuration \"x\". | NOT_FOUND",
        "400 | ValidationException | Cannot create already existing endpoint \"x\". | ALREADY_EXISTS",
        "400 | ValidationException | Cannot update in-progress endpoint \"x\". | CONFLICT",
        "400 | ValidationException | 1 validation error detected: Value '' at 'x' | INVALID",
        "400 | ValidationException | The variant name(s) \"x\" is/are not present within it | CONFLICT",
        "400 | ValidationException | An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity making the request does not have application-autoscaling:DeregisterScalableTarget permission. | UNAUTHORIZED",
        "400 | ResourceLimitExceeded | The account-level service limit ... | QUOTA",
        "400 | ResourceInUse | in use | CONFLICT",
        "400 | ThrottlingException | Rate exceeded | THROTTLED",
        "503 | SlowDown | Please reduce your request rate. | THROTTLED",
        "400 | AccessDeniedException | User is not authorized | UNAUTHORIZED",
        "400 | ExpiredTokenException | The security token has expired | UNAUTHORIZED",
        "403 | '' | '' | UNAUTHORIZED",
        "400 | ObjectNotFoundException | No scalable target found | NOT_FOUND",
        "400 | ConcurrentUpdateException | pending | CONFLICT",
        "400 | LimitExceededException | too many | QUOTA",
        "400 | FailedResourceAccessException | role | UNAUTHORIZED",
        "404 | NoSuchUpload | The specified upload does not exist. | CONFLICT",
        "400 | ResourceNotFoundException | The specified log group does not exist. | NOT_FOUND",
        "404 | NoSuchBucket | The specified bucket does not exist | INVALID",
        "404 | '' | '' | NOT_FOUND",
        "500 | InternalFailure | '' | UNAVAILABLE",
        "503 | ServiceUnavailable | '' | UNAVAILABLE",
        "400 | SomethingNew | whatever | INVALID"
      })
  void eachAnswerHasItsKindAndIsPassedOn(int status, String code, String message, ErrorKind kind) {
    SdkException cause = SageMakerException.builder()
        .statusCode(status)
        .requestId("request-1")
        .awsErrorDetails(
            AwsErrorDetails.builder().errorCode(code).errorMessage(message).build())
        .build();

    ServingException failure = failure(cause);

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure).hasMessageStartingWith("Describe endpoint bert failed: ");
    assertThat(failure).hasMessageContaining(message).hasCause(cause);
    assertThat(failure.requestId()).contains("request-1");
    if (kind == ErrorKind.UNAUTHORIZED) {
      assertThat(failure).hasMessageContaining("profile 'serving'");
    }
  }

  @Test
  void whatWasNotAnsweredIsToldByItsCause() {
    assertThat(failure(client("Unable to execute HTTP request", new SocketException("reset")))
            .kind())
        .isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure(client("Read timed out", new SocketTimeoutException())).kind())
        .isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure(ApiCallTimeoutException.create(30_000)).kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure(client("x", new UnknownHostException("api.sagemaker.mars-1.amazonaws.com"))))
        .hasMessageContaining("Check the region and the endpoint");
    ServingException noCredentials =
        failure(client("Unable to load credentials from any of the providers", null));
    assertThat(noCredentials.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(noCredentials).hasMessageContaining("Tried profile 'serving'");
    assertThat(failure(client("something else", null)).kind()).isEqualTo(ErrorKind.UNKNOWN);
  }

  private static SdkException client(String message, Throwable cause) {
    return SdkClientException.create(message, cause);
  }

  private ServingException failure(SdkException cause) {
    return catchThrowableOfType(
        ServingException.class,
        () -> errors.call("Describe endpoint bert", () -> {
          throw cause;
        }));
  }
}
