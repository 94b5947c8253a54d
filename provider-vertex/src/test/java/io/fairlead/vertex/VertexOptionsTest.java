package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.vertex.internal.VertexOptionsProvider;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VertexOptionsTest {
  private static final Duration NONE = Duration.ZERO;

  /** The fields of the grammar's own example. */
  private static final Endpoint LLAMA = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("gs://model/path"), URI.create("gs://weights/path"))
              .withMetadata(ModelMetadata.of("huggingface", "4.37")
                  .withName("hf-llama")
                  .with(VertexArtifact.generationConfig(
                      Map.of("temperature", "0.7", "top_p", "0.95")))),
          RuntimeSpec.of(
                  "us-docker.pkg.dev/deeplearning-platform-release/gcr.io/text-generation-inference")
              .with(VertexRuntime.accelerator("NVIDIA_TESLA_A100")),
          Dependencies.environment(Map.of("MAX_INPUT_LENGTH", "512", "NUM_SHARD", "1"))),
      Scaling.between("a2-highgpu-4g", 1, 2).with(VertexScaling.acceleratorCount(4)),
      new Routing("llama", "blue").with(VertexMonitoring.drift(Map.of("prompt_length", 0.3))));

  private static final Endpoint ALL = new Endpoint(
      new Container(
          LLAMA
              .artifact()
              .withMetadata(LLAMA
                  .artifact()
                  .metadata()
                  .with(VertexVersion.of("llama", "champion", "stable"))),
          LLAMA
              .container()
              .runtime()
              .with(VertexRuntime.accelerator("NVIDIA_L4")
                  .withServiceAccount("server@project.iam.gserviceaccount.com")
                  .withContainerLogging(false)
                  .withAccessLogging(true))
              .with(VertexContainer.DEFAULT
                  .withCommand("python", "-m", "server")
                  .withArgs("--model", "$(MODEL_ID)")
                  .withPort(7080)
                  .withRoutes("/predict", "/health")
                  .withSharedMemoryMb(1024)
                  .withDeploymentTimeout(Duration.ofMinutes(30))
                  .withProbes(
                      VertexProbe.exec("cat", "/tmp/started"),
                      VertexProbe.http("/health", 7081)
                          .every(Duration.ofSeconds(5))
                          .withTimeout(Duration.ofSeconds(2)),
                      VertexProbe.tcp(7080)
                          .withInitialDelay(Duration.ofMinutes(2))
                          .withFailureThreshold(5))),
          LLAMA.container().dependencies()),
      LLAMA
          .scaling()
          .with(VertexScaling.acceleratorCount(2).withSpot(true).withRequiredReplicas(1))
          .with(VertexAutoscaling.cpu(60).withAccelerator(80).withRequests(100))
          .with(VertexPool.named("shared-gpus")),
      LLAMA
          .routing()
          .with(VertexEndpoint.privateServiceConnect("project-a", "123456789012")
              .withInferenceTimeout(Duration.ofMinutes(10)))
          .with(VertexLogging.sampling(0.25).to("bq://project.logs.llama")));

  @Test
  void anEndpointThatCarriesThePapersFieldsIsReadBackEqual() {
    String json = GrammarJson.write(LLAMA);

    assertThat(json)
        .contains(
            "\"vertex.VertexArtifact\":{\"generationConfig\":{\"temperature\":\"0.7\",\"top_p\":\"0.95\"}}")
        .contains("\"vertex.VertexRuntime\":{\"accelerator\":\"NVIDIA_TESLA_A100\"}")
        .contains("\"vertex.VertexScaling\":{\"acceleratorCount\":4}")
        .contains("\"vertex.VertexMonitoring\":{\"driftThresholds\":{\"prompt_length\":0.3}}");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(LLAMA);
  }

  @Test
  void everyOptionIsForVertexAndIsReadBackEqual() {
    assertThat(GrammarJson.read(GrammarJson.write(ALL), Endpoint.class)).isEqualTo(ALL);

    List<Options<?>> parts = List.of(
        ALL.artifact().metadata().options(),
        ALL.container().runtime().options(),
        ALL.scaling().options(),
        ALL.routing().options());
    Set<Class<?>> types = new HashSet<>();
    for (Options<?> part : parts) {
      for (PlatformOptions option : part.forPlatform("vertex")) {
        types.add(option.getClass());
      }
    }
    assertThat(types).isEqualTo(new HashSet<Class<?>>(new VertexOptionsProvider().types()));
  }

  // ---- what is not said ----

  @Test
  void whatIsNotSaidIsAbsentAndLeftToVertex() {
    assertThat(VertexRuntime.DEFAULT).hasToString("VertexRuntime[]");
    assertThat(VertexRuntime.accelerator("NVIDIA_L4"))
        .hasToString("VertexRuntime[accelerator=NVIDIA_L4]");
    assertThat(VertexRuntime.DEFAULT.containerLogging()).isTrue();
    assertThat(VertexScaling.DEFAULT).hasToString("VertexScaling[]");
    assertThat(VertexScaling.acceleratorCount(4)).hasToString("VertexScaling[acceleratorCount=4]");
    assertThat(VertexEndpoint.shared()).hasToString("VertexEndpoint[]");
    assertThat(VertexEndpoint.dedicated()).hasToString("VertexEndpoint[access=DEDICATED]");
    assertThat(VertexEndpoint.privateServiceConnect("p"))
        .hasToString("VertexEndpoint[access=PRIVATE_SERVICE_CONNECT, allowedProjects=[p]]");
    assertThat(VertexLogging.sampling(0.5)).isEqualTo(new VertexLogging(0.5, Optional.empty()));
    assertThat(VertexVersion.of("llama")).isEqualTo(new VertexVersion("llama", List.of()));
    assertThat(VertexAutoscaling.cpu(70)).hasToString("VertexAutoscaling[cpuPercent=70]");
    assertThat(VertexAutoscaling.accelerator(70))
        .hasToString("VertexAutoscaling[acceleratorPercent=70]");
    assertThat(VertexAutoscaling.requests(70))
        .hasToString("VertexAutoscaling[requestsPerMinute=70]");
    assertThat(VertexContainer.DEFAULT).hasToString("VertexContainer[]");
    assertThat(VertexProbe.NONE).hasToString("VertexProbe[]");
    assertThat(
            List.of(VertexProbe.exec("true"), VertexProbe.http("/health"), VertexProbe.tcp(8080)))
        .doesNotContain(VertexProbe.NONE);
  }

  @Test
  void eachPartIsChangedAlone() {
    assertThat(VertexRuntime.accelerator("NVIDIA_L4")
            .withServiceAccount("a@b")
            .withContainerLogging(false)
            .withAccessLogging(true))
        .hasToString(
            "VertexRuntime[accelerator=NVIDIA_L4, accessLogging=true, containerLogging=false, serviceAccount=a@b]");
    assertThat(VertexScaling.acceleratorCount(4).withSpot(true).withRequiredReplicas(2))
        .hasToString("VertexScaling[acceleratorCount=4, requiredReplicas=2, spot=true]");
    VertexProbe startup = VertexProbe.http("/started", 5)
        .every(Duration.ofSeconds(1))
        .withTimeout(Duration.ofSeconds(2))
        .withInitialDelay(Duration.ofSeconds(3))
        .withFailureThreshold(4);
    assertThat(startup)
        .hasToString(
            "VertexProbe[failureThreshold=4, httpPath=/started, initialDelay=PT3S, period=PT1S, port=5, timeout=PT2S]");
    VertexContainer container = VertexContainer.DEFAULT
        .withCommand("a", "b")
        .withArgs("c")
        .withPort(1)
        .withRoutes("/p", "/h")
        .withSharedMemoryMb(2)
        .withDeploymentTimeout(Duration.ofHours(2))
        .withProbes(startup, VertexProbe.http("/x"), VertexProbe.tcp(3));
    assertThat(container.command()).containsExactly("a", "b");
    assertThat(container.args()).containsExactly("c");
    assertThat(container.port()).contains(1);
    assertThat(container.predictRoute()).contains("/p");
    assertThat(container.healthRoute()).contains("/h");
    assertThat(container.sharedMemoryMb()).contains(2);
    assertThat(container.deploymentTimeout()).contains(Duration.ofHours(2));
    assertThat(container.startupProbe()).isEqualTo(startup);
    assertThat(container.healthProbe()).isEqualTo(VertexProbe.http("/x"));
    assertThat(container.livenessProbe()).isEqualTo(VertexProbe.tcp(3));
  }

  @Test
  void whatAContainerIsRunWithIsNotPrinted() {
    RuntimeSpec runtime = RuntimeSpec.of("image")
        .with(VertexContainer.DEFAULT
            .withCommand("serve", "--token=hunter2")
            .withArgs("--api-key=hunter2")
            .withProbes(VertexProbe.exec("curl", "hunter2"), VertexProbe.NONE, VertexProbe.NONE));

    assertThat(runtime.toString())
        .contains("args=(not shown), command=(not shown)")
        .doesNotContain("hunter2");
    assertThat(GrammarJson.write(runtime)).contains("--api-key=hunter2");
  }

  @Test
  void whatIsHandedInIsCopied() {
    Map<String, String> config = new HashMap<>(Map.of("b", "2", "a", "1"));
    List<String> words = new ArrayList<>(List.of("word"));
    VertexArtifact artifact = VertexArtifact.generationConfig(config);
    VertexVersion version = new VertexVersion("llama", words);
    config.clear();
    words.clear();

    assertThat(artifact.generationConfig())
        .containsExactly(Map.entry("a", "1"), Map.entry("b", "2"));
    assertThat(version.aliases()).containsExactly("word");
  }

  // ---- what may be said ----

  @ParameterizedTest
  @ValueSource(strings = {"NVIDIA_L4", "NVIDIA_H100_80GB", "TPU_V5_LITEPOD"})
  void anAcceleratorIsNamedAsVertexNamesIt(String type) {
    assertThat(VertexRuntime.accelerator(type).accelerator()).contains(type);
  }

  @ParameterizedTest
  @MethodSource("limits")
  void theLimitItselfIsAllowed(ThrowingCallable making) throws Throwable {
    making.call();
  }

  private static Stream<Arguments> limits() {
    return Stream.of(
        allowed("an id of 63 characters", () -> VertexVersion.of("_" + "9".repeat(62))),
        allowed("an alias of 2 characters", () -> VertexVersion.of("m", "v1")),
        allowed(
            "an alias of 128 characters", () -> VertexVersion.of("m", "v" + "C".repeat(126) + "1")),
        allowed("the last port", () -> VertexContainer.DEFAULT.withPort(65_535)),
        allowed("the last port of a probe", () -> VertexProbe.tcp(65_535)),
        allowed(
            "a second", () -> VertexContainer.DEFAULT.withDeploymentTimeout(Duration.ofSeconds(1))),
        allowed("1 and 100 percent", () -> VertexAutoscaling.cpu(1).withAccelerator(100)),
        allowed("one request in a minute", () -> VertexAutoscaling.requests(1)),
        allowed("a pool of one letter", () -> VertexPool.named("a")),
        allowed("a pool of 54 characters", () -> VertexPool.named("a".repeat(54))),
        allowed(
            "an hour for a request",
            () -> VertexEndpoint.dedicated().withInferenceTimeout(Duration.ofHours(1))),
        allowed("all requests to the log", () -> VertexLogging.sampling(1)),
        allowed("no more log", () -> VertexLogging.sampling(0)),
        allowed("a project for the log", () -> VertexLogging.sampling(1).to("bq://project")),
        allowed(
            "a dataset for the log", () -> VertexLogging.sampling(1).to("bq://project.dataset")));
  }

  private static Arguments allowed(String what, ThrowingCallable making) {
    return Arguments.argumentSet(what, making);
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatVertexWouldRefuseIsRefusedWithItsRule(ThrowingCallable making, String message) {
    assertThatThrownBy(making).isInstanceOf(InvalidValueException.class).hasMessage(message);
  }

  private static Stream<Arguments> wrong() {
    Duration half = Duration.ofMillis(500);
    return Stream.of(
            accelerators(), versions(), containers(half), probes(half), scalings(), endpoints(half))
        .flatMap(cases -> cases);
  }

  private static Stream<Arguments> accelerators() {
    String rule =
        "accelerator must be an accelerator type in uppercase letters, such as NVIDIA_TESLA_A100";
    return Stream.concat(
        Stream.of("nvidia-tesla-a100", "NVIDIA L4", "NVIDIA-L4", "4090")
            .map(type -> wrong(
                () -> VertexRuntime.accelerator(type),
                "VertexRuntime: " + rule + " (got \"" + type + "\")")),
        Stream.of("server", "a b@c", "a@")
            .map(account -> wrong(
                () -> VertexRuntime.DEFAULT.withServiceAccount(account),
                "VertexRuntime: serviceAccount must be the e-mail address of a service account (got \""
                    + account + "\")")));
  }

  private static Stream<Arguments> versions() {
    String tooLong = "m".repeat(64);
    Stream<Arguments> parents = Stream.of("", "9m", "-m", "Llama", "a.b", tooLong)
        .map(parent -> wrong(
            () -> VertexVersion.of(parent),
            "VertexVersion: parent must be 1 to 63 lowercase letters, digits, hyphens and underscores, the "
                + "first no digit and"
                + " no hyphen (got \"" + parent + "\")"));
    Stream<Arguments> aliases = Stream.of("v", "1a", "Champion", "a_b", "a-", "v".repeat(129))
        .map(alias -> wrong(
            () -> VertexVersion.of("m", alias),
            "VertexVersion: aliases must be 2 to 128 letters, digits and hyphens, the first a lowercase "
                + "letter, the last a lowercase letter or a digit (got \""
                + (alias.length() > 100 ? alias.substring(0, 100) + "... (129 characters)" : alias)
                + "\")"));
    Stream<Arguments> taken = Stream.of(wrong(
        () -> VertexVersion.of("fairlead-llama"),
        "VertexVersion: parent must not begin with fairlead-, the prefix of ids that are derived from content (got"
            + " \"fairlead-llama\")"));
    return Stream.of(parents, aliases, taken).flatMap(cases -> cases);
  }

  private static Stream<Arguments> containers(Duration half) {
    String port = "VertexContainer: port must be 1 to 65535";
    String timeout =
        "VertexContainer: deploymentTimeout must be whole seconds, 1 or more and at most 2 hours";
    return Stream.of(
        wrong(() -> VertexContainer.DEFAULT.withPort(0), port + " (got 0)"),
        wrong(() -> VertexContainer.DEFAULT.withPort(65_536), port + " (got 65536)"),
        wrong(
            () -> VertexContainer.DEFAULT.withRoutes("predict", "/health"),
            "VertexContainer: predictRoute must begin with / (got \"predict\")"),
        wrong(
            () -> VertexContainer.DEFAULT.withRoutes("/predict", "health"),
            "VertexContainer: healthRoute must begin with / (got \"health\")"),
        wrong(
            () -> VertexContainer.DEFAULT.withSharedMemoryMb(0),
            "VertexContainer: sharedMemoryMb must be 1 or more (got 0)"),
        wrong(
            () -> VertexContainer.DEFAULT.withDeploymentTimeout(Duration.ZERO),
            timeout + " (got 0 s)"),
        wrong(() -> VertexContainer.DEFAULT.withDeploymentTimeout(half), timeout + " (got 500 ms)"),
        wrong(
            () -> VertexContainer.DEFAULT.withDeploymentTimeout(Duration.ofSeconds(7201)),
            timeout + " (got 7201 s)"));
  }

  private static Stream<Arguments> probes(Duration half) {
    String command = "VertexProbe: command must be empty where a path or a port is probed";
    String seconds = " must be whole seconds, 1 or more (got ";
    return Stream.of(
        wrong(() -> read("{\"command\":[\"a\"],\"httpPath\":\"/health\"}"), command),
        wrong(() -> read("{\"command\":[\"a\"],\"port\":1}"), command),
        wrong(
            () -> VertexProbe.http("health"),
            "VertexProbe: httpPath must begin with / (got \"health\")"),
        wrong(() -> VertexProbe.tcp(0), "VertexProbe: port must be 1 to 65535 (got 0)"),
        wrong(() -> VertexProbe.tcp(65_536), "VertexProbe: port must be 1 to 65535 (got 65536)"),
        wrong(
            () -> VertexProbe.NONE.withFailureThreshold(0),
            "VertexProbe: failureThreshold must be 1 or more (got 0)"),
        wrong(() -> VertexProbe.NONE.every(half), "VertexProbe: period" + seconds + "500 ms)"),
        wrong(() -> VertexProbe.NONE.withTimeout(NONE), "VertexProbe: timeout" + seconds + "0 s)"),
        wrong(
            () -> VertexProbe.NONE.withInitialDelay(half),
            "VertexProbe: initialDelay must be whole seconds, 0 or more (got 500 ms)"));
  }

  private static VertexProbe read(String json) {
    return GrammarJson.read(json, VertexProbe.class);
  }

  private static Stream<Arguments> scalings() {
    String pool =
        "VertexPool: name must be 1 to 54 lowercase letters, digits and hyphens that begin and end with a "
            + "letter or digit";
    return Stream.of(
        wrong(
            () -> VertexScaling.acceleratorCount(-1),
            "VertexScaling: acceleratorCount must be 0 or more (got -1)"),
        wrong(
            () -> VertexScaling.DEFAULT.withRequiredReplicas(0),
            "VertexScaling: requiredReplicas must be 1 or more (got 0)"),
        wrong(
            () -> VertexAutoscaling.cpu(101),
            "VertexAutoscaling: cpuPercent must be 1 to 100 (got 101)"),
        wrong(
            () -> VertexAutoscaling.cpu(-1),
            "VertexAutoscaling: cpuPercent must be 1 to 100 (got -1)"),
        wrong(
            () -> VertexAutoscaling.accelerator(101),
            "VertexAutoscaling: acceleratorPercent must be 1 to 100 (got 101)"),
        wrong(
            () -> VertexAutoscaling.accelerator(-1),
            "VertexAutoscaling: acceleratorPercent must be 1 to 100 (got -1)"),
        wrong(
            () -> VertexAutoscaling.requests(-1),
            "VertexAutoscaling: requestsPerMinute must be 1 or more (got -1)"),
        wrong(
            () -> VertexAutoscaling.cpu(0),
            "VertexAutoscaling: cpuPercent must be 1 to 100 (got 0)"),
        wrong(() -> VertexPool.named(""), pool + " (got \"\")"),
        wrong(() -> VertexPool.named("-a"), pool + " (got \"-a\")"),
        wrong(() -> VertexPool.named("a-"), pool + " (got \"a-\")"),
        wrong(() -> VertexPool.named("A"), pool + " (got \"A\")"),
        wrong(() -> VertexPool.named("a".repeat(55)), pool + " (got \"" + "a".repeat(55) + "\")"));
  }

  private static Stream<Arguments> endpoints(Duration half) {
    String timeout =
        "VertexEndpoint: inferenceTimeout must be whole seconds, 1 or more and at most an hour";
    String rate =
        "VertexLogging: samplingRate must be above 0 and at most 1, or 0 to disable logging";
    String table =
        "VertexLogging: table must be bq://project, bq://project.dataset or bq://project.dataset.table";
    VertexEndpoint dedicated = VertexEndpoint.dedicated();
    return Stream.of(
        wrong(
            () -> dedicated.withInferenceTimeout(Duration.ofSeconds(-1)), timeout + " (got -1 s)"),
        wrong(() -> dedicated.withInferenceTimeout(half), timeout + " (got 500 ms)"),
        wrong(
            () -> dedicated.withInferenceTimeout(Duration.ofSeconds(3601)),
            timeout + " (got 3601 s)"),
        wrong(
            () -> VertexEndpoint.shared().withInferenceTimeout(Duration.ofSeconds(1)),
            "VertexEndpoint: inferenceTimeout must be left out for a shared endpoint, whose timeout is fixed "
                + "at a minute (got 1 s)"),
        wrong(
            () -> GrammarJson.read(
                "{\"access\":\"DEDICATED\",\"allowedProjects\":[\"p\"]}", VertexEndpoint.class),
            "VertexEndpoint: allowedProjects must be empty, unless the access is by Private Service Connect (got [p])"),
        wrong(
            VertexEndpoint::privateServiceConnect,
            "VertexEndpoint: allowedProjects must have a project: only those listed may connect (got [])"),
        wrong(() -> VertexLogging.sampling(-0.1), rate + " (got -0.1)"),
        wrong(() -> VertexLogging.sampling(1.1), rate + " (got 1.1)"),
        wrong(() -> VertexLogging.sampling(Double.NaN), rate + " (got NaN)"),
        wrong(
            () -> VertexLogging.sampling(1).to("project.dataset"),
            table + " (got \"project.dataset\")"),
        wrong(
            () -> VertexLogging.sampling(1).to("bq://a.b.c.d"), table + " (got \"bq://a.b.c.d\")"),
        wrong(
            () -> VertexArtifact.generationConfig(Map.of(" ", "1")),
            "VertexArtifact: generationConfig must not have a blank key (got \" \")"));
  }

  private static Arguments wrong(ThrowingCallable making, String message) {
    return Arguments.argumentSet(message, making, message);
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(() -> GrammarJson.read(
            "{\"port\":-1,\"predictRoute\":\"p\",\"healthRoute\":\"h\",\"sharedMemoryMb\":-1,"
                + "\"deploymentTimeout\":\"PT3H\"}",
            VertexContainer.class))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(Problem::field)
                .containsExactly(
                    "port", "predictRoute", "healthRoute", "sharedMemoryMb", "deploymentTimeout"));
  }

  @Test
  void whatIsWrongInJsonIsToldByItsPath() {
    String json = GrammarJson.write(ALL)
        .replace("\"acceleratorCount\":2", "\"acceleratorCount\":-1")
        .replace("\"httpPath\":\"/health\"", "\"httpPath\":\"health\"");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOfSatisfying(
            InvalidValueException.class,
            e -> assertThat(e.problems())
                .extracting(Problem::field)
                .containsExactlyInAnyOrder(
                    "container.runtime.options.vertex.VertexContainer.healthProbe.httpPath",
                    "scaling.options.vertex.VertexScaling.acceleratorCount"));
  }
}
