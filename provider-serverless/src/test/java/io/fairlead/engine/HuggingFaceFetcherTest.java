package io.fairlead.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.provider.TimeSource;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of a hub on loopback; the Hugging Face hub itself cannot be reached from the build. */
final class HuggingFaceFetcherTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Request ROW = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
  private static final String IRIS = "acme/iris";
  private static final URI LOCATION = URI.create("hf://acme/iris");

  @TempDir
  private Path folder;

  private final LoopbackHub hub = new LoopbackHub();
  private final List<Duration> pauses = new ArrayList<>();
  private String commit;

  /** Nobody waits in a test. */
  private final TimeSource time = new TimeSource() {
    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public Duration elapsed() {
      return Duration.ZERO;
    }

    @Override
    public void pause(Duration duration) {
      pauses.add(duration);
    }
  };

  @BeforeEach
  void push() throws IOException {
    commit = hub.push(
        IRIS,
        "main",
        Map.of(
            "model.onnx", resource("/models/iris_rf.onnx"),
            "README.md", "Flowers.".getBytes(UTF_8),
            "model.safetensors", new byte[5_000]));
  }

  @AfterEach
  void close() {
    hub.close();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = HuggingFaceFetcherTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private HuggingFaceFetcher fetcher() {
    return new HuggingFaceFetcher(time).withEndpoint(hub.endpoint());
  }

  private ServerlessPlatform open(HuggingFaceFetcher fetcher) {
    return new ServerlessProvider()
        .open(ServerlessConfig.DEFAULT
            .withCacheFolder(folder.resolve("cache"))
            .withFetcher("hf", fetcher));
  }

  private static String ask(ServerlessPlatform platform, URI location) {
    ModelFunction function = platform
        .deploy(ModelArtifact.of(location).named("model"), FunctionLimits.DEFAULT)
        .await(LIMIT);
    return platform.invoke(function, ROW).text();
  }

  private String ask(HuggingFaceFetcher fetcher, URI location) {
    try (ServerlessPlatform platform = open(fetcher)) {
      return ask(platform, location);
    }
  }

  private List<String> files() {
    return hub.asked.stream()
        .filter(request -> request.contains("/resolve/"))
        .map(request -> request.replaceFirst(".*/resolve/\\w+/(\\S+).*", "$1"))
        .distinct()
        .sorted()
        .toList();
  }

  // ---- what is fetched ----

  @Test
  void aModelOfTextsRunsOnBothPlatformsWithTheFilesThatBelongToIt() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("onnx/model.onnx", resource("/all-minilm-l6-v2-q.onnx"));
    files.put("onnx/model_quantized.onnx", new byte[3_000]);
    files.put("tokenizer.json", resource("/all-minilm-l6-v2-q-tokenizer.json"));
    files.put("config.json", "{\"max_position_embeddings\": 512}".getBytes(UTF_8));
    files.put("modules.json", """
        [{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
         {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
        """.getBytes(UTF_8));
    files.put(
        "1_Pooling/config.json",
        "{\"word_embedding_dimension\": 384, \"pooling_mode_cls_token\": true}".getBytes(UTF_8));
    files.put("pytorch_model.bin", new byte[9_000]);
    hub.push("acme/minilm", "main", files);
    Path copy = folder.resolve("copy");
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = copy.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    Request texts = Request.texts("Honey never spoils.");
    ModelArtifact model = ModelArtifact.huggingFace("acme/minilm");
    String expected;
    String there;
    try (ServerlessPlatform platform = open(fetcher())) {
      ModelFunction function =
          platform.deploy(model.named("hub"), FunctionLimits.DEFAULT).await(LIMIT);
      there = platform.invoke(function, texts).text();
      ModelFunction local = platform
          .deploy(
              ModelArtifact.of(copy.resolve("onnx/model.onnx")).named("copy"),
              FunctionLimits.DEFAULT)
          .await(LIMIT);
      expected = platform.invoke(local, texts).text();
    }

    assertThat(there).isEqualTo(expected).startsWith("[[");
    assertThat(files())
        .containsExactly(
            "1_Pooling/config.json",
            "config.json",
            "modules.json",
            "onnx/model.onnx",
            "tokenizer.json");
    LocalConfig config =
        LocalConfig.DEFAULT.withCacheFolder(folder.resolve("cache")).withFetcher("hf", fetcher());
    try (EndpointPlatform platform = new LocalProvider().open(config)) {
      Endpoint endpoint = platform
          .deploy(
              new Container(model, RuntimeSpec.NONE, Dependencies.NONE),
              Scaling.fixed(1),
              new Routing("hub", "blue"))
          .await(LIMIT);
      assertThat(platform.invoke(endpoint, texts).text()).isEqualTo(expected);
    }
  }

  @Test
  void aProcessOfItsOwnGetsTheFiles() {
    try (ServerlessPlatform platform = open(fetcher())) {
      ModelArtifact apart = ModelArtifact.of(LOCATION)
          .named("model")
          .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS));
      ModelFunction function =
          platform.deploy(apart, FunctionLimits.DEFAULT.withMemory("256MB")).await(LIMIT);

      assertThat(platform.invoke(function, ROW).text()).contains("label");
    }
  }

  @Test
  void aFileThatIsNamedComesWithItsExternalData() throws IOException {
    hub.push(
        "acme/large",
        "v1",
        Map.of(
            "onnx/model_fp16.onnx", resource("/models/iris_rf.onnx"),
            "onnx/model_fp16.onnx_data", new byte[4_000],
            "onnx/model_fp16.onnx_data_1", new byte[10],
            "onnx/model.onnx", new byte[3_000]));

    assertThat(ask(fetcher(), URI.create("hf://acme/large@v1/onnx/model_fp16.onnx")))
        .contains("label");

    assertThat(files())
        .containsExactly(
            "onnx/model_fp16.onnx", "onnx/model_fp16.onnx_data", "onnx/model_fp16.onnx_data_1");
  }

  @Test
  void aMirrorThatListsNoSizesIsAskedForThem() {
    hub.listsBlobs = false;

    assertThat(ask(fetcher(), LOCATION)).contains("label");
    assertThat(hub.asked).anyMatch(request -> request.startsWith("hub HEAD /acme/iris/resolve/"));
  }

  @Test
  void aMirrorMayHaveAPath() {
    HuggingFaceFetcher fetcher = fetcher().withEndpoint(hub.endpoint().resolve("/mirror/"));

    assertThat(ask(fetcher, LOCATION)).contains("label");
    assertThat(hub.asked).anyMatch(request -> request.startsWith("hub GET /mirror/api/models/"));
  }

  @Test
  void thePageShowsWhatCompiles() throws IOException {
    HuggingFaceFetcher hub = new HuggingFaceFetcher();
    ServerlessConfig config = ServerlessConfig.DEFAULT.withFetcher("hf", hub);
    ModelArtifact minilm = ModelArtifact.huggingFace("sentence-transformers/all-MiniLM-L6-v2");
    ModelArtifact pinned = ModelArtifact.of(URI.create(
        "hf://org/name@0123456789abcdef0123456789abcdef01234567/onnx/model_quantized.onnx"));

    assertThat(config.fetchers()).containsOnlyKeys("hf");
    assertThat(List.of(minilm, pinned))
        .allMatch(one -> one.weights().getScheme().equals("hf"));
    String source =
        Files.readString(Path.of("src/test/java/io/fairlead/engine/HuggingFaceFetcherTest.java"));
    String page = Files.readString(Path.of("../docs/models.md"));
    String piece = page.substring(page.indexOf("HuggingFaceFetcher hub ="));
    assertThat(source.replaceAll("\\s+", ""))
        .contains(piece.substring(0, piece.indexOf("```")).replaceAll("\\s+", ""));
  }

  // ---- which revision ----

  @Test
  void aBranchIsPinnedToItsCommitForAllLoadsOfAFetcher() throws IOException {
    HuggingFaceFetcher fetcher = fetcher();
    try (ServerlessPlatform platform = open(fetcher)) {
      String before = ask(platform, LOCATION);
      assertThat(fetcher.pinned()).containsExactly(Map.entry("acme/iris@main", commit));
      String next = hub.push(IRIS, "main", Map.of("model.onnx", resource("/models/iris_lr.onnx")));

      assertThat(ask(platform, LOCATION)).isEqualTo(before);
      assertThat(ask(platform, URI.create("hf://acme/iris@" + next))).isNotEqualTo(before);
    }
    HuggingFaceFetcher later = fetcher();
    assertThat(ask(later, LOCATION)).contains("label");
    assertThat(later.pinned().get("acme/iris@main")).isNotEqualTo(commit);
  }

  @Test
  void aCommitInTheCacheNeedsNoHub() {
    URI pinned = URI.create("hf://acme/iris@" + commit);
    String before = ask(fetcher(), pinned);
    hub.close();

    assertThat(ask(fetcher(), pinned)).isEqualTo(before);
    assertThat(ask(fetcher().withRevision(commit), pinned)).isEqualTo(before);
    assertThatThrownBy(() -> ask(fetcher().withMaxWait(Duration.ZERO), LOCATION))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
  }

  @Test
  void aRevisionWithASlashIsOne() throws IOException {
    hub.push(IRIS, "refs/pr/1", Map.of("model.onnx", resource("/models/iris_lr.onnx")));

    assertThat(ask(fetcher().withRevision("refs/pr/1"), LOCATION)).contains("label");
    assertThat(ask(fetcher(), URI.create("hf://acme/iris@refs%2Fpr%2F1"))).contains("label");
  }

  // ---- secrets ----

  @Test
  void theTokenGoesToTheHubAloneAndUnlocksWhatIsGated() {
    hub.gated = IRIS;
    hub.token = "hf_0123456789";

    assertThatThrownBy(() -> ask(fetcher(), LOCATION))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAUTHORIZED))
        .hasMessageContaining("Access to model acme/iris is restricted")
        .hasMessageContaining("accept the conditions of " + hub.endpoint() + "/acme/iris");
    assertThat(hub.asked).allMatch(request -> request.contains(" null "));
    hub.asked.clear();

    HuggingFaceFetcher fetcher = fetcher().withToken(hub.token);
    assertThat(ask(fetcher, LOCATION)).contains("label");

    assertThat(hub.asked)
        .filteredOn(request -> request.startsWith("hub "))
        .isNotEmpty()
        .allMatch(request -> request.contains(" Bearer hf_0123456789 "));
    assertThat(hub.asked)
        .filteredOn(request -> request.startsWith("store "))
        .isNotEmpty()
        .allMatch(request -> request.contains(" null "));
    assertThat(fetcher.toString()).doesNotContain("hf_");
  }

  // ---- a bad network ----

  @Test
  void whatIsLimitedIsAskedAgainWhenTheHubSays() {
    hub.limited.set(2);

    assertThat(ask(fetcher(), LOCATION)).contains("label");
    assertThat(pauses).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(7));
  }

  @Test
  void aLimitThatLastsTooLongIsAFailureThatSaysHowLong() {
    hub.limited.set(Integer.MAX_VALUE);
    hub.retryAfter = "3600";

    assertThatThrownBy(() -> ask(fetcher(), LOCATION))
        .isInstanceOfSatisfying(ServingException.class, e -> {
          assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
          assertThat(e.retryable()).isTrue();
        })
        .hasMessageContaining("HTTP status 429")
        .hasMessageContaining("it may be asked again in 3600 s");
    assertThat(pauses).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aDownloadThatBreaksOffGoesOn(boolean ranges) {
    hub.broken = "model.onnx";
    hub.breaks.set(2);
    hub.ranges = ranges;

    assertThat(ask(fetcher(), LOCATION)).contains("label");
    assertThat(hub.asked)
        .filteredOn(request -> request.startsWith("store ") && request.contains("bytes="))
        .hasSize(2);
  }

  @Test
  void otherContentThanTheHubListsIsNeverAModel() throws IOException {
    hub.changed = "model.onnx";

    assertThatThrownBy(() -> ask(fetcher(), LOCATION))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE))
        .hasMessageContaining("model.onnx came with other content: its SHA256 is ")
        .hasMessageNotContaining("s3cret");
    try (Stream<Path> left = Files.walk(folder.resolve("cache/downloads"))) {
      assertThat(left.filter(Files::isRegularFile))
          .allMatch(file -> file.getFileName().toString().equals("lock"));
    }
    hub.changed = "";
    assertThat(ask(fetcher(), LOCATION)).contains("label");
  }

  @Test
  void aDownloadThatNeverEndsIsAFailure() {
    hub.broken = "model.onnx";
    hub.breaks.set(Integer.MAX_VALUE);
    hub.ranges = false;

    assertThatThrownBy(() -> ask(fetcher(), LOCATION))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
  }

  // ---- what there is not ----

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      hf://acme/nothing | UNAUTHORIZED | HTTP status 401: Repository not found; the hub says so of repositories that do not
      hf://acme/iris@v9 | INVALID | acme/iris has no revision 'v9'
      hf://acme/iris/other.onnx | INVALID | acme/iris has no file 'other.onnx': model.onnx
      hf://acme/words | INVALID | acme/words has no ONNX model
      hf://acme/several | INVALID | acme/several has several models: a.onnx, b.onnx; name one, as in hf://acme/several/a.onnx
      hf://gpt2 | INVALID | it is no location such as hf://ORG/NAME@REVISION/FILE
      """)
  void whatIsMissingIsNamed(URI location, ErrorKind kind, String message) {
    hub.push("acme/words", "main", Map.of("vocab.txt", new byte[1]));
    hub.push("acme/several", "main", Map.of("a.onnx", new byte[1], "b.onnx", new byte[1]));

    assertThatThrownBy(() -> ask(fetcher(), location))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  @Test
  void aModelThatIsTooLargeIsRefusedBeforeItIsFetched() {
    assertThatThrownBy(() -> ask(fetcher().withMaxBytes(1_000), LOCATION))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessageContaining("has more than the 1000 bytes");
    assertThat(files()).isEmpty();
  }

  @Test
  void withoutAFetcherTheMessageNamesIt() {
    try (ServerlessPlatform platform = new ServerlessProvider()
        .open(ServerlessConfig.DEFAULT.withCacheFolder(folder.resolve("cache")))) {
      assertThatThrownBy(() -> ask(platform, LOCATION)).hasMessageContaining("HuggingFaceFetcher");
    }
  }

  @Test
  void settingsThatCannotBeAreRefused() {
    HuggingFaceFetcher fetcher = new HuggingFaceFetcher();
    assertThatThrownBy(
            () -> fetcher.withToken("t").withEndpoint(URI.create("http://mirror.example")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("token must not be sent in plaintext");
    assertThatThrownBy(() -> fetcher.withEndpoint(URI.create("file:///models")))
        .hasMessageContaining("endpoint");
    assertThatThrownBy(() -> fetcher.withToken("two words")).hasMessageContaining("token");
    assertThatThrownBy(() -> fetcher.withRevision(" ")).hasMessageContaining("revision");
    assertThatThrownBy(() -> fetcher.withTimeout(Duration.ZERO)).hasMessageContaining("timeout");
    assertThatThrownBy(() -> fetcher.withMaxBytes(0)).hasMessageContaining("maxBytes");
  }
}
