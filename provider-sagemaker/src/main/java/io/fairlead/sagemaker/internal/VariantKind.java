package io.fairlead.sagemaker.internal;

import static java.util.stream.Collectors.toSet;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerReplacement.Steps;
import io.fairlead.sagemaker.internal.AutoscalingCalls.Scaled;
import io.fairlead.sagemaker.internal.EndpointCalls.Current;
import io.fairlead.sagemaker.internal.rules.InstanceTypes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DesiredWeightAndCapacity;
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;
import software.amazon.awssdk.services.sagemaker.model.EndpointSummary;
import software.amazon.awssdk.services.sagemaker.model.PendingDeploymentSummary;
import software.amazon.awssdk.services.sagemaker.model.PendingProductionVariantSummary;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantStatus;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;

/**
 * Variants, each a part of its endpoint: the endpoint is created with the first and deleted with the last.
 *
 * <p>The endpoint's status alone does not show whether a variant is ready, but its configuration does: after
 * SageMaker rolled a change back, an endpoint is in service again with its former configuration.
 */
final class VariantKind implements ResourceKind<Variant> {
  private static final int MOST_VARIANTS = 10;
  /** The weight of all requests, in whole percent. */
  private static final float ALL = 100;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;
  private final ComponentCalls components;
  private final AutoscalingCalls autoscaling;

  /** The autoscaling of variants whose instances are being replaced, until that has ended. */
  private final Map<VariantName, SuspendedAutoscaling> suspended = new ConcurrentHashMap<>();

  private record SuspendedAutoscaling(String instanceType, Autoscaling range) {}

  VariantKind(
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
    this.autoscaling = new AutoscalingCalls(clients, errors);
  }

  @Override
  public KindName<Variant> id() {
    return SageMakerKinds.VARIANT;
  }

  // ---- reading ----

  @Override
  public Observed<Variant> read(String path, Look look) {
    VariantName name = VariantName.of(path);
    Optional<DescribeEndpointResponse> found = endpoints.find(name.endpoint(), look);
    if (found.isEmpty()) {
      return Observed.absent();
    }
    if (!endpoints.isManaged(found.get())) {
      // The name is taken, whatever the endpoint and its variants are.
      return Observed.ready(VariantConversion.UNKNOWN).asForeign();
    }
    return endpoints.isFleet(found.get()) ? Observed.absent() : observed(name, found.get(), look);
  }

  private Observed<Variant> observed(
      VariantName name, DescribeEndpointResponse endpoint, Look look) {
    return switch (endpoint.endpointStatusAsString()) {
      case "InService", "UpdateRollbackFailed" -> serving(name, endpoint, look);
      case "Failed" ->
        Observed.failed(endpoints.reason(endpoint, name.variant(), endpoint.creationTime()));
      case "OutOfService" ->
        EndpointCalls.summary(endpoint, name.variant()).isPresent()
            ? Observed.failed(EndpointCalls.outOfService(endpoint))
            : Observed.absent();
      case "Deleting" -> Observed.deleting();
      default -> Observed.changing(progress(name, endpoint));
    };
  }

  private Observed<Variant> serving(
      VariantName name, DescribeEndpointResponse endpoint, Look look) {
    String detail = endpoint.endpointStatusAsString().equals("InService")
        ? EndpointCalls.reason(endpoint)
        : "a change failed and could not be rolled back: the endpoint serves a mix of both ("
            + EndpointCalls.reason(endpoint) + ")";
    Optional<DescribeEndpointConfigResponse> found =
        endpoints.findConfiguration(endpoint.endpointConfigName(), look);
    if (found.isEmpty()) {
      return EndpointCalls.summary(endpoint, name.variant())
          .map(summary -> Observed.ready(VariantConversion.UNKNOWN))
          .orElseGet(Observed::absent)
          .withDetail(detail);
    }
    DescribeEndpointConfigResponse configuration = found.get();
    Optional<ProductionVariant> variant = variants(configuration)
        .filter(one -> one.variantName().equals(name.variant()))
        .findFirst();
    Optional<ProductionVariantSummary> now = EndpointCalls.summary(endpoint, name.variant());
    if (variant.isEmpty() || now.isEmpty()) {
      return Observed.<Variant>absent().withDetail(detail);
    }
    boolean shadow = EndpointCalls.isShadow(configuration, name.variant());
    boolean scales = !shadow && variant.get().serverlessConfig() == null;
    Variant value = VariantConversion.read(configuration, variant.get(), now.get(), shadow)
        .withAutoscaling(scales ? autoscaling.read(Scaled.of(name)) : Optional.empty())
        .withTags(UserTags.among(endpoints.resourceTags(endpoint)));
    Observed<Variant> seen = Observed.ready(value).withDetail(detail);
    String run =
        endpoints.tagsOf(configuration, look).get(SageMakerTags.RUN_OF_VARIANT + name.variant());
    return run == null ? seen : seen.madeBy(run);
  }

