package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.internal.AutoscalingCalls.Scaled;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sagemaker.model.DescribeInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentComputeResourceRequirements;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentRuntimeConfigSummary;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentSpecification;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentSpecificationSummary;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentStartupParameters;
import software.amazon.awssdk.services.sagemaker.model.InferenceComponentSummary;

/** Inference components, each named by the public name and the variant that it serves. */
final class ComponentKind implements ResourceKind<Component> {
  /** A tag of a component: its model, which the list does not contain. */
  private static final String MODEL = "fairlead-model";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final ComponentCalls components;
  private final ContainerLogs logs;
  private final AutoscalingCalls autoscaling;

  ComponentKind(
      SageMakerClients clients,
      SageMakerErrors errors,
      ComponentCalls components,
      ContainerLogs logs) {
    this.clients = clients;
    this.errors = errors;
    this.components = components;
    this.logs = logs;
    this.autoscaling = new AutoscalingCalls(clients, errors);
  }

  @Override
  public KindName<Component> id() {
    return SageMakerKinds.COMPONENT;
  }

  // ---- reading ----

  @Override
  public Observed<Component> read(String path, Look look) {
    Optional<DescribeInferenceComponentResponse> found =
        components.find(VariantName.of(path), look);
    if (found.isEmpty()) {
      return Observed.absent();
    }
    Map<String, String> resourceTags = components.resourceTags(found.get());
    Optional<Autoscaling> scaled =
        "InService".equals(found.get().inferenceComponentStatusAsString())
            ? look.once(
                List.of("autoscaling", path), () -> autoscaling.read(scaled(VariantName.of(path))))
            : Optional.empty();
    Observed<Component> seen = observed(found.get(), scaled, UserTags.among(resourceTags));
    String run = resourceTags.get(SageMakerTags.RUN);
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }

  private static Scaled scaled(VariantName name) {
    return Scaled.ofComponent(name, ComponentCalls.awsName(name));
  }

  private String explained(DescribeInferenceComponentResponse found, String reason) {
    String group = ContainerLogs.ofComponent(found.inferenceComponentName());
    return (reason.isEmpty() || reason.endsWith(".") ? reason : reason + ".")
        + logs.describe(new ContainerLogs.Failed(group, FleetKind.VARIANT, found.creationTime()));
  }

  private Observed<Component> observed(
      DescribeInferenceComponentResponse found, Optional<Autoscaling> scaled, UserTags tags) {
    String reason = orEmpty(found.failureReason());
    return switch (found.inferenceComponentStatusAsString()) {
      case "InService" -> Observed.ready(component(found, scaled, tags)).withDetail(reason);
      case "Failed" -> Observed.failed(explained(found, reason));
      case "Deleting" -> Observed.deleting();
      case "Creating" ->
        Observed.changing("inference component " + found.inferenceComponentName()
            + " is Creating; AWS neither cancels nor deletes that, and the instances of fleet "
            + found.endpointName() + " are billed meanwhile");
      default ->
        Observed.changing("inference component is " + found.inferenceComponentStatusAsString());
    };
  }

  private static Component component(
      DescribeInferenceComponentResponse found, Optional<Autoscaling> scaled, UserTags tags) {
    InferenceComponentSpecificationSummary said = found.specification() == null
        ? InferenceComponentSpecificationSummary.builder().build()
        : found.specification();
    InferenceComponentComputeResourceRequirements compute =
        said.computeResourceRequirements() == null
            ? InferenceComponentComputeResourceRequirements.builder().build()
            : said.computeResourceRequirements();
    InferenceComponentRuntimeConfigSummary copies = found.runtimeConfig() == null
        ? InferenceComponentRuntimeConfigSummary.builder().build()
        : found.runtimeConfig();
    return new Component(
        found.endpointName(),
        orEmpty(said.modelName()),
        orZero(compute.numberOfCpuCoresRequired()),
        orZero(compute.minMemoryRequiredInMb()),
        orZero(compute.numberOfAcceleratorDevicesRequired()),
        startup(said.startupParameters()),
        orZero(copies.desiredCopyCount()),
        orZero(copies.currentCopyCount()),
        scaled,
        tags);
  }

  private static SageMakerInstances startup(@Nullable InferenceComponentStartupParameters limits) {
    return limits == null
        ? SageMakerInstances.DEFAULT
        : VariantConversion.limits(
            VariantConversion.seconds(limits.modelDataDownloadTimeoutInSeconds()),
            VariantConversion.seconds(limits.containerStartupHealthCheckTimeoutInSeconds()));
  }

  private static int orZero(@Nullable Integer number) {
    return number == null ? 0 : number;
  }

