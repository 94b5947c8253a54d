package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.Probe;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Location;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.Observed;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexEndpoint.Access;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexProbe;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVersion;
import io.fairlead.vertex.internal.DeployedModelSpec.SharedPool;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Deployed endpoints as values of the grammar: the inverse of {@link VertexMapper}.
 *
 * <p>A value has what Vertex AI was told: the image that was chosen for it, all variables of the environment, the
 * location in Cloud Storage.
 */
final class DeployedEndpoints {
  /** The universe that has the public web console. */
  private static final String GOOGLE = "googleapis.com";

  private final VertexConfig config;

  DeployedEndpoints(VertexConfig config) {
    this.config = config;
  }

  Found<Endpoint> read(Routing routing, ActualState actual) {
    Observed<DeployedModelSpec> deployed = actual.of(DeployedModelSpec.KIND, routing.path());
    Optional<EndpointSpec> endpoint = deployed.status() == Observed.Status.ABSENT
        ? Optional.empty()
        : actual.of(EndpointSpec.KIND, routing.name()).value();
    return new Found<>(
        deployed,
        deployed
            .value()
            .flatMap(there -> endpoint.flatMap(name -> value(routing, there, name, actual))),
        location(routing.name(), endpoint.map(EndpointSpec::access)));
  }

  /** {@return the value; empty if it cannot be said in the grammar, such as a model that the image contains} */
  private Optional<Endpoint> value(
      Routing routing, DeployedModelSpec deployed, EndpointSpec endpoint, ActualState actual) {
    Optional<PoolSpec> pool = deployed.machines() instanceof SharedPool shared
        ? actual.of(PoolSpec.KIND, shared.id()).value()
        : Optional.empty();
    Optional<VertexMachine> machine = deployed.machines() instanceof VertexMachine own
        ? Optional.of(own)
        : pool.map(PoolSpec::machine);
    String serviceAccount = pool.map(PoolSpec::serviceAccount)
        .filter(account -> !account.isEmpty())
        .orElse(deployed.serviceAccount());
    if (machine.isEmpty()) {
      return Optional.empty();
    }
    try {
      return packaged(deployed.model(), actual)
          .map(container -> new Endpoint(
              new Container(
                  container.artifact(),
                  with(runtime(deployed, machine.get(), serviceAccount), container.runtime()),
                  container.dependencies()),
              scaling(deployed, machine.get()),
              routing(
                  routing,
                  endpoint,
                  actual.of(MonitoringSpec.KIND, routing.path()).value())));
    } catch (InvalidValueException e) {
      // Set by hand to what the options do not allow.
      return Optional.empty();
    }
  }

  // ---- containers ----

  /** {@return the container of a model, without what a deployment adds to it} */
  private Optional<Container> packaged(String name, ActualState actual) {
    if (name.startsWith("projects/")) {
      return Optional.of(new Container(
          ModelArtifact.of(URI.create(VertexMapper.REGISTRY + "://" + name)),
          RuntimeSpec.NONE,
          Dependencies.NONE));
    }
    return actual
        .of(ModelSpec.KIND, name)
        .value()
        .flatMap(model -> artifact(name, model)
            .map(artifact -> new Container(
                artifact,
                model.container().equals(VertexContainer.DEFAULT)
                    ? RuntimeSpec.of(model.image())
                    : RuntimeSpec.of(model.image()).with(model.container()),
                model.environment())));
  }

  private Optional<ModelArtifact> artifact(String name, ModelSpec model) {
    ModelMetadata metadata =
        VertexTags.metadata(model.labels(), config.labels()).withName(model.displayName());
    int version = name.indexOf('@');
    ModelMetadata complete = version < 0
        ? metadata
        : metadata.with(
            VertexVersion.of(name.substring(0, version), model.aliases().toArray(String[]::new)));
    Map<String, String> environment = model.environment().environment();
    if (!model.artifactUri().isEmpty()) {
      URI weights = URI.create(model.artifactUri());
      String code = environment.getOrDefault(VertexMapper.CODE, "");
      return Optional.of(
          ModelArtifact.of(code.startsWith("gs://") ? URI.create(code) : weights, weights)
              .withMetadata(complete));
    }
    return Optional.ofNullable(environment.get(VertexMapper.HUB_MODEL))
        .map(id -> ModelArtifact.of(URI.create("hf://" + id)).withMetadata(complete));
  }

