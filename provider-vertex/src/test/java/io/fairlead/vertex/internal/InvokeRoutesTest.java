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
import io.fairlead.vertex.VertexRequest;
import io.fairlead.vertex.standin.Project;
import io.grpc.Status.Code;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private static final Request REQUEST =
      Request.json("{\"messages\":[]}").with(VertexRequest.path(CHAT));

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
      Response answer = overTls.invoke(
          blue, Request.of(body, "application/x-npy").with(VertexRequest.path("/a")));

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
        .hasMessageContaining("VertexRequest");

    assertThat(gcp.project().calls()).isEmpty();
    Endpoint withPath = new Endpoint(
        container(VertexContainer.DEFAULT.withInvokeRoutes("/generate")),
        blue.scaling(),
        blue.routing());
    platform.invoke(withPath, Request.json("{}"));
    assertThat(gcp.project().calls()).containsExactly("Invoke/generate");
  }

  @Test
  void aPathIsRefusedWhereTheContainerHasNoInvokeRoutes() {
    Endpoint plain = new Endpoint(
        container(VertexContainer.DEFAULT),
        Scaling.fixed("n1-standard-4", 1),
        new Routing("chat", "blue"));

    assertThatThrownBy(() -> platform.invoke(plain, REQUEST))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("withInvokeRoutes");
    assertThat(gcp.project().calls()).isEmpty();
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
    assertThatThrownBy(() -> VertexRequest.path(path)).isInstanceOf(InvalidValueException.class);
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
