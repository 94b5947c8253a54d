package io.fairlead.vertex.standin;

import com.google.cloud.aiplatform.v1.DeleteModelRequest;
import com.google.cloud.aiplatform.v1.DeleteModelVersionRequest;
import com.google.cloud.aiplatform.v1.DeleteOperationMetadata;
import com.google.cloud.aiplatform.v1.DeployedModelRef;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.GetModelRequest;
import com.google.cloud.aiplatform.v1.ListModelVersionsRequest;
import com.google.cloud.aiplatform.v1.ListModelVersionsResponse;
import com.google.cloud.aiplatform.v1.ListModelsRequest;
import com.google.cloud.aiplatform.v1.ListModelsResponse;
import com.google.cloud.aiplatform.v1.MergeVersionAliasesRequest;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.Model.DeploymentResourcesType;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.UpdateModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelOperationMetadata;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelResponse;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import com.google.protobuf.util.FieldMaskUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** ModelService: models with their versions and aliases. */
final class Models {
  private static final String DEFAULT = "default";
  private static final Pattern MODEL_ID = Pattern.compile("[a-z_][a-z0-9_-]{0,62}");
  private static final Pattern ALIAS = Pattern.compile("[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]");
  private static final Pattern IMAGE =
      Pattern.compile("(?:[a-z0-9-]+-docker\\.pkg\\.dev|(?:[a-z]+\\.)?gcr\\.io)/\\S+");
  private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Set<String> MUTABLE =
      Set.of("display_name", "description", "version_description", "labels");

  private static final class Entry {
    private final ResourceName name;
    private final TreeMap<Integer, Model> versions = new TreeMap<>();

    Entry(ResourceName name) {
      this.name = name;
    }
  }

  /** A version that a test or a request names. */
  record Found(ResourceName name, Model model) {}

  private final Project project;
  private final Map<String, Entry> models = new TreeMap<>();
  private final Map<String, Integer> lastVersions = new HashMap<>();
  private final Map<String, Duration> heldUntil = new HashMap<>();
  private Duration heldAfterUndeploy = Duration.ofMinutes(3);
  private boolean modelsLabelsWin;

  Models(Project project) {
    this.project = project;
  }

  void modelsLabelsWin() {
    modelsLabelsWin = true;
  }

  void heldAfterUndeploy(Duration duration) {
    heldAfterUndeploy = duration;
  }

  void undeployed(ResourceName name, String version) {
    heldUntil.put(name.key() + "@" + version, project.time().elapsed().plus(heldAfterUndeploy));
  }

  void remains(Set<String> all) {
    models
        .values()
        .forEach(entry -> entry
            .versions
            .keySet()
            .forEach(version -> all.add("model/" + entry.name.id() + "@" + version)));
  }

  void add(ResourceName name, Model model) {
    Entry entry = models.computeIfAbsent(name.key(), key -> new Entry(name));
    int version = lastVersions.merge(name.key(), 1, Integer::sum);
    put(entry, version, model);
  }

  // ---- ModelService ----

