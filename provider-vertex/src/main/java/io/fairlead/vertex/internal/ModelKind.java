package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeleteModelRequest;
import com.google.cloud.aiplatform.v1.DeleteModelVersionRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
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
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Dependencies;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Accepted;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexProbe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Models, which are immutable once they are uploaded.
 *
 * <p>A model's name is its id, which is derived from its content; a version of a parent model, whose number is Vertex AI's
 * to choose, is named {@code parent@content}, and carries its content as a label.
 */
final class ModelKind extends VertexKind<ModelSpec> {
  static final String NAME = "model";

  private static final int PAGE = 100;
  private static final String DEFAULT = "default";

  /** Where a version is in the registry. */
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
  }

  ModelKind(VertexNames names, VertexCalls calls) {
    super(NAME, names, calls);
  }

  // ---- reading ----

  @Override
  public Observed<ModelSpec> read(String name) {
    Place place = Place.of(name);
    if (!place.isVersion()) {
      return find(place.model()).map(ModelKind::observed).orElseGet(Observed::absent);
    }
    List<Model> versions = versions(place.model());
    if (versions.isEmpty()) {
      return Observed.absent();
    }
    Optional<Model> version = version(versions, place.content());
    if (version.isPresent()) {
      return observed(version.get());
    }
    if (versions.stream().noneMatch(one -> VertexTags.areOurs(one.getLabelsMap()))) {
      // Who made the model keeps what is in it.
      return observed(versions.get(0));
    }
    // A version has no id of our choice, so that a second upload would make a second one.
    return calls
        .underWay(names.model(place.model()))
        .map(upload -> Observed.<ModelSpec>changing("an upload to the model is under way"))
        .orElseGet(Observed::absent);
  }

  private static Observed<ModelSpec> observed(Model model) {
    Map<String, String> environment = new HashMap<>();
    model
        .getContainerSpec()
        .getEnvList()
        .forEach(variable -> environment.put(variable.getName(), variable.getValue()));
    ModelSpec value = new ModelSpec(
        model.getDisplayName(),
        model.getContainerSpec().getImageUri(),
        Dependencies.environment(environment),
        model.getArtifactUri(),
        VertexContainer.DEFAULT,
        List.copyOf(model.getVersionAliasesList()));
    return VertexTags.marked(Observed.ready(value), model.getLabelsMap());
  }

  private Optional<Model> find(String idAndVersion) {
    return calls.find(
        "Get model " + idAndVersion,
        calls.clients().models().getModelCallable(),
        GetModelRequest.newBuilder().setName(names.model(idAndVersion)).build());
  }

  private List<Model> versions(String id) {
    List<Model> versions = new ArrayList<>();
    String token = "";
    do {
      Optional<ListModelVersionsResponse> page = calls.find(
          "List the versions of model " + id,
          calls.clients().models().listModelVersionsCallable(),
          ListModelVersionsRequest.newBuilder()
              .setName(names.model(id))
              .setPageSize(PAGE)
              .setPageToken(token)
              .build());
      if (page.isEmpty()) {
        return List.of();
      }
      versions.addAll(page.get().getModelsList());
      token = page.get().getNextPageToken();
    } while (!token.isEmpty());
    return versions;
  }

  private static Optional<Model> version(List<Model> versions, String content) {
    return versions.stream()
        .filter(version -> VertexTags.areOurs(version.getLabelsMap()))
        .filter(version -> version.getLabelsOrDefault(VertexTags.CONTENT, "").equals(content))
        .findFirst();
  }

  /** {@return what to deploy: a version by its number, for an alias may move} */
  String versionName(String name) {
    Place place = Place.of(name);
    if (!place.isVersion()) {
      return names.model(place.model());
    }
    Model version = version(versions(place.model()), place.content())
        .orElseThrow(
            () -> failure(ErrorKind.NOT_FOUND, "Model " + name + " is not there any longer"));
    return names.model(place.model()) + "@" + version.getVersionId();
  }

  /** {@return what a deployed model's model is called here} */
  String nameOf(DeployedModel deployed) {
    String id = VertexNames.id(deployed.getModel());
    if (VertexNames.isMadeHere(id)) {
      return id;
    }
    String version = id + "@" + deployed.getModelVersionId();
    return find(version)
        .map(model -> model.getLabelsOrDefault(VertexTags.CONTENT, ""))
        .filter(content -> !content.isEmpty())
        .map(content -> id + "@" + content)
        .orElse(version);
  }

  // ---- changing ----

  @Override
  public Accepted create(String name, ModelSpec desired, OwnerTag mark) {
    Place place = Place.of(name);
    Map<String, String> labels = new HashMap<>(VertexTags.of(mark));
    UploadModelRequest.Builder request = UploadModelRequest.newBuilder().setParent(names.parent());
    if (place.isVersion()) {
      labels.put(VertexTags.CONTENT, place.content());
    }
    if (place.isVersion() && find(place.model()).isPresent()) {
      request.setParentModel(names.model(place.model()));
    } else {
      request.setModelId(place.model());
    }
    Model.Builder model = Model.newBuilder()
        .setDisplayName(desired.displayName())
        .setArtifactUri(desired.artifactUri())
        .setContainerSpec(container(desired))
        .addAllVersionAliases(desired.aliases())
        .putAllLabels(labels);
    return calls.make(
        "Upload model " + name,
        calls.clients().models().uploadModelCallable(),
        request.setModel(model).build(),
        names.model(place.model()));
  }

  private static ModelContainerSpec container(ModelSpec upload) {
    VertexContainer how = upload.container();
    ModelContainerSpec.Builder spec = ModelContainerSpec.newBuilder()
        .setImageUri(upload.image())
        .addAllCommand(how.command())
        .addAllArgs(how.args());
    how.predictRoute().ifPresent(spec::setPredictRoute);
    how.healthRoute().ifPresent(spec::setHealthRoute);
    how.sharedMemoryMb().ifPresent(spec::setSharedMemorySizeMb);
    upload
        .environment()
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

  /** Gives a version the aliases that it does not have; nothing else of it can change. */
  @Override
  public Accepted update(String name, Observed<ModelSpec> current, ModelSpec desired) {
    List<String> missing = new ArrayList<>(desired.aliases());
    missing.removeAll(current.value().orElseThrow().aliases());
    moveAliases(versionName(name), missing);
    return Accepted.VISIBLE;
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
  public Accepted delete(String name, Observed<ModelSpec> current) {
    Place place = Place.of(name);
    List<Model> versions = place.isVersion() ? versions(place.model()) : List.of();
    if (versions.size() <= 1) {
      return calls.begin(
          "Delete model " + place.model(),
          calls.clients().models().deleteModelCallable(),
          DeleteModelRequest.newBuilder().setName(names.model(place.model())).build());
    }
    Model version = version(versions, place.content())
        .orElseThrow(
            () -> failure(ErrorKind.NOT_FOUND, "Model " + name + " is not there any longer"));
    if (version.getVersionAliasesList().contains(DEFAULT)) {
      // The default version cannot be deleted, so the newest other one becomes it.
      Model next = versions.stream()
          .filter(one -> !one.getVersionId().equals(version.getVersionId()))
          .max(Comparator.comparing(one -> VertexTimes.instant(one.getVersionCreateTime())))
          .orElseThrow();
      moveAliases(names.model(place.model()) + "@" + next.getVersionId(), List.of(DEFAULT));
    }
    return calls.begin(
        "Delete model " + name,
        calls.clients().models().deleteModelVersionCallable(),
        DeleteModelVersionRequest.newBuilder()
            .setName(names.model(place.model()) + "@" + version.getVersionId())
            .build());
  }

  // ---- listing ----

  @Override
  public List<Listed> list() {
    List<Listed> listed = new ArrayList<>();
    String token = "";
    do {
      ListModelsResponse page = calls.call(
          "List models",
          calls.clients().models().listModelsCallable(),
          ListModelsRequest.newBuilder()
              .setParent(names.parent())
              .setFilter(VertexTags.FILTER)
              .setPageSize(PAGE)
              .setPageToken(token)
              .build());
      for (Model model : page.getModelsList()) {
        String id = VertexNames.id(model.getName());
        if (VertexNames.isMadeHere(id)) {
          listed.add(listed(id, model));
        } else {
          versions(id).stream()
              .filter(version -> version.containsLabels(VertexTags.CONTENT))
              .forEach(version -> listed.add(
                  listed(id + "@" + version.getLabelsOrThrow(VertexTags.CONTENT), version)));
        }
      }
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return listed;
  }

  private static Listed listed(String name, Model model) {
    List<ResourceRef> uses = ArtifactKind.keyOf(model.getArtifactUri())
        .map(key -> List.of(new ResourceRef(ArtifactKind.NAME, key)))
        .orElse(List.of());
    return new Listed(
        new ResourceRef(NAME, name),
        model.getLabelsOrDefault(VertexTags.DEPLOYMENT, ""),
        VertexTimes.instant(model.getVersionCreateTime()),
        Observed.Status.READY,
        "",
        false,
        uses,
        Optional.empty());
  }

  /** Its name is its content; only aliases come and go. */
  @Override
  public boolean matches(ModelSpec desired, ModelSpec actual) {
    return actual.aliases().containsAll(desired.aliases());
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
