package io.fairlead.sagemaker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.sagemaker.Aws;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.credentials.TimedCredentials;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;

/** Which credentials were tried, where there are none. */
class SageMakerCredentialsTest {
  @Test
  void aProfileThatIsNotThereIsNamed() {
    ServingException failure = deployFails(config().withProfile("there-is-no-such-profile"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("Tried profile 'there-is-no-such-profile'")
        .hasMessageContaining("Check the credentials");
  }

  @Test
  void aSourceOfTheCallersOwnThatFailsIsToldAsThat() {
    ServingException failure = deployFails(config().withCredentials(() -> {
      throw new IllegalStateException("the vault is sealed");
    }));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("the vault is sealed")
        .hasMessageContaining("Tried the caller's own credentials provider");
  }

  @Test
  void aClientOfTheCallersOwnIsToldAsWhatHasTheCredentials() {
    try (SageMakerClient own = SageMakerClient.builder()
        .region(Region.US_EAST_1)
        .credentialsProvider(ProfileCredentialsProvider.create("there-is-no-such-profile"))
        .httpClient(ApacheHttpClient.create())
        .build()) {
      ServingException failure =
          deployFails(config().withClients(SageMakerConfig.Clients.NONE.withControlPlane(own)));

      assertThat(failure).hasMessageContaining("Tried the credentials of the caller's own clients");
    }
  }

  // ---- sources that take their time ----

  @Test
  void aSourceThatDoesNotAnswerEndsAChangeAtTheLimitOfACall() throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(1);

    ServingException failure = deployFails(
        config().withCallTimeout(Duration.ofMillis(200)).withCredentials(blocking(interrupted)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("did not answer within 0.2 s, and nothing was sent")
        .hasMessageContaining("Check what it waits for")
        .hasMessageContaining("Tried the caller's own credentials provider");
    assertThat(interrupted.await(10, TimeUnit.SECONDS))
        .as("closing the platform ends what still waits")
        .isTrue();
  }

  @Test
  void aSourceThatDoesNotAnswerEndsARequestAtItsOwnLimit() {
    try (SageMakerPlatform platform =
        new SageMakerProvider().open(config().withCredentials(blocking(new CountDownLatch(1))))) {
      Endpoint endpoint =
          new Endpoint(CONTAINER, Scaling.fixed("ml.m5.large", 1), new Routing("bert", "blue"));
      Request request = Request.json("{}").withTimeout(Duration.ofMillis(200));

      for (ThrowingCallable call : List.<ThrowingCallable>of(
          () -> platform.invoke(endpoint, request),
          () -> platform.invokeStreaming(endpoint, request, piece -> {}))) {
        ServingException failure = catchThrowableOfType(ServingException.class, call);

        assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
        // What is left of 200 ms when the credentials are asked for.
        assertThat(failure).hasMessageMatching(".*did not answer within 0\\.(2|1\\d*) s.*");
      }
    }
  }

  @Test
  void aSourceThatFailedIsAskedAgainAndWhatItGaveIsKeptForTheNextCalls() {
    AtomicInteger asked = new AtomicInteger();
    TimedCredentials timed = timed(() -> {
      if (asked.incrementAndGet() == 1) {
        throw new IllegalStateException("the vault is sealed");
      }
      return AwsBasicCredentials.create("AKIA", "not-a-secret");
    });

    assertThatThrownBy(timed::resolveCredentials).hasMessageContaining("the vault is sealed");
    AwsCredentials first = timed.resolveCredentials();

    assertThat(timed.resolveCredentials()).isSameAs(first);
    assertThat(asked).hasValue(2);
  }

  @Test
  void whatHasExpiredIsAskedForAgain() {
    AtomicInteger asked = new AtomicInteger();
    TimedCredentials timed = timed(() -> {
      asked.incrementAndGet();
      return AwsSessionCredentials.builder()
          .accessKeyId("AKIA")
          .secretAccessKey("not-a-secret")
          .sessionToken("session")
          .expirationTime(Instant.EPOCH)
          .build();
    });

    timed.resolveCredentials();
    timed.resolveCredentials();

    assertThat(asked).hasValue(2);
  }

  @Test
  void callsThatWaitForOneSourceAskItOnce() {
    AtomicInteger asked = new AtomicInteger();
    TimedCredentials timed = timed(() -> {
      asked.incrementAndGet();
      return blocking(new CountDownLatch(1)).resolveCredentials();
    });

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> timed.get(Duration.ofMillis(20)))
          .hasMessageContaining("did not answer");
    }
    timed.close();

    assertThat(asked).hasValue(1);
    assertThatThrownBy(timed::resolveCredentials).hasMessageContaining("closed");
  }

  @Test
  void credentialsInMemoryAreTakenAsTheyAre() {
    AwsCredentialsProvider own =
        StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIA", "not-a-secret"));

    assertThat(TimedCredentials.of(own, Duration.ofSeconds(30))).isSameAs(own);
  }

  private static TimedCredentials timed(AwsCredentialsProvider source) {
    return (TimedCredentials) TimedCredentials.of(source, Duration.ofSeconds(30));
  }

  private static AwsCredentialsProvider blocking(CountDownLatch interrupted) {
    return () -> {
      try {
        new CountDownLatch(1).await();
        throw new IllegalStateException("nobody counts down");
      } catch (InterruptedException e) {
        interrupted.countDown();
        throw new IllegalStateException(e);
      }
    };
  }

  private static final Container CONTAINER = new Container(
      ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")),
      RuntimeSpec.of(Aws.IMAGE),
      Dependencies.NONE);

  private static SageMakerConfig config() {
    return SageMakerConfig.of("us-east-1").withExecutionRole(Aws.ROLE);
  }

  private static ServingException deployFails(SageMakerConfig config) {
    try (EndpointPlatform platform = new SageMakerProvider().open(config)) {
      return catchThrowableOfType(
          ServingException.class,
          () -> platform
              .deploy(CONTAINER, Scaling.fixed("ml.m5.large", 1), new Routing("bert", "blue"))
              .await(Duration.ofMinutes(3)));
    }
  }
}
