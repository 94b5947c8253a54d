package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.Dependencies;
import io.fairlead.provider.ContentName;
import io.fairlead.provider.Pages;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.rules.ModelPackage;
import io.fairlead.sagemaker.internal.rules.TagRules;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sagemaker.model.ContainerDefinition;
import software.amazon.awssdk.services.sagemaker.model.ContainerMode;
import software.amazon.awssdk.services.sagemaker.model.DescribeModelPackageResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeModelResponse;
import software.amazon.awssdk.services.sagemaker.model.ListModelsResponse;
import software.amazon.awssdk.services.sagemaker.model.ModelCacheSetting;
import software.amazon.awssdk.services.sagemaker.model.ModelCompressionType;
import software.amazon.awssdk.services.sagemaker.model.ModelSummary;
import software.amazon.awssdk.services.sagemaker.model.S3ModelDataType;
import software.amazon.awssdk.services.sagemaker.model.VpcConfig;

/** SageMaker models, named by their content. */
final class ModelKind implements ResourceKind<Model> {
  /** A tag of a model: the key of its upload. */
  private static final String ARTIFACT = "fairlead-artifact";
  /** The names of the variables that were given to a model package, which adds its own. */
  private static final String VARIABLES = "fairlead-variables";

  private static final int PAGE = 100;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;

  ModelKind(
      SageMakerClients clients,
      SageMakerErrors errors,
      SageMakerTags tags,
      EndpointCalls endpoints) {
    this.clients = clients;
    this.errors = errors;
    this.tags = tags;
    this.endpoints = endpoints;
  }

  @Override
  public KindName<Model> id() {
    return SageMakerKinds.MODEL;
  }

  @Override
  public Observed<Model> read(String name, Look look) {
    Optional<DescribeModelResponse> found = errors.find(
        "Describe model " + name,
        () -> clients.controlPlane().describeModel(request -> request.modelName(name)));
    if (found.isEmpty()) {
      return Observed.absent();
    }
    Map<String, String> resourceTags =
        tags.ofCreation(found.get().modelArn(), found.get().creationTime());
    Model all = model(found.get(), UserTags.among(resourceTags));
    String variables = resourceTags.get(VARIABLES);
    Model model = variables == null ? all : all.withVariables(Set.of(variables.split(" ")));
    ArtifactKind.keyOf(model.data()).ifPresent(key -> endpoints.noteArtifact(name, key));
    Observed<Model> seen = Observed.ready(model);
    String run = resourceTags.get(SageMakerTags.RUN);
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }

  private static Model model(DescribeModelResponse found, UserTags tags) {
    ContainerDefinition container = found.primaryContainer() == null
        ? ContainerDefinition.builder().build()
        : found.primaryContainer();
    VpcConfig vpc = found.vpcConfig();
    return new Model(
        container.modelPackageName() == null ? orEmpty(container.image()) : "",
        data(container),
        Dependencies.environment(container.environment()),
        orEmpty(found.executionRoleArn()),
        new SageMakerNetwork(
            Boolean.TRUE.equals(found.enableNetworkIsolation()),
            vpc == null ? List.of() : vpc.subnets(),
            vpc == null ? List.of() : vpc.securityGroupIds()),
        container.mode() == ContainerMode.MULTI_MODEL
            ? Optional.of(new SageMakerMultiModel(container.multiModelConfig() == null
                || container.multiModelConfig().modelCacheSetting() != ModelCacheSetting.DISABLED))
            : Optional.empty(),
        tags);
  }

