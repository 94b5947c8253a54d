package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeploymentStage;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
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
import io.fairlead.platform.Request;
import io.fairlead.vertex.standin.Project;
import io.grpc.Status;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Vertex AI does on the nights on which it does not do what was asked. */
class VertexBadDaysTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final Container FIRST = container("one");
  private static final Container SECOND = container("two");

  private final VirtualTime time = new VirtualTime();
  private final Gcp gcp = new Gcp(time);
  private final Project project = gcp.project();
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  // ---- what takes long ----

  @Test
  void aDeploymentOfFortyMinutesIsWaitedForAndSaysItsStages() {
    project.duration("DeployModel", Duration.ofMinutes(40));
    List<String> lines = new ArrayList<>();
    Duration before = time.elapsed();

    platform
        .deploy(FIRST, ONE, BLUE)
        .onProgress(event -> lines.add(event.toString()))
        .await(LIMIT);

    assertThat(time.elapsed().minus(before)).isGreaterThan(Duration.ofMinutes(40));
    assertThat(lines).anyMatch(line -> line.contains("GETTING_CONTAINER_IMAGE"));
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(project.calls()).filteredOn("DeployModel"::equals).hasSize(1);
    assertThat(project.calls())
        .filteredOn("GetOperation"::equals)
        .as("40 minutes at most every 10 s, each pause shortened by up to a half")
        .hasSizeLessThan(550);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UploadModel", "CreateEndpoint", "DeployModel"})
  void aProcessThatDiesAfterTheSubmissionIsResumedByAttachingToIt(String method) {
    VertexPlatform dying = gcp.open(Faults.at("vertex", numberOf(method), Fault.KILLED_AFTER));
    assertThat(catchThrowable(() -> deploy(dying, FIRST, BLUE))).isInstanceOf(ProcessKilled.class);
    List<String> lines = new ArrayList<>();

    platform
        .deploy(FIRST, ONE, BLUE)
        .onProgress(event -> lines.add(event.toString()))
        .await(LIMIT);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(gcp.remains())
        .filteredOn(name -> name.startsWith("deployed-model/"))
        .hasSize(1);
    assertThat(gcp.remains()).filteredOn(name -> name.startsWith("model/")).hasSize(1);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void whatADeadProcessIsDeployingIsSeenAsOnItsWay() {
    VertexPlatform dying =
        gcp.open(Faults.at("vertex", numberOf("DeployModel"), Fault.KILLED_AFTER));
    assertThat(catchThrowable(() -> deploy(dying, FIRST, BLUE))).isInstanceOf(ProcessKilled.class);

    assertThat(platform.preview(p -> p.deploy(FIRST, ONE, BLUE)).toString())
        .contains("in progress: STARTING_DEPLOYMENT");
    deploy(platform, FIRST, BLUE);
    assertThat(project.requests("DeployModel", DeployModelRequest.class)).hasSize(1);
  }

  @Test
  void whatADeadProcessIsDeployingIsUndeployedWhenItHasCome() {
    VertexPlatform dying =
        gcp.open(Faults.at("vertex", numberOf("DeployModel"), Fault.KILLED_AFTER));
    assertThat(catchThrowable(() -> deploy(dying, FIRST, BLUE))).isInstanceOf(ProcessKilled.class);

    platform.undeploy(new Endpoint(FIRST, ONE, BLUE)).await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"UploadModel", "CreateEndpoint", "DeployModel"})
  void aSubmissionWhoseAnswerIsLostIsNotMadeTwice(String method) {
    VertexPlatform cut = gcp.open(Faults.at("vertex", numberOf(method), Fault.CUT_AFTER));

    deploy(cut, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(gcp.remains()).hasSize(3);
    assertThat(platform.orphans()).isEmpty();
  }

  @Test
  void pollingThatAnswersInternalOnceIsAskedAgain() {
    project.pollingFailsOnce();

    Endpoint blue = deploy(platform, FIRST, BLUE);
    platform.scale(blue, Scaling.fixed("n1-standard-4", 3)).await(LIMIT);
    platform.undeployAll("bert").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void anOperationThatNeverEndsIsGivenUpAtTheLimitAndSaysHowToGoOn() {
    project.neverEnds("DeployModel");

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure)
        .hasMessageContaining(
            "run the same operation again to resume it, or undeploy to remove it");
  }

  @Test
  void aServerThatNeverAnswersEndsEachCallAtItsTimeout() {
    deploy(platform, FIRST, BLUE);
    VertexPlatform hasty =
        gcp.open(gcp.config().withCallTimeout(Duration.ofMillis(100)), Faults.none());
    project.neverAnswers("GetEndpoint");

    ServingException failure = fails(() -> deploy(hasty, SECOND, GREEN));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure).hasMessageContaining("Get endpoint bert failed");
    project.answersAgain("GetEndpoint");
    assertThat(weights()).containsExactly("bert/blue 100");
    hasty.close();
  }

  // ---- others ----

  @Test
  void aSplitThatSomebodyChangedMeanwhileIsReadAgainAndWorkedOutAnew() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    Endpoint red = deploy(platform, SECOND, new Routing("bert", "red"));
    project.forgetCalls();
    VertexPlatform late = gcp.open(Faults.before(
        "UpdateEndpoint",
        () -> platform.route(blue.at(100), red.at(0), TrafficWeight.percent(20)).await(LIMIT)));

    late.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT);

    assertThat(weights()).containsExactly("bert/blue 50", "bert/green 30", "bert/red 20");
    assertThat(project.requests("UpdateEndpoint", UpdateEndpointRequest.class))
        .as("theirs, ours that was refused, and ours anew")
        .hasSize(3)
        .allMatch(request -> !request.getEndpoint().getEtag().isEmpty());
  }

  @Test
  void anEndpointThatSomebodyElseMadeIsRefusedAndNotTouched() {
    project.addModel("theirs");
    project.addEndpoint("bert", "theirs");
    var before = project.endpoint("bert");

    ServingException deploying = fails(() -> deploy(platform, FIRST, BLUE));
    ServingException undeploying =
        fails(() -> platform.undeploy(new Endpoint(FIRST, ONE, BLUE)).await(LIMIT));

    assertThat(deploying.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(deploying).hasMessageContaining("is not managed by Fairlead");
    assertThat(undeploying).hasMessageContaining("is not managed by Fairlead");
    assertThat(project.endpoint("bert")).isEqualTo(before);
    assertThat(platform.list()).isEmpty();
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(gcp.remains()).contains("endpoint/bert", "model/theirs@1").hasSize(3);
  }

  @Test
  void theProjectsNumberDoesAsWellAsItsId() {
    deploy(platform, FIRST, BLUE);

    try (VertexPlatform other = gcp.open(gcp.config(project.number()), Faults.none())) {
      assertThat(other.preview(p -> p.deploy(FIRST, ONE, BLUE)).isEmpty()).isTrue();
      deploy(other, SECOND, GREEN);
      assertThat(
              other.invoke(new Endpoint(FIRST, ONE, BLUE), Request.json("{}")).variant())
          .contains("blue");
      other.undeployAll("bert").await(LIMIT);
    }
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void twoProcessesThatDeployTwoVariantsAtOnceBothSucceed() {
    try (VertexPlatform other = gcp.open()) {
      Operation<Endpoint> one = platform.deploy(FIRST, ONE, BLUE);
      Operation<Endpoint> two = other.deploy(SECOND, ONE, GREEN);
      one.await(LIMIT);
      two.await(LIMIT);

      assertThat(weights()).hasSize(2);
      assertThat(project.endpoint("bert").getTrafficSplitMap()).containsValue(100);
    }
  }

  // ---- what cannot be had, or does not work ----

  @Test
  void whatIsOverTheQuotaIsRefusedAndTheEndpointThatWasMadeForItGoes() {
    project.quota("n1-standard-4", 0);

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(failure)
        .hasMessageContaining("custom_model_serving_cpus")
        .hasMessageContaining("IAM & Admin, Quotas");
    assertThat(gcp.remains()).filteredOn(name -> !name.startsWith("model/")).isEmpty();
  }

  @Test
  void whatIsOutOfStockIsToldApartAndTheOldVersionServesOn() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    project.outOfStock("n1-standard-8");

    ServingException failure = fails(
        () -> platform.deploy(SECOND, Scaling.fixed("n1-standard-8", 1), GREEN).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(failure)
        .hasMessageContaining("no such machine available")
        .hasMessageContaining("FAILED_TO_DEPLOY");
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(platform.invoke(blue, Request.json("{}")).variant()).contains("blue");
    project.inStock("n1-standard-8");
    platform.deploy(SECOND, Scaling.fixed("n1-standard-8", 1), GREEN).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
  }

  @Test
  void aContainerThatDoesNotStartSaysAtWhichStageItDiedAndWhy() {
    project.failOperation(
        "DeployModel",
        Status.Code.FAILED_PRECONDITION,
        "Model server never became ready. Please validate that your model file or container configuration are valid.",
        DeploymentStage.STARTING_MODEL_SERVER);

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("stage STARTING_MODEL_SERVER")
        .hasMessageContaining("Model server never became ready")
        .hasMessageContaining("FAILED_PRECONDITION");
    assertThat(gcp.remains()).filteredOn(name -> !name.startsWith("model/")).isEmpty();
  }

  @Test
  void aModelThatCannotBeDeletedForMinutesAfterItsUndeployingIsDeletedInTheEnd() {
    project.heldAfterUndeploy(Duration.ofMinutes(12));
    Endpoint blue = deploy(platform, FIRST, BLUE);
    Duration before = time.elapsed();

    platform.undeploy(blue).await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
    assertThat(time.elapsed().minus(before)).isGreaterThan(Duration.ofMinutes(12));
  }

  @Test
  void aDeletionThatAnswersInternalAlthoughItWorkedIsFoundDone() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    VertexPlatform cut = gcp.open(Faults.after(
        "DeleteModel",
        () ->
            project.failNext("GetOperation", Status.Code.INTERNAL, "Internal error encountered.")));

    cut.undeploy(blue).await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void whatIsDeployedWithoutTrafficIsUndeployedToo() {
    deploy(platform, FIRST, BLUE);
    deploy(platform, SECOND, GREEN);
    assertThat(project.endpoint("bert").getTrafficSplitMap()).hasSize(1);

    platform.undeployAll("bert").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void everyCallThatIsThrottledOnceIsMadeAgain() {
    project.throttleEveryCallOnce();

    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 90", "bert/green 10");
    platform.undeployAll("bert").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED", "ABORTED"})
  void eachSubmissionThatIsRefusedOnceIsMadeAgain(Status.Code code) {
    for (String method : List.of(
        "UploadModel",
        "CreateEndpoint",
        "DeployModel",
        "MutateDeployedModel",
        "UpdateEndpoint",
        "UndeployModel",
        "DeleteEndpoint",
        "DeleteModel")) {
      project.failNext(method, code, "Once, and never again.");
    }

    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    platform.scale(blue, Scaling.fixed("n1-standard-4", 2)).await(LIMIT);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    platform.undeployAll("bert").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void credentialsThatExpireInTheMiddleSaySoAndNothingIsLost() {
    project.expireFromCall(project.calls().size() + numberOf("DeployModel"));

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("invalid authentication credentials")
        .hasMessageContaining("docs/vertex.md");
    project.expireFromCall(Integer.MAX_VALUE);
    deploy(platform, FIRST, BLUE);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  // ---- words ----

  private static Container container(String folder) {
    return new Container(
        ModelArtifact.of(URI.create("gs://models/" + folder + "/")),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.NONE);
  }

  /** {@return which call of a first deployment is the first of a method} */
  private static int numberOf(String method) {
    try (Gcp fresh = new Gcp(new VirtualTime())) {
      Faults counting = Faults.none();
      try (VertexPlatform counted = fresh.open(counting)) {
        deploy(counted, FIRST, BLUE);
      }
      List<String> calls = counting.calls();
      for (int i = 0; i < calls.size(); i++) {
        if (calls.get(i).startsWith(method + " ")) {
          return i + 1;
        }
      }
      throw new AssertionError(method + " is not among " + calls);
    }
  }

  private static Endpoint deploy(VertexPlatform on, Container container, Routing routing) {
    return on.deploy(container, ONE, routing).await(LIMIT);
  }

  private List<String> weights() {
    return platform.list().stream()
        .map(deployment -> deployment.name() + "/" + deployment.variant().orElseThrow() + " "
            + deployment.weight().percent())
        .toList();
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }
}