  private static Stream<ProductionVariant> variants(DescribeEndpointConfigResponse configuration) {
    return Stream.concat(
        configuration.productionVariants().stream(),
        configuration.shadowProductionVariants().stream());
  }

  private static String progress(VariantName name, DescribeEndpointResponse endpoint) {
    String status = endpoint.endpointStatusAsString();
    String stage = EndpointCalls.summary(endpoint, name.variant()).stream()
        .flatMap(summary -> summary.variantStatus().stream())
        .map(ProductionVariantStatus::statusAsString)
        .findFirst()
        .map(variant -> ", " + variant)
        .orElse("");
    return switch (status) {
      case "Creating" -> "endpoint is Creating" + stage + "; AWS cannot cancel that";
      case "SystemUpdating" -> "endpoint is under AWS's own maintenance";
      default -> "endpoint is " + status + stage;
    };
  }

  // ---- creating ----

  @Override
  public Accepted create(String path, Variant desired, OwnerTag owner) {
    VariantName name = VariantName.of(path);
    Optional<DescribeEndpointResponse> found = endpoints.find(name.endpoint());
    if (found.isPresent()) {
      return join(name, desired, owner, found.get());
    }
    createEndpoint(name, desired, owner);
    return Accepted.VISIBLE;
  }

  private void createEndpoint(VariantName name, Variant desired, OwnerTag owner) {
    ProductionVariant variant = VariantConversion.write(name.variant(), desired, ALL);
    CreateEndpointConfigRequest.Builder wanted =
        CreateEndpointConfigRequest.builder().productionVariants(variant);
    VariantConversion.writeShared(wanted, desired);
    String configuration =
        endpoints.createConfiguration(name.endpoint(), wanted, resourceTags(name, desired, owner));
    Map<String, String> resourceTags = new HashMap<>(desired.tags().tags());
    resourceTags.putAll(SageMakerTags.of(owner));
    endpoints.create(name.endpoint(), configuration, resourceTags);
  }

  private static Map<String, String> resourceTags(
      VariantName name, Variant desired, OwnerTag owner) {
    Map<String, String> resourceTags = new HashMap<>(desired.tags().tags());
    resourceTags.putAll(SageMakerTags.of(owner));
    resourceTags.put(SageMakerTags.RUN_OF_VARIANT + name.variant(), owner.run());
    return resourceTags;
  }

  private Accepted join(
      VariantName name, Variant desired, OwnerTag owner, DescribeEndpointResponse endpoint) {
    checkAtRest(name, endpoint);
    DescribeEndpointConfigResponse configuration = endpoints.configuration(endpoint);
    if (names(configuration).contains(name.variant())) {
      // An update would replace the model that another process has deployed meanwhile.
      throw new ServingException(
          SageMakerProvider.ID, ErrorKind.ALREADY_EXISTS, "Variant " + name + " already exists");
    }
    cannotJoin(desired, configuration).ifPresent(why -> {
      throw refusal(name, why);
    });
    ProductionVariant variant = VariantConversion.write(
        name.variant(), desired, desired.shadow().map(s -> (float) s.percent()).orElse(0f));
    CreateEndpointConfigRequest.Builder wanted = EndpointCalls.copyOf(configuration, endpoint);
    CreateEndpointConfigRequest now = wanted.build();
    if (desired.shadow().isPresent()) {
      wanted.shadowProductionVariants(and(now.shadowProductionVariants(), variant));
    } else {
      wanted.productionVariants(and(now.productionVariants(), variant));
    }
    VariantConversion.writeShared(wanted, desired);
    Current current = endpoints.current(endpoint, configuration);
    Map<String, String> tagged = endpoints.carriedTags(current, names(configuration));
    resourceTags(name, desired.withTags(desired.tags().withValuesOf(UserTags.among(tagged))), owner)
        .forEach(tagged::put);
    return updateEndpoint(
        name,
        current,
        endpoints.createConfiguration(name.endpoint(), wanted, tagged),
        Optional.empty());
  }

  private static List<ProductionVariant> and(
      List<ProductionVariant> variants, ProductionVariant one) {
    return Stream.concat(variants.stream(), Stream.of(one)).toList();
  }

  private static List<String> names(DescribeEndpointConfigResponse configuration) {
    return variants(configuration).map(ProductionVariant::variantName).toList();
  }

