package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.contract.ReadBack;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.sagemaker.SageMakerInstances.RequestRouting;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;

/** The instances that containers run on: their host images, their keys, how requests reach them, and what changes cost. */
class SageMakerHostsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling GPU = Scaling.fixed("ml.g5.xlarge", 2);
  private static final Scaling CPU = Scaling.fixed("ml.m5.large", 1);
  private static final String CUDA_12 = "al2-ami-sagemaker-inference-gpu-3-1";
  private static final String CUDA_13 = "al2023-ami-sagemaker-inference-gpu-4-1";
  private static final String REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com/";
  private static final String VLLM =
      REGISTRY + "huggingface-vllm:0.21.0-transformers5.8.1-gpu-py312-cu130-ubuntu22.04";
  private static final String OLDER = REGISTRY
      + "huggingface-pytorch-inference:2.6.0-transformers4.49.0-gpu-py312-cu124-ubuntu22.04";

  private final Aws aws = new Aws(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void undeployToNothing() {
    platform.undeployAll("bert").await(LIMIT);
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
    platform.close();
    aws.close();
  }

  private static Container container(String image) {
    return new Container(
        ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")),
        RuntimeSpec.of(image),
        Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing).await(LIMIT);
  }

  private Plan plan(Container container, Scaling scaling, Routing routing) {
    return platform.preview(p -> p.deploy(container, scaling, routing));
  }

  private JsonNode lastVariant() {
    List<ObjectNode> made = aws.account().requests("CreateEndpointConfig");
    return made.get(made.size() - 1).at("/ProductionVariants/0");
  }

  // ---- host images ----

  @ParameterizedTest
  @CsvSource({
    "x:0.21.0-gpu-py312-cu130-ubuntu22.04, ml.g5.xlarge, " + CUDA_13,
    "own.registry/team/server:1-cu133, ml.p4d.24xlarge, " + CUDA_13,
    "x:lmi27-cu130, ml.g7e.2xlarge, " + CUDA_13,
    "x:0.36.0-lmi21.0.0-cu129, ml.g6e.xlarge, " + CUDA_12,
    "x:1-cu128, ml.p5.48xlarge, " + CUDA_12,
    "x:1-cu128, ml.p6-b200.48xlarge, ''",
    "x:1-cu124-ubuntu22.04, ml.g5.xlarge, ''",
    "x:1-cu118, ml.g4dn.xlarge, ''",
    "x:1-cu130, ml.m5.large, ''",
    "x:1-acu130, ml.g5.xlarge, ''",
    "cu130/x:1, ml.g5.xlarge, ''",
    "registry:5000/x, ml.g5.xlarge, ''"
  })
  void theCudaVersionInTheTagOfAnImageChoosesTheHostImage(
      String image, String instanceType, String expected) {
    Container container = container(image);
    Plan plan = plan(container, Scaling.fixed(instanceType, 1), BLUE);

    assertThat(plan.toString().contains("instances start from ")).isEqualTo(!expected.isEmpty());
    assertThat(plan.toString()).contains(expected);
  }

  @Test
  void aHostImageIsSentComparedAndChanged() {
    deploy(container(VLLM), GPU, BLUE);
    assertThat(lastVariant().path("InferenceAmiVersion").asText()).isEqualTo(CUDA_13);
    assertThat(plan(container(VLLM), GPU, BLUE).isEmpty()).isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());

    Scaling other = GPU.with(SageMakerInstances.DEFAULT.withAmiVersion(CUDA_12));
    assertThat(plan(container(VLLM), other, BLUE).toString())
        .contains("amiVersion=" + CUDA_13)
        .contains("amiVersion=" + CUDA_12);
    deploy(container(VLLM), other, BLUE);

    assertThat(lastVariant().path("InferenceAmiVersion").asText()).isEqualTo(CUDA_12);
    assertThat(plan(container(VLLM), GPU, BLUE).isEmpty())
        .as("who says nothing leaves it as it is")
        .isTrue();
  }

  @Test
  void aHostImageThatSomebodyElseSetIsKept() {
    deploy(container(OLDER), GPU, BLUE);
    assertThat(lastVariant().hasNonNull("InferenceAmiVersion")).isFalse();
    changeByHand(variant -> variant.inferenceAmiVersion("al2-ami-sagemaker-inference-gpu-2"));

    deploy(container(OLDER), Scaling.fixed("ml.g5.2xlarge", 1), BLUE);

    assertThat(lastVariant().path("InferenceAmiVersion").asText())
        .isEqualTo("al2-ami-sagemaker-inference-gpu-2");
  }

  @Test
  void anOlderContainerGetsTheUsualHostImageBack() {
    deploy(container(VLLM), GPU, BLUE);

    deploy(container(OLDER), GPU, BLUE.with(SageMakerReplacement.allAtOnce(Duration.ZERO)));

    assertThat(lastVariant().hasNonNull("InferenceAmiVersion")).isFalse();
  }

  @Test
  void anotherContainerBringsItsHostImage() {
    deploy(container(OLDER), GPU, BLUE);

    deploy(container(VLLM), GPU, BLUE.with(SageMakerReplacement.allAtOnce(Duration.ZERO)));

    assertThat(lastVariant().path("InferenceAmiVersion").asText()).isEqualTo(CUDA_13);
  }

  @Test
  void aFleetHasTheHostImageOfItsFirstComponentAndRefusesAnother() {
    Scaling share = Scaling.fixed("ml.g5.2xlarge", 1)
        .with(SageMakerComponent.on("shared", 4096).withAccelerators(1));
    assertThat(plan(container(VLLM), share, BLUE).toString())
        .contains("instances start from " + CUDA_13);
    deploy(container(OLDER), share, BLUE);
    Routing clip = new Routing("clip", "blue");

    ServingException refusal =
        catchThrowableOfType(ServingException.class, () -> deploy(container(VLLM), share, clip));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal).hasMessageContaining(CUDA_13).hasMessageContaining("name another fleet");
  }

  private void changeByHand(Consumer<ProductionVariant.Builder> change) {
    try (SageMakerClient console = aws.console()) {
      String name = console.describeEndpoint(r -> r.endpointName("bert")).endpointConfigName();
      ProductionVariant before = console
          .describeEndpointConfig(r -> r.endpointConfigName(name))
          .productionVariants()
          .get(0);
      ProductionVariant.Builder changed = before.toBuilder();
      change.accept(changed);
      console.createEndpointConfig(
          r -> r.endpointConfigName("by-hand").productionVariants(changed.build()));
      aws.time().pass(Duration.ofMinutes(1));
      console.updateEndpoint(r -> r.endpointName("bert").endpointConfigName("by-hand"));
      aws.time().pass(Duration.ofMinutes(5));
      console.deleteEndpointConfig(r -> r.endpointConfigName(name));
    }
    deleteLater = "by-hand";
  }

  private String deleteLater = "";

  @AfterEach
  void deleteWhatIsNotOurs() {
    if (!deleteLater.isEmpty()) {
      try (SageMakerClient console = aws.console()) {
        console.deleteEndpointConfig(r -> r.endpointConfigName(deleteLater));
      }
    }
  }

  // ---- requests and keys ----

  @Test
  void requestsGoToTheInstanceWithTheFewestInProgress() {
    Scaling fair = CPU.with(
        SageMakerInstances.DEFAULT.withRequestRouting(RequestRouting.LEAST_OUTSTANDING_REQUESTS));
    deploy(container(Aws.IMAGE), fair, BLUE);

    assertThat(lastVariant().at("/RoutingConfig/RoutingStrategy").asText())
        .isEqualTo("LEAST_OUTSTANDING_REQUESTS");
    assertThat(plan(container(Aws.IMAGE), fair, BLUE).isEmpty()).isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());
    assertThat(plan(container(Aws.IMAGE), CPU, BLUE).isEmpty())
        .as("who says nothing leaves it as it is")
        .isTrue();
    Scaling random = CPU.with(SageMakerInstances.DEFAULT.withRequestRouting(RequestRouting.RANDOM));
    assertThat(plan(container(Aws.IMAGE), random, BLUE).isEmpty()).isFalse();
  }

  @Test
  void volumesAnswersAndRecordsAreEncryptedByTheKeysThatAreGiven() {
    Scaling scaling =
        CPU.with(SageMakerInstances.DEFAULT.withVolumeGb(30).withKmsKey("alias/volumes"));
    Routing routing =
        BLUE.with(SageMakerDataCapture.of(10, "s3://records/").withKmsKey("alias/records"));
    deploy(container(Aws.IMAGE), scaling, routing);

    ObjectNode made = aws.account().requests("CreateEndpointConfig").get(0);
    assertThat(made.path("KmsKeyId").asText()).isEqualTo("alias/volumes");
    assertThat(made.at("/DataCaptureConfig/KmsKeyId").asText()).isEqualTo("alias/records");
    assertThat(plan(container(Aws.IMAGE), scaling, routing).isEmpty()).isTrue();
    ReadBack.assertChangesNothing(platform, routing.name(), routing.variant());

    deploy(container(Aws.IMAGE), CPU, GREEN);
    List<ObjectNode> all = aws.account().requests("CreateEndpointConfig");
    assertThat(all.get(all.size() - 1).path("KmsKeyId").asText())
        .as("another variant leaves it as it is")
        .isEqualTo("alias/volumes");
  }

  @Test
  void contentTypesThatAreRecordedAsTextAreThoseThatAreGivenAndThenKept() {
    SageMakerDataCapture capture = SageMakerDataCapture.of(10, "s3://records/");
    Routing own = BLUE.with(capture.withTextTypes(List.of(), List.of("application/jsonlines")));
    deploy(container(Aws.IMAGE), CPU, own);

    assertThat(aws.account()
            .requests("CreateEndpointConfig")
            .get(0)
            .at("/DataCaptureConfig/CaptureContentTypeHeader")
            .toString())
        .isEqualTo("{\"JsonContentTypes\":[\"application/jsonlines\"]}");
    assertThat(plan(container(Aws.IMAGE), CPU, own).isEmpty()).isTrue();
    assertThat(plan(container(Aws.IMAGE), CPU, BLUE.with(capture)).isEmpty())
        .as("who says nothing leaves them as they are")
        .isTrue();
    assertThat(plan(
                container(Aws.IMAGE),
                CPU,
                BLUE.with(capture.withTextTypes(List.of("text/csv"), List.of())))
            .isEmpty())
        .isFalse();
  }

  @Test
  void aKeyOfAllVariantsAndStorageOfTheInstancesDoNotGoTogether() {
    deploy(
        container(Aws.IMAGE),
        CPU.with(SageMakerInstances.DEFAULT.withKmsKey("alias/volumes")),
        BLUE);

    assertThat(plan(container(Aws.IMAGE), GPU, new Routing("bert", "green")).toString())
        .contains("refuse variant bert/green")
        .contains("the KMS key is that of all variants")
        .contains(GPU.instanceType().orElseThrow());
  }

  @Test
  void theAnswersOfAnAsynchronousEndpointAreEncryptedByTheKeyThatIsGiven() {
    Routing routing = BLUE.with(SageMakerAsync.to("s3://answers/").withKmsKey("alias/answers"));
    deploy(container(Aws.IMAGE), CPU, routing);

    assertThat(aws.account()
            .requests("CreateEndpointConfig")
            .get(0)
            .at("/AsyncInferenceConfig/OutputConfig/KmsKeyId")
            .asText())
        .isEqualTo("alias/answers");
    assertThat(plan(container(Aws.IMAGE), CPU, routing).isEmpty()).isTrue();
    ReadBack.assertChangesNothing(platform, routing.name(), routing.variant());
  }

  @Test
  void uploadsAreEncryptedByTheKeyThatIsGiven(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("weights"), new byte[] {1});
    SageMakerConfig config = aws.config().withUploadKmsKey("alias/uploads");
    Faults calls = Faults.none();
    try (SageMakerPlatform encrypted = aws.open(config, calls)) {
      Container container = encrypted
          .packageModel(ModelArtifact.of(file), RuntimeSpec.of(Aws.IMAGE), Dependencies.NONE)
          .await(LIMIT);
      String location = container.artifact().weights().toString();

      assertThat(aws.account()
              .encryption(Aws.BUCKET, location.substring(location.indexOf("fairlead/"))))
          .isEqualTo("aws:kms alias/uploads");
    }
  }

  // ---- what changes cost ----

  @Test
  void aPlanTellsOfTheSecondFleetThatEachUpdateOfAnEndpointStarts() {
    Container container = container(Aws.IMAGE);
    assertThat(plan(container, CPU, BLUE).toString()).doesNotContain("second fleet");
    Endpoint blue = deploy(container, CPU, BLUE);

    assertThat(plan(container, GPU, GREEN).toString())
        .contains("meanwhile a second fleet of 2 ml.g5.xlarge and 1 ml.m5.large, billed");
    Endpoint green = deploy(container, GPU, GREEN);
    assertThat(plan(container, Scaling.fixed("ml.m5.xlarge", 3), BLUE).toString())
        .contains("meanwhile a second fleet of 2 ml.g5.xlarge and 3 ml.m5.xlarge, billed");
    assertThat(plan(container, Scaling.fixed("ml.m5.large", 3), BLUE).toString())
        .as("a count is changed in place")
        .doesNotContain("second fleet");
    assertThat(platform.preview(p -> p.undeploy(green)).toString())
        .contains("meanwhile a second fleet of 1 ml.m5.large, billed");
    assertThat(platform.preview(p -> p.undeployAll("bert")).toString())
        .as("it goes by one call")
        .doesNotContain("second fleet");
    platform.undeploy(green).await(LIMIT);
    assertThat(platform.preview(p -> p.undeploy(blue)).toString()).doesNotContain("second fleet");
  }

  @Test
  void aVariantThatIsAloneIsReplacedInBatchesWithoutASecondFleet() {
    Routing rolling =
        BLUE.with(SageMakerReplacement.rolling(50, Duration.ofMinutes(2), "bert-errors"));
    deploy(container(OLDER), GPU, BLUE);

    Plan plan = plan(container(VLLM), GPU, rolling);
    deploy(container(VLLM), GPU, rolling);

    assertThat(plan.toString())
        .contains("meanwhile at most 50 % more than 2 ml.g5.xlarge")
        .doesNotContain("second fleet");
    assertThat(aws.account().requests("UpdateEndpoint"))
        .singleElement()
        .extracting(update -> update.path("DeploymentConfig").toString())
        .asString()
        .contains("\"RollingUpdatePolicy\":{\"MaximumBatchSize\":"
            + "{\"Type\":\"CAPACITY_PERCENT\",\"Value\":50},\"WaitIntervalInSeconds\":120")
        .contains("\"AlarmName\":\"bert-errors\"")
        .doesNotContain("BlueGreen");
  }

  @Test
  void oneOfSeveralVariantsIsNotReplacedInBatches() {
    deploy(container(OLDER), GPU, BLUE);
    deploy(container(OLDER), GPU, GREEN);
    aws.account().forgetCalls();
    Routing rolling = BLUE.with(SageMakerReplacement.rolling(25, Duration.ZERO));

    assertThat(plan(container(VLLM), GPU, rolling).changes())
        .extracting(Plan.Change::action)
        .contains(Action.REFUSE);
    assertThat(catchThrowableOfType(
            ServingException.class, () -> deploy(container(VLLM), GPU, rolling)))
        .hasMessageContaining("cannot be replaced in batches");
    assertThat(aws.account().calls()).doesNotContain("UpdateEndpoint", "CreateEndpointConfig");
  }

  // ---- tags of the settings ----

  @Test
  void theTagsOfTheSettingsAreOnAllThatIsMadeAndNoReasonToReplace() {
    SageMakerConfig config = aws.config().withTags(Map.of("cost-center", "17", "team", "search"));
    try (SageMakerPlatform tagged = aws.open(config, Faults.none())) {
      tagged.deploy(container(Aws.IMAGE), CPU, BLUE).await(LIMIT);
    }
    for (String resource : aws.remains()) {
      if (resource.startsWith("model/") || resource.startsWith("endpoint")) {
        assertThat(aws.account().tags(resource)).as(resource).containsEntry("cost-center", "17");
      }
    }
    aws.account().forgetCalls();
    SageMakerConfig other = aws.config().withTags(Map.of("cost-center", "18", "owner", "me"));
    try (SageMakerPlatform changed = aws.open(other, Faults.none())) {
      changed.deploy(container(Aws.IMAGE), CPU, BLUE).await(LIMIT);
    }

    assertThat(aws.account().calls())
        .contains("AddTags")
        .doesNotContain("CreateModel", "CreateEndpointConfig", "UpdateEndpoint");
    for (String resource : aws.remains()) {
      if (resource.startsWith("model/") || resource.equals("endpoint/bert")) {
        assertThat(aws.account().tags(resource))
            .as(resource)
            .containsEntry("cost-center", "18")
            .containsEntry("owner", "me")
            .containsEntry("team", "search");
      }
    }
    try (SageMakerPlatform again = aws.open(other, Faults.none())) {
      assertThat(again.preview(p -> p.deploy(container(Aws.IMAGE), CPU, BLUE)).isEmpty())
          .isTrue();
    }
  }
}
