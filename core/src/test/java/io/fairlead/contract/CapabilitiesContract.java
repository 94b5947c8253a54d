package io.fairlead.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Capabilities;
import io.fairlead.platform.Capabilities.Level;
import io.fairlead.platform.Capability;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a provider says of its platform is what the platform does: a part of {@link EndpointPlatformContract}.
 *
 * <p>What it claims is there, and can be read back. What it does not is refused, or named by the warnings of a preview:
 * never ignored without a word.
 */
abstract class CapabilitiesContract {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Routing ROUTING = new Routing("contract", "blue");
  private static final String VARIABLE = "CONTRACT_VARIABLE";

  /** The capabilities that a value of the grammar asks for, and that {@link #wish} makes. */
  private static final List<Capability> OF_VALUES = List.of(
      Capability.AUTOSCALING,
      Capability.SCALE_TO_ZERO,
      Capability.INSTANCE_TYPE,
      Capability.IMAGE,
      Capability.ENVIRONMENT,
      Capability.HUGGING_FACE);

  abstract Place somePlace();

  abstract Place somePlaceOfOneCaller();

  /** {@return a model that answers requests} */
  protected abstract ModelArtifact artifact();

  /** {@return what models run on} */
  protected abstract RuntimeSpec runtime();

  /** {@return a number of instances of a type that the platform has} */
  protected abstract Scaling scaling(int count);

