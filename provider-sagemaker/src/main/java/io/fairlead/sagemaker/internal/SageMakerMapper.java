package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.reconcile.EndpointMapper;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Resource;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.Traffic;
import io.fairlead.sagemaker.SageMakerArtifact;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerDependencies;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.SageMakerOptionsProvider;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.SageMakerRuntime;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import io.fairlead.sagemaker.internal.Variant.Autoscaling;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * From the grammar to SageMaker's resources; checks the rules of its API, which the SDK does not.
 *
 * <p>It makes no remote call, and reads the files of an artifact that is on this machine, for their hash is their name.
 */
final class SageMakerMapper implements EndpointMapper {
  static final Pattern INSTANCE_TYPE = Pattern.compile("ml\\.[a-z0-9-]+\\.[a-z0-9-]+");
  private static final String SUBMIT_DIRECTORY = "SAGEMAKER_SUBMIT_DIRECTORY";
  private static final String PROGRAM = "SAGEMAKER_PROGRAM";
  private static final String HUB_MODEL = "HF_MODEL_ID";
  private static final String HUB_TASK = "HF_TASK";
  private static final String CODE_IN_MODEL = "/opt/ml/model/code";
  private static final int MOST_VARIABLES = 100;
  private static final int LONGEST_VARIABLE = 1024;
  private static final int LARGEST_ENVIRONMENT = 32 * 1024;
  private static final int LONGEST_LOCATION = 1024;

  private final SageMakerConfig config;
  private final SageMakerKinds kinds;
  private final LocalArchives archives = new LocalArchives();

  SageMakerMapper(SageMakerConfig config, SageMakerKinds kinds) {
    this.config = config;
    this.kinds = kinds;
  }

  // ---- containers ----

  @Override
  public Mapping container(Container container) {
    List<Resource<?>> resources = new ArrayList<>();
    Model model = model(container, resources);
    resources.add(Resource.shared(kinds.model(), modelName(container, model), model));
    return new Mapping(resources, List.of());
  }

  /** {@return a container's model; what has to be uploaded for it is added to {@code uploads}} */
  private Model model(Container container, List<Resource<?>> uploads) {
    Problems problems = Problems.in("Container");
    RuntimeSpec runtime = container.runtime();
    SageMakerNetwork network =
        runtime.options().find(SageMakerNetwork.class).orElse(SageMakerNetwork.OPEN);
    Optional<SageMakerMultiModel> multiModel = runtime.options().find(SageMakerMultiModel.class);
    problems.check(
        container.dependencies().packages().isEmpty(),
        "dependencies.packages",
        "must be empty: SageMaker installs none, so put them into the image, or into requirements.txt beside the code",
        container.dependencies().packages());
    String role = runtime
        .options()
        .find(SageMakerRuntime.class)
        .map(SageMakerRuntime::executionRole)
        .orElse(config.executionRole());
    problems.check(
        !role.isEmpty(),
        "runtime.options",
        "must have a SageMakerRuntime with the execution role, unless the platform's settings name one");
    String image = image(container, problems);
    Map<String, String> environment = new TreeMap<>(container.dependencies().environment());
    String data = data(container.artifact(), environment, uploads, problems);
    multiModel.ifPresent(mode -> problems.check(
        data.endsWith("/"),
        "artifact.weights",
        "must be an S3 prefix that ends with / for a multi-model container",
        data));
    container
        .dependencies()
        .options()
        .find(SageMakerDependencies.class)
        .ifPresent(script -> environment.putIfAbsent(PROGRAM, script.entryPoint()));
    checkEnvironment(environment, problems);
    problems.throwIfAny();
    return new Model(image, data, Dependencies.environment(environment), role, network, multiModel);
  }

