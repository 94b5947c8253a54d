package io.fairlead.sagemaker.internal;

import static io.fairlead.sagemaker.internal.ScriptedServer.ENDPOINT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.Response;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.sagemaker.AsyncInvocation;
import io.fairlead.sagemaker.AsyncRequest;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.AwsError;
import io.fairlead.sagemaker.standin.StandIn;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;

class AsyncInvocationsTest {
  private static final AsyncRequest REQUEST =
      AsyncRequest.of("s3://data/questions/1.json", "application/json");
  private static final AsyncInvocation TAKEN = new AsyncInvocation(
      "churn", "id-1", "s3://data/out/1.out", Optional.of("s3://data/failed/1.out"));

  private final VirtualTime time = new VirtualTime();

  private AsyncInvocations asking(SageMakerConfig config, SageMakerClients clients) {
    SageMakerErrors errors = new SageMakerErrors(config);
    return new AsyncInvocations(
        clients,
        new RefusedCalls(SageMakerProvider.ID, time, new Random(1)),
        errors,
        time,
        Duration.ofSeconds(30));
  }

  /** An endpoint that answers in S3 after ten seconds. */
  @Nested
  class OfAnEndpointInS3 {
    private static final String KEY = "AKIDASYNCINVOCATIONS";

    private final Account account = StandIn.account(KEY, time);
    private final SageMakerConfig config = SageMakerConfig.of("eu-west-1")
        .withEndpoint(StandIn.endpoint())
        .withCredentials(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(KEY, "not-a-secret")));
    private final SageMakerClients clients = new SageMakerClients(config);
    private final AsyncInvocations invocations = asking(config, clients);

    OfAnEndpointInS3() {
      account.addBucket("data");
      account.addObject("data", "questions/1.json", "[1]".getBytes(UTF_8));
      account.addModel("model");
      clients
          .controlPlane()
          .createEndpointConfig(request -> request
              .endpointConfigName("config")
              .productionVariants(ProductionVariant.builder()
                  .variantName("blue")
                  .modelName("model")
                  .instanceType("ml.m5.large")
                  .initialInstanceCount(1)
                  .build())
              .asyncInferenceConfig(async -> async.outputConfig(
                  output -> output.s3OutputPath("s3://data/out").s3FailurePath("s3://data/bad"))));
      account.addEndpoint("churn", "config");
    }

    @AfterEach
    void close() {
      clients.close();
      account.close();
    }

    @Test
    void theAnswerIsThereLater() {
      AsyncInvocation taken = invocations.invoke(ENDPOINT, REQUEST.withInferenceId("id-7"));

      assertThat(taken.endpoint()).isEqualTo("churn");
      assertThat(taken.inferenceId()).isEqualTo("id-7");
      assertThat(taken.outputLocation()).startsWith("s3://data/out/");
      assertThat(taken.failureLocation().orElseThrow()).startsWith("s3://data/bad/");
      assertThat(invocations.result(taken)).isEmpty();
      time.pass(Duration.ofSeconds(10));
      assertThat(invocations.result(taken))
          .hasValueSatisfying(response -> assertThat(response.text()).isEqualTo("[1]"));
    }

