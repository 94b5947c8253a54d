package io.fairlead.vertex.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.core.NoCredentialsProvider;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.standin.Project;
import io.grpc.Status.Code;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Containers of which any path can be invoked. */
@Timeout(60)
class InvokeRoutesTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final String CHAT = "/v1/chat/completions";
  private static final Request REQUEST = Request.json("{\"messages\":[]}").withPath(CHAT);

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @BeforeEach
  void answerAtOnce() {
    gcp.project().dedicatedDnsDelay(Duration.ZERO);
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private static Container container(VertexContainer options) {
    return new Container(
        ModelArtifact.of(URI.create("gs://models/one/")),
        RuntimeSpec.of(Gcp.IMAGE).with(options),
        Dependencies.NONE);
  }

  private Endpoint deploy(String variant) {
    return platform
        .deploy(
            container(VertexContainer.DEFAULT.withInvokeRoutes().withHealthRoute("/health")),
            Scaling.fixed("n1-standard-4", 1),
            new Routing("chat", variant))
        .await(LIMIT);
  }

  @Test
  void theModelHasInvokeRoutesAndTheEndpointIsDedicatedWithoutBeingToldTo() {
    deploy("blue");

    UploadModelRequest uploaded =
        gcp.project().requests("UploadModel", UploadModelRequest.class).get(0);
    assertThat(uploaded.getModel().getContainerSpec().getInvokeRoutePrefix()).isEqualTo("/*");
    assertThat(uploaded.getModel().getContainerSpec().getHealthRoute()).isEqualTo("/health");
    assertThat(gcp.project().endpoint("chat").getDedicatedEndpointEnabled()).isTrue();
  }

  @Test
  void aVariantWithoutTrafficIsInvokedByItself() {
    Endpoint blue = deploy("blue");
    deploy("green");

    assertThat(platform.invoke(blue, REQUEST).variant()).contains("blue");
    assertThat(platform.invoke(blue, REQUEST.pinnedTo("green")).variant()).contains("green");

    assertThat(gcp.project().calls()).endsWith("Invoke" + CHAT, "Invoke" + CHAT);
  }

  @Test
  void theRequestIsSentToTheDedicatedHostUnchanged() {
    Endpoint blue = deploy("blue");
    VertexConfig config = VertexConfig.of(gcp.project().id(), Project.LOCATION)
        .withCredentials(NoCredentialsProvider.create());
    byte[] body = {0, -1, 13, 10};

    try (VertexPlatform overTls = gcp.open(config, io.fairlead.contract.Faults.none())) {
      Response answer =
          overTls.invoke(blue, Request.of(body, "application/x-npy").withPath("/a"));

      assertThat(answer.body()).isEqualTo(body);
      assertThat(answer.contentType()).isEqualTo("application/x-npy");
    }
    assertThat(gcp.project().headers("Invoke/a").get(0).get("stand-in-host"))
        .matches("chat\\.us-central1-\\d+\\.prediction\\.vertexai\\.goog");
  }

  @Test
  void eventsArriveAsTheyAreSentAndAreThoseOfThePinnedVariant() {
    Endpoint blue = deploy("blue");
    deploy("green");
    gcp.project()
        .streamInParts(List.of("data: a\n\n".getBytes(UTF_8), "data: [DONE]\n\n".getBytes(UTF_8)));
    StringBuilder events = new StringBuilder();

    Response answer = platform.invokeStreaming(
        blue, REQUEST.pinnedTo("green"), piece -> events.append(UTF_8.decode(piece)));

    assertThat(answer.variant()).contains("green");
    assertThat(events.toString()).isEqualTo("data: a\n\ndata: [DONE]\n\n");
  }

  @Test
  void aStreamThatBreaksIsNotStartedAgain() {
    Endpoint blue = deploy("blue");
    gcp.project().streamInParts(List.of("data: a\n\n".getBytes(UTF_8)));
    gcp.project().breakNextStream(Code.INTERNAL, "worker lost");
    List<String> events = new ArrayList<>();

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> platform.invokeStreaming(
            blue, REQUEST, piece -> events.add(UTF_8.decode(piece).toString())));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.variant()).contains("blue");
    assertThat(events).containsExactly("data: a\n\n");
    assertThat(gcp.project().calls().stream().filter(call -> call.startsWith("Invoke")))
        .hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "RESOURCE_EXHAUSTED, THROTTLED, 5",
    "UNAVAILABLE, UNAVAILABLE, 5",
    "INTERNAL, MODEL_FAILED, 1",
    "DEADLINE_EXCEEDED, TIMEOUT, 1",
    "PERMISSION_DENIED, UNAUTHORIZED, 1",
    "INVALID_ARGUMENT, INVALID, 1"
  })
  void onlyWhatGoogleItselfRejectedIsAskedAgain(Code code, ErrorKind kind, int times) {
    Endpoint blue = deploy("blue");
    for (int i = 0; i < 5; i++) {
      gcp.project().failNext("Invoke" + CHAT, code, "said \"so\"");
    }

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.invoke(blue, REQUEST));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure).hasMessageContaining("said \"so\"").hasMessageContaining(code.name());
    assertThat(gcp.project().calls().stream().filter(call -> call.startsWith("Invoke")))
        .hasSize(times);
  }

  @Test
  void aVariantThatIsNotThereIsNamedWithThoseThatAre() {
    Endpoint blue = deploy("blue");

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> platform.invoke(blue, REQUEST.pinnedTo("red")));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("'red'").hasMessageContaining("deployed: 'blue'");
  }

  @Test
  void aRequestWithoutAPathIsRefusedUnlessTheContainerHasOne() {
    Endpoint blue = deploy("blue");
    gcp.project().forgetCalls();

    assertThatThrownBy(() -> platform.invoke(blue, Request.json("{}")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("Request.withPath");

    assertThat(gcp.project().calls()).isEmpty();
    Endpoint withPath = new Endpoint(
        container(VertexContainer.DEFAULT.withInvokeRoutes("/generate")),
        blue.scaling(),
        blue.routing());
    platform.invoke(withPath, Request.json("{}"));
    assertThat(gcp.project().calls()).containsExactly("Invoke/generate");
  }

  @Test
  void thePathOfARequestGoesBeforeThatOfTheContainer() {
    deploy("blue");
    Endpoint withPath = new Endpoint(
        container(VertexContainer.DEFAULT.withInvokeRoutes("/generate")),
        Scaling.fixed("n1-standard-4", 1),
        new Routing("chat", "blue"));
    gcp.project().forgetCalls();

    platform.invoke(withPath, REQUEST);

    assertThat(gcp.project().calls()).containsExactly("Invoke" + CHAT);
  }

  @Test
  void aContainerWithOneRouteIsInvokedThereWhateverThePath() {
    Endpoint plain = platform
        .deploy(
            container(VertexContainer.DEFAULT),
            Scaling.fixed("n1-standard-4", 1),
            new Routing("one-route", "blue"))
        .await(LIMIT);
    gcp.project().forgetCalls();

    assertThat(platform.invoke(plain, REQUEST).text()).isEqualTo(REQUEST.text());

    assertThat(gcp.project().calls()).containsExactly("RawPredict");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'error':{'message':'%s','type':'BadRequestError','param':null,'code':400}}",
        "{'object':'error','message':'%s','type':'BadRequestError','param':null,'code':400}",
        "{'error':'%s','error_type':'validation'}",
        "{'detail':'%s'}",
        "%s"
      })
  void whatAContainerSaysOfARequestIsToldInItsOwnSentence(String form) {
    Endpoint blue = deploy("blue");
    String sentence = "This model's maximum context length is 4096 tokens, not 5000";
    gcp.project()
        .refuseNextInvoke(
            400, form.replace('\'', '"').formatted(sentence) + "\n", Optional.empty());

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.invoke(blue, REQUEST));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure)
        .hasMessageStartingWith("Invoking endpoint 'chat' failed: " + sentence + " (HTTP 400)");
    assertThat(failure.variant()).contains("blue");
  }

  @Test
  void aContainerThatIsOverloadedSaysWhenToRetry() {
    Endpoint blue = deploy("blue");
    for (int i = 0; i < 5; i++) {
      gcp.project().refuseNextInvoke(429, "{\"error\":\"Model is overloaded\"}", Optional.of("3"));
    }

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> platform.invokeStreaming(blue, REQUEST, piece -> {}));

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(3));
    assertThat(failure).hasMessageContaining("Model is overloaded (HTTP 429)");
    assertThat(failure.variant()).contains("blue");
    assertThat(invokes()).isEqualTo(5);
  }

  @Test
  void aModelThatFailsIsNotAskedAgain() {
    Endpoint blue = deploy("blue");
    gcp.project()
        .refuseNextInvoke(
            424, "{\"error\":\"Request failed during generation\"}", Optional.empty());

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.invoke(blue, REQUEST));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(invokes()).isEqualTo(1);
  }

  /** A connection that is used again is one of which the JDK's client might think that it had expired. */
  @Test
  void aLostAnswerIsNotAskedForAgain() {
    Endpoint blue = deploy("blue");
    platform.invoke(blue, REQUEST);
    gcp.project().loseNextInvoke();

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.invoke(blue, REQUEST));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(invokes()).isEqualTo(2);
  }

  @Test
  void anEndpointThatIsSharedByNowIsNotTakenForAPathThatIsMissing() {
    Endpoint blue = deploy("blue");
    platform.undeployAll("chat").await(LIMIT);
    platform
        .deploy(
            container(VertexContainer.DEFAULT),
            Scaling.fixed("n1-standard-4", 1),
            new Routing("chat", "blue"))
        .await(LIMIT);

    for (Request request : List.of(REQUEST, REQUEST.pinnedTo("blue"))) {
      assertThatThrownBy(() -> platform.invoke(blue, request))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
          .hasMessageContaining("this endpoint is shared");
    }
  }

  @Test
  void aPathThatTheContainerDoesNotHaveIsNamedAsSuch() {
    Endpoint blue = deploy("blue");
    gcp.project().refuseNextInvoke(404, "{\"detail\":\"Not Found\"}", Optional.empty());

    assertThatThrownBy(() -> platform.invoke(blue, REQUEST))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
        .hasMessageContaining("The container has no such path");
  }

  private long invokes() {
    return gcp.project().calls().stream()
        .filter(call -> call.startsWith("Invoke/"))
        .count();
  }

  @Test
  void aSharedEndpointForAContainerWithInvokeRoutesIsRefusedBeforeAnyCall() {
    Container container = container(VertexContainer.DEFAULT.withInvokeRoutes());
    Routing shared = new Routing("chat", "blue").with(VertexEndpoint.shared());

    assertThatThrownBy(() -> platform
            .deploy(container, Scaling.fixed("n1-standard-4", 1), shared)
            .await(LIMIT))
        .hasMessageContaining("VertexEndpoint.dedicated()");
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void thePredictRouteAndInvokeRoutesExcludeEachOther() {
    assertThatThrownBy(
            () -> VertexContainer.DEFAULT.withRoutes("/predict", "/health").withInvokeRoutes())
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("predictRoute");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "v1/chat", "/a/../b", "/a?b=c", "/a b", "//a", "/a#b", "/%zz"})
  void aPathIsOneOfAUrl(String path) {
    assertThatThrownBy(() -> VertexContainer.DEFAULT.withInvokeRoutes(path))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("invokePath");
    assertThatThrownBy(() -> Request.json("{}").withPath(path))
        .isInstanceOf(InvalidValueException.class);
  }

  @Test
  void closingThePlatformEndsARequestInProgress() {
    Endpoint blue = deploy("blue");
    io.fairlead.contract.Held held = gcp.project().holdPrediction();
    Thread closing = new Thread(() -> {
      held.awaitArrival();
      platform.close();
    });
    closing.start();

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.invoke(blue, REQUEST));

    held.release();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
  }

  @Test
  void theTypedCallIsNotOfferedThere() {
    Endpoint blue = deploy("blue");

    assertThatThrownBy(() -> platform.predict(blue, Request.json("{\"instances\":[1]}")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED));
  }
}