  private String image(Container container, Problems problems) {
    Optional<String> given = container.runtime().image();
    if (given.isPresent()) {
      return given.get();
    }
    ModelMetadata metadata = container.artifact().metadata();
    Optional<SageMakerArtifact> option = metadata.options().find(SageMakerArtifact.class);
    if (metadata.framework().isEmpty()) {
      problems.check(
          false,
          "runtime.image",
          "must be given, unless the artifact's metadata name a framework and its version");
      return "";
    }
    return ContainerImages.resolve(
        problems,
        metadata.framework().orElseThrow(),
        metadata.version().orElse(""),
        option.map(SageMakerArtifact::pyVersion).orElse(""),
        config.region(),
        option.map(SageMakerArtifact::instanceType).orElse(""));
  }

  private String data(
      ModelArtifact artifact,
      Map<String, String> environment,
      List<Resource<?>> uploads,
      Problems problems) {
    URI weights = artifact.weights();
    URI code = artifact.code();
    boolean apart = !code.equals(weights);
    return switch (String.valueOf(weights.getScheme())) {
      case "hf" -> {
        problems.check(
            !apart, "artifact.code", "must be the weights' location for a model of the hub", code);
        environment.putIfAbsent(HUB_MODEL, weights.getAuthority() + weights.getPath());
        String task = artifact.metadata().labels().get("task");
        if (task != null) {
          environment.putIfAbsent(HUB_TASK, task);
        }
        yield "";
      }
      case "file" -> {
        boolean together = apart && "file".equals(code.getScheme());
        if (together) {
          environment.putIfAbsent(SUBMIT_DIRECTORY, CODE_IN_MODEL);
        } else if (apart) {
          submit(code, environment, uploads, problems);
        }
        yield upload(
            "artifact.weights",
            weights,
            together ? Optional.of(Path.of(code)) : Optional.empty(),
            uploads,
            problems);
      }
      case "s3" -> {
        checkLocation("artifact.weights", weights, problems);
        if (apart) {
          submit(code, environment, uploads, problems);
        }
        yield weights.toString();
      }
      default -> {
        problems.check(
            false,
            "artifact.weights",
            "must be at s3://, file: or hf://, for SageMaker reads nothing else",
            weights.getScheme() + ":");
        yield "";
      }
    };
  }

  private void submit(
      URI code, Map<String, String> environment, List<Resource<?>> uploads, Problems problems) {
    switch (String.valueOf(code.getScheme())) {
      case "s3" -> {
        checkLocation("artifact.code", code, problems);
        environment.putIfAbsent(SUBMIT_DIRECTORY, code.toString());
      }
      case "file" ->
        environment.putIfAbsent(
            SUBMIT_DIRECTORY, upload("artifact.code", code, Optional.empty(), uploads, problems));
      default ->
        problems.check(false, "artifact.code", "must be at s3:// or file:", code.getScheme() + ":");
    }
  }

  private static void checkLocation(String field, URI location, Problems problems) {
    String text = location.toString();
    problems
        .check(
            text.length() <= LONGEST_LOCATION,
            field,
            "must be at most " + LONGEST_LOCATION + " characters",
            text)
        .check(
            text.endsWith("/") || text.endsWith(".tar.gz"),
            field,
            "must be an archive that ends with .tar.gz, or a prefix that ends with /",
            text);
  }

  private String upload(
      String field,
      URI location,
      Optional<Path> code,
      List<Resource<?>> uploads,
      Problems problems) {
    if (config.artifactBucket().isEmpty()) {
      problems.check(
          false,
          field,
          "must be in S3, unless the platform's settings name a bucket to upload to",
          location);
      return "";
    }
    ModelArchive archive = archives.of(Path.of(location), code);
    String key = ArtifactKind.key(archive.contentHash());
    uploads.add(Resource.shared(kinds.artifact(), key, new Artifact(key, Optional.of(archive))));
    return "s3://" + config.artifactBucket() + "/" + key;
  }

