package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.ReadBack;
import io.fairlead.contract.Sweep;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.json.GrammarJson;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.Aws;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import io.fairlead.sagemaker.standin.Invocation;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Several models on the instances of one endpoint. */
class SageMakerComponentsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String TYPE = "ml.g5.2xlarge";
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing OTHER = new Routing("clip", "blue");
  private static final Container FIRST = container("one");
  private static final Container SECOND = container("two");
  private static final SageMakerComponent SHARE =
      SageMakerComponent.on("shared", 4096).withCpus(0.5).withAccelerators(1);
  private static final Request REQUEST = Request.json("{\"inputs\":\"hello\"}");
  private static final String BERT = ComponentCalls.awsName(new VariantName("bert", "blue"));
  private static final String CLIP = ComponentCalls.awsName(new VariantName("clip", "blue"));

  private final Aws aws = newAccount();
  private final SageMakerPlatform platform = aws.open();

  private static Aws newAccount() {
    return new Aws(new VirtualTime()).changesTake(Duration.ofSeconds(8));
  }

  @Test
  void aValueThatDoesNotSayThatItIsAComponentUndeploysItWithItsFleet() {
    deploy(platform, bert());

    await(platform.undeploy(new Endpoint(FIRST, Scaling.fixed(TYPE, 1), BLUE)));

    assertThat(aws.remains()).isEmpty();
  }

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Container container(String model) {
    return new Container(
        ModelArtifact.of(URI.create("s3://models/" + model + "/model.tar.gz")),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
  }

  private static Scaling copies(int count) {
    return Scaling.fixed(TYPE, count).with(SHARE);
  }

  private static Endpoint bert() {
    return new Endpoint(FIRST, copies(1), BLUE);
  }

  private static Endpoint clip() {
    return new Endpoint(SECOND, copies(1), OTHER);
  }

  private static Endpoint deploy(EndpointPlatform on, Endpoint endpoint) {
    return await(on.deploy(endpoint.container(), endpoint.scaling(), endpoint.routing()));
  }

  private static <T> T await(Operation<T> operation) {
    return operation.await(LIMIT);
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }

  private List<String> deployments() {
    return deployments(platform);
  }

  private static List<String> deployments(EndpointPlatform on) {
    return on.list().stream().map(SageMakerComponentsTest::shown).toList();
  }

  private static String shown(Deployment deployment) {
    return deployment.name() + "/" + deployment.variant().orElseThrow() + " " + deployment.state()
        + " " + deployment.weight().percent();
  }

  private Set<String> components() {
    return remaining("component/");
  }

  private Set<String> remaining(String kind) {
    return Set.copyOf(
        aws.remains().stream().filter(name -> name.startsWith(kind)).toList());
  }

  // ---- life ----

  @Test
  void aComponentIsDeployedAskedAndUndeployedWithItsFleet() {
    Endpoint bert = deploy(platform, bert());

    assertThat(bert).isEqualTo(bert());
    assertThat(deployments()).containsExactly("bert/blue READY 100");
    assertThat(platform.invoke(bert, REQUEST).variant()).contains("blue");
    assertThat(components()).containsExactly("component/" + BERT);
    assertThat(aws.remains()).contains("endpoint/shared").doesNotContain("endpoint/bert");
    assertThat(aws.account().requests("CreateInferenceComponent"))
        .hasSize(1)
        .first()
        .satisfies(it -> {
          assertThat(it.at("/EndpointName").asText()).isEqualTo("shared");
          assertThat(it.at("/RuntimeConfig/CopyCount").asInt()).isEqualTo(1);
          assertThat(it.at("/Specification/ModelName").asText()).startsWith("fairlead-model-");
          String compute = "/Specification/ComputeResourceRequirements/";
          assertThat(it.at(compute + "MinMemoryRequiredInMb").asInt()).isEqualTo(4096);
          assertThat(it.at(compute + "NumberOfCpuCoresRequired").asDouble()).isEqualTo(0.5);
          assertThat(it.at(compute + "NumberOfAcceleratorDevicesRequired").asDouble())
              .isEqualTo(1);
        });
    assertThat(aws.account().requests("CreateEndpointConfig"))
        .hasSize(1)
        .first()
        .satisfies(it -> {
          assertThat(it.at("/ExecutionRoleArn").asText()).isEqualTo(Aws.ROLE);
          assertThat(it.at("/ProductionVariants/0/ModelName").isMissingNode()).isTrue();
          assertThat(it.at("/ProductionVariants/0/InstanceType").asText()).isEqualTo(TYPE);
          assertThat(it.at("/ProductionVariants/0/InitialInstanceCount").asInt())
              .isEqualTo(1);
        });

    await(platform.undeploy(bert));

    assertThat(platform.list()).isEmpty();
    assertThat(aws.remains()).isEmpty();
    assertThat(aws.account().calls()).doesNotContain("UpdateEndpointWeightsAndCapacities");
  }

  @Test
  void deployingWhatIsThereChangesNothing() {
    deploy(platform, bert());
    aws.account().forgetCalls();

    deploy(platform, bert());

    assertThat(aws.account().calls())
        .allMatch(call -> call.startsWith("Describe") || call.startsWith("List"));
    assertThat(platform.preview(it -> it.deploy(FIRST, copies(1), BLUE)).isEmpty())
        .isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());
  }

  @Test
  void twoNamesShareAFleetWhichGoesWithTheLastOfThem() {
    deploy(platform, bert());
    deploy(platform, clip());

    assertThat(deployments()).containsExactly("bert/blue READY 100", "clip/blue READY 100");
    assertThat(remaining("endpoint/")).containsExactly("endpoint/shared");

    await(platform.undeployAll("bert"));

    assertThat(deployments()).containsExactly("clip/blue READY 100");
    assertThat(remaining("endpoint/")).containsExactly("endpoint/shared");
    assertThat(platform.invoke(clip(), REQUEST).variant()).contains("blue");

    await(platform.undeploy(clip()));

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aNameMayBeItsFleets() {
    Endpoint alone = new Endpoint(FIRST, copies(1), new Routing("shared", "blue"));
    deploy(platform, alone);

    assertThat(deployments()).containsExactly("shared/blue READY 100");
    assertThat(platform.invoke(alone, REQUEST).variant()).contains("blue");

    await(platform.undeployAll("shared"));
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void copiesAreScaledInPlace() {
    Endpoint bert = deploy(platform, bert());

    Endpoint more = await(platform.scale(bert, copies(3)));

    assertThat(platform.preview(it -> it.deploy(FIRST, copies(3), BLUE)).isEmpty())
        .isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());
    assertThat(aws.account().requests("UpdateInferenceComponentRuntimeConfig"))
        .extracting(it -> it.at("/DesiredRuntimeConfig/CopyCount").asInt())
        .containsExactly(3);
    assertThat(aws.account().calls()).doesNotContain("UpdateInferenceComponent");
    await(platform.scale(more, copies(1)));
    assertThat(platform.preview(it -> it.deploy(FIRST, copies(1), BLUE)).isEmpty())
        .isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());
  }

  @Test
  void whatACopyTakesIsChangedInPlace() {
    Endpoint bert = deploy(platform, bert());
    Scaling larger = Scaling.fixed(TYPE, 2)
        .with(SHARE.withCpus(2))
        .with(SageMakerInstances.DEFAULT.withStartupTimeout(Duration.ofMinutes(15)));

    await(platform.scale(bert, larger));

    assertThat(platform.preview(it -> it.deploy(FIRST, larger, BLUE)).isEmpty()).isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());
    assertThat(aws.account().requests("UpdateInferenceComponent"))
        .hasSize(1)
        .first()
        .satisfies(it -> {
          assertThat(it.at("/Specification/ComputeResourceRequirements/NumberOfCpuCoresRequired")
                  .asDouble())
              .isEqualTo(2);
          assertThat(it.at(
                      "/Specification/StartupParameters/ContainerStartupHealthCheckTimeoutInSeconds")
                  .asInt())
              .isEqualTo(900);
          assertThat(it.at("/RuntimeConfig/CopyCount").asInt()).isEqualTo(2);
        });
    // A limit that is left open stays.
    assertThat(platform
            .preview(it -> it.deploy(FIRST, Scaling.fixed(TYPE, 2).with(SHARE.withCpus(2)), BLUE))
            .isEmpty())
        .isTrue();
  }

  @Test
  void aFleetGrowsToTheMostThatWasAskedAndNeverShrinks() {
    deploy(platform, bert());

    Scaling onThree = Scaling.fixed(TYPE, 1).with(SHARE.withFleetInstances(3));
    await(platform.deploy(SECOND, onThree, OTHER));
    deploy(platform, bert());

    assertThat(aws.account().requests("UpdateEndpointWeightsAndCapacities"))
        .extracting(
            it -> it.at("/DesiredWeightsAndCapacities/0/DesiredInstanceCount").asInt())
        .containsExactly(3);
    assertThat(platform.preview(it -> it.deploy(SECOND, onThree, OTHER)).isEmpty())
        .isTrue();
    ReadBack.assertChangesNothing(platform, OTHER.name(), OTHER.variant());
  }

  @Test
  void invocationsGoToTheRightComponent() {
    Endpoint bert = deploy(platform, bert());
    Endpoint clip = deploy(platform, clip());
    aws.account().answerWith(invocation -> invocation.component().getBytes(UTF_8));

    Response fromBert = platform.invoke(bert, REQUEST);
    Response fromClip = platform.invoke(clip, REQUEST.pinnedTo("blue"));
    Response again = platform.invoke(clip, REQUEST);
    Response streamed = platform.invokeStreaming(bert, REQUEST, piece -> {});

    assertThat(fromBert.text()).isEqualTo(BERT);
    assertThat(fromClip.text()).isEqualTo(CLIP);
    assertThat(again.text()).isEqualTo(CLIP);
    assertThat(Stream.of(fromBert, fromClip, again, streamed))
        .allMatch(response -> response.variant().orElseThrow().equals("blue"));
    assertThat(aws.account().invocations())
        .extracting(Invocation::component)
        .containsExactly(BERT, CLIP, CLIP, BERT);
  }

  @Test
  void aRequestThatIsPinnedToAnotherVariantFindsNone() {
    Endpoint bert = deploy(platform, bert());

    ServingException failure = fails(() -> platform.invoke(bert, REQUEST.pinnedTo("green")));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure)
        .hasMessage(
            "Invoking endpoint 'bert', variant 'green' failed: the only variant there is the inference "
                + "component 'blue'");
    assertThat(aws.account().invocations()).isEmpty();
  }

  // ---- what is refused ----

  @Test
  void aSecondComponentUnderANameIsRefusedBeforeAnythingIsMade() {
    deploy(platform, bert());
    Set<String> before = aws.remains();
    Scaling elsewhere = Scaling.fixed(TYPE, 1).with(SageMakerComponent.on("elsewhere", 128));

    ServingException failure =
        fails(() -> await(platform.deploy(SECOND, elsewhere, new Routing("bert", "green"))));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure)
        .hasMessageContaining(
            "bert/green cannot join bert/blue, which is an inference component: AWS has no traffic weights "
                + "among those");
    assertThat(aws.remains()).isEqualTo(before);
    assertThat(platform
            .preview(it -> it.deploy(SECOND, elsewhere, new Routing("bert", "green")))
            .toString())
        .contains("cannot join bert/blue");
  }

  @Test
  void namesThatBeginAlikeAreNotOneName() {
    deploy(platform, bert());
    Endpoint large = new Endpoint(SECOND, copies(1), new Routing("bert-blue", "a"));
    deploy(platform, large);

    deploy(platform, bert());

    assertThat(deployments()).containsExactly("bert/blue READY 100", "bert-blue/a READY 100");
  }

  @Test
  void componentsAndOrdinaryVariantsAreNotMixedUnderOneName() {
    Scaling ordinary = Scaling.fixed("ml.m5.large", 1);
    await(platform.deploy(FIRST, ordinary, new Routing("old", "blue")));
    deploy(platform, bert());
    Set<String> before = aws.remains();

    ServingException component =
        fails(() -> await(platform.deploy(SECOND, copies(1), new Routing("old", "green"))));
    ServingException variant =
        fails(() -> await(platform.deploy(SECOND, ordinary, new Routing("bert", "green"))));
    ServingException fleet =
        fails(() -> await(platform.deploy(SECOND, ordinary, new Routing("shared", "green"))));

    assertThat(component)
        .hasMessageContaining(
            "inference-component old/green cannot be an inference component: there is an endpoint old with "
                + "variants of its own");
    assertThat(variant)
        .hasMessageContaining("bert/green cannot join bert/blue, which is an inference component");
    assertThat(fleet)
        .hasMessageContaining(
            "variant shared/green cannot be created: endpoint shared is a fleet that inference components share");
    assertThat(List.of(component, variant, fleet))
        .allMatch(failure -> failure.kind() == ErrorKind.CONFLICT && !failure.retryable());
    assertThat(aws.remains()).isEqualTo(before);
  }

  @Test
  void routingIsRefusedForThereIsNothingToRouteTo() {
    Endpoint bert = deploy(platform, bert());
    Endpoint green = new Endpoint(SECOND, copies(1), new Routing("bert", "green"));

    ServingException failure =
        fails(() -> await(platform.route(bert.at(90), green.at(10), TrafficWeight.percent(10))));

    assertThat(failure.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(failure).hasMessageContaining("inference-component bert/green is not deployed");
    assertThat(deployments()).containsExactly("bert/blue READY 100");
  }

  @Test
  void anotherContainerAnotherFleetAndAnotherInstanceTypeAreRefused() {
    deploy(platform, bert());
    Scaling elsewhere = Scaling.fixed(TYPE, 1).with(SageMakerComponent.on("elsewhere", 4096));
    Scaling smaller = Scaling.fixed("ml.g5.xlarge", 1).with(SHARE);

    assertThat(fails(() -> await(platform.deploy(SECOND, copies(1), BLUE))))
        .hasMessageContaining("inference-component bert/blue holds another container");
    assertThat(fails(() -> await(platform.deploy(FIRST, elsewhere, BLUE))))
        .hasMessageContaining("inference-component bert/blue is on fleet shared and cannot move");
    assertThat(fails(() -> await(platform.deploy(SECOND, smaller, OTHER))))
        .hasMessageContaining(
            "fleet shared has ml.g5.2xlarge instances, which all components on it share");
    assertThat(remaining("endpoint/")).containsExactly("endpoint/shared");
    assertThat(components()).hasSize(1);
  }

  @Test
  void anEndpointOfSomebodyElseUnderTheFleetsNameIsNotTouched() {
    aws.account().addModel("theirs");
    aws.account().addEndpointConfig("theirs", "theirs", "one");
    aws.account().addEndpoint("shared", "theirs");
    Set<String> before = aws.remains();

    ServingException failure = fails(() -> deploy(platform, bert()));
    await(platform.undeploy(bert()));
    await(platform.sweep(Duration.ZERO));

    assertThat(failure.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(failure).hasMessageContaining("fleet shared already exists and is not managed by");
    assertThat(aws.remains()).isEqualTo(before);
  }

  @Test
  void anOrdinaryEndpointOfOursIsNoFleetAndUndeployingAComponentLeavesIt() {
    await(platform.deploy(FIRST, Scaling.fixed("ml.m5.large", 1), new Routing("shared", "blue")));
    Set<String> before = aws.remains();

    assertThat(fails(() -> deploy(platform, clip())).kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    await(platform.undeploy(clip()));

    assertThat(aws.remains()).isEqualTo(before);
    assertThat(deployments()).containsExactly("shared/blue READY 100");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatAComponentCannotHaveIsToldAtOnce(Scaling scaling, Routing routing, String... problems) {
    InvalidValueException refusal = catchThrowableOfType(
        InvalidValueException.class, () -> platform.deploy(FIRST, scaling, routing));

    assertThat(refusal.problems())
        .extracting(problem -> problem.field() + " " + problem.rule())
        .containsExactlyInAnyOrder(problems);
    assertThat(aws.account().calls()).isEmpty();
  }

  private static List<Arguments> wrong() {
    String here = " for an inference component";
    return List.of(
        Arguments.of(
            Scaling.between(1, 3).with(SHARE).with(SageMakerAutoscaling.DEFAULT),
            BLUE,
            new String[] {
              "scaling.instanceType must be the fleet's instance type, such as ml.g5.2xlarge",
              "scaling.options must have SageMakerAutoscaling with a metric of copies" + here
            }),
        Arguments.of(
            copies(1)
                .with(SageMakerServerless.of(1024, 1))
                .with(SageMakerInstances.DEFAULT.withVolumeGb(10)),
            BLUE.with(SageMakerAsync.to("s3://answers/"))
                .with(SageMakerDataCapture.of(20, "s3://records/"))
                .with(new SageMakerShadow(10))
                .with(SageMakerReplacement.canary(5, Duration.ofMinutes(10))),
            new String[] {
              "scaling.options must not have SageMakerInstances with a volume for an inference component, "
                  + "whose fleet has the instances",
              "scaling.options must not have SageMakerServerless" + here,
              "routing.options must not have SageMakerShadow" + here,
              "routing.options must not have SageMakerAsync" + here,
              "routing.options must not have SageMakerDataCapture" + here,
              "routing.options must not have SageMakerReplacement" + here
            }));
  }

  @Test
  void modelsOfManyAndNetworksAreNotForComponents() {
    Container with = new Container(
        ModelArtifact.of(URI.create("s3://models/many/")),
        RuntimeSpec.of(Aws.IMAGE)
            .with(new SageMakerMultiModel(true))
            .with(SageMakerNetwork.vpc(List.of("subnet-1"), List.of("sg-1"))),
        Dependencies.NONE);

    assertThatThrownBy(() -> platform.deploy(with, copies(1), BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must not have SageMakerMultiModel for an inference component")
        .hasMessageContaining("must not have SageMakerNetwork for an inference component");
  }

  // ---- the option and the names ----

  @Test
  void theOptionKeepsAwssRulesAndTellsAllProblemsAtOnce() {
    InvalidValueException refusal = catchThrowableOfType(
        InvalidValueException.class,
        () -> GrammarJson.read(
            "{\"fleet\":\"my_fleet\",\"fleetInstances\":0,\"cpus\":0.1,\"memoryMb\":127,\"accelerators\":-1}",
            SageMakerComponent.class));

    assertThat(refusal.problems())
        .extracting(Problem::field)
        .containsExactly("fleet", "fleetInstances", "cpus", "memoryMb", "accelerators");
    assertThatThrownBy(() -> SageMakerComponent.on("", 128)).hasMessageContaining("fleet must be");
    assertThatThrownBy(() -> SHARE.withCpus(Double.POSITIVE_INFINITY))
        .hasMessageContaining("cpus must be 0.25 or more");
    assertThat(SageMakerComponent.on("f", 128).withCpus(0.25).cpus()).contains(0.25);
  }

  @Test
  void theOptionIsReadBackFromJson() {
    String json = GrammarJson.write(bert());

    assertThat(json)
        .contains("\"sagemaker.SageMakerComponent\":{")
        .contains("\"fleet\":\"shared\"");
    assertThat(GrammarJson.read(json, Endpoint.class)).isEqualTo(bert());
  }

  @Test
  void noTwoVariantsHaveOneComponentsName() {
    String longest = "n".repeat(63);
    List<VariantName> names = List.of(
        new VariantName("a-b", "c"),
        new VariantName("a", "b-c"),
        new VariantName("a--b", "c"),
        new VariantName("A-b", "c"),
        new VariantName(longest, longest),
        new VariantName(longest, "n"));

    assertThat(names)
        .extracting(ComponentCalls::awsName)
        .doesNotHaveDuplicates()
        .allMatch(name ->
            name.length() <= 63 && name.matches("[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"));
    assertThat(BERT).startsWith("fairlead-bert-blue-");
  }

  // ---- failure scenarios ----

  @Test
  void aComponentThatFailsIsTakenBackAndTheOthersServeOn() {
    deploy(platform, bert());
    Set<String> before = aws.remains();
    String reason = "The model container did not pass the ping health check.";
    aws.account().failComponent(CLIP, reason);

    ServingException failure = fails(() -> deploy(platform, clip()));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("inference-component clip/blue")
        .hasMessageContaining(reason.substring(0, reason.length() - 1))
        .hasMessageContaining("Nothing created by this operation remains");
    assertThat(aws.remains()).isEqualTo(before);
    assertThat(platform.invoke(bert(), REQUEST).variant()).contains("blue");
  }

  @Test
  void theFirstComponentThatFailsTakesItsFleetAlong() {
    aws.account().failComponent(BERT, "no");

    assertThat(fails(() -> deploy(platform, bert())).kind()).isEqualTo(ErrorKind.MODEL_FAILED);

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void instancesThatAFailedDeployAddedGoAgain() {
    deploy(platform, bert());
    aws.account().failComponent(CLIP, "no");
    Scaling onThree = Scaling.fixed(TYPE, 1).with(SHARE.withFleetInstances(3));

    assertThat(fails(() -> await(platform.deploy(SECOND, onThree, OTHER))).kind())
        .isEqualTo(ErrorKind.MODEL_FAILED);

    assertThat(aws.account().requests("UpdateEndpointWeightsAndCapacities"))
        .extracting(
            it -> it.at("/DesiredWeightsAndCapacities/0/DesiredInstanceCount").asInt())
        .containsExactly(3, 1);
  }

  @Test
  void whatIsLeftOfAFailedComponentIsAnOrphanThatTellsWhyAndIsSwept() {
    aws.account().failComponent(BERT, "no room on the fleet");
    killed("DescribeInferenceComponent " + BERT, 3);

    aws.time().pass(Duration.ofMinutes(1));

    assertThat(platform.list())
        .extracting(Deployment::state, Deployment::detail)
        .containsExactly(tuple(Deployment.State.FAILED, "no room on the fleet"));
    assertThat(platform.orphans())
        .extracting(ManagedResource::kind)
        .contains("inference-component", "fleet", "model", "endpoint-configuration");
    await(platform.sweep(Duration.ZERO));
    assertThat(aws.remains()).isEmpty();
  }

  /** Deploys, and ends the process at the n-th call of that name; what it made shows a little later. */
  private void killed(String call, int nth) {
    Faults counting = Faults.none();
    try (Aws elsewhere = newAccount();
        EndpointPlatform counted = elsewhere.open(counting)) {
      elsewhere.account().failComponent(BERT, "as here");
      fails(() -> deploy(counted, bert()));
    }
    int number = 0;
    for (int seen = 0; seen < nth; number++) {
      seen += counting.calls().get(number).equals(call) ? 1 : 0;
    }
    try (EndpointPlatform broken = aws.open(Faults.at("sagemaker", number, Fault.KILLED_AFTER))) {
      assertThatThrownBy(() -> deploy(broken, bert())).isInstanceOf(ProcessKilled.class);
    }
    aws.time().pass(Duration.ofSeconds(3));
  }

  @Test
  void aFleetWithoutComponentsIsAnOrphan() {
    killed("CreateEndpoint shared", 1);

    assertThat(platform.orphans()).extracting(ManagedResource::kind).contains("fleet");
    await(platform.sweep(Duration.ZERO));

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aProcessThatDiedAfterTheComponentWasMadeIsResumedByRunningItAgain() {
    killed("CreateInferenceComponent " + BERT, 1);

    deploy(platform, bert());

    assertThat(deployments()).containsExactly("bert/blue READY 100");
    assertThat(aws.account().requests("CreateInferenceComponent")).hasSize(1);
    await(platform.undeploy(bert()));
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aComponentThatDoesNotComeIsToldToCostAndComesByRunningItAgain() {
    Duration days = Duration.ofDays(2);
    Duration some = Duration.ofSeconds(8);
    deploy(platform, clip());
    aws.account().durations(some, some, some, days);

    ServingException late = fails(() -> deploy(platform, bert()));

    assertThat(late.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(late)
        .hasMessageContaining("inference component " + BERT
            + " is Creating; AWS neither cancels nor deletes that, and the instances of fleet shared are "
            + "billed meanwhile")
        .hasMessageContaining("run the same operation again to resume it");
    assertThat(deployments()).contains("bert/blue CHANGING 0", "clip/blue READY 100");
    ServingException stuck = fails(() -> await(platform.undeploy(bert())));
    assertThat(stuck).hasMessageContaining("is Creating; AWS neither cancels nor deletes that");
    assertThat(components()).contains("component/" + BERT);

    aws.time().pass(days);
    deploy(platform, bert());

    assertThat(deployments()).contains("bert/blue READY 100");
  }

  @Test
  void aFleetOnWhichSomebodyElsePutAComponentStaysAndIsTold() {
    deploy(platform, bert());
    try (SageMakerClients others = new SageMakerClients(aws.config())) {
      others
          .controlPlane()
          .createInferenceComponent(request -> request
              .inferenceComponentName("theirs")
              .endpointName("shared")
              .variantName("fleet")
              .specification(it -> it.container(container -> container.image(Aws.IMAGE))
                  .computeResourceRequirements(compute -> compute.minMemoryRequiredInMb(128)))
              .runtimeConfig(it -> it.copyCount(1)));
    }

    ServingException failure = fails(() -> await(platform.undeploy(bert())));

    assertThat(failure)
        .hasMessageContaining(
            "Fleet shared has inference components that are not managed by Fairlead")
        .hasMessageContaining("theirs");
    assertThat(components()).containsExactly("component/theirs");
  }

  @Test
  void aFleetWhoseConfigurationSomebodyDeletedServesOnAndGoesWithItsComponents() {
    deploy(platform, bert());
    String configuration =
        remaining("endpoint-config/").iterator().next().substring("endpoint-config/".length());
    try (SageMakerClients others = new SageMakerClients(aws.config())) {
      others
          .controlPlane()
          .deleteEndpointConfig(request -> request.endpointConfigName(configuration));
    }

    deploy(platform, clip());
    assertThat(deployments()).containsExactly("bert/blue READY 100", "clip/blue READY 100");

    await(platform.undeployAll("bert"));
    await(platform.undeployAll("clip"));
    assertThat(aws.remains()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void whatWasJustMadeAndIsNotSeenYetIsWaitedFor(Hidden kind) {
    aws.account().hideAfterCreate(kind.resource(), 2);

    deploy(platform, bert());

    assertThat(deployments()).containsExactly("bert/blue READY 100");
    await(platform.undeployAll("bert"));
    assertThat(aws.remains()).isEmpty();
  }

  private enum Hidden {
    MODEL,
    ENDPOINT_CONFIG,
    ENDPOINT,
    COMPONENT;

    String resource() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  // ---- every call broken ----

  private enum Deed {
    DEPLOY,
    DEPLOY_SECOND,
    SCALE,
    UNDEPLOY,
    UNDEPLOY_SECOND;

    /** What comes second differs in what it shares, and not in how its calls fail. */
    private Stream<Fault> faults() {
      boolean second = this == DEPLOY_SECOND || this == UNDEPLOY_SECOND;
      return second
          ? Stream.of(Fault.CUT_AFTER, Fault.DENIED, Fault.KILLED_AFTER)
          : Stream.of(Fault.values());
    }
  }

  @TestFactory
  Stream<DynamicTest> whatIsBrokenAtAnyCallIsFinishedByRunningItAgainAndUndeployLeavesNothing() {
    return Stream.of(Deed.values())
        .flatMap(deed -> deed.faults()
            .map(fault -> DynamicTest.dynamicTest(
                deed + " with " + fault, () -> breakAndRunAgain(deed, fault))));
  }

  private static void breakAndRunAgain(Deed deed, Fault fault) {
    try (Aws before = before(deed)) {
      new Sweep<>("sagemaker", before::twin, on -> perform(deed, on)).with(fault, place -> {
        try (EndpointPlatform again = place.open()) {
          perform(deed, again);
          assertThat(deployments(again)).isEqualTo(afterwards(deed));
          for (Deployment left : again.list()) {
            await(again.undeploy(left.name().equals("bert") ? bert() : clip()));
          }
          assertThat(again.inventory()).isEmpty();
        }
        assertThat(place.remains()).isEmpty();
      });
    }
  }

  /** Every change takes one look in vain, for what is broken at one is broken at the next. */
  private static Aws before(Deed deed) {
    Aws fresh = new Aws(new VirtualTime()).changesTake(Duration.ofSeconds(3));
    try (EndpointPlatform whole = fresh.open()) {
      if (deed != Deed.DEPLOY) {
        deploy(whole, bert());
      }
      if (deed == Deed.UNDEPLOY_SECOND) {
        deploy(whole, clip());
      }
    }
    return fresh;
  }

  private static void perform(Deed deed, EndpointPlatform on) {
    switch (deed) {
      case DEPLOY -> deploy(on, bert());
      case DEPLOY_SECOND -> deploy(on, clip());
      case SCALE ->
        await(on.scale(bert(), Scaling.fixed(TYPE, 2).with(SHARE.withFleetInstances(2))));
      case UNDEPLOY -> await(on.undeploy(bert()));
      case UNDEPLOY_SECOND -> await(on.undeploy(clip()));
    }
  }

  private static List<String> afterwards(Deed deed) {
    return switch (deed) {
      case DEPLOY, SCALE, UNDEPLOY_SECOND -> List.of("bert/blue READY 100");
      case DEPLOY_SECOND -> List.of("bert/blue READY 100", "clip/blue READY 100");
      case UNDEPLOY -> List.of();
    };
  }
}