  private static float orZero(@Nullable Float number) {
    return number == null ? 0 : number;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  // ---- changing ----

  @Override
  public Accepted create(String path, Component desired, OwnerTag owner) {
    VariantName name = VariantName.of(path);
    Map<String, String> resourceTags = new HashMap<>(desired.tags().tags());
    resourceTags.putAll(SageMakerTags.of(owner));
    resourceTags.put(SageMakerTags.VARIANT, name.variant());
    resourceTags.put(MODEL, desired.model());
    errors.call(
        "Create inference component " + ComponentCalls.awsName(name),
        () -> clients
            .controlPlane()
            .createInferenceComponent(request -> request
                .inferenceComponentName(ComponentCalls.awsName(name))
                .endpointName(desired.fleet())
                .variantName(FleetKind.VARIANT)
                .specification(specification(desired))
                .runtimeConfig(runtime -> runtime.copyCount(desired.copies()))
                .tags(SageMakerTags.list(resourceTags))));
    return Accepted.VISIBLE;
  }

  private static InferenceComponentSpecification specification(Component component) {
    Integer download = VariantConversion.seconds(component.startup().modelDownloadTimeout());
    Integer start = VariantConversion.seconds(component.startup().startupTimeout());
    InferenceComponentSpecification.Builder specification =
        InferenceComponentSpecification.builder()
            .modelName(component.model())
            .computeResourceRequirements(compute -> compute
                .minMemoryRequiredInMb(component.memoryMb())
                .numberOfCpuCoresRequired(component.cpus() == 0 ? null : component.cpus())
                .numberOfAcceleratorDevicesRequired(
                    component.accelerators() == 0 ? null : component.accelerators()));
    if (download != null || start != null) {
      specification.startupParameters(limits -> limits
          .modelDataDownloadTimeoutInSeconds(download)
          .containerStartupHealthCheckTimeoutInSeconds(start));
    }
    return specification.build();
  }

  @Override
  public Accepted update(String path, Observed<Component> current, Component desired) {
    String awsName = ComponentCalls.awsName(VariantName.of(path));
    Component actual = current.value().orElseThrow();
    if (actual.isUntaggedAs(desired)) {
      components.tag(VariantName.of(path), desired.tags().tags());
    } else if (!actual.autoscaling().equals(desired.autoscaling())) {
      Scaled scaled = scaled(VariantName.of(path));
      desired
          .autoscaling()
          .ifPresentOrElse(
              range -> autoscaling.put(scaled, range, actual.autoscaling()),
              () -> autoscaling.remove(scaled));
    } else if (actual.isSameSpecification(desired)) {
      errors.call(
          "Change the copies of inference component " + awsName,
          () -> clients
              .controlPlane()
              .updateInferenceComponentRuntimeConfig(request -> request
                  .inferenceComponentName(awsName)
                  .desiredRuntimeConfig(runtime -> runtime.copyCount(desired.copies()))));
    } else {
      errors.call(
          "Update inference component " + awsName,
          () -> clients
              .controlPlane()
              .updateInferenceComponent(request -> request
                  .inferenceComponentName(awsName)
                  .specification(specification(desired))
                  .runtimeConfig(runtime -> runtime.copyCount(desired.copies()))));
    }
    return Accepted.VISIBLE;
  }

  @Override
  public Optional<String> cannotCreate(String path, Component desired, Look look) {
    return components.notAlone(VariantName.of(path), look);
  }

  @Override
  public boolean matches(Component desired, Component actual) {
    return desired.isAs(actual);
  }

  @Override
  public Optional<String> cannotUpdate(Component actual, Component desired) {
    if (!actual.fleet().equals(desired.fleet())) {
      return Optional.of("is on fleet " + actual.fleet()
          + " and cannot move to another: undeploy it first, or deploy it under another name");
    }
    if (actual.autoscaling().filter(Autoscaling::foreign).isPresent()
        && !actual.autoscaling().equals(desired.autoscaling())) {
      return Optional.of(
          "is scaled by policies that are not managed by Fairlead: delete them first, or keep a fixed count, "
              + "which leaves the number of copies to them");
    }
    return actual.model().equals(desired.model())
        ? Optional.empty()
        : Optional.of(
            "holds another container: deploy it under another name, or undeploy this one first");
  }

  @Override
  public Accepted delete(String path, Observed<Component> current, Set<ResourceRef> going) {
    String awsName = ComponentCalls.awsName(VariantName.of(path));
    autoscaling.remove(scaled(VariantName.of(path)));
    errors.call(
        "Delete inference component " + awsName,
        () -> clients
            .controlPlane()
            .deleteInferenceComponent(request -> request.inferenceComponentName(awsName)));
    return Accepted.VISIBLE;
  }

  // ---- listing ----

  @Override
  public List<Listed> list(Look look) {
    List<Listed> listed = new ArrayList<>();
    for (ComponentCalls.Managed one : components.managed(look)) {
      listed.add(listed(one));
    }
    return listed;
  }

  private Listed listed(ComponentCalls.Managed one) {
    InferenceComponentSummary summary = one.summary();
    Observed.Status status = status(summary);
    String detail = status == Observed.Status.FAILED
        ? components
            .find(one.name())
            .map(found -> orEmpty(found.failureReason()))
            .orElse("")
        : "";
    List<ResourceRef> uses = new ArrayList<>();
    Optional.ofNullable(one.resourceTags().get(MODEL))
        .ifPresent(model -> uses.add(new ResourceRef(SageMakerKinds.MODEL.name(), model)));
    uses.add(new ResourceRef(SageMakerKinds.FLEET.name(), summary.endpointName()));
    return Listed.of(
            new ResourceRef(SageMakerKinds.COMPONENT.name(), one.name().toString()),
            summary.creationTime())
        .deployment(one.name().endpoint())
        .status(status, detail)
        .asRoot()
        .uses(uses);
  }

  private static Observed.Status status(InferenceComponentSummary summary) {
    return switch (summary.inferenceComponentStatusAsString()) {
      case "InService" -> Observed.Status.READY;
      case "Failed" -> Observed.Status.FAILED;
      case "Deleting" -> Observed.Status.DELETING;
      default -> Observed.Status.CHANGING;
    };
  }
}
