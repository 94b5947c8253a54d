package io.fairlead.azureml.internal.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The key or token that clients of OpenAI's API are given, and when it is read. */
@Timeout(60)
class OpenAiClientsTest {
  private static final String NAME = "Qwen/Qwen3-4B";
  private static final Endpoint QWEN = new Endpoint(
      new Container(
          ModelArtifact.huggingFace(NAME, ModelTask.CHAT), RuntimeSpec.NONE, Dependencies.NONE),
      Scaling.fixed("Standard_NC24ads_A100_v4", 1),
      new Routing("qwen", "blue"));
  private static final Duration HOUR = Duration.ofHours(1);

  private final VirtualTime time = new VirtualTime();
  private ScoringServer server;
  private KnownEndpoints endpoints;
  private ScoringInvoker invoker;

  @BeforeEach
  void open() throws IOException {
    server = new ScoringServer();
    endpoints = new KnownEndpoints(
        new Scoring(URI.create("https://qwen.westus.inference.ml.azure.com/score"), AuthMode.KEY));
    invoker = new ScoringInvoker(ScoringInvoker.sharedClient(), endpoints, time, new Random(1));
  }

  @AfterEach
  void close() {
    invoker.close();
    server.close();
  }

  private void takes(AuthMode mode) {
    endpoints.know(new Scoring(endpoints.scoring().uri(), mode));
  }

  private void nextToken(String token, Duration life) {
    endpoints.nextCredential(
        () -> new Credential(token, Optional.empty(), Optional.of(time.now().plus(life))));
  }

  @Test
  void aKeyIsReadOnceAndKeptAndNeverShown() {
    OpenAiAccess access = invoker.openAi(QWEN, NAME);

    assertThat(access.baseUrl()).hasToString("https://qwen.westus.inference.ml.azure.com/v1");
    assertThat(access.model()).isEqualTo(NAME);
    assertThat(access.headers()).isEqualTo(Map.of("Authorization", "Bearer key-of-the-endpoint"));
    time.pass(Duration.ofDays(365));
    assertThat(access.bearer().get()).isEqualTo("key-of-the-endpoint");
    assertThat(endpoints.calls()).containsExactly("find qwen", "KEY of qwen");
    assertThat(access.toString() + access.bearer()).doesNotContain("key-of-the-endpoint");
  }

  @Test
  void aTokenIsKeptAndAnotherOneIsReadBeforeItEnds() {
    takes(AuthMode.ENTRA);
    nextToken("first", HOUR);
    nextToken("second", HOUR);
    OpenAiAccess access = invoker.openAi(QWEN, NAME);

    time.pass(HOUR.minusMinutes(3));
    assertThat(access.bearer().get()).isEqualTo("first");
    assertThat(endpoints.calls()).containsExactly("find qwen", "ENTRA of qwen");
    time.pass(Duration.ofSeconds(175));
    assertThat(access.bearer().get()).as("5 seconds before its end").isEqualTo("second");
    assertThat(access.bearer().get()).isEqualTo("second");
    assertThat(endpoints.calls()).containsExactly("ENTRA of qwen");
  }

  @Test
  void whatInvocationsHaveReadIsSharedWithThem() {
    endpoints.know(new Scoring(server.uri(), AuthMode.AML_TOKEN));
    nextToken("first", HOUR);
    OpenAiAccess access = invoker.openAi(QWEN, NAME);

    invoker.invoke(QWEN, Request.json("{}"));

    assertThat(server.last().header("Authorization")).isEqualTo("Bearer first");
    assertThat(access.baseUrl().getPath()).isEqualTo("/v1");
    assertThat(endpoints.calls()).containsExactly("find qwen", "AML_TOKEN of qwen");
  }

  /** A client of OpenAI's API sees 401 only, and cannot say so here. */
  @Test
  void aKeyThatWasRegeneratedIsReadByOpeningAgainForAllThatWasOpened() {
    OpenAiAccess first = invoker.openAi(QWEN, NAME);
    endpoints.nextCredential(() -> Credential.key("another-key"));
    assertThat(first.bearer().get()).isEqualTo("key-of-the-endpoint");

    OpenAiAccess second = invoker.openAi(QWEN, NAME);

    assertThat(second.bearer().get()).isEqualTo("another-key");
    assertThat(first.bearer().get()).isEqualTo("another-key");
  }

  @Test
  void aKeyThatAnInvocationFindsRefusedIsReadAgainForClientsToo() {
    endpoints.know(new Scoring(server.uri(), AuthMode.KEY));
    OpenAiAccess access = invoker.openAi(QWEN, NAME);
    endpoints.nextCredential(() -> Credential.key("another-key"));
    server.next(401, "regenerated");

    invoker.invoke(QWEN, Request.json("{}"));

    assertThat(access.bearer().get()).isEqualTo("another-key");
  }

  @Test
  void anEndpointThatIsNotThereIsToldAtOnce() {
    endpoints.nextFind(() -> {
      throw new ServingException("azureml", ErrorKind.NOT_FOUND, "There is no endpoint qwen");
    });

    ServingException failure = failure();

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("There is no endpoint qwen");
  }

  @Test
  void aKeyIsNotGivenForAHostThatOthersCouldListenTo() {
    endpoints.know(new Scoring(URI.create("http://qwen.example/score"), AuthMode.KEY));

    assertThat(failure().kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(endpoints.calls()).containsExactly("find qwen");
  }

  @Test
  void aTokenThatCannotBeRenewedFailsTheClientsRequestAndIsAskedForAgain() {
    takes(AuthMode.ENTRA);
    nextToken("first", HOUR);
    OpenAiAccess access = invoker.openAi(QWEN, NAME);
    time.pass(HOUR);
    endpoints.nextCredential(() -> {
      throw new ServingException("azureml", ErrorKind.UNAUTHORIZED, "There is no token");
    });
    nextToken("second", HOUR);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> access.bearer().get());

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(access.bearer().get()).isEqualTo("second");
  }

  @Test
  void afterTheEndNothingIsOpened() {
    invoker.close();

    assertThat(failure()).isNotNull();
  }

  private ServingException failure() {
    return catchThrowableOfType(ServingException.class, () -> invoker.openAi(QWEN, NAME));
  }
}
