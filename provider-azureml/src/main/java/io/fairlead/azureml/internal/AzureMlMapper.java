package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlArtifact;
import io.fairlead.azureml.AzureMlAutoscaling;
import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlContainer;
import io.fairlead.azureml.AzureMlDependencies;
import io.fairlead.azureml.AzureMlEndpoint;
import io.fairlead.azureml.AzureMlOptionsProvider;
import io.fairlead.azureml.AzureMlRequest;
import io.fairlead.azureml.AzureMlRouting;
import io.fairlead.azureml.AzureMlRuntime;
import io.fairlead.azureml.AzureMlScaling;
import io.fairlead.azureml.CondaFile;
import io.fairlead.azureml.internal.MirrorKind.Mirror;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.EndpointMapper;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.ModelUpload;
import io.fairlead.reconcile.Resource;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The mapping of the grammar to Azure ML's resources. It checks Azure's rules for names, numbers and combinations. */
final class AzureMlMapper implements EndpointMapper {
  /** The scheme of models and environments that are in the workspace or in a registry already. */
  static final String SCHEME = "azureml";

  private static final Pattern NAME = Pattern.compile("[a-zA-Z](-?[a-zA-Z0-9])*");
  private static final int SHORTEST_NAME = 3;
  private static final int LONGEST_NAME = 32;
  private static final int MOST_INSTANCES = 50;

  private static final Pattern OF_WORKSPACE =
      Pattern.compile("azureml:(?!//)([^:/@]+)[:/]([^:/@]+)");
  private static final Pattern OF_REGISTRY = Pattern.compile(
      "azureml://registries/[^/]+/(models|environments)/[^/]+/(versions|labels)/[^/]+");
  private static final Pattern FILES = Pattern.compile(
      "azureml://(subscriptions|jobs)/.+|azureml://datastores/[^/]+/paths/.+|https://[^/]+\\.blob\\.[^/]+/[^/]+/.+");
  private static final String HUGGING_FACE = "HuggingFace";

  private final AzureMlConfig config;
  private final AzureMlNames names;
  private final Function<LocalModel, ModelUpload> uploads;

  private final Set<Class<? extends PlatformOptions>> options = Stream.concat(
          new AzureMlOptionsProvider().types().stream(), Stream.of(AzureMlRequest.class))
      .collect(Collectors.toUnmodifiableSet());

  /**
   * Creates a mapper.
   *
   * @param uploads the upload of a local model, as the store describes it
   */
  AzureMlMapper(AzureMlConfig config, Function<LocalModel, ModelUpload> uploads) {
    this.config = config;
    this.names = new AzureMlNames(config);
    this.uploads = uploads;
  }

  @Override
  public KindName<?> variantKind(Endpoint endpoint) {
    return DeploymentSpec.KIND;
  }

  @Override
  public Found<Endpoint> read(Routing routing, ActualState actual) {
    return new DeployedEndpoints(config).read(routing, actual);
  }

  @Override
  public Set<Class<? extends PlatformOptions>> options() {
    return options;
  }

  // ---- local models ----

  @Override
  public List<LocalModel.Source> localModels(Container container) {
    ModelArtifact artifact = container.artifact();
    List<LocalModel.Source> sources = new ArrayList<>();
    if (isLocal(artifact.weights())) {
      sources.add(
          new LocalModel.Source(Path.of(artifact.weights()), Optional.empty(), Uploads.RULES));
    }
    if (isLocal(artifact.code()) && !artifact.code().equals(artifact.weights())) {
      sources.add(new LocalModel.Source(Path.of(artifact.code()), Optional.empty(), Uploads.RULES));
    }
    return sources;
  }

  @Override
  public Container uploaded(Container container, List<String> hashes) {
    ModelArtifact artifact = container.artifact();
    boolean isOne = artifact.code().equals(artifact.weights());
    URI weights = isLocal(artifact.weights()) ? location(hashes.get(0)) : artifact.weights();
    URI code = isLocal(artifact.code()) ? location(hashes.get(hashes.size() - 1)) : artifact.code();
    ModelArtifact there = ModelArtifact.of(isOne ? weights : code, weights)
        .withMetadata(artifact.metadata().withName(readable(artifact)));
    return new Container(there, container.runtime(), container.dependencies());
  }

  private URI location(String sha256) {
    return URI.create(names.location(Uploads.KEYS.of(sha256)));
  }

  @Override
  public Resource<?> upload(LocalModel model) {
    return Resource.shared(Uploads.KIND, Uploads.KEYS.of(model.sha256()), uploads.apply(model));
  }

  private static boolean isLocal(URI uri) {
    return "file".equals(uri.getScheme());
  }

  // ---- containers ----

