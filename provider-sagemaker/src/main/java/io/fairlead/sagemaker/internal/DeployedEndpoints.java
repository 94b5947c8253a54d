package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.Container;
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
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.SageMakerRuntime;
import io.fairlead.sagemaker.internal.images.ModelServer;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;

/**
 * Deployed endpoints as values of the grammar: the inverse of {@link SageMakerMapper}.
 *
 * <p>A value has what SageMaker was told: the image instead of the framework that it was chosen by, all variables of
 * the environment, the location in S3.
 */
final class DeployedEndpoints {
  /** The domains of the web console by partition; others have none that is public. */
  private static final Map<String, String> CONSOLES = Map.of(
      "aws", "console.aws.amazon.com",
      "aws-cn", "console.amazonaws.cn",
      "aws-us-gov", "console.amazonaws-us-gov.com");

  private final SageMakerConfig config;

  DeployedEndpoints(SageMakerConfig config) {
    this.config = config;
  }

  Found<Endpoint> read(Routing routing, ActualState actual) {
    Observed<Variant> variant = actual.of(SageMakerKinds.VARIANT, routing.path());
    if (variant.status() != Observed.Status.ABSENT) {
      return found(
          variant,
          variant.value().flatMap(there -> endpoint(routing, there, actual)),
          routing.name());
    }
    Observed<Component> component = actual.of(SageMakerKinds.COMPONENT, routing.path());
    return found(
        component,
        component.value().flatMap(there -> endpoint(routing, there, actual)),
        component.value().map(Component::fleet).orElse(routing.name()));
  }

  private Found<Endpoint> found(
      Observed<?> variant, Optional<Endpoint> value, String endpointName) {
    Optional<String> role = value
        .flatMap(endpoint -> endpoint.container().runtime().options().find(SageMakerRuntime.class))
        .map(SageMakerRuntime::executionRole);
    return new Found<>(variant, value, location(endpointName, role));
  }

  private Optional<Endpoint> endpoint(Routing routing, Variant variant, ActualState actual) {
    return container(variant.model(), actual)
        .map(container -> new Endpoint(container, scaling(variant), routing(routing, variant)));
  }

  private Optional<Endpoint> endpoint(Routing routing, Component component, ActualState actual) {
    // Its type is unknown if its configuration was deleted.
    Optional<Fleet> fleet = actual
        .of(SageMakerKinds.FLEET, component.fleet())
        .value()
        .filter(there -> !there.instanceType().isEmpty());
    return fleet.flatMap(there -> container(component.model(), actual)
        .map(container -> new Endpoint(container, scaling(component, there), routing)));
  }

  // ---- containers ----

  private Optional<Container> container(String name, ActualState actual) {
    return SageMakerNames.CONTENT.isMadeHere(name)
        ? actual.of(SageMakerKinds.MODEL, name).value().flatMap(model -> container(name, model))
        : Optional.empty();
  }

  private Optional<Container> container(String name, Model model) {
    return artifact(model).map(artifact -> {
      ModelMetadata metadata = model.tags().without(config.tags()).metadata();
      String readable = SageMakerNames.CONTENT.readable(name);
      return new Container(
          artifact.withMetadata(readable.isEmpty() ? metadata : metadata.withName(readable)),
          runtime(model),
          model.environment());
    });
  }

  private static Optional<ModelArtifact> artifact(Model model) {
    Map<String, String> environment = model.environment().environment();
    if (!model.data().isEmpty()) {
      URI weights = URI.create(model.data());
      String code = environment.getOrDefault(SageMakerMapper.SUBMIT_DIRECTORY, "");
      return Optional.of(
          ModelArtifact.of(code.startsWith("s3://") ? URI.create(code) : weights, weights));
    }
    // Otherwise the image contains the model, which no value of the grammar says.
    return Optional.ofNullable(environment.get(ModelServer.HUB_MODEL))
        .map(id -> ModelArtifact.of(URI.create("hf://" + id)));
  }

  private static RuntimeSpec runtime(Model model) {
    // A model package has its own image.
    RuntimeSpec image = model.image().isEmpty() ? RuntimeSpec.NONE : RuntimeSpec.of(model.image());
    RuntimeSpec runtime = image.with(SageMakerRuntime.executionRole(model.role()));
    RuntimeSpec inNetwork =
        model.network().equals(SageMakerNetwork.OPEN) ? runtime : runtime.with(model.network());
    return model.multiModel().map(inNetwork::with).orElse(inNetwork);
  }

