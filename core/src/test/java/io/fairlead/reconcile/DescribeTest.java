package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Deployment.State;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.reconcile.MemoryCloud.Way;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is read of one deployment: within a limit, and of ours only. */
class DescribeTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Container CONTAINER =
      new Container(ModelArtifact.of(URI.create("mem:one")), RuntimeSpec.NONE, Dependencies.NONE);
  private static final Endpoint BLUE =
      new Endpoint(CONTAINER, Scaling.fixed("small", 1), new Routing("bert", "blue"));

  private final VirtualTime time = new VirtualTime();

  @Test
  void aPlatformThatDoesNotAnswerIsGivenUpAfterTheLimitAndItsThreadIsInterrupted()
      throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(1);
    MemoryCloud cloud = new MemoryCloud(time, () -> blockUntilInterrupted(interrupted));

    try (EndpointPlatform platform = cloud.open(Faults.none(), builder -> builder)) {
      ServingException failure = catchThrowableOfType(
          ServingException.class, () -> platform.status(BLUE, Duration.ofMillis(20)));

      assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
      assertThat(failure)
          .hasMessage("Reading the status of bert/blue from memory was not done within 20 ms: "
              + "check that the platform can be reached, or allow more time.");
      assertThat(interrupted.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void blockUntilInterrupted(CountDownLatch interrupted) {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      interrupted.countDown();
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aVariantThatIsBeingCreatedIsDescribedAsThat() {
    MemoryCloud cloud = new MemoryCloud(time, Way.POLLED);
    EndpointPlatform platform = cloud.open(
        Faults.none(), builder -> builder.executor(Runnable::run).limit(Duration.ofSeconds(10)));
    ServingException unfinished = catchThrowableOfType(
        ServingException.class,
        () -> platform.deploy(BLUE.container(), BLUE.scaling(), BLUE.routing()).await(LIMIT));
    assertThat(unfinished.kind()).isEqualTo(ErrorKind.TIMEOUT);

    assertThat(
            platform.describe("bert", "blue", LIMIT).orElseThrow().deployment().state())
        .isEqualTo(State.CHANGING);
    assertThat(platform.status(BLUE, LIMIT).orElseThrow().state()).isEqualTo(State.CHANGING);
  }

  @Test
  void whatIsNotOursIsNotDescribed() {
    MemoryCloud cloud = new MemoryCloud(time);
    cloud.putForeign("variant", "bert/blue", new MemoryCloud.Variant("m", "small", 1));
    EndpointPlatform platform = cloud.open();

    assertThat(platform.describe("bert", "blue", LIMIT)).isEmpty();
    assertThat(platform.status(BLUE, LIMIT)).isEmpty();
  }

  @Test
  void aClosedPlatformSaysSo() {
    EndpointPlatform platform = new MemoryCloud(time).open();
    platform.close();

    ServingException failure =
        catchThrowableOfType(ServingException.class, () -> platform.status(BLUE, LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("read the status of bert/blue");
  }
}
