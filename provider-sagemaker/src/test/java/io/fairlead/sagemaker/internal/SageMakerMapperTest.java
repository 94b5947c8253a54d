package io.fairlead.sagemaker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Resource;
import io.fairlead.sagemaker.Aws;
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
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerRuntime;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From the grammar to SageMaker's resources, without any call. */
class SageMakerMapperTest {
  private static final SageMakerConfig CONFIG =
      SageMakerConfig.of("us-east-1").withExecutionRole(Aws.ROLE).withArtifactBucket("artifacts");
  private static final ModelArtifact ARCHIVE =
      ModelArtifact.of(URI.create("s3://models/bert/model.tar.gz"));
  private static final RuntimeSpec IMAGE = RuntimeSpec.of(Aws.IMAGE);
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final Scaling SERVERLESS = Scaling.fixed(1).with(SageMakerServerless.of(2048, 5));
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final String HASH = "0123456789abcdef".repeat(4);

  private final SageMakerMapper mapper = mapper(CONFIG);

  private static SageMakerMapper mapper(SageMakerConfig config) {
    return new SageMakerMapper(config);
  }

  // ---- models ----

  @Test
  void anArchiveInS3IsTheModelsData() {
    assertThat(model(container(ARCHIVE, IMAGE)))
        .isEqualTo(new Model(
            Aws.IMAGE,
            "s3://models/bert/model.tar.gz",
            Dependencies.NONE,
            Aws.ROLE,
            SageMakerNetwork.OPEN,
            Optional.empty(),
            UserTags.NONE));
  }

  @Test
  void aPrefixInS3IsTheModelsDataWithoutAnArchive() {
    ModelArtifact prefix = ModelArtifact.of(URI.create("s3://models/bert/"));

    assertThat(model(container(prefix, IMAGE)).data()).isEqualTo("s3://models/bert/");
  }

  @Test
  void codeThatIsApartIsNamedInTheEnvironment() {
    ModelArtifact apart = ModelArtifact.of(
        URI.create("s3://models/code.tar.gz"), URI.create("s3://models/weights.tar.gz"));
    Dependencies script = Dependencies.NONE.with(SageMakerDependencies.entryPoint("inference.py"));

    Model model = model(new Container(apart, IMAGE, script));

    assertThat(model.data()).isEqualTo("s3://models/weights.tar.gz");
    assertThat(model.environment().environment())
        .containsExactly(
            Map.entry("SAGEMAKER_PROGRAM", "inference.py"),
            Map.entry("SAGEMAKER_SUBMIT_DIRECTORY", "s3://models/code.tar.gz"));
  }

