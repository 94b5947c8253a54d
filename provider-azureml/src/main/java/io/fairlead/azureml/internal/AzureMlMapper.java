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
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.provider.ContentName;
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
  private static final Pattern NAME = Pattern.compile("[a-zA-Z](-?[a-zA-Z0-9])*");
  private static final int SHORTEST_NAME = 3;
  private static final int LONGEST_NAME = 32;
  private static final int MOST_INSTANCES = 50;

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
    if (Locations.isLocal(artifact.weights())) {
      sources.add(
          new LocalModel.Source(Path.of(artifact.weights()), Optional.empty(), Uploads.RULES));
    }
    if (Locations.isLocal(artifact.code()) && !artifact.code().equals(artifact.weights())) {
      sources.add(new LocalModel.Source(Path.of(artifact.code()), Optional.empty(), Uploads.RULES));
    }
    return sources;
  }

  @Override
  public Container uploaded(Container container, List<String> hashes) {
    ModelArtifact artifact = container.artifact();
    boolean isOne = artifact.code().equals(artifact.weights());
    URI weights =
        Locations.isLocal(artifact.weights()) ? location(hashes.get(0)) : artifact.weights();
    URI code = Locations.isLocal(artifact.code())
        ? location(hashes.get(hashes.size() - 1))
        : artifact.code();
    ModelArtifact there = ModelArtifact.of(isOne ? weights : code, weights)
        .withMetadata(artifact.metadata().withName(ContentName.readablePart(artifact)));
    return new Container(there, container.runtime(), container.dependencies());
  }

  private URI location(String sha256) {
    return URI.create(names.location(Uploads.KEYS.of(sha256)));
  }

  @Override
  public Resource<?> upload(LocalModel model) {
    return Resource.shared(Uploads.KIND, Uploads.KEYS.of(model.sha256()), uploads.apply(model));
  }

  // ---- containers ----

  /** The resources of a container, how a deployment refers to them, and its environment variables. */
  private record Parts(
      List<Resource<?>> resources,
      String model,
      String environment,
      String code,
      Map<String, String> variables) {}

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
    Map<String, String> variables = container.dependencies().environment();
    Variables.check(variables, problems);
    Variables.warnOfSecrets(variables, warnings);
    HubModel.warnOfVariables(container, warnings);
    List<Resource<?>> resources = new ArrayList<>();
    Optional<HubModel> downloaded = HubModel.downloadedBy(container);
    downloaded.ifPresent(hub -> hub.check(container, problems));
    downloaded.ifPresent(hub -> hub.warnOfProbe(container, warnings));
    String model =
        downloaded.isPresent() ? "" : model(container, tags, resources, warnings, problems);
    String environment = environment(container, tags, resources, warnings, problems);
    String code = code(container, tags, resources, problems);
    return new Parts(
        resources,
        model,
        environment,
        code,
        downloaded.map(hub -> hub.variables(variables)).orElse(variables));
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
    problems.check(
        options.registry().isEmpty() || Locations.isOfHub(weights),
        "artifact.metadata.options",
        "must not have a registry in AzureMlArtifact, unless the weights are hf://ORG/NAME: a model of another "
            + "registry is at azureml://registries/REGISTRY/models/NAME/versions/VERSION",
        options.registry().orElse(""));
    Optional<String> registered = Locations.isOfHub(weights)
        ? Optional.of(ofHub(container, options, problems))
        : Locations.registeredModel(weights.toString());
    return registered.isPresent()
        ? checked(registered.get(), options, warnings, problems)
        : files(container, options, tags, resources, problems);
  }

  private static String ofHub(Container container, AzureMlArtifact options, Problems problems) {
    URI weights = container.artifact().weights();
    Locations.checkHub(weights, problems);
    problems.check(
        container.artifact().metadata().task().isPresent()
            || container.runtime().image().isPresent()
            || options.registry().isPresent(),
        "artifact.metadata.task",
        "must be one of " + ModelTask.ids()
            + ", as in ModelArtifact.huggingFace(id, task), unless an image or "
            + "AzureMlArtifact.fromRegistry(\"HuggingFace\") says which container the model has",
        "none");
    return Locations.ofHub(
        weights, options.registry().orElse(HUGGING_FACE), options.registryVersion());
  }

  /** {@return the reference of a model that others have registered, which has all but tags already} */
  private static String checked(
      String registered, AzureMlArtifact options, List<String> warnings, Problems problems) {
    String wayOut = " in AzureMlArtifact, because the model is registered already";
    problems
        .check(
            options.description().isEmpty(),
            "artifact.metadata.options",
            "must not have a description" + wayOut,
            options.description().orElse(""))
        .check(
            options.type() == AzureMlArtifact.Type.CUSTOM_MODEL,
            "artifact.metadata.options",
            "must not have a type" + wayOut,
            options.type());
    if (Locations.isNewest(registered)) {
      warnings.add(
          "the model is the newest in its registry when it is deployed: a version, as in "
              + "AzureMlArtifact.fromRegistry or azureml://registries/.../versions/3, makes it the same each time");
    }
    return registered;
  }

  /** {@return the reference of a model that is registered here} */
  private String files(
      Container container,
      AzureMlArtifact options,
      SortedMap<String, String> tags,
      List<Resource<?>> resources,
      Problems problems) {
    URI weights = container.artifact().weights();
    String location = weights.toString();
    Locations.checkFiles(
        "artifact.weights",
        weights,
        ", a registered model as azureml:NAME:VERSION or azureml://registries/REGISTRY/models/NAME/versions/VERSION, "
            + "or hf://ORG/NAME",
        problems);
    AssetRef name = new AssetRef(
        AzureMlNames.ASSETS.of(
            ContentName.readablePart(container.artifact()),
            names.content(location),
            options.type().name()),
        names.versionAt(location));
    require(location, resources);
    resources.add(Resource.shared(
        ModelSpec.KIND,
        name.toString(),
        new ModelSpec(location, options.type(), options.description(), tags)));
    return name.toString();
  }

  /** {@return the environment, as a deployment refers to it; empty if the model brings one} */
  private String environment(
      Container container,
      SortedMap<String, String> tags,
      List<Resource<?>> resources,
      List<String> warnings,
      Problems problems) {
    RuntimeSpec runtime = container.runtime();
    String image = runtime.image().orElse("");
    Optional<String> registered = Locations.registeredEnvironment(image);
    if (registered.isPresent()) {
      checkNothingIsAdded(container, " on top of a registered environment", problems);
      if (Locations.isNewest(image)) {
        warnings.add(
            "the environment is the newest in its registry when it is deployed: a version, as in "
                + "azureml://registries/.../versions/3, makes it the same each time");
      }
      return registered.get();
    }
    if (image.isEmpty()) {
      checkNothingIsAdded(container, " without an image to add it to", problems);
      problems.check(
          bringsEnvironment(container),
          "runtime.image",
          "must be given: only registered models and those of MLflow and of Triton bring an environment, and none for "
              + "a script",
          "none");
      return "";
    }
    problems.check(
        !image.startsWith(Locations.SCHEME + ":"),
        "runtime.image",
        "must be an image, or a registered environment as azureml:NAME:VERSION or "
            + "azureml://registries/REGISTRY/environments/NAME/versions/VERSION",
        image);
    Optional<CondaFile> conda = conda(runtime);
    String condaFile = CondaYaml.of(conda, container.dependencies().packages());
    problems.check(
        conda.isEmpty() || !condaFile.isEmpty(),
        "runtime.options",
        "must have dependencies in the conda file of AzureMlRuntime, or packages for pip",
        "none");
    Optional<AzureMlContainer.Server> server =
        server(runtime).or(() -> HubModel.downloadedBy(container).flatMap(HubModel::listening));
    List<String> content = new ArrayList<>(List.of(image, condaFile));
    server.ifPresent(there -> content.addAll(List.of(
        String.valueOf(there.port()),
        there.scoringPath(),
        there.livenessPath(),
        there.readinessPath())));
    AssetRef name = new AssetRef(
        AzureMlNames.ASSETS.of(readableImage(image), content.toArray(String[]::new)),
        AzureMlNames.FIRST);
    resources.add(Resource.shared(
        EnvironmentSpec.KIND,
        name.toString(),
        new EnvironmentSpec(image, condaFile, server, tags)));
    return name.toString();
  }

  private static Optional<CondaFile> conda(RuntimeSpec runtime) {
    return runtime.options().find(AzureMlRuntime.class).flatMap(AzureMlRuntime::condaFile);
  }

  private static Optional<AzureMlContainer.Server> server(RuntimeSpec runtime) {
    return runtime.options().find(AzureMlContainer.class).flatMap(AzureMlContainer::server);
  }

  private static void checkNothingIsAdded(Container container, String wayOut, Problems problems) {
    problems
        .check(
            container.dependencies().packages().isEmpty(),
            "dependencies.packages",
            "must be empty" + wayOut,
            container.dependencies().packages())
        .check(
            conda(container.runtime()).isEmpty(),
            "runtime.options",
            "must not have a conda file in AzureMlRuntime" + wayOut,
            "one")
        .check(
            server(container.runtime()).isEmpty(),
            "runtime.options",
            "must not have a server in AzureMlContainer" + wayOut,
            "one");
  }

  private static boolean bringsEnvironment(Container container) {
    URI weights = container.artifact().weights();
    boolean hasOne = artifact(container).type() != AzureMlArtifact.Type.CUSTOM_MODEL
        || Locations.isOfHub(weights)
        || Locations.registeredModel(weights.toString()).isPresent();
    return hasOne && script(container).isEmpty();
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
    ModelArtifact artifact = container.artifact();
    boolean isApart = !artifact.code().equals(artifact.weights());
    problems.check(
        script(container).isPresent() || !isApart,
        "dependencies.options",
        "must have AzureMlDependencies with the script of the code to run, such as score.py",
        "none");
    if (script(container).isEmpty()) {
      return "";
    }
    String location = artifact.code().toString();
    Locations.checkFiles("artifact.code", artifact.code(), "", problems);
    problems.check(
        !location.endsWith(".py"),
        "artifact.code",
        "must be the folder with the script, not the script itself",
        artifact.code());
    AssetRef name = new AssetRef(
        AzureMlNames.ASSETS.of(ContentName.readablePart(artifact), names.content(location), "code"),
        names.versionAt(location));
    require(location, resources);
    resources.add(Resource.shared(CodeSpec.KIND, name.toString(), new CodeSpec(location, tags)));
    return name.toString();
  }

  private static Optional<AzureMlDependencies> script(Container container) {
    return container.dependencies().options().find(AzureMlDependencies.class);
  }

  private void require(String location, List<Resource<?>> resources) {
    names
        .keyAt(location)
        .map(key -> Resource.requiredShared(Uploads.KIND, key))
        .filter(upload -> !resources.contains(upload))
        .ifPresent(resources::add);
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
    warnOf(scaling, endpoint.container().runtime(), warnings);
    warnOfChats(endpoint, warnings);
    AzureMlRouting ofVariant =
        routing.options().find(AzureMlRouting.class).orElse(AzureMlRouting.mirror(0));
    if (!ofVariant.evaluationRules().isEmpty()) {
      warnings.add(
          "Azure ML evaluates no rules: those of AzureMlRouting are kept as tags of the deployment");
    }
    SortedMap<String, String> tags =
        AzureMlTags.users(endpoint.artifact().metadata(), config.tags(), Problems.in("tags"));
    DeploymentSpec deployment = deployment(endpoint, parts, ofVariant, tags);
    problems.check(
        !scaling.isAutomatic() || tags.size() <= AutoscaleSpec.MOST_TAGS,
        "container.artifact.metadata.labels",
        "must be at most " + AutoscaleSpec.MOST_TAGS
            + " together with AzureMlConfig.tags where the instances follow the load, because Azure Monitor takes 15 tags",
        tags.size());
    if (!ofVariant.evaluationRules().isEmpty()) {
      AzureMlConfig.checkTags("routing.options", deployment.allTags(), problems);
    }
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
    // Without the option, a mirror that was set by hand stays.
    routing
        .options()
        .find(AzureMlRouting.class)
        .map(given -> given.mirrorPercent() > 0
            ? Resource.part(Mirror.KIND, path, new Mirror(given.mirrorPercent()))
            : Resource.noPart(Mirror.KIND, path))
        .ifPresent(resources::add);
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
            scaling.max())
        .check(
            scaling.instanceType().filter(type -> !Machines.isType(type)).isEmpty(),
            "scaling.instanceType",
            "must be a size of virtual machines of Azure, such as Standard_DS3_v2",
            scaling.instanceType().orElse(""));
    scaling
        .options()
        .find(AzureMlAutoscaling.class)
        .ifPresent(rules -> problems.check(
            rules.metric() != AzureMlAutoscaling.Metric.GPU
                || Machines.haveGpus(instanceType(scaling)),
            "scaling.options",
            "must not follow the GPUs in AzureMlAutoscaling, because the instances have none",
            instanceType(scaling)));
  }

  private static String instanceType(Scaling scaling) {
    return scaling.instanceType().orElse(DeploymentSpec.USUAL_INSTANCES);
  }

  private static void warnOf(Scaling scaling, RuntimeSpec runtime, List<String> warnings) {
    String type = instanceType(scaling);
    String image = runtime.image().orElse("");
    if (Machines.isForGpus(image) && !Machines.haveGpus(type)) {
      warnings.add(
          "the image's name says that it needs a GPU, and " + type + " has none: " + image);
    }
    int most = scaling.max();
    if (most > 1) {
      warnings.add(
          "Azure ML reserves a fifth more instances for upgrades: the quota has to have room for "
              + Machines.reserved(most) + " of " + type + " for a deployment of " + most);
    }
  }

  private static void warnOfChats(Endpoint endpoint, List<String> warnings) {
    if (!endpoint.artifact().metadata().task().equals(Optional.of(ModelTask.CHAT))) {
      return;
    }
    String type = instanceType(endpoint.scaling());
    boolean isToldAlready =
        Machines.isForGpus(endpoint.container().runtime().image().orElse(""));
    if (!Machines.haveGpus(type) && !isToldAlready) {
      warnings.add("a model for chats needs a GPU mostly, and " + type + " has none");
    }
    AzureMlScaling limits =
        endpoint.scaling().options().find(AzureMlScaling.class).orElse(AzureMlScaling.DEFAULT);
    if (limits.requestTimeout().isEmpty() || limits.maxConcurrentRequests().isEmpty()) {
      warnings.add(
          "Azure ML's own limits are one request at a time for each instance, and 5 seconds for each, in which few chats "
              + "are answered: AzureMlScaling has both");
    }
  }

  private static DeploymentSpec deployment(
      Endpoint endpoint, Parts parts, AzureMlRouting routing, SortedMap<String, String> tags) {
    Scaling scaling = endpoint.scaling();
    RuntimeSpec runtime = endpoint.container().runtime();
    return new DeploymentSpec(
        parts.model(),
        parts.environment(),
        parts.code(),
        script(endpoint.container()).map(AzureMlDependencies::entryScript).orElse(""),
        Dependencies.environment(parts.variables()),
        instanceType(scaling),
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