  Operation upload(UploadModelRequest request) {
    Model model = request.getModel();
    Rules.displayName(model.getDisplayName());
    Rules.labels(model.getLabelsMap());
    Rules.check(
        model.hasContainerSpec(), "model.container_spec", "A custom model needs a container.");
    container(model.getContainerSpec());
    Rules.check(
        model.getArtifactUri().isEmpty() || model.getArtifactUri().startsWith("gs://"),
        "model.artifact_uri",
        "must be a directory in Cloud Storage.");
    model.getVersionAliasesList().forEach(alias -> alias("model.version_aliases", alias));
    ResourceName parent = project.name(request.getParent());
    ResourceName name;
    if (request.getParentModel().isEmpty()) {
      String id = request.getModelId().isEmpty() ? project.newId() : request.getModelId();
      if (!request.getModelId().isEmpty()) {
        Rules.pattern("model_id", MODEL_ID, id);
      }
      name = parent.sibling("models", id);
      if (models.containsKey(name.key())
          || project.operations().isUnderWay("UploadModel", name, "1")) {
        throw Refusal.alreadyExists("Model " + name);
      }
      lastVersions.put(name.key(), 0);
    } else {
      Rules.check(request.getModelId().isEmpty(), "model_id", "cannot be given with parent_model.");
      name = entry(request.getParentModel()).name;
      if (project.operations().isUnderWay("DeleteModel", name, "")) {
        throw Refusal.notFound("Model " + name);
      }
    }
    int version = lastVersions.merge(name.key(), 1, Integer::sum);
    return project
        .operations()
        .start(
            "UploadModel",
            name,
            String.valueOf(version),
            (generic, stage) -> UploadModelOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              put(models.computeIfAbsent(name.key(), key -> new Entry(name)), version, model);
              return UploadModelResponse.newBuilder()
                  .setModel(name.toString())
                  .setModelVersionId(String.valueOf(version))
                  .build();
            });
  }

  private static void container(ModelContainerSpec container) {
    Rules.check(
        IMAGE.matcher(container.getImageUri()).matches(),
        "model.container_spec.image_uri",
        "must be in Artifact Registry or Container Registry, but is " + container.getImageUri());
    for (EnvVar variable : container.getEnvList()) {
      Rules.pattern("model.container_spec.env.name", ENV_NAME, variable.getName());
      Rules.check(
          !variable.getName().startsWith("AIP_"),
          "model.container_spec.env.name",
          "AIP_ is reserved: " + variable.getName());
    }
    container
        .getPortsList()
        .forEach(port -> Rules.check(
            port.getContainerPort() >= 1 && port.getContainerPort() <= 65535,
            "model.container_spec.ports",
            "must be between 1 and 65535."));
    String invoked = container.getInvokeRoutePrefix();
    Rules.check(
        invoked.isEmpty()
            || (invoked.equals("/*") && container.getPredictRoute().isEmpty()),
        "model.container_spec.invoke_route_prefix",
        "must be \"/*\", without predict_route.");
    Rules.check(
        container.getDeploymentTimeout().getSeconds() <= 7200,
        "model.container_spec.deployment_timeout",
        "must be at most 2 hours.");
  }

  private static void alias(String field, String alias) {
    Rules.pattern(field, ALIAS, alias);
  }

  private void put(Entry entry, int version, Model model) {
    boolean first = entry.versions.isEmpty();
    Set<String> aliases = new LinkedHashSet<>(model.getVersionAliasesList());
    if (first) {
      aliases.add(DEFAULT);
    }
    entry.versions.replaceAll((other, existing) -> without(existing, aliases));
    entry.versions.put(
        version,
        model.toBuilder()
            .setName(entry.name.toString())
            .setVersionId(String.valueOf(version))
            .clearVersionAliases()
            .addAllVersionAliases(aliases)
            .clearDeployedModels()
            .clearSupportedDeploymentResourcesTypes()
            .addSupportedDeploymentResourcesTypes(DeploymentResourcesType.DEDICATED_RESOURCES)
            .addSupportedDeploymentResourcesTypes(DeploymentResourcesType.SHARED_RESOURCES)
            .setCreateTime(
                first ? project.now() : entry.versions.firstEntry().getValue().getCreateTime())
            .setUpdateTime(project.now())
            .setVersionCreateTime(project.now())
            .setVersionUpdateTime(project.now())
            .setEtag(project.newEtag())
            .build());
  }

  private static Model without(Model model, Set<String> aliases) {
    List<String> kept = model.getVersionAliasesList().stream()
        .filter(alias -> !aliases.contains(alias))
        .toList();
    return model.toBuilder().clearVersionAliases().addAllVersionAliases(kept).build();
  }

  Model get(GetModelRequest request) {
    Found found = find(request.getName());
    return said(found.model());
  }

  ListModelsResponse list(ListModelsRequest request) {
    ResourceName parent = project.name(request.getParent());
    List<Model> defaults = models.values().stream()
        .filter(entry -> entry.name.location().equals(parent.location()))
        .map(entry -> version(entry, DEFAULT).orElseThrow())
        .toList();
    ListModelsResponse.Builder response = ListModelsResponse.newBuilder();
    Pages.list(
        defaults,
        Models::facts,
        request.getFilter(),
        project.pageSize(),
        request.getPageSize(),
        request.getPageToken(),
        model -> response.addModels(said(model)),
        response::setNextPageToken);
    return response.build();
  }

  ListModelVersionsResponse versions(ListModelVersionsRequest request) {
    ListModelVersionsResponse.Builder response = ListModelVersionsResponse.newBuilder();
    Pages.list(
        List.copyOf(entry(request.getName()).versions.values()),
        Models::facts,
        request.getFilter(),
        project.pageSize(),
        request.getPageSize(),
        request.getPageToken(),
        model -> response.addModels(said(model)),
        response::setNextPageToken);
    return response.build();
  }

  private static Pages.Facts facts(Model model) {
    return new Pages.Facts(model.getLabelsMap(), model.getDisplayName(), "");
  }

  Model update(UpdateModelRequest request) {
    Found found = find(request.getModel().getName());
    String etag = request.getModel().getEtag();
    if (!etag.isEmpty() && !etag.equals(found.model().getEtag())) {
      throw Refusal.changedMeanwhile(found.name().toString(), etag);
    }
    Rules.mask(request.getUpdateMask(), MUTABLE);
    Rules.displayName(request.getModel().getDisplayName());
    Rules.labels(request.getModel().getLabelsMap());
    return change(found, model -> {
      Model.Builder changed = model.toBuilder();
      FieldMaskUtil.merge(
          request.getUpdateMask(), request.getModel(), changed, Endpoints.REPLACING);
      return changed.build();
    });
  }

  Model mergeAliases(MergeVersionAliasesRequest request) {
    Found found = find(request.getName());
    Rules.check(
        !project.name(request.getName()).version().isEmpty(), "name", "A version must be named.");
    Set<String> added = new LinkedHashSet<>();
    Set<String> removed = new LinkedHashSet<>();
    for (String alias : request.getVersionAliasesList()) {
      alias("version_aliases", alias.startsWith("-") ? alias.substring(1) : alias);
      if (alias.startsWith("-")) {
        removed.add(alias.substring(1));
      } else {
        added.add(alias);
      }
    }
    Rules.check(
        !removed.contains(DEFAULT), "version_aliases", "The alias default cannot be removed.");
    Entry entry = models.get(found.name().key());
    entry.versions.replaceAll((version, model) -> without(model, added));
    return change(
        find(request.getName().replaceAll("@.*", "@" + found.model().getVersionId())), model -> {
          Set<String> aliases = new LinkedHashSet<>(model.getVersionAliasesList());
          aliases.removeAll(removed);
          aliases.addAll(added);
          return model.toBuilder()
              .clearVersionAliases()
              .addAllVersionAliases(aliases)
              .build();
        });
  }

  private Model change(Found found, UnaryOperator<Model> change) {
    Model changed = change.apply(found.model()).toBuilder()
        .setUpdateTime(project.now())
        .setVersionUpdateTime(project.now())
        .setEtag(project.newEtag())
        .build();
    models.get(found.name().key()).versions.put(Integer.valueOf(changed.getVersionId()), changed);
    return said(changed);
  }

  Operation delete(DeleteModelRequest request) {
    ResourceName name = entry(request.getName()).name;
    Rules.check(
        project.name(request.getName()).version().isEmpty(),
        "name",
        "A version is deleted by DeleteModelVersion.");
    project.operations().refuseIfBusy(name);
    models.get(name.key()).versions.values().forEach(this::refuseIfDeployed);
    return deletion("DeleteModel", name, () -> models.remove(name.key()));
  }

  Operation deleteVersion(DeleteModelVersionRequest request) {
    Found found = find(request.getName());
    Rules.check(
        !project.name(request.getName()).version().isEmpty(), "name", "A version must be named.");
    Entry entry = models.get(found.name().key());
    project.operations().refuseIfBusy(entry.name);
    refuseIfDeployed(found.model());
    if (entry.versions.size() == 1) {
      throw Refusal.precondition(
          "The only version of a model cannot be deleted, use DeleteModel instead: " + entry.name);
    }
    if (found.model().getVersionAliasesList().contains(DEFAULT)) {
      throw Refusal.precondition("The default version of a model cannot be deleted: " + entry.name
          + "@" + found.model().getVersionId());
    }
    int version = Integer.parseInt(found.model().getVersionId());
    return deletion("DeleteModelVersion", entry.name, () -> entry.versions.remove(version));
  }

  private Operation deletion(String kind, ResourceName name, Runnable effect) {
    return project
        .operations()
        .start(
            kind,
            name,
            "",
            (generic, stage) ->
                DeleteOperationMetadata.newBuilder().setGenericMetadata(generic).build(),
            () -> {
              effect.run();
              return Empty.getDefaultInstance();
            });
  }

  private void refuseIfDeployed(Model model) {
    ResourceName name = project.name(model.getName());
    Duration held = heldUntil.get(name.key() + "@" + model.getVersionId());
    boolean isHeld = held != null && held.compareTo(project.time().elapsed()) > 0;
    List<String> endpoints = project.endpoints().using(name, model.getVersionId());
    if (isHeld || !endpoints.isEmpty()) {
      throw Refusal.precondition("The Model \"" + name + "@" + model.getVersionId()
          + "\" is deployed or being deployed at the following Endpoint(s): "
          + String.join(", ", endpoints));
    }
  }

  // ---- looking up ----

  /** {@return the version that is named, by number or alias, or the default one} */
  Found find(String name) {
    ResourceName parsed = project.name(name);
    Entry entry = entry(name);
    String version = parsed.version().isEmpty() ? DEFAULT : parsed.version();
    return new Found(
        entry.name, version(entry, version).orElseThrow(() -> Refusal.notFound("Model " + name)));
  }

  private Entry entry(String name) {
    Entry entry = models.get(project.name(name).key());
    if (entry == null) {
      throw Refusal.notFound("Model " + name);
    }
    return entry;
  }

  private static Optional<Model> version(Entry entry, String version) {
    return entry.versions.values().stream()
        .filter(model -> model.getVersionId().equals(version)
            || model.getVersionAliasesList().contains(version))
        .findFirst();
  }

  private Model said(Model model) {
    List<DeployedModelRef> deployed = new ArrayList<>(
        project.endpoints().references(project.name(model.getName()), model.getVersionId()));
    Model.Builder said = model.toBuilder().addAllDeployedModels(deployed);
    if (modelsLabelsWin) {
      said.putAllLabels(models
          .get(project.name(model.getName()).key())
          .versions
          .firstEntry()
          .getValue()
          .getLabelsMap());
    }
    return said.build();
  }
}
