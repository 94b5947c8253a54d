package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.GetPublisherModelRequest;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.PublisherModel;
import com.google.cloud.aiplatform.v1.PublisherModel.CallToAction.Deploy;
import com.google.cloud.aiplatform.v1.PublisherModelView;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.provider.ContentName;
import io.fairlead.reconcile.EndpointCompletion;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVerifiedModel;
import io.fairlead.vertex.internal.catalog.VerifiedDefaults;
import io.fairlead.vertex.internal.values.Quoted;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Google's Model Garden, in which models of the Hugging Face hub have a verified deployment: by what it says, values are
 * completed that have no image or no machines.
 */
final class ModelGarden implements EndpointCompletion {
  private static final String NOT_TOLD =
      ". Google has verified no deployment of this model, or does not tell it: ";

  private final VertexCalls calls;

  ModelGarden(VertexCalls calls) {
    this.calls = calls;
  }

  // ---- completing values ----

  @Override
  public boolean isNeeded(Container container) {
    return VerifiedDefaults.isNeeded(container);
  }

  @Override
  public boolean isNeeded(Endpoint endpoint) {
    return VerifiedDefaults.isNeeded(endpoint);
  }

  @Override
  public Container assumed(Container container) {
    return VerifiedDefaults.assumed(container);
  }

  @Override
  public Endpoint assumed(Endpoint endpoint) {
    return VerifiedDefaults.assumed(endpoint);
  }

  @Override
  public Completed<Container> complete(Container container) {
    VertexVerifiedModel verified = verified(container.artifact(), "");
    return new Completed<>(
        VerifiedDefaults.complete(container, verified.container()),
        List.of(told(container.artifact(), verified)));
  }

  @Override
  public Completed<Endpoint> complete(Endpoint endpoint, Optional<Endpoint> deployed) {
    Optional<Endpoint> same = deployed.filter(there -> isSameModel(endpoint, there));
    if (same.isPresent()) {
      return new Completed<>(
          VerifiedDefaults.complete(endpoint, same.get().container(), same.get().scaling()),
          List.of());
    }
    VertexVerifiedModel verified = verified(endpoint.artifact(), "");
    checkImage(endpoint, verified);
    return new Completed<>(
        VerifiedDefaults.complete(endpoint, verified.container(), verified.scaling()),
        List.of(told(endpoint.artifact(), verified)));
  }

  private static boolean isSameModel(Endpoint given, Endpoint deployed) {
    return deployed.artifact().weights().equals(given.artifact().weights())
        && deployed
            .artifact()
            .metadata()
            .task()
            .equals(given.artifact().metadata().task());
  }

  /** Google's machines are verified with Google's container. */
  private static void checkImage(Endpoint endpoint, VertexVerifiedModel verified) {
    Optional<String> own = endpoint.container().runtime().image();
    Problems.in("Endpoint")
        .check(
            own.isEmpty() || own.equals(verified.container().runtime().image()),
            "scaling.instanceType",
            "must be given, because the image is not the one that Google has verified for the model",
            own.orElse(""))
        .throwIfAny();
  }

  private static String told(ModelArtifact artifact, VertexVerifiedModel verified) {
    return "what is not given of the container and machines of " + artifact.weights()
        + " is as Google has verified it in Model Garden: "
        + verified.container().runtime().image().orElse("") + " on "
        + machines(verified)
        + "; it may be something else another day, so keep the value that the operation returns";
  }

  private static String machines(VertexVerifiedModel verified) {
    int count = verified
        .scaling()
        .options()
        .find(VertexScaling.class)
        .map(VertexScaling::acceleratorCount)
        .orElse(0);
    return verified.scaling().instanceType().orElse("")
        + verified
            .container()
            .runtime()
            .options()
            .find(VertexRuntime.class)
            .flatMap(VertexRuntime::accelerator)
            .map(accelerator -> " with " + count + " " + accelerator)
            .orElse("");
  }

  // ---- reading ----

  VertexVerifiedModel verified(ModelArtifact artifact, String token) {
    URI weights = artifact.weights();
    Problems.in("ModelArtifact")
        .check(
            VerifiedDefaults.isOfHub(artifact),
            "weights",
            "must be hf://ORG/NAME to be found in Model Garden",
            weights)
        .throwIfAny();
    String name = "publishers/" + lower(weights.getAuthority()) + "/models/"
        + lower(weights.getPath().substring(1));
    PublisherModel found = find(name, token);
    Deploy deploy = found.getSupportedActions().getDeploy();
    if (!deploy.hasContainerSpec() || deploy.getContainerSpec().getImageUri().isEmpty()) {
      throw failure(
          ErrorKind.NOT_FOUND,
          name
              + " has no verified deployment in Model Garden: give runtime.image and scaling.instanceType");
    }
    if (!deploy.hasDedicatedResources()) {
      throw failure(
          ErrorKind.UNSUPPORTED,
          name + " is verified on machines of a kind that is not offered here ("
              + deploy.getPredictionResourcesCase() + "): choose an image and machines yourself");
    }
    return verified(name, artifact, deploy);
  }