  private static VertexRuntime runtime(
      DeployedModelSpec deployed, VertexMachine machine, String serviceAccount) {
    VertexRuntime runtime = machine.accelerator().isEmpty()
        ? VertexRuntime.DEFAULT
        : VertexRuntime.accelerator(machine.accelerator());
    runtime = runtime
        .withContainerLogging(deployed.containerLogging())
        .withAccessLogging(deployed.accessLogging());
    return serviceAccount.isEmpty() ? runtime : runtime.withServiceAccount(serviceAccount);
  }

  private static RuntimeSpec with(VertexRuntime own, RuntimeSpec runtime) {
    return own.equals(VertexRuntime.DEFAULT) ? runtime : runtime.with(own);
  }

  /** {@return the options of a container, as they were sent; the default if somebody else sent what they do not allow} */
  static VertexContainer containerOf(ModelContainerSpec spec) {
    try {
      return container(spec);
    } catch (InvalidValueException e) {
      return VertexContainer.DEFAULT;
    }
  }

  private static VertexContainer container(ModelContainerSpec spec) {
    VertexContainer container = VertexContainer.DEFAULT
        .withCommand(spec.getCommandList().toArray(String[]::new))
        .withArgs(spec.getArgsList().toArray(String[]::new));
    if (spec.getPortsCount() > 0) {
      container = container.withPort(spec.getPorts(0).getContainerPort());
    }
    if (!spec.getPredictRoute().isEmpty()) {
      container = container.withPredictRoute(spec.getPredictRoute());
    }
    if (!spec.getHealthRoute().isEmpty()) {
      container = container.withHealthRoute(spec.getHealthRoute());
    }
    if (!spec.getInvokeRoutePrefix().isEmpty()) {
      container = container.withInvokeRoutes();
    }
    if (spec.getSharedMemorySizeMb() > 0) {
      container = container.withSharedMemoryMb((int) spec.getSharedMemorySizeMb());
    }
    if (spec.hasDeploymentTimeout()) {
      container =
          container.withDeploymentTimeout(VertexTimes.duration(spec.getDeploymentTimeout()));
    }
    return container.withProbes(
        probe(spec.getStartupProbe()),
        probe(spec.getHealthProbe()),
        probe(spec.getLivenessProbe()));
  }

  private static VertexProbe probe(Probe probe) {
    VertexProbe read;
    switch (probe.getProbeTypeCase()) {
      case EXEC -> read = VertexProbe.exec(probe.getExec().getCommandList().toArray(String[]::new));
      case HTTP_GET ->
        read = probe.getHttpGet().getPort() == 0
            ? VertexProbe.http(probe.getHttpGet().getPath())
            : VertexProbe.http(probe.getHttpGet().getPath(), probe.getHttpGet().getPort());
      case TCP_SOCKET -> read = VertexProbe.tcp(probe.getTcpSocket().getPort());
      default -> {
        return VertexProbe.NONE;
      }
    }
    read = probe.getPeriodSeconds() > 0
        ? read.every(Duration.ofSeconds(probe.getPeriodSeconds()))
        : read;
    read = probe.getTimeoutSeconds() > 0
        ? read.withTimeout(Duration.ofSeconds(probe.getTimeoutSeconds()))
        : read;
    read = probe.getInitialDelaySeconds() > 0
        ? read.withInitialDelay(Duration.ofSeconds(probe.getInitialDelaySeconds()))
        : read;
    return probe.getFailureThreshold() > 0
        ? read.withFailureThreshold(probe.getFailureThreshold())
        : read;
  }

  // ---- scaling ----

