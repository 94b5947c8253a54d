package io.fairlead.azureml.internal.arm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArmErrorsTest {
  private final ArmErrors errors = new ArmErrors("the credential of the test");

  private static Document document(String json) {
    return Document.read(json.replace('\'', '"').getBytes(UTF_8)).orElseThrow();
  }

  private ServingException answered(int status, String code, String message) {
    return errors.answered(
        "Do it",
        status,
        Optional.of(document("{'error':{'code':'" + code + "','message':'" + message + "'}}")),
        Optional.of(Duration.ofSeconds(3)),
        Optional.of("r-1"));
  }

  private ServingException ofOperation(String error) {
    return errors.ofOperation("Do it", document("{'status':'Failed','error':" + error + "}"), 400);
  }

  @ParameterizedTest
  @CsvSource({
    "400, ValidationError, INVALID, false",
    "401, ExpiredAuthenticationToken, UNAUTHORIZED, false",
    "403, AuthorizationFailed, UNAUTHORIZED, false",
    "404, ResourceNotFound, NOT_FOUND, false",
    "408, Timeout, TIMEOUT, true",
    "409, Conflict, CONFLICT, true",
    "412, PreconditionFailed, CONFLICT, true",
    "429, TooManyRequests, THROTTLED, true",
    "500, InternalServerError, UNAVAILABLE, true",
    "503, ServiceUnavailable, UNAVAILABLE, true",
    "504, GatewayTimeout, TIMEOUT, true",
    "302, Moved, UNKNOWN, false"
  })
  void aStatusHasAKind(int status, String code, ErrorKind kind, boolean isRetryable) {
    ServingException failure = answered(status, code, "It is so.");

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.retryable()).isEqualTo(isRetryable);
    assertThat(failure).hasMessageStartingWith("Do it failed: It is so (" + code + ")");
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(3));
    assertThat(failure.requestId()).contains("r-1");
  }

  @ParameterizedTest
  @CsvSource({
    "400, The endpoint name bert is already in use in region westeurope., ALREADY_EXISTS, false",
    "409, The name bert is not unique., ALREADY_EXISTS, false",
    "409, There is already an operation in progress on endpoint bert., CONFLICT, true",
    "409, The model with version 1 exists already: its modelUri cannot be changed., CONFLICT, false",
    "409, Environment x with version 6 is already registered and cannot be changed., CONFLICT, false",
    "400, Not enough quota available for Standard_DS3_v2. Current usage/limit: 4/4, QUOTA, false",
    "400, Due to a lack of Azure Machine Learning capacity in the region it failed., QUOTA, true"
  })
  void aMessageTellsRefusalsOfOneStatusApart(
      int status, String message, ErrorKind kind, boolean isRetryable) {
    ServingException failure = answered(status, "UserError", message);

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.retryable()).isEqualTo(isRetryable);
  }

  @ParameterizedTest
  @CsvSource({
    "ImageBuildFailure, MODEL_FAILED, false",
    "ResourceNotReady, MODEL_FAILED, false",
    "SecretsInjectionError, MODEL_FAILED, false",
    "OutOfQuota, QUOTA, false",
    "BadArgument, INVALID, false",
    "SomethingNew, INVALID, false",
    "ResourceNotFound, NOT_FOUND, false",
    "OperationCanceled, UNAVAILABLE, true",
    "OperationCancelled, UNAVAILABLE, true",
    "OutOfCapacity, QUOTA, true",
    "WorkspaceManagedNetworkNotReady, INVALID, false",
    "AuthorizationFailed, UNAUTHORIZED, false",
    "InternalServerError, UNKNOWN, false"
  })
  void anOperationsInnermostCodeHasAKind(String code, ErrorKind kind, boolean isRetryable) {
    String why = code.equals("OutOfCapacity") ? "It is out of capacity." : "Why.";
    ServingException failure = ofOperation("{'code':'UserError','message':'It failed.','details':["
        + "{'code':'DeploymentFailed','message':'','details':[{'code':'" + code + "','message':'"
        + why + "','target':'blue'}]}]}");

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.retryable()).isEqualTo(isRetryable);
    assertThat(failure).hasMessageContaining("It failed; blue: ").hasMessageContaining(code);
  }

  @Test
  void anOperationThatWasCanceledWithoutAReasonMayBeTriedAgain() {
    for (String status : new String[] {"Canceled", "Cancelled"}) {
      ServingException failure =
          errors.ofOperation("Do it", document("{'status':'" + status + "'}"), 400);

      assertThat(failure.retryable()).isTrue();
      assertThat(failure).hasMessageContaining("OperationCanceled");
    }
  }

  @Test
  void aLongMessageIsCut() {
    ServingException failure = ofOperation("{'code':'X','message':'" + "a".repeat(5000) + "'}");

    assertThat(failure).hasMessageContaining("... (5000 characters)");
    assertThat(String.valueOf(failure.getMessage())).hasSizeLessThan(1200);
  }

  @Test
  void whatIsNoDocumentOfAnErrorHasItsStatus() {
    ServingException failure =
        errors.answered("Do it", 502, Optional.empty(), Optional.empty(), Optional.empty());

    assertThat(failure).hasMessageStartingWith("Do it failed: HTTP 502");
  }

  @Test
  void onlyWhatWasDeletedBeforeIsDeletedForGood() {
    assertThat(ArmErrors.isDeletedForGood(Optional.of(document("{'error':{'code':'UserError',"
            + "'message':'Asset x:1 was deleted at 12:00, it cannot be recreated.'}}"))))
        .isTrue();
    assertThat(ArmErrors.isDeletedForGood(
            Optional.of(document("{'error':{'code':'Conflict','message':'Busy.'}}"))))
        .isFalse();
    assertThat(ArmErrors.isDeletedForGood(Optional.empty())).isFalse();
  }
}