  @Override
  public Optional<String> cannotCreate(String path, Variant desired, Look look) {
    VariantName name = VariantName.of(path);
    Optional<DescribeEndpointResponse> found = endpoints.find(name.endpoint(), look);
    return found.isEmpty()
        ? cannotBegin(name, desired, look)
        : cannotJoin(found.get(), desired, look);
  }

  private Optional<String> cannotBegin(VariantName name, Variant desired, Look look) {
    if (desired.shadow().isPresent()) {
      return Optional.of("shadows another variant, and there is none: deploy that first");
    }
    return components
        .of(name.endpoint(), look)
        .map(component -> "cannot join " + component
            + ", which is an inference component: AWS has no traffic weights between the two. Deploy under "
            + "another name, or undeploy "
            + component + " first");
  }

  private Optional<String> cannotJoin(
      DescribeEndpointResponse endpoint, Variant desired, Look look) {
    if (endpoints.isFleet(endpoint)) {
      return Optional.of("cannot be created: endpoint " + endpoint.endpointName()
          + " is a fleet that inference components share. Deploy under another name");
    }
    if (EndpointCalls.isOutOfService(endpoint)) {
      return Optional.of("cannot join " + names(endpoint)
          + ": AWS has taken the endpoint out of service. Deploy one of those again, which creates the "
          + "endpoint again, or undeploy them first");
    }
    return EndpointCalls.isAtRest(endpoint)
        ? endpoints
            .findConfiguration(endpoint.endpointConfigName(), look)
            .flatMap(configuration -> cannotJoin(desired, configuration))
        : Optional.empty();
  }

  private static Optional<String> cannotJoin(
      Variant desired, DescribeEndpointConfigResponse configuration) {
    List<ProductionVariant> production = configuration.productionVariants();
    boolean serverless = desired.serverless().isPresent()
        || production.stream().anyMatch(variant -> variant.serverlessConfig() != null);
    if (serverless) {
      return Optional.of(
          "cannot join the others: AWS serves a serverless variant alone under its name");
    }
    boolean isEncrypted =
        configuration.kmsKeyId() != null || desired.instances().kmsKey().isPresent();
    Optional<String> unencryptable = Stream.concat(
            Stream.of(desired.instanceType()),
            production.stream().map(ProductionVariant::instanceTypeAsString))
        .filter(type -> type != null && InstanceTypes.hasLocalStorage(type))
        .findFirst();
    if (isEncrypted && unencryptable.isPresent()) {
      return Optional.of(
          "cannot join the others: the KMS key is that of all variants of an endpoint, and AWS takes none for "
              + unencryptable.get()
              + ", which has storage of its own: deploy it under another name");
    }
    if (production.size() >= MOST_VARIANTS) {
      return Optional.of("would be one too many: an endpoint has at most " + MOST_VARIANTS);
    }
    boolean shadowed = desired.shadow().isPresent()
        || !configuration.shadowProductionVariants().isEmpty();
    int others = production.size() + configuration.shadowProductionVariants().size();
    if (shadowed && others > 1) {
      return Optional.of(
          "cannot join the others: AWS allows a shadow beside exactly one variant, and no further one");
    }
    Optional<SageMakerAsync> async =
        VariantConversion.readAsync(configuration.asyncInferenceConfig());
    if (desired.async().isPresent() && !desired.async().equals(async)) {
      return Optional.of(ASYNC);
    }
    return async.isPresent()
        ? Optional.of(
            "cannot join the others: AWS serves a variant of an asynchronous endpoint alone under its name")
        : Optional.empty();
  }

  private static final String ASYNC =
      "cannot change how the endpoint is invoked: whether it is asynchronous, and where its answers are "
          + "stored, is fixed while it exists. Deploy under another name, or undeploy its variants first";

  /** {@return why a variant of an asynchronous endpoint would not scale} */
  private static Optional<String> unpublishedMetric(Variant desired) {
    return desired
        .autoscaling()
        .flatMap(Autoscaling::policy)
        .filter(policy -> policy.metric() != Metric.BACKLOG_PER_INSTANCE)
        .map(policy -> "would not scale: its endpoint is asynchronous, and AWS has no metric "
            + policy.metric() + " there. Use SageMakerAutoscaling.backlog");
  }

  // ---- updating ----