  @Test
  void aModelOfTheHubIsLoadedByItsImage() {
    ModelArtifact hub = ModelArtifact.huggingFace("org/name")
        .withMetadata(ModelMetadata.of("huggingface-llm", "1.4.2")
            .withLabels(Map.of("task", "text-generation"))
            .with(SageMakerArtifact.pyVersion("py310").on("ml.g5.xlarge")));

    Model model = model(container(hub, RuntimeSpec.NONE));

    assertThat(model.image())
        .isEqualTo("763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference"
            + ":2.1.1-tgi1.4.2-gpu-py310-cu121-ubuntu22.04");
    assertThat(model.data()).isEmpty();
    assertThat(model.environment().environment())
        .as("text generation reads no HF_TASK")
        .containsExactly(Map.entry("HF_MODEL_ID", "org/name"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf://org/name@main", "hf://org/name/onnx/model.onnx"})
  void aRevisionOrAFileOfTheHubIsRefused(URI location) {
    ModelArtifact hub =
        ModelArtifact.of(location).withMetadata(ModelMetadata.of("huggingface-llm", "1.4.2"));

    assertThat(catchThrowableOfType(
            InvalidValueException.class, () -> model(container(hub, RuntimeSpec.NONE))))
        .hasMessageContaining("artifact.weights must be hf://ORG/NAME");
  }

  @Test
  void aModelOfTheHubWithoutAVersionIsServedByTheNewestImageAndThePlanSaysSo() {
    Container hub = container(
        ModelArtifact.huggingFace("org/name")
            .withMetadata(
                ModelMetadata.of("huggingface").withLabels(Map.of("task", "summarization"))),
        RuntimeSpec.NONE);

    Mapping mapping = mapper.container(hub);

    assertThat(model(hub).environment().environment()).containsEntry("HF_TASK", "summarization");
    assertThat(model(hub).image())
        .startsWith(
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.6.0");
    assertThat(mapping.warnings())
        .singleElement()
        .asString()
        .contains("name no version of huggingface")
        .contains(model(hub).image());
  }

  @Test
  void theImageThatIsGivenWinsOverTheVersions() {
    ModelArtifact both = ARCHIVE.withMetadata(ModelMetadata.of("huggingface", "no such version"));

    assertThat(model(container(both, IMAGE)).image()).isEqualTo(Aws.IMAGE);
  }

  @Test
  void theRuntimesRoleWinsOverTheSettings() {
    String own = "arn:aws:iam::123456789012:role/own-role";

    assertThat(model(container(ARCHIVE, IMAGE.with(SageMakerRuntime.executionRole(own))))
            .role())
        .isEqualTo(own);
  }

  @Test
  void aModelsNameTellsItsContentAndNothingElse() {
    String name = modelName(container(ARCHIVE.named("bert"), IMAGE));

    assertThat(name).matches("fairlead-bert-[0-9a-f]{16}");
    assertThat(modelName(container(
            ARCHIVE
                .named("bert")
                .withMetadata(
                    ModelMetadata.NONE.withName("bert").withLabels(Map.of("team", "search"))),
            IMAGE)))
        .as("a label is not what is served")
        .isEqualTo(name);
    assertThat(modelName(new Container(
            ARCHIVE.named("bert"), IMAGE, Dependencies.environment(Map.of("A", "1")))))
        .isNotEqualTo(name);
    assertThat(modelName(container(ARCHIVE.named("a".repeat(63)), IMAGE))).hasSizeLessThan(64);
  }

  @Test
  void aFileOfThisMachineBecomesALocationInTheBucket() {
    URI file = URI.create("file:///models/my%20model.onnx");
    Container local = container(ModelArtifact.of(file), IMAGE);

    assertThat(mapper.localModels(local))
        .extracting(LocalModel.Source::weights, LocalModel.Source::code)
        .containsExactly(tuple(Path.of(file), Optional.empty()));
    Container uploaded = mapper.uploaded(local, List.of(HASH));
    assertThat(uploaded.artifact().weights())
        .isEqualTo(URI.create("s3://artifacts/fairlead/" + HASH + "/model.tar.gz"));
    assertThat(uploaded.artifact().code()).isEqualTo(uploaded.artifact().weights());
    assertThat(uploaded.artifact().metadata().name())
        .as("the name that the file gave it")
        .contains("my-model");
    assertThat(uploaded.dependencies()).isEqualTo(local.dependencies());
    assertThat(mapper.localModels(uploaded)).isEmpty();
    assertThat(model(uploaded).data()).isEqualTo(uploaded.artifact().weights().toString());
  }

  @Test
  void codeOnThisMachineIsPackedWithTheWeightsAndFoundThere() {
    ModelArtifact apart = ModelArtifact.of(
        URI.create("file:///code/inference.py"), URI.create("file:///models/bert/"));

    assertThat(mapper.localModels(container(apart, IMAGE)))
        .extracting(LocalModel.Source::weights, LocalModel.Source::code)
        .containsExactly(
            tuple(Path.of("/models/bert"), Optional.of(Path.of("/code/inference.py"))));
    Container uploaded = mapper.uploaded(container(apart, IMAGE), List.of(HASH));
    assertThat(uploaded.artifact().code()).isEqualTo(uploaded.artifact().weights());
    assertThat(model(uploaded).environment().environment())
        .containsExactly(Map.entry("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code"));
  }

  @Test
  void codeOnThisMachineBesideWeightsInS3IsUploadedAlone() {
    ModelArtifact apart =
        ModelArtifact.of(URI.create("file:///code/"), URI.create("s3://models/bert/model.tar.gz"));

    assertThat(mapper.localModels(container(apart, IMAGE)))
        .extracting(LocalModel.Source::weights)
        .containsExactly(Path.of("/code"));
    Container uploaded = mapper.uploaded(container(apart, IMAGE), List.of(HASH));
    assertThat(model(uploaded).data()).isEqualTo("s3://models/bert/model.tar.gz");
    assertThat(model(uploaded).environment().environment())
        .containsExactly(Map.entry(
            "SAGEMAKER_SUBMIT_DIRECTORY", "s3://artifacts/fairlead/" + HASH + "/model.tar.gz"));
  }

  @Test
  void equalEndpointsHaveEqualMappings() {
    Scaling share = Scaling.fixed("ml.g5.2xlarge", 1).with(SageMakerComponent.on("shared", 8192));
    for (Scaling scaling : List.of(ONE, SERVERLESS, share)) {
      Endpoint endpoint = new Endpoint(container(ARCHIVE, IMAGE), scaling, BLUE);

      Mapping mapping = mapper.endpoint(endpoint);

      assertThat(mapper(CONFIG).endpoint(endpoint)).isEqualTo(mapping);
      assertThat(mapping.resources())
          .filteredOn(resource -> resource.role() == Resource.Role.VARIANT)
          .singleElement()
          .satisfies(
              resource -> assertThat(resource.kind()).isEqualTo(mapper.variantKind(endpoint)))
          .satisfies(resource -> assertThat(resource.name()).isEqualTo("bert/blue"));
    }
  }

  @Test
  void everythingThatIsWrongWithAContainerIsToldAtOnce() {
    Map<String, String> many = new TreeMap<>();
    IntStream.range(0, 101).forEach(i -> many.put("V" + i, "x".repeat(i == 0 ? 1025 : 400)));
    Container wrong = new Container(
        ModelArtifact.of(URI.create("https://example.org/model.tar.gz")),
        RuntimeSpec.NONE,
        Dependencies.environment(many).withPackages("torch"));

    assertThat(problems(() -> mapper(SageMakerConfig.of("us-east-1")).container(wrong)))
        .containsExactly(
            "dependencies.packages",
            "runtime.options",
            "runtime.image",
            "artifact.weights",
            "dependencies.environment",
            "dependencies.environment",
            "dependencies.environment");
  }

  @Test
  void aFileWithoutABucketToUploadItToIsRefused() {
    Container local = container(ModelArtifact.of(Path.of("/models/bert.onnx")), IMAGE);
    SageMakerConfig noBucket = SageMakerConfig.of("us-east-1").withExecutionRole(Aws.ROLE);

    assertThat(mapper(noBucket).localModels(local)).isEmpty();
    assertThat(problems(() -> mapper(noBucket).container(local)))
        .containsExactly("artifact.weights");
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3://models/bert", "s3://models/bert.zip", "s3://models/model.tar"})
  void whatSageMakerCannotUnpackIsRefused(String location) {
    assertThat(problems(
            () -> mapper.container(container(ModelArtifact.of(URI.create(location)), IMAGE))))
        .containsExactly("artifact.weights");
  }

  @Test
  void aMultiModelContainerServesAPrefix() {
    RuntimeSpec multi = IMAGE.with(new SageMakerMultiModel(true));

    assertThat(problems(() -> mapper.container(container(ARCHIVE, multi))))
        .containsExactly("artifact.weights");
    assertThat(model(container(ModelArtifact.of(URI.create("s3://models/all/")), multi))
            .multiModel())
        .contains(new SageMakerMultiModel(true));
  }

  @Test
  void noSecretOfTheEnvironmentIsPrinted() {
    Container secretive =
        new Container(ARCHIVE, IMAGE, Dependencies.environment(Map.of("TOKEN", "open sesame")));

    assertThat(mapper.container(secretive).toString() + model(secretive))
        .doesNotContain("open sesame");
  }

  // ---- endpoints ----

  private static List<Arguments> wrongEndpoints() {
    return List.of(
        wrong("no type", Scaling.fixed(1), List.of(), "scaling.instanceType"),
        wrong(
            "another cloud's type",
            Scaling.fixed("n1-standard-4", 1),
            List.of(),
            "scaling.instanceType"),
        wrong(
            "no instance",
            Scaling.fixed("ml.m5.large", 1).with(SageMakerAutoscaling.DEFAULT),
            List.of(),
            "scaling.max"),
        wrong("to zero", Scaling.between("ml.m5.large", 0, 2), List.of(), "scaling.min"),
        wrong(
            "a shadow by load",
            Scaling.between("ml.m5.large", 1, 2),
            List.of(new SageMakerShadow(5)),
            "scaling.max"),
        wrong(
            "a shadow that is replaced",
            ONE,
            List.of(new SageMakerShadow(5), SageMakerReplacement.allAtOnce(Duration.ZERO)),
            "routing.options"),
        wrong(
            "serverless with a type",
            Scaling.fixed("ml.m5.large", 1).with(SageMakerServerless.of(2048, 5)),
            List.of(),
            "scaling.instanceType"),
        wrong(
            "serverless by load",
            Scaling.between(1, 5).with(SageMakerServerless.of(2048, 5)),
            List.of(),
            "scaling.count"),
        wrong(
            "serverless with all that it cannot have",
            SERVERLESS.with(SageMakerInstances.DEFAULT.withVolumeGb(10)),
            List.of(
                SageMakerAsync.to("s3://answers/"),
                SageMakerDataCapture.of(10, "s3://records/"),
                SageMakerReplacement.allAtOnce(Duration.ZERO)),
            "scaling.options",
            "routing.options",
            "routing.options",
            "routing.options"));
  }

  private static Arguments wrong(
      String what, Scaling scaling, List<RoutingOptions> routing, String... fields) {
    return Arguments.argumentSet(what, scaling, routing, fields);
  }

  @ParameterizedTest
  @MethodSource("wrongEndpoints")
  void whatAwsDoesNotHaveTogetherIsRefused(
      Scaling scaling, List<RoutingOptions> options, String[] fields) {
    Routing routing = BLUE;
    for (RoutingOptions option : options) {
      routing = routing.with(option);
    }
    Endpoint endpoint = new Endpoint(container(ARCHIVE, IMAGE), scaling, routing);

    assertThat(problems(() -> mapper.endpoint(endpoint))).containsExactly(fields);
  }

  @Test
  void aServerlessVariantHasNoNetworkOfItsOwn() {
    Endpoint endpoint = new Endpoint(
        container(ARCHIVE, IMAGE.with(SageMakerNetwork.isolation())), SERVERLESS, BLUE);

    assertThat(problems(() -> mapper.endpoint(endpoint)))
        .containsExactly("container.runtime.options");
  }

  @Test
  void anAsynchronousEndpointThatWouldNotComeBackFromZeroIsRefused() {
    Endpoint endpoint = new Endpoint(
        container(ARCHIVE, IMAGE),
        Scaling.between("ml.m5.large", 0, 2),
        BLUE.with(SageMakerAsync.to("s3://answers/")));

    assertThat(problems(() -> mapper.endpoint(endpoint))).containsExactly("scaling.options");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ml.g4dn.xlarge",
        "ml.g5.xlarge",
        "ml.g6.2xlarge",
        "ml.g6e.xlarge",
        "ml.gr6.4xlarge",
        "ml.p4d.24xlarge",
        "ml.p4de.24xlarge",
        "ml.p5en.48xlarge",
        "ml.p6-b200.48xlarge",
        "ml.trn1.2xlarge",
        "ml.c5d.large",
        "ml.m5d.large",
        "ml.c6gd.large",
        "ml.i3.large"
      })
  void instancesWithStorageOfTheirOwnHaveNoVolumeAndNoKeyForIt(String type) {
    Scaling wrong = Scaling.fixed(type, 1)
        .with(SageMakerInstances.DEFAULT.withVolumeGb(100).withKmsKey("alias/volumes"));
    Endpoint endpoint = new Endpoint(container(ARCHIVE, IMAGE), wrong, BLUE);

    assertThat(problems(() -> mapper.endpoint(endpoint)))
        .containsExactly("scaling.options", "scaling.options");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ml.m5.large", "ml.p3.2xlarge", "ml.g5g.xlarge", "ml.inf2.xlarge", "ml.c6i.xlarge"
      })
  void otherInstancesHaveVolumes(String type) {
    Scaling volume = Scaling.fixed(type, 1)
        .with(SageMakerInstances.DEFAULT.withVolumeGb(100).withKmsKey("alias/volumes"));

    assertThat(mapper
            .endpoint(new Endpoint(container(ARCHIVE, IMAGE), volume, BLUE))
            .resources())
        .hasSize(2);
  }

  @Test
  void aHostImageForGpusIsForInstancesThatHaveSome() {
    SageMakerInstances gpu =
        SageMakerInstances.DEFAULT.withAmiVersion("al2023-ami-sagemaker-inference-gpu-4-1");

    assertThat(problems(
            () -> mapper.endpoint(new Endpoint(container(ARCHIVE, IMAGE), ONE.with(gpu), BLUE))))
        .containsExactly("scaling.options");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ml.m5.huge", "ml.m.large", "m5.large", "ml.m5", "ml.m5.2large", "ml.M5.large"})
  void whatCannotBeAnInstanceTypeIsRefused(String type) {
    Endpoint endpoint = new Endpoint(container(ARCHIVE, IMAGE), Scaling.fixed(type, 1), BLUE);

    assertThat(problems(() -> mapper.endpoint(endpoint))).containsExactly("scaling.instanceType");
  }

  @Test
  void whatIsWrongWithAContainerAndItsEndpointIsToldTogether() {
    Container wrong = new Container(
        ModelArtifact.of(URI.create("s3://models/bert.zip")),
        IMAGE,
        Dependencies.NONE.withPackages("torch"));
    Endpoint endpoint = new Endpoint(wrong, Scaling.fixed("ml.m5.huge", 1), BLUE);

    assertThat(problems(() -> mapper.endpoint(endpoint)))
        .containsExactly(
            "container.dependencies.packages",
            "container.artifact.weights",
            "scaling.instanceType");
  }

  @Test
  void anImageThatWasChosenForAnotherProcessorIsRefused() {
    ModelArtifact framework = ARCHIVE.withMetadata(
        ModelMetadata.of("huggingface", "4.37").with(SageMakerArtifact.pyVersion("py310")));
    Endpoint endpoint = new Endpoint(
        container(framework, RuntimeSpec.NONE), Scaling.fixed("ml.g5.xlarge", 1), BLUE);

    assertThat(problems(() -> mapper.endpoint(endpoint))).containsExactly("scaling.instanceType");
  }

  // ---- words ----

  private static Container container(ModelArtifact artifact, RuntimeSpec runtime) {
    return new Container(artifact, runtime, Dependencies.NONE);
  }

  private Resource<?> modelResource(Container container) {
    List<Resource<?>> resources = mapper.container(container).resources();
    return resources.get(resources.size() - 1);
  }

  private Model model(Container container) {
    return (Model) modelResource(container).desired().orElseThrow().from(Optional.empty());
  }

  private String modelName(Container container) {
    return modelResource(container).name();
  }

  private static List<String> problems(Runnable mapping) {
    InvalidValueException refusal = catchThrowableOfType(InvalidValueException.class, mapping::run);
    assertThat(refusal).as("is refused").isNotNull();
    assertThat(Arrays.asList(refusal.getMessage().split(";"))).allMatch(text -> !text.isBlank());
    return refusal.problems().stream().map(Problem::field).toList();
  }
}