  private static void checkEnvironment(Map<String, String> environment, Problems problems) {
    problems.check(
        environment.size() <= MOST_VARIABLES,
        "dependencies.environment",
        "must have at most " + MOST_VARIABLES + " variables",
        environment.size());
    int sum = 0;
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      // The value may be secret.
      problems.check(
          variable.getKey().length() <= LONGEST_VARIABLE
              && variable.getValue().length() <= LONGEST_VARIABLE,
          "dependencies.environment",
          "must have names and values of at most " + LONGEST_VARIABLE + " characters",
          variable.getKey());
      sum += variable.getKey().getBytes(UTF_8).length + variable.getValue().getBytes(UTF_8).length;
    }
    problems.check(
        sum <= LARGEST_ENVIRONMENT,
        "dependencies.environment",
        "must be at most " + LARGEST_ENVIRONMENT + " bytes in all",
        sum);
  }

  private static String modelName(Container container, Model model) {
    List<String> content = new ArrayList<>(List.of(
        model.image(),
        model.data(),
        model.role(),
        model.network().toString(),
        model.multiModel().toString()));
    model.environment().environment().forEach((name, value) -> {
      content.add(name);
      content.add(value);
    });
    return SageMakerNames.of(readable(container.artifact()), content.toArray(String[]::new));
  }

  private static String readable(ModelArtifact artifact) {
    Optional<String> name = artifact.metadata().name();
    if (name.isPresent()) {
      return name.get();
    }
    String path = String.valueOf(artifact.weights().getPath()).replaceFirst("/+$", "");
    return path.substring(path.lastIndexOf('/') + 1)
        .replaceFirst("\\.(tar\\.gz|tgz|[a-z0-9]+)$", "");
  }

  // ---- endpoints ----

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    Problems problems = Problems.in("Endpoint");
    List<Resource<?>> uploads = new ArrayList<>();
    Model model = model(endpoint.container(), uploads);
    Variant variant = variant(endpoint, modelName(endpoint.container(), model));
    Optional<SageMakerComponent> component =
        endpoint.scaling().options().find(SageMakerComponent.class);
    if (component.isPresent()) {
      return new ComponentMapping(kinds, endpoint, model, variant).of(component.get());
    }
    checkScaling(endpoint, variant, problems);
    checkTogether(endpoint, model, variant, problems);
    problems.throwIfAny();
    Resource<Variant> resource = new Resource<>(
        kinds.variant(),
        endpoint.routing().path(),
        Resource.Goal.PRESENT,
        Resource.Role.VARIANT,
        actual -> actual.map(variant::on).orElse(variant));
    return Mapping.of(resource);
  }

  private static Variant variant(Endpoint endpoint, String model) {
    Scaling scaling = endpoint.scaling();
    Optional<SageMakerServerless> serverless = scaling.options().find(SageMakerServerless.class);
    Optional<Autoscaling> autoscaling = scaling.isAutomatic()
        ? Optional.of(new Autoscaling(
            scaling.min(),
            scaling.max(),
            Optional.of(scaling
                .options()
                .find(SageMakerAutoscaling.class)
                .orElse(SageMakerAutoscaling.DEFAULT)),
            false))
        : Optional.empty();
    return new Variant(
        model,
        scaling.instanceType().orElse(""),
        serverless.isPresent() ? 0 : scaling.count(),
        serverless,
        scaling.options().find(SageMakerInstances.class).orElse(SageMakerInstances.DEFAULT),
        autoscaling,
        endpoint.routing().options().find(SageMakerShadow.class),
        endpoint.routing().options().find(SageMakerAsync.class),
        endpoint.routing().options().find(SageMakerDataCapture.class),
        endpoint.routing().options().find(SageMakerReplacement.class));
  }

  private static void checkScaling(Endpoint endpoint, Variant variant, Problems problems) {
    Scaling scaling = endpoint.scaling();
    if (variant.serverless().isPresent()) {
      problems
          .check(
              scaling.instanceType().isEmpty(),
              "scaling.instanceType",
              "must be left out for a serverless variant",
              scaling.instanceType().orElse(""))
          .check(
              scaling.count() == 1 && !scaling.isAutomatic(),
              "scaling.count",
              "must be fixed at 1 for a serverless variant, which scales by itself up to maxConcurrency",
              scaling.count() + " of " + scaling.min() + " to " + scaling.max());
      return;
    }
    problems
        .check(
            INSTANCE_TYPE.matcher(scaling.instanceType().orElse("")).matches(),
            "scaling.instanceType",
            "must be an instance type of SageMaker's, such as ml.m5.large",
            scaling.instanceType().orElse(""))
        .check(
            scaling.count() >= 1,
            "scaling.count",
            "must be 1 or more to begin with",
            scaling.count())
        .check(
            scaling.min() >= 1,
            "scaling.min",
            "must be 1 or more: what is measured for each instance brings nothing back from 0",
            scaling.min())
        .check(
            scaling.isAutomatic()
                || scaling.options().find(SageMakerAutoscaling.class).isEmpty(),
            "scaling.max",
            "must be more than min where SageMakerAutoscaling says what to scale by",
            scaling.max())
        .check(
            !scaling.isAutomatic() || variant.shadow().isEmpty(),
            "scaling.max",
            "must be equal to min for a shadow, whose instances are not scaled by load",
            scaling.max());
  }

  private void checkTogether(Endpoint endpoint, Model model, Variant variant, Problems problems) {
    if (variant.serverless().isPresent()) {
      String serverless = " for a serverless variant: AWS does not have both";
      problems
          .check(
              variant.instances().equals(SageMakerInstances.DEFAULT),
              "scaling.options",
              "must not have SageMakerInstances" + serverless)
          .check(
              variant.async().isEmpty(),
              "routing.options",
              "must not have SageMakerAsync" + serverless)
          .check(
              variant.dataCapture().isEmpty(),
              "routing.options",
              "must not have SageMakerDataCapture" + serverless)
          .check(
              variant.shadow().isEmpty(),
              "routing.options",
              "must not have SageMakerShadow" + serverless)
          .check(
              variant.replacement().isEmpty(),
              "routing.options",
              "must not have SageMakerReplacement" + serverless)
          .check(
              model.network().subnets().isEmpty(),
              "container.runtime.options",
              "must not have a SageMakerNetwork in a VPC" + serverless)
          .check(
              model.multiModel().isEmpty(),
              "container.runtime.options",
              "must not have SageMakerMultiModel" + serverless)
          .check(
              !model.data().endsWith("/"),
              "container.artifact.weights",
              "must be a .tar.gz" + serverless,
              model.data());
    }
    problems.check(
        variant.shadow().isEmpty() || variant.replacement().isEmpty(),
        "routing.options",
        "must not have both SageMakerShadow and SageMakerReplacement");
    checkProcessor(endpoint, problems);
  }

  /** An image that was chosen by the kind of processor has to run on it. */
  static void checkProcessor(Endpoint endpoint, Problems problems) {
    Container container = endpoint.container();
    if (container.runtime().image().isPresent()) {
      return;
    }
    String chosenFor = container
        .artifact()
        .metadata()
        .options()
        .find(SageMakerArtifact.class)
        .map(SageMakerArtifact::instanceType)
        .orElse("");
    String chosen = ContainerImages.processor(chosenFor);
    problems.check(
        chosen.equals(
            ContainerImages.processor(endpoint.scaling().instanceType().orElse(""))),
        "scaling.instanceType",
        "must be of the kind that the image was chosen for, which is " + chosen
            + ": give the instance type to SageMakerArtifact too, or an image to the runtime",
        endpoint.scaling().instanceType().orElse(""));
  }

  @Override
  public ResourceKind<Traffic> traffic() {
    return kinds.traffic();
  }

  @Override
  public Set<Class<? extends PlatformOptions>> options() {
    Set<Class<? extends PlatformOptions>> all =
        new HashSet<>(new SageMakerOptionsProvider().types());
    all.add(SageMakerRequest.class);
    return all;
  }
}
