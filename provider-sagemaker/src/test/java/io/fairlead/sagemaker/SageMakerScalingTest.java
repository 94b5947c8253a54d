package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.ReadBack;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.DesiredWeightAndCapacity;

/** Scaling by load where there may be nothing to scale: asynchronous endpoints, and copies of inference components. */
class SageMakerScalingTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing ASYNC =
      new Routing("bert", "blue").with(SageMakerAsync.to("s3://models/answers/"));
  private static final Scaling BACKLOG =
      Scaling.between("ml.m5.large", 0, 4).with(SageMakerAutoscaling.backlog(5));
  private static final String ALARM = "fairlead-first/bert/blue";
  private static final Container CONTAINER = new Container(
      ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")),
      RuntimeSpec.of(Aws.IMAGE),
      Dependencies.NONE);
  private static final SageMakerComponent SHARE =
      SageMakerComponent.on("shared", 4096).withAccelerators(1);
  private static final Routing BLUE = new Routing("bert", "blue");

  private final Aws aws = new Aws(new VirtualTime()).changesTake(Duration.ofSeconds(8));
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Endpoint deploy(EndpointPlatform on, Scaling scaling, Routing routing) {
    return on.deploy(CONTAINER, scaling, routing).await(LIMIT);
  }

  private boolean isAs(Scaling scaling, Routing routing) {
    return platform.preview(p -> p.deploy(CONTAINER, scaling, routing)).isEmpty();
  }

  // ---- asynchronous endpoints ----

  @Test
  void anAsynchronousEndpointScalesByItsBacklogAndFromNothing() {
    Endpoint blue = deploy(platform, BACKLOG, ASYNC);

    assertThat(aws.account().requests("RegisterScalableTarget"))
        .singleElement()
        .satisfies(it -> assertThat(it.path("MinCapacity").asInt(-1)).isZero());
    assertThat(aws.account().requests("PutScalingPolicy").get(0).toString())
        .contains("\"TargetValue\":5.0")
        .contains("\"MetricName\":\"ApproximateBacklogSizePerInstance\"")
        .contains("\"Dimensions\":[{\"Name\":\"EndpointName\",\"Value\":\"bert\"}]")
        .doesNotContain("Predefined");
    assertThat(aws.account().alarm(ALARM))
        .containsEntry("MetricName", "HasBacklogWithoutCapacity")
        .containsEntry("Namespace", "AWS/SageMaker")
        .containsEntry("Dimensions.member.1.Value", "bert")
        .containsEntry("Threshold", "1.0")
        .containsEntry("ComparisonOperator", "GreaterThanOrEqualToThreshold")
        .hasEntrySatisfying(
            "AlarmActions.member.1", arn -> assertThat(arn).endsWith("policyName/fairlead-first"));
    assertThat(isAs(BACKLOG, ASYNC)).isTrue();
    ReadBack.assertChangesNothing(platform, ASYNC.name(), ASYNC.variant());

    platform.undeploy(blue).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void anEndpointThatHasScaledToNothingIsAsDesiredAndStaysThereWhenItIsChanged() {
    deploy(platform, BACKLOG, ASYNC);
    try (SageMakerClient console = aws.console()) {
      console.updateEndpointWeightsAndCapacities(request -> request
          .endpointName("bert")
          .desiredWeightsAndCapacities(DesiredWeightAndCapacity.builder()
              .variantName("blue")
              .desiredInstanceCount(0)
              .build()));
      aws.time().pass(Duration.ofMinutes(1));
    }
    assertThat(isAs(BACKLOG, ASYNC)).isTrue();
    ReadBack.assertChangesNothing(platform, ASYNC.name(), ASYNC.variant());

    deploy(platform, BACKLOG, ASYNC.with(SageMakerDataCapture.of(10, "s3://models/records/")));

    try (SageMakerClient console = aws.console()) {
      assertThat(console
              .describeEndpoint(request -> request.endpointName("bert"))
              .productionVariants()
              .get(0)
              .currentInstanceCount())
          .isZero();
    }
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void anAlarmThatIsGoneIsMadeAgain() {
    deploy(platform, BACKLOG, ASYNC);
    aws.account().deleteAlarm(ALARM);
    assertThat(isAs(BACKLOG, ASYNC)).isFalse();

    deploy(platform, BACKLOG, ASYNC);

    assertThat(aws.remains()).contains("alarm/" + ALARM);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aMinimumAboveNothingNeedsNoAlarm() {
    Endpoint blue = deploy(platform, BACKLOG, ASYNC);
    Scaling warm = Scaling.between("ml.m5.large", 1, 4).with(SageMakerAutoscaling.backlog(5));

    platform.scale(blue, warm).await(LIMIT);

    assertThat(aws.remains())
        .contains("scaling-policy/endpoint/bert/variant/blue/fairlead")
        .noneMatch(name -> name.startsWith("alarm/") || name.endsWith("fairlead-first"));
    assertThat(isAs(warm, ASYNC)).isTrue();
    ReadBack.assertChangesNothing(platform, ASYNC.name(), ASYNC.variant());
    platform.scale(blue, BACKLOG).await(LIMIT);
    platform.scale(blue, Scaling.fixed("ml.m5.large", 1)).await(LIMIT);
    assertThat(aws.remains()).noneMatch(name -> name.startsWith("alarm/"));
    platform.undeployAll("bert").await(LIMIT);
  }

  @Test
  void instancesOfAnotherTypeScaleFromNothingToo() {
    Endpoint blue = deploy(platform, BACKLOG, ASYNC);
    Scaling other = Scaling.between("ml.c5.large", 0, 4).with(SageMakerAutoscaling.backlog(5));

    platform.scale(blue, other).await(LIMIT);

    assertThat(isAs(other, ASYNC)).isTrue();
    ReadBack.assertChangesNothing(platform, ASYNC.name(), ASYNC.variant());
    assertThat(aws.remains()).contains("alarm/" + ALARM);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(value = Metric.class, mode = EnumSource.Mode.EXCLUDE, names = "BACKLOG_PER_INSTANCE")
  void aMetricThatAwsDoesNotPublishForAsynchronousEndpointsIsRefused(Metric metric) {
    Scaling byLoad =
        Scaling.between("ml.m5.large", 1, 4).with(SageMakerAutoscaling.keeping(metric, 5));

    assertThatThrownBy(() -> deploy(platform, byLoad, ASYNC))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "must have SageMakerAutoscaling.backlog for an asynchronous endpoint");
    assertThatThrownBy(() -> deploy(platform, BACKLOG, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("scaling.min must be 1 or more, unless the endpoint is asynchronous")
        .hasMessageContaining("must not have SageMakerAutoscaling.backlog without SageMakerAsync");
    assertThat(aws.account().calls()).isEmpty();
  }

  @Test
  void aVariantOfAnAsynchronousEndpointIsAloneAndScalesByItsBacklogOnly() {
    deploy(platform, Scaling.fixed("ml.m5.large", 1), ASYNC);
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4);

    assertThat(catchThrowableOfType(ServingException.class, () -> deploy(platform, byLoad, BLUE)))
        .hasMessageContaining("would not scale: its endpoint is asynchronous");
    Routing green = new Routing("bert", "green");
    assertThat(catchThrowableOfType(
            ServingException.class, () -> deploy(platform, Scaling.fixed("ml.m5.large", 1), green)))
        .hasMessageContaining("alone under its name");
    assertThat(aws.account().requests("CreateEndpointConfig")).hasSize(1);
    platform.undeployAll("bert").await(LIMIT);
  }

  // ---- inference components ----

  @Test
  void copiesScaleByLoadAndFromNothingOnAFleetThatSageMakerScales() {
    Scaling copies = Scaling.between("ml.g5.2xlarge", 0, 4).with(SHARE.withFleetInstances(0, 3));
    Endpoint bert = deploy(platform, copies, BLUE);

    assertThat(aws.account()
            .requests("CreateEndpointConfig")
            .get(0)
            .at("/ProductionVariants/0/ManagedInstanceScaling")
            .toString())
        .isEqualTo("{\"Status\":\"ENABLED\",\"MinInstanceCount\":0,\"MaxInstanceCount\":3}");
    assertThat(aws.account().requests("RegisterScalableTarget").get(0).toString())
        .contains("sagemaker:inference-component:DesiredCopyCount")
        .contains("\"MinCapacity\":0,\"MaxCapacity\":4");
    assertThat(aws.account().requests("PutScalingPolicy").get(0).toString())
        .contains("SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution");
    String alarm = aws.remains().stream()
        .filter(name -> name.startsWith("alarm/"))
        .findFirst()
        .orElseThrow();
    assertThat(aws.account().alarm(alarm.substring("alarm/".length())))
        .containsEntry("MetricName", "NoCapacityInvocationFailures")
        .containsEntry("Dimensions.member.1.Name", "InferenceComponentName");
    assertThat(isAs(copies, BLUE)).isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());

    Scaling fixed = Scaling.fixed("ml.g5.2xlarge", 2).with(SHARE.withFleetInstances(0, 3));
    platform.scale(bert, fixed).await(LIMIT);
    assertThat(aws.remains()).noneMatch(name -> name.startsWith("scal") || name.startsWith("al"));
    assertThat(isAs(fixed, BLUE)).isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());
    platform.scale(bert, copies).await(LIMIT);
    platform.undeploy(bert).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void anotherRangeOfAFleetIsRefused() {
    deploy(platform, Scaling.fixed("ml.g5.2xlarge", 1).with(SHARE.withFleetInstances(1, 3)), BLUE);
    Routing clip = new Routing("clip", "blue");

    assertThat(catchThrowableOfType(
            ServingException.class,
            () -> deploy(
                platform,
                Scaling.fixed("ml.g5.2xlarge", 1).with(SHARE.withFleetInstances(1, 5)),
                clip)))
        .hasMessageContaining("has from 1 to 3 instances, and not from 1 to 5 instances");
    deploy(platform, Scaling.fixed("ml.g5.2xlarge", 1).with(SHARE), clip);
    platform.undeployAll("clip").await(LIMIT);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  // ---- at every call ----

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"KILLED_BEFORE", "KILLED_AFTER", "CUT_AFTER"})
  void whicheverCallBreaksScalingFromNothingIsFinishedByTheSameOperationAgain(Fault fault) {
    everyCall(fault, there -> {}, on -> deploy(on, BACKLOG, ASYNC));
    everyCall(
        fault,
        there -> deploy(there, BACKLOG, ASYNC),
        on -> on.undeployAll("bert").await(LIMIT));
  }

  private void everyCall(
      Fault fault, Consumer<EndpointPlatform> before, Consumer<EndpointPlatform> operation) {
    List<Integer> scaling = callsOfScaling(before, operation);
    assertThat(scaling).isNotEmpty();
    for (int call : scaling) {
      try (Aws there = new Aws(new VirtualTime())) {
        there.changesTake(Duration.ofSeconds(8));
        try (SageMakerPlatform first = there.open()) {
          before.accept(first);
        }
        try (SageMakerPlatform broken = there.open(Faults.at("sagemaker", call, fault))) {
          operation.accept(broken);
        } catch (ServingException | ProcessKilled e) {
          // Whatever it says: it is run again.
        }
        try (SageMakerPlatform again = there.open()) {
          operation.accept(again);
          again.undeployAll("bert").await(LIMIT);
          there.time().pass(Duration.ofMinutes(3));
          again.sweep(Duration.ZERO).await(LIMIT);
        }
        assertThat(there.remains()).as("after %s at call %s", fault, call).isEmpty();
      }
    }
  }

  /** {@return which calls of an operation, counted from 1, are those of Application Auto Scaling and CloudWatch} */
  private static List<Integer> callsOfScaling(
      Consumer<EndpointPlatform> before, Consumer<EndpointPlatform> operation) {
    try (Aws there = new Aws(new VirtualTime())) {
      there.changesTake(Duration.ofSeconds(8));
      try (SageMakerPlatform first = there.open()) {
        before.accept(first);
      }
      Faults counting = Faults.none();
      try (SageMakerPlatform counted = there.open(counting)) {
        operation.accept(counted);
      }
      List<String> calls = counting.calls();
      return IntStream.range(0, calls.size())
          .filter(i -> calls.get(i).contains("Scal") || calls.get(i).startsWith("POST"))
          .map(i -> i + 1)
          .boxed()
          .toList();
    }
  }
}
