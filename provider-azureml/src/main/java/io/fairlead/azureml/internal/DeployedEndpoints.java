package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlRouting;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.internal.MirrorKind.Mirror;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
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
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads variants back: the inverse of {@link AzureMlMapper}. */
final class DeployedEndpoints {
  private final AzureMlConfig config;
  private final AzureMlNames names;

  DeployedEndpoints(AzureMlConfig config) {
    this.config = config;
    this.names = new AzureMlNames(config);
  }

  Found<Endpoint> read(Routing routing, ActualState actual) {
    Observed<DeploymentSpec> deployment = actual.of(DeploymentSpec.KIND, routing.path());
    Optional<Endpoint> value = deployment.value().flatMap(there -> value(routing, there, actual));
    Optional<EndpointSpec> endpoint =
        actual.of(EndpointSpec.KIND, routing.name()).value();
    return new Found<>(deployment, value, location(routing, endpoint));
  }

  private Optional<Endpoint> value(Routing routing, DeploymentSpec deployment, ActualState actual) {
    Optional<AutoscaleSpec> autoscale =
        actual.of(AutoscaleSpec.KIND, routing.path()).value();
    if (!deployment.isKnown() || !autoscale.map(AutoscaleSpec::isKnown).orElse(true)) {
      return Optional.empty();
    }
    return container(deployment, actual)
        .map(container -> new Endpoint(
            container,
            scaling(deployment, autoscale),
            routing(
                routing,
                deployment,
                actual.of(EndpointSpec.KIND, routing.name()).value(),
                actual.of(Mirror.KIND, routing.path()).value())));
  }

  // ---- containers ----

  private Optional<Container> container(DeploymentSpec deployment, ActualState actual) {
    Optional<RuntimeSpec> runtime = Optional.of(RuntimeSpec.NONE);
    List<String> packages = List.of();
    Optional<AssetRef> environment = deployment.uses().environment();
    AzureMlContainer container = deployment.container();
    if (environment.isPresent()) {
      Optional<EnvironmentSpec> found =
          actual.of(EnvironmentSpec.KIND, environment.get().toString()).value();
      Optional<CondaYaml.Read> conda = found.flatMap(there -> CondaYaml.read(there.condaFile()));
      if (found.isEmpty() || conda.isEmpty()) {
        return Optional.empty();
      }
      packages = conda.get().packages();
      container = withServer(container, found.get().server());
      RuntimeSpec image = RuntimeSpec.of(found.get().image());
      runtime = Optional.of(conda
          .get()
          .condaFile()
          .map(AzureMlRuntime::condaFile)
          .map(image::with)
          .orElse(image));
    } else if (!deployment.environment().isEmpty()) {
      runtime = Optional.of(RuntimeSpec.of(Locations.written(deployment.environment())));
    }
    Map<String, String> variables = deployment.environmentVariables().environment();
    Dependencies dependencies = new Dependencies(
        deployment.model().isEmpty() ? HubModel.users(variables) : variables,
        packages,
        Options.none());
    Dependencies scripted = deployment.entryScript().isEmpty()
        ? dependencies
        : dependencies.with(AzureMlDependencies.entryScript(deployment.entryScript()));
    AzureMlContainer how = container;
    return runtime.flatMap(found -> artifact(deployment, actual)
        .map(artifact -> new Container(
            artifact, how.equals(AzureMlContainer.DEFAULT) ? found : found.with(how), scripted)));
  }

  private static AzureMlContainer withServer(
      AzureMlContainer container, Optional<AzureMlContainer.Server> server) {
    return server
        .map(there -> container.withServer(
            there.port(), there.scoringPath(), there.livenessPath(), there.readinessPath()))
        .orElse(container);
  }

  private Optional<ModelArtifact> artifact(DeploymentSpec deployment, ActualState actual) {
    Optional<AssetRef> model = deployment.uses().model();
    if (model.isEmpty()) {
      Optional<URI> location = deployment.model().isEmpty()
          ? HubModel.in(deployment.environmentVariables().environment())
          : Optional.of(URI.create(Locations.written(deployment.model())));
      return location.flatMap(weights -> code(deployment, weights, actual)
          .map(code -> ModelArtifact.of(code, weights)
              .withMetadata(AzureMlTags.metadata(deployment.tags(), config.tags()))));
    }
    return actual.of(ModelSpec.KIND, model.get().toString()).value().flatMap(there -> {
      URI weights = URI.create(names.normalized(there.location()));
      ModelMetadata metadata = AzureMlTags.metadata(deployment.tags(), config.tags());
      String readable = AzureMlNames.ASSETS.readable(model.get().name());
      ModelMetadata named = readable.isEmpty() ? metadata : metadata.withName(readable);
      AzureMlArtifact options = AzureMlArtifact.of(there.type());
      AzureMlArtifact described =
          there.description().map(options::withDescription).orElse(options);
      ModelMetadata complete =
          described.equals(AzureMlArtifact.DEFAULT) ? named : named.with(described);
      return code(deployment, weights, actual)
          .map(code -> ModelArtifact.of(code, weights).withMetadata(complete));
    });
  }

  /** {@return the location of the code, which is that of the weights if there is none} */
  private Optional<URI> code(DeploymentSpec deployment, URI weights, ActualState actual) {
    if (deployment.code().isEmpty()) {
      return Optional.of(weights);
    }
    return deployment
        .uses()
        .code()
        .flatMap(code -> actual.of(CodeSpec.KIND, code.toString()).value())
        .map(code -> URI.create(names.normalized(code.location())));
  }

  // ---- scaling and routing ----

  private static Scaling scaling(DeploymentSpec deployment, Optional<AutoscaleSpec> autoscale) {
    int count = Math.max(1, deployment.instances().count());
    Scaling scaling = autoscale
        .map(range -> new Scaling(
            Optional.of(deployment.instanceType()),
            Math.min(Math.max(count, range.min()), range.max()),
            range.min(),
            range.max(),
            Options.none()))
        .orElseGet(() -> Scaling.fixed(deployment.instanceType(), count));
    Optional<AzureMlAutoscaling> rules = autoscale
        .map(AutoscaleSpec::rules)
        .filter(found -> !found.equals(AzureMlAutoscaling.DEFAULT));
    if (rules.isPresent()) {
      scaling = scaling.with(rules.get());
    }
    return deployment.requests().equals(AzureMlScaling.DEFAULT)
        ? scaling
        : scaling.with(deployment.requests());
  }

  private static Routing routing(
      Routing name,
      DeploymentSpec deployment,
      Optional<EndpointSpec> endpoint,
      Optional<Mirror> mirror) {
    Routing routing = name;
    Optional<AzureMlEndpoint> options =
        endpoint.map(EndpointSpec::options).filter(found -> !found.equals(AzureMlEndpoint.DEFAULT));
    if (options.isPresent()) {
      routing = routing.with(options.get());
    }
    AzureMlRouting own = AzureMlRouting.evaluationRules(deployment.evaluationRules())
        .withMirror(mirror.map(Mirror::percent).orElse(0));
    return own.equals(AzureMlRouting.mirror(0)) ? routing : routing.with(own);
  }

  // ---- where it is ----

  private Location location(Routing routing, Optional<EndpointSpec> endpoint) {
    Location location = Location.of(names.deploymentId(routing.path()))
        .withConsole(URI.create(config.cloud().studio() + "/endpoints/realtime/" + routing.name()
            + "/detail?wsid=" + names.workspace()));
    return endpoint
        .flatMap(EndpointSpec::scoringUri)
        .map(uri -> location.withUrl(URI.create(uri)))
        .orElse(location);
  }
}
