package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import io.fairlead.sagemaker.SageMakerInstances.RequestRouting;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SageMakerOptionsTest {
  private static final String ROLE = "arn:aws:iam::123456789012:role/service-role/serving";

  private static final Endpoint BERT = new Endpoint(
      new Container(
          ModelArtifact.of(
                  URI.create("s3://bucket/model.tar.gz"), URI.create("s3://bucket/weights"))
              .withMetadata(ModelMetadata.of("huggingface", "4.37")
                  .with(SageMakerArtifact.pyVersion("py310"))),
          RuntimeSpec.of(
                  "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.1")
              .with(SageMakerRuntime.executionRole(ROLE)),
          Dependencies.environment(Map.of("HF_TASK", "text-classification"))
              .with(SageMakerDependencies.entryPoint("code/inference.py"))),
      Scaling.fixed("ml.g5.xlarge", 1),
      new Routing("bert", "blue"));

  @Test
  void anEndpointThatCarriesThemAllIsReadBackEqual() {
    String json = GrammarJson.write(BERT);

    assertThat(json)
        .contains("\"sagemaker.SageMakerArtifact\":{\"pyVersion\":\"py310\"}")
        .contains("\"sagemaker.SageMakerRuntime\":{\"executionRole\":\"" + ROLE + "\"}")
        .contains("\"sagemaker.SageMakerDependencies\":{\"entryPoint\":\"code/inference.py\"}");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(BERT);
  }

  @Test
  void eachIsForSageMaker() {
    assertThat(BERT.artifact().metadata().options().forPlatform("sagemaker"))
        .containsExactly(SageMakerArtifact.pyVersion("py310"));
    assertThat(BERT.container().runtime().options().find(SageMakerRuntime.class))
        .contains(new SageMakerRuntime(ROLE));
    assertThat(BERT.container().dependencies().options().forPlatform("azureml")).isEmpty();
  }

  @Test
  void everyOptionIsReadBackEqual() {
    Scaling scaling = Scaling.between("ml.g5.xlarge", 1, 4)
        .with(SageMakerServerless.of(2048, 5))
        .with(SageMakerInstances.DEFAULT
            .withVolumeGb(50)
            .withModelDownloadTimeout(Duration.ofMinutes(20))
            .withStartupTimeout(Duration.ofMinutes(10))
            .withAmiVersion("al2023-ami-sagemaker-inference-gpu-4-1")
            .withRequestRouting(RequestRouting.LEAST_OUTSTANDING_REQUESTS)
            .withKmsKey("alias/volumes"))
        .with(SageMakerComponent.on("shared", 128).withFleetInstances(0, 2))
        .with(SageMakerAutoscaling.keeping(Metric.INVOCATIONS_PER_INSTANCE, 70.5)
            .withCooldowns(Duration.ofMinutes(5), Duration.ofSeconds(30)));
    Routing routing = new Routing("bert", "blue")
        .with(SageMakerAsync.to("s3://answers/").withFailurePath("s3://failures/"))
        .with(SageMakerDataCapture.of(20, "s3://records/")
            .withTextTypes(List.of("text/csv"), List.of("application/jsonlines"))
            .withKmsKey("alias/records"))
        .with(new SageMakerShadow(10))
        .with(SageMakerReplacement.canary(5, Duration.ofMinutes(10), "errors", "latency"));
    Container container = new Container(
        BERT.container().artifact(),
        BERT.container()
            .runtime()
            .with(SageMakerNetwork.vpc(List.of("subnet-1"), List.of("sg-1")))
            .with(new SageMakerMultiModel(false)),
        BERT.container().dependencies());
    Endpoint all = new Endpoint(container, scaling, routing);

    assertThat(GrammarJson.read(GrammarJson.write(all), Endpoint.class)).isEqualTo(all);
  }

  @ParameterizedTest
  @MethodSource("wrongOptions")
  void whatAwsWouldRefuseIsRefusedWithItsRule(ThrowingCallable making, String rule) {
    assertThatThrownBy(making).isInstanceOf(InvalidValueException.class).hasMessageContaining(rule);
  }

  private static List<Arguments> wrongOptions() {
    Duration none = Duration.ZERO;
    return List.of(
        wrong(() -> SageMakerServerless.of(1500, 5), "memoryMb must be 1024, 2048"),
        wrong(() -> SageMakerServerless.of(7168, 5), "memoryMb must be 1024, 2048"),
        wrong(() -> SageMakerServerless.of(1024, 201), "maxConcurrency must be from 1 to 200"),
        wrong(
            () -> new SageMakerServerless(1024, 5, 6),
            "provisionedConcurrency must be from 0 to maxConcurrency, which is 5"),
        wrong(() -> SageMakerInstances.DEFAULT.withVolumeGb(513), "volumeGb must be from 1 to 512"),
        wrong(
            () -> SageMakerInstances.DEFAULT.withStartupTimeout(Duration.ofSeconds(59)),
            "startupTimeout must be 60 seconds to an hour"),
        wrong(
            () -> SageMakerAutoscaling.keeping(Metric.INVOCATIONS_PER_INSTANCE, 0),
            "target must be above 0"),
        wrong(
            () -> SageMakerInstances.DEFAULT.withVolumeGb(0),
            "volumeGb must be from 1 to 512 (got 0)"),
        wrong(
            () -> SageMakerAsync.to("s3://a/").withFailurePath(""),
            "failurePath must be an s3:// prefix"),
        wrong(() -> SageMakerAsync.to("https://answers"), "outputPath must be an s3:// prefix"),
        wrong(
            () -> SageMakerAsync.to("s3://a/").withMaxConcurrencyPerInstance(1001),
            "maxConcurrencyPerInstance must be from 1 to 1000"),
        wrong(
            () -> SageMakerAsync.to("s3://a/").withSuccessTopic("mail"),
            "successTopic must be an SNS topic's ARN"),
        wrong(() -> SageMakerDataCapture.of(101, "s3://r"), "percent must be from 0 to 100"),
        wrong(() -> new SageMakerShadow(0), "percent must be from 1 to 100"),
        wrong(
            () -> SageMakerReplacement.canary(51, none), "percent must be from 1 to 50 for CANARY"),
        wrong(
            () -> SageMakerReplacement.linear(9, none), "percent must be from 10 to 50 for LINEAR"),
        wrong(
            () -> SageMakerReplacement.rolling(4, none),
            "percent must be from 5 to 50 for ROLLING"),
        wrong(
            () -> SageMakerReplacement.rolling(51, none),
            "percent must be from 5 to 50 for ROLLING"),
        wrong(
            () -> SageMakerReplacement.rolling(10, none).withTerminationWait(Duration.ofMinutes(1)),
            "terminationWait must be 0 for ROLLING"),
        wrong(
            () -> SageMakerInstances.DEFAULT.withAmiVersion("Amazon Linux"),
            "amiVersion must be the name of an inference AMI version"),
        wrong(
            () -> SageMakerInstances.DEFAULT.withKmsKey("my key"),
            "kmsKey must be the id, alias or ARN"),
        wrong(
            () -> SageMakerAsync.to("s3://a/").withKmsKey(""),
            "kmsKey must be the id, alias or ARN"),
        wrong(
            () -> SageMakerDataCapture.of(1, "s3://r").withKmsKey(""),
            "kmsKey must be the id, alias or ARN"),
        wrong(
            () -> SageMakerDataCapture.of(1, "s3://r").withTextTypes(List.of(), List.of("json")),
            "jsonTypes must be at most 10 content types"),
        wrong(
            () -> SageMakerComponent.on("shared", 128).withFleetInstances(3, 2),
            "fleetMaxInstances must be 1 or more, and not less than fleetInstances"),
        wrong(
            () -> SageMakerComponent.on("shared", 128).withFleetInstances(0),
            "fleetInstances must be 1 or more, or 0 or more where SageMaker scales the fleet"),
        wrong(() -> SageMakerAutoscaling.backlog(0), "target must be above 0"),
        wrong(
            () -> SageMakerReplacement.allAtOnce(Duration.ofMinutes(61)),
            "interval must be 0 to an hour"),
        wrong(
            () -> SageMakerReplacement.allAtOnce(Duration.ofMinutes(10))
                .withLimit(Duration.ofMinutes(10)),
            "limit must be longer than interval and terminationWait together"),
        wrong(
            () -> SageMakerNetwork.vpc(List.of("subnet-1"), List.of()),
            "securityGroups must be given with subnets"));
  }

  private static Arguments wrong(ThrowingCallable making, String rule) {
    return Arguments.argumentSet(rule, making, rule);
  }

  @ParameterizedTest
  @ValueSource(strings = {"310", "python3.10", "py3.10", "PY310", "py310 "})
  void aPythonIsTaggedAsInAwssImages(String pyVersion) {
    assertThatThrownBy(() -> SageMakerArtifact.pyVersion(pyVersion))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "SageMakerArtifact: pyVersion must be py and a version without dots, such as py310 (got \""
                + pyVersion + "\")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::123456789012:role/r",
        "arn:aws-cn:iam::123456789012:role/serving",
        "arn:aws-us-gov:iam::123456789012:role/a/b/My_Role+=,.@-1"
      })
  void aRoleMayBeInAnyPartitionAndUnderAnyPath(String arn) {
    assertThat(SageMakerRuntime.executionRole(arn).executionRole()).isEqualTo(arn);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "serving",
        "arn:aws:iam::12345678901:role/serving",
        "arn:aws:iam::123456789012:user/me",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws:s3:::bucket-that-is-no-role",
        "arn:gcp:iam::123456789012:role/serving"
      })
  void anythingElseIsNoRole(String arn) {
    assertThatThrownBy(() -> SageMakerRuntime.executionRole(arn))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("SageMakerRuntime: executionRole must be the ARN of an IAM role, such as "
            + "arn:aws:iam::123456789012:role/serving (got \"" + arn + "\")");
  }

  @Test
  void aRolesArnHasAtMost2048Characters() {
    String prefix = "arn:aws:iam::123456789012:role/";

    assertThat(SageMakerRuntime.executionRole(prefix + "r".repeat(2048 - prefix.length())))
        .isNotNull();
    assertThatThrownBy(
            () -> SageMakerRuntime.executionRole(prefix + "r".repeat(2049 - prefix.length())))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("(2049 characters)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"inference.py", "code/inference.py", "my script.py", "a..b.py"})
  void anEntryPointIsAPathInsideTheCode(String path) {
    assertThat(SageMakerDependencies.entryPoint(path).entryPoint()).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "/opt/ml/inference.py", "../inference.py", "a/../b.py", "s3://b/i.py"})
  void anythingElseIsNoEntryPoint(String path) {
    assertThatThrownBy(() -> SageMakerDependencies.entryPoint(path))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "SageMakerDependencies: entryPoint must be a path inside the model's code, such as inference.py"
                + " (got \"" + path + "\")");
  }

  @Test
  void whatIsWrongInJsonIsToldByItsPath() {
    String json = GrammarJson.write(BERT).replace(ROLE, "serving");

    assertThatThrownBy(() -> GrammarJson.read(json, Endpoint.class))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith(
            "Endpoint: container.runtime.options.sagemaker.SageMakerRuntime.executionRole must be");
  }
}
