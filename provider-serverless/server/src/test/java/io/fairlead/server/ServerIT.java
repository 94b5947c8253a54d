package io.fairlead.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packaged server, as the real process that a container starts. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
class ServerIT {
  private static final Path MODELS = Path.of("../src/test/resources/models");
  private static final Path IRIS = MODELS.resolve("iris_lr.onnx");
  private static final Path PAGE = Path.of("../../docs/serverless.md");
  private static final String ROW = "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}";
  private static final Pattern STARTED =
      Pattern.compile("Serving (.*) at (http://\\S+/) - ask: curl (\\S+)(?: -d '(.*)')?.*");
  private static final Duration BUSY = Duration.ofMillis(300);

  @TempDir
  Path folder;

  private static Matcher line(String line) {
    Matcher found = STARTED.matcher(line);
    assertThat(found.matches()).as(line).isTrue();
    return found;
  }

  private static String freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return String.valueOf(free.getLocalPort());
    }
  }

  private void unpackTextModel(Path to) throws IOException {
    Files.createDirectories(to);
    for (String name : List.of("all-minilm-l6-v2-q.onnx", "all-minilm-l6-v2-q-tokenizer.json")) {
      try (InputStream in = getClass().getResourceAsStream("/" + name)) {
        Files.copy(in, to.resolve(name));
      }
    }
  }

  @Test
  void oneLineSaysWhatItServesAndHowToAsk() throws Exception {
    try (Server server = Server.start(Map.of(), IRIS.toString(), "--port", "0")) {
      Matcher line = line(server.started());

      assertThat(line.group(1)).isEqualTo("iris-lr");
      assertThat(line.group(2)).startsWith("http://127.0.0.1:");
      assertThat(Server.post(URI.create(line.group(3)), line.group(4)))
          .startsWith("200 {\"predictions\":[{\"label\":");
      URI at = URI.create(line.group(2));
      assertThat(Server.get(at.resolve("/v2/health/ready"))).startsWith("200");
      assertThat(Server.get(at.resolve("/ping"))).startsWith("200");
      assertThat(Server.post(at.resolve("/invocations"), ROW)).startsWith("200 {\"predictions\":");
      assertThat(server.handle().isAlive()).isTrue();
    }
  }

  @Test
  void whatIsInProgressIsAnsweredWhenItIsToldToEnd() throws Exception {
    unpackTextModel(folder.resolve("minilm"));
    String text = "Honey keeps for thousands of years in a closed jar. ".repeat(40);
    String body =
        "{\"inputs\": [" + String.join(", ", Collections.nCopies(80, '"' + text + '"')) + "]}";
    try (Server server = Server.start(Map.of(), folder.resolve("minilm").toString(), "--port=0")) {
      Matcher line = line(server.started());
      assertThat(line.group(4)).isEqualTo("{\"inputs\": [\"a text\"]}");
      URI at = URI.create(line.group(3));
      assertThat(Server.post(at, line.group(4))).startsWith("200 [[");

      Duration before = cpu(server);
      CompletableFuture<String> answer = Server.posting(at, body);
      while (cpu(server).minus(before).compareTo(BUSY) < 0) {
        assertThat(answer).isNotDone();
        Thread.onSpinWait();
      }
      server.terminate();

      assertThat(answer.get(60, TimeUnit.SECONDS)).startsWith("200 [[");
      assertThat(server.exitCode()).isZero();
      assertThat(server.errors()).doesNotContain("WARN", "ERROR");
    }
  }

  private static Duration cpu(Server server) {
    return server.handle().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  @Test
  void aFolderOfModelsIsAFunctionForEach() throws Exception {
    Files.copy(IRIS, folder.resolve("Iris model.onnx"));
    Files.writeString(folder.resolve("README.md"), "What is here.");
    Files.createDirectories(folder.resolve("notes"));
    for (String version : List.of("2", "10")) {
      Path at = Files.createDirectories(folder.resolve("digits").resolve(version));
      Files.copy(
          MODELS.resolve(version.equals("10") ? "digits.onnx" : "iris_rf.onnx"),
          at.resolve("m.onnx"));
    }
    Path repository = Files.createDirectories(folder.resolve("minilm.v2/onnx"));
    Files.copy(MODELS.resolve("iris_rf.onnx"), repository.resolve("model.onnx"));
    try (Server server =
        Server.start(Map.of(), folder.toString(), "--port", "0", "--default=digits")) {
      Matcher line = line(server.started());

      assertThat(line.group(1)).isEqualTo("Iris-model, digits, minilm-v2");
      assertThat(line.group(4)).isNull();
      URI at = URI.create(line.group(2));
      assertThat(Server.get(at.resolve("/v2/models/digits")))
          .startsWith("200")
          .contains("[-1,1,8,8]");
      assertThat(Server.post(at.resolve("/v2/models/Iris-model"), ROW)).startsWith("200");
      assertThat(Server.post(at.resolve("/v2/models/minilm-v2"), ROW)).startsWith("200");
      assertThat(Server.post(at.resolve("/invocations"), ROW)).startsWith("400");
    }
  }

  @Test
  void eachInstanceMayHaveAProcessOfItsOwn() throws Exception {
    try (Server server =
        Server.start(Map.of(), IRIS.toString(), "--port", "0", "--isolated", "--memory", "256MB")) {
      Matcher line = line(server.started());

      assertThat(Server.post(URI.create(line.group(3)), ROW)).startsWith("200");
      List<ProcessHandle> workers = server.handle().children().toList();
      assertThat(workers).hasSize(1);
      server.terminate();
      assertThat(server.exitCode()).isZero();
      assertThat(workers.get(0).onExit().get(60, TimeUnit.SECONDS).isAlive()).isFalse();
    }
  }

  @Test
  void aModelOfTheHubIsNamedAsItsRepository() throws Exception {
    byte[] model = Files.readAllBytes(IRIS);
    HttpServer hub =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hub.createContext("/", exchange -> {
      byte[] answer = exchange.getRequestURI().getPath().startsWith("/api/models/acme/flowers/")
          ? ("{\"sha\": \"" + "0".repeat(40)
                  + "\", \"siblings\": [{\"rfilename\": \"onnx/a.onnx\", \"size\": " + model.length
                  + "}]}")
              .getBytes(UTF_8)
          : model;
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    hub.start();
    Map<String, String> environment = Map.of(
        "HF_ENDPOINT",
        "http://127.0.0.1:" + hub.getAddress().getPort(),
        "XDG_CACHE_HOME",
        folder.toString());
    try (Server server =
        Server.start(environment, "hf://acme/flowers@main/onnx/a.onnx", "--port", "0")) {
      Matcher line = line(server.started());

      assertThat(line.group(1)).isEqualTo("flowers");
      assertThat(Server.post(URI.create(line.group(3)), ROW)).startsWith("200");
    } finally {
      hub.stop(0);
    }
  }

  // ---- as a container ----

  /** {@return the command of the Dockerfile in the page, for the folder of this build} */
  private static List<String> commandOfThePage() throws IOException {
    String dockerfile = Pattern.compile("```dockerfile\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(PAGE))
        .results()
        .map((MatchResult found) -> found.group(1))
        .findFirst()
        .orElseThrow();
    List<String> lines = dockerfile.lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(1))
        .isEqualTo("COPY provider-serverless/server/target/server /opt/fairlead");
    assertThat(Server.FOLDER).endsWith(Path.of("provider-serverless/server/target/server"));
    String entrypoint = lines.get(3);
    assertThat(entrypoint).matches("ENTRYPOINT \\[(\"[^\"]+\"(, )?)+]");
    return new ArrayList<>(Pattern.compile("\"([^\"]+)\"")
        .matcher(entrypoint)
        .results()
        .map(found -> found.group(1).replace("/opt/fairlead", Server.FOLDER.toString()))
        .toList());
  }

  @Test
  void theImageOfThePageIsAContainerOfSageMaker() throws Exception {
    Files.copy(IRIS, folder.resolve("iris.onnx"));
    List<String> command = commandOfThePage();
    command.add("serve");
    String port = freePort();
    Map<String, String> environment =
        Map.of("SM_MODEL_DIR", folder.toString(), "SAGEMAKER_BIND_TO_PORT", port);
    try (Server server = Server.start(command, environment)) {
      server.started();
      URI at = URI.create("http://127.0.0.1:" + port);

      assertThat(Server.get(at.resolve("/ping"))).startsWith("200");
      assertThat(Server.post(at.resolve("/invocations"), ROW)).startsWith("200 {\"predictions\":");
      server.terminate();
      assertThat(server.exitCode()).isZero();
    }
  }

  @Test
  void theImageOfThePageIsAContainerOfVertex() throws Exception {
    Path model = Files.createDirectories(folder.resolve("model"));
    Files.copy(IRIS, model.resolve("iris.onnx"));
    String port = freePort();
    Map<String, String> environment = Map.of(
        "AIP_HTTP_PORT",
        port,
        "AIP_HEALTH_ROUTE",
        "/health",
        "AIP_PREDICT_ROUTE",
        "/v1/predict",
        "AIP_STORAGE_URI",
        model.toString());
    try (Server server = Server.start(commandOfThePage(), environment)) {
      server.started();
      URI at = URI.create("http://127.0.0.1:" + port);

      assertThat(Server.get(at.resolve("/health"))).startsWith("200");
      assertThat(Server.post(at.resolve("/v1/predict"), ROW)).startsWith("200 {\"predictions\":");
      server.terminate();
      assertThat(server.exitCode()).isZero();
    }
  }

  @Test
  void aModelInCloudStorageIsReadWithTheTokenOfTheMachine() throws Exception {
    byte[] model = Files.readAllBytes(IRIS);
    Map<String, String> asked = new ConcurrentHashMap<>();
    HttpServer google =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    google.createContext("/", exchange -> {
      String path = exchange.getRequestURI().toString();
      asked.put(path, String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      byte[] answer = path.startsWith("/computeMetadata")
          ? "Google".equals(exchange.getRequestHeaders().getFirst("Metadata-Flavor"))
              ? "{\"access_token\": \"t-1\", \"expires_in\": 3599}".getBytes(UTF_8)
              : new byte[0]
          : path.contains("alt=media")
              ? model
              : ("{\"items\": [{\"name\": \"models/7/model/iris.onnx\", \"size\": \"" + model.length
                      + "\", \"generation\": \"5\", \"crc32c\": \"" + crc32c(model) + "\"}]}")
                  .getBytes(UTF_8);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    google.start();
    String host = "127.0.0.1:" + google.getAddress().getPort();
    Map<String, String> environment = Map.of(
        "AIP_HTTP_PORT",
        freePort(),
        "AIP_STORAGE_URI",
        "gs://bucket/models/7/model",
        "STORAGE_EMULATOR_HOST",
        "http://" + host,
        "GCE_METADATA_HOST",
        host,
        "XDG_CACHE_HOME",
        folder.toString());
    try (Server server = Server.start(environment)) {
      Matcher line = line(server.started());

      assertThat(line.group(1)).isEqualTo("model");
      assertThat(Server.post(URI.create(line.group(3)), ROW)).startsWith("200");
      assertThat(asked)
          .containsEntry(
              "/storage/v1/b/bucket/o/models%2F7%2Fmodel%2Firis.onnx?alt=media&generation=5",
              "Bearer t-1")
          .containsEntry("/computeMetadata/v1/instance/service-accounts/default/token", "null");
    } finally {
      google.stop(0);
    }
  }

  private static String crc32c(byte[] bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
  }

  // ---- what it refuses ----

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      --prt 3 | 2 | There is no option --prt: --help lists them.
      --port | 2 | --port needs a value after it.
      IRIS --port 99999 | 2 | --port is '99999': it must be a number from 0 to 65535.
      IRIS --port 1 --port 2 | 2 | --port is given twice.
      IRIS --eager --lazy | 2 | --eager and --lazy exclude each other: give one of them.
      IRIS IRIS | 2 | Two models have the name iris-lr
      IRIS --default ask | 2 | --default names ask, and the models are iris-lr.
      IRIS --host 0.0.0.0 | 2 | set the variable FAIRLEAD_TOKEN
      IRIS --memory lots | 2 | memory must be a number
      IRIS --hf-token | 2 | HF_TOKEN, which is not set
      s3://bucket/model | 2 | cannot be fetched
      nowhere.onnx | 2 | There is no file or folder 'nowhere.onnx'.
      PAGE --port 0 | 1 | serverless.md
      IRIS --port 0 --isolated --memory 64MB | 2 | must be at least 128 MB for a process of Java
      """)
  void aWrongArgumentIsASentence(String arguments, int exitCode, String sentence) throws Exception {
    String[] all = arguments
        .replace("IRIS", IRIS.toString())
        .replace("PAGE", PAGE.toString())
        .split(" ");
    try (Server server = Server.start(Map.of(), all)) {
      assertThat(server.exitCode()).isEqualTo(exitCode);
      assertThat(server.errors().lines().filter(line -> line.startsWith("fairlead-server: ")))
          .singleElement()
          .asString()
          .contains(sentence);
      assertThat(server.errors()).doesNotContain("\tat ");
      assertThat(server.out()).isEmpty();
    }
  }

  @Test
  void withoutAModelItSaysWhereOneMayBe() throws Exception {
    try (Server server =
        Server.start(Map.of("SM_MODEL_DIR", folder.resolve("none").toString()))) {
      assertThat(server.exitCode()).isEqualTo(2);
      assertThat(server.errors()).contains("There is no model to serve", "/opt/ml/model");
    }
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Server server = Server.start(
            Map.of(), IRIS.toString(), "--port", String.valueOf(taken.getLocalPort()))) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors())
          .contains("Port " + taken.getLocalPort() + " at 127.0.0.1 is in use");
    }
  }

  @Test
  void helpListsEachOption() throws Exception {
    try (Server server = Server.start(Map.of(), "--help")) {
      assertThat(server.exitCode()).isZero();
      assertThat(server.out())
          .contains("usage: java -jar fairlead-server.jar", "--port N", "AIP_HTTP_PORT");
    }
  }

  @Test
  void otherMachinesNeedTheToken() throws Exception {
    String token = "0123456789abcdef";
    try (Server server = Server.start(
        Map.of("FAIRLEAD_TOKEN", token), IRIS.toString(), "--port", "0", "--host", "0.0.0.0")) {
      String line = server.started();

      assertThat(line)
          .contains("-H \"Authorization: Bearer $FAIRLEAD_TOKEN\" -d '{")
          .doesNotContain(token);
      URI at = URI.create(line.replaceFirst(".*ask: curl (\\S+) .*", "$1"));
      assertThat(Server.post(at, ROW)).startsWith("401");
      assertThat(Server.send(HttpRequest.newBuilder(at)
                  .header("Authorization", "Bearer " + token)
                  .POST(BodyPublishers.ofString(ROW)))
              .get(60, TimeUnit.SECONDS))
          .startsWith("200");
    }
  }
}