  // ---- scaling ----

  private static Scaling scaling(Variant variant) {
    if (variant.serverless().isPresent()) {
      return Scaling.fixed(1).with(variant.serverless().get());
    }
    Scaling scaling = scaling(variant.instanceType(), variant.count(), variant.autoscaling());
    return with(scaling, variant.instances());
  }

  private static Scaling scaling(String instanceType, int actual, Optional<Autoscaling> all) {
    Optional<Autoscaling> own = all.filter(range -> !range.foreign());
    int count = Math.max(1, actual);
    int min = own.map(Autoscaling::min).orElse(count);
    int max = own.map(Autoscaling::max).orElse(count);
    Scaling scaling = new Scaling(
        Optional.of(instanceType), Math.min(max, Math.max(min, count)), min, max, Options.none());
    return own.flatMap(Autoscaling::policy).map(scaling::with).orElse(scaling);
  }

  private static Scaling scaling(Component component, Fleet fleet) {
    SageMakerComponent share = SageMakerComponent.on(component.fleet(), component.memoryMb())
        .withAccelerators(Math.round(component.accelerators()));
    SageMakerComponent option = fleet
        .maxInstances()
        .map(max -> share.withFleetInstances(fleet.instances(), max))
        .orElseGet(() -> share.withFleetInstances(fleet.instances()));
    SageMakerInstances instances = fleet.options();
    instances = component
        .startup()
        .modelDownloadTimeout()
        .map(instances::withModelDownloadTimeout)
        .orElse(instances);
    instances =
        component.startup().startupTimeout().map(instances::withStartupTimeout).orElse(instances);
    Scaling scaling = scaling(fleet.instanceType(), component.copies(), component.autoscaling());
    return with(scaling, instances)
        .with(component.cpus() > 0 ? option.withCpus(component.cpus()) : option);
  }

  private static Scaling with(Scaling scaling, SageMakerInstances instances) {
    return instances.equals(SageMakerInstances.DEFAULT) ? scaling : scaling.with(instances);
  }

  // ---- routing ----

  private static Routing routing(Routing name, Variant variant) {
    Routing routing = name;
    routing = variant.shadow().map(routing::with).orElse(routing);
    routing = variant.async().map(routing::with).orElse(routing);
    return variant.dataCapture().map(routing::with).orElse(routing);
  }

  // ---- where it is ----

  /** {@return where an endpoint is; its account is the role's, because AWS passes no role to another account} */
  private Location location(String endpoint, Optional<String> role) {
    Region region = Region.of(config.region());
    PartitionMetadata partition = PartitionMetadata.of(region);
    Location location = Location.of(role.or(config::executionRole)
            .flatMap(DeployedEndpoints::account)
            .map(account -> "arn:" + partition.id() + ":sagemaker:" + region + ":" + account
                + ":endpoint/" + endpoint.toLowerCase(Locale.ROOT))
            .orElse(endpoint))
        .withUrl(URI.create(runtimeUrl(config) + "/endpoints/" + endpoint + "/invocations"));
    return Optional.ofNullable(CONSOLES.get(partition.id()))
        .map(console -> location.withConsole(URI.create("https://" + region + "." + console
            + "/sagemaker/home?region=" + region + "#/endpoints/" + endpoint)))
        .orElse(location);
  }

  /** {@return where SageMaker's runtime answers, without a slash at the end} */
  static String runtimeUrl(SageMakerConfig config) {
    Region region = Region.of(config.region());
    return config
        .endpoint()
        .map(base -> base.toString().replaceFirst("/+$", ""))
        .orElseGet(() -> "https://runtime.sagemaker." + region + "."
            + PartitionMetadata.of(region).dnsSuffix());
  }

  /** {@return the account in an ARN, {@code arn:PARTITION:iam::ACCOUNT:role/NAME}} */
  private static Optional<String> account(String arn) {
    String[] parts = arn.split(":", 6);
    return parts.length == 6 && parts[4].matches("[0-9]{12}")
        ? Optional.of(parts[4])
        : Optional.empty();
  }
}
