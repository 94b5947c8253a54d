package io.fairlead.vertex.internal.catalog;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Values of models of the Hugging Face hub, whose image and machines are left to Google: what is given stays, and the
 * rest is what was chosen.
 */
public final class VerifiedDefaults {
  /** Values of the right form, for checking the others. */
  private static final String SOME_IMAGE = "us-docker.pkg.dev/vertex-ai/model-garden/image:1";

  private static final Scaling SOME_MACHINE =
      Scaling.fixed("g2-standard-12", 1).with(VertexScaling.acceleratorCount(1));
  private static final VertexRuntime SOME_ACCELERATOR = VertexRuntime.accelerator("NVIDIA_L4");

  private VerifiedDefaults() {}

  /** {@return whether a model is one of the hub, and it is said what it is for} */
  public static boolean areFor(ModelArtifact artifact) {
    return isOfHub(artifact) && artifact.metadata().task().isPresent();
  }

  /** {@return whether a model is one of the hub, without a revision or a file} */
  public static boolean isOfHub(ModelArtifact artifact) {
    return "hf".equals(artifact.weights().getScheme())
        && String.valueOf(artifact.weights().getPath()).matches("/[^/@]+");
  }

  /** {@return whether a container is left to Google} */
  public static boolean isNeeded(Container container) {
    return areFor(container.artifact()) && container.runtime().image().isEmpty();
  }

  /** {@return whether a container, or the machines that it runs on, are left to Google} */
  public static boolean isNeeded(Endpoint endpoint) {
    return isNeeded(endpoint.container())
        || (areFor(endpoint.artifact()) && endpoint.scaling().instanceType().isEmpty());
  }

  /** {@return the container, with the image, the options and the variables that it lacks, and its model where it was chosen} */
  public static Container complete(Container given, Container chosen) {
    if (given.runtime().image().isPresent()) {
      return given;
    }
    RuntimeSpec runtime =
        new RuntimeSpec(chosen.runtime().image(), given.runtime().options());
    Optional<VertexContainer> options = chosen
        .runtime()
        .options()
        .find(VertexContainer.class)
        .filter(chosenOptions -> !chosenOptions.equals(VertexContainer.DEFAULT));
    if (options.isPresent() && runtime.options().find(VertexContainer.class).isEmpty()) {
      runtime = runtime.with(options.get());
    }
    Map<String, String> environment = new TreeMap<>(chosen.dependencies().environment());
    environment.putAll(given.dependencies().environment());
    ModelArtifact artifact = new ModelArtifact(
        chosen.artifact().code(), chosen.artifact().weights(), given.artifact().metadata());
    return new Container(
        chosen.artifact().weights().equals(given.artifact().weights())
            ? given.artifact()
            : artifact.withMetadata(given
                .artifact()
                .metadata()
                .withName(chosen.artifact().metadata().name().orElseThrow())),
        runtime,
        new Dependencies(
            environment, given.dependencies().packages(), given.dependencies().options()));
  }

  /** {@return the endpoint, with the container and the machines that it lacks} */
  public static Endpoint complete(Endpoint given, Container chosen, Scaling machines) {
    Container container = complete(given.container(), chosen);
    if (given.scaling().instanceType().isPresent()) {
      return new Endpoint(container, given.scaling(), given.routing());
    }
    VertexRuntime runtime = merged(
        chosen.runtime().options().find(VertexRuntime.class).orElse(VertexRuntime.DEFAULT),
        container.runtime().options().find(VertexRuntime.class).orElse(VertexRuntime.DEFAULT));
    return new Endpoint(
        new Container(
            container.artifact(),
            runtime.equals(VertexRuntime.DEFAULT)
                ? container.runtime()
                : container.runtime().with(runtime),
            container.dependencies()),
        merged(machines, given.scaling()),
        given.routing());
  }

  private static VertexRuntime merged(VertexRuntime chosen, VertexRuntime given) {
    VertexRuntime merged = chosen
        .accelerator()
        .map(VertexRuntime::accelerator)
        .orElse(VertexRuntime.DEFAULT)
        .withContainerLogging(given.containerLogging())
        .withAccessLogging(given.accessLogging());
    return given.serviceAccount().map(merged::withServiceAccount).orElse(merged);
  }

  private static Scaling merged(Scaling chosen, Scaling given) {
    VertexScaling merged = chosen.options().find(VertexScaling.class).orElse(VertexScaling.DEFAULT);
    VertexScaling own = given.options().find(VertexScaling.class).orElse(VertexScaling.DEFAULT);
    merged = own.spot() ? merged.withSpot(true) : merged;
    merged = own.reservation().map(merged::withReservation).orElse(merged);
    merged = own.requiredReplicas().map(merged::withRequiredReplicas).orElse(merged);
    Scaling scaling = new Scaling(
        chosen.instanceType(), given.count(), given.min(), given.max(), given.options());
    return merged.equals(VertexScaling.DEFAULT) ? scaling : scaling.with(merged);
  }

  /** {@return a container with some image where it has none} */
  public static Container assumed(Container given) {
    return complete(
        given, new Container(given.artifact(), RuntimeSpec.of(SOME_IMAGE), Dependencies.NONE));
  }

  /** {@return an endpoint with some image and some machine where it has none; refuses accelerators without a machine} */
  public static Endpoint assumed(Endpoint given) {
    if (given.scaling().instanceType().isEmpty()) {
      VertexScaling own =
          given.scaling().options().find(VertexScaling.class).orElse(VertexScaling.DEFAULT);
      String wayOut =
          ", because the machines are taken from Model Garden where scaling.instanceType is "
              + "not given";
      Problems.in("Endpoint")
          .check(
              given
                  .container()
                  .runtime()
                  .options()
                  .find(VertexRuntime.class)
                  .flatMap(VertexRuntime::accelerator)
                  .isEmpty(),
              "runtime.options",
              "must not name an accelerator" + wayOut,
              "VertexRuntime")
          .check(
              own.acceleratorCount() == 0
                  && own.tpuTopology().isEmpty()
                  && own.gpuPartition().isEmpty(),
              "scaling.options",
              "must not say a number or layout of accelerators" + wayOut,
              "VertexScaling")
          .throwIfAny();
    }
    return complete(
        given,
        new Container(
            given.artifact(), RuntimeSpec.of(SOME_IMAGE).with(SOME_ACCELERATOR), Dependencies.NONE),
        SOME_MACHINE);
  }
}
