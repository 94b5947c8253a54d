package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Plan;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.reconcile.MemoryCloud.Way;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Values that only the platform can complete. */
class EndpointCompletionTest {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final ModelArtifact MODEL = ModelArtifact.of(URI.create("hub:bert"));
  private static final Container CONTAINER =
      new Container(MODEL, RuntimeSpec.NONE, Dependencies.NONE);
  private static final Routing BLUE = new Routing("ask", "blue");
  private static final Scaling ONE = Scaling.fixed(1);

  private final MemoryCloud cloud = new MemoryCloud(new VirtualTime(), Way.POLLED);
  private final Hub hub = new Hub();
  private final EndpointPlatform platform = cloud.open(hub);

  /** It recommends an image, which is another one each time that it is asked. */
  private static final class Hub implements EndpointCompletion {
    private final Deque<ServingException> failures = new ArrayDeque<>();
    private int asked;

    private Container with(Container container, String image) {
      return new Container(container.artifact(), RuntimeSpec.of(image), container.dependencies());
    }

    private String ask() {
      asked++;
      if (!failures.isEmpty()) {
        throw failures.remove();
      }
      return "image:" + asked;
    }

    @Override
    public boolean isNeeded(Container container) {
      return "hub".equals(container.artifact().weights().getScheme())
          && container.runtime().image().isEmpty();
    }

    @Override
    public boolean isNeeded(Endpoint endpoint) {
      return isNeeded(endpoint.container());
    }

    @Override
    public Completed<Container> complete(Container container) {
      Container complete = with(container, ask());
      return new Completed<>(
          complete, List.of("chosen: " + complete.runtime().image().get()));
    }

    @Override
    public Completed<Endpoint> complete(Endpoint endpoint, Optional<Endpoint> deployed) {
      Completed<Container> container = deployed
          .map(there -> new Completed<>(there.container(), List.of()))
          .orElseGet(() -> complete(endpoint.container()));
      return new Completed<>(
          new Endpoint(container.value(), endpoint.scaling(), endpoint.routing()),
          container.warnings());
    }

    @Override
    public Container assumed(Container container) {
      Problems.in("Container")
          .check(container.dependencies().packages().isEmpty(), "packages", "must be empty", "some")
          .throwIfAny();
      return with(container, "image:0");
    }

    @Override
    public Endpoint assumed(Endpoint endpoint) {
      return new Endpoint(assumed(endpoint.container()), endpoint.scaling(), endpoint.routing());
    }
  }

  @AfterEach
  void close() {
    platform.close();
  }

  private Endpoint deploy(Scaling scaling) {
    return platform.deploy(CONTAINER, scaling, BLUE).await(LIMIT);
  }

  @Test
  void theResultOfAnOperationIsTheCompleteValueSoThatLaterStepsAskNothing() {
    Container packaged =
        platform.packageModel(MODEL, RuntimeSpec.NONE, Dependencies.NONE).await(LIMIT);
    assertThat(packaged.runtime().image()).contains("image:1");

    Endpoint blue = platform.deploy(packaged, ONE, BLUE).await(LIMIT);
    platform.scale(blue, Scaling.fixed(2)).await(LIMIT);
    platform.undeploy(blue).await(LIMIT);

    assertThat(hub.asked).isEqualTo(1);
    assertThat(cloud.remains()).isEmpty();
  }

  @Test
  void deployingTheValueAgainChangesNothingThoughThePlatformWouldChooseOtherwise() {
    Endpoint blue = deploy(ONE);
    var before = cloud.remains();

    assertThat(deploy(ONE).container()).isEqualTo(blue.container());
    assertThat(platform.preview(preview -> preview.deploy(CONTAINER, ONE, BLUE)).isEmpty())
        .isTrue();
    assertThat(platform
            .scale(new Endpoint(CONTAINER, ONE, BLUE), Scaling.fixed(3))
            .await(LIMIT)
            .container())
        .isEqualTo(blue.container());

    assertThat(cloud.remains()).isEqualTo(before);
    assertThat(hub.asked).isEqualTo(1);
  }

  @Test
  void whatIsDeployedIsUndeployedByTheValueThatWasGivenWithoutAQuestion() {
    deploy(ONE);
    hub.asked = 0;

    platform.undeploy(new Endpoint(CONTAINER, ONE, BLUE)).await(LIMIT);

    assertThat(cloud.remains()).isEmpty();
    assertThat(hub.asked).isZero();
  }

  @Test
  void aPreviewAsksAndSaysWhatWasChosenAndMakesNothing() {
    Plan plan = platform.preview(preview -> preview.deploy(CONTAINER, ONE, BLUE));

    assertThat(plan.warnings()).containsExactly("chosen: image:1");
    assertThat(plan.changes())
        .filteredOn(change -> change.resource().startsWith("model "))
        .singleElement()
        .satisfies(change -> assertThat(change.action()).isEqualTo(Plan.Action.CREATE));
    assertThat(cloud.remains()).isEmpty();
  }

  @Test
  void aQuestionThatFailsForAReasonThatPassesIsAskedAgain() {
    hub.failures.add(new ServingException("memory", ErrorKind.UNAVAILABLE, "busy"));

    assertThat(deploy(ONE).container().runtime().image()).contains("image:2");
  }

  @Test
  void whatThePlatformDoesNotKnowFailsWithItsKindBeforeAnythingIsMade() {
    ServingException unknown =
        new ServingException("memory", ErrorKind.NOT_FOUND, "no such model: give an image");
    hub.failures.add(unknown);
    hub.failures.add(unknown);

    ServingException failure = catchThrowableOfType(ServingException.class, () -> deploy(ONE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("no such model: give an image");
    assertThat(cloud.remains()).isEmpty();
    assertThat(platform.preview(preview -> preview.deploy(CONTAINER, ONE, BLUE)).changes())
        .singleElement()
        .satisfies(change -> assertThat(change.action()).isEqualTo(Plan.Action.REFUSE));
  }

  @Test
  void whatIsGivenIsCheckedBeforeThePlatformIsAsked() {
    Dependencies packages = Dependencies.NONE.withPackages("torch");

    assertThatThrownBy(() -> platform.packageModel(MODEL, RuntimeSpec.NONE, packages))
        .isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(
            () -> platform.deploy(new Container(MODEL, RuntimeSpec.NONE, packages), ONE, BLUE))
        .isInstanceOf(InvalidValueException.class);

    assertThat(hub.asked).isZero();
  }
}
