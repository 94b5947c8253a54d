package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
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
import io.fairlead.reconcile.Resource;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerDependencies;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.SageMakerOptionsProvider;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.SageMakerRuntime;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import io.fairlead.sagemaker.internal.images.ContainerImages;
import io.fairlead.sagemaker.internal.images.ImageChoice;
import io.fairlead.sagemaker.internal.images.ModelServer;
import io.fairlead.sagemaker.internal.rules.InstanceTypes;
import io.fairlead.sagemaker.internal.rules.ModelPackage;
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

/** The mapping of the grammar to SageMaker's resources. It checks the rules of its API that the SDK does not check. */
final class SageMakerMapper implements EndpointMapper {
  static final String SUBMIT_DIRECTORY = "SAGEMAKER_SUBMIT_DIRECTORY";
  private static final String PROGRAM = "SAGEMAKER_PROGRAM";
  private static final String CODE_IN_MODEL = "/opt/ml/model/code";
  private static final int MOST_VARIABLES = 100;
  private static final int LONGEST_VARIABLE = 1024;
  private static final int LARGEST_ENVIRONMENT = 32 * 1024;
  private static final int LONGEST_LOCATION = 1024;
  private static final int LONGEST_NAME = 63;
  private static final Pattern NOT_IN_NAMES = Pattern.compile("[^a-zA-Z0-9]+");
  private static final Pattern OUTER_HYPHENS = Pattern.compile("^-+|-+$");

  private static final LocalModel.Rules FILES = LocalModel.Rules.of(SageMakerProvider.ID)
      .withCodeFolder("code")
      .withExecutableBits()
      .withTarGz();

  private final SageMakerConfig config;

  SageMakerMapper(SageMakerConfig config) {
    this.config = config;
  }

  // ---- local files ----

  /** If weights and code are both local, they are packed into one archive, the code under {@code code/}. */
  @Override
  public List<LocalModel.Source> localModels(Container container) {
    if (config.artifactBucket().isEmpty()) {
      // The mapping rejects them.
      return List.of();
    }
    ModelArtifact artifact = container.artifact();
    List<LocalModel.Source> sources = new ArrayList<>();
    if (isLocal(artifact.weights())) {
      sources.add(source(
          artifact.weights(),
          isPackedTogether(artifact) ? Optional.of(artifact.code()) : Optional.empty()));
    } else if (isLocal(artifact.code())) {
      sources.add(source(artifact.code(), Optional.empty()));
    }
    return sources;
  }

  private static LocalModel.Source source(URI location, Optional<URI> code) {
    return new LocalModel.Source(Path.of(location), code.map(Path::of), FILES);
  }

  private static boolean isLocal(URI location) {
    return "file".equals(location.getScheme());
  }

  private static boolean isPackedTogether(ModelArtifact artifact) {
    return isLocal(artifact.weights())
        && isLocal(artifact.code())
        && !artifact.code().equals(artifact.weights());
  }

  @Override
  public Container uploaded(Container container, List<String> hashes) {
    ModelArtifact artifact = container.artifact();
    String bucket = config.artifactBucket().orElseThrow();
    URI uploaded = URI.create(ArtifactKind.location(bucket, hashes.get(0)));
    if (!isLocal(artifact.weights())) {
      return with(container, artifact.weights(), uploaded, Map.of());
    }
    boolean codeIsInside = artifact.code().equals(artifact.weights()) || isLocal(artifact.code());
    return with(
        container,
        uploaded,
        codeIsInside ? uploaded : artifact.code(),
        isPackedTogether(artifact) ? Map.of(SUBMIT_DIRECTORY, CODE_IN_MODEL) : Map.of());
  }

  /** {@return the container, which keeps the name that is derived from its files} */
  private static Container with(
      Container container, URI weights, URI code, Map<String, String> environment) {
    ModelMetadata metadata = container.artifact().metadata();
    String name = asName(readable(container.artifact()));
    ModelMetadata named = name.isEmpty() ? metadata : metadata.withName(name);
    Dependencies dependencies = container.dependencies();
    Map<String, String> all = new TreeMap<>(environment);
    all.putAll(dependencies.environment());
    return new Container(
        new ModelArtifact(code, weights, named),
        container.runtime(),
        new Dependencies(all, dependencies.packages(), dependencies.options()));
  }

  private static String asName(String readable) {
    String name = NOT_IN_NAMES.matcher(readable).replaceAll("-");
    name = name.substring(0, Math.min(name.length(), LONGEST_NAME));
    return OUTER_HYPHENS.matcher(name).replaceAll("");
  }

