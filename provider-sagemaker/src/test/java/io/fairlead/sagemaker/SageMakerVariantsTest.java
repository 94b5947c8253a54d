package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
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
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Location;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What SageMaker alone knows of variants, over their whole life. */
class SageMakerVariantsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final Container FIRST = container("one");
  private static final Container SECOND = container("two");

  private final Aws aws = new Aws(new VirtualTime());
  private final EndpointPlatform platform = aws.open();

  @AfterEach
  void undeployToNothing() {
    platform.undeployAll("bert").await(LIMIT);
    platform.sweep(Duration.ZERO).await(LIMIT);
    platform.close();
    assertThat(aws.remains()).isEmpty();
    aws.close();
  }

  // ---- counts, types and weights ----

  @Test
  void aCountIsChangedInPlace() {
    Endpoint blue = deploy(FIRST, ONE, BLUE);
    aws.account().forgetCalls();

    platform.scale(blue, Scaling.fixed("ml.m5.large", 3)).await(LIMIT);

    assertThat(aws.account().calls()).doesNotContain("UpdateEndpoint", "CreateEndpointConfig");
    assertThat(only("UpdateEndpointWeightsAndCapacities").toString())
        .contains("\"DesiredInstanceCount\":3")
        .doesNotContain("\"DesiredWeight\"");
  }

  @Test
  void anotherTypeIsAnotherConfigurationAndLeavesWeightsAndCountsOfAll() {
    Endpoint blue = deploy(FIRST, ONE, BLUE);
    Endpoint green = deploy(SECOND, ONE, GREEN);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT);
    platform.scale(green, Scaling.fixed("ml.m5.large", 2)).await(LIMIT);
    aws.account().forgetCalls();

    platform.scale(blue, Scaling.fixed("ml.c5.xlarge", 4)).await(LIMIT);

    assertThat(only("UpdateEndpoint").path("RetainAllVariantProperties").asBoolean())
        .isTrue();
    assertThat(variants("CreateEndpointConfig", "InitialVariantWeight"))
        .containsExactly("blue 70.0", "green 30.0");
    assertThat(variants("CreateEndpointConfig", "InitialInstanceCount"))
        .containsExactly("blue 4", "green 2");
    assertThat(weights()).containsExactly("bert/blue 70", "bert/green 30");
    assertIsAs(FIRST, Scaling.fixed("ml.c5.xlarge", 4), BLUE);
    assertIsAs(SECOND, Scaling.fixed("ml.m5.large", 2), GREEN);
  }

  @Test
  void aWeightOfNothingIsWrittenAsNothing() {
    Endpoint blue = deploy(FIRST, ONE, BLUE);
    Endpoint green = deploy(SECOND, ONE, GREEN);
    aws.account().forgetCalls();

    platform.route(blue.at(100), green.at(0), TrafficWeight.ALL).await(LIMIT);

    assertThat(only("UpdateEndpointWeightsAndCapacities").toString())
        .contains("{\"VariantName\":\"blue\",\"DesiredWeight\":0.0}")
        .contains("{\"VariantName\":\"green\",\"DesiredWeight\":100.0}");
  }

  @Test
  void howInstancesAreSetUpIsKeptAndChanged() {
    Scaling large = ONE.with(SageMakerInstances.DEFAULT
        .withVolumeGb(100)
        .withModelDownloadTimeout(Duration.ofMinutes(20))
        .withStartupTimeout(Duration.ofMinutes(10)));
    deploy(FIRST, large, BLUE);
    assertThat(only("CreateEndpointConfig").toString())
        .contains("\"VolumeSizeInGB\":100")
        .contains("\"ModelDataDownloadTimeoutInSeconds\":1200")
        .contains("\"ContainerStartupHealthCheckTimeoutInSeconds\":600");
    assertIsAs(FIRST, large, BLUE);

    deploy(FIRST, ONE, BLUE);

    assertIsAs(FIRST, ONE, BLUE);
  }

  @Test
  void whereItIsIsToldAsAwsNamesItAndForPeople() {
    deploy(FIRST, ONE, BLUE);

    Location location = platform.describe("bert", "blue", LIMIT).orElseThrow().location();

    assertThat(location.id()).isEqualTo("arn:aws:sagemaker:us-east-1:123456789012:endpoint/bert");
    assertThat(location.url().orElseThrow())
        .hasToString(aws.config().endpoint().orElseThrow() + "/endpoints/bert/invocations");
    assertThat(location.console().orElseThrow())
        .hasToString("https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1"
            + "#/endpoints/bert");
  }

  // ---- scaling by load ----

  @Test
  void instancesAreScaledByLoadWhereMinIsBelowMax() {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4)
        .with(SageMakerAutoscaling.keeping(Metric.INVOCATIONS_PER_INSTANCE, 600)
            .withCooldowns(Duration.ofMinutes(5), Duration.ofMinutes(1)));
    deploy(FIRST, byLoad, BLUE);

    assertThat(only("RegisterScalableTarget").toString())
        .contains("\"ResourceId\":\"endpoint/bert/variant/blue\"")
        .contains("\"MinCapacity\":1,\"MaxCapacity\":4");
    assertThat(only("PutScalingPolicy").toString())
        .contains("\"TargetValue\":600.0")
        .contains("SageMakerVariantInvocationsPerInstance")
        .contains("\"ScaleOutCooldown\":60");
    assertIsAs(FIRST, byLoad, BLUE);
    assertThat(aws.remains()).contains("scalable-target/endpoint/bert/variant/blue");
  }

  @Test
  void aCountThatTheLoadChoseIsLeftAlone() {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);
    Endpoint blue = deploy(FIRST, byLoad, BLUE);
    platform.scale(blue, Scaling.between("ml.m5.large", 3, 6)).await(LIMIT);
    aws.account().forgetCalls();

    platform.scale(blue, Scaling.between("ml.m5.large", 2, 6)).await(LIMIT);

    assertThat(aws.account().calls())
        .contains("RegisterScalableTarget")
        .doesNotContain("UpdateEndpointWeightsAndCapacities");
  }

  @Test
  void scalingByLoadEndsBeforeTheCountIsFixed() {
    Endpoint blue = deploy(FIRST, Scaling.between("ml.m5.large", 2, 4), BLUE);
    aws.account().forgetCalls();

    platform.scale(blue, Scaling.fixed("ml.m5.large", 1)).await(LIMIT);

    assertThat(aws.account().calls())
        .containsSubsequence("DeregisterScalableTarget", "UpdateEndpointWeightsAndCapacities");
    assertIsAs(FIRST, ONE, BLUE);
  }

  @Test
  void whatIsScaledIsDeregisteredForAnotherTypeAndRegisteredAgain() {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);
    Endpoint blue = deploy(FIRST, byLoad, BLUE);
    aws.account().forgetCalls();

    platform.scale(blue, Scaling.between("ml.c5.large", 1, 4)).await(LIMIT);

    assertThat(aws.account().calls())
        .containsSubsequence(
            "DeregisterScalableTarget", "UpdateEndpoint", "RegisterScalableTarget");
    assertIsAs(FIRST, Scaling.between("ml.c5.large", 1, 4), BLUE);
  }

  @Test
  void anotherTypeThatFailsLeavesTheOldOneScaled() {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);
    Endpoint blue = deploy(FIRST, byLoad, BLUE);
    aws.account().failEndpoint("bert", "Unable to provision requested ML compute capacity.");

    ServingException failure =
        fails(() -> platform.scale(blue, Scaling.between("ml.c5.large", 1, 4)).await(LIMIT));

    assertThat(failure).hasMessageContaining("compute capacity");
    assertIsAs(FIRST, byLoad, BLUE);
  }

  @Test
  void whatScalesByLoadMayGo() {
    deploy(FIRST, Scaling.between("ml.m5.large", 1, 4), BLUE);
    Endpoint green = deploy(SECOND, Scaling.between("ml.m5.large", 1, 2), GREEN);

    platform.undeploy(green).await(LIMIT);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(aws.remains())
        .contains("scalable-target/endpoint/bert/variant/blue")
        .doesNotContain("scalable-target/endpoint/bert/variant/green");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"DENIED", "UNAVAILABLE", "KILLED_BEFORE"})
  void aScalingByLoadThatIsCutOffBeforeItsPolicyIsFinishedByRunningItAgain(Fault fault) {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);
    Endpoint blue = deploy(FIRST, ONE, BLUE);
    try (EndpointPlatform broken =
        aws.open(Faults.from("sagemaker", putsPolicy(ONE, byLoad), fault))) {
      assertThat(catchThrowable(() -> broken.scale(blue, byLoad).await(LIMIT))).isNotNull();
    }
    assertThat(aws.remains()).noneMatch(name -> name.startsWith("scaling-policy/"));
    assertThat(platform.preview(p -> p.scale(blue, byLoad)).isEmpty()).isFalse();

    platform.scale(blue, byLoad).await(LIMIT);

    assertThat(aws.remains()).contains("scaling-policy/endpoint/bert/variant/blue/fairlead");
    assertIsAs(FIRST, byLoad, BLUE);
  }

  @Test
  void aScalingByLoadWhosePolicyIsRefusedIsNotLeftHalfDone() {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);
    Endpoint blue = deploy(FIRST, ONE, BLUE);
    try (EndpointPlatform denied =
        aws.open(Faults.at("sagemaker", putsPolicy(ONE, byLoad), Fault.DENIED))) {
      fails(() -> denied.scale(blue, byLoad).await(LIMIT));
    }
    assertThat(aws.remains()).noneMatch(name -> name.startsWith("scal"));
    assertIsAs(FIRST, ONE, BLUE);

    platform.scale(blue, byLoad).await(LIMIT);
    Scaling larger = Scaling.between("ml.m5.large", 2, 9)
        .with(SageMakerAutoscaling.keeping(Metric.INVOCATIONS_PER_INSTANCE, 600));
    try (EndpointPlatform denied =
        aws.open(Faults.at("sagemaker", putsPolicy(byLoad, larger), Fault.DENIED))) {
      fails(() -> denied.scale(blue, larger).await(LIMIT));
    }
    assertIsAs(FIRST, byLoad, BLUE);
  }

  /** {@return the number of the call that puts the policy where a variant is scaled} */
  private static int putsPolicy(Scaling from, Scaling byLoad) {
    Faults counting = Faults.none();
    try (Aws twin = new Aws(new VirtualTime());
        EndpointPlatform whole = twin.open();
        EndpointPlatform counted = twin.open(counting)) {
      counted.scale(whole.deploy(FIRST, from, BLUE).await(LIMIT), byLoad).await(LIMIT);
    }
    int number = counting.calls().stream()
            .map(call -> call.startsWith("PutScalingPolicy"))
            .toList()
            .indexOf(true)
        + 1;
    assertThat(number).isPositive();
    return number;
  }

  // ---- serverless ----

  @Test
  void aServerlessVariantIsServedWithoutInstances() {
    Scaling serverless = Scaling.fixed(1).with(SageMakerServerless.of(2048, 5));
    Endpoint blue = deploy(FIRST, serverless, BLUE);
    assertThat(only("CreateEndpointConfig").toString())
        .contains("\"ServerlessConfig\":{\"MemorySizeInMB\":2048,\"MaxConcurrency\":5}")
        .doesNotContain("InstanceType");
    aws.account().forgetCalls();

    Scaling more = Scaling.fixed(1).with(new SageMakerServerless(2048, 20, 2));
    platform.scale(blue, more).await(LIMIT);
    assertThat(aws.account().calls()).doesNotContain("CreateEndpointConfig");
    assertIsAs(FIRST, more, BLUE);

    Scaling larger = Scaling.fixed(1).with(new SageMakerServerless(4096, 20, 2));
    platform.scale(blue, larger).await(LIMIT);
    assertThat(aws.account().calls()).contains("CreateEndpointConfig");
    assertIsAs(FIRST, larger, BLUE);
  }

  @Test
  void aServerlessVariantIsAloneUnderItsNameAndStaysServerless() {
    deploy(FIRST, Scaling.fixed(1).with(SageMakerServerless.of(2048, 5)), BLUE);

    assertThat(fails(() -> deploy(SECOND, ONE, GREEN)))
        .hasMessageContaining("AWS serves a serverless variant alone under its name");
    assertThat(fails(() -> deploy(FIRST, ONE, BLUE)))
        .hasMessageContaining("cannot change between instances and serverless");
  }

  // ---- what holds for the whole endpoint ----

  @Test
  void requestsAreRecordedForAllVariantsUntilThatIsEnded() {
    Routing recorded = BLUE.with(SageMakerDataCapture.of(50, "s3://records/bert"));
    deploy(FIRST, ONE, recorded);
    assertThat(only("CreateEndpointConfig").path("DataCaptureConfig").toString())
        .contains("\"EnableCapture\":true,\"InitialSamplingPercentage\":50")
        .as("what is named in neither list is recorded in Base64")
        .contains("\"CsvContentTypes\":[\"text/csv\"]")
        .contains("\"JsonContentTypes\":[\"application/json\"]")
        .contains("s3://records/bert");
    assertIsAs(FIRST, ONE, recorded);
    aws.account().forgetCalls();

    deploy(SECOND, ONE, GREEN);
    assertThat(only("CreateEndpointConfig").path("DataCaptureConfig").toString())
        .as("who says nothing leaves it as it is")
        .contains("\"EnableCapture\":true");
    assertIsAs(FIRST, ONE, BLUE);
    aws.account().forgetCalls();

    Routing ended = BLUE.with(SageMakerDataCapture.of(0, "s3://records/bert"));
    deploy(FIRST, ONE, ended);
    assertThat(only("CreateEndpointConfig").path("DataCaptureConfig").toString())
        .contains("\"EnableCapture\":false");
    assertIsAs(FIRST, ONE, ended);
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
  }

  @Test
  void anEndpointIsAsynchronousForAsLongAsItIsThere() {
    SageMakerAsync async = SageMakerAsync.to("s3://answers/bert/")
        .withFailurePath("s3://answers/failed/")
        .withMaxConcurrencyPerInstance(4);
    deploy(FIRST, ONE, BLUE.with(async));
    assertThat(only("CreateEndpointConfig").path("AsyncInferenceConfig").toString())
        .contains("\"MaxConcurrentInvocationsPerInstance\":4")
        .contains("s3://answers/bert/")
        .contains("s3://answers/failed/");
    assertIsAs(FIRST, ONE, BLUE.with(async));
    assertIsAs(FIRST, ONE, BLUE);

    ServingException refusal =
        fails(() -> deploy(FIRST, ONE, BLUE.with(SageMakerAsync.to("s3://elsewhere/"))));

    assertThat(refusal).hasMessageContaining("is fixed while it exists");
    assertThat(fails(() -> deploy(SECOND, ONE, GREEN.with(SageMakerAsync.to("s3://elsewhere/")))))
        .hasMessageContaining("is fixed while it exists");
  }

  @Test
  void aShadowGetsCopiesBesideExactlyOneVariant() {
    Endpoint blue = deploy(FIRST, ONE, BLUE);
    Endpoint shadow = deploy(SECOND, ONE, GREEN.with(new SageMakerShadow(20)));

    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
    assertIsAs(SECOND, ONE, GREEN.with(new SageMakerShadow(20)));
    assertThat(fails(() -> deploy(FIRST, ONE, new Routing("bert", "red"))))
        .hasMessageContaining("a shadow beside exactly one variant");
    assertThat(fails(() -> platform.undeploy(blue).await(LIMIT)).kind())
        .isEqualTo(ErrorKind.CONFLICT);

    platform.undeploy(shadow).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 100");
  }

  @Test
  void aShadowOfNothingIsRefused() {
    assertThat(fails(() -> deploy(FIRST, ONE, BLUE.with(new SageMakerShadow(20)))))
        .hasMessageContaining("shadows another variant, and there is none");
  }

  // ---- replacing ----

  @Test
  void anotherContainerTakesTheVariantsPlaceByAwssOwnSteps() {
    deploy(FIRST, ONE, BLUE);
    aws.account().forgetCalls();
    Routing canary =
        BLUE.with(SageMakerReplacement.canary(10, Duration.ofMinutes(5), "bert-errors"));

    deploy(SECOND, ONE, canary);

    assertThat(only("UpdateEndpoint").path("DeploymentConfig").toString())
        .contains("\"Type\":\"CANARY\",\"WaitIntervalInSeconds\":300")
        .contains("\"CanarySize\":{\"Type\":\"CAPACITY_PERCENT\",\"Value\":10}")
        .contains("\"AlarmName\":\"bert-errors\"");
    assertThat(weights()).containsExactly("bert/blue 100");
    assertIsAs(SECOND, ONE, BLUE);
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(aws.remains()).filteredOn(name -> name.startsWith("model/")).hasSize(1);
  }

  @Test
  void aReplacementThatTakesLongerThanAnOperationWorksIsResumedByTheSameCall() {
    deploy(FIRST, ONE, BLUE);
    aws.account().forgetCalls();
    Routing slow = BLUE.with(SageMakerReplacement.linear(10, Duration.ofMinutes(10)));

    ServingException late = fails(() -> deploy(SECOND, ONE, slow));
    deploy(SECOND, ONE, slow);

    assertThat(late.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(late).hasMessageContaining("run the same operation again to resume it");
    assertThat(aws.account().requests("UpdateEndpoint")).hasSize(1);
    assertIsAs(SECOND, ONE, BLUE);
  }

  @Test
  void aReplacementThatAnAlarmTakesBackLeavesTheOldContainer() {
    deploy(FIRST, ONE, BLUE);
    aws.account().failEndpoint("bert", "One or more CloudWatch alarms were in ALARM.");
    Routing linear = BLUE.with(SageMakerReplacement.linear(25, Duration.ofMinutes(5), "errors"));

    ServingException failure = fails(() -> deploy(SECOND, ONE, linear));

    assertThat(failure).hasMessageContaining("CloudWatch alarms");
    assertIsAs(FIRST, ONE, BLUE);
  }

  @Test
  void withoutItAnotherContainerUnderTheSameVariantIsRefusedAndTheWayIsTold() {
    deploy(FIRST, ONE, BLUE);

    assertThat(fails(() -> deploy(SECOND, ONE, BLUE)))
        .hasMessageContaining("holds another container")
        .hasMessageContaining("SageMakerReplacement");
  }

  // ---- words ----

  private static Container container(String model) {
    return new Container(
        ModelArtifact.of(URI.create("s3://models/" + model + "/model.tar.gz")),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing).await(LIMIT);
  }

  private void assertIsAs(Container container, Scaling scaling, Routing routing) {
    assertThat(platform.preview(p -> p.deploy(container, scaling, routing)).isEmpty())
        .as("%s is as %s says", routing.path(), scaling)
        .isTrue();
    ReadBack.assertChangesNothing(platform, routing.name(), routing.variant());
  }

  private ObjectNode only(String operation) {
    List<ObjectNode> requests = aws.account().requests(operation);
    assertThat(requests).as(operation).hasSize(1);
    return requests.get(0);
  }

  private List<String> variants(String operation, String field) {
    return StreamSupport.stream(only(operation).path("ProductionVariants").spliterator(), false)
        .map((JsonNode variant) ->
            variant.path("VariantName").asText() + " " + variant.path(field).asText())
        .toList();
  }

  private List<String> weights() {
    return platform.list().stream()
        .map(one ->
            one.name() + "/" + one.variant().orElseThrow() + " " + one.weight().percent())
        .toList();
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }
}