  private PublisherModel find(String name, String token) {
    try {
      return calls.call(
          "Get " + name + " from Model Garden",
          calls.clients().garden().getPublisherModelCallable(),
          GetPublisherModelRequest.newBuilder()
              .setName(name)
              .setIsHuggingFaceModel(true)
              .setView(PublisherModelView.PUBLISHER_MODEL_VIEW_FULL)
              .setHuggingFaceToken(token)
              .build());
    } catch (ServingException e) {
      throw Quoted.without(withWayOut(e), token.isEmpty() ? List.of() : List.of(token));
    }
  }

  /** A model that Model Garden does not have may be answered as one that is not to be read. */
  private static ServingException withWayOut(ServingException e) {
    String wayOut = "give runtime.image and scaling.instanceType";
    return switch (e.kind()) {
      case NOT_FOUND -> e.withMessage(e.getMessage() + NOT_TOLD + wayOut, e);
      case UNAUTHORIZED ->
        e.withMessage(
            e.getMessage() + NOT_TOLD
                + "if the model is gated, read it by VertexPlatform.verified with a token, or else "
                + wayOut,
            e);
      default -> e;
    };
  }

  /** Model Garden writes names of the hub in lower case; gcloud and the SDK for Python ask for them so. */
  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static VertexVerifiedModel verified(String name, ModelArtifact artifact, Deploy deploy) {
    ModelContainerSpec spec = deploy.getContainerSpec();
    VertexMachine machine = VertexMachine.of(deploy.getDedicatedResources());
    Map<String, String> environment = new TreeMap<>();
    for (EnvVar variable : spec.getEnvList()) {
      environment.put(variable.getName(), variable.getValue());
    }
    Dependencies dependencies = Dependencies.environment(environment);
    VertexContainer options = DeployedEndpoints.containerOf(spec);
    checkWhole(name, spec, ModelKind.container(spec.getImageUri(), dependencies, options));
    checkWhole(name, deploy.getDedicatedResources(), machine);
    RuntimeSpec runtime = RuntimeSpec.of(spec.getImageUri()).with(options);
    if (!machine.accelerator().isEmpty()) {
      runtime = runtime.with(VertexRuntime.accelerator(machine.accelerator()));
    }
    String copy = deploy.getArtifactUri();
    ModelArtifact there = copy.isEmpty()
        ? artifact
        : ModelArtifact.of(URI.create(copy))
            .withMetadata(artifact.metadata().withName(ContentName.readablePart(artifact)));
    return new VertexVerifiedModel(new Container(there, runtime, dependencies), scaling(machine));
  }

  private static Scaling scaling(VertexMachine machine) {
    VertexScaling own = machine.acceleratorCount() > 0
        ? VertexScaling.acceleratorCount(machine.acceleratorCount())
        : VertexScaling.DEFAULT;
    if (!machine.layout().tpuTopology().isEmpty()) {
      own = own.withTpuTopology(machine.layout().tpuTopology());
    }
    if (!machine.layout().gpuPartition().isEmpty()) {
      own = own.withGpuPartition(machine.layout().gpuPartition());
    }
    Scaling scaling = machine.min() == machine.max()
        ? Scaling.fixed(machine.type(), machine.min())
        : Scaling.between(machine.type(), machine.min(), machine.max());
    return own.equals(VertexScaling.DEFAULT) ? scaling : scaling.with(own);
  }

  /** What is verified is deployed as it is, or not at all. */
  private static void checkWhole(
      String name, ModelContainerSpec verified, ModelContainerSpec read) {
    List<String> lost = new ArrayList<>();
    ModelContainerSpec sorted = verified.toBuilder()
        .clearEnv()
        // As an environment is sorted here.
        .addAllEnv(verified.getEnvList().stream()
            .sorted(Comparator.comparing(EnvVar::getName))
            .toList())
        .build();
    sorted.getAllFields().forEach((field, value) -> {
      if (!value.equals(read.getField(field))) {
        lost.add(field.getName());
      }
    });
    if (!lost.isEmpty()) {
      throw failure(
          ErrorKind.UNSUPPORTED,
          name + " is verified with parts of its container that are not offered here: "
              + String.join(", ", lost));
    }
  }

  private static void checkWhole(String name, DedicatedResources verified, VertexMachine read) {
    boolean isWhole = verified.getMachineSpec().equals(read.resources().getMachineSpec())
        && !verified.getSpot()
        && read.targets().isEmpty();
    if (!isWhole) {
      throw failure(
          ErrorKind.UNSUPPORTED,
          name + " is verified with machines that are not offered here: " + read);
    }
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(VertexProvider.ID, kind, message);
  }
}
