package io.fairlead.vertex.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.core.CredentialsProvider;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.OAuth2Credentials;
import io.fairlead.error.ErrorKind;
import io.fairlead.provider.HttpFailure;
import io.fairlead.vertex.VertexConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests with credentials that are slow, or give no token. */
class AuthorizedCallsTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final URI NOWHERE = URI.create("http://127.0.0.1:1/invoke");

  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void stop() {
    end.countDown();
  }

  private void awaitEnd() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static AuthorizedCalls calls(CredentialsProvider credentials) {
    return new AuthorizedCalls(
        VertexConfig.of("some-project", "us-central1").withHttpClient(HttpClient.newHttpClient()),
        () -> credentials);
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
    try (AuthorizedCalls calls = calls(() -> slow)) {
      HttpFailure failure = catchThrowableOfType(
          HttpFailure.class,
          () -> calls.post(NOWHERE, new byte[] {'1'}, "application/json", SHORT));

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
    try (AuthorizedCalls calls = calls(() -> refused)) {
      HttpFailure failure = catchThrowableOfType(
          HttpFailure.class,
          () -> calls.post(NOWHERE, new byte[] {'1'}, "application/json", SHORT));

      assertThat(new HttpErrors("nobody").failure("Invoke it", failure))
          .hasMessageContaining("invalid_grant")
          .hasMessageContaining("Tried nobody")
          .message()
          .doesNotContain("HTTP");
    }
  }
}
