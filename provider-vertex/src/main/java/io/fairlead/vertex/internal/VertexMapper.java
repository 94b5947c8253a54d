package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.AcceleratorType;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.provider.ContentName;
import io.fairlead.provider.Fingerprint;
import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.EndpointMapper;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Resource;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexEndpoint.Access;
import io.fairlead.vertex.VertexLogging;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVersion;
import io.fairlead.vertex.internal.DeployedModelSpec.SharedPool;
import io.fairlead.vertex.internal.catalog.Images;
import io.fairlead.vertex.internal.catalog.Machines;
import io.fairlead.vertex.internal.storage.Artifacts;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The mapping of the grammar to Vertex AI's resources. It checks the rules in the comments of the API's messages,
 * which the SDK does not check.
 */
final class VertexMapper implements EndpointMapper {
  private static final Pattern SECRET = Pattern.compile(
      "(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|(API|ACCESS|PRIVATE)_?KEY|CREDENTIALS?)($|_)");
  /** The scheme of models that are in Vertex AI's model registry. */
  static final String REGISTRY = "vertex";

  static final String HUB_MODEL = "MODEL_ID";
  /** The variable with the location of a model's code, if it is not that of its weights. */
  static final String CODE = "CODE_URI";
  /** The prefix of variables that Vertex AI sets. */
  private static final String RESERVED = "AIP_";

  /** Cloud Storage allows names of 1024 bytes, which include the key of the upload. */
  private static final LocalModel.Rules FILES =
      LocalModel.Rules.of(VertexProvider.ID).withLongestName(900);

