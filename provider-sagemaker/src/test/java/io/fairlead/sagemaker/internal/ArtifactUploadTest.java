package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.sagemaker.internal.archive.ModelArchive;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

class ArtifactUploadTest {
  private static final int PART = 1 << 20;
  private static final String KEY = "fairlead/abc/model.tar.gz";
  private static final Map<String, String> METADATA = Map.of("fairlead-run", "run-1");

  @TempDir
  private Path temp;

  private Bucket bucket;
  private S3Client s3;

  @BeforeEach
  void open() throws IOException {
    bucket = new Bucket();
    s3 = client(ApacheHttpClient.create());
  }

  @AfterEach
  void close() {
    s3.close();
    bucket.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100_000, 950_000})
  void whatFitsInOnePartIsPutAtOnce(int size) throws Exception {
    Path packed = file(size);

    upload(packed);

    assertThat(bucket.calls).containsExactly("PUT");
    assertThat(bucket.object()).isEqualTo(written(packed));
    assertThat(bucket.headers.get("x-amz-meta-fairlead-run")).isEqualTo("run-1");
    assertThat(bucket.headers.get("content-type")).isEqualTo("application/gzip");
  }

  @Test
  void whatIsLargerIsUploadedInParts() throws Exception {
    Path weights = file(2 * PART + 5);

    upload(weights);

    assertThat(bucket.calls)
        .containsExactly("POST uploads", "PUT part 1", "PUT part 2", "PUT part 3", "POST complete");
    assertThat(bucket.object()).isEqualTo(written(weights));
    assertThat(bucket.parts.get(1)).hasSize(PART);
    assertThat(bucket.headers.get("x-amz-meta-fairlead-run")).isEqualTo("run-1");
    assertThat(bucket.completion)
        .contains("<PartNumber>3</PartNumber>", "etag-3", "<ChecksumCRC32>crc-1</ChecksumCRC32>");
  }

  @Test
  void partsHave16MiB() throws Exception {
    Path weights = file((16 << 20) + 5);

    new ArtifactUpload(s3, Optional.empty()).upload("b", KEY, archive(weights), METADATA);

    assertThat(bucket.parts.get(1)).hasSize(16 << 20);
    assertThat(bucket.object()).isEqualTo(written(weights));
  }

  @Test
  void oneByteMoreThanAPartIsTwoParts() throws Exception {
    Path packed = packed(PART + 1);

    upload(packed);

    assertThat(bucket.calls)
        .containsExactly("POST uploads", "PUT part 1", "PUT part 2", "POST complete");
    assertThat(bucket.object()).isEqualTo(Files.readAllBytes(packed));
  }

  @Test
  void exactlyOnePartIsPutAtOnce() throws Exception {
    Path packed = packed(PART);

    upload(packed);

    assertThat(bucket.calls).containsExactly("PUT");
  }

  @Test
  void aPartThatFailsOnceIsSentAgain() throws Exception {
    bucket.answer = call -> call.equals("PUT part 2") && bucket.count(call) == 1 ? 503 : 200;
    Path weights = file(PART + 5);

    upload(weights);

    assertThat(bucket.calls)
        .containsExactly("POST uploads", "PUT part 1", "PUT part 2", "PUT part 2", "POST complete");
    assertThat(bucket.object()).isEqualTo(written(weights));
  }

  @ParameterizedTest
  @CsvSource({"403, 1", "404, 1", "500, 3", "503, 3"})
  void aPartThatKeepsFailingAbortsTheUpload(int status, int sends) throws Exception {
    bucket.answer = call -> call.equals("PUT part 2") ? status : 200;
    Path weights = file(PART + 5);

    assertThatThrownBy(() -> upload(weights))
        .isInstanceOfSatisfying(
            S3Exception.class, e -> assertThat(e.statusCode()).isEqualTo(status));

    assertThat(bucket.count("PUT part 2")).isEqualTo(sends);
    assertThat(bucket.calls).endsWith("DELETE").doesNotContain("POST complete");
    assertThat(bucket.parts).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"PUT, 100", "POST uploads, 1100000"})
  void whatDidNotBeginLeavesNothingToAbort(String failing, int size) throws Exception {
    bucket.answer = call -> call.equals(failing) ? 503 : 200;
    Path weights = file(size);

    assertThatThrownBy(() -> upload(weights)).isInstanceOf(S3Exception.class);

    assertThat(bucket.calls).containsExactly(failing);
  }

  @Test
  void anUploadThatCannotBeCompletedIsAborted() throws Exception {
    bucket.answer = call -> call.equals("POST complete") ? 500 : 200;
    Path weights = file(PART + 5);

    assertThatThrownBy(() -> upload(weights)).isInstanceOf(S3Exception.class);

    assertThat(bucket.calls).endsWith("POST complete", "DELETE");
  }

  @Test
  void aFailedAbortIsAddedToTheFailure() throws Exception {
    bucket.answer = call -> call.equals("PUT part 1") ? 403 : call.equals("DELETE") ? 500 : 200;
    Path weights = file(PART + 5);

    assertThatThrownBy(() -> upload(weights)).isInstanceOfSatisfying(S3Exception.class, e -> {
      assertThat(e.statusCode()).isEqualTo(403);
      assertThat(e.getSuppressed())
          .hasOnlyOneElementSatisfying(abort -> assertThat(abort)
              .isInstanceOfSatisfying(
                  S3Exception.class, a -> assertThat(a.statusCode()).isEqualTo(500)));
    });
  }

  @Test
  void aFileThatChangesMeanwhileAbortsTheUpload() throws Exception {
    Path weights = file(3 * PART);
    ModelArchive archive = archive(weights);
    bucket.answer = call -> {
      if (call.equals("PUT part 1")) {
        write(weights, new byte[] {1});
      }
      return 200;
    };

    assertThatThrownBy(() ->
            new ArtifactUpload(s3, Optional.empty(), PART).upload("b", KEY, archive, METADATA))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT));

    assertThat(bucket.calls).endsWith("DELETE").doesNotContain("POST complete");
  }

  @Test
  void anotherContentThanTheHashSaysIsNeverThere() throws Exception {
    Path weights = Files.write(temp.resolve("weights"), new byte[] {1, 2, 3});
    ModelArchive archive = archive(weights);
    write(weights, new byte[] {1, 2, 4});

    assertThatThrownBy(() ->
            new ArtifactUpload(s3, Optional.empty(), PART).upload("b", KEY, archive, METADATA))
        .isInstanceOf(ServingException.class);

    assertThat(bucket.calls).isEmpty();
  }

  @Test
  void anErrorAbortsTheUpload() throws Exception {
    AssertionError killed = new AssertionError("killed");

    assertThatThrownBy(() -> uploadBreaking(killed)).isSameAs(killed);

    assertThat(bucket.calls).containsExactly("POST uploads", "PUT part 1", "DELETE");
  }

  @Test
  void aPartWhoseConnectionBreaksIsSentAgain() throws Exception {
    uploadBreaking(new IOException("reset"), new IOException("reset"));

    assertThat(bucket.calls)
        .containsExactly("POST uploads", "PUT part 1", "PUT part 2", "POST complete");
  }

  @Test
  void connectionsThatKeepBreakingAbortTheUpload() {
    IOException last = new IOException("third");

    assertThatThrownBy(
            () -> uploadBreaking(new IOException("first"), new IOException("second"), last))
        .isInstanceOf(SdkClientException.class)
        .hasCause(last);

    assertThat(bucket.calls).containsExactly("POST uploads", "PUT part 1", "DELETE");
  }

  @Test
  void anInterruptAbortsTheUploadAndStaysSet() throws Exception {
    Path weights = file(PART + 5);
    Thread uploading = Thread.currentThread();
    bucket.answer = call -> {
      if (call.equals("PUT part 1")) {
        uploading.interrupt();
      }
      return 200;
    };

    assertThatThrownBy(() -> upload(weights))
        .isInstanceOfAny(AbortedException.class, SdkClientException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(bucket.calls).endsWith("DELETE").doesNotContain("POST complete");
  }

  @ParameterizedTest
  @CsvSource({
    "0,               16777216",
    "167772160000,    16777216",
    "167772160001,    17825792",
    "1099511627776,   110100480",
    "10737418240000,  1073741824",
  })
  void thePartsGrowWithTheSize(long size, int partSize) {
    assertThat(ArtifactUpload.partSize(size, 16 << 20)).isEqualTo(partSize);
    assertThat((size + partSize - 1) / partSize).isLessThanOrEqualTo(10_000);
  }

  @Test
  void whatDoesNotFitInAnyPartsIsRefused() {
    assertThatThrownBy(() -> ArtifactUpload.partSize(10_737_418_240_001L, 16 << 20))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessageContaining("give its s3:// URI");
  }

  private void upload(Path weights) {
    new ArtifactUpload(s3, Optional.empty(), PART).upload("b", KEY, archive(weights), METADATA);
  }

  private void uploadBreaking(Throwable... failures) throws IOException {
    ModelArchive archive = archive(file(PART + 5));
    try (SdkHttpClient http = ApacheHttpClient.create();
        S3Client breaking = client(new Breaking(http, new ArrayDeque<>(List.of(failures))))) {
      new ArtifactUpload(breaking, Optional.empty(), PART).upload("b", KEY, archive, METADATA);
    }
  }

  private S3Client client(SdkHttpClient http) {
    return S3Client.builder()
        .endpointOverride(bucket.uri())
        .forcePathStyle(true)
        .region(Region.US_EAST_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "s")))
        .httpClient(http)
        .overrideConfiguration(o -> o.retryStrategy(DefaultRetryStrategy.doNotRetry()))
        .build();
  }

  /** Bytes that do not get smaller. */
  private Path file(int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Files.write(temp.resolve("weights.bin"), bytes);
  }

  /** A packed model of exactly that size: what comes after the archive does not count. */
  private Path packed(int size) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archive(file(1000)).writeTo(out);
    out.write(new byte[size - out.size()]);
    return Files.write(temp.resolve("model.tar.gz"), out.toByteArray());
  }

  private static byte[] written(Path weights) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archive(weights).writeTo(out);
    return out.toByteArray();
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** As much of S3 as one object needs. */
  private static final class Bucket {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final Map<Integer, byte[]> parts = new TreeMap<>();
    private final Map<String, String> headers = new ConcurrentHashMap<>();
    private volatile ToIntFunction<String> answer = call -> 200;
    private volatile String completion = "";
    private volatile byte[] single = new byte[0];

    Bucket() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(threads);
      server.createContext("/b/" + KEY, this::serve);
      server.start();
    }

    URI uri() {
      return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    void close() {
      server.stop(0);
      threads.shutdownNow();
    }

    long count(String call) {
      return calls.stream().filter(call::equals).count();
    }

    byte[] object() {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(single);
      parts.values().forEach(all::writeBytes);
      return all.toByteArray();
    }

    private void serve(HttpExchange exchange) throws IOException {
      byte[] body = decoded(exchange);
      String call = name(exchange);
      calls.add(call);
      exchange.getRequestHeaders().forEach((name, values) -> {
        if (call.equals("PUT") || call.equals("POST uploads")) {
          headers.put(name.toLowerCase(Locale.ROOT), values.get(0));
        }
      });
      int status = answer.applyAsInt(call);
      String text = "";
      if (status != 200) {
        text = "<Error><Code>Test" + status + "</Code><Message>as told</Message></Error>";
      } else if (call.equals("PUT")) {
        single = body;
      } else if (call.equals("POST uploads")) {
        text =
            "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
      } else if (call.startsWith("PUT part ")) {
        int number = Integer.parseInt(call.substring("PUT part ".length()));
        parts.put(number, body);
        exchange.getResponseHeaders().set("ETag", "\"etag-" + number + "\"");
        exchange.getResponseHeaders().set("x-amz-checksum-crc32", "crc-" + number);
      } else if (call.equals("POST complete")) {
        completion = new String(body, UTF_8);
        text = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
      } else {
        parts.clear();
      }
      byte[] answered = text.getBytes(UTF_8);
      int sent = status == 200 && call.equals("DELETE") ? 204 : status;
      exchange.sendResponseHeaders(sent, answered.length == 0 ? -1 : answered.length);
      exchange.getResponseBody().write(answered);
      exchange.close();
    }

    private static String name(HttpExchange exchange) {
      String query = Optional.ofNullable(exchange.getRequestURI().getQuery()).orElse("");
      String method = exchange.getRequestMethod();
      if (query.startsWith("uploads")) {
        return method + " uploads";
      }
      if (method.equals("POST")) {
        return method + " complete";
      }
      for (String parameter : query.split("&", -1)) {
        if (parameter.startsWith("partNumber=")) {
          return method + " part " + parameter.substring("partNumber=".length());
        }
      }
      return method;
    }

    /** Takes the body out of its chunks, if AWS's SDK sent it in some. */
    private static byte[] decoded(HttpExchange exchange) throws IOException {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String length = exchange.getRequestHeaders().getFirst("x-amz-decoded-content-length");
      if (length == null) {
        return body;
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
      for (int size = chunk(in); size > 0; size = chunk(in)) {
        all.write(in.readNBytes(size));
        in.skipNBytes(2);
      }
      assertThat(all.size()).isEqualTo(Integer.parseInt(length));
      return all.toByteArray();
    }

    private static int chunk(DataInputStream in) throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        line.append((char) c);
      }
      return Integer.parseInt(line.toString().split("[;\r]", -1)[0], 16);
    }
  }

  /** Breaks what is sent for the second part, as often as there are failures. */
  private record Breaking(SdkHttpClient http, Queue<Throwable> failures) implements SdkHttpClient {
    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      Optional<String> part = request.httpRequest().firstMatchingRawQueryParameter("partNumber");
      Throwable failure = part.equals(Optional.of("2")) ? failures.poll() : null;
      ExecutableHttpRequest prepared = http.prepareRequest(request);
      if (failure == null) {
        return prepared;
      }
      return new ExecutableHttpRequest() {
        @Override
        public HttpExecuteResponse call() throws IOException {
          if (failure instanceof IOException broken) {
            throw broken;
          }
          throw (Error) failure;
        }

        @Override
        public void abort() {
          prepared.abort();
        }
      };
    }

    @Override
    public void close() {
      http.close();
    }
  }

  private static ModelArchive archive(Path weights) {
    LocalModel.Rules rules = LocalModel.Rules.of("sagemaker").withTarGz();
    return new ModelArchive(
        new LocalModel.Source(weights, Optional.empty(), rules).read((bytes, of) -> {}));
  }
}
