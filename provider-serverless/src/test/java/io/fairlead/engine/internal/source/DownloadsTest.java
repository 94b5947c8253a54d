package io.fairlead.engine.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.engine.Download;
import io.fairlead.engine.HttpFetcher;
import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import io.fairlead.provider.Sha256;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DownloadsTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir
  Path folder;

  private final List<Engine> engines = new ArrayList<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
  private volatile byte[] content = {};
  private volatile int status = 200;
  private volatile long promised;
  private HttpServer server;
  private ExecutorService threads;

  @BeforeEach
  void start() throws IOException {
    content = bytes("iris_lr.onnx");
    threads = Executors.newCachedThreadPool();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    engines.forEach(Engine::close);
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String etag = "\"" + Sha256.of(content).substring(0, 8) + "\"";
    String known = String.valueOf(exchange.getRequestHeaders().getFirst("If-None-Match"));
    asked.add(exchange.getRequestURI().getPath() + " " + known);
    tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    exchange.getResponseHeaders().set("ETag", etag);
    if (status != 200) {
      exchange
          .getResponseHeaders()
          .set("Location", url("/elsewhere?signature=secret").toString());
      exchange.sendResponseHeaders(status, -1);
    } else if (known.equals(etag)) {
      exchange.sendResponseHeaders(304, -1);
    } else {
      exchange.sendResponseHeaders(200, promised == 0 ? content.length : promised);
      exchange.getResponseBody().write(content);
    }
    exchange.close();
  }

  @Test
  void aModelIsFetchedAndAnswers() {
    LeasedModel model =
        engine(new HttpFetcher()).load(ModelArtifact.of(url("/v1/iris_lr.onnx?signature=secret")));

    assertThat(model.name()).isEqualTo("iris_lr");
    assertThat(model.digest()).isEqualTo(Sha256.of(content));
    assertThat(model.invoke(Request.json(Models.IRIS_REQUEST)).text()).contains("probabilities");
  }

  @Test
  void nothingIsFetchedWithoutAFetcherForTheScheme() {
    Engine engine = engine(Map.of("s3", (location, etag) -> Download.unchanged()));

    ServingException e = failure(engine, url("/iris.onnx?signature=secret"));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageStartingWith("'" + url("/iris.onnx") + "?(not shown)' is not on this machine")
        .hasMessageEndingWith(", or configure a ModelFetcher for 'http', such as HttpFetcher.");
    assertThat(asked).isEmpty();
  }

  @Test
  void whatIsKeptIsAskedForByItsEtagAndUsedAgain() {
    ModelArtifact artifact = ModelArtifact.of(url("/iris.onnx"));
    String digest = engine(new HttpFetcher()).digest(artifact);

    assertThat(engine(new HttpFetcher()).digest(artifact)).isEqualTo(digest);
    assertThat(asked)
        .containsExactly("/iris.onnx null", "/iris.onnx \"" + digest.substring(0, 8) + "\"");
  }

  @Test
  void aModelThatChangedIsFetchedAnew() throws IOException {
    Engine engine = engine(new HttpFetcher());
    ModelArtifact artifact = ModelArtifact.of(url("/iris.onnx"));
    engine.digest(artifact);
    content = bytes("iris_rf.onnx");

    assertThat(engine.digest(artifact)).isEqualTo(Sha256.of(content));
  }

  @Test
  void aFreshCopyIsUsedWithoutAskingUntilItIsNotFreshAnyMore() {
    HttpFetcher fetcher = new HttpFetcher().withFreshFor(Duration.ofMinutes(5));
    Downloads downloads = downloads(fetcher, Long.MAX_VALUE);
    downloads.file(url("/iris.onnx"), "");

    now.set(NOW.plus(Duration.ofMinutes(4)));
    downloads.file(url("/iris.onnx"), "");

    assertThat(asked).hasSize(1);
    now.set(NOW.plus(Duration.ofMinutes(5)));
    downloads.file(url("/iris.onnx"), "");
    assertThat(asked).hasSize(2);
    // Asking made it fresh again.
    now.set(NOW.plus(Duration.ofMinutes(9)));
    downloads.file(url("/iris.onnx"), "");
    assertThat(asked).hasSize(2);
    // The clock was set back.
    now.set(NOW.minus(Duration.ofDays(1)));
    downloads.file(url("/iris.onnx"), "");
    assertThat(asked).hasSize(3);
  }

  @Test
  void aPinnedModelIsFetchedOnceAndNeverAskedForAgain() throws IOException {
    ModelArtifact artifact =
        pinned(url("/iris.onnx"), Sha256.of(bytes("iris_lr.onnx")).toUpperCase(Locale.ROOT));

    engine(new HttpFetcher()).digest(artifact);
    engine(new HttpFetcher()).digest(artifact);

    assertThat(asked).hasSize(1);
  }

  @Test
  void anotherModelThanThePinnedOneIsRefusedAndNotKept() throws IOException {
    String other = Sha256.of(bytes("iris_rf.onnx"));
    Engine engine = engine(new HttpFetcher());

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> engine.load(pinned(url("/iris.onnx"), other)));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining("has the SHA-256 " + Sha256.of(content) + ", and not " + other
            + " as the label 'sha256' says");
    assertThat(kept()).isEmpty();
  }

  @Test
  void thePinHoldsForFilesAndResourcesToo() {
    Engine engine = engine(new HttpFetcher());
    String other = "0".repeat(64);

    for (URI weights :
        List.of(Models.path("iris_lr.onnx").toUri(), URI.create("classpath:models/iris_lr.onnx"))) {
      ServingException e =
          catchThrowableOfType(ServingException.class, () -> engine.load(pinned(weights, other)));

      assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(e).hasMessageContaining("and not " + other + " as the label 'sha256' says");
    }
    assertThat(catchThrowableOfType(
            ServingException.class, () -> engine.load(pinned(url("/x"), "abc"))))
        .hasMessageContaining("The label 'sha256' is 'abc': write 64 hexadecimal digits");
  }

  @ParameterizedTest
  @CsvSource({
    "404, NOT_FOUND,    There is nothing at",
    "410, NOT_FOUND,    There is nothing at",
    "401, UNAUTHORIZED, may not be read",
    "403, UNAUTHORIZED, may not be read",
    "500, UNAVAILABLE,  could not be fetched",
    "503, UNAVAILABLE,  could not be fetched",
    "206, UNAVAILABLE,  could not be fetched",
    "302, UNAVAILABLE,  only redirects from https to https are followed",
  })
  void whatTheServerSaysIsSaidWithoutTheSignature(int answer, ErrorKind kind, String sentence) {
    status = answer;

    ServingException e = failure(engine(new HttpFetcher()), url("/iris.onnx?signature=secret"));

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e)
        .hasMessageContaining(sentence)
        .hasMessageContaining("'" + url("/iris.onnx") + "?(not shown)'");
    assertThat(trace(e)).doesNotContain("secret");
    assertThat(asked).hasSize(1);
  }

  @Test
  void aFetcherThatSpeaksOfTheWholeLocationDoesNotTellItsSignature() {
    ServingException e = failure(
        engine(Map.of("s3", (location, etag) -> {
          throw new IOException(
              "GET " + location + " timed out", new IOException("by https://user:password@proxy/"));
        })),
        URI.create("s3://bucket/it's.onnx?signature=secret"));

    assertThat(e)
        .hasMessageStartingWith(
            "'s3://bucket/it's.onnx?(not shown)' could not be fetched (GET s3://bucket/it's.onnx?(not shown) timed out)");
    assertThat(trace(e)).doesNotContain("secret").doesNotContain("password");
  }

  @Test
  void aFetcherSaysWhatIsMissingOrDenied() {
    Engine missing = engine(Map.of("s3", (location, etag) -> {
      throw new NoSuchFileException("key");
    }));
    Engine denied = engine(Map.of("s3", (location, etag) -> {
      throw new AccessDeniedException("key");
    }));
    URI location = URI.create("s3://bucket/iris.onnx");

    assertThat(failure(missing, location).kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure(denied, location).kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
  }

  @Test
  void anUnreachableServerIsSaidWithTheCopyThereIs() {
    URI location = url("/iris.onnx");
    engine(new HttpFetcher()).digest(ModelArtifact.of(location));
    server.stop(0);

    ServingException e = failure(engine(new HttpFetcher()), location);

    assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(e)
        .hasMessageContaining("could not be fetched")
        .hasMessageContaining("is cached: allow its use");
  }

  @Test
  void aCopyIsUsedWhereThatIsAllowed() {
    URI location = url("/iris.onnx");
    String digest = engine(new HttpFetcher()).digest(ModelArtifact.of(location));
    server.stop(0);

    Engine engine = engine(new HttpFetcher().withStale(true));

    assertThat(engine.digest(ModelArtifact.of(location))).isEqualTo(digest);
    assertThat(failure(engine, url("/other.onnx")).kind()).isEqualTo(ErrorKind.UNAVAILABLE);
  }

  @Test
  void aModelThatIsGoneIsNotServedFromACopy() {
    Engine engine = engine(new HttpFetcher().withStale(true));
    engine.digest(ModelArtifact.of(url("/iris.onnx")));
    status = 404;

    assertThat(failure(engine, url("/iris.onnx")).kind()).isEqualTo(ErrorKind.NOT_FOUND);
  }

  @Test
  void aDownloadThatEndsEarlyIsNotKept() throws IOException {
    promised = content.length + 10L;

    ServingException e = failure(engine(new HttpFetcher()), url("/iris.onnx"));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(kept()).isEmpty();
  }

  @Test
  void aStreamShorterThanItsLengthIsNotKept() throws IOException {
    ServingException e = failure(
        engine(Map.of(
            "s3",
            (location, etag) ->
                Download.of(new ByteArrayInputStream(content)).withLength(content.length + 1))),
        URI.create("s3://bucket/iris.onnx"));

    assertThat(e)
        .hasMessageContaining(
            "it ended after " + content.length + " of " + (content.length + 1) + " bytes");
    assertThat(kept()).isEmpty();
  }

  @Test
  void moreThanTheLimitStopsTheDownload() throws IOException {
    AtomicInteger read = new AtomicInteger();
    InputStream endless = new InputStream() {
      @Override
      public int read() {
        return 1;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        read.addAndGet(length);
        return length;
      }
    };
    ModelFetcher fetcher = new ModelFetcher() {
      @Override
      public Download fetch(URI location, String etag) {
        return Download.of(endless);
      }

      @Override
      public long maxBytes() {
        return 1 << 20;
      }
    };

    ServingException e =
        failure(engine(Map.of("s3", fetcher)), URI.create("s3://bucket/iris.onnx"));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e).hasMessageContaining("has more than the 1048576 bytes");
    assertThat(read).hasValueLessThan(2 << 20);
    assertThat(kept()).isEmpty();
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      URI location = URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/iris.onnx");

      ServingException e =
          failure(engine(new HttpFetcher().withTimeout(Duration.ofMillis(100))), location);

      assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
      assertThat(e).hasMessageContaining("timed out");
    }
  }

  @Test
  void closingTheEngineStopsADownload() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    Engine engine = engine(Map.of(
        "s3",
        (location, etag) -> Download.of(new InputStream() {
          @Override
          public int read() {
            begun.countDown();
            return 1;
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            begun.countDown();
            return Math.min(length, 1);
          }
        })));
    Future<ServingException> failure =
        threads.submit(() -> failure(engine, URI.create("s3://bucket/iris.onnx")));
    begun.await();

    engine.close(Duration.ZERO);

    assertThat(failure.get(10, TimeUnit.SECONDS).kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(kept()).isEmpty();
  }

  @Test
  void anInterruptedDownloadIsCancelled() throws IOException {
    Engine engine = engine(Map.of("s3", (location, etag) -> {
      throw new InterruptedException();
    }));

    ServingException e = failure(engine, URI.create("s3://bucket/iris.onnx"));

    assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void callersAtTheSameTimeFetchAPinnedModelOnce() throws Exception {
    ModelArtifact artifact = pinned(url("/iris.onnx"), Sha256.of(content));
    CountDownLatch start = new CountDownLatch(1);
    List<Future<String>> digests = Stream.generate(() -> {
          Engine engine = engine(new HttpFetcher());
          return threads.submit(() -> {
            start.await();
            return engine.digest(artifact);
          });
        })
        .limit(6)
        .toList();

    start.countDown();

    for (Future<String> digest : digests) {
      assertThat(digest.get()).isEqualTo(Sha256.of(content));
    }
    assertThat(asked).hasSize(1);
  }

  @Test
  void anArchiveFromElsewhereIsUnpacked() throws IOException {
    content = ArchivesTest.zip(Map.of("iris-1/iris.onnx", bytes("iris_lr.onnx")));

    LeasedModel model =
        engine(new HttpFetcher()).load(ModelArtifact.of(url("/model.zip?signature=secret")));

    assertThat(model.name()).isEqualTo("iris");
  }

  @Test
  void whatIsWrongWithAFetchedModelIsSaidOfItsLocation() throws IOException {
    content = bytes("model.pkl");

    assertThat(failure(engine(new HttpFetcher()), url("/model.pkl?signature=secret")))
        .hasMessageStartingWith("'" + url("/model.pkl") + "' (1296 bytes) is a Python pickle")
        .hasMessageContaining("\" model.pkl model.onnx");
  }

  @Test
  void aTokenizerIsFetchedFromBesideTheModel() {
    ModelArtifact artifact = ModelArtifact.of(url("/m/iris.onnx"))
        .withMetadata(ModelMetadata.NONE.withLabels(Map.of("tokenizer", "tokenizer.json")));

    engine(new HttpFetcher()).digest(artifact);

    assertThat(asked).containsExactly("/m/iris.onnx null", "/m/tokenizer.json null");
  }

  @Test
  void theArtifactForAnotherProcessIsAFileHere() {
    Engine engine = engine(new HttpFetcher());
    ModelArtifact artifact = ModelArtifact.of(url("/iris.onnx"));
    ModelArtifact file = Models.artifact("iris_lr.onnx");

    ModelArtifact local = engine.local(artifact);

    assertThat(local.weights()).hasScheme("file");
    assertThat(engine.digest(local)).isEqualTo(engine.digest(artifact));
    assertThat(engine.local(file)).isSameAs(file);
  }

  @Test
  void headersGoWithTheRequestAndIntoNoText() {
    HttpFetcher fetcher = new HttpFetcher().withHeader("Authorization", "Bearer secret");

    engine(fetcher).digest(ModelArtifact.of(url("/iris.onnx")));

    assertThat(tokens).containsExactly("Bearer secret");
    assertThat(fetcher.toString()).doesNotContain("secret");
  }

  @Test
  void whatWasNotUsedForLongGoesWhenAllTakeMoreThanTheyMay() {
    Downloads downloads = downloads(new HttpFetcher(), 2L * content.length);
    Path first = downloads.file(url("/1.onnx"), "");
    Path second = downloads.file(url("/2.onnx"), "");
    now.set(NOW.plus(Duration.ofDays(1)));
    downloads.file(url("/1.onnx"), "");

    Path third = downloads.file(url("/3.onnx"), "");

    assertThat(first).exists();
    assertThat(second).doesNotExist();
    assertThat(third).exists();
  }

  @Test
  void aCopyThatWasDamagedIsFetchedAgain() throws IOException {
    Downloads downloads = downloads(new HttpFetcher(), Long.MAX_VALUE);
    Path file = downloads.file(url("/iris.onnx"), "");
    Files.write(file, new byte[1]);

    assertThat(downloads.file(url("/iris.onnx"), "")).hasBinaryContent(content);
  }

  @Test
  void aCacheFolderThatCannotBeWrittenIsSaid() throws IOException {
    Files.writeString(folder.resolve("downloads"), "no folder");

    ServingException e = failure(engine(new HttpFetcher()), url("/iris.onnx"));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(e).hasMessageContaining("cannot be cached in '" + folder.resolve("downloads") + "'");
  }

  private Downloads downloads(ModelFetcher fetcher, long keptBytes) {
    InstantSource clock = now::get;
    return new Downloads(
        folder.resolve("downloads"),
        Map.of("http", fetcher),
        keptBytes,
        clock,
        new Failures("local"));
  }

  private Engine engine(ModelFetcher http) {
    return engine(Map.of("http", http));
  }

  private Engine engine(Map<String, ModelFetcher> fetchers) {
    Engine engine =
        new Engine("local", Map.of(), fetchers, folder, 0, getClass().getClassLoader());
    engines.add(engine);
    return engine;
  }

  private static ServingException failure(Engine engine, URI weights) {
    return catchThrowableOfType(
        ServingException.class, () -> engine.load(ModelArtifact.of(weights)));
  }

  private static ModelArtifact pinned(URI weights, String sha256) {
    return ModelArtifact.of(weights)
        .withMetadata(ModelMetadata.NONE.withLabels(Map.of("sha256", sha256)));
  }

  private static String trace(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace, true));
    return trace.toString();
  }

  private URI url(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  /** The files in the folder of downloads, but for its lock. */
  private List<Path> kept() throws IOException {
    try (Stream<Path> all = Files.walk(folder.resolve("downloads"))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> !file.endsWith("lock"))
          .toList();
    }
  }

  private static byte[] bytes(String model) throws IOException {
    return Files.readAllBytes(Models.path(model));
  }
}