  /** The resources of a container, and how a deployment refers to them. */
  private record Parts(
      List<Resource<?>> resources, String model, String environment, String code) {}

  @Override
  public Mapping container(Container container) {
    Problems problems = Problems.in("Container");
    List<String> warnings = new ArrayList<>();
    Parts parts = parts(container, warnings, problems);
    problems.throwIfAny();
    return new Mapping(parts.resources(), warnings);
  }

  private Parts parts(Container container, List<String> warnings, Problems problems) {
    SortedMap<String, String> tags =
        AzureMlTags.users(container.artifact().metadata(), config.tags(), problems);
    List<Resource<?>> resources = new ArrayList<>();
    String model = model(container, tags, resources, warnings, problems);
    String environment = environment(container, tags, resources, problems);
    String code = code(container, tags, resources, problems);
    return new Parts(resources, model, environment, code);
  }

  private static AzureMlArtifact artifact(Container container) {
    return container
        .artifact()
        .metadata()
        .options()
        .find(AzureMlArtifact.class)
        .orElse(AzureMlArtifact.DEFAULT);
  }

  /** {@return the model, as a deployment refers to it} */
  private String model(
      Container container,
      SortedMap<String, String> tags,
      List<Resource<?>> resources,
      List<String> warnings,
      Problems problems) {
    AzureMlArtifact options = artifact(container);
    URI weights = container.artifact().weights();
    String location = weights.toString();
    Optional<String> registered = registered(weights, options, warnings);
    if (registered.isPresent()) {
      problems.check(
          options.description().isEmpty(),
          "artifact.metadata.options",
          "must not have a description in AzureMlArtifact, because the model is registered already",
          options.description().orElse(""));
      return registered.get();
    }
    problems.check(
        FILES.matcher(location).matches(),
        "artifact.weights",
        "must be files of this machine, at azureml:// or in blob storage, a registered model as azureml:NAME:VERSION "
            + "or azureml://registries/..., or hf://ORG/NAME",
        weights.getScheme() + ":");
    ModelSpec model = new ModelSpec(location, options.type(), options.description(), tags);
    AssetRef name = new AssetRef(
        AzureMlNames.ASSETS.of(
            readable(container.artifact()), location, options.type().name()),
        names.versionAt(location));
    require(location, resources);
    resources.add(Resource.shared(ModelSpec.KIND, name.toString(), model));
    return name.toString();
  }

  /** {@return a model that is in the workspace or a registry already, and is not managed here} */
  private Optional<String> registered(URI weights, AzureMlArtifact options, List<String> warnings) {
    String location = weights.toString();
    var ofWorkspace = OF_WORKSPACE.matcher(location);
    if (ofWorkspace.matches()) {
      return Optional.of(ofWorkspace.group(1) + ":" + ofWorkspace.group(2));
    }
    if (OF_REGISTRY.matcher(location).matches()) {
      warnIfNewest(location, warnings);
      return Optional.of(location);
    }
    boolean isOfHub = "hf".equals(weights.getScheme());
    if (!isOfHub && options.registry().isEmpty()) {
      return Optional.empty();
    }
    String id = isOfHub ? weights.getAuthority() + weights.getPath() : location;
    String name = id.replace('/', '-').replace('_', '-').toLowerCase(java.util.Locale.ROOT);
    String registry = "azureml://registries/" + options.registry().orElse(HUGGING_FACE) + "/models/"
        + name
        + options.registryVersion().map(version -> "/versions/" + version).orElse("/labels/latest");
    warnIfNewest(registry, warnings);
    return Optional.of(registry);
  }

  private static void warnIfNewest(String model, List<String> warnings) {
    if (model.contains("/labels/")) {
      warnings.add(
          "the model is the newest in its registry when it is deployed: AzureMlArtifact.fromRegistry with a "
              + "version makes it the same each time");
    }
  }

