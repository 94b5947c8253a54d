package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.GoogleCredentials;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.standin.Project;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Access for other people's clients of OpenAI's API. */
@Timeout(60)
class OpenAiAccessTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final Routing BLUE = new Routing("chat", "blue");
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final VertexContainer ROUTES = VertexContainer.DEFAULT.withInvokeRoutes();
  private static final String BODY = "{\"messages\":[]}";

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final AtomicInteger renewed = new AtomicInteger();
  private Duration life = Duration.ofHours(1);
  private VertexPlatform platform;

  @BeforeEach
  void open() {
    gcp.project().dedicatedDnsDelay(Duration.ZERO);
    platform = open(FixedCredentialsProvider.create(new GoogleCredentials() {
      @Override
      public AccessToken refreshAccessToken() {
        return new AccessToken(
            "ya29.secret-" + renewed.incrementAndGet(), Date.from(Instant.now().plus(life)));
      }
    }));
  }

  private VertexPlatform open(CredentialsProvider credentials) {
    return gcp.open(
        VertexConfig.of(gcp.project().id(), Project.LOCATION).withCredentials(credentials),
        Faults.none());
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private static Endpoint endpoint(VertexContainer options, Routing routing) {
    return new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("gs://models/one/")).named("llama"),
            RuntimeSpec.of(Gcp.IMAGE).with(options),
            Dependencies.NONE),
        ONE,
        routing);
  }

  private Endpoint deploy(VertexContainer options, Routing routing) {
    Endpoint endpoint = endpoint(options, routing);
    return platform.deploy(endpoint.container(), ONE, routing).await(LIMIT);
  }

  private String endpointPath() {
    return "/projects/" + gcp.project().id() + "/locations/us-central1/endpoints/chat";
  }

  /** As a client of OpenAI's API does it. */
  private HttpResponse<String> ask(OpenAiAccess access, String route) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(access.baseUrl() + route))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(BODY));
    access.headers().forEach(request::header);
    return gcp.project().httpClient().send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void aSharedEndpointIsAskedAtTheRegionsHost() throws Exception {
    OpenAiAccess access = platform.openAi(deploy(VertexContainer.DEFAULT, BLUE));

    assertThat(access.baseUrl())
        .hasToString("https://us-central1-aiplatform.googleapis.com/v1beta1" + endpointPath());
    assertThat(access.model()).isEqualTo("llama");
    assertThat(ask(access, "/chat/completions").body()).isEqualTo(BODY);
    assertThat(gcp.project().headers("ChatCompletions").get(0))
        .containsEntry("authorization", "Bearer ya29.secret-1");
  }

  @Test
  void aDedicatedEndpointIsAskedAtItsOwnHost() throws Exception {
    OpenAiAccess access =
        platform.openAi(deploy(VertexContainer.DEFAULT, BLUE.with(VertexEndpoint.dedicated())));

    assertThat(access.baseUrl().getHost())
        .matches("chat\\.us-central1-\\d+\\.prediction\\.vertexai\\.goog");
    assertThat(access.baseUrl()).hasPath("/v1beta1" + endpointPath()).hasNoPort();
    assertThat(ask(access, "/chat/completions").statusCode()).isEqualTo(200);
  }

  @Test
  void aContainerWithInvokeRoutesIsAskedAtItsOwnBaseWithAllOfItsRoutes() throws Exception {
    OpenAiAccess access = platform.openAi(deploy(ROUTES, BLUE));

    assertThat(access.baseUrl()).hasPath("/v1" + endpointPath() + "/invoke/v1");
    assertThat(ask(access, "/embeddings").body()).isEqualTo(BODY);
    assertThat(gcp.project().calls()).endsWith("Invoke/v1/embeddings");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, /v1",
    "/openai/v1/completions, /openai/v1",
    "/v3/embeddings, /v3",
    "/generate, /v1"
  })
  void theBaseOfAContainerIsThatOfItsDefaultPath(String path, String base) {
    OpenAiAccess access =
        platform.openAi(deploy(VertexContainer.DEFAULT.withInvokeRoutes(path), BLUE));

    assertThat(access.baseUrl()).hasPath("/v1" + endpointPath() + "/invoke" + base);
  }

  @Test
  void aTokenIsAskedForBeforeEachRequestAndRenewedBeforeItsEnd() {
    OpenAiAccess access = platform.openAi(deploy(VertexContainer.DEFAULT, BLUE));
    assertThat(access.bearer().get()).isEqualTo("ya29.secret-1");
    assertThat(access.bearer().get()).isEqualTo("ya29.secret-1");

    life = Duration.ofMinutes(1);
    platform.close();
    open();
    OpenAiAccess short_ = platform.openAi(endpoint(VertexContainer.DEFAULT, BLUE));

    String first = short_.bearer().get();
    assertThat(short_.bearer().get()).isNotEqualTo(first);
  }

  @Test
  void theTokenIsInNoTextAndNoFailure() {
    OpenAiAccess access = platform.openAi(deploy(VertexContainer.DEFAULT, BLUE));

    assertThat(access.bearer().get()).contains("secret");
    assertThat(access.toString()).doesNotContain("secret").contains("llama");
    platform.close();
    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> access.bearer().get());
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    StringWriter printed = new StringWriter();
    failure.printStackTrace(new PrintWriter(printed));
    assertThat(printed.toString()).doesNotContain("secret");
  }

  @Test
  void credentialsThatAreRefusedSayWhichWereTried() {
    deploy(VertexContainer.DEFAULT, BLUE);
    AtomicBoolean isRevoked = new AtomicBoolean();
    try (VertexPlatform refused = open(FixedCredentialsProvider.create(new GoogleCredentials() {
      @Override
      public AccessToken refreshAccessToken() throws IOException {
        if (isRevoked.get()) {
          throw new IOException("invalid_grant");
        }
        return new AccessToken("ya29.secret", Date.from(Instant.now().plusSeconds(60)));
      }
    }))) {
      OpenAiAccess access = refused.openAi(endpoint(VertexContainer.DEFAULT, BLUE));
      isRevoked.set(true);

      ServingException failure =
          catchThrowableOfType(ServingException.class, () -> access.bearer().get());

      assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
      assertThat(failure)
          .hasMessageContaining("invalid_grant")
          .hasMessageContaining("Tried the caller's own credentials provider");
    }
  }

  @Test
  void withoutCredentialsThereIsNoTokenExceptForAnEmulator() {
    deploy(VertexContainer.DEFAULT, BLUE);
    Endpoint blue = endpoint(VertexContainer.DEFAULT, BLUE);
    try (VertexPlatform without = open(NoCredentialsProvider.create());
        VertexPlatform emulated = gcp.open()) {
      OpenAiAccess access = without.openAi(blue);
      assertThat(
              catchThrowableOfType(ServingException.class, () -> access.bearer().get())
                  .kind())
          .isEqualTo(ErrorKind.UNAUTHORIZED);

      assertThat(emulated.openAi(blue).bearer().get()).isEqualTo("none");
      assertThat(emulated.openAi(blue).baseUrl().toString()).startsWith("http://127.0.0.1:");
    }
  }

  @Test
  void anEndpointThatIsNotThereIsNotFound() {
    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> platform.openAi(endpoint(VertexContainer.DEFAULT, BLUE)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
  }

  @Test
  void aPrivateEndpointNeedsAHostThatTheCallerNames() {
    Routing routing = BLUE.with(VertexEndpoint.privateServiceConnect("other-project"));
    Endpoint blue = deploy(VertexContainer.DEFAULT, routing);
    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.openAi(blue));
    assertThat(failure.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(failure).hasMessageContaining("VertexConfig.withHosts");

    VertexConfig config = VertexConfig.of(gcp.project().id(), Project.LOCATION)
        .withCredentials(NoCredentialsProvider.create())
        .withHosts((endpoint, google) -> "10.1.0.7:8443");
    try (VertexPlatform named = gcp.open(config, Faults.none())) {
      assertThat(named.openAi(blue).baseUrl())
          .hasToString("https://10.1.0.7:8443/v1beta1" + endpointPath());
    }
  }

  @Test
  void aContainerWithInvokeRoutesOnASharedEndpointIsRefused() {
    deploy(VertexContainer.DEFAULT, BLUE);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.openAi(endpoint(ROUTES, BLUE)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure).hasMessageContaining("this endpoint is shared");
  }

  @Test
  void theModelIsNamedByTheContainersArgumentsOrItsIdOnTheHub() {
    deploy(VertexContainer.DEFAULT, BLUE);
    VertexContainer model = VertexContainer.DEFAULT.withArgs("--model", "/mnt/llama", "--port=80");
    VertexContainer served =
        VertexContainer.DEFAULT.withArgs("--model=/mnt/llama", "--served-model-name=llama-3");
    Endpoint ofHub = new Endpoint(
        new Container(
            ModelArtifact.huggingFace("google/gemma-2b"),
            RuntimeSpec.of(Gcp.IMAGE),
            Dependencies.NONE),
        ONE,
        BLUE);
    Endpoint byVariable = new Endpoint(
        new Container(
            ofHub.artifact(),
            ofHub.container().runtime(),
            Dependencies.environment(Map.of("MODEL_ID", "my/copy"))),
        ONE,
        BLUE);

    assertThat(platform.openAi(endpoint(served, BLUE)).model()).isEqualTo("llama-3");
    assertThat(platform.openAi(endpoint(model, BLUE)).model()).isEqualTo("/mnt/llama");
    assertThat(platform.openAi(ofHub).model()).isEqualTo("google/gemma-2b");
    assertThat(platform.openAi(byVariable).model()).isEqualTo("my/copy");
  }
}
