package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
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
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.sagemaker.internal.DefaultSageMakerPlatform;
import io.fairlead.sagemaker.standin.AwsError;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What AWS does on the nights on which it does not do what was asked. */
class SageMakerBadDaysTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final Container FIRST = container("one");
  private static final Container SECOND = container("two");

  private final Aws aws = new Aws(new VirtualTime());
  private final EndpointPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  // ---- eventual consistency and lost answers ----

  @ParameterizedTest
  @ValueSource(strings = {"model", "endpoint-config", "endpoint"})
  void whatWasJustMadeAndCannotBeFoundYetIsWaitedFor(String kind) {
    aws.account().hideAfterCreate(kind, 2);

    deploy(platform, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void anEndpointWhoseCreationWasNotAnsweredIsTakenForWhatItIs() {
    EndpointPlatform cut = aws.open(
        Faults.at("sagemaker", numberOf("CreateEndpoint bert", FIRST, BLUE), Fault.CUT_AFTER));

    deploy(cut, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(configurations()).hasSize(1);
    assertThat(platform.orphans()).isEmpty();
  }

  @Test
  void everyCallThatIsThrottledOnceIsMadeAgain() {
    aws.account().throttleEveryCallOnce();

    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 90", "bert/green 10");
    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  /** AWS quotes the whole environment where one of its values breaks a rule. */
  @Test
  void whatAwsQuotesOfTheEnvironmentIsInNothingThatIsPrinted() {
    String secret = "hf_0123456789abcdef";
    Container container = new Container(
        FIRST.artifact(), FIRST.runtime(), Dependencies.environment(Map.of("HF_TOKEN", secret)));
    aws.account()
        .failNext(
            "CreateModel",
            AwsError.validation("1 validation error detected: Value '{HF_TOKEN=" + secret
                + "}' at 'primaryContainer.environment' failed to satisfy constraint"));
    List<String> printed = new ArrayList<>();

    Operation<Endpoint> deploying =
        platform.deploy(container, ONE, BLUE).onProgress(event -> printed.add(event.toString()));
    ServingException failure = fails(() -> deploying.await(LIMIT));
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    printed.add(trace.toString());
    printed.add(deploying.status().toString());

    assertThat(printed).noneMatch(text -> text.contains(secret));
    assertThat(failure)
        .hasMessageContaining("'{HF_TOKEN=(not shown)}' at 'primaryContainer.environment'");
    assertThat(trace.toString())
        .as("the cause stays, without the value")
        .contains("Caused by: ")
        .contains("SageMakerException");
    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
  }

  // ---- what AWS takes back, or cannot do ----

  @ParameterizedTest
  @ValueSource(strings = {"The primary container did not pass the ping health check.", ""})
  void anUpdateThatIsRolledBackIsAFailureAlthoughTheEndpointIsInService(String reason) {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    aws.account().failEndpoint("bert", reason);

    ServingException failure =
        fails(() -> platform.scale(blue, Scaling.fixed("ml.m5.xlarge", 1)).await(LIMIT));

    assertThat(failure)
        .hasMessageContaining("rolled the change back")
        .hasMessageContaining(reason.isEmpty() ? "gives no reason" : reason);
    assertThat(platform.preview(p -> p.deploy(FIRST, ONE, BLUE)).isEmpty())
        .as("blue is as it was")
        .isTrue();
    assertThat(configurations()).as("the refused configuration is gone").hasSize(1);
  }

  @Test
  void aVariantThatDoesNotStartLeavesTheOthersServingAndSaysWhy() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    aws.account().failEndpoint("bert", "Failed to extract model data archive.");

    ServingException failure = fails(() -> deploy(platform, SECOND, GREEN));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("bert/green")
        .hasMessageContaining("Failed to extract model data archive");
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(platform.invoke(blue, Request.json("{}")).variant()).contains("blue");
    assertThat(configurations()).hasSize(1);
    assertThat(platform.orphans()).isEmpty();
  }

  @Test
  void aFirstEndpointThatFailsIsTakenAwayWithAllThatCameWithIt() {
    aws.account().failEndpoint("bert", "The container did not pass the ping health check.");

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("ping health check");
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aQuotaThatIsUsedUpSaysWhereToAskForMoreAndLeavesNothing() {
    aws.account().resourceLimit("ml.m5.large", 0);

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(failure).hasMessageContaining("Service Quotas").hasMessageContaining("ml.m5.large");
    assertThat(failure.requestId()).isPresent();
    assertThat(configurations()).isEmpty();
  }

  @Test
  void anUpdateThatFailsAndCannotBeTakenBackIsToldAsAMix() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    aws.account().failRollback("bert", "Insufficient capacity.");

    ServingException failure =
        fails(() -> platform.scale(blue, Scaling.fixed("ml.m5.xlarge", 1)).await(LIMIT));

    assertThat(failure).hasMessageContaining("Insufficient capacity");
  }

  @ParameterizedTest
  @ValueSource(strings = {"The instances were retired.", ""})
  void anEndpointThatIsOutOfServiceHasFailedAndIsMadeAnew(String reason) {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    aws.account().outOfService("bert", reason);

    assertThat(platform.list())
        .singleElement()
        .satisfies(one -> assertThat(one.state()).isEqualTo(Deployment.State.FAILED))
        .satisfies(one -> assertThat(one.detail())
            .contains("out of service")
            .contains(reason.isEmpty() ? "without a reason" : reason)
            .contains("deploy its variant again, or undeploy it"));
    assertThat(fails(() -> platform.scale(blue, Scaling.fixed("ml.m5.large", 2)).await(LIMIT)))
        .hasMessageContaining("out of service");
    assertThat(fails(() -> deploy(platform, SECOND, GREEN)))
        .hasMessageContaining("cannot join [blue]")
        .hasMessageContaining("undeploy");

    deploy(platform, FIRST, BLUE);
    assertThat(weights()).containsExactly("bert/blue 100");
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void anEndpointThatIsOutOfServiceGoesAsAWholeWithWhatScalesIt() {
    platform.deploy(FIRST, Scaling.between("ml.m5.large", 1, 4), BLUE).await(LIMIT);
    deploy(platform, SECOND, GREEN);
    aws.account().mayDeregisterScalableTargets(false);
    aws.account().outOfService("bert", "");

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  // ---- what is there already ----

  @Test
  void anEndpointThatIsStuckInCreatingIsLeftAtTheDeadlineAndResumedByTheSameCall() {
    aws.account().neverReady("bert");

    ServingException late = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(late.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(late)
        .hasMessageContaining("Creating")
        .hasMessageContaining("AWS cannot cancel that")
        .hasMessageContaining("run the same operation again to resume it");
    assertThat(aws.remains()).contains("endpoint/bert");
    assertThat(aws.account().calls()).containsOnlyOnce("CreateEndpoint");
  }

  @Test
  void aFailedEndpointOfOursUnderTheNameIsMadeAnew() {
    aws.account().failEndpoint("bert", "The container did not pass the ping health check.");
    Throwable killed = catchThrowable(() -> deploy(
        aws.open(Faults.at(
            "sagemaker", numberOf("CreateEndpoint bert", FIRST, BLUE), Fault.KILLED_AFTER)),
        FIRST,
        BLUE));
    assertThat(killed).isInstanceOf(Error.class);
    aws.time().pass(Duration.ofHours(1));
    assertThat(platform.list())
        .singleElement()
        .satisfies(failed -> assertThat(failed.state()).isEqualTo(Deployment.State.FAILED))
        .satisfies(failed -> assertThat(failed.detail()).contains("ping health check"));

    deploy(platform, SECOND, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(configurations()).hasSize(1);
  }

  @Test
  void anEndpointOfSomebodyElseIsRefusedAndNeverTouched() {
    aws.account().addModel("theirs");
    aws.account().addEndpointConfig("theirs", "theirs", "blue");
    aws.account().addEndpoint("bert", "theirs");

    ServingException refusal = fails(() -> deploy(platform, FIRST, BLUE));
    ServingException undeploying =
        fails(() -> platform.undeploy(new Endpoint(FIRST, ONE, BLUE)).await(LIMIT));
    platform.sweep(Duration.ZERO).await(LIMIT);

    assertThat(platform.undeployAll("bert").await(LIMIT)).isEmpty();
    assertThat(refusal.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(refusal)
        .hasMessageContaining("bert/blue")
        .hasMessageContaining("choose another name");
    assertThat(undeploying.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(platform.list()).isEmpty();
    assertThat(aws.remains())
        .containsExactlyInAnyOrder("endpoint/bert", "endpoint-config/theirs", "model/theirs");
  }

  @Test
  void whatSomebodyElseUnderASimilarNameHasIsLeftAlone() {
    deploy(platform, FIRST, BLUE);
    deploy(platform, FIRST, new Routing("bert-large", "blue"));

    platform.undeployAll("bert").await(LIMIT);

    assertThat(weights()).containsExactly("bert-large/blue 100");
    assertThat(platform.orphans()).isEmpty();
    assertThat(platform
            .invoke(new Endpoint(FIRST, ONE, new Routing("bert-large", "blue")), Request.json("{}"))
            .variant())
        .contains("blue");
  }

  @Test
  void whatIsOursIsFoundOnAllPagesAmongWhatIsNot() {
    aws.account().addModel("theirs");
    aws.account().addEndpointConfig("theirs", "theirs", "blue");
    for (int i = 0; i < 250; i++) {
      aws.account().addEndpoint("theirs-" + i, "theirs");
    }
    aws.account().tagsPerPage(1);
    deploy(platform, FIRST, BLUE);
    deploy(platform, FIRST, new Routing("zulu", "blue"));

    assertThat(weights()).containsExactly("bert/blue 100", "zulu/blue 100");
    assertThat(platform.inventory()).hasSize(5);
    assertThat(platform.orphans()).isEmpty();
  }

  // ---- others at it ----

  @Test
  void undeployingWhileItIsUpdatedWaitsUntilThatIsOver() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    aws.account().systemUpdate("bert", Duration.ofMinutes(20));

    platform.undeploy(blue).await(LIMIT);
    platform.sweep(Duration.ZERO).await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void twoProcessesThatDeployDifferentVariantsAtOnceBothEndWithTheirs() {
    deploy(platform, FIRST, BLUE);
    try (EndpointPlatform other = aws.open()) {
      Operation<Endpoint> green = platform.deploy(SECOND, ONE, GREEN);
      Operation<Endpoint> red = other.deploy(SECOND, ONE, new Routing("bert", "red"));
      green.await(LIMIT);
      red.await(LIMIT);
    }

    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0", "bert/red 0");
    assertThat(configurations()).hasSize(1);
  }

  @Test
  void credentialsThatExpireInTheMiddleLeaveWhatCanBeResumed() {
    deploy(platform, FIRST, BLUE);
    int calls = aws.account().calls().size();
    aws.account().expireFromCall(calls + 8);

    ServingException expired = fails(() -> deploy(platform, SECOND, GREEN));

    assertThat(expired.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(expired)
        .hasMessageContaining("the caller's own credentials provider")
        .hasMessageContaining("Left behind");
    aws.account().expireFromCall(Integer.MAX_VALUE);
    deploy(platform, SECOND, GREEN);
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
    platform.undeployAll("bert").await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void whatAnUnexpectedRefusalSaysIsPassedOn() {
    aws.account().failNext("CreateModel", AwsError.validation("Requested image x not found."));

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("Requested image x not found.");
    assertThat(failure.getCause()).isNotNull();
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void noThreadAndNoConnectionIsLeftAfterClosing() throws InterruptedException {
    List<Thread> before = threads();
    EndpointPlatform own = DefaultSageMakerPlatform.open(aws.config(), aws.time(), new Random(1));
    deploy(own, FIRST, BLUE);

    own.close();

    for (Thread thread : threads()) {
      if (!before.contains(thread)) {
        // A pool says that it has ended a moment before its last thread has.
        thread.join(1_000);
        assertThat(thread.isAlive()).as("%s", thread).isFalse();
      }
    }
  }

  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> Stream.of("fairlead-", "sdk-", "idle-connection-reaper")
            .anyMatch(thread.getName()::startsWith))
        .toList();
  }

  @Test
  void aNameGoesByOneCallShadowsAndAll() {
    deploy(platform, FIRST, BLUE);
    deploy(platform, SECOND, new Routing("bert", "next").with(new SageMakerShadow(20)));
    aws.account().forgetCalls();

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
    assertThat(aws.account().calls())
        .containsOnlyOnce("DeleteEndpoint")
        .doesNotContain("UpdateEndpoint", "UpdateEndpointWeightsAndCapacities");
  }

  @Test
  void aNameOfWhichSomeVariantsHaveNoRequestsGoesByOneCall() {
    deploy(platform, FIRST, BLUE);
    deploy(platform, SECOND, GREEN);
    aws.account().forgetCalls();

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
    assertThat(aws.account().calls())
        .containsOnlyOnce("DeleteEndpoint")
        .doesNotContain("UpdateEndpoint", "UpdateEndpointWeightsAndCapacities");
  }

  @Test
  void whatWasReplacedGoesWithTheVariant() {
    deploy(platform, FIRST, BLUE);
    Endpoint replaced =
        deploy(platform, SECOND, BLUE.with(SageMakerReplacement.allAtOnce(Duration.ZERO)));

    platform.undeploy(replaced).await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void whatAnotherProcessDeploysMeanwhileIsNotReplaced() {
    EndpointPlatform late =
        aws.open(Faults.before("CreateModel", () -> deploy(platform, FIRST, BLUE)));

    ServingException failure = fails(() -> deploy(late, SECOND, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure).hasMessageContaining("holds another container");
    assertThat(aws.account().calls()).doesNotContain("UpdateEndpoint");
    assertThat(platform.preview(p -> p.deploy(FIRST, ONE, BLUE)).isEmpty()).isTrue();
    assertThat(platform.orphans()).isEmpty();
  }

  @Test
  void twoProcessesThatDeployTheSameMakeOneChange() {
    EndpointPlatform late =
        aws.open(Faults.before("CreateModel", () -> deploy(platform, FIRST, BLUE)));

    deploy(late, FIRST, BLUE);

    assertThat(aws.account().calls()).doesNotContain("UpdateEndpoint");
    assertThat(weights()).containsExactly("bert/blue 100");
  }

  @Test
  void aModelThatAnotherProcessIsAboutToUseStays() {
    Endpoint first = deploy(platform, FIRST, BLUE);
    EndpointPlatform other = aws.open(Faults.before("CreateEndpoint second", () -> {
      aws.time().pass(Duration.ofSeconds(5));
      platform.undeploy(first).await(LIMIT);
    }));

    deploy(other, FIRST, new Routing("second", "blue"));

    assertThat(aws.account().calls()).doesNotContain("DeleteModel");
    assertThat(aws.remains()).anyMatch(name -> name.startsWith("model/"));
    platform.undeployAll("second").await(LIMIT);
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void aConfigurationThatWasTakenOverGoesWithItsEndpoint() {
    Duration some = Duration.ofSeconds(8);
    aws.account().durations(some, some, some, some);
    int create = numberOf("CreateEndpoint bert", FIRST, BLUE);
    Throwable killed = catchThrowable(
        () -> deploy(aws.open(Faults.at("sagemaker", create, Fault.KILLED_BEFORE)), FIRST, BLUE));
    assertThat(killed).isInstanceOf(Error.class);
    aws.time().pass(Duration.ofMinutes(3));

    deploy(platform, FIRST, BLUE);
    Duration before = aws.time().elapsed();
    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
    assertThat(aws.time().elapsed().minus(before))
        .as("nobody else can be about to use it")
        .isLessThan(Duration.ofMinutes(1));
  }

  @Test
  void aNameThatDiffersFromAnotherInCaseOnlyIsRefusedAtOnce() {
    deploy(platform, FIRST, BLUE);

    ServingException failure = fails(() -> deploy(platform, SECOND, new Routing("Bert", "blue")));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure).hasMessageContaining("Endpoint Bert").hasMessageContaining("endpoint bert");
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(platform.orphans()).isEmpty();
  }

  // ---- logs of what did not start ----

  @Test
  void theLastLinesOfAFirstContainerThatDoesNotStartAreTold() {
    aws.account().failEndpoint("bert", "The container did not pass the ping health check.");
    EndpointPlatform logged = aws.open(Faults.after("CreateEndpoint bert", () -> {
      log("blue/i-1", "starting", "OSError: no file named model.safetensors");
      log("green/i-9", "of another");
    }));
    log("blue/i-0", "of an endpoint of that name that is long gone");
    aws.time().pass(Duration.ofHours(1));

    ServingException failure = fails(() -> deploy(logged, FIRST, BLUE));

    assertThat(failure)
        .hasMessageContaining("/aws/sagemaker/Endpoints/bert")
        .hasMessageContaining("OSError: no file named model.safetensors")
        .hasMessageNotContaining("of another")
        .hasMessageNotContaining("long gone");
  }

  @Test
  void theLastLinesOfAContainerThatAnUpdateDidNotStartAreTold() {
    deploy(platform, FIRST, BLUE);
    aws.account().failEndpoint("bert", "The container did not pass the ping health check.");
    log("blue/i-0", "blue is well");
    EndpointPlatform logged =
        aws.open(Faults.after("UpdateEndpoint bert", () -> log("green/i-1", "CUDA out of memory")));

    ServingException failure = fails(() -> deploy(logged, SECOND, GREEN));

    assertThat(failure)
        .hasMessageContaining("CUDA out of memory")
        .hasMessageNotContaining("blue is well");
  }

  @Test
  void logsThatMayNotBeReadChangeNothingElse() {
    aws.account().failEndpoint("bert", "The container did not pass the ping health check.");
    aws.account()
        .failNext(
            "DescribeLogStreams", AwsError.of(400, "AccessDeniedException", "not authorized"));

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("ping health check")
        .hasMessageContaining("logs:GetLogEvents");
  }

  private void log(String stream, String... lines) {
    aws.account().log("/aws/sagemaker/Endpoints/bert", stream, List.of(lines));
  }

  // ---- words ----

  private static Container container(String model) {
    return new Container(
        ModelArtifact.of(URI.create("s3://models/" + model + "/model.tar.gz")),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
  }

  private static Endpoint deploy(EndpointPlatform on, Container container, Routing routing) {
    return on.deploy(container, ONE, routing).await(LIMIT);
  }

  private List<String> weights() {
    return platform.list().stream()
        .map(one ->
            one.name() + "/" + one.variant().orElseThrow() + " " + one.weight().percent())
        .toList();
  }

  private List<String> configurations() {
    return aws.remains().stream()
        .filter(name -> name.startsWith("endpoint-config/"))
        .toList();
  }

  /** {@return at which call of a deploy in an empty account something is called} */
  private static int numberOf(String call, Container container, Routing routing) {
    try (Aws empty = new Aws(new VirtualTime())) {
      Faults counting = Faults.none();
      try (EndpointPlatform counted = empty.open(counting)) {
        deploy(counted, container, routing);
      }
      return counting.calls().indexOf(call) + 1;
    }
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }
}
