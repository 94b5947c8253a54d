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
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.ModelUploadKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** What signs requests, to which addresses, and that it is not shown. */
class BlobAccessTest extends BlobFixture {

  private static final String KEY = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA==";
  private static final String SIGNATURE = "sv=2023-11-03&sp=rwdl&sig=se%2Fcret%2Bsignature%3D";
  private static final String SDK = "com.azure.storage.";

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

  /** In one process, because each takes seconds to start. */
  @Test
  void noLogShowsASignatureAndTheClientOfBlobsIsLoadedByTheFirstCallAndNotBefore()
      throws Exception {
    Path loaded = folder.resolve("loaded");
    server.refuse("GET list", 403, "AuthenticationFailed", "Not " + SIGNATURE);
    // Twice, because the JDK sends a GET again by itself.
    server.loseAnswer("GET list");
    server.loseAnswer("GET list");

    String output =
        run("-Xlog:class+load:file=" + loaded, "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace");

    assertThat(output)
        .contains("DEBUG com.azure.", "UNAUTHORIZED", "UNAVAILABLE", "Not (not shown)");
    for (String secret : new BlobAccess.SharedAccess(SIGNATURE).secrets()) {
      assertThat(output).doesNotContain(secret);
    }
    String firstCall = Lists.Calls.class.getName().replace("$", "\\$");
    String[] classes = Files.readString(loaded).split(firstCall, 2);
    assertThat(classes).hasSize(2);
    assertThat(classes[0]).contains(BlobStore.class.getName()).doesNotContain(SDK);
    assertThat(classes[1]).contains(SDK);
  }

  private String run(String... options) throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of(
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        Lists.class.getName(),
        server.container().toString(),
        SIGNATURE));
    Process process = new ProcessBuilder(command)
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

  /** Makes a store and shows it, and lists uploads twice, in a process of its own. */
  static final class Lists {
    private Lists() {}

    public static void main(String[] args) {
      BlobContainer container =
          new BlobContainer(URI.create(args[0]), new BlobAccess.SharedAccess(args[1]));
      HttpClient http = new JdkHttpClientBuilder().build();
      BlobStore store =
          new BlobStore(() -> container, () -> http, Duration.ofSeconds(20), TimeSource.system());
      ModelUploadKind kind = Uploads.kind(store);
      System.out.println(kind.name() + " " + store + " " + container);
      Calls.make(kind);
      System.out.println(kind.name() + " " + store + " " + container);
    }

    /** A class of its own, so that the log of classes shows when the first call was made. */
    private static final class Calls {
      private Calls() {}

      static void make(ModelUploadKind kind) {
        for (int i = 0; i < 2; i++) {
          try {
            kind.list(new Look());
          } catch (ServingException e) {
            System.out.println(e.kind());
            e.printStackTrace();
          }
        }
      }
    }
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

  private String authorization() {
    return server.last("GET list").headers().getFirst("Authorization");
  }
}
