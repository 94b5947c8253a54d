package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.AcceleratorType;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.provider.Fingerprint;
import io.fairlead.reconcile.EndpointMapper;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Resource;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.Traffic;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVersion;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * From the grammar to Vertex AI's resources; checks the rules that its messages' comments state, which the SDK does not.
 *
 * <p>It makes no remote call, and reads the files of an artifact that is on this machine, for their hash is their name.
 */
final class VertexMapper implements EndpointMapper {
  /** Serves text generation models of the Hugging Face hub, on machines with an accelerator. */
  static final String TEXT_GENERATION_IMAGE =
      "us-docker.pkg.dev/deeplearning-platform-release/gcr.io/huggingface-text-generation-inference-cu121.2-2.ubuntu2204.py310";

  private static final String HUB_MODEL = "MODEL_ID";
  /** Where a model's code is, if that is another place than its weights'. */
  private static final String CODE = "CODE_URI";
  /** Variables that Vertex AI sets. */
  private static final String RESERVED = "AIP_";

  private static final int LONGEST_DISPLAY_NAME = 128;
  private static final Pattern IMAGE =
      Pattern.compile("([a-z0-9-]+-docker\\.pkg\\.dev|([a-z]+\\.)?gcr\\.io)/\\S+");
  private static final Pattern ENDPOINT_ID =
      Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}");
  private static final Pattern MACHINE_TYPE = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)+");
  private static final Pattern ACCELERATORS_OF_MACHINE = Pattern.compile("a[23]-[a-z]+-(\\d+)g");

  private final VertexConfig config;
  private final VertexKinds kinds;
  private final Set<Class<? extends PlatformOptions>> options = new VertexOptionsProvider().types();

  VertexMapper(VertexConfig config, VertexKinds kinds) {
    this.config = config;
    this.kinds = kinds;
  }

  @Override
  public ResourceKind<Traffic> traffic() {
    return kinds.traffic();
  }

  @Override
  public Set<Class<? extends PlatformOptions>> options() {
    return options;
  }

  // ---- containers ----

  @Override
  public Mapping container(Container container) {
    List<Resource<?>> resources = new ArrayList<>();
    List<String> lossy = new ArrayList<>();
    ModelSpec upload = upload(container, resources, lossy);
    resources.add(Resource.shared(kinds.model(), modelName(container, upload), upload));
    return new Mapping(resources, lossy);
  }

  /** {@return what a container's model is made of; what has to be uploaded for it is added to {@code uploads}} */
  private ModelSpec upload(Container container, List<Resource<?>> uploads, List<String> lossy) {
    Problems problems = Problems.in("Container");
    problems.check(
        container.dependencies().packages().isEmpty(),
        "dependencies.packages",
        "must be empty: Vertex AI installs none, so put them into the image",
        container.dependencies().packages());
    Map<String, String> environment = new TreeMap<>(container.dependencies().environment());
    for (String name : environment.keySet()) {
      problems.check(
          !name.startsWith(RESERVED),
          "dependencies.environment",
          "must not have names that begin with AIP_, which Vertex AI sets",
          name);
    }
    String directory = directory(container.artifact(), environment, uploads, lossy, problems);
    String image = image(container, problems);
    String displayName = readable(container.artifact());
    problems.throwIfAny();
    return new ModelSpec(
        displayName,
        image,
        Dependencies.environment(environment),
        directory,
        container.runtime().options().find(VertexContainer.class).orElse(VertexContainer.DEFAULT),
        version(container).map(VertexVersion::aliases).orElse(List.of()));
  }

  private static Optional<VertexVersion> version(Container container) {
    return container.artifact().metadata().options().find(VertexVersion.class);
  }

  private static String image(Container container, Problems problems) {
    String given = container.runtime().image().orElse("");
    boolean isOfHub = "hf".equals(container.artifact().weights().getScheme());
    if (given.isEmpty() && isOfHub) {
      return TEXT_GENERATION_IMAGE;
    }
    problems.check(
        IMAGE.matcher(given).matches(),
        "runtime.image",
        "must be in Artifact Registry or Container Registry, such as us-docker.pkg.dev/project/repository/image:tag",
        given);
    return given;
  }

  private String directory(
      ModelArtifact artifact,
      Map<String, String> environment,
      List<Resource<?>> uploads,
      List<String> lossy,
      Problems problems) {
    URI weights = artifact.weights();
    URI code = artifact.code();
    boolean apart = !code.equals(weights);
    String scheme = String.valueOf(weights.getScheme());
    if (scheme.equals("hf")) {
      problems.check(
          !apart, "artifact.code", "must be the weights' location for a model of the hub", code);
      environment.putIfAbsent(HUB_MODEL, weights.getAuthority() + weights.getPath());
      return "";
    }
    boolean together = apart && scheme.equals("file") && "file".equals(code.getScheme());
    if (apart && !together) {
      problems.check(
          "gs".equals(code.getScheme()),
          "artifact.code",
          "must be at gs://, or at file: together with the weights",
          code.getScheme() + ":");
      environment.putIfAbsent(CODE, code.toString());
      lossy.add(
          "a model of Vertex AI has one directory, which is the weights': the container finds the code by the environment variable "
              + CODE);
    }
    return switch (scheme) {
      case "gs" -> weights.toString();
      case "file" ->
        uploaded(
            weights, together ? Optional.of(Path.of(code)) : Optional.empty(), uploads, problems);
      default -> {
        problems.check(
            false,
            "artifact.weights",
            "must be at gs://, file: or hf://, for Vertex AI reads nothing else",
            scheme + ":");
        yield "";
      }
    };
  }

  private String uploaded(
      URI weights, Optional<Path> code, List<Resource<?>> uploads, Problems problems) {
    if (config.artifactBucket().isEmpty()) {
      problems.check(
          false,
          "artifact.weights",
          "must be in Cloud Storage, unless the platform's settings name a bucket to upload to",
          weights);
      return "";
    }
    ArtifactSpec artifact = kinds.artifact().local(Path.of(weights), code);
    uploads.add(Resource.shared(kinds.artifact(), artifact.key(), artifact));
    return "gs://" + config.artifactBucket().get() + "/" + artifact.key() + "/";
  }

  private static String modelName(Container container, ModelSpec upload) {
    List<String> content = new ArrayList<>(
        List.of(upload.image(), upload.artifactUri(), GrammarJson.write(upload.container())));
    upload.environment().environment().forEach((name, value) -> {
      content.add(name);
      content.add(value);
    });
    String[] parts = content.toArray(String[]::new);
    return version(container)
        .map(version -> version.parent() + "@" + Fingerprint.of(parts))
        .orElseGet(() -> VertexNames.of(upload.displayName(), parts));
  }

  static String readable(ModelArtifact artifact) {
    Optional<String> name = artifact.metadata().name();
    if (name.isPresent()) {
      return name.get();
    }
    String path = String.valueOf(artifact.weights().getPath()).replaceFirst("/+$", "");
    String last = path.substring(path.lastIndexOf('/') + 1);
    if (last.isEmpty()) {
      return "model";
    }
    int length = Math.min(last.codePointCount(0, last.length()), LONGEST_DISPLAY_NAME);
    return last.substring(0, last.offsetByCodePoints(0, length));
  }

  // ---- endpoints ----

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    List<String> lossy = new ArrayList<>();
    ModelSpec upload = upload(endpoint.container(), new ArrayList<>(), new ArrayList<>());
    Problems problems = Problems.in("Endpoint")
        .check(
            ENDPOINT_ID.matcher(endpoint.name()).matches(),
            "routing.name",
            "must be 1 to 63 small letters, digits and hyphens that begin with a letter and end with a letter or digit, or a number of at most 9 digits",
            endpoint.name());
    RuntimeSpec runtime = endpoint.container().runtime();
    VertexRuntime machines =
        runtime.options().find(VertexRuntime.class).orElse(VertexRuntime.DEFAULT);
    VertexMachine machine = machine(endpoint.scaling(), machines, lossy, problems);
    problems.throwIfAny();

    List<Resource<?>> resources = new ArrayList<>();
    Optional<String> pool = endpoint.scaling().options().find(VertexPool.class).map(PoolKind::id);
    pool.ifPresent(id -> resources.add(Resource.shared(kinds.pool(), id, new PoolSpec(machine))));
    resources.add(publicEndpoint(endpoint));
    DeployedModelSpec variant = new DeployedModelSpec(
        modelName(endpoint.container(), upload),
        pool.isPresent() ? Optional.empty() : Optional.of(machine),
        pool.orElse(""),
        machines.serviceAccount().orElse(""),
        machines.containerLogging(),
        machines.accessLogging());
    String path = endpoint.routing().path();
    resources.add(Resource.variant(kinds.deployedModel(), path, variant));
    resources.add(kinds
        .monitoring()
        .resource(path, endpoint.routing().options().find(VertexMonitoring.class)));
    return new Mapping(resources, lossy);
  }

  /** {@return the endpoint, which stays as it is in what this variant does not say} */
  private Resource<EndpointSpec> publicEndpoint(Endpoint endpoint) {
    Optional<VertexEndpoint> access = endpoint.routing().options().find(VertexEndpoint.class);
    Optional<VertexLogging> logging = endpoint.routing().options().find(VertexLogging.class);
    return new Resource<>(
        kinds.endpoint(),
        endpoint.name(),
        Resource.Goal.PRESENT,
        Resource.Role.SHARED,
        actual -> new EndpointSpec(
            access.or(() -> actual.map(EndpointSpec::access)).orElse(VertexEndpoint.shared()),
            logging.isPresent()
                ? logging.filter(wanted -> wanted.samplingRate() > 0)
                : actual.flatMap(EndpointSpec::logging)));
  }

  private static VertexMachine machine(
      Scaling scaling, VertexRuntime runtime, List<String> lossy, Problems problems) {
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
            "must be a machine type of Google Cloud's, such as n1-standard-4",
            machineType)
        .check(
            scaling.min() >= 1,
            "scaling.min",
            "must be 1 or more: this version of Vertex AI's API does not scale to 0",
            scaling.min())
        .check(
            accelerator.isEmpty() || isKnown,
            "runtime.options",
            "must name a type of accelerator that Vertex AI has in VertexRuntime, such as NVIDIA_L4",
            accelerator)
        .check(
            accelerator.isEmpty() == (own.acceleratorCount() == 0),
            "scaling.options",
            "must have a VertexScaling with the number of accelerators exactly where a VertexRuntime names their type",
            own.acceleratorCount() + " of '" + accelerator + "'")
        .check(
            own.requiredReplicas().orElse(0) <= scaling.min(),
            "scaling.options",
            "must not require more replicas in VertexScaling than the least, which is "
                + scaling.min(),
            own.requiredReplicas().orElse(0))
        .check(
            autoscaling.isEmpty() || scaling.isAutomatic(),
            "scaling.max",
            "must be more than min where VertexAutoscaling says what to scale by",
            scaling.max())
        .check(
            autoscaling.flatMap(VertexAutoscaling::acceleratorPercent).isEmpty()
                || !accelerator.isEmpty(),
            "scaling.options",
            "must not look at the load of accelerators in VertexAutoscaling where there are none",
            autoscaling.flatMap(VertexAutoscaling::acceleratorPercent).orElse(0));
    if (scaling.count() > scaling.min()) {
      lossy.add("Vertex AI begins with the least replicas, " + scaling.min() + ", and not with "
          + scaling.count());
    }
    Matcher whole = ACCELERATORS_OF_MACHINE.matcher(machineType);
    if (whole.matches() && own.acceleratorCount() < Integer.parseInt(whole.group(1))) {
      lossy.add("each " + machineType + " has " + whole.group(1)
          + " accelerators, of which a replica takes " + own.acceleratorCount()
          + ": whether others can share the rest is Vertex AI's to say");
    }
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
        own.spot(),
        scaling.min(),
        scaling.max(),
        own.requiredReplicas().orElse(0),
        targets);
  }
}
