package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
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
import io.fairlead.operation.Operation;
import io.fairlead.platform.EndpointPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.applicationautoscaling.model.MetricType;
import software.amazon.awssdk.services.applicationautoscaling.model.PolicyType;
import software.amazon.awssdk.services.applicationautoscaling.model.ScalableDimension;
import software.amazon.awssdk.services.applicationautoscaling.model.ServiceNamespace;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.CaptureOption;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.Tag;

/** What people and other processes do to endpoints meanwhile. */
class SageMakerDriftTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Routing RED = new Routing("bert", "red");
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final Scaling LARGER = Scaling.fixed("ml.m5.xlarge", 1);
  private static final Container FIRST = container("one");
  private static final Container SECOND = container("two");

  private final Aws aws = new Aws(new VirtualTime());
  private final EndpointPlatform platform = aws.open();
  private final EndpointPlatform other = aws.open();
  private final SageMakerClient console = aws.console();

  @AfterEach
  void close() {
    platform.close();
    other.close();
    console.close();
    aws.close();
  }

  // ---- another process ----

  @Test
  void aVariantThatAnotherProcessAddedWhileAConfigurationWasPreparedIsNotLost() {
    deploy(platform, FIRST, ONE, BLUE);
    try (EndpointPlatform slow =
        aws.open(Faults.before("CreateEndpointConfig", () -> deploy(other, SECOND, ONE, RED)))) {
      deploy(slow, SECOND, ONE, GREEN);
    }

    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0", "bert/red 0");
  }

  @Test
  void theEndpointStaysIfAnotherProcessAddedAVariantWhileTheLastWasToGo() {
    Endpoint blue = deploy(platform, FIRST, Scaling.between("ml.m5.large", 1, 2), BLUE);
    try (EndpointPlatform slow = aws.open(
        Faults.before("DeregisterScalableTarget", () -> deploy(other, SECOND, ONE, RED)))) {
      fails(() -> slow.undeploy(blue).await(LIMIT));
    }

    assertThat(aws.remains()).contains("endpoint/bert");
    assertThat(weights()).contains("bert/red 0");
  }

  @Test
  void aChangeThatWasDoneBeforeAnotherProcessChangedTheEndpointIsNoFailure() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    Faults quickOther = Faults.after("UpdateEndpoint bert", () -> {
      aws.time().pass(Duration.ofMinutes(10));
      deploy(other, SECOND, ONE, GREEN);
    });
    try (EndpointPlatform slow = aws.open(quickOther)) {
      slow.scale(blue, LARGER).await(LIMIT);
    }

    assertThat(platform.preview(p -> p.deploy(FIRST, LARGER, BLUE)).isEmpty()).isTrue();
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
  }

  @Test
  void aConfigurationThatAnotherProcessHasMadeAgainIsDeletedWithItsEndpoint() {
    deploy(platform, FIRST, ONE, BLUE);
    Endpoint green = deploy(platform, SECOND, ONE, GREEN);
    String both = configuration("bert").endpointConfigName();
    platform.undeploy(green).await(LIMIT);
    assertThat(aws.remains()).doesNotContain("endpoint-config/" + both);
    deploy(other, SECOND, ONE, GREEN);
    assertThat(configuration("bert").endpointConfigName()).isEqualTo(both);

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aConfigurationThatAKilledProcessHasMadeAgainIsDeletedToo() {
    deploy(platform, FIRST, ONE, BLUE);
    Endpoint green = deploy(platform, SECOND, ONE, GREEN);
    String both = configuration("bert").endpointConfigName();
    platform.undeploy(green).await(LIMIT);
    killedAfter("CreateEndpointConfig", SECOND, GREEN);
    assertThat(aws.remains()).contains("endpoint-config/" + both);
    aws.time().pass(Duration.ofHours(2));

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void whatAnotherProcessIsJustDeployingIsNoOrphan() {
    deploy(platform, FIRST, ONE, BLUE);
    platform
        .packageModel(SECOND.artifact(), SECOND.runtime(), SECOND.dependencies())
        .await(LIMIT);
    killedAfter("UpdateEndpoint bert", SECOND, GREEN);

    assertThat(platform.orphans()).isEmpty();
    platform.sweep(Duration.ZERO).await(LIMIT);
    aws.time().pass(Duration.ofHours(2));
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
  }

  @Test
  void aVariantThatAKilledProcessWasAddingGoesWithTheOthers() {
    deploy(platform, FIRST, ONE, BLUE);
    killedAfter("UpdateEndpoint bert", SECOND, GREEN);
    aws.time().pass(Duration.ofSeconds(10));

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aConfigurationThatAKilledRunPreparedIsTheNextRunsOwn() {
    deploy(platform, FIRST, ONE, BLUE);
    killedAfter("CreateEndpointConfig", SECOND, GREEN);
    aws.time().pass(Duration.ofMinutes(1));
    assertThat(weights())
        .as("so shortly after, it counts as on its way")
        .containsExactly("bert/blue 100", "bert/green 0");

    Endpoint green = deploy(platform, SECOND, ONE, GREEN);

    assertThat(aws.account()
            .tags(configurations().get(0))
            .get("fairlead-run/" + green.routing().variant()))
        .isNotEqualTo(killedRun);
  }

  @Test
  void aDeploymentThatIsOnItsWayEndsAlthoughAnotherProcessUndeploys() {
    try (EndpointPlatform slow =
        aws.open(Faults.before("CreateEndpoint bert", () -> undeployed(other, BLUE)))) {
      deploy(slow, FIRST, ONE, BLUE);
    }

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(configurations()).hasSize(1);
  }

  @Test
  void whatAnotherProcessUndeploysWhileItIsCreatedIsAConflictAndNotTheModelsFault() {
    aws.time().in(Duration.ofSeconds(90), () -> other.undeployAll("bert").await(LIMIT));

    ServingException failure = fails(() -> deploy(platform, FIRST, ONE, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure)
        .hasMessageContaining("another process deleted it while it was being created");
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aConfigurationThatAnotherProcessTookOverIsNoOrphanHoweverOldItIs() {
    killedAfter("CreateEndpointConfig", FIRST, BLUE, false);
    aws.time().pass(Duration.ofHours(1));
    try (EndpointPlatform slow = aws.open(Faults.before("CreateEndpoint bert", () -> {
      other.sweep(Duration.ZERO).await(LIMIT);
      assertThat(configurations()).hasSize(1);
    }))) {
      deploy(slow, FIRST, ONE, BLUE);
    }

    assertThat(weights()).containsExactly("bert/blue 100");
  }

  @Test
  void aConfigurationThatAKilledProcessLeftGoesOnceNobodyCanBeAboutToUseIt() {
    killedAfter("CreateEndpointConfig", FIRST, BLUE, false);
    other.sweep(Duration.ZERO).await(LIMIT);
    assertThat(configurations()).hasSize(1);

    aws.time().pass(Duration.ofMinutes(3));
    other.sweep(Duration.ZERO).await(LIMIT);

    assertThat(configurations()).isEmpty();
  }

  @Test
  void undeployAllWaitsUntilNobodyCanBeAboutToUseWhatAKilledProcessLeft() {
    killedAfter("CreateEndpointConfig", FIRST, BLUE, false);

    other.undeployAll("bert").await(LIMIT);

    assertThat(configurations()).isEmpty();
  }

  @Test
  void whatAnotherProcessDeployedGoesWithItsConfigurationHoweverYoungThatIs() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);

    other.undeploy(blue).await(LIMIT);

    assertThat(configurations()).isEmpty();
  }

  @Test
  void aVariantWhoseInstancesAProcessWasExchangingAsItDiedIsScaledAgainByTheSameCall() {
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);
    Scaling larger = Scaling.between("ml.m5.xlarge", 1, 4);
    Endpoint blue = deploy(platform, FIRST, byLoad, BLUE);
    Faults counting = Faults.none();
    try (Aws twin = new Aws(new VirtualTime());
        EndpointPlatform first = twin.open();
        EndpointPlatform counted = twin.open(counting)) {
      counted.scale(deploy(first, FIRST, byLoad, BLUE), larger).await(LIMIT);
    }
    int number = counting.calls().indexOf("UpdateEndpoint bert") + 1;
    assertThat(number).isPositive();
    try (EndpointPlatform killed = aws.open(Faults.at("sagemaker", number, Fault.KILLED_AFTER))) {
      Operation<Endpoint> run = killed.scale(blue, larger);
      assertThat(catchThrowableOfType(ProcessKilled.class, () -> run.await(LIMIT)))
          .isNotNull();
    }
    assertThat(aws.remains()).noneMatch(name -> name.startsWith("scal"));

    other.scale(blue, larger).await(LIMIT);

    assertThat(aws.remains())
        .contains(
            "scalable-target/endpoint/bert/variant/blue",
            "scaling-policy/endpoint/bert/variant/blue/fairlead");
    assertThat(other.preview(p -> p.deploy(FIRST, larger, BLUE)).isEmpty()).isTrue();
  }

  private static void undeployed(EndpointPlatform on, Routing routing) {
    on.undeploy(new Endpoint(FIRST, ONE, routing)).await(LIMIT);
  }

  // ---- whose it is ----

  @Test
  void whoseSomethingIsIsReadOnce() {
    aws.account().addModel("theirs");
    aws.account().addEndpointConfig("theirs", "theirs", "blue");
    for (int i = 0; i < 30; i++) {
      aws.account().addEndpoint("theirs-" + i, "theirs");
    }
    deploy(platform, FIRST, ONE, BLUE);
    deploy(platform, SECOND, ONE, GREEN);
    aws.time().pass(Duration.ofMinutes(3));
    int before = platform.inventory().size();
    assertThat(aws.account().requests("ListTags")).hasSizeGreaterThan(30);
    aws.account().forgetCalls();

    assertThat(platform.inventory()).hasSize(before);
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
    assertThat(platform.orphans()).isEmpty();

    assertThat(aws.account().calls()).doesNotContain("ListTags");
  }

  @Test
  void whatIsThereUnderAKnownNameButWasMadeAnewIsReadAnew() {
    deploy(platform, FIRST, ONE, BLUE);
    assertThat(weights()).containsExactly("bert/blue 100");
    String configuration = configuration("bert").endpointConfigName();
    console.deleteEndpoint(request -> request.endpointName("bert"));
    aws.time().pass(Duration.ofMinutes(5));
    console.createEndpoint(
        request -> request.endpointName("bert").endpointConfigName(configuration));
    aws.time().pass(Duration.ofMinutes(5));

    assertThat(weights()).isEmpty();
    assertThat(fails(() -> platform.undeployAll("bert").await(LIMIT)).kind())
        .isEqualTo(ErrorKind.ALREADY_EXISTS);
  }

  // ---- by hand ----

  @Test
  void anEndpointWhoseConfigurationIsGoneIsSeenAndCanBeUndeployed() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    console.deleteEndpointConfig(
        request -> request.endpointConfigName(configuration("bert").endpointConfigName()));

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(fails(() -> deploy(platform, SECOND, ONE, GREEN)))
        .hasMessageContaining("configuration")
        .hasMessageContaining("undeploy");

    platform.undeploy(blue).await(LIMIT);
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void whatTakesThePlaceOfAConfigurationFromTheConsoleIsOurs() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    DescribeEndpointConfigResponse ours = configuration("bert");
    console.createEndpointConfig(request ->
        request.endpointConfigName("from-console").productionVariants(ours.productionVariants()));
    console.updateEndpoint(
        request -> request.endpointName("bert").endpointConfigName("from-console"));
    aws.time().pass(Duration.ofMinutes(10));

    platform.scale(blue, LARGER).await(LIMIT);
    try (EndpointPlatform later = aws.open()) {
      later.undeployAll("bert").await(LIMIT);
      later.sweep(Duration.ZERO).await(LIMIT);
    }

    assertThat(aws.remains()).containsExactly("endpoint-config/from-console");
  }

  @Test
  void aConfigurationFromTheConsoleIsReadAgainRightBeforeAChangeForItsNameSaysNothing() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    CreateEndpointConfigRequest.Builder edited = CreateEndpointConfigRequest.builder()
        .endpointConfigName("from-console")
        .productionVariants(configuration("bert").productionVariants());
    console.createEndpointConfig(edited.build());
    console.updateEndpoint(
        request -> request.endpointName("bert").endpointConfigName("from-console"));
    aws.time().pass(Duration.ofMinutes(10));
    Faults edit = Faults.before("DescribeScalableTargets", () -> {
      console.deleteEndpointConfig(request -> request.endpointConfigName("from-console"));
      console.createEndpointConfig(edited.kmsKeyId("storage-key").build());
      aws.time().pass(Duration.ofMinutes(1));
    });

    try (EndpointPlatform slow = aws.open(edit)) {
      slow.scale(blue, LARGER).await(LIMIT);
    }

    assertThat(configuration("bert").kmsKeyId()).isEqualTo("storage-key");
  }

  @Test
  void keysAndTagsFromTheConsoleAreKept() {
    Routing recorded = BLUE.with(SageMakerDataCapture.of(50, "s3://records/bert"));
    Endpoint blue = deploy(platform, FIRST, ONE, recorded);
    CreateEndpointConfigRequest.Builder edited = CreateEndpointConfigRequest.builder()
        .endpointConfigName("from-console")
        .productionVariants(configuration("bert").productionVariants())
        .kmsKeyId("storage-key")
        .tags(Tag.builder().key("team").value("nlp").build())
        .dataCaptureConfig(configuration("bert")
            .dataCaptureConfig()
            .copy(capture -> capture.kmsKeyId("capture-key")));
    console.createEndpointConfig(edited.build());
    console.updateEndpoint(
        request -> request.endpointName("bert").endpointConfigName("from-console"));
    aws.time().pass(Duration.ofMinutes(10));
    aws.account().forgetCalls();

    platform.scale(blue, LARGER).await(LIMIT);

    ObjectNode made = aws.account().requests("CreateEndpointConfig").get(0);
    assertThat(made.path("KmsKeyId").asText()).isEqualTo("storage-key");
    assertThat(made.path("DataCaptureConfig").path("KmsKeyId").asText()).isEqualTo("capture-key");
    assertThat(made.path("Tags").toString()).contains("\"team\"");
  }

  @Test
  void anEndpointOfSomebodyElseWithSettingsThatAreUnknownHereIsRefusedLikeAny() {
    aws.account().addModel("theirs");
    console.createEndpointConfig(request -> request
        .endpointConfigName("theirs")
        .productionVariants(ProductionVariant.builder()
            .variantName("blue")
            .modelName("theirs")
            .instanceType("ml.m5.large")
            .initialInstanceCount(1)
            .build())
        .dataCaptureConfig(capture -> capture
            .enableCapture(true)
            .initialSamplingPercentage(10)
            .destinationS3Uri("https://bucket.s3.amazonaws.com/records")
            .captureOptions(CaptureOption.builder().captureMode("Input").build())));
    aws.account().addEndpoint("bert", "theirs");
    aws.time().pass(Duration.ofMinutes(1));

    for (Routing any : List.of(BLUE, GREEN)) {
      assertThat(fails(() -> deploy(platform, FIRST, ONE, any)))
          .hasMessageContaining("variant " + any.path())
          .hasMessageContaining("not managed by Fairlead");
    }
  }

  // ---- requests ----

  @Test
  void requestsAreNeverRoutedToAShadow() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    Endpoint shadow = deploy(platform, SECOND, ONE, GREEN.with(new SageMakerShadow(20)));
    aws.account().forgetCalls();

    ServingException refusal = fails(
        () -> platform.route(blue.at(100), shadow.at(0), TrafficWeight.ALL).await(LIMIT));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal).hasMessageContaining("green").hasMessageContaining("shadow");
    assertThat(aws.account().calls()).doesNotContain("UpdateEndpointWeightsAndCapacities");
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
  }

  // ---- serverless ----

  @Test
  void concurrencyThatIsPaidForEndsWhenNoneIsAskedFor() {
    Scaling warm = Scaling.fixed(1).with(new SageMakerServerless(2048, 20, 2));
    Scaling cold = Scaling.fixed(1).with(SageMakerServerless.of(2048, 20));
    Endpoint blue = deploy(platform, FIRST, warm, BLUE);

    platform.scale(blue, cold).await(LIMIT);

    assertThat(platform.preview(p -> p.deploy(FIRST, cold, BLUE)).isEmpty()).isTrue();
  }

  // ---- reasons ----

  @Test
  void whatDidNotStartSaysWhereItsLogIs() {
    aws.account().failEndpoint("bert", "The container did not pass the ping health check.");

    assertThat(fails(() -> deploy(platform, FIRST, ONE, BLUE)))
        .hasMessageContaining("ping health check")
        .hasMessageContaining("/aws/sagemaker/Endpoints/bert");
  }

  // ---- scaling that is not ours ----

  @Test
  void whatSomebodyElseScalesIsLeftToThem() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    scaleByHand("bert", "blue", 2, 5);

    deploy(platform, FIRST, ONE, BLUE);
    platform.scale(blue, Scaling.fixed("ml.m5.large", 3)).await(LIMIT);

    assertThat(aws.account().calls()).doesNotContain("DeregisterScalableTarget");
    assertThat(aws.account().requests("UpdateEndpointWeightsAndCapacities")).isEmpty();
    assertThat(aws.remains()).contains("scalable-target/endpoint/bert/variant/blue");
  }

  @Test
  void whatWouldRemoveSomebodyElsesScalingIsRefusedAndTheWayIsTold() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    scaleByHand("bert", "blue", 2, 5);

    for (Scaling wanted : List.of(LARGER, Scaling.between("ml.m5.large", 1, 9))) {
      ServingException refusal = fails(() -> platform.scale(blue, wanted).await(LIMIT));

      assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(refusal)
          .hasMessageContaining("policies that are not managed by Fairlead")
          .hasMessageContaining("delete them first");
    }
    assertThat(aws.account().calls()).doesNotContain("DeregisterScalableTarget");
  }

  @Test
  void whatSomebodyElseScalesGoesWithTheVariantAllTheSame() {
    Endpoint blue = deploy(platform, FIRST, ONE, BLUE);
    scaleByHand("bert", "blue", 2, 5);

    platform.undeploy(blue).await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  private void scaleByHand(String endpoint, String variant, int min, int max) {
    try (ApplicationAutoScalingClient scaling = aws.scalingConsole()) {
      String resource = "endpoint/" + endpoint + "/variant/" + variant;
      scaling.registerScalableTarget(target -> target
          .serviceNamespace(ServiceNamespace.SAGEMAKER)
          .resourceId(resource)
          .scalableDimension(ScalableDimension.SAGEMAKER_VARIANT_DESIRED_INSTANCE_COUNT)
          .minCapacity(min)
          .maxCapacity(max));
      scaling.putScalingPolicy(policy -> policy
          .serviceNamespace(ServiceNamespace.SAGEMAKER)
          .resourceId(resource)
          .scalableDimension(ScalableDimension.SAGEMAKER_VARIANT_DESIRED_INSTANCE_COUNT)
          .policyName("theirs")
          .policyType(PolicyType.TARGET_TRACKING_SCALING)
          .targetTrackingScalingPolicyConfiguration(tracking -> tracking
              .targetValue(50.0)
              .predefinedMetricSpecification(metric -> metric.predefinedMetricType(
                  MetricType.SAGE_MAKER_VARIANT_INVOCATIONS_PER_INSTANCE))));
    }
  }

  // ---- words ----

  private String killedRun = "";

  private void killedAfter(String call, Container container, Routing routing) {
    killedAfter(call, container, routing, true);
  }

  private void killedAfter(String call, Container container, Routing routing, boolean joins) {
    int number;
    try (Aws empty = new Aws(new VirtualTime())) {
      Faults counting = Faults.none();
      try (EndpointPlatform first = empty.open();
          EndpointPlatform counted = empty.open(counting)) {
        if (joins) {
          deploy(first, FIRST, ONE, BLUE);
        }
        deploy(counted, container, ONE, routing);
      }
      number =
          counting.calls().stream().map(name -> name.startsWith(call)).toList().indexOf(true) + 1;
    }
    try (EndpointPlatform killed = aws.open(Faults.at("sagemaker", number, Fault.KILLED_AFTER))) {
      Operation<Endpoint> run = killed.deploy(container, ONE, routing);
      killedRun = run.id().value();
      assertThat(catchThrowableOfType(ProcessKilled.class, () -> run.await(LIMIT)))
          .isNotNull();
    }
  }

  private DescribeEndpointConfigResponse configuration(String endpoint) {
    String name =
        console.describeEndpoint(request -> request.endpointName(endpoint)).endpointConfigName();
    return console.describeEndpointConfig(request -> request.endpointConfigName(name));
  }

  private List<String> configurations() {
    return aws.remains().stream()
        .filter(name -> name.startsWith("endpoint-config/"))
        .toList();
  }

  private static Container container(String model) {
    return new Container(
        ModelArtifact.of(URI.create("s3://models/" + model + "/model.tar.gz")),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
  }

  private static Endpoint deploy(
      EndpointPlatform on, Container container, Scaling scaling, Routing routing) {
    return on.deploy(container, scaling, routing).await(LIMIT);
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