  private static final int LONGEST_NAME = 63;
  private static final Pattern IMAGE =
      Pattern.compile("([a-z0-9-]+-docker\\.pkg\\.dev|([a-z]+\\.)?gcr\\.io)/\\S+");
  private static final Pattern ENDPOINT_ID =
      Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}");
  private static final Pattern MACHINE_TYPE = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)+");
  private static final Pattern REGISTERED =
      Pattern.compile("projects/[^/]+/locations/[^/]+/models/[^/@]+(@[^/@]+)?");
  private static final Pattern DIRECTORY = Pattern.compile("gs://[^/]+(/.*)?");
  private static final Pattern ONE_FILE = Pattern.compile(
      "(?i).*\\.(onnx|pkl|pickle|joblib|bst|pt|pth|h5|keras|safetensors|gguf|tar|tar\\.gz|tgz|zip)");

  private final VertexConfig config;

  /** The artifact bucket; empty if there is none. */
  private final String bucket;

  private final Map<String, String> labels;
  /** The encryption key of all that is created; empty if there is none. */
  private final String encryptionKey;

  private final Set<Class<? extends PlatformOptions>> options = new VertexOptionsProvider().types();

  VertexMapper(VertexConfig config) {
    this.config = config;
    this.bucket = config.artifactBucket().orElse("");
    this.labels = config.labels();
    this.encryptionKey = config.encryptionKey().orElse("");
  }

  @Override
  public KindName<?> variantKind(Endpoint endpoint) {
    return DeployedModelSpec.KIND;
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
    if (!isLocal(artifact.weights()) || bucket.isEmpty()) {
      return List.of();
    }
    Optional<Path> code = artifact.code().equals(artifact.weights()) || !isLocal(artifact.code())
        ? Optional.empty()
        : Optional.of(Path.of(artifact.code()));
    return List.of(new LocalModel.Source(Path.of(artifact.weights()), code, FILES));
  }

  @Override
  public Container uploaded(Container container, List<String> hashes) {
    ModelArtifact artifact = container.artifact();
    URI weights = URI.create(Artifacts.location(bucket, Artifacts.KEYS.of(hashes.get(0))));
    URI code = isLocal(artifact.code()) ? weights : artifact.code();
    ModelArtifact there = ModelArtifact.of(code, weights)
        .withMetadata(artifact.metadata().withName(ContentName.readablePart(artifact)));
    return new Container(there, container.runtime(), container.dependencies());
  }

  @Override
  public Resource<?> upload(LocalModel model) {
    return Resource.shared(Artifacts.KIND, Artifacts.KEYS.of(model.sha256()), Artifacts.of(model));
  }

  private static boolean isLocal(URI uri) {
    return "file".equals(uri.getScheme());
  }

  // ---- containers ----

  @Override
  public Mapping container(Container container) {
    Problems problems = Problems.in("Container");
    List<String> warnings = new ArrayList<>();
    ModelSpec model = model(container, warnings, problems);
    problems.throwIfAny();
    return new Mapping(resources(container, model), warnings);
  }

  private List<Resource<?>> resources(Container container, ModelSpec model) {
    List<Resource<?>> resources = new ArrayList<>();
    if (isRegistered(container.artifact())) {
      // Others own it.
      return resources;
    }
    uploadOf(model).ifPresent(key -> resources.add(Resource.requiredShared(Artifacts.KIND, key)));
    resources.add(
        Resource.shared(ModelSpec.KIND, modelName(container, model), new ModelSpec.Merged(model)));
    return resources;
  }

  private Optional<String> uploadOf(ModelSpec model) {
    return Artifacts.keyOf(bucket, model.artifactUri());
  }

  private static boolean isRegistered(ModelArtifact artifact) {
    return REGISTRY.equals(artifact.weights().getScheme());
  }

  /** {@return the full name of a model in the registry} */
  private static String registered(ModelArtifact artifact) {
    return artifact.weights().toString().replaceFirst("^" + REGISTRY + "://", "");
  }

  /** {@return the state of a model in the registry, of which nothing but the labels is known and used} */
  private ModelSpec registered(Container container, List<String> warnings, Problems problems) {
    VertexContainer options =
        container.runtime().options().find(VertexContainer.class).orElse(VertexContainer.DEFAULT);
    VertexContainer routesOnly = options.invokeRoutes()
        ? options
            .invokePath()
            .map(VertexContainer.DEFAULT::withInvokeRoutes)
            .orElseGet(VertexContainer.DEFAULT::withInvokeRoutes)
        : VertexContainer.DEFAULT;
    String wayOut = ", because a registered model has the container that it was uploaded with";
    problems
        .check(
            REGISTERED.matcher(registered(container.artifact())).matches(),
            "artifact.weights",
            "must be vertex://projects/PROJECT/locations/LOCATION/models/ID, with @ and a version's number or alias "
                + "if any",
            container.artifact().weights())
        .check(
            container.artifact().code().equals(container.artifact().weights()),
            "artifact.code",
            "must be the location of the weights for a registered model",
            container.artifact().code())
        .check(
            container.runtime().image().isEmpty(),
            "runtime.image",
            "must be left out" + wayOut,
            container.runtime().image().orElse(""))
        .check(
            options.equals(routesOnly),
            "runtime.options",
            "must not have a VertexContainer with more than invoke routes" + wayOut,
            options)
        .check(
            container.dependencies().environment().isEmpty()
                && container.dependencies().packages().isEmpty(),
            "dependencies",
            "must be empty" + wayOut,
            container.dependencies())
        .check(
            version(container).isEmpty(),
            "artifact.metadata.options",
            "must not have a VertexVersion, because the model is in the registry already",
            version(container).map(VertexVersion::parent).orElse(""));
    return new ModelSpec(
        ContentName.readablePart(container.artifact()),
        "",
        Dependencies.NONE,
        "",
        options,
        List.of(),
        VertexTags.users(container.artifact().metadata(), labels, warnings, problems),
        "");
  }

  /** {@return the state of a container's model} */
  private ModelSpec model(Container container, List<String> warnings, Problems problems) {
    if (isRegistered(container.artifact())) {
      return registered(container, warnings, problems);
    }
    problems.check(
        container.dependencies().packages().isEmpty(),
        "dependencies.packages",
        "must be empty: Vertex AI installs no packages, so add them to the image",
        container.dependencies().packages());
    Map<String, String> environment = new TreeMap<>(container.dependencies().environment());
    for (String name : environment.keySet()) {
      problems.check(
          !name.startsWith(RESERVED),
          "dependencies.environment",
          "must not have names that begin with AIP_, which Vertex AI sets",
          name);
    }
    environment.keySet().stream()
        .filter(name -> SECRET.matcher(name).find())
        .forEach(name -> warnings.add("the environment variable " + name
            + " is readable by everybody who may read the model (aiplatform.models.get), because Vertex AI has no "
            + "secrets for containers: let the container read it from Secret Manager as its service account, or "
            + "copy the model to Cloud Storage"));
    String directory = directory(container.artifact(), environment, warnings, problems);
    String image = image(container, problems);
    return new ModelSpec(
        ContentName.readablePart(container.artifact()),
        image,
        Dependencies.environment(environment),
        directory,
        container.runtime().options().find(VertexContainer.class).orElse(VertexContainer.DEFAULT),
        version(container).map(VertexVersion::aliases).orElse(List.of()),
        VertexTags.users(container.artifact().metadata(), labels, warnings, problems),
        encryptionKey);
  }

  private static Optional<VertexVersion> version(Container container) {
    return container.artifact().metadata().options().find(VertexVersion.class);
  }

  private static String image(Container container, Problems problems) {
    String given = container.runtime().image().orElse("");
    boolean isOfHub = "hf".equals(container.artifact().weights().getScheme());
    if (given.isEmpty() && isOfHub) {
      problems.check(
          container.artifact().metadata().task().isPresent(),
          "artifact.metadata.task",
          "must be " + ModelTask.ids()
              + ", by which the container that Google has verified for a model of the "
              + "Hugging Face hub is taken from Model Garden, or runtime.image must be given",
          "none");
      return given;
    }
    problems.check(
        IMAGE.matcher(given).matches(),
        "runtime.image",
        "must be in Artifact Registry or Container Registry, such as us-docker.pkg.dev/project/repository/image:tag",
        given);
    return given;
  }

  private static String directory(
      ModelArtifact artifact,
      Map<String, String> environment,
      List<String> warnings,
      Problems problems) {
    URI weights = artifact.weights();
    URI code = artifact.code();
    boolean apart = !code.equals(weights);
    String scheme = String.valueOf(weights.getScheme());
    if (scheme.equals("hf")) {
      problems.check(
          !apart,
          "artifact.code",
          "must be the location of the weights for a model of the Hugging Face hub",
          code);
      problems.check(
          String.valueOf(weights.getPath()).matches("/[^/@]+"),
          "artifact.weights",
          "must be hf://ORG/NAME: the container takes a revision or a file by environment variables of its own",
          weights);
      environment.putIfAbsent(HUB_MODEL, weights.getAuthority() + weights.getPath());
      return "";
    }
    if (apart) {
      problems.check(
          "gs".equals(code.getScheme()) || (isLocal(code) && isLocal(weights)),
          "artifact.code",
          "must be at gs://, or at file: together with the weights",
          code.getScheme() + ":");
      environment.putIfAbsent(CODE, code.toString());
      warnings.add(
          "a model of Vertex AI has one directory, which is that of the weights: the container finds the code "
              + "by the environment variable "
              + CODE);
    }
    if (scheme.equals("gs")) {
      problems
          .check(
              DIRECTORY.matcher(weights.toString()).matches(),
              "artifact.weights",
              "must name a bucket, such as gs://bucket/folder/",
              weights)
          .check(
              !ONE_FILE.matcher(weights.toString()).matches(),
              "artifact.weights",
              "must be the folder of the model's files, not one of them",
              weights);
      return weights.toString();
    }
    problems.check(
        false,
        "artifact.weights",
        scheme.equals("file")
            ? "must be in Cloud Storage, unless the platform's settings name a bucket to upload to"
            : "must be at gs://, file:, hf:// or vertex://, because Vertex AI reads no other locations",
        scheme.equals("file") ? weights : scheme + ":");
    return "";
  }

  /** {@return the options of a container that Vertex AI is told} */
  private static VertexContainer sent(VertexContainer container) {
    return container.invokeRoutes() ? container.withInvokeRoutes() : container;
  }

  private static String modelName(Container container, ModelSpec model) {
    if (isRegistered(container.artifact())) {
      return registered(container.artifact());
    }
    List<String> content = new ArrayList<>(
        List.of(model.image(), model.artifactUri(), GrammarJson.write(sent(model.container()))));
    if (!model.encryptionKey().isEmpty()) {
      // It cannot be changed.
      content.add(model.encryptionKey());
    }
    model
        .environment()
        .environment()
        .forEach((name, value) -> content.addAll(List.of(name, value)));
    String[] parts = content.toArray(String[]::new);
    return version(container)
        .map(version -> version.parent() + "@" + Fingerprint.of(parts))
        .orElseGet(() -> VertexNames.of(model.displayName(), parts));
  }

  // ---- endpoints ----

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    List<String> warnings = new ArrayList<>();
    Problems ofContainer = Problems.in("Container");
    ModelSpec model = model(endpoint.container(), warnings, ofContainer);
    Problems problems = Problems.in("Endpoint");
    ofContainer.found().forEach(found -> problems.add(found.under("container")));
    String path = endpoint.routing().path();
    check(endpoint, problems);
    checkAccess(endpoint, warnings, problems);
    VertexRuntime runtime = endpoint
        .container()
        .runtime()
        .options()
        .find(VertexRuntime.class)
        .orElse(VertexRuntime.DEFAULT);
    VertexMachine machine = machine(endpoint.scaling(), runtime, warnings, problems);
    checkImage(model.image(), machine, warnings);
    problems.throwIfAny();

    String modelName = modelName(endpoint.container(), model);
    Optional<String> pool = endpoint
        .scaling()
        .options()
        .find(VertexPool.class)
        .map(named -> VertexNames.PREFIX + named.name());
    List<Resource<?>> resources = resources(endpoint.container(), model);
    pool.ifPresent(id -> resources.add(Resource.shared(
        PoolSpec.KIND,
        id,
        new PoolSpec.Merged(
            new PoolSpec(machine, runtime.serviceAccount().orElse(""), encryptionKey)))));
    resources.add(Resource.shared(
        EndpointSpec.KIND,
        endpoint.name(),
        new EndpointSpec.Merged(
            access(endpoint),
            endpoint
                .routing()
                .options()
                .find(VertexLogging.class)
                .map(logging -> logging.samplingRate() > 0 ? logging : EndpointSpec.NOT_LOGGED),
            labels(
                endpoint,
                model,
                new VariantLabels(
                    Optional.of(endpoint.routing().variant()),
                    isRegistered(endpoint.artifact()) ? VariantLabels.REGISTERED : modelName,
                    uploadOf(model),
                    pool)),
            labels,
            encryptionKey)));
    resources.add(Resource.variant(
        DeployedModelSpec.KIND,
        path,
        new DeployedModelSpec(
            modelName,
            pool.<DeployedModelSpec.Machines>map(SharedPool::new).orElse(machine),
            runtime.serviceAccount().orElse(""),
            runtime.containerLogging(),
            runtime.accessLogging(),
            List.of())));
    resources.add(endpoint
        .routing()
        .options()
        .find(VertexMonitoring.class)
        .<Resource<?>>map(watched -> Resource.part(
            MonitoringSpec.KIND,
            path,
            new MonitoringSpec.Shared(
                MonitoringSpec.of(watched).withLabels(model.labels()), labels)))
        .orElseGet(() -> Resource.noPart(MonitoringSpec.KIND, path)));
    return new Mapping(resources, warnings);
  }

  private static void check(Endpoint endpoint, Problems problems) {
    problems
        .check(
            ENDPOINT_ID.matcher(endpoint.name()).matches(),
            "routing.name",
            "must be 1 to 63 lowercase letters, digits and hyphens that begin with a letter and end with a "
                + "letter or digit, or a number of at most 9 digits",
            endpoint.name())
        .check(
            VariantLabels.written(endpoint.routing().variant()).length() <= LONGEST_NAME,
            "routing.variant",
            "must be at most 63 characters, of which uppercase letters count twice",
            endpoint.routing().variant());
  }

  /** {@return the network access; a container with invoke routes implies a dedicated endpoint} */
  private static Optional<VertexEndpoint> access(Endpoint endpoint) {
    Optional<VertexEndpoint> given = endpoint.routing().options().find(VertexEndpoint.class);
    return given.isEmpty() && hasInvokeRoutes(endpoint.container())
        ? Optional.of(VertexEndpoint.dedicated())
        : given;
  }

  private static boolean hasInvokeRoutes(Container container) {
    return container
        .runtime()
        .options()
        .find(VertexContainer.class)
        .filter(VertexContainer::invokeRoutes)
        .isPresent();
  }

  private static void checkAccess(Endpoint endpoint, List<String> warnings, Problems problems) {
    Optional<VertexEndpoint> given = endpoint.routing().options().find(VertexEndpoint.class);
    if (!hasInvokeRoutes(endpoint.container())) {
      return;
    }
    given.ifPresent(access -> problems.check(
        access.access() == Access.DEDICATED,
        "routing.options",
        "must have VertexEndpoint.dedicated(), or none: Vertex AI offers the invoke routes of the container on "
            + "dedicated endpoints only",
        access.access()));
    if (given.isEmpty()) {
      warnings.add("the endpoint is dedicated, because the container has invoke routes");
    }
  }

  /** An image for accelerators fails on a machine without one half an hour later, if at all it says why. */
  private static void checkImage(String image, VertexMachine machine, List<String> warnings) {
    if (Machines.haveAccelerators(machine.type(), machine.acceleratorCount())
        || !Images.areForAccelerators(image)) {
      return;
    }
    warnings.add("the image's name says that it needs an accelerator, and " + machine.type()
        + " has none: " + image);
  }

  private static SortedMap<String, String> labels(
      Endpoint endpoint, ModelSpec model, VariantLabels variantLabels) {
    SortedMap<String, String> labels = new TreeMap<>(model.labels());
    labels.putAll(
        variantLabels.labels(VertexNames.deployedModelId(endpoint.routing().path())));
    return labels;
  }

  private static VertexMachine machine(
      Scaling scaling, VertexRuntime runtime, List<String> warnings, Problems problems) {
    VertexScaling own = scaling.options().find(VertexScaling.class).orElse(VertexScaling.DEFAULT);
    Optional<VertexAutoscaling> autoscaling = scaling.options().find(VertexAutoscaling.class);
    String machineType = scaling.instanceType().orElse("");
    String accelerator = runtime.accelerator().orElse("");
    boolean isKnown = Arrays.stream(AcceleratorType.values())
        .anyMatch(type -> type.name().equals(accelerator)
            && type != AcceleratorType.ACCELERATOR_TYPE_UNSPECIFIED);
    problems
        .check(
            MACHINE_TYPE.matcher(machineType).matches(),
            "scaling.instanceType",
            "must be a machine type of Google Cloud, such as n1-standard-4",
            machineType)
        .check(
            scaling.min() >= 1,
            "scaling.min",
            "must be 1 or more: this version of Vertex AI's API does not scale to 0",
            scaling.min())
        .check(
            accelerator.isEmpty() || isKnown,
            "runtime.options",
            "must name an accelerator type of Vertex AI in VertexRuntime, such as NVIDIA_L4",
            accelerator)
        .check(
            accelerator.isEmpty() == (own.acceleratorCount() == 0),
            "scaling.options",
            "must have a VertexScaling with the number of accelerators if and only if a VertexRuntime names their type",
            own.acceleratorCount() + " of '" + accelerator + "'")
        .check(
            own.requiredReplicas().orElse(0) <= scaling.min(),
            "scaling.options",
            "must not require more replicas in VertexScaling than the minimum, which is "
                + scaling.min(),
            own.requiredReplicas().orElse(0))
        .check(
            autoscaling.isEmpty() || scaling.isAutomatic(),
            "scaling.max",
            "must be more than min where VertexAutoscaling is given",
            scaling.max())
        .check(
            autoscaling.flatMap(VertexAutoscaling::acceleratorPercent).isEmpty()
                || !accelerator.isEmpty(),
            "scaling.options",
            "must not have a target of accelerator utilization in VertexAutoscaling where there are no accelerators",
            autoscaling.flatMap(VertexAutoscaling::acceleratorPercent).orElse(0));
    if (scaling.count() > scaling.min()) {
      warnings.add("Vertex AI starts with the minimum of replicas, " + scaling.min()
          + ", and not with " + scaling.count());
    }
    Machines.check(machineType, accelerator, own.acceleratorCount(), warnings, problems);
    Machines.checkGiven(machineType, accelerator, problems);
    Machines.checkTopology(machineType, own.tpuTopology(), problems);
    SortedMap<String, Integer> targets = new TreeMap<>();
    autoscaling.ifPresent(by -> {
      by.cpuPercent().ifPresent(percent -> targets.put(VertexMachine.CPU, percent));
      by.acceleratorPercent().ifPresent(percent -> targets.put(VertexMachine.ACCELERATOR, percent));
      by.requestsPerMinute().ifPresent(requests -> targets.put(VertexMachine.REQUESTS, requests));
    });
    return new VertexMachine(
        machineType,
        accelerator,
        own.acceleratorCount(),
        new VertexMachine.Layout(
            own.tpuTopology().orElse(""),
            own.gpuPartition().orElse(""),
            own.reservation().orElse("")),
        own.spot(),
        scaling.min(),
        scaling.max(),
        own.requiredReplicas().orElse(0),
        targets);
  }
}
