package io.fairlead.vertex.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.error.ErrorKind;
import io.fairlead.vertex.VertexConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests to hosts that are slow. */
class HttpCallsTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration ENOUGH_FOR_HEADERS = Duration.ofSeconds(3);

  private final CountDownLatch end = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private URI uri;

  /** Refuses each request, and never ends the body of the refusal. */
  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(429, 0);
      exchange.getResponseBody().write("slow down".getBytes(UTF_8));
      exchange.getResponseBody().flush();
      awaitEnd();
      exchange.close();
    });
    server.start();
    uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/invoke");
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void awaitEnd() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static HttpCalls calls(CredentialsProvider credentials) {
    return new HttpCalls(
        VertexConfig.of("some-project", "us-central1").withHttpClient(HttpClient.newHttpClient()),
        () -> credentials);
  }

  @Test
  void anErrorWhoseBodyNeverEndsKeepsItsStatus() {
    try (HttpCalls calls = calls(NoCredentialsProvider.create())) {
      HttpFailure failure = catchThrowableOfType(
          HttpFailure.class,
          () -> calls.stream(uri, new byte[] {'1'}, "application/json", ENOUGH_FOR_HEADERS));

      assertThat(failure.status()).isEqualTo(429);
      assertThat(failure).hasMessage("slow down");
    }
  }

  @Test
  void credentialsThatAreSlowAreGivenUpAfterTheLimitOfTheRequest() {
    OAuth2Credentials slow = new OAuth2Credentials() {
      @Override
      public AccessToken refreshAccessToken() throws IOException {
        awaitEnd();
        throw new IOException("too late");
      }
    };
    try (HttpCalls calls = calls(() -> slow)) {
      HttpFailure failure = catchThrowableOfType(
          HttpFailure.class, () -> calls.post(uri, new byte[] {'1'}, "application/json", SHORT));

      assertThat(failure).hasMessage("there was no token in time");
      assertThat(new HttpErrors("nobody").failure("Invoke it", failure).kind())
          .isEqualTo(ErrorKind.UNAVAILABLE);
    }
  }

  @Test
  void credentialsThatAreRefusedAreNoAnswerOfTheHost() {
    OAuth2Credentials refused = new OAuth2Credentials() {
      @Override
      public AccessToken refreshAccessToken() throws IOException {
        throw new IOException("invalid_grant");
      }
    };
    try (HttpCalls calls = calls(() -> refused)) {
      HttpFailure failure = catchThrowableOfType(
          HttpFailure.class, () -> calls.post(uri, new byte[] {'1'}, "application/json", SHORT));

      assertThat(new HttpErrors("nobody").failure("Invoke it", failure))
          .hasMessageContaining("invalid_grant")
          .hasMessageContaining("Tried nobody")
          .message()
          .doesNotContain("HTTP");
    }
  }
}
