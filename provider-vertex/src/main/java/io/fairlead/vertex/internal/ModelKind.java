package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeleteModelRequest;
import com.google.cloud.aiplatform.v1.DeleteModelVersionRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.EncryptionSpec;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.GetModelRequest;
import com.google.cloud.aiplatform.v1.ListModelVersionsRequest;
import com.google.cloud.aiplatform.v1.ListModelVersionsResponse;
import com.google.cloud.aiplatform.v1.ListModelsRequest;
import com.google.cloud.aiplatform.v1.ListModelsResponse;
import com.google.cloud.aiplatform.v1.MergeVersionAliasesRequest;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.Port;
import com.google.cloud.aiplatform.v1.Probe;
import com.google.cloud.aiplatform.v1.UpdateModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Dependencies;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexProbe;
import io.fairlead.vertex.internal.storage.Artifacts;
import io.fairlead.vertex.internal.values.Quoted;
import io.fairlead.vertex.internal.values.VersionDescription;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Models, which are immutable after their upload, except for their labels and aliases.
 *
 * <p>A model's name is its id, which is derived from its content. A version of a parent model, whose number Vertex AI
 * chooses, is named {@code parent@content}: the hash of its content is an alias, by which one call finds it, and is
 * in its description, see {@link VersionDescription}. Labels are no alternative, because the service merges those of
 * the model and its versions.
 */
final class ModelKind extends VertexKind<ModelSpec> {
  private static final String DEFAULT = "default";
  /** The only prefix of invoke routes that Vertex AI takes. */
  private static final String ALL_PATHS = "/*";

  private final String bucket;

  /** The name of a version or a model, in parts. */
  private record Place(String model, String content) {
    static Place of(String name) {
      int at = name.indexOf('@');
      return at < 0
          ? new Place(name, "")
          : new Place(name.substring(0, at), name.substring(at + 1));
    }

    boolean isVersion() {
      return !content.isEmpty();
    }

    /** {@return the version's name in the registry, by its alias} */
    String aliased() {
      return model + "@" + VersionDescription.alias(content);
    }
  }

  ModelKind(VertexConfig config, VertexNames names, VertexCalls calls) {
    super(ModelSpec.KIND, names, calls);
    this.bucket = config.artifactBucket().orElse("");
  }

  // ---- reading ----

  @Override
  public Observed<ModelSpec> read(String name, Look look) {
    Place place = Place.of(name);
    if (!place.isVersion()) {
      return find(place.model(), look)
          .map(model -> VertexTags.withOwner(observed(model), model.getLabelsMap()))
          .orElseGet(Observed::absent);
    }
    Optional<Model> aliased = find(place.aliased(), look);
    return aliased.isPresent() ? observedVersion(aliased.get()) : withoutAlias(place);
  }

  /**
   * The id of a version cannot be chosen, so that a second upload during one in progress would create a second
   * version.
   */
  private Observed<ModelSpec> withoutAlias(Place place) {
    List<Model> versions = versions(place.model());
    if (versions.isEmpty()) {
      return Observed.absent();
    }
    Optional<Model> described = described(versions, place.content());
    if (described.isPresent()) {
      return observedVersion(described.get());
    }
    boolean isForeign = versions.stream()
        .noneMatch(version -> VertexTags.areManaged(version.getLabelsMap())
            || VersionDescription.of(version).isPresent());
    if (isForeign) {
      // A foreign model gets no managed versions.
      return observed(versions.get(0)).asForeign();
    }
    if (calls.operationInProgress(names.model(place.model())).isPresent()) {
      return Observed.changing("an upload to the model is in progress");
    }
    // The upload may have ended since.
    return find(place.aliased()).map(ModelKind::observedVersion).orElseGet(Observed::absent);
  }

  private static Observed<ModelSpec> observedVersion(Model version) {
    return VersionDescription.of(version)
        .map(description -> observed(version).madeBy(description.run()))
        .orElseGet(() -> observed(version).asForeign());
  }