  @Override
  public Resource<?> upload(LocalModel model) {
    String key = ArtifactKind.key(model.sha256());
    return Resource.shared(SageMakerKinds.ARTIFACT, key, new Artifact(key, Optional.of(model)));
  }

  // ---- containers ----

  @Override
  public Mapping container(Container container) {
    List<String> warnings = new ArrayList<>();
    Problems problems = Problems.in("Container");
    Model model = model(container, warnings, problems);
    problems.throwIfAny();
    return new Mapping(List.of(resource(container, model)), warnings);
  }

  private static Resource<Model> resource(Container container, Model model) {
    return Resource.shared(SageMakerKinds.MODEL, modelName(container, model), model);
  }

  private Model model(Container container, List<String> warnings, Problems problems) {
    RuntimeSpec runtime = container.runtime();
    SageMakerNetwork network =
        runtime.options().find(SageMakerNetwork.class).orElse(SageMakerNetwork.OPEN);
    Optional<SageMakerMultiModel> multiModel = runtime.options().find(SageMakerMultiModel.class);
    problems.check(
        container.dependencies().packages().isEmpty(),
        "dependencies.packages",
        "must be empty: SageMaker installs no packages, so add them to the image, or to requirements.txt "
            + "beside the code",
        container.dependencies().packages());
    String role = runtime
        .options()
        .find(SageMakerRuntime.class)
        .map(SageMakerRuntime::executionRole)
        .or(config::executionRole)
        .orElse("");
    problems.check(
        !role.isEmpty(),
        "runtime.options",
        "must have a SageMakerRuntime with the execution role, unless the platform's settings name one");
    String image = image(container, warnings, problems);
    Map<String, String> environment = new TreeMap<>(container.dependencies().environment());
    ModelServer server = ModelServer.of(image);
    warnings.addAll(server.warnings(environment.keySet()));
    String data = data(container.artifact(), server, environment, problems);
    ModelMetadata metadata = container.artifact().metadata();
    if (!data.isEmpty() && runtime.image().isEmpty() && ImageChoice.isByTask(metadata)) {
      server.ofFolder(metadata).forEach(environment::putIfAbsent);
    }
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
    UserTags tags = UserTags.of(config.tags(), metadata, warnings, problems);
    return new Model(
        image, data, Dependencies.environment(environment), role, network, multiModel, tags);
  }

  private String image(Container container, List<String> warnings, Problems problems) {
    Optional<String> given = container.runtime().image();
    if (isPackage(container.artifact())) {
      problems.check(
          given.isEmpty(),
          "runtime.image",
          "must be left out for a model package, which names its image",
          given.orElse(""));
      return "";
    }
    return given.orElseGet(
        () -> ImageChoice.find(container.artifact(), config.region(), warnings, problems)
            .map(ContainerImages.Found::uri)
            .orElse(""));
  }

  private static boolean isPackage(ModelArtifact artifact) {
    return ModelPackage.SCHEME.equals(artifact.weights().getScheme());
  }

  private void checkPackage(ModelArtifact artifact, Problems problems) {
    String arn = artifact.weights().toString();
    Optional<ModelPackage> source = ModelPackage.of(arn);
    problems
        .check(
            artifact.code().equals(artifact.weights()),
            "artifact.code",
            "must be the location of the weights for a model package, which has its code",
            artifact.code())
        .check(source.isPresent(), "artifact.weights", ModelPackage.RULE, arn)
        .check(
            source.filter(one -> !one.region().equals(config.region())).isEmpty(),
            "artifact.weights",
            "must be a model package in " + config.region() + ", the region to serve in",
            arn);
  }

  private String data(
      ModelArtifact artifact,
      ModelServer server,
      Map<String, String> environment,
      Problems problems) {
    URI weights = artifact.weights();
    URI code = artifact.code();
    boolean apart = !code.equals(weights);
    return switch (String.valueOf(weights.getScheme())) {
      case "hf" -> {
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
        String id = environment.getOrDefault(
            ModelServer.HUB_MODEL, weights.getAuthority() + weights.getPath());
        server.ofHub(id, artifact.metadata()).forEach(environment::putIfAbsent);
        yield "";
      }
      case "s3" -> {
        checkLocation("artifact.weights", weights, problems);
        if (apart) {
          submit(code, environment, problems);
        }
        yield weights.toString();
      }
      case ModelPackage.SCHEME -> {
        checkPackage(artifact, problems);
        yield weights.toString();
      }
      case "file" -> {
        refuseLocal("artifact.weights", weights, problems);
        yield "";
      }
      default -> {
        problems.check(
            false,
            "artifact.weights",
            "must be at s3://, file: or hf://, or the ARN of a model package, because SageMaker reads no other "
                + "locations",
            weights.getScheme() + ":");
        yield "";
      }
    };
  }

