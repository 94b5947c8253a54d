package io.fairlead.azureml.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.TokenCredential;
import com.azure.core.exception.ClientAuthenticationException;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore.Stored;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.ModelUploadKind;
import io.fairlead.reconcile.OwnerTag;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Connections that break, answers that do not come, and refusals. */
class BlobFailuresTest extends BlobFixture {

  private static final OwnerTag RUN_1 = new OwnerTag("", "run-1");
  private static final String RETRY_AFTER = "Retry-After";

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
    byte[] large = new byte[5 * BLOCK / 2];
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
    LocalModel model = file("large.bin", new byte[BLOCK + 1]);
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
    LocalModel model = file("large.bin", new byte[BLOCK + 1]);
    server.refuse("PUT block", 403, "AuthorizationPermissionMismatch", "Not you.");

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> upload(store, model, "large.bin"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(server.count("PUT block")).isEqualTo(1);
  }

  @Test
  void twoProcessesThatSendTheSameFileSendTheSameBlocks() throws IOException {
    LocalModel model = file("large.bin", new byte[BLOCK + 1]);
    server.before("PUT blocklist", () -> upload(store(token()), model, "large.bin"));

    upload(store, model, "large.bin");

    assertThat(server.blocks).hasSize(2);
    assertThat(server.count("PUT block")).isEqualTo(4);
    assertThat(server.bytes(FOLDER + "/large.bin")).hasSize(BLOCK + 1);
  }

  @Test
  void blocksGrowWithAFileSoThatTheyAreNotTooMany() {
    assertThat(Blocks.blockSize(BLOCK + 1, BLOCK)).isEqualTo(BLOCK);
    long huge = 2L << 40;
    assertThat((long) Blocks.blockSize(huge, BLOCK) * 50_000).isGreaterThanOrEqualTo(huge);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, BLOCK + 5})
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
    // The connection, which may take longer than what follows.
    store.list("fairlead/");
    server.hangInTheMiddle("GET list");

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> store(token(), Duration.ofMillis(300)).list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure).hasMessageContaining("no answer within PT0.3S");
    assertThat(server.count("GET list")).isEqualTo(2);
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
  void anInterruptOfACredentialIsOneOfTheCall() {
    TokenCredential interrupted = request -> Mono.error(new ClientAuthenticationException(
        "The wait for a token has ended.", null, new InterruptedException()));

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> store(new BlobAccess.Identity(interrupted)).list("fairlead/"));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
  }

  static Stream<Arguments> failuresOfClients() {
    return Stream.of(
        Arguments.of(new SocketTimeoutException("slow"), ErrorKind.TIMEOUT),
        Arguments.of(new TimeoutException("slow"), ErrorKind.TIMEOUT),
        Arguments.of(new UnknownHostException("account"), ErrorKind.UNAVAILABLE),
        Arguments.of(new IOException("reset at ?sig=se%2Fcret"), ErrorKind.UNAVAILABLE),
        Arguments.of(new IllegalStateException("closed"), ErrorKind.UNKNOWN));
  }

  @ParameterizedTest
  @MethodSource("failuresOfClients")
  void whatAClientThrowsHasItsKind(Exception thrown, ErrorKind kind) {
    BlobStore failing = new BlobStore(
        () -> new BlobContainer(server.container(), token()),
        () -> request -> Mono.error(thrown),
        Duration.ofSeconds(5),
        time);

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> failing.list("fairlead/"));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(Thread.interrupted()).isFalse();
    if (thrown instanceof UnknownHostException) {
      assertThat(failure).hasMessageContaining("There is no such host: check the datastore");
    }
    assertThat(failure.getCause() == null).isEqualTo(thrown.getMessage().contains("sig="));
  }

  @Test
  void anInterruptEndsThePauseBeforeABlockIsSentAgain() throws IOException {
    LocalModel model = file("large.bin", new byte[BLOCK + 1]);
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
        interrupted,
        BLOCK);

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
  void aStoreSendsBlocksOf16MegabytesAndNoThreadRemainsButThoseOfTheClient()
      throws IOException, InterruptedException {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    BlobStore usual = new BlobStore(
        () -> new BlobContainer(server.container(), token()),
        () -> http,
        Duration.ofSeconds(20),
        time);
    LocalModel model = file("large.bin", new byte[(16 << 20) + 1]);

    upload(usual, model, "large.bin");
    usual.delete(usual.list("fairlead/").get(0));

    assertThat(server.blocks.values())
        .extracting(block -> block.length)
        .containsExactlyInAnyOrder(16 << 20, 1);

    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (!before.contains(thread) && !thread.getName().startsWith("pool-")) {
        // On few cores, the JDK's client completes each answer in a thread that ends a moment
        // later.
        thread.join(5000);
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
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
}
