package io.fairlead.azureml.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.http.HttpClient;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import io.fairlead.contract.VirtualTime;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.UploadedFiles.Digest;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** A container of blobs on loopback, and stores over it. */
abstract class BlobFixture {
  /** The largest block of the stores, so that a large file takes no time. */
  static final int BLOCK = 1000;

  static final String FOLDER = "fairlead/" + "0123456789abcdef".repeat(2);

  @TempDir
  Path folder;

  final BlobServer server = new BlobServer();
  final VirtualTime time = new VirtualTime();
  final ExecutorService threads = Executors.newCachedThreadPool();
  final HttpClient http = new JdkHttpClientBuilder()
      .executor(threads)
      .writeTimeout(Duration.ZERO)
      .readTimeout(Duration.ZERO)
      .build();
  final BlobStore store = store(token());

  @AfterEach
  void close() {
    server.close();
    threads.shutdownNow();
  }

  static BlobAccess token() {
    TokenCredential credential = new TokenCredential() {
      @Override
      public Mono<AccessToken> getToken(TokenRequestContext request) {
        assertThat(request.getScopes()).containsExactly("https://storage.azure.com/.default");
        return Mono.just(new AccessToken("token-1", OffsetDateTime.MAX));
      }
    };
    return new BlobAccess.Identity(credential);
  }

  BlobStore store(BlobAccess access) {
    return store(access, Duration.ofSeconds(20));
  }

  BlobStore store(BlobAccess access, Duration callTimeout) {
    return new BlobStore(
        () -> new BlobContainer(server.container(), access), () -> http, callTimeout, time, BLOCK);
  }

  static void upload(BlobStore store, LocalModel model, String file) {
    store.upload(FOLDER + "/" + file, model, file, "run-1", Optional.empty());
  }

  static int closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  Path path(String name) throws IOException {
    return folder.toRealPath().resolve(name);
  }

  LocalModel file(String name, byte[] bytes) throws IOException {
    return new LocalModel.Source(Files.write(path(name), bytes), Optional.empty(), Uploads.RULES)
        .read((read, of) -> {});
  }

  static Digest digest(LocalModel model, String file) {
    return Uploads.digest(Optional.ofNullable(model.entries().get(file)).orElseThrow());
  }
}