  private static void submit(URI code, Map<String, String> environment, Problems problems) {
    switch (String.valueOf(code.getScheme())) {
      case "s3" -> {
        checkLocation("artifact.code", code, problems);
        environment.putIfAbsent(SUBMIT_DIRECTORY, code.toString());
      }
      case "file" -> refuseLocal("artifact.code", code, problems);
      default ->
        problems.check(false, "artifact.code", "must be at s3:// or file:", code.getScheme() + ":");
    }
  }

  /** Rejects a local location: without a bucket, it is not uploaded before the mapping. */
  private static void refuseLocal(String field, URI location, Problems problems) {
    problems.check(
        false,
        field,
        "must be in S3, unless the platform's settings name a bucket to upload to",
        location);
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
    return SageMakerNames.CONTENT.of(
        readable(container.artifact()), content.toArray(String[]::new));
  }

  private static String readable(ModelArtifact artifact) {
    Optional<String> name = artifact.metadata().name();
    if (name.isPresent()) {
      return name.get();
    }
    Optional<ModelPackage> source = ModelPackage.of(artifact.weights().toString());
    if (source.isPresent()) {
      return source.get().name().replace('/', '-');
    }
    String path = String.valueOf(artifact.weights().getPath()).replaceFirst("/+$", "");
    return path.substring(path.lastIndexOf('/') + 1)
        .replaceFirst("\\.(tar\\.gz|tgz|[a-z0-9]+)$", "");
  }