  /** {@return the environment, as a deployment refers to it; empty if the model brings one} */
  private String environment(
      Container container,
      SortedMap<String, String> tags,
      List<Resource<?>> resources,
      Problems problems) {
    RuntimeSpec runtime = container.runtime();
    AzureMlArtifact options = artifact(container);
    Optional<AzureMlContainer.Server> server =
        runtime.options().find(AzureMlContainer.class).flatMap(AzureMlContainer::server);
    Optional<CondaFile> conda =
        runtime.options().find(AzureMlRuntime.class).flatMap(AzureMlRuntime::condaFile);
    String condaFile = CondaYaml.of(conda, container.dependencies().packages());
    problems.check(
        conda.isEmpty() || !condaFile.isEmpty(),
        "runtime.options",
        "must have dependencies in the conda file of AzureMlRuntime, or packages for pip",
        "none");
    String image = runtime.image().orElse("");
    Optional<String> registered = registeredEnvironment(image);
    if (registered.isPresent() || image.isEmpty()) {
      String wayOut = registered.isPresent()
          ? " on top of a registered environment"
          : " without an image to add them to";
      problems
          .check(
              container.dependencies().packages().isEmpty(),
              "dependencies.packages",
              "must be empty" + wayOut,
              container.dependencies().packages())
          .check(
              runtime.options().find(AzureMlRuntime.class).isEmpty(),
              "runtime.options",
              "must not have an AzureMlRuntime with a conda file" + wayOut,
              "a conda file")
          .check(
              server.isEmpty(),
              "runtime.options",
              "must not have an AzureMlContainer with a server" + wayOut,
              "a server");
      problems.check(
          registered.isPresent() || bringsEnvironment(container, options),
          "runtime.image",
          "must be given: only models of MLflow, of Triton and of registries bring an environment",
          "none");
      return registered.orElse("");
    }
    EnvironmentSpec environment = new EnvironmentSpec(image, condaFile, server, tags);
    AssetRef name = new AssetRef(
        AzureMlNames.ASSETS.of(
            readableImage(image), image, condaFile, server.map(String::valueOf).orElse("")),
        AzureMlNames.FIRST);
    resources.add(Resource.shared(EnvironmentSpec.KIND, name.toString(), environment));
    return name.toString();
  }

  private static boolean bringsEnvironment(Container container, AzureMlArtifact options) {
    String weights = container.artifact().weights().toString();
    return options.type() != AzureMlArtifact.Type.CUSTOM_MODEL
        || weights.startsWith("hf:")
        || weights.startsWith("azureml://registries/")
        || OF_WORKSPACE.matcher(weights).matches();
  }

  private static Optional<String> registeredEnvironment(String image) {
    var ofWorkspace = OF_WORKSPACE.matcher(image);
    if (ofWorkspace.matches()) {
      return Optional.of(ofWorkspace.group(1) + ":" + ofWorkspace.group(2));
    }
    return Optional.of(image).filter(text -> OF_REGISTRY.matcher(text).matches());
  }

  private static String readableImage(String image) {
    String last = image.substring(image.lastIndexOf('/') + 1);
    return last.replaceFirst("[:@].*", "");
  }

  /** {@return the code, as a deployment refers to it; empty if there is none} */
  private String code(
      Container container,
      SortedMap<String, String> tags,
      List<Resource<?>> resources,
      Problems problems) {
    Optional<AzureMlDependencies> script =
        container.dependencies().options().find(AzureMlDependencies.class);
    ModelArtifact artifact = container.artifact();
    boolean isApart = !artifact.code().equals(artifact.weights());
    problems.check(
        script.isPresent() || !isApart,
        "dependencies.options",
        "must have AzureMlDependencies with the script of the code to run, such as score.py",
        "none");
    if (script.isEmpty()) {
      return "";
    }
    String location = artifact.code().toString();
    problems.check(
        FILES.matcher(location).matches(),
        "artifact.code",
        "must be files of this machine, at azureml:// or in blob storage",
        artifact.code().getScheme() + ":");
    AssetRef name = new AssetRef(
        AzureMlNames.ASSETS.of(readable(artifact), location, "code"), names.versionAt(location));
    require(location, resources);
    resources.add(Resource.shared(CodeSpec.KIND, name.toString(), new CodeSpec(location, tags)));
    return name.toString();
  }

  private void require(String location, List<Resource<?>> resources) {
    names
        .keyAt(location)
        .map(key -> Resource.requiredShared(Uploads.KIND, key))
        .filter(upload -> !resources.contains(upload))
        .ifPresent(resources::add);
  }

  /** {@return a readable name of a model, by the rules for names} */
  static String readable(ModelArtifact artifact) {
    Optional<String> name = artifact.metadata().name();
    if (name.isPresent()) {
      return name.get();
    }
    String path = String.valueOf(artifact.weights().getPath()).replaceFirst("/+$", "");
    String last = path.substring(path.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9]+", "-");
    String cut = last.substring(0, Math.min(last.length(), LONGEST_NAME)).replaceAll("^-+|-+$", "");
    return cut.isEmpty() ? "model" : cut;
  }

