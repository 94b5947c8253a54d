package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DesiredWeightAndCapacity;
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;
import software.amazon.awssdk.services.sagemaker.model.ManagedInstanceScalingStatus;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantManagedInstanceScaling;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;

/** Fleets: endpoints whose instances inference components share. */
final class FleetKind implements ResourceKind<Fleet> {
  /** The name of each fleet's only variant. */
  static final String VARIANT = "fleet";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;
  private final ComponentCalls components;

  FleetKind(
      SageMakerClients clients,
      SageMakerErrors errors,
      SageMakerTags tags,
      EndpointCalls endpoints,
      ComponentCalls components) {
    this.clients = clients;
    this.errors = errors;
    this.tags = tags;
    this.endpoints = endpoints;
    this.components = components;
  }

  @Override
  public KindName<Fleet> id() {
    return SageMakerKinds.FLEET;
  }

  /** {@return the name from which the names of its configurations are derived; no endpoint has such a name} */
  private static String configurations(String fleet) {
    return "fleet/" + fleet;
  }

  // ---- reading ----

  /** An endpoint of that name with a model of its own is foreign, as is one that is not managed by Fairlead. */
  @Override
  public Observed<Fleet> read(String fleet, Look look) {
    Optional<DescribeEndpointResponse> found = endpoints.find(fleet, look);
    if (found.isEmpty()) {
      return Observed.absent();
    }
    Map<String, String> resourceTags = endpoints.resourceTags(found.get());
    if (!endpoints.isFleet(found.get())) {
      return Observed.<Fleet>changing("it is an endpoint with a model of its own")
          .asForeign();
    }
    return observed(found.get(), look).madeBy(resourceTags.getOrDefault(SageMakerTags.RUN, ""));
  }

  private Observed<Fleet> observed(DescribeEndpointResponse endpoint, Look look) {
    return switch (endpoint.endpointStatusAsString()) {
      case "InService", "UpdateRollbackFailed" ->
        Observed.ready(fleet(endpoint, look)).withDetail(EndpointCalls.reason(endpoint));
      case "Failed", "OutOfService" -> Observed.failed(EndpointCalls.detail(endpoint));
      case "Deleting" -> Observed.deleting();
      case "Creating" ->
        Observed.changing("the fleet's endpoint is Creating; AWS cannot cancel that");
      default -> Observed.changing("the fleet's endpoint is " + endpoint.endpointStatusAsString());
    };
  }

  private Fleet fleet(DescribeEndpointResponse endpoint, Look look) {
    int instances = EndpointCalls.summary(endpoint, VARIANT)
        .map(ProductionVariantSummary::currentInstanceCount)
        .orElse(0);
    return endpoints
        .findConfiguration(endpoint.endpointConfigName(), look)
        .map(configuration -> new Fleet(
            instanceType(configuration),
            managed(configuration)
                .map(scaling -> orZero(scaling.minInstanceCount()))
                .orElse(instances),
            managed(configuration).map(scaling -> orZero(scaling.maxInstanceCount())),
            options(configuration),
            Optional.ofNullable(configuration.executionRoleArn()).orElse(""),
            UserTags.NONE))
        .orElseGet(() -> new Fleet(
            "", instances, Optional.empty(), SageMakerInstances.DEFAULT, "", UserTags.NONE));
  }

  private static String instanceType(DescribeEndpointConfigResponse configuration) {
    return variant(configuration).map(ProductionVariant::instanceTypeAsString).orElse("");
  }

  private static Optional<ProductionVariant> variant(DescribeEndpointConfigResponse configuration) {
    return configuration.productionVariants().stream()
        .filter(variant -> variant.variantName().equals(VARIANT))
        .findFirst();
  }

  private static Optional<ProductionVariantManagedInstanceScaling> managed(
      DescribeEndpointConfigResponse configuration) {
    return variant(configuration)
        .map(ProductionVariant::managedInstanceScaling)
        .filter(scaling -> scaling.status() == ManagedInstanceScalingStatus.ENABLED);
  }

  private static SageMakerInstances options(DescribeEndpointConfigResponse configuration) {
    return variant(configuration)
        .map(variant -> VariantConversion.instances(configuration, variant))
        .map(all -> VariantConversion.keptFrom(
            all,
            all.amiVersion()
                .map(SageMakerInstances.DEFAULT::withAmiVersion)
                .orElse(SageMakerInstances.DEFAULT),
            ""))
        .orElse(SageMakerInstances.DEFAULT);
  }

  private static int orZero(@Nullable Integer number) {
    return number == null ? 0 : number;
  }

  // ---- changing ----

  @Override
  public Accepted create(String fleet, Fleet desired, OwnerTag owner) {
    Map<String, String> resourceTags = new HashMap<>(desired.tags().tags());
    resourceTags.putAll(SageMakerTags.of(new OwnerTag("", owner.run())));
    resourceTags.put(SageMakerTags.FLEET, fleet);
    Map<String, String> configurationTags = new HashMap<>(resourceTags);
    configurationTags.put(SageMakerTags.DEPLOYMENT, fleet);
    SageMakerInstances options = desired.options();
    ProductionVariant.Builder variant = ProductionVariant.builder()
        .variantName(VARIANT)
        .instanceType(desired.instanceType())
        .initialInstanceCount(Math.max(1, desired.instances()))
        .inferenceAmiVersion(options.amiVersion().orElse(null));
    options
        .requestRouting()
        .ifPresent(
            routing -> variant.routingConfig(config -> config.routingStrategy(routing.name())));
    desired
        .maxInstances()
        .ifPresent(most -> variant.managedInstanceScaling(scaling -> scaling
            .status(ManagedInstanceScalingStatus.ENABLED)
            .minInstanceCount(desired.instances())
            .maxInstanceCount(most)));
    CreateEndpointConfigRequest.Builder wanted = CreateEndpointConfigRequest.builder()
        .executionRoleArn(desired.role())
        .kmsKeyId(options.kmsKey().orElse(null))
        .productionVariants(variant.build());
    String configuration =
        endpoints.createConfiguration(configurations(fleet), wanted, configurationTags);
    endpoints.create(fleet, configuration, resourceTags);
    return Accepted.VISIBLE;
  }