  // ---- endpoints ----

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    List<String> warnings = new ArrayList<>();
    Problems ofContainer = Problems.in("Container");
    Model model = model(endpoint.container(), warnings, ofContainer);
    Problems problems = Problems.in("Endpoint");
    ofContainer.found().forEach(problem -> problems.add(problem.under("container")));
    Resource<Model> resource = resource(endpoint.container(), model);
    Variant variant = variant(endpoint, resource.name(), model.tags());
    Optional<SageMakerComponent> component = component(endpoint);
    List<Resource<?>> resources = new ArrayList<>(List.of(resource));
    checkProcessor(endpoint, problems);
    if (component.isPresent()) {
      resources.addAll(
          new ComponentMapping(endpoint, model, variant).of(component.get(), problems));
    } else {
      checkScaling(endpoint, variant, problems);
      checkTogether(model, variant, problems);
      problems.throwIfAny();
      resources.add(Resource.variant(
          SageMakerKinds.VARIANT,
          endpoint.routing().path(),
          new Variant.Merged(
              variant, InstanceTypes.amiVersion(model.image(), variant.instanceType()))));
    }
    return new Mapping(resources, warnings);
  }

  private static Optional<SageMakerComponent> component(Endpoint endpoint) {
    return endpoint.scaling().options().find(SageMakerComponent.class);
  }

  @Override
  public KindName<?> variantKind(Endpoint endpoint) {
    return component(endpoint).isPresent() ? SageMakerKinds.COMPONENT : SageMakerKinds.VARIANT;
  }

  private static Variant variant(Endpoint endpoint, String model, UserTags tags) {
    Scaling scaling = endpoint.scaling();
    Optional<SageMakerServerless> serverless = scaling.options().find(SageMakerServerless.class);
    Optional<Autoscaling> autoscaling = scaling.isAutomatic()
        ? Optional.of(Autoscaling.of(
            scaling.min(),
            scaling.max(),
            scaling
                .options()
                .find(SageMakerAutoscaling.class)
                .orElseGet(() -> component(endpoint).isPresent()
                    ? SageMakerAutoscaling.forComponents()
                    : SageMakerAutoscaling.DEFAULT)))
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
        endpoint.routing().options().find(SageMakerReplacement.class),
        tags,
        false);
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
            InstanceTypes.isPlausible(scaling.instanceType().orElse("")),
            "scaling.instanceType",
            "must be an instance type of SageMaker's, such as ml.m5.large",
            scaling.instanceType().orElse(""))
        .check(
            scaling.count() >= 1,
            "scaling.count",
            "must be 1 or more to begin with",
            scaling.count())
        .check(
            scaling.min() >= 1 || variant.async().isPresent(),
            "scaling.min",
            "must be 1 or more, unless the endpoint is asynchronous: only there SageMaker keeps requests until "
                + "there are instances",
            scaling.min())
        .check(
            scaling.isAutomatic()
                || scaling.options().find(SageMakerAutoscaling.class).isEmpty(),
            "scaling.max",
            "must be more than min where SageMakerAutoscaling is given",
            scaling.max())
        .check(
            !scaling.isAutomatic() || variant.shadow().isEmpty(),
            "scaling.max",
            "must be equal to min for a shadow, whose instances are not scaled by load",
            scaling.max());
    checkVolume(variant, problems);
    checkInstances(variant, problems);
    variant
        .autoscaling()
        .flatMap(Autoscaling::policy)
        .ifPresent(policy -> checkMetric(policy.metric(), variant.async().isPresent(), problems));
  }

  private static void checkMetric(Metric metric, boolean async, Problems problems) {
    boolean ofBacklog = metric == Metric.BACKLOG_PER_INSTANCE;
    boolean ofComponent =
        metric == Metric.INVOCATIONS_PER_COPY || metric == Metric.CONCURRENT_REQUESTS_PER_COPY;
    problems
        .check(
            !async || ofBacklog,
            "scaling.options",
            "must have SageMakerAutoscaling.backlog for an asynchronous endpoint, where AWS has no other metric "
                + "of requests",
            metric)
        .check(
            async || !ofBacklog,
            "scaling.options",
            "must not have SageMakerAutoscaling.backlog without SageMakerAsync, which alone has a backlog",
            metric)
        .check(
            async || !ofComponent,
            "scaling.options",
            "must not have a metric of copies without SageMakerComponent",
            metric);
  }

  private static void checkVolume(Variant variant, Problems problems) {
    String type = variant.instanceType();
    problems.check(
        variant.instances().volumeGb().isEmpty() || !InstanceTypes.hasLocalStorage(type),
        "scaling.options",
        "must not have SageMakerInstances with a volume for " + type
            + ", whose instances have storage of their own: AWS attaches no volume to them",
        variant.instances().volumeGb().orElse(0));
  }

  /** Checks the options of instances against what their type has. */
  static void checkInstances(Variant variant, Problems problems) {
    SageMakerInstances instances = variant.instances();
    String type = variant.instanceType();
    problems
        .check(
            instances.kmsKey().isEmpty() || !InstanceTypes.hasLocalStorage(type),
            "scaling.options",
            "must not have SageMakerInstances with a KMS key for " + type
                + ", whose instances have storage of their own: their hardware encrypts it")
        .check(
            instances.amiVersion().filter(ami -> ami.contains("-gpu-")).isEmpty()
                || !InstanceTypes.isPlausible(type)
                || InstanceTypes.processor(type).equals("gpu"),
            "scaling.options",
            "must not have SageMakerInstances with an AMI version for GPUs for " + type,
            instances.amiVersion().orElse(""));
  }

  private static void checkTogether(Model model, Variant variant, Problems problems) {
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
              !model.network().isolated(),
              "container.runtime.options",
              "must not have a SageMakerNetwork in isolation" + serverless)
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
  }

  /** Checks that an image which was chosen by the kind of processor runs on the instance type. */
  private void checkProcessor(Endpoint endpoint, Problems problems) {
    Container container = endpoint.container();
    if (container.runtime().image().isPresent() || isPackage(container.artifact())) {
      return;
    }
    String type = endpoint.scaling().instanceType().orElse("");
    ImageChoice.processor(container.artifact(), config.region())
        .ifPresent(chosen -> problems.check(
            chosen.equals(InstanceTypes.architecture(type)),
            "scaling.instanceType",
            "must be of the kind that the image was chosen for, which is " + chosen
                + ": give the instance type to SageMakerArtifact too, or an image to the runtime",
            type));
  }

  @Override
  public Found<Endpoint> read(Routing routing, ActualState actual) {
    return new DeployedEndpoints(config).read(routing, actual);
  }

  @Override
  public Set<Class<? extends PlatformOptions>> options() {
    Set<Class<? extends PlatformOptions>> all =
        new HashSet<>(new SageMakerOptionsProvider().types());
    all.add(SageMakerRequest.class);
    return all;
  }
}
