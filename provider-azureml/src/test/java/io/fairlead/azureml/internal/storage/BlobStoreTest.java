package io.fairlead.azureml.internal.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.HttpPipelineBuilder;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.util.Context;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore.Stored;
import io.fairlead.provider.TimeSource;
import io.fairlead.provider.UploadedFiles.Digest;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.ModelUploadKind;
import io.fairlead.reconcile.OwnerTag;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

class BlobStoreTest {
  private static final String FOLDER = "fairlead/" + "0123456789abcdef".repeat(2);
  private static final String KEY = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA==";
  private static final String SIGNATURE = "sv=2023-11-03&sp=rwdl&sig=se%2Fcret%2Bsignature%3D";
  private static final OwnerTag RUN_1 = new OwnerTag("", "run-1");
  private static final String RETRY_AFTER = "Retry-After";
  private static final String SDK = "com.azure.storage.";

  @TempDir
  private Path folder;

  private final BlobServer server = new BlobServer();
  private final VirtualTime time = new VirtualTime();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient http = new JdkHttpClientBuilder()
      .executor(threads)
      .writeTimeout(Duration.ZERO)
      .readTimeout(Duration.ZERO)
      .build();
  private final BlobStore store = store(token());

  @AfterEach
  void close() {
    server.close();
    threads.shutdownNow();
  }

  // ---- uploads and lists ----