  @Override
  public Accepted update(String fleet, Observed<Fleet> current, Fleet desired) {
    errors.call(
        "Resize fleet " + fleet,
        () -> clients
            .controlPlane()
            .updateEndpointWeightsAndCapacities(request -> request
                .endpointName(fleet)
                .desiredWeightsAndCapacities(DesiredWeightAndCapacity.builder()
                    .variantName(VARIANT)
                    .desiredInstanceCount(desired.instances())
                    .build())));
    return Accepted.VISIBLE;
  }

  @Override
  public Optional<String> cannotUpdate(Fleet actual, Fleet desired) {
    String wayOut =
        ", which all components on it share: name another fleet, or undeploy its components first";
    if (!actual.instanceType().equals(desired.instanceType())) {
      return Optional.of("has " + actual.instanceType() + " instances" + wayOut);
    }
    if (!actual.options().equals(desired.options())) {
      return Optional.of("has instances with " + actual.options() + ", and not with "
          + desired.options() + wayOut);
    }
    boolean isScaledAsDesired = actual.maxInstances().equals(desired.maxInstances())
        && (actual.maxInstances().isEmpty() || actual.instances() == desired.instances());
    return isScaledAsDesired
        ? Optional.empty()
        : Optional.of("has " + instances(actual) + ", and not " + instances(desired) + wayOut);
  }

  private static String instances(Fleet fleet) {
    return fleet
        .maxInstances()
        .map(most -> "from " + fleet.instances() + " to " + most + " instances")
        .orElse("a fixed number of instances");
  }

  @Override
  public Accepted delete(String fleet, Observed<Fleet> current, Set<ResourceRef> going) {
    endpoints.find(fleet).ifPresent(endpoints::release);
    try {
      errors.call(
          "Delete fleet " + fleet,
          () -> clients.controlPlane().deleteEndpoint(request -> request.endpointName(fleet)));
    } catch (ServingException e) {
      throw e.kind() == ErrorKind.INVALID ? inUse(fleet, e) : e;
    }
    return Accepted.VISIBLE;
  }

  /** AWS refuses to delete an endpoint that has components, without an error code of its own. */
  private ServingException inUse(String fleet, ServingException refused) {
    List<String> on = components.namesOn(fleet);
    List<String> others = on.stream()
        .filter(component -> !SageMakerNames.CONTENT.isMadeHere(component))
        .toList();
    if (!others.isEmpty()) {
      return ServingException.builder(
              SageMakerProvider.ID,
              ErrorKind.CONFLICT,
              "Fleet " + fleet
                  + " has inference components that are not managed by Fairlead, so it is kept, and its "
                  + "instances are billed: "
                  + String.join(", ", others) + ". Delete those, then retry")
          .retryable(false)
          .cause(refused)
          .build();
    }
    boolean justMade =
        !on.isEmpty() || String.valueOf(refused.getMessage()).contains("inference component");
    return justMade
        ? new ServingException(
            SageMakerProvider.ID,
            ErrorKind.CONFLICT,
            "Fleet " + fleet + " has inference components at the moment",
            refused)
        : refused;
  }

  /** Fleets are changed in place, so that nothing but the host image of a new one is worth telling. */
  @Override
  public List<String> sideEffects(
      String fleet,
      Observed<Fleet> current,
      Optional<Fleet> desired,
      Set<ResourceRef> going,
      Look look) {
    return current.value().isPresent()
        ? List.of()
        : desired.flatMap(wanted -> wanted.options().amiVersion()).stream()
            .map(ami -> "instances start from " + ami)
            .toList();
  }

  @Override
  public void deleteSuperseded(String fleet) {
    endpoints.deleteSuperseded(fleet, configurations(fleet));
  }

  // ---- listing ----

  /**
   * Finds fleets by the names of their configurations and by the components on them, which saves a call for each
   * endpoint of the region.
   */
  @Override
  public List<Listed> list(Look look) {
    String ofFleets = SageMakerNames.CONTENT.beginning(configurations(""));
    Set<String> names = new LinkedHashSet<>();
    for (EndpointConfigSummary summary : endpoints.configurations(look)) {
      if (!summary.endpointConfigName().startsWith(ofFleets)) {
        continue;
      }
      Map<String, String> resourceTags =
          tags.ofListed(summary.endpointConfigArn(), summary.creationTime());
      if (SageMakerTags.areManaged(resourceTags) && resourceTags.containsKey(SageMakerTags.FLEET)) {
        names.add(resourceTags.get(SageMakerTags.FLEET));
      }
    }
    components.managed(look).forEach(one -> names.add(one.summary().endpointName()));
    List<Listed> listed = new ArrayList<>();
    for (String fleet : names) {
      endpoints
          .find(fleet, look)
          .filter(endpoints::isFleet)
          .map(FleetKind::listed)
          .ifPresent(listed::add);
    }
    return listed;
  }

  private static Listed listed(DescribeEndpointResponse endpoint) {
    return Listed.of(
            new ResourceRef(SageMakerKinds.FLEET.name(), endpoint.endpointName()),
            endpoint.creationTime())
        .status(EndpointCalls.status(endpoint), EndpointCalls.detail(endpoint))
        .uses(List.of(
            new ResourceRef(SageMakerKinds.CONFIGURATION.name(), endpoint.endpointConfigName())));
  }
}
