package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.GetPublisherModelRequest;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.Probe;
import com.google.cloud.aiplatform.v1.PublisherModel;
import com.google.cloud.aiplatform.v1.PublisherModel.CallToAction.Deploy;
import com.google.cloud.aiplatform.v1.PublisherModelView;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.provider.ContentName;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexProbe;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVerifiedModel;
import io.fairlead.vertex.internal.values.Quoted;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Google's Model Garden, in which models of the Hugging Face hub have a verified deployment. */
final class ModelGarden {
  private static final String ALL_PATHS = "/*";

  private final VertexCalls calls;

  ModelGarden(VertexCalls calls) {
    this.calls = calls;
  }

  VertexVerifiedModel verified(ModelArtifact artifact, String token) {
    URI weights = artifact.weights();
    boolean isOfHub =
        "hf".equals(weights.getScheme()) && String.valueOf(weights.getPath()).matches("/[^/@]+");
    Problems.in("ModelArtifact")
        .check(isOfHub, "weights", "must be hf://ORG/NAME to be found in Model Garden", weights)
        .throwIfAny();
    String name = "publishers/hf-" + lower(weights.getAuthority()) + "/models/"
        + lower(weights.getPath().substring(1));
    PublisherModel found = find(name, token);
    Deploy deploy = found.getSupportedActions().getDeploy();
    if (!deploy.hasContainerSpec() || deploy.getContainerSpec().getImageUri().isEmpty()) {
      throw failure(
          ErrorKind.NOT_FOUND,
          name
              + " has no verified deployment in Model Garden: name an image in the runtime, or leave it out for "
              + "Hugging Face's own");
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
      throw Quoted.without(e, token.isEmpty() ? List.of() : List.of(token));
    }
  }

  /** Model Garden writes names of the hub in lower case. */
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
    VertexContainer options = options(spec);
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

  private static VertexContainer options(ModelContainerSpec spec) {
    VertexContainer options = VertexContainer.DEFAULT
        .withCommand(spec.getCommandList().toArray(String[]::new))
        .withArgs(spec.getArgsList().toArray(String[]::new));
    if (!spec.getHealthRoute().isEmpty()) {
      options = options.withHealthRoute(spec.getHealthRoute());
    }
    if (spec.getInvokeRoutePrefix().equals(ALL_PATHS)) {
      options = options.withInvokeRoutes();
    } else if (!spec.getPredictRoute().isEmpty()) {
      options = options.withPredictRoute(spec.getPredictRoute());
    }
    if (spec.getPortsCount() > 0) {
      options = options.withPort(spec.getPorts(0).getContainerPort());
    }
    if (spec.getSharedMemorySizeMb() > 0) {
      options = options.withSharedMemoryMb(Math.toIntExact(spec.getSharedMemorySizeMb()));
    }
    if (spec.hasDeploymentTimeout()) {
      options = options.withDeploymentTimeout(VertexTimes.duration(spec.getDeploymentTimeout()));
    }
    return options.withProbes(
        probe(spec.getStartupProbe()),
        probe(spec.getHealthProbe()),
        probe(spec.getLivenessProbe()));
  }

  private static VertexProbe probe(Probe probe) {
    VertexProbe read = VertexProbe.NONE;
    if (probe.hasExec()) {
      read = VertexProbe.exec(probe.getExec().getCommandList().toArray(String[]::new));
    } else if (probe.hasHttpGet()) {
      read = probe.getHttpGet().getPort() == 0
          ? VertexProbe.http(probe.getHttpGet().getPath())
          : VertexProbe.http(probe.getHttpGet().getPath(), probe.getHttpGet().getPort());
    } else if (probe.hasTcpSocket()) {
      read = VertexProbe.tcp(probe.getTcpSocket().getPort());
    } else {
      return read;
    }
    if (probe.getPeriodSeconds() > 0) {
      read = read.every(Duration.ofSeconds(probe.getPeriodSeconds()));
    }
    if (probe.getTimeoutSeconds() > 0) {
      read = read.withTimeout(Duration.ofSeconds(probe.getTimeoutSeconds()));
    }
    if (probe.getInitialDelaySeconds() > 0) {
      read = read.withInitialDelay(Duration.ofSeconds(probe.getInitialDelaySeconds()));
    }
    return probe.getFailureThreshold() > 0
        ? read.withFailureThreshold(probe.getFailureThreshold())
        : read;
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