    @Test
    void theAnswerIsWaitedFor() {
      AsyncInvocation taken = invocations.invoke(ENDPOINT, REQUEST);
      Duration begin = time.elapsed();

      Response answer = invocations.await(taken, Duration.ofMinutes(5));

      assertThat(answer.text()).isEqualTo("[1]");
      assertThat(time.elapsed().minus(begin))
          .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(25));
      assertThat(time.pauses()).isLessThan(10);
    }

    @Test
    void aModelThatFailsIsToldWithItsWords() {
      account.failNextInvocation(AwsError.model(500, "out of memory", "arn:aws:logs:log-1"));
      AsyncInvocation taken = invocations.invoke(ENDPOINT, REQUEST);

      assertThatThrownBy(() -> invocations.await(taken, Duration.ofMinutes(5)))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
          .hasMessageContaining("out of memory")
          .hasMessageContaining(taken.failureLocation().orElseThrow());
    }

    @Test
    void anAnswerThatDoesNotComeInTimeMayBeWaitedForAgain() {
      AsyncInvocation taken = invocations.invoke(ENDPOINT, REQUEST);
      Duration begin = time.elapsed();

      assertThatThrownBy(() -> invocations.await(taken, Duration.ofSeconds(3)))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
          .hasMessageContaining("wait for it again");
      assertThat(time.elapsed().minus(begin)).isEqualTo(Duration.ofSeconds(3));
      assertThat(invocations.await(taken, Duration.ofMinutes(5)).text()).isEqualTo("[1]");
    }
  }

  /** What AWS is asked, and what its answers mean. */
  @Nested
  class OverHttp {
    private static final String ACCESS_DENIED =
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    private static final String NO_SUCH_KEY =
        "<Error><Code>NoSuchKey</Code><Message>not there</Message></Error>";

    private final ScriptedServer server = new ScriptedServer();
    private final SageMakerClients clients = new SageMakerClients(server.config());
    private final AsyncInvocations invocations = asking(server.config(), clients);

    @AfterEach
    void close() {
      clients.close();
      server.close();
    }

    private ServingException failure() {
      return catchThrowableOfType(ServingException.class, () -> invocations.result(TAKEN));
    }

    @Test
    void allThatWasSaidIsInHeaders() {
      server.then(
          202,
          Map.of(
              "X-Amzn-SageMaker-OutputLocation",
              TAKEN.outputLocation(),
              "X-Amzn-SageMaker-FailureLocation",
              TAKEN.failureLocation().orElseThrow()),
          "{\"InferenceId\":\"id-1\"}");

      AsyncInvocation taken = invocations.invoke(
          ENDPOINT,
          REQUEST
              .withAccept("text/csv")
              .withInferenceId("my request")
              .withCustomAttributes("trace=7")
              .withTimeToLive(Duration.ofMinutes(2))
              .withInvocationTimeout(Duration.ofHours(1)));

      assertThat(taken).isEqualTo(TAKEN);
      ScriptedServer.Asked asked = server.asked().get(0);
      assertThat(asked.path()).isEqualTo("/endpoints/churn/async-invocations");
      assertThat(asked.header("X-Amzn-SageMaker-InputLocation"))
          .isEqualTo("s3://data/questions/1.json");
      assertThat(asked.header("X-Amzn-SageMaker-Content-Type")).isEqualTo("application/json");
      assertThat(asked.header("X-Amzn-SageMaker-Accept")).isEqualTo("text/csv");
      assertThat(asked.header("X-Amzn-SageMaker-Inference-Id")).isEqualTo("my request");
      assertThat(asked.header("X-Amzn-SageMaker-Custom-Attributes")).isEqualTo("trace=7");
      assertThat(asked.header("X-Amzn-SageMaker-RequestTTLSeconds")).isEqualTo("120");
      assertThat(asked.header("X-Amzn-SageMaker-InvocationTimeoutSeconds")).isEqualTo("3600");
    }

    @Test
    void whatIsNotSaidIsNotSent() {
      server.then(
          202,
          Map.of("X-Amzn-SageMaker-OutputLocation", TAKEN.outputLocation()),
          "{\"InferenceId\":\"id-1\"}");

      AsyncInvocation taken = invocations.invoke(ENDPOINT, REQUEST);

      assertThat(taken.failureLocation()).isEmpty();
      ScriptedServer.Asked asked = server.asked().get(0);
      assertThat(asked.header("X-Amzn-SageMaker-Accept")).isNull();
      assertThat(asked.header("X-Amzn-SageMaker-RequestTTLSeconds")).isNull();
      assertThat(asked.header("X-Amzn-SageMaker-InvocationTimeoutSeconds")).isNull();
    }

    @Test
    void anEndpointThatKeepsNoAnswersSaysSo() {
      server.then(202, Map.of(), "{\"InferenceId\":\"id-1\"}");

      assertThatThrownBy(() -> invocations.invoke(ENDPOINT, REQUEST))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
          .hasMessageContaining("does not store answers");
    }

    @Test
    void aRefusalIsTriedAgainAndAFailureIsNot() {
      server
          .then(503, Map.of("x-amzn-errortype", "ServiceUnavailable"), "{\"Message\":\"busy\"}")
          .then(500, Map.of("x-amzn-errortype", "InternalFailure"), "{\"Message\":\"oh\"}");

      assertThatThrownBy(() -> invocations.invoke(ENDPOINT, REQUEST))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
      assertThat(server.asked()).hasSize(2);
    }

    @Test
    void theAnswerIsTheObjectAndItsType() {
      server.then(200, Map.of("Content-Type", "text/csv"), "0.5");

      assertThat(invocations.result(TAKEN))
          .contains(Response.of("0.5".getBytes(UTF_8), "text/csv"));
      assertThat(server.asked()).hasSize(1);
      assertThat(server.asked().get(0).path()).isEqualTo("/data/out/1.out");
    }

    @Test
    void whereNothingIsYetBothPlacesAreLookedAt() {
      server.then(404, Map.of("Content-Type", "application/xml"), NO_SUCH_KEY);

      assertThat(invocations.result(TAKEN)).isEmpty();
      assertThat(server.asked())
          .extracting(ScriptedServer.Asked::path)
          .containsExactly("/data/out/1.out", "/data/failed/1.out");
    }

    @Test
    void aLongFailureIsShortened() {
      server
          .then(404, Map.of("Content-Type", "application/xml"), NO_SUCH_KEY)
          .then(200, Map.of(), "x".repeat(5000));

      ServingException failure = failure();

      assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(failure)
          .hasMessageContaining("(5000 characters)")
          .hasMessageContaining("s3://data/failed/1.out");
      assertThat(failure.getMessage()).hasSizeLessThan(800);
    }

    @Test
    void whoMayNotListTheBucketHearsWhyNothingIsSeen() {
      server.then(403, Map.of("Content-Type", "application/xml"), ACCESS_DENIED);

      ServingException failure = failure();

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
      assertThat(failure).hasMessageContaining("s3:ListBucket on data");
      assertThat(failure.getCause()).isNotNull();
    }

    @Test
    void waitingOutlivesTroubleThatPasses() {
      server
          .then(
              503,
              Map.of("Content-Type", "application/xml"),
              "<Error><Code>SlowDown</Code></Error>")
          .then(500, Map.of("Content-Type", "application/xml"), "")
          .then(200, Map.of("Content-Type", "text/csv"), "0.5");

      Response answer = invocations.await(TAKEN, Duration.ofMinutes(1));

      assertThat(answer.text()).isEqualTo("0.5");
    }

    @Test
    void troubleThatLastsIsToldWhenTheTimeIsOver() {
      server.then(
          503, Map.of("Content-Type", "application/xml"), "<Error><Code>SlowDown</Code></Error>");

      assertThatThrownBy(() -> invocations.await(TAKEN, Duration.ofSeconds(5)))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
          .hasMessageContaining("SlowDown");
    }

    @Test
    void withoutAPlaceForFailuresATimeoutSaysSo() {
      server.then(404, Map.of("Content-Type", "application/xml"), NO_SUCH_KEY);
      AsyncInvocation blind =
          new AsyncInvocation("churn", "id-1", "s3://data/out/1.out", Optional.empty());

      assertThatThrownBy(() -> invocations.await(blind, Duration.ofSeconds(1)))
          .hasMessageContaining("does not store failures");
      assertThat(server.asked()).allMatch(asked -> asked.path().equals("/data/out/1.out"));
    }

    @Test
    void anInterruptEndsTheWaiting() {
      server.then(404, Map.of("Content-Type", "application/xml"), NO_SUCH_KEY);
      time.in(Duration.ofSeconds(2), () -> Thread.currentThread().interrupt());

      ServingException failure = catchThrowableOfType(
          ServingException.class, () -> invocations.await(TAKEN, Duration.ofMinutes(1)));

      assertThat(Thread.interrupted()).isTrue();
      assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    }

    @Test
    void aTimeThatIsNoneIsRefused() {
      assertThatThrownBy(() -> invocations.await(TAKEN, Duration.ZERO))
          .isInstanceOf(InvalidValueException.class);
      assertThat(server.asked()).isEmpty();
    }
  }

  @Test
  void allThatIsWrongWithARequestIsSaidAtOnce() {
    assertThatThrownBy(() -> GrammarJson.read(
            "{\"inputLocation\":\"https://data/1\",\"contentType\":\"a\\nb\",\"accept\":\"c\\nd\",\"inferenceId\":\""
                + "e".repeat(65)
                + "\",\"customAttributes\":\"f\\ng\",\"timeToLive\":\"PT59S\",\"invocationTimeout\":\"PT1.5S\"}",
            AsyncRequest.class))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(problem -> problem.field())
                .containsExactly(
                    "inputLocation",
                    "contentType",
                    "accept",
                    "inferenceId",
                    "customAttributes",
                    "timeToLive",
                    "invocationTimeout"));
    assertThatThrownBy(() -> AsyncRequest.of("s3://data/", "a/b"))
        .isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> REQUEST.withInvocationTimeout(Duration.ofSeconds(3601)))
        .isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> REQUEST.withTimeToLive(Duration.ofHours(7)))
        .isInstanceOf(InvalidValueException.class);
  }

  @Test
  void customAttributesAreNotShown() {
    assertThat(REQUEST.withCustomAttributes("confidential").toString())
        .doesNotContain("confidential")
        .contains("s3://data/questions/1.json");
  }

  @Test
  void whereAnAnswerWillLieIsAnObjectInS3() {
    assertThatThrownBy(() -> new AsyncInvocation("churn", "id", "", Optional.of("s3://data")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("outputLocation")
        .hasMessageContaining("failureLocation");
  }
}