  /** {@return what the provider says of the platform} */
  protected Capabilities capabilities() {
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      return Platforms.capabilities(platform.id());
    }
  }

  /** {@return whether these tests meet the condition of a capability that is there under one} */
  protected boolean meetsConditionOf(Capability capability) {
    return true;
  }

  /**
   * {@return an endpoint that meets the condition of a capability; the same if the condition is none of the endpoint's
   * values, such as a setting of the platform}
   */
  protected Endpoint onCondition(Capability capability, Endpoint endpoint) {
    return endpoint;
  }

  /** {@return a name of an instance type that is not that of {@link #scaling}} */
  protected String otherInstanceType() {
    return "large";
  }

  /** {@return a model in a folder, in a form that the platform takes} */
  protected Path modelFile(Path folder) throws IOException {
    return Files.writeString(folder.resolve("weights.bin"), "weights");
  }

  /** {@return whether the platform has a capability here, as its provider says} */
  final boolean has(Capability capability) {
    return switch (capabilities().support(capability).level()) {
      case YES -> true;
      case PARTLY -> meetsConditionOf(capability);
      case NO, ABSENT -> false;
    };
  }

  @TestFactory
  final Stream<DynamicTest>
      whatAValueAsksForIsReadBackIfItIsClaimedAndRefusedOrWarnedOfIfItIsNot() {
    Capabilities claimed = capabilities();
    return OF_VALUES.stream()
        .map(capability -> DynamicTest.dynamicTest(
            capability + " " + claimed.support(capability), () -> check(capability, claimed)));
  }

  private void check(Capability capability, Capabilities claimed) {
    Level level = claimed.support(capability).level();
    Endpoint plain = wish(capability);
    Endpoint onCondition = onCondition(capability, plain);
    if (level == Level.NO) {
      assertRefusedOrWarnedOf(capability, plain);
      return;
    }
    if (!onCondition.equals(plain)) {
      assertThat(level).as("a condition is said").isEqualTo(Level.PARTLY);
      assertRefusedOrWarnedOf(capability, plain);
    }
    assertHonoured(capability, onCondition);
  }

  /** {@return an endpoint that asks for a capability} */
  private Endpoint wish(Capability capability) {
    Container container = new Container(artifact(), runtime(), Dependencies.NONE);
    Scaling one = scaling(1);
    Endpoint plain = new Endpoint(container, one, ROUTING);
    return switch (capability) {
      case AUTOSCALING -> with(plain, new Scaling(one.instanceType(), 1, 1, 2, one.options()));
      case SCALE_TO_ZERO -> with(plain, new Scaling(one.instanceType(), 0, 0, 2, one.options()));
      case INSTANCE_TYPE ->
        with(plain, new Scaling(Optional.of(otherInstanceType()), 1, 1, 1, one.options()));
      case IMAGE ->
        with(
            plain,
            new Container(
                artifact(),
                new RuntimeSpec(
                    Optional.of(
                        runtime().image().map(image -> image + "-2").orElse("images/other:2")),
                    runtime().options()),
                Dependencies.NONE));
      case ENVIRONMENT ->
        with(
            plain,
            new Container(
                artifact(), runtime(), Dependencies.environment(Map.of(VARIABLE, "its value"))));
      case HUGGING_FACE ->
        with(
            plain,
            new Container(ModelArtifact.huggingFace("org/contract"), runtime(), Dependencies.NONE));
      default -> throw new IllegalArgumentException(capability.toString());
    };
  }

  private static Endpoint with(Endpoint endpoint, Scaling scaling) {
    return new Endpoint(endpoint.container(), scaling, endpoint.routing());
  }

  private static Endpoint with(Endpoint endpoint, Container container) {
    return new Endpoint(container, endpoint.scaling(), endpoint.routing());
  }

  /** How messages call what asks for a capability. */
  private static String field(Capability capability) {
    return switch (capability) {
      case AUTOSCALING, SCALE_TO_ZERO -> "min";
      case INSTANCE_TYPE -> "instanceType";
      case IMAGE -> "runtime.image";
      case ENVIRONMENT -> "dependencies";
      case HUGGING_FACE -> "artifact.weights";
      default -> throw new IllegalArgumentException(capability.toString());
    };
  }

  private void assertRefusedOrWarnedOf(Capability capability, Endpoint endpoint) {
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      String field = field(capability);
      Plan[] plan = new Plan[1];
      Throwable refusal =
          catchThrowable(() -> plan[0] = platform.preview(p -> deploy(p, endpoint)));
      if (refusal == null) {
        assertThat(plan[0].warnings())
            .as("%s is not claimed, so the preview has to say what is not used", capability)
            .anyMatch(warning -> warning.contains(field));
      } else {
        assertThat(refusal)
            .as("%s is not claimed", capability)
            .isInstanceOf(InvalidValueException.class)
            .hasMessageContaining(field);
      }
    }
  }

  private void assertHonoured(Capability capability, Endpoint endpoint) {
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      Plan plan = platform.preview(p -> deploy(p, endpoint));
      assertThat(plan.warnings())
          .as("%s is claimed, so nothing of it is ignored", capability)
          .noneMatch(warning -> warning.contains(field(capability) + " is not used"));
      if (capability == Capability.HUGGING_FACE) {
        // Its download is the platform's own.
        return;
      }
      deploy(platform, endpoint).await(LIMIT);

      Endpoint there = platform
          .describe(ROUTING.name(), ROUTING.variant(), LIMIT)
          .orElseThrow()
          .value()
          .orElseThrow();
      switch (capability) {
        case AUTOSCALING, SCALE_TO_ZERO -> {
          assertThat(there.scaling().min()).isEqualTo(endpoint.scaling().min());
          assertThat(there.scaling().max()).isEqualTo(endpoint.scaling().max());
        }
        case INSTANCE_TYPE ->
          assertThat(there.scaling().instanceType()).contains(otherInstanceType());
        case IMAGE ->
          assertThat(there.container().runtime().image())
              .isEqualTo(endpoint.container().runtime().image());
        default ->
          assertThat(there.container().dependencies().environment())
              .containsEntry(VARIABLE, "its value");
      }
      platform.undeployAll(ROUTING.name()).await(LIMIT);
      assertThat(platform.inventory()).isEmpty();
    }
  }

  private static Operation<Endpoint> deploy(EndpointPlatform platform, Endpoint endpoint) {
    return platform.deploy(endpoint.container(), endpoint.scaling(), endpoint.routing());
  }

  @Test
  void aModelInLocalFilesIsDeployedIfThatIsClaimedAndRefusedIfItIsNot(@TempDir Path folder)
      throws IOException {
    ModelArtifact model = ModelArtifact.of(modelFile(folder));
    Endpoint endpoint =
        new Endpoint(new Container(model, runtime(), Dependencies.NONE), scaling(1), ROUTING);
    try (Place place = somePlace();
        EndpointPlatform platform = place.open(Faults.none())) {
      if (!has(Capability.LOCAL_FILES)) {
        assertThat(has(Capability.UPLOAD)).as("uploads are of local files").isFalse();
        assertThat(catchThrowable(() -> platform.preview(p -> deploy(p, endpoint))))
            .isInstanceOf(InvalidValueException.class)
            .hasMessageContaining("artifact");
        return;
      }
      Endpoint deployed = deploy(platform, endpoint).await(LIMIT);

      URI weights = deployed.container().artifact().weights();
      assertThat(weights.equals(model.weights()))
          .as("the model is at %s now, and is uploaded if that is claimed", weights)
          .isEqualTo(!has(Capability.UPLOAD));
    }
  }

  @Test
  void answersInPiecesAreTestedIfTheyAreClaimed() {
    try (Place place = somePlace()) {
      assertThat(place.streams().isPresent()).isEqualTo(has(Capability.STREAMING));
    }
  }

  /** Whoever adds a capability says here how it is tested. */
  @Test
  void everyCapabilityOfEndpointsIsTested() {
    List<Capability> elsewhere = List.of(
        // By what is deployed from files.
        Capability.LOCAL_FILES,
        Capability.UPLOAD,
        // By the answers of variants.
        Capability.PINNED_REQUESTS,
        Capability.STREAMING);

    assertThat(Stream.of(Capability.values())
            .filter(capability -> !capability.isOperation())
            .filter(capability -> capability.appliesTo(EndpointPlatform.class)))
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(OF_VALUES.stream(), elsewhere.stream()).toList());
  }
}