  @Override
  public Accepted update(String path, Observed<Variant> current, Variant desired) {
    VariantName name = VariantName.of(path);
    Variant actual = current.value().orElseThrow();
    if (actual.needsConfigurationFor(desired)) {
      return reconfigure(name, actual, desired);
    }
    if (actual.isUntaggedAs(desired)) {
      endpoints.tag(present(name), desired.tags().tags());
      return Accepted.VISIBLE;
    }
    if (!actual.autoscaling().equals(desired.autoscaling())) {
      if (desired.autoscaling().isPresent()) {
        autoscaling.put(Scaled.of(name), desired.autoscaling().get(), actual.autoscaling());
      } else {
        autoscaling.remove(Scaled.of(name));
      }
    } else {
      resize(name, desired);
    }
    return Accepted.VISIBLE;
  }

  private Accepted reconfigure(VariantName name, Variant actual, Variant desired) {
    DescribeEndpointResponse endpoint = present(name);
    DescribeEndpointConfigResponse configuration = endpoints.configuration(endpoint);
    ProductionVariant before = variants(configuration)
        .filter(one -> one.variantName().equals(name.variant()))
        .findFirst()
        .orElseThrow(() -> gone(name));
    // AWS refuses to replace instances that have a scalable target; it is registered again when the
    // change has ended.
    if (!actual.instanceType().equals(desired.instanceType())) {
      actual.autoscaling().ifPresent(range -> {
        suspended.put(name, new SuspendedAutoscaling(actual.instanceType(), range));
        autoscaling.remove(Scaled.of(name));
      });
    }
    CreateEndpointConfigRequest.Builder wanted = EndpointCalls.copyOf(configuration, endpoint);
    CreateEndpointConfigRequest now = wanted.build();
    wanted.productionVariants(changed(now.productionVariants(), before, desired));
    wanted.shadowProductionVariants(
        EndpointCalls.orNone(changed(now.shadowProductionVariants(), before, desired)));
    VariantConversion.writeShared(wanted, desired);
    if (desired.dataCapture().isEmpty()) {
      VariantConversion.endCapture(wanted);
    }
    Current current = endpoints.current(endpoint, configuration);
    String next = endpoints.createConfiguration(
        name.endpoint(), wanted, endpoints.carriedTags(current, names(configuration)));
    return updateEndpoint(name, current, next, desired.replacement());
  }

  /**
   * An update of an endpoint's configuration in progress; its text is the id of the operation.
   *
   * <p>It is needed to detect that SageMaker rolled back without an error: the endpoint was modified since, and has
   * settled with another configuration.
   *
   * @param variant the variant to change
   * @param before the former configuration
   * @param configuration the desired configuration
   * @param since the time of the endpoint's last modification before
   */
  private record Reconfiguration(
      VariantName variant, String before, String configuration, Instant since) {
    static Reconfiguration of(String text) {
      String[] parts = text.split(" ", -1);
      return new Reconfiguration(
          VariantName.of(parts[0]), parts[1], parts[2], Instant.parse(parts[3]));
    }

    @Override
    public String toString() {
      return variant + " " + before + " " + configuration + " " + since;
    }
  }

  @Override
  public Outcome poll(String operation) {
    Reconfiguration change = Reconfiguration.of(operation);
    DescribeEndpointResponse endpoint = present(change.variant());
    if (!EndpointCalls.isAtRest(endpoint)) {
      return Outcome.running(progress(change.variant(), endpoint));
    }
    if (endpoint.endpointConfigName().equals(change.configuration())) {
      return Outcome.succeeded();
    }
    if (endpoint.lastModifiedTime().equals(change.since())) {
      return Outcome.running("waiting until the change is visible");
    }
    if (!endpoint.endpointConfigName().equals(change.before())) {
      // It ended, and another process has changed the endpoint since.
      return Outcome.succeeded();
    }
    return Outcome.failed(new ServingException(
        SageMakerProvider.ID,
        ErrorKind.MODEL_FAILED,
        "SageMaker rolled the change back: "
            + endpoints.reason(endpoint, change.variant().variant(), change.since())));
  }

  private static List<ProductionVariant> changed(
      List<ProductionVariant> variants, ProductionVariant before, Variant desired) {
    return variants.stream()
        .map(one -> one.variantName().equals(before.variantName())
            ? VariantConversion.change(one, desired)
            : one)
        .toList();
  }

  private void resize(VariantName name, Variant desired) {
    DesiredWeightAndCapacity.Builder capacity =
        DesiredWeightAndCapacity.builder().variantName(name.variant());
    desired
        .serverless()
        .ifPresentOrElse(
            serverless -> capacity.serverlessUpdateConfig(update -> update
                .maxConcurrency(serverless.maxConcurrency())
                .provisionedConcurrency(
                    serverless.provisionedConcurrency() == 0
                        ? null
                        : serverless.provisionedConcurrency())),
            () -> capacity.desiredInstanceCount(desired.count()));
    errors.call(
        "Resize variant " + name,
        () -> clients
            .controlPlane()
            .updateEndpointWeightsAndCapacities(request -> request
                .endpointName(name.endpoint())
                .desiredWeightsAndCapacities(capacity.build())));
  }