  @Test
  void aFileIsABlobWithItsHashAndItsRun() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1, 2, 3});

    store.upload(FOLDER + "/weights.bin", model, "weights.bin", "run-1", Optional.empty());

    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(1, 2, 3);
    assertThat(store.list(FOLDER + "/")).singleElement().satisfies(blob -> {
      assertThat(blob.name()).isEqualTo(FOLDER + "/weights.bin");
      assertThat(blob.digest()).isEqualTo(digest(model, "weights.bin"));
      assertThat(blob.run()).contains("run-1");
      assertThat(blob.storedAt()).isEqualTo("2026-11-01T00:00:01Z");
    });
    BlobServer.Asked put = server.last("PUT");
    assertThat(put.headers().getFirst("If-None-Match")).isEqualTo("*");
    assertThat(put.headers().getFirst("Content-MD5")).isNotNull();
    assertThat(put.headers().getFirst("Content-Length")).isEqualTo("3");
    assertThat(put.headers().getFirst("x-ms-blob-type")).isEqualTo("BlockBlob");
  }

  @Test
  void anEmptyFileIsABlobToo() throws IOException {
    upload(store, file("__init__.py", new byte[0]), "__init__.py");

    assertThat(server.bytes(FOLDER + "/__init__.py")).isEmpty();
    assertThat(server.last("PUT").headers().getFirst("Content-Length")).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "two words.bin",
        "ünïcödé 模型.bin",
        "a#b",
        "50%",
        "%20",
        "why?",
        "a+b&c=d",
        "it's (here), [there]; ~!@$"
      })
  void aNameIsWhatItWas(String name) throws IOException {
    LocalModel model = file(name, new byte[] {1});

    upload(store, model, name);

    assertThat(server.blobs).containsOnlyKeys(FOLDER + "/" + name);
    Stored stored = store.list(FOLDER + "/").get(0);
    assertThat(stored.name()).isEqualTo(FOLDER + "/" + name);
    store.delete(stored);
    assertThat(server.blobs).isEmpty();
  }

  @Test
  void aListHasAllPagesAndNoFolders() throws IOException {
    server.pageSize(2);
    for (int i = 0; i < 5; i++) {
      server.put(FOLDER + "/part-" + i, new byte[] {1}, Map.of("fairlead_run", "run-1"));
    }
    server.put(FOLDER + "/sub", new byte[0], Map.of("hdi_isfolder", "true"));
    server.put("notes.txt", new byte[] {1}, Map.of());

    assertThat(store.list("fairlead/"))
        .extracting(Stored::name)
        .containsExactly(
            FOLDER + "/part-0",
            FOLDER + "/part-1",
            FOLDER + "/part-2",
            FOLDER + "/part-3",
            FOLDER + "/part-4");
    assertThat(server.count("GET list")).isEqualTo(3);
  }

  @Test
  void aBlobOfSomebodyElseHasNoRunAndAnotherDigest() {
    server.put(FOLDER + "/weights.bin", new byte[] {1}, Map.of());

    Stored blob = store.list(FOLDER + "/").get(0);

    assertThat(blob.run()).isEmpty();
    assertThat(blob.digest()).isEqualTo(new Digest(1, ""));
  }

  @Test
  void whatAnotherProcessHasUploadedMeanwhileStays() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    server.before(
        "PUT",
        () -> server.put(FOLDER + "/weights.bin", new byte[] {7}, Map.of("fairlead_run", "run-2")));

    upload(store, model, "weights.bin");

    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(7);
  }

  @Test
  void aBlobIsReplacedAsItWasListed() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    server.put(FOLDER + "/weights.bin", new byte[] {7}, Map.of("fairlead_run", "run-1"));
    Optional<Stored> listed = Optional.of(store.list(FOLDER + "/").get(0));

    store.upload(FOLDER + "/weights.bin", model, "weights.bin", "run-1", listed);
    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(1);

    server.put(FOLDER + "/weights.bin", new byte[] {8}, Map.of("fairlead_run", "run-2"));
    store.upload(FOLDER + "/weights.bin", model, "weights.bin", "run-1", listed);
    assertThat(server.bytes(FOLDER + "/weights.bin")).containsExactly(8);
  }

  @Test
  void whatHasReplacedABlobSinceItWasListedIsNotDeletedAndOneThatIsGoneIsNoFailure() {
    server.put(FOLDER + "/a", new byte[] {7}, Map.of("fairlead_run", "run-1"));
    Stored listed = store.list(FOLDER + "/").get(0);
    server.put(FOLDER + "/a", new byte[] {8}, Map.of("fairlead_run", "run-2"));

    store.delete(listed);
    assertThat(server.bytes(FOLDER + "/a")).containsExactly(8);

    store.delete(store.list(FOLDER + "/").get(0));
    assertThat(server.blobs).isEmpty();
    store.delete(listed);
    assertThat(server.count("DELETE")).isEqualTo(3);
  }

  // ---- broken connections ----

  @Test
  void anUploadWhoseAnswerIsLostIsSentOnceAndSeenByTheNextRead() throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    ModelUploadKind kind = Uploads.kind(store);
    String key = Uploads.KEYS.of(model.sha256());
    server.loseAnswer("PUT");

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> kind.create(key, Uploads.of(model), RUN_1));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure)
        .hasMessageStartingWith("Upload " + path("weights.bin") + " to " + server.container());
    assertThat(server.count("PUT")).isEqualTo(1);
    assertThat(
            kind.matches(Uploads.of(model), kind.read(key, new Look()).value().orElseThrow()))
        .isTrue();
  }

  @Test
  void aLargeFileIsSentAsBlocksEachOfWhichIsSentAgainIfItsAnswerIsLost() throws IOException {
    byte[] large = new byte[40 << 20];
    new Random(1).nextBytes(large);
    LocalModel model = file("large.bin", large);
    for (int i = 0; i < 3; i++) {
      server.loseAnswer("PUT block");
    }

    upload(store, model, "large.bin");

    assertThat(server.bytes(FOLDER + "/large.bin")).isEqualTo(large);
    assertThat(server.count("PUT block")).isEqualTo(6);
    assertThat(server.blocks).hasSize(3);
    assertThat(server.count("PUT")).isZero();
    assertThat(server.last("PUT blocklist").headers().getFirst("If-None-Match")).isEqualTo("*");
    assertThat(store.list(FOLDER + "/"))
        .extracting(Stored::digest)
        .containsExactly(digest(model, "large.bin"));
  }

  @Test
  void aBlockIsSentFiveTimesAtMostAndThenNothingIsStored() throws IOException {
    LocalModel model = file("large.bin", new byte[BlobCalls.LARGEST_BLOCK + 1]);
    for (int i = 0; i < 5; i++) {
      server.refuse("PUT block", 503, "ServerBusy", "Not now.", RETRY_AFTER, "7");
    }
    Duration before = time.elapsed();

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(store, model, "large.bin"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.THROTTLED);
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
    assertThat(server.count("PUT block")).isEqualTo(5);
    assertThat(time.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(4 * 7));
    assertThat(server.blobs).isEmpty();
  }

  @Test
  void aBlockThatIsRefusedIsNotSentAgain() throws IOException {
    LocalModel model = file("large.bin", new byte[BlobCalls.LARGEST_BLOCK + 1]);
    server.refuse("PUT block", 403, "AuthorizationPermissionMismatch", "Not you.");

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(store, model, "large.bin"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(server.count("PUT block")).isEqualTo(1);
  }

  @Test
  void twoProcessesThatSendTheSameFileSendTheSameBlocks() throws IOException {
    LocalModel model = file("large.bin", new byte[BlobCalls.LARGEST_BLOCK + 1]);
    server.before("PUT blocklist", () -> upload(store(token()), model, "large.bin"));

    upload(store, model, "large.bin");

    assertThat(server.blocks).hasSize(2);
    assertThat(server.count("PUT block")).isEqualTo(4);
    assertThat(server.bytes(FOLDER + "/large.bin")).hasSize(BlobCalls.LARGEST_BLOCK + 1);
  }

  @Test
  void blocksGrowWithAFileSoThatTheyAreNotTooMany() {
    assertThat(Blocks.blockSize(BlobCalls.LARGEST_BLOCK + 1)).isEqualTo(BlobCalls.LARGEST_BLOCK);
    long huge = 2L << 40;
    assertThat((long) Blocks.blockSize(huge) * 50_000).isGreaterThanOrEqualTo(huge);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, BlobCalls.LARGEST_BLOCK + 5})
  void aFileThatIsChangedAfterItWasReadIsNotUploadedAsWhatItWas(int size) throws IOException {
    LocalModel model = file("changing.bin", new byte[size]);
    byte[] other = new byte[size];
    other[size - 1] = 1;
    Files.write(path("changing.bin"), other);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(store, model, "changing.bin"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure).hasMessageContaining("changing.bin was changed");
    assertThat(server.blobs).isEmpty();
  }

  @Test
  void aServerThatHangsInTheMiddleOfItsAnswerIsGivenUpInTime() {
    server.hangInTheMiddle("GET list");

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> store(token(), Duration.ofMillis(300)).list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure).hasMessageContaining("no answer within PT0.3S");
    assertThat(server.count("GET list")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anInterruptEndsACallAtOnceAndIsKept(boolean whileItWaits) throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    Thread caller = Thread.currentThread();
    server.hang("PUT", caller::interrupt);
    if (!whileItWaits) {
      caller.interrupt();
    }

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> store.upload(FOLDER + "/w", model, "weights.bin", "run-1", Optional.empty()));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.blobs).isEmpty();
  }

  @Test
  void anInterruptEndsThePauseBeforeABlockIsSentAgain() throws IOException {
    LocalModel model = file("large.bin", new byte[BlobCalls.LARGEST_BLOCK + 1]);
    server.loseAnswer("PUT block");
    TimeSource interrupted = new TimeSource() {
      @Override
      public Instant now() {
        return time.now();
      }

      @Override
      public Duration elapsed() {
        return time.elapsed();
      }

      @Override
      public void pause(Duration duration) throws InterruptedException {
        throw new InterruptedException("paused for " + duration);
      }
    };
    BlobStore pausing = new BlobStore(
        () -> new BlobContainer(server.container(), token()),
        () -> http,
        Duration.ofSeconds(20),
        interrupted);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(pausing, model, "large.bin"));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.count("PUT block")).isEqualTo(1);
  }

  @Test
  void anInterruptEndsAList() {
    server.hang("GET list", Thread.currentThread()::interrupt);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> store.list("fairlead/"));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("was interrupted");
  }

  @Test
  void whereNobodyListensIsUnavailable() throws IOException {
    URI nobody = URI.create("http://localhost:" + closedPort() + "/models");
    BlobStore closed = new BlobStore(
        () -> new BlobContainer(nobody, token()), () -> http, Duration.ofSeconds(5), time);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> closed.list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure.getCause()).isNotNull();
  }

  @Test
  void noThreadRemainsButThoseOfTheClient() throws IOException {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    LocalModel model = file("large.bin", new byte[BlobCalls.LARGEST_BLOCK + 1]);

    upload(store, model, "large.bin");
    store.delete(store.list("fairlead/").get(0));

    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> !before.contains(thread))
        .extracting(Thread::getName)
        .allMatch(name -> name.matches("pool-.*"));
  }

  // ---- refusals ----

  @Test
  void withoutItsContainerNothingIsListedAndAnUploadSaysWhatToDo() throws IOException {
    server.hasNoContainer();
    LocalModel model = file("weights.bin", new byte[] {1});

    assertThat(store.list("fairlead/")).isEmpty();
    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(store, model, "weights.bin"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure)
        .hasMessageContaining("ContainerNotFound, 404")
        .hasMessageContaining("Create the container models in the storage account localhost first");
  }

  @ParameterizedTest
  @CsvSource({
    "401, InvalidAuthenticationInfo, UNAUTHORIZED",
    "403, AuthorizationPermissionMismatch, UNAUTHORIZED",
    "403, KeyBasedAuthenticationNotPermitted, UNAUTHORIZED",
    "409, ContainerBeingDeleted, CONFLICT",
    "412, LeaseIdMissing, CONFLICT",
    "400, InvalidHeaderValue, INVALID",
    "400, InvalidBlockList, CONFLICT",
    "400, Md5Mismatch, UNAVAILABLE",
    "429, TooManyRequests, THROTTLED",
    "503, ServerBusy, THROTTLED",
    "503, Unavailable, UNAVAILABLE",
    "500, InternalError, UNAVAILABLE",
    "500, OperationTimedOut, TIMEOUT"
  })
  void whatAzureRefusesHasItsKindAndItsWords(int status, String code, ErrorKind kind)
      throws IOException {
    LocalModel model = file("weights.bin", new byte[] {1});
    server.refuse("PUT", status, code, "Its words.", RETRY_AFTER, "3");

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(store, model, "weights.bin"));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure)
        .hasMessageContaining("Its words (" + code + ", " + status + ")")
        .hasMessageNotContaining("RequestId");
    assertThat(failure.requestId()).contains("17");
    assertThat(failure.retryAfter()).contains(Duration.ofSeconds(3));
    assertThat(server.count("PUT")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"403, UNAUTHORIZED", "404, NOT_FOUND", "502, UNAVAILABLE", "429, THROTTLED"})
  void anAnswerThatIsNotAzuresHasTheKindOfItsStatus(int status, ErrorKind kind) {
    server.answerInstead("DELETE", status, "<html><body>The proxy & its words</html>");
    server.put(FOLDER + "/a", new byte[] {7}, Map.of("fairlead_run", "run-1"));
    Stored listed = store.list(FOLDER + "/").get(0);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> store.delete(listed));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure).hasMessageContaining("the answer has the status " + status);
  }

  @Test
  void aListThatIsNoXmlIsAnError() {
    server.answerInstead("GET list", 200, "Welcome");

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> store.list("fairlead/"));

    assertThat(failure).hasMessageContaining("List " + server.container() + "/fairlead/ failed");
  }

  static Stream<Arguments> accesses() {
    return Stream.of(
        Arguments.argumentSet(
            "a token", token(), "Grant its identity the role \"Storage Blob Data Contributor\""),
        Arguments.argumentSet(
            "a key",
            new BlobAccess.AccountKey("account", KEY),
            "may not allow keys any more, or may have another one"),
        Arguments.argumentSet(
            "a signature", new BlobAccess.SharedAccess(SIGNATURE), "It may have expired"));
  }

  @ParameterizedTest
  @MethodSource("accesses")
  void aRefusalSaysWhatWasTriedAndWhatToDoAndShowsNoSecret(BlobAccess access, String wayOut) {
    BlobStore refused = store(access);
    server.refuse(
        "GET list",
        403,
        "AuthenticationFailed",
        "The MAC signature found in '" + KEY + "' at " + server.container() + "?" + SIGNATURE
            + " is not se/cret+signature=");

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> refused.list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("AuthenticationFailed, 403")
        .hasMessageContaining(wayOut)
        .hasMessageContaining("\"Storage Blob Data Contributor\"");
    StringWriter shown = new StringWriter();
    failure.printStackTrace(new PrintWriter(shown));
    for (String secret : access.secrets()) {
      assertThat(shown + " " + refused + access + new BlobContainer(server.container(), access))
          .doesNotContain(secret);
    }
  }

  @Test
  void eachAccessSignsRequestsInItsWay() {
    store.list("fairlead/");
    assertThat(authorization()).isEqualTo("Bearer token-1");

    store(new BlobAccess.AccountKey("account", KEY)).list("fairlead/");
    assertThat(authorization()).startsWith("SharedKey account:").doesNotContain(KEY);

    store(new BlobAccess.SharedAccess(SIGNATURE)).list("fairlead/");
    assertThat(server.last("GET list").query()).containsEntry("sig", "se/cret+signature=");
    assertThat(server.last("GET list").headers()).doesNotContainKey("Authorization");
  }

  @Test
  void aCredentialThatHasNoTokenIsUnauthorized() {
    TokenCredential none =
        request -> Mono.error(new ClientAuthenticationException("No credential is set up.", null));

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> store(new BlobAccess.Identity(none)).list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure).hasMessageContaining("No credential is set up");
    assertThat(server.asked).isEmpty();
  }

  @Test
  void noLogShowsASignature() throws Exception {
    server.refuse("GET list", 403, "AuthenticationFailed", "Not " + SIGNATURE);
    // Twice, because the JDK sends a GET again by itself.
    server.loseAnswer("GET list");
    server.loseAnswer("GET list");

    String output = run("-Dorg.slf4j.simpleLogger.defaultLogLevel=trace", "2", SIGNATURE);

    assertThat(output)
        .contains("DEBUG com.azure.", "UNAUTHORIZED", "UNAVAILABLE", "Not (not shown)");
    for (String secret : new BlobAccess.SharedAccess(SIGNATURE).secrets()) {
      assertThat(output).doesNotContain(secret);
    }
  }

  @Test
  void theClientOfBlobsIsLoadedByTheFirstCallAndNotBefore() throws Exception {
    Path loaded = folder.resolve("loaded");

    run("-Xlog:class+load:file=" + loaded, "0", SIGNATURE);
    assertThat(loaded).content().contains(BlobStore.class.getName()).doesNotContain(SDK);

    run("-Xlog:class+load:file=" + loaded, "1", SIGNATURE);
    assertThat(loaded).content().contains(SDK);
  }

  private String run(String option, String lists, String signature)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            option,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Lists.class.getName(),
            server.container().toString(),
            lists,
            signature)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output, UTF_8);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }

  /** Lists uploads as often as it is told, in a process of its own. */
  static final class Lists {
    private Lists() {}

    public static void main(String[] args) {
      BlobContainer container =
          new BlobContainer(URI.create(args[0]), new BlobAccess.SharedAccess(args[2]));
      HttpClient http = new JdkHttpClientBuilder().build();
      BlobStore store =
          new BlobStore(() -> container, () -> http, Duration.ofSeconds(20), TimeSource.system());
      ModelUploadKind kind = Uploads.kind(store);
      for (int i = 0; i < Integer.parseInt(args[1]); i++) {
        try {
          kind.list(new Look());
        } catch (ServingException e) {
          System.out.println(e.kind());
          e.printStackTrace();
        }
      }
      System.out.println(kind.name() + " " + store + " " + container);
    }
  }

  @Test
  void theContainerIsAskedForWhenItIsNeededAndAgainAfterARefusal() {
    List<BlobContainer> asked = new ArrayList<>();
    BlobStore lazy = new BlobStore(
        () -> {
          BlobContainer container = new BlobContainer(server.container(), token());
          asked.add(container);
          return container;
        },
        () -> http,
        Duration.ofSeconds(5),
        time);
    assertThat(asked).isEmpty();

    lazy.list("fairlead/");
    lazy.list("fairlead/");
    assertThat(asked).hasSize(1);

    server.refuse("GET list", 403, "AuthenticationFailed", "Expired.");
    assertThatThrownBy(() -> lazy.list("fairlead/")).isInstanceOf(ServingException.class);
    lazy.list("fairlead/");
    assertThat(asked).hasSize(2);
  }

  @Test
  void whatTheContainersOwnerThrowsIsThrown() {
    ServingException refusal =
        new ServingException("azureml", ErrorKind.NOT_FOUND, "There is no workspace.");
    BlobStore without = new BlobStore(
        () -> {
          throw refusal;
        },
        () -> http,
        Duration.ofSeconds(5),
        time);

    assertThatThrownBy(() -> without.list("fairlead/")).isSameAs(refusal);
  }

  // ---- addresses and names ----

  @Test
  void aTokenIsNotSentInPlaintextToAnotherHost() {
    List<String> asked = new ArrayList<>();
    TokenCredential credential = request -> {
      asked.add("token");
      return Mono.just(new AccessToken("token-1", OffsetDateTime.MAX));
    };
    HttpPipeline pipeline = new HttpPipelineBuilder()
        .policies(new LoopbackToken(credential))
        .httpClient(http)
        .build();

    assertThatThrownBy(() -> pipeline.sendSync(
            new HttpRequest(HttpMethod.GET, "http://account.blob.core.windows.net/models"),
            Context.NONE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no token is sent in plaintext to account.blob.core.windows.net");
    assertThat(asked).isEmpty();
  }

  @Test
  void overTlsTheTokenIsSentByTheSdksOwnPolicy() throws IOException {
    URI container = URI.create("https://localhost:" + closedPort() + "/models");
    List<TokenRequestContext> asked = new ArrayList<>();
    TokenCredential credential = request -> {
      asked.add(request);
      return Mono.just(new AccessToken("token-1", OffsetDateTime.MAX));
    };
    BlobStore secure = new BlobStore(
        () -> new BlobContainer(container, new BlobAccess.Identity(credential)),
        () -> http,
        Duration.ofSeconds(5),
        time);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> secure.list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(asked)
        .singleElement()
        .satisfies(request ->
            assertThat(request.getScopes()).containsExactly("https://storage.azure.com/.default"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://account.blob.core.windows.net/models",
        "http://localhost.example.com/models",
        "https://account.blob.core.windows.net",
        "https://account.blob.core.windows.net/",
        "https://account.blob.core.windows.net/models?sig=secret-signature",
        "https://user@account.blob.core.windows.net/models",
        "http://[::1]:10000/models",
        "ftp://localhost/models"
      })
  void aContainerHasAnAddressThatRequestsMayBeSentTo(String address) {
    assertThatThrownBy(() -> new BlobContainer(URI.create(address), token()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("container must be")
        .hasMessageNotContaining("secret-signature");
  }

  @Test
  void aContainerIsInAnAccount() {
    BlobContainer container =
        new BlobContainer(URI.create("https://account.blob.core.windows.net/models"), token());

    assertThat(container.account()).isEqualTo("account");
    assertThat(container.name()).isEqualTo("models");
    assertThat(container.service()).isEqualTo("https://account.blob.core.windows.net");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost:%d/models",
        "http://127.0.0.1:%d/models",
        "http://127.0.0.1:%d/account/models"
      })
  void aContainerOnLoopbackIsWhereItsAddressSays(String address) throws IOException {
    URI container = URI.create(String.format(address, server.container().getPort()));
    BlobStore there = new BlobStore(
        () -> new BlobContainer(container, token()), () -> http, Duration.ofSeconds(5), time);

    upload(there, file("weights.bin", new byte[] {1}), "weights.bin");

    assertThat(server.last("PUT").uri().getPath())
        .isEqualTo(container.getPath() + "/" + FOLDER + "/weights.bin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ends with a dot.", "a\\b"})
  void aNameThatNoBlobHasIsRefusedBeforeAnyCall(String name) throws IOException {
    LocalModel model = file(name, new byte[] {1});

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> Uploads.of(model));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining(name).hasMessageContaining("Rename it");
  }

  // ---- words ----

  private static BlobAccess token() {
    TokenCredential credential = new TokenCredential() {
      @Override
      public Mono<AccessToken> getToken(TokenRequestContext request) {
        assertThat(request.getScopes()).containsExactly("https://storage.azure.com/.default");
        return Mono.just(new AccessToken("token-1", OffsetDateTime.MAX));
      }
    };
    return new BlobAccess.Identity(credential);
  }

  private BlobStore store(BlobAccess access) {
    return store(access, Duration.ofSeconds(20));
  }

  private BlobStore store(BlobAccess access, Duration callTimeout) {
    return new BlobStore(
        () -> new BlobContainer(server.container(), access), () -> http, callTimeout, time);
  }

  private static void upload(BlobStore store, LocalModel model, String file) {
    store.upload(FOLDER + "/" + file, model, file, "run-1", Optional.empty());
  }

  private static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private String authorization() {
    return server.last("GET list").headers().getFirst("Authorization");
  }

  private Path path(String name) throws IOException {
    return folder.toRealPath().resolve(name);
  }

  private LocalModel file(String name, byte[] bytes) throws IOException {
    return new LocalModel.Source(Files.write(path(name), bytes), Optional.empty(), Uploads.RULES)
        .read((read, of) -> {});
  }

  private static Digest digest(LocalModel model, String file) {
    return Uploads.digest(Optional.ofNullable(model.entries().get(file)).orElseThrow());
  }
}