  private static Observed<ModelSpec> observed(Model model) {
    Map<String, String> environment = new HashMap<>();
    model
        .getContainerSpec()
        .getEnvList()
        .forEach(variable -> environment.put(variable.getName(), variable.getValue()));
    return Observed.ready(new ModelSpec(
        model.getDisplayName(),
        model.getContainerSpec().getImageUri(),
        Dependencies.environment(environment),
        model.getArtifactUri(),
        DeployedEndpoints.containerOf(model.getContainerSpec()),
        model.getVersionAliasesList().stream()
            .filter(alias -> !VersionDescription.isContent(alias))
            .toList(),
        VertexTags.users(model.getLabelsMap()),
        model.getEncryptionSpec().getKmsKeyName()));
  }

  private Optional<Model> find(String idAndVersion, Look look) {
    return look.once(List.of("model", idAndVersion), () -> find(idAndVersion));
  }

  private Optional<Model> find(String idAndVersion) {
    return calls.find(
        "Get model " + idAndVersion,
        calls.clients().models().getModelCallable(),
        GetModelRequest.newBuilder().setName(names.model(idAndVersion)).build());
  }

  /** {@return all versions of a model; none if it is not there} */
  private List<Model> versions(String id) {
    try {
      return calls.list(
          "the versions of model " + id,
          token -> calls.call(
              "List the versions of model " + id,
              calls.clients().models().listModelVersionsCallable(),
              ListModelVersionsRequest.newBuilder()
                  .setName(names.model(id))
                  .setPageSize(VertexCalls.PAGE)
                  .setPageToken(token)
                  .build()),
          ListModelVersionsResponse::getModelsList,
          ListModelVersionsResponse::getNextPageToken);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  /**
   * {@return a version whose alias was moved to another one of the same content, which was uploaded at the same time}
   */
  private static Optional<Model> described(List<Model> versions, String content) {
    return versions.stream()
        .filter(version -> VersionDescription.of(version)
            .filter(description -> description.content().equals(content))
            .isPresent())
        .findFirst();
  }

  /** {@return the name to deploy or change: of a version, by its number, because an alias may move} */
  String versionName(String name) {
    if (name.contains("/")) {
      // A registered one, as the caller names it.
      return name;
    }
    Place place = Place.of(name);
    if (!place.isVersion()) {
      return names.model(place.model());
    }
    Model version = find(place.aliased())
        .or(() -> described(versions(place.model()), place.content()))
        .orElseThrow(() -> gone(name));
    return names.model(place.model()) + "@" + version.getVersionId();
  }

  private static ServingException gone(String name) {
    return failure(ErrorKind.NOT_FOUND, "Model " + name + " no longer exists");
  }

  /**
   * A deployed model's model.
   *
   * @param name its name as a resource; the full name with the version's number if it is not managed by Fairlead
   * @param aliases the aliases of its version, if it is not
   */
  record Deployed(String name, List<String> aliases) {
    boolean isManaged() {
      return !name.contains("/");
    }
  }

  /**
   * {@return a deployed model's model}
   *
   * @param isRegistered whether it was deployed as a model of the registry, whoever has uploaded it
   */
  Deployed modelOf(DeployedModel deployed, boolean isRegistered, Look look) {
    String id = VertexNames.id(deployed.getModel());
    if (VertexNames.isMadeHere(id) && !isRegistered) {
      return new Deployed(id, List.of());
    }
    String version =
        deployed.getModel().replaceFirst("@.*", "") + "@" + deployed.getModelVersionId();
    Optional<Model> found = look.once(List.of("version", version), () -> version(version));
    Optional<VersionDescription> managed =
        isRegistered ? Optional.empty() : found.flatMap(VersionDescription::of);
    return managed
        .map(description -> new Deployed(id + "@" + description.content(), List.of()))
        .orElseGet(() -> new Deployed(
            version,
            found.map(model -> List.copyOf(model.getVersionAliasesList())).orElse(List.of())));
  }

  /** {@return a version; empty if it does not exist, or belongs to others who do not let it be read} */
  private Optional<Model> version(String version) {
    try {
      return calls.find(
          "Get model " + version.substring(version.lastIndexOf('/') + 1),
          calls.clients().models().getModelCallable(),
          GetModelRequest.newBuilder().setName(version).build());
    } catch (ServingException e) {
      // One model that must not be read is no reason to read no endpoint.
      if (e.kind() == ErrorKind.UNAUTHORIZED && e.requestId().isPresent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  // ---- changing ----

  @Override
  public Accepted create(String name, ModelSpec desired, OwnerTag owner) {
    Place place = Place.of(name);
    UploadModelRequest.Builder request = UploadModelRequest.newBuilder().setParent(names.parent());
    Model.Builder model = Model.newBuilder()
        .setDisplayName(desired.displayName())
        .setArtifactUri(desired.artifactUri())
        .setContainerSpec(container(desired))
        .addAllVersionAliases(desired.aliases())
        .putAllLabels(desired.labels())
        .putAllLabels(VertexTags.of(owner));
    if (!desired.encryptionKey().isEmpty()) {
      model.setEncryptionSpec(EncryptionSpec.newBuilder().setKmsKeyName(desired.encryptionKey()));
    }
    if (place.isVersion()) {
      model
          .addVersionAliases(VersionDescription.alias(place.content()))
          .setVersionDescription(
              new VersionDescription(place.content(), owner.run()).description());
    }
    if (place.isVersion() && find(place.model()).isPresent()) {
      request.setParentModel(names.model(place.model()));
    } else {
      request.setModelId(place.model());
    }
    try {
      return calls.create(
          "Upload model " + name,
          calls.clients().models().uploadModelCallable(),
          request.setModel(model).build(),
          names.model(place.model()));
    } catch (ServingException e) {
      throw Quoted.without(
          e, Quoted.values(desired.container().command(), desired.container().args()));
    }
  }

  private static ModelContainerSpec container(ModelSpec model) {
    return container(model.image(), model.environment(), model.container());
  }

  static ModelContainerSpec container(String image, Dependencies environment, VertexContainer how) {
    ModelContainerSpec.Builder spec = ModelContainerSpec.newBuilder()
        .setImageUri(image)
        .addAllCommand(how.command())
        .addAllArgs(how.args());
    how.predictRoute().ifPresent(spec::setPredictRoute);
    how.healthRoute().ifPresent(spec::setHealthRoute);
    if (how.invokeRoutes()) {
      spec.setInvokeRoutePrefix(ALL_PATHS);
    }
    how.sharedMemoryMb().ifPresent(spec::setSharedMemorySizeMb);
    environment
        .environment()
        .forEach((name, value) -> spec.addEnv(EnvVar.newBuilder().setName(name).setValue(value)));
    how.port().ifPresent(port -> spec.addPorts(Port.newBuilder().setContainerPort(port)));
    how.deploymentTimeout().map(VertexTimes::proto).ifPresent(spec::setDeploymentTimeout);
    set(how.startupProbe(), spec::setStartupProbe);
    set(how.healthProbe(), spec::setHealthProbe);
    set(how.livenessProbe(), spec::setLivenessProbe);
    return spec.build();
  }

  private static void set(VertexProbe probe, Consumer<Probe> setter) {
    boolean isNone =
        probe.command().isEmpty() && probe.httpPath().isEmpty() && probe.port().isEmpty();
    if (isNone) {
      return;
    }
    Probe.Builder written = Probe.newBuilder();
    probe.period().ifPresent(period -> written.setPeriodSeconds((int) period.toSeconds()));
    probe.timeout().ifPresent(timeout -> written.setTimeoutSeconds((int) timeout.toSeconds()));
    probe
        .initialDelay()
        .ifPresent(delay -> written.setInitialDelaySeconds((int) delay.toSeconds()));
    probe.failureThreshold().ifPresent(written::setFailureThreshold);
    if (!probe.command().isEmpty()) {
      written.setExec(Probe.ExecAction.newBuilder().addAllCommand(probe.command()));
    } else if (probe.httpPath().isPresent()) {
      written.setHttpGet(Probe.HttpGetAction.newBuilder()
          .setPath(probe.httpPath().get())
          .setPort(probe.port().orElse(0)));
    } else {
      written.setTcpSocket(
          Probe.TcpSocketAction.newBuilder().setPort(probe.port().orElseThrow()));
    }
    setter.accept(written.build());
  }

  /** Updates the labels and, for a version, the aliases; all else is immutable. */
  @Override
  public Accepted update(String name, Observed<ModelSpec> current, ModelSpec desired) {
    ModelSpec actual = current.value().orElseThrow();
    List<String> aliases = new ArrayList<>(desired.aliases());
    aliases.removeAll(actual.aliases());
    actual.aliases().stream()
        .filter(alias -> !desired.aliases().contains(alias))
        .forEach(alias -> aliases.add("-" + alias));
    String version = versionName(name);
    if (!aliases.isEmpty()) {
      moveAliases(version, aliases);
    }
    if (!desired.labels().equals(actual.labels())) {
      write(name, version, desired.labels());
    }
    return Accepted.VISIBLE;
  }

  private void write(String name, String version, Map<String, String> labels) {
    Model now = find(version.substring(version.lastIndexOf('/') + 1)).orElseThrow(() -> gone(name));
    Map<String, String> all = new TreeMap<>(now.getLabelsMap());
    all.keySet().removeAll(VertexTags.users(now.getLabelsMap()).keySet());
    all.putAll(labels);
    calls.call(
        "Set the labels of model " + name,
        calls.clients().models().updateModelCallable(),
        UpdateModelRequest.newBuilder()
            .setModel(Model.newBuilder()
                .setName(version)
                .setDisplayName(now.getDisplayName())
                .setEtag(now.getEtag())
                .putAllLabels(all))
            .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
            .build());
  }

  private void moveAliases(String version, List<String> aliases) {
    calls.call(
        "Move the aliases " + aliases + " to " + VertexNames.id(version),
        calls.clients().models().mergeVersionAliasesCallable(),
        MergeVersionAliasesRequest.newBuilder()
            .setName(version)
            .addAllVersionAliases(aliases)
            .build());
  }

  @Override
  public Accepted delete(String name, Observed<ModelSpec> current, Set<ResourceRef> going) {
    Place place = Place.of(name);
    List<Model> versions = place.isVersion() ? versions(place.model()) : List.of();
    if (versions.size() <= 1) {
      return calls.start(
          "Delete model " + place.model(),
          calls.clients().models().deleteModelCallable(),
          DeleteModelRequest.newBuilder().setName(names.model(place.model())).build());
    }
    Model version = described(versions, place.content()).orElseThrow(() -> gone(name));
    if (version.getVersionAliasesList().contains(DEFAULT)) {
      // The default version cannot be deleted, so the newest other one becomes the default.
      Model next = versions.stream()
          .filter(one -> !one.getVersionId().equals(version.getVersionId()))
          .max(Comparator.comparing(one -> VertexTimes.instant(one.getVersionCreateTime())))
          .orElseThrow();
      moveAliases(names.model(place.model()) + "@" + next.getVersionId(), List.of(DEFAULT));
    }
    return calls.start(
        "Delete model " + name,
        calls.clients().models().deleteModelVersionCallable(),
        DeleteModelVersionRequest.newBuilder()
            .setName(names.model(place.model()) + "@" + version.getVersionId())
            .build());
  }

  // ---- listing ----

  @Override
  public List<Listed> list(Look look) {
    List<Model> models = calls.list(
        "models",
        token -> calls.call(
            "List models",
            calls.clients().models().listModelsCallable(),
            ListModelsRequest.newBuilder()
                .setParent(names.parent())
                .setFilter(VertexTags.FILTER)
                .setPageSize(VertexCalls.PAGE)
                .setPageToken(token)
                .build()),
        ListModelsResponse::getModelsList,
        ListModelsResponse::getNextPageToken);
    List<Listed> listed = new ArrayList<>();
    for (Model model : models) {
      String id = VertexNames.id(model.getName());
      if (VertexNames.isMadeHere(id)) {
        listed.add(listed(id, model));
      } else {
        versions(id)
            .forEach(version -> VersionDescription.of(version)
                .ifPresent(
                    description -> listed.add(listed(id + "@" + description.content(), version))));
      }
    }
    return listed;
  }

  private Listed listed(String name, Model model) {
    return Listed.of(
            new ResourceRef(ModelSpec.KIND.name(), name),
            VertexTimes.instant(model.getVersionCreateTime()))
        .deployment(model.getLabelsOrDefault(VertexTags.DEPLOYMENT, ""))
        .uses(Artifacts.keyOf(bucket, model.getArtifactUri()).stream()
            .map(key -> new ResourceRef(Artifacts.KIND.name(), key))
            .toList());
  }

  /** The name is derived from the content; only labels and aliases can differ. */
  @Override
  public boolean matches(ModelSpec desired, ModelSpec actual) {
    return actual.aliases().containsAll(desired.aliases())
        && actual.labels().entrySet().containsAll(desired.labels().entrySet());
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }

  @Override
  public boolean mayUse(String kind) {
    return kind.equals(Artifacts.KIND.name());
  }
}