  private static Scaling scaling(DeployedModelSpec deployed, VertexMachine machine) {
    Scaling scaling = new Scaling(
        Optional.of(machine.type()), machine.min(), machine.min(), machine.max(), Options.none());
    VertexScaling own = machine.acceleratorCount() == 0
        ? VertexScaling.DEFAULT
        : VertexScaling.acceleratorCount(machine.acceleratorCount());
    own = own.withSpot(machine.spot());
    VertexMachine.Layout layout = machine.layout();
    own = layout.tpuTopology().isEmpty() ? own : own.withTpuTopology(layout.tpuTopology());
    own = layout.gpuPartition().isEmpty() ? own : own.withGpuPartition(layout.gpuPartition());
    own = layout.reservation().isEmpty() ? own : own.withReservation(layout.reservation());
    own = machine.required() == 0 ? own : own.withRequiredReplicas(machine.required());
    if (!own.equals(VertexScaling.DEFAULT)) {
      scaling = scaling.with(own);
    }
    Optional<VertexAutoscaling> targets = autoscaling(machine.targets());
    if (targets.isPresent()) {
      scaling = scaling.with(targets.get());
    }
    return deployed.machines() instanceof SharedPool pool
        ? scaling.with(VertexPool.named(pool.id().substring(VertexNames.PREFIX.length())))
        : scaling;
  }

  private static Optional<VertexAutoscaling> autoscaling(SortedMap<String, Integer> targets) {
    VertexAutoscaling autoscaling = null;
    for (Map.Entry<String, Integer> target : targets.entrySet()) {
      int value = target.getValue();
      autoscaling = switch (target.getKey()) {
        case VertexMachine.CPU ->
          autoscaling == null ? VertexAutoscaling.cpu(value) : autoscaling.withCpu(value);
        case VertexMachine.ACCELERATOR ->
          autoscaling == null
              ? VertexAutoscaling.accelerator(value)
              : autoscaling.withAccelerator(value);
        case VertexMachine.REQUESTS ->
          autoscaling == null ? VertexAutoscaling.requests(value) : autoscaling.withRequests(value);
        default -> autoscaling;
      };
    }
    return Optional.ofNullable(autoscaling);
  }

  // ---- routing ----

  private static Routing routing(
      Routing name, EndpointSpec endpoint, Optional<MonitoringSpec> monitoring) {
    Routing routing = name;
    if (!endpoint.access().equals(VertexEndpoint.shared())) {
      routing = routing.with(endpoint.access());
    }
    if (endpoint.logging().samplingRate() > 0) {
      routing = routing.with(endpoint.logging());
    }
    return monitoring.map(DeployedEndpoints::monitoring).map(routing::with).orElse(routing);
  }

  private static VertexMonitoring monitoring(MonitoringSpec spec) {
    VertexMonitoring option = spec.driftThresholds().isEmpty()
        ? VertexMonitoring.drift(spec.defaultDriftThreshold())
        : VertexMonitoring.drift(spec.driftThresholds());
    if (!spec.driftThresholds().isEmpty() && spec.defaultDriftThreshold() != 0) {
      option = option.withDefaultDriftThreshold(spec.defaultDriftThreshold());
    }
    option = option
        .withSamplingRate(spec.samplingRate())
        .withInterval(spec.interval())
        .withAlertEmails(spec.alertEmails().toArray(String[]::new));
    return spec.predictInstanceSchema().isEmpty()
        ? option
        : option.withPredictInstanceSchema(spec.predictInstanceSchema());
  }

  // ---- where it is ----

  /** {@return where an endpoint is; one that is not shared has a host of its own, which only the endpoint tells} */
  private Location location(String endpoint, Optional<VertexEndpoint> access) {
    String name = new VertexNames(config).endpoint(endpoint);
    Location location = Location.of(name);
    if (config.universeDomain().equals(GOOGLE)) {
      location =
          location.withConsole(URI.create("https://console.cloud.google.com/vertex-ai/locations/"
              + config.location() + "/endpoints/" + endpoint + "?project=" + config.project()));
    }
    return access.filter(how -> how.access() == Access.SHARED).isPresent()
        ? location.withUrl(URI.create((config.plaintext() ? "http://" : "https://")
            + VertexClients.hostAndPort(config).replaceFirst(":443$", "") + "/v1/" + name
            + ":predict"))
        : location;
  }
}