  private static String data(ContainerDefinition container) {
    if (container.modelPackageName() != null) {
      return container.modelPackageName();
    }
    boolean source =
        container.modelDataSource() != null && container.modelDataSource().s3DataSource() != null;
    return source
        ? container.modelDataSource().s3DataSource().s3Uri()
        : orEmpty(container.modelDataUrl());
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /** A version of the model registry that nobody has approved is not served. */
  @Override
  public Optional<String> cannotCreate(String name, Model desired, Look look) {
    return desired.modelPackage().flatMap(source -> cannotServe(source.arn()));
  }

  private Optional<String> cannotServe(String arn) {
    Optional<DescribeModelPackageResponse> found = errors.find(
        "Describe model package " + arn,
        () ->
            clients.controlPlane().describeModelPackage(request -> request.modelPackageName(arn)));
    if (found.isEmpty()) {
      return Optional.of("is from model package " + arn + ", which does not exist");
    }
    String status = found.get().modelPackageStatusAsString();
    if (!"Completed".equals(status)) {
      return Optional.of("is from model package " + arn + ", which is " + status);
    }
    // Packages without versions, such as those of AWS Marketplace, have no approval.
    String approval = found.get().modelApprovalStatusAsString();
    return approval == null || approval.equals("Approved")
        ? Optional.empty()
        : Optional.of("is from model package " + arn + ", which is " + approval
            + ": have that version approved in the model registry first");
  }

  @Override
  public Accepted create(String name, Model desired, OwnerTag owner) {
    Map<String, String> resourceTags = new HashMap<>(desired.tags().tags());
    resourceTags.putAll(SageMakerTags.of(owner));
    ArtifactKind.keyOf(desired.data()).ifPresent(key -> resourceTags.put(ARTIFACT, key));
    String variables = String.join(" ", desired.environment().environment().keySet());
    if (desired.modelPackage().isPresent() && variables.length() <= TagRules.LONGEST_VALUE) {
      resourceTags.put(VARIABLES, variables);
    }
    errors.call(
        "Create model " + name,
        () -> clients
            .controlPlane()
            .createModel(request -> request
                .modelName(name)
                .primaryContainer(container(desired))
                .executionRoleArn(desired.role())
                .enableNetworkIsolation(desired.network().isolated())
                .vpcConfig(vpc(desired.network()))
                .tags(SageMakerTags.list(resourceTags))));
    return Accepted.VISIBLE;
  }

  private static ContainerDefinition container(Model model) {
    ContainerDefinition.Builder container =
        ContainerDefinition.builder().environment(model.environment().environment());
    Optional<ModelPackage> registered = model.modelPackage();
    if (registered.isPresent()) {
      return container.modelPackageName(registered.get().arn()).build();
    }
    container.image(model.image());
    model
        .multiModel()
        .ifPresent(mode -> container
            .mode(ContainerMode.MULTI_MODEL)
            .multiModelConfig(config -> config.modelCacheSetting(
                mode.cached() ? ModelCacheSetting.ENABLED : ModelCacheSetting.DISABLED)));
    if (model.data().isEmpty()) {
      return container.build();
    }
    if (model.data().endsWith("/") && model.multiModel().isEmpty()) {
      container.modelDataSource(source -> source.s3DataSource(s3 -> s3.s3Uri(model.data())
          .s3DataType(S3ModelDataType.S3_PREFIX)
          .compressionType(ModelCompressionType.NONE)));
    } else {
      container.modelDataUrl(model.data());
    }
    return container.build();
  }

  private static @Nullable VpcConfig vpc(SageMakerNetwork network) {
    return network.subnets().isEmpty()
        ? null
        : VpcConfig.builder()
            .subnets(network.subnets())
            .securityGroupIds(network.securityGroups())
            .build();
  }

  /** Updates the tags; all else is part of its name. */
  @Override
  public Accepted update(String name, Observed<Model> current, Model desired) {
    errors
        .find(
            "Describe model " + name,
            () -> clients.controlPlane().describeModel(request -> request.modelName(name)))
        .ifPresent(
            found -> tags.add("model " + name, found.modelArn(), desired.tags().tags()));
    return Accepted.VISIBLE;
  }

  @Override
  public boolean matches(Model desired, Model actual) {
    return desired.isAs(actual);
  }

  @Override
  public Accepted delete(String name, Observed<Model> current, Set<ResourceRef> going) {
    errors.call(
        "Delete model " + name,
        () -> clients.controlPlane().deleteModel(request -> request.modelName(name)));
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list(Look look) {
    return Pages.<ListModelsResponse, ModelSummary>all(
            SageMakerProvider.ID,
            "models",
            token -> errors.call(
                "List models",
                () -> clients
                    .controlPlane()
                    .listModels(request -> request
                        .nameContains(ContentName.PREFIX)
                        .maxResults(PAGE)
                        .nextToken(token))),
            ListModelsResponse::models,
            ListModelsResponse::nextToken)
        .stream()
        .filter(summary -> SageMakerNames.CONTENT.isMadeHere(summary.modelName()))
        .flatMap(summary -> listed(summary).stream())
        .toList();
  }

  private Optional<Listed> listed(ModelSummary summary) {
    Map<String, String> resourceTags = tags.ofListed(summary.modelArn(), summary.creationTime());
    if (!SageMakerTags.areManaged(resourceTags)) {
      return Optional.empty();
    }
    List<ResourceRef> uses = Optional.ofNullable(resourceTags.get(ARTIFACT))
        .map(key -> List.of(new ResourceRef(SageMakerKinds.ARTIFACT.name(), key)))
        .orElse(List.of());
    return Optional.of(Listed.of(
            new ResourceRef(SageMakerKinds.MODEL.name(), summary.modelName()),
            summary.creationTime())
        .deployment(resourceTags.getOrDefault(SageMakerTags.DEPLOYMENT, ""))
        .uses(uses));
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }

  @Override
  public boolean mayUse(String kind) {
    return kind.equals(SageMakerKinds.ARTIFACT.name());
  }
}