  // ---- endpoints ----

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    List<String> warnings = new ArrayList<>();
    Problems ofContainer = Problems.in("Container");
    Parts parts = parts(endpoint.container(), warnings, ofContainer);
    Problems problems = Problems.in("Endpoint");
    ofContainer.found().forEach(found -> problems.add(found.under("container")));
    Routing routing = endpoint.routing();
    Scaling scaling = endpoint.scaling();
    checkName("routing.name", routing.name(), problems);
    checkName("routing.variant", routing.variant(), problems);
    check(scaling, problems);
    AzureMlRouting ofVariant =
        routing.options().find(AzureMlRouting.class).orElse(AzureMlRouting.mirror(0));
    if (!ofVariant.evaluationRules().isEmpty()) {
      warnings.add(
          "Azure ML evaluates no rules: those of AzureMlRouting are kept as tags of the deployment");
    }
    SortedMap<String, String> tags =
        AzureMlTags.users(endpoint.artifact().metadata(), config.tags(), Problems.in("tags"));
    DeploymentSpec deployment = deployment(endpoint, parts, ofVariant, tags);
    AzureMlConfig.checkTags("routing.options", deployment.allTags(), problems);
    problems.throwIfAny();

    String path = routing.path();
    Resource<?> variant = Resource.variant(DeploymentSpec.KIND, path, deployment);
    List<Resource<?>> resources = new ArrayList<>(parts.resources());
    resources.add(Resource.shared(
        EndpointSpec.KIND,
        endpoint.name(),
        new EndpointSpec.WithVariant(
            routing.options().find(AzureMlEndpoint.class),
            config.tags(),
            routing.variant(),
            deployment.uses())));
    if (scaling.isAutomatic()) {
      resources.add(variant);
      resources.add(Resource.part(AutoscaleSpec.KIND, path, autoscale(scaling, deployment, tags)));
    } else {
      // Before the instances are changed: while it exists, it changes them back.
      resources.add(Resource.noPart(AutoscaleSpec.KIND, path));
      resources.add(variant);
    }
    resources.add(
        ofVariant.mirrorPercent() > 0
            ? Resource.part(Mirror.KIND, path, new Mirror(ofVariant.mirrorPercent()))
            : Resource.noPart(Mirror.KIND, path));
    return new Mapping(resources, warnings);
  }

  private static void checkName(String field, String name, Problems problems) {
    problems.check(
        NAME.matcher(name).matches()
            && name.length() >= SHORTEST_NAME
            && name.length() <= LONGEST_NAME,
        field,
        "must be 3 to 32 letters, digits and single hyphens that begin with a letter and do not end with a hyphen",
        name);
  }

  private static void check(Scaling scaling, Problems problems) {
    problems
        .check(
            scaling.min() >= 1,
            "scaling.min",
            "must be 1 or more: managed endpoints do not scale to 0",
            scaling.min())
        .check(
            scaling.max() <= MOST_INSTANCES,
            "scaling.max",
            "must be at most 50, the most instances of a deployment",
            scaling.max())
        .check(
            scaling.isAutomatic()
                || scaling.options().find(AzureMlAutoscaling.class).isEmpty(),
            "scaling.max",
            "must be more than min where AzureMlAutoscaling is given",
            scaling.max());
  }

  private static DeploymentSpec deployment(
      Endpoint endpoint, Parts parts, AzureMlRouting routing, SortedMap<String, String> tags) {
    Scaling scaling = endpoint.scaling();
    RuntimeSpec runtime = endpoint.container().runtime();
    Dependencies dependencies = endpoint.container().dependencies();
    return new DeploymentSpec(
        parts.model(),
        parts.environment(),
        parts.code(),
        dependencies
            .options()
            .find(AzureMlDependencies.class)
            .map(AzureMlDependencies::entryScript)
            .orElse(""),
        Dependencies.environment(dependencies.environment()),
        scaling.instanceType().orElse(DeploymentSpec.USUAL_INSTANCES),
        new DeploymentSpec.Instances(scaling.count(), scaling.isAutomatic()),
        withoutServer(
            runtime.options().find(AzureMlContainer.class).orElse(AzureMlContainer.DEFAULT)),
        scaling.options().find(AzureMlScaling.class).orElse(AzureMlScaling.DEFAULT),
        new TreeMap<>(routing.evaluationRules()),
        tags);
  }

  /** {@return the settings of a container without those that belong to its environment} */
  private static AzureMlContainer withoutServer(AzureMlContainer container) {
    AzureMlContainer copy = AzureMlContainer.DEFAULT
        .withLivenessProbe(container.livenessProbe())
        .withReadinessProbe(container.readinessProbe());
    if (container.modelMountPath().isPresent()) {
      copy = copy.withModelMountPath(container.modelMountPath().get());
    }
    return container.egress() ? copy : copy.withoutEgress();
  }

  private AutoscaleSpec autoscale(
      Scaling scaling, DeploymentSpec deployment, Map<String, String> tags) {
    return new AutoscaleSpec(
        scaling.min(),
        scaling.max(),
        scaling.options().find(AzureMlAutoscaling.class).orElse(AzureMlAutoscaling.DEFAULT),
        deployment.fingerprint(names),
        new TreeMap<>(tags));
  }
}