  /** Retains the actual weights and counts; AWS would otherwise reset all variants to their initial ones. */
  private Accepted updateEndpoint(
      VariantName name,
      Current current,
      String configuration,
      Optional<SageMakerReplacement> replacement) {
    DescribeEndpointResponse endpoint = current.endpoint();
    endpoints.release(current);
    endpoints.checkUnchanged(endpoint);
    errors.call(
        "Update endpoint " + endpoint.endpointName(),
        () -> clients.controlPlane().updateEndpoint(request -> {
          request
              .endpointName(endpoint.endpointName())
              .endpointConfigName(configuration)
              .retainAllVariantProperties(true);
          replacement.ifPresent(how -> request.deploymentConfig(VariantConversion.write(how)));
        }));
    return Accepted.as(new Reconfiguration(
            name, endpoint.endpointConfigName(), configuration, endpoint.lastModifiedTime())
        .toString());
  }

  private DescribeEndpointResponse present(VariantName name) {
    return endpoints.find(name.endpoint()).orElseThrow(() -> gone(name));
  }

  private static ServingException gone(VariantName name) {
    return new ServingException(
        SageMakerProvider.ID, ErrorKind.NOT_FOUND, "Variant " + name + " no longer exists");
  }

  private static void checkAtRest(VariantName name, DescribeEndpointResponse endpoint) {
    if (!EndpointCalls.isAtRest(endpoint)) {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.CONFLICT,
          "Endpoint " + name.endpoint() + " is " + endpoint.endpointStatusAsString());
    }
  }

  private static ServingException refusal(VariantName name, String why) {
    return ServingException.builder(
            SageMakerProvider.ID, ErrorKind.CONFLICT, "Variant " + name + " " + why)
        .retryable(false)
        .build();
  }

  @Override
  public boolean matches(Variant desired, Variant actual) {
    return desired.isAs(actual);
  }

  @Override
  public Optional<String> cannotUpdate(Variant actual, Variant desired) {
    if (actual.model().isEmpty()) {
      return Optional.of(
          "serves an unknown model, because its endpoint configuration was deleted by another process or by "
              + "hand, or names no model: undeploy it and deploy it again");
    }
    boolean keepsScaling = actual.autoscaling().equals(desired.autoscaling())
        && actual.instanceType().equals(desired.instanceType());
    if (actual.foreignAutoscaling().isPresent() && !keepsScaling) {
      return Optional.of(
          "is scaled by policies that are not managed by Fairlead, and that AWS would have to delete: delete "
              + "them first, or keep the instance type and a fixed count, which leaves the number of "
              + "instances to them");
    }
    if (!actual.model().equals(desired.model()) && desired.replacement().isEmpty()) {
      return Optional.of(
          "holds another container: deploy under another variant and route requests to it, or have SageMaker "
              + "replace it by adding a SageMakerReplacement to the routing");
    }
    if (actual.serverless().isPresent() != desired.serverless().isPresent()) {
      return Optional.of(
          "cannot change between instances and serverless: deploy it under another name");
    }
    if (actual.shadow().isPresent() != desired.shadow().isPresent()) {
      return Optional.of(
          "cannot change between a shadow and a variant that answers: deploy it under another variant");
    }
    boolean rolling =
        desired.replacement().filter(how -> how.steps() == Steps.ROLLING).isPresent();
    if (rolling && !actual.alone() && actual.needsConfigurationFor(desired)) {
      return Optional.of(
          "cannot be replaced in batches: AWS has rolling deployments only where a variant is the only one of "
              + "its public name. Use another SageMakerReplacement, which takes a second fleet");
    }
    if (!actual.async().equals(desired.async())) {
      return Optional.of(ASYNC);
    }
    return actual.async().isPresent() && !actual.autoscaling().equals(desired.autoscaling())
        ? unpublishedMetric(desired)
        : Optional.empty();
  }

  // ---- plans ----

  /** An update of an endpoint starts a second fleet for all its variants, and deletes the first one at the end. */
  @Override
  public List<String> sideEffects(
      String path,
      Observed<Variant> current,
      Optional<Variant> desired,
      Set<ResourceRef> going,
      Look look) {
    VariantName name = VariantName.of(path);
    List<String> effects = new ArrayList<>();
    Optional<Variant> actual = current.value();
    desired
        .flatMap(wanted -> wanted.instances().amiVersion())
        .filter(ami -> actual.flatMap(now -> now.instances().amiVersion()).isEmpty())
        .ifPresent(ami -> effects.add("instances start from " + ami));
    boolean updates =
        desired.isEmpty() || actual.isEmpty() || actual.get().needsConfigurationFor(desired.get());
    Optional<DescribeEndpointResponse> endpoint = endpoints
        .find(name.endpoint(), look)
        .filter(found -> endpoints.isManaged(found) && !endpoints.isFleet(found));
    if (!updates || endpoint.isEmpty() || current.status() == Observed.Status.FAILED) {
      return effects;
    }
    endpoints
        .findConfiguration(endpoint.get().endpointConfigName(), look)
        .map(configuration -> fleet(name, desired, configuration, endpoint.get()))
        .filter(fleet -> !fleet.isEmpty()
            && !fleet.keySet().stream().allMatch(one -> isGoing(name.endpoint(), one, going)))
        .ifPresent(fleet -> effects.add(secondFleet(fleet, desired)));
    return effects;
  }

  /** Instances of one type. */
  private record Instances(String type, int count) {}

  /** {@return the instances of each variant that the endpoint would have; none for a serverless one} */
  private static Map<String, Instances> fleet(
      VariantName name,
      Optional<Variant> desired,
      DescribeEndpointConfigResponse configuration,
      DescribeEndpointResponse endpoint) {
    CreateEndpointConfigRequest now =
        EndpointCalls.copyOf(configuration, endpoint).build();
    Map<String, Instances> fleet = new LinkedHashMap<>();
    Stream.concat(now.productionVariants().stream(), now.shadowProductionVariants().stream())
        .filter(variant -> variant.serverlessConfig() == null)
        .forEach(variant -> fleet.put(
            variant.variantName(),
            new Instances(variant.instanceTypeAsString(), variant.initialInstanceCount())));
    fleet.remove(name.variant());
    desired
        .filter(wanted -> wanted.serverless().isEmpty())
        .ifPresent(wanted -> fleet.put(
            name.variant(), new Instances(wanted.instanceType(), Math.max(1, wanted.count()))));
    return fleet;
  }

  private static String secondFleet(Map<String, Instances> fleet, Optional<Variant> desired) {
    Map<String, Integer> counts = new TreeMap<>();
    fleet.values().forEach(one -> counts.merge(one.type(), one.count(), Integer::sum));
    String instances = counts.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(" and "));
    return desired
        .flatMap(Variant::replacement)
        .filter(how -> how.steps() == Steps.ROLLING)
        .map(how -> "meanwhile at most " + how.percent().orElse(0) + " % more than " + instances
            + ", for one batch")
        .orElse("meanwhile a second fleet of " + instances + ", billed and counted against quotas");
  }

  // ---- deleting ----

  @Override
  public Accepted delete(String path, Observed<Variant> current, Set<ResourceRef> going) {
    VariantName name = VariantName.of(path);
    DescribeEndpointResponse endpoint = present(name);
    if (EndpointCalls.status(endpoint) == Observed.Status.FAILED) {
      names(endpoint)
          .forEach(
              variant -> autoscaling.remove(Scaled.of(new VariantName(name.endpoint(), variant))));
      endpoints.deferDeletion(name.endpoint(), going);
      deleteEndpoint(endpoint);
      return Accepted.VISIBLE;
    }
    checkAtRest(name, endpoint);
    Optional<DescribeEndpointConfigResponse> configuration = endpoints.findConfiguration(endpoint);
    List<String> others =
        new ArrayList<>(configuration.map(VariantKind::names).orElseGet(() -> names(endpoint)));
    if (!others.contains(name.variant())) {
      throw gone(name);
    }
    if (others.stream().allMatch(other -> isGoing(name.endpoint(), other, going))) {
      // By one call: one by one, each would start another fleet for the remaining variants.
      others.forEach(
          variant -> autoscaling.remove(Scaled.of(new VariantName(name.endpoint(), variant))));
      endpoints.deferDeletion(name.endpoint(), going);
      deleteEndpoint(endpoint);
    } else {
      others.remove(name.variant());
      removeFromEndpoint(
          name,
          endpoint,
          configuration.orElseThrow(
              () -> EndpointCalls.configurationGone(endpoint, ErrorKind.CONFLICT)),
          others);
    }
    return Accepted.VISIBLE;
  }

  private static boolean isGoing(String endpoint, String variant, Set<ResourceRef> going) {
    return going.contains(new ResourceRef(
        SageMakerKinds.VARIANT.name(), new VariantName(endpoint, variant).toString()));
  }

  private static List<String> names(DescribeEndpointResponse endpoint) {
    return Stream.concat(
            endpoint.productionVariants().stream(), endpoint.shadowProductionVariants().stream())
        .map(ProductionVariantSummary::variantName)
        .toList();
  }

  private void deleteEndpoint(DescribeEndpointResponse endpoint) {
    endpoints.release(endpoint);
    endpoints.checkUnchanged(endpoint);
    errors.call(
        "Delete endpoint " + endpoint.endpointName(),
        () -> clients
            .controlPlane()
            .deleteEndpoint(request -> request.endpointName(endpoint.endpointName())));
  }

  private void removeFromEndpoint(
      VariantName name,
      DescribeEndpointResponse endpoint,
      DescribeEndpointConfigResponse configuration,
      List<String> others) {
    CreateEndpointConfigRequest.Builder wanted = EndpointCalls.copyOf(configuration, endpoint);
    CreateEndpointConfigRequest now = wanted.build();
    List<ProductionVariant> production = without(now.productionVariants(), name);
    if (production.isEmpty()) {
      throw refusal(
          name,
          "cannot be removed while the shadow " + others + " copies its requests: undeploy "
              + "the shadow first");
    }
    if (!EndpointCalls.isShadow(configuration, name.variant())) {
      autoscaling.remove(Scaled.of(name));
    }
    wanted.productionVariants(production);
    wanted.shadowProductionVariants(
        EndpointCalls.orNone(without(now.shadowProductionVariants(), name)));
    Current current = endpoints.current(endpoint, configuration);
    String next = endpoints.createConfiguration(
        name.endpoint(), wanted, endpoints.carriedTags(current, others));
    updateEndpoint(name, current, next, Optional.empty());
  }

  private static List<ProductionVariant> without(
      List<ProductionVariant> variants, VariantName name) {
    return variants.stream()
        .filter(one -> !one.variantName().equals(name.variant()))
        .toList();
  }

  @Override
  public void deleteSuperseded(String path) {
    VariantName name = VariantName.of(path);
    SuspendedAutoscaling saved = suspended.get(name);
    if (saved != null) {
      restoreAutoscaling(name, saved);
      suspended.remove(name);
    }
    endpoints.deleteSuperseded(name.endpoint());
  }

  /** Restores the autoscaling of instances that were to be replaced and still exist. */
  private void restoreAutoscaling(VariantName name, SuspendedAutoscaling saved) {
    boolean there = endpoints
        .find(name.endpoint())
        .filter(EndpointCalls::isAtRest)
        .map(endpoints::configuration)
        .stream()
        .flatMap(configuration -> configuration.productionVariants().stream())
        .anyMatch(variant -> variant.variantName().equals(name.variant())
            && saved.instanceType().equals(variant.instanceTypeAsString()));
    if (there && autoscaling.read(Scaled.of(name)).isEmpty()) {
      autoscaling.put(Scaled.of(name), saved.range(), Optional.empty());
    }
  }

  // ---- listing ----

  /**
   * A configuration that a deployment is about to use: its variants are being created, but no endpoint has them yet.
   *
   * @param uses the configuration itself, and the models of its variants
   */
  private record PendingConfiguration(
      EndpointConfigSummary summary, Set<String> variants, List<ResourceRef> uses) {}

  @Override
  public List<Listed> list(Look look) {
    Map<String, List<PendingConfiguration>> pending = pending(look);
    List<Listed> listed = new ArrayList<>();
    for (EndpointSummary summary : endpoints.summaries()) {
      Map<String, String> resourceTags =
          tags.ofListed(summary.endpointArn(), summary.creationTime());
      if (SageMakerTags.areManaged(resourceTags)
          && !resourceTags.containsKey(SageMakerTags.FLEET)) {
        endpoints
            .find(summary.endpointName(), look)
            .ifPresent(found -> listed.addAll(
                listed(found, pending.getOrDefault(summary.endpointName(), List.of()), look)));
      }
    }
    Set<String> there = listed.stream().map(entry -> entry.ref().name()).collect(toSet());
    pending.forEach((endpoint, all) -> all.forEach(one -> one.variants().stream()
        .map(variant -> new VariantName(endpoint, variant))
        .filter(name -> there.add(name.toString()))
        .forEach(name -> listed.add(listed(name, one.summary().creationTime(), one.uses())
            .status(Observed.Status.CHANGING, "a deployment is about to create it")))));
    return listed;
  }

  /** {@return the configurations that deployments are about to use, by the names of their endpoints} */
  private Map<String, List<PendingConfiguration>> pending(Look look) {
    Map<String, List<PendingConfiguration>> pending = new LinkedHashMap<>();
    for (EndpointConfigSummary summary : endpoints.configurations(look)) {
      Map<String, String> resourceTags =
          tags.ofListed(summary.endpointConfigArn(), summary.creationTime());
      String endpoint = resourceTags.getOrDefault(SageMakerTags.DEPLOYMENT, "");
      if (SageMakerTags.areManaged(resourceTags)
          && !resourceTags.containsKey(SageMakerTags.FLEET)
          && isPending(summary, endpoint, look)) {
        List<ResourceRef> uses = new ArrayList<>(SageMakerTags.models(resourceTags));
        uses.add(
            new ResourceRef(SageMakerKinds.CONFIGURATION.name(), summary.endpointConfigName()));
        pending
            .computeIfAbsent(endpoint, key -> new ArrayList<>())
            .add(new PendingConfiguration(summary, SageMakerTags.variants(resourceTags), uses));
      }
    }
    return pending;
  }

  private boolean isPending(EndpointConfigSummary summary, String endpoint, Look look) {
    boolean isUsed = endpoints
        .find(endpoint, look)
        .filter(
            found -> EndpointCalls.configurationNames(found).contains(summary.endpointConfigName()))
        .isPresent();
    if (isUsed) {
      return false;
    }
    // A claim is written later than the tags of its creation; without any tags it was deleted since
    // it was listed.
    Map<String, String> now = endpoints.tagsOf(summary.endpointConfigArn(), look);
    return SageMakerTags.areManaged(now) && endpoints.isAboutToBeUsed(summary.creationTime(), now);
  }

  /**
   * {@return the variants that an endpoint has or is about to have: shadows before the variants that they copy, and
   * those with the smallest weight first}
   */
  private List<Listed> listed(
      DescribeEndpointResponse endpoint, List<PendingConfiguration> pending, Look look) {
    Map<String, List<ResourceRef>> uses = new LinkedHashMap<>();
    List<ResourceRef> ofAll = new ArrayList<>();
    Set<String> shadows = new HashSet<>();
    names(endpoint).forEach(variant -> uses.put(variant, new ArrayList<>()));
    pendingNames(endpoint).forEach(variant -> uses.putIfAbsent(variant, new ArrayList<>()));
    for (String name : EndpointCalls.configurationNames(endpoint)) {
      ofAll.add(new ResourceRef(SageMakerKinds.CONFIGURATION.name(), name));
      endpoints.findConfiguration(name, look).ifPresent(found -> {
        found.shadowProductionVariants().forEach(shadow -> shadows.add(shadow.variantName()));
        variants(found).forEach(variant -> {
          List<ResourceRef> models =
              uses.computeIfAbsent(variant.variantName(), key -> new ArrayList<>());
          if (variant.modelName() != null) {
            models.add(new ResourceRef(SageMakerKinds.MODEL.name(), variant.modelName()));
          }
        });
      });
    }
    pending.forEach(one -> ofAll.addAll(one.uses()));
    uses.values().forEach(all -> all.addAll(ofAll));
    return uses.keySet().stream()
        .sorted(Comparator.comparing((String variant) -> !shadows.contains(variant))
            .thenComparing(variant -> weight(endpoint, variant)))
        .map(variant -> listed(
                new VariantName(endpoint.endpointName(), variant),
                endpoint.creationTime(),
                uses.getOrDefault(variant, List.of()))
            .status(EndpointCalls.status(endpoint), EndpointCalls.detail(endpoint)))
        .toList();
  }

  private static Listed listed(VariantName name, Instant createdAt, List<ResourceRef> uses) {
    return Listed.of(new ResourceRef(SageMakerKinds.VARIANT.name(), name.toString()), createdAt)
        .deployment(name.endpoint())
        .asRoot()
        .uses(uses);
  }

  /** {@return the pending variants of an endpoint, which are visible before their configuration can be read} */
  private static Stream<String> pendingNames(DescribeEndpointResponse endpoint) {
    PendingDeploymentSummary pending = endpoint.pendingDeploymentSummary();
    return pending == null
        ? Stream.empty()
        : Stream.concat(
                pending.productionVariants().stream(), pending.shadowProductionVariants().stream())
            .map(PendingProductionVariantSummary::variantName);
  }

  private static float weight(DescribeEndpointResponse endpoint, String variant) {
    return EndpointCalls.summary(endpoint, variant)
        .map(ProductionVariantSummary::currentWeight)
        .orElse(0f);
  }
}
