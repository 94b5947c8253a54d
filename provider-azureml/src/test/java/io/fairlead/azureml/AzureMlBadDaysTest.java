package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.AccessToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.azureml.internal.DefaultAzureMlPlatform;
import io.fairlead.azureml.standin.AzureError;
import io.fairlead.azureml.standin.Workspace;
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
import io.fairlead.platform.Deployment;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What Azure does on the nights on which it does not do what was asked. */
class AzureMlBadDaysTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Routing RED = new Routing("bert", "red");
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);
  private static final Scaling THREE = Scaling.fixed("Standard_DS3_v2", 3);
  private static final Scaling BY_LOAD = Scaling.between("Standard_DS3_v2", 1, 4);
  private static final Container FIRST = container("one");
  private static final Container SECOND = container("two");

  private static final String IDENTITY =
      "/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/me";
  private static final String WHAT_IS_UNKNOWN = "kept Theirs " + IDENTITY + ":UserAssigned";

  private final VirtualTime time = new VirtualTime();
  private final Azure azure = new Azure(time);
  private final Workspace workspace = azure.workspace();
  private final EndpointPlatform platform = azure.open();

  @AfterEach
  void close() {
    platform.close();
    azure.close();
  }

  // ---- lost answers and dead processes ----

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PUT models/versions",
        "PUT environments/versions",
        "PUT onlineEndpoints",
        "PUT deployments"
      })
  void aPutWhoseAnswerIsLostIsNotMadeTwice(String call) {
    EndpointPlatform cut = azure.open(Faults.at("azureml", numberOf(call), Fault.CUT_AFTER));

    deploy(cut, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.calls())
        .filteredOn(call::equals)
        .hasSize(call.equals("PUT onlineEndpoints") ? 2 : 1);
    assertThat(platform.orphans()).isEmpty();
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT onlineEndpoints", "PUT deployments"})
  void aProcessThatDiesAfterAPutIsResumedByAttachingToIt(String call) {
    dies(call);

    deploy(platform, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(1);
    assertThat(workspace.calls()).filteredOn("PUT onlineEndpoints"::equals).hasSize(2);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aDeploymentThatFailedWithItsProcessSaysWhyAndIsReplaced() {
    workspace.failNextDeployment("ResourceNotReady", "The readiness probe failed.");
    dies("PUT deployments");
    workspace.prints("bert", "blue", "Traceback", "ImportError: no module named torch");
    time.pass(Duration.ofMinutes(10));

    assertThat(platform.list()).singleElement().satisfies(AzureMlBadDaysTest::saysWhyItDidNotStart);
    assertThat(platform.status(new Endpoint(FIRST, ONE, BLUE), LIMIT))
        .hasValueSatisfying(AzureMlBadDaysTest::saysWhyItDidNotStart);

    deploy(platform, FIRST, BLUE);
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.calls())
        .filteredOn(name -> name.endsWith(" deployments"))
        .filteredOn(name -> name.startsWith("PUT") || name.startsWith("DELETE"))
        .containsExactly("PUT deployments", "DELETE deployments", "PUT deployments");
    assertThat(platform.orphans()).isEmpty();
  }

  private static void saysWhyItDidNotStart(Deployment deployment) {
    assertThat(deployment.state()).isEqualTo(Deployment.State.FAILED);
    assertThat(deployment.detail())
        .contains("The readiness probe failed (ResourceNotReady)")
        .contains("ImportError: no module named torch");
  }

  // ---- operations that fail ----

  @ParameterizedTest
  @CsvSource({
    "ImageBuildFailure, MODEL_FAILED, pin the versions",
    "BadArgument, INVALID, Storage Blob Data Reader",
    "OutOfQuota, QUOTA, Request more under Quota",
    "ResourceNotReady, MODEL_FAILED, did not answer its probes"
  })
  void whatDoesNotPassIsNotTriedAgainAndSaysWhatToDo(String code, ErrorKind kind, String wayOut) {
    workspace.failNextDeployment(code, "The reason in Azure's words.");

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure)
        .hasMessageContaining("Deploy bert/blue failed")
        .hasMessageContaining("The reason in Azure's words (" + code + ")")
        .hasMessageContaining(wayOut);
    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(1);
    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PUT onlineEndpoints",
        "PUT deployments",
        "PATCH onlineEndpoints",
        "PATCH deployments",
        "DELETE deployments",
        "DELETE onlineEndpoints"
      })
  void anOperationThatIsCanceledOnceIsMadeAgain(String call) {
    workspace.cancelOperation(call);

    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    platform.scale(green, THREE).await(LIMIT);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 70", "bert/green 30");
    platform.undeployAll("bert").await(LIMIT);

    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aCanceledDeploymentIsMadeAgainAfterAMinuteAtMost() {
    workspace.cancelOperation("PUT deployments");
    Duration before = time.elapsed();

    deploy(platform, FIRST, BLUE);

    assertThat(time.elapsed().minus(before))
        .as("twice 8 minutes, a minute each for its deletion, the endpoint, polls and the pause")
        .isBetween(Duration.ofMinutes(17), Duration.ofMinutes(20));
  }

  @Test
  void aDeploymentThatIsCanceledEachTimeFailsWithTheReasonAndLeavesNothing() {
    workspace.duration("PUT deployments", Duration.ofSeconds(30));
    Collections.nCopies(20, "PUT deployments").forEach(workspace::cancelOperation);

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure)
        .hasMessageContaining("canceled by another operation that has a higher priority")
        .hasMessageContaining("OperationCanceled");
    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Due to a lack of Azure Machine Learning capacity in the region, the service has failed to provision the "
            + "specified VM size. Retry later or try deploying to a different region.",
        "The specified Azure ML Compute is out of capacity."
      })
  void aRegionWithoutMachinesIsAskedAgain(String message) {
    workspace.failNextDeployment("OutOfQuota", message);

    deploy(platform, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(2);
  }

  @Test
  void aQuotaThatIsUsedUpIsRefusedAtOnceAndLeavesNothing() {
    workspace.quota("Standard_DS3_v2", 1);

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(failure)
        .hasMessageContaining("Additional needed: 2")
        .hasMessageContaining("a fifth more");
    assertThat(azure.remains()).isEmpty();
  }

  // ---- containers that do not start ----

  @Test
  void aContainerThatDoesNotStartSaysHowItsLogEnds() {
    workspace.failNextDeployment("ResourceNotReady", "The liveness probe failed.");
    EndpointPlatform printing = azure.open(Faults.after(
        "PUT deployments",
        () -> workspace.prints("bert", "blue", "loading", "OSError: model.bin is truncated")));

    ServingException failure = fails(() -> deploy(printing, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("The container's log ends: loading\nOSError: model.bin is truncated");
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aContainerWhoseModelCannotBeDownloadedSaysHowThatLogEnds() {
    workspace.failNextDeployment("ResourceNotReady", "The container was not started.");
    EndpointPlatform printing = azure.open(Faults.after(
        "PUT deployments",
        () -> workspace.printsInDownload("bert", "blue", "403: no access to model.bin")));

    ServingException failure = fails(() -> deploy(printing, FIRST, BLUE));

    assertThat(failure)
        .hasMessageContaining("was never started")
        .hasMessageContaining("download ends: 403: no access to model.bin");
  }

  @Test
  void aContainerWithoutALogWasNeverStarted() {
    workspace.failNextDeployment("ResourceNotReady", "The container was not started.");

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure).hasMessageContaining("has no log: it was never started");
  }

  @Test
  void aLogThatMayNotBeReadChangesNothingElse() {
    workspace.failNextDeployment("ResourceNotReady", "The liveness probe failed.");
    workspace.refuse(
        "POST getLogs", AzureError.of(403, "AuthorizationFailed", "The client may not read logs."));

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("The liveness probe failed")
        .hasMessageContaining("The client may not read logs");
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aSecondInstanceThatDoesNotStartSaysHowTheLogEnds() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    workspace.prints("bert", "blue", "CUDA out of memory");
    workspace.failOperation("PATCH deployments", "ResourceNotReady", "The liveness probe failed.");

    ServingException failure = fails(() -> platform.scale(blue, THREE).await(LIMIT));

    assertThat(failure).hasMessageContaining("CUDA out of memory");
  }

  // ---- names that are taken ----

  @Test
  void aNameThatIsTakenInTheRegionIsGivenUpAfterMinutesAndNothingRemains() {
    workspace.takeName("bert");
    Duration before = time.elapsed();

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(failure)
        .hasMessageContaining("choose another name")
        .hasMessageContaining("is already in use in region westeurope");
    assertThat(time.elapsed().minus(before)).isLessThan(Duration.ofMinutes(5));
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void anEndpointThatSomebodyElseMadeIsRefusedAndNotTouched() {
    workspace.addEndpoint("bert");
    JsonNode before = workspace.endpoint("bert");

    ServingException deploying = fails(() -> deploy(platform, FIRST, BLUE));
    ServingException undeploying =
        fails(() -> platform.undeploy(new Endpoint(FIRST, ONE, BLUE)).await(LIMIT));

    assertThat(deploying.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(deploying).hasMessageContaining("is not managed by Fairlead");
    assertThat(undeploying.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS);
    assertThat(workspace.endpoint("bert")).isEqualTo(before);
    assertThat(platform.list()).isEmpty();
    platform.sweep(Duration.ZERO).await(LIMIT);
    assertThat(azure.remains()).containsExactly("endpoint bert");
  }

  @Test
  void whatAnotherProcessCreatesJustBeforeIsNotReplaced() {
    workspace.honoursConditions(true);
    EndpointPlatform other = azure.open();
    EndpointPlatform late =
        azure.open(Faults.before("PUT onlineEndpoints bert", () -> deploy(other, SECOND, GREEN)));

    deploy(late, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 0", "bert/green 100");
    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(2);
  }

  @Test
  void aDeploymentThatAnotherProcessCreatesJustBeforeIsAttachedTo() {
    workspace.honoursConditions(true);
    EndpointPlatform other = azure.open();
    EndpointPlatform late =
        azure.open(Faults.before("PUT deployments bert/blue", () -> deploy(other, FIRST, BLUE)));

    deploy(late, FIRST, BLUE);

    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.headers("PUT deployments", "If-None-Match")).containsExactly("*", "*");
    assertThat(azure.remains())
        .filteredOn(name -> name.startsWith("deployment"))
        .hasSize(1);
  }

  /** The contract has all that another process may do, at each call, while a deployment takes half a minute. */
  @Test
  void aProcessThatDeploysTheSameWaitsForADeploymentThatTakesEightMinutes() {
    EndpointPlatform other = azure.open();
    EndpointPlatform first = azure.open(inTheMiddle(() -> deploy(other, FIRST, BLUE)));
    Duration before = time.elapsed();

    deploy(first, FIRST, BLUE);

    assertThat(time.elapsed().minus(before))
        .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(10));
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(1);
    assertThat(platform.orphans()).isEmpty();
  }

  @Test
  void aProcessThatUndeploysWaitsForADeploymentThatTakesEightMinutesAndLeavesNothing() {
    EndpointPlatform other = azure.open();
    List<Set<String>> left = new ArrayList<>();
    EndpointPlatform first = azure.open(inTheMiddle(() -> {
      other.undeployAll("bert").await(LIMIT);
      left.add(azure.remains());
    }));

    // It finds its deployment gone, and deploys anew.
    deploy(first, FIRST, BLUE);

    assertThat(left).containsExactly(Set.of());
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(platform.orphans()).isEmpty();
  }

  /** {@return no faults, but something that happens once, about four minutes after a deployment was begun} */
  private static Faults inTheMiddle(Runnable action) {
    return Faults.beforeCall(numberOf("PUT deployments") + 22, action);
  }

  // ---- what others change ----

  @Test
  void aSplitThatSomebodyChangedMeanwhileIsReadAgainAndWorkedOutAnew() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    Endpoint red = deploy(platform, SECOND, RED);
    int last = lastReadBeforeTheSplit(blue, green);
    EndpointPlatform late = azure.open(Faults.beforeCall(
        last,
        () -> platform.route(blue.at(100), red.at(0), TrafficWeight.percent(20)).await(LIMIT)));

    late.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT);

    assertThat(weights()).containsExactly("bert/blue 50", "bert/green 30", "bert/red 20");
  }

  /** {@return the number of the call by which the endpoint is read just before it is written} */
  private int lastReadBeforeTheSplit(Endpoint blue, Endpoint green) {
    try (Azure twin = azure.twin()) {
      Faults counting = Faults.none();
      try (EndpointPlatform counted = twin.open(counting)) {
        counted.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT);
      }
      return counting.calls().indexOf("PUT onlineEndpoints bert");
    }
  }

  @Test
  void whatThisLibraryHasNeverHeardOfSurvivesEachOperation() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    workspace.changeEndpoint("bert", AzureMlBadDaysTest::addWhatIsUnknown);

    Endpoint green = deploy(platform, SECOND, GREEN.with(AzureMlRouting.mirror(10)));
    assertThat(whatIsUnknown()).isEqualTo(WHAT_IS_UNKNOWN);
    assertThat(mirror()).isEqualTo("{\"green\":10}");
    Endpoint red = deploy(platform, SECOND, RED);
    platform.route(blue.at(100), red.at(0), TrafficWeight.percent(40)).await(LIMIT);
    platform.scale(blue, THREE).await(LIMIT);
    platform.scale(blue, BY_LOAD).await(LIMIT);
    assertThat(mirror()).isEqualTo("{\"green\":10}");
    assertThat(whatIsUnknown()).isEqualTo(WHAT_IS_UNKNOWN);
    platform.undeploy(red).await(LIMIT);

    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
    assertThat(mirror()).isEqualTo("{\"green\":10}");
    assertThat(whatIsUnknown()).isEqualTo(WHAT_IS_UNKNOWN);
    platform.undeploy(green).await(LIMIT);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  private static void addWhatIsUnknown(ObjectNode put) {
    put.withObjectProperty("properties").put("somethingNew", "kept");
    put.withObjectProperty("tags").put("team", "Theirs");
    ObjectNode identity = put.withObjectProperty("identity");
    identity.put("type", "UserAssigned");
    identity.withObjectProperty("userAssignedIdentities").putObject(IDENTITY);
  }

  private String whatIsUnknown() {
    JsonNode now = workspace.endpoint("bert");
    return now.at("/properties/somethingNew").asText() + " "
        + now.at("/tags/team").asText() + " "
        + String.join(",", names(now.at("/identity/userAssignedIdentities"))) + ":"
        + now.at("/identity/type").asText();
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private String mirror() {
    return workspace.endpoint("bert").at("/properties/mirrorTraffic").toString();
  }

  /** Azure refuses other sums; who has written one by other means has divided what is answered. */
  @ParameterizedTest
  @CsvSource({"30, 10, 75, 25", "100, 100, 50, 50", "1, 2, 33, 67"})
  void aSplitOfAnotherSumIsReadInProportion(int blue, int green, int isBlue, int isGreen) {
    Endpoint first = deploy(platform, FIRST, BLUE);
    deploy(platform, SECOND, GREEN);
    workspace.changeEndpoint(
        "bert",
        put -> put.withObjectProperty("properties")
            .withObjectProperty("traffic")
            .put("blue", blue)
            .put("green", green));

    assertThat(weights()).containsExactly("bert/blue " + isBlue, "bert/green " + isGreen);
    Endpoint red = deploy(platform, SECOND, RED);
    assertThat(weights())
        .containsExactly("bert/blue " + isBlue, "bert/green " + isGreen, "bert/red 0");
    platform.route(first.at(100), red.at(0), TrafficWeight.percent(10)).await(LIMIT);
    assertThat(weights())
        .containsExactly("bert/blue " + (isBlue - 10), "bert/green " + isGreen, "bert/red 10");
  }

  @Test
  void aDeploymentThatWasDeletedByHandIsMadeAnew() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT);

    workspace.deleteDeployment("bert", "green");

    assertThat(weights()).containsExactly("bert/blue 100");
    deploy(platform, SECOND, GREEN);
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
    workspace.deleteDeployment("bert", "green");
    platform.undeploy(green).await(LIMIT);
    assertThat(platform.orphans()).isEmpty();
    platform.undeploy(blue).await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void anEndpointThatWasDeletedByHandIsMadeAnew() {
    platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);

    workspace.deleteEndpoint("bert");

    assertThat(platform.list()).isEmpty();
    assertThat(platform.status(new Endpoint(FIRST, BY_LOAD, BLUE), LIMIT)).isEmpty();
    Endpoint again = platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 100");
    workspace.deleteEndpoint("bert");
    platform.undeploy(again).await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void anAutoscaleSettingThatWasDeletedByHandIsMadeAnew() {
    Endpoint blue = platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);
    String setting = setting();
    workspace.deleteAutoscale(setting);

    assertThat(platform.preview(p -> p.deploy(FIRST, BY_LOAD, BLUE)).toString())
        .contains("create autoscale");
    platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);
    assertThat(setting()).isEqualTo(setting);
    workspace.deleteAutoscale(setting);
    platform.scale(blue, ONE).await(LIMIT);
    platform.undeploy(blue).await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  private String setting() {
    return azure.remains().stream()
        .filter(name -> name.startsWith("autoscale "))
        .map(name -> name.substring("autoscale ".length()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void anEndpointWithADeploymentOfSomebodyElseStays() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    workspace.addDeployment("bert", "theirs");

    ServingException failure = fails(() -> platform.undeploy(blue).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure).hasMessageContaining("theirs").hasMessageContaining("delete");
    assertThat(azure.remains()).contains("endpoint bert", "deployment bert/theirs");
    workspace.deleteDeployment("bert", "theirs");
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aWorkspaceThatDoesNotExistIsNoEmptyOne() {
    EndpointPlatform elsewhere = azure.open(
        AzureMlConfig.of(workspace.subscription(), workspace.resourceGroup(), "nowhere")
            .withEndpoint(azure.config().endpoint().orElseThrow())
            .withCredential(Azure.CREDENTIAL),
        Faults.none());

    ServingException listing = fails(elsewhere::list);
    ServingException undeploying = fails(() -> elsewhere.undeployAll("bert").await(LIMIT));

    assertThat(listing).hasMessageContaining("workspaces/nowhere' was not found");
    assertThat(undeploying).hasMessageContaining("workspaces/nowhere' was not found");
  }

  // ---- throttling, tokens, places ----

  @Test
  void everyCallThatIsThrottledOnceIsMadeAgain() {
    workspace.throttleEveryCallOnce();

    Endpoint blue = platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);
    Endpoint green = deploy(platform, SECOND, GREEN);
    platform.scale(green, THREE).await(LIMIT);
    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 90", "bert/green 10");
    assertThat(platform.invoke(green, Request.json("{}").pinnedTo("green")).variant())
        .contains("green");
    platform.undeployAll("bert").await(LIMIT);

    assertThat(azure.remains()).isEmpty();
    assertThat(workspace.violations()).isEmpty();
  }

  @Test
  void aThrottledCallIsNotMadeBeforeItMay() {
    workspace.failNext("PUT deployments", AzureError.throttled(Duration.ofSeconds(50)));
    workspace.failNext("GET operation", AzureError.throttled(Duration.ofSeconds(70)));
    List<String> waits = new ArrayList<>();
    Faults faults = Faults.none();
    EndpointPlatform waiting = azure.open(faults);
    Duration before = time.elapsed();

    waiting
        .deploy(FIRST, ONE, BLUE)
        .onProgress(event -> waits.add(event.toString()))
        .await(LIMIT);

    assertThat(waits).anyMatch(line -> line.contains("being throttled"));
    assertThat(time.elapsed().minus(before)).isGreaterThan(Duration.ofMinutes(10));
    assertThat(workspace.violations()).isEmpty();
  }

  @Test
  void aTokenThatEndsDuringADeploymentOfTwentyMinutesIsFetchedAnew() {
    AtomicInteger fetched = new AtomicInteger();
    AzureMlConfig config = azure
        .config()
        .withCredential(request -> Mono.just(new AccessToken(
            "token-" + fetched.incrementAndGet(),
            OffsetDateTime.now(ZoneOffset.UTC).plusHours(1))));
    workspace.duration("PUT deployments", Duration.ofMinutes(20));
    time.in(Duration.ofMinutes(10), () -> workspace.expireToken("token-1"));

    deploy(azure.open(config, Faults.none()), FIRST, BLUE);

    assertThat(fetched).hasValue(2);
    assertThat(weights()).containsExactly("bert/blue 100");
    assertThat(workspace.calls()).filteredOn("PUT deployments"::equals).hasSize(1);
  }

  @Test
  void credentialsThatExpireInTheMiddleSaySoAndNothingIsLost() {
    workspace.expireFromCall(workspace.calls().size() + numberOf("PUT deployments"));

    ServingException failure = fails(() -> deploy(platform, FIRST, BLUE));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("ExpiredAuthenticationToken")
        .hasMessageContaining("docs/azureml.md")
        .hasMessageContaining("Left behind");
    workspace.expireFromCall(Integer.MAX_VALUE);
    deploy(platform, FIRST, BLUE);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void operationsAtAnotherHostAreNotAskedForAndTheObjectsTellHowTheyEnd() {
    workspace.operationUrlsAt(URI.create("https://operations.example.com"));
    Faults counting = Faults.none();
    EndpointPlatform counted = azure.open(counting);

    Endpoint blue = deploy(counted, FIRST, BLUE);
    counted.scale(blue, THREE).await(LIMIT);
    workspace.failNextDeployment("ResourceNotReady", "The liveness probe failed.");
    ServingException failure = fails(() -> deploy(counted, SECOND, GREEN));
    counted.undeployAll("bert").await(LIMIT);

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("does not say why");
    assertThat(counting.calls()).noneMatch(call -> call.startsWith("GET operation"));
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void withoutTheUrlsOfOperationsTheObjectsTellHowTheyEnd() {
    workspace.tellsOperationUrls(false);

    Endpoint blue = deploy(platform, FIRST, BLUE);
    workspace.failNextDeployment("ResourceNotReady", "The liveness probe failed.");
    ServingException failure = fails(() -> deploy(platform, SECOND, GREEN));

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageContaining("The liveness probe failed (ResourceNotReady)");
    assertThat(weights()).containsExactly("bert/blue 100");
    platform.undeploy(blue).await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  // ---- closing ----

  @Test
  void closingEndsADeploymentWhoseCallIsNotAnswered() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      AzureMlConfig config =
          azure.config().withEndpoint(URI.create("http://127.0.0.1:" + silent.getLocalPort()));
      EndpointPlatform waiting =
          DefaultAzureMlPlatform.open(config, TimeSource.system(), new Random(1));
      Operation<Endpoint> deploying = waiting.deploy(FIRST, ONE, BLUE);
      Socket call = silent.accept();

      waiting.close();

      ServingException failure = fails(() -> deploying.await(LIMIT));
      assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
      call.close();
    }
  }

  @Test
  void aClosedPlatformMakesNoCallAndHasNoThreads() throws InterruptedException {
    List<Thread> before = threads();
    EndpointPlatform own = DefaultAzureMlPlatform.open(azure.config(), time, new Random(1));
    Endpoint blue = deploy(own, FIRST, BLUE);
    own.invoke(blue, Request.json("{}"));

    own.close();

    workspace.forgetCalls();
    assertThat(fails(own::list)).hasMessageContaining("closed");
    assertThat(fails(() -> own.invoke(blue, Request.json("{}")))).hasMessageContaining("closed");
    assertThat(workspace.calls()).isEmpty();
    for (Thread thread : threads()) {
      if (!before.contains(thread)) {
        // A pool says that it has ended a moment before its last thread has.
        thread.join(1_000);
        assertThat(thread.isAlive()).as("%s", thread).isFalse();
      }
    }
  }

  /** Reactive applications have threads that Reactor does not let wait. */
  @Test
  void aThreadThatMayNotBlockForReactorMayDeployInvokeAndUndeploy() throws Exception {
    try (EndpointPlatform own = DefaultAzureMlPlatform.open(azure.config(), time, new Random(1))) {
      Optional<String> answered = Mono.fromCallable(() -> {
            Endpoint blue = deploy(own, FIRST, BLUE);
            Optional<String> variant = own.invoke(blue, Request.json("{}")).variant();
            own.undeploy(blue).await(LIMIT);
            return variant;
          })
          .subscribeOn(Schedulers.parallel())
          .toFuture()
          .get();

      assertThat(answered).contains("blue");
      assertThat(azure.remains()).isEmpty();
    }
  }

  /** {@return the threads of platforms, without those of the HTTP client that all platforms share} */
  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("fairlead-"))
        .filter(thread -> !thread.getName().equals("fairlead-azureml-http"))
        .toList();
  }

  // ---- updates that fail ----

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aScaleThatFailsTakesNoDeploymentDownThatServes(boolean isRefusedAtOnce) {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    if (isRefusedAtOnce) {
      workspace.quota("Standard_DS3_v2", 3);
    } else {
      workspace.failOperation("PATCH deployments", "OutOfQuota", "Not enough cores.");
    }

    ServingException failure = fails(() -> platform.scale(blue, THREE).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(platform.list()).singleElement().satisfies(deployment -> {
      assertThat(deployment.state()).isEqualTo(Deployment.State.READY);
      assertThat(deployment.weight().percent()).isEqualTo(100);
      assertThat(deployment.detail())
          .contains(isRefusedAtOnce ? "" : "Not enough cores (OutOfQuota)");
    });
    assertThat(platform.invoke(blue, Request.json("{}")).variant()).contains("blue");
    workspace.quota("Standard_DS3_v2", 100);
    platform.scale(blue, THREE).await(LIMIT);
    assertThat(workspace.deployment("bert", "blue").at("/sku/capacity").asInt()).isEqualTo(3);
    assertThat(workspace.calls()).doesNotContain("DELETE deployments");
  }

  /** Nobody knows whether it works, and no request goes there: it is made anew when it is deployed again. */
  @Test
  void aScaleThatFailsOfADeploymentWithoutRequestsLeavesOneThatIsReplaced() {
    deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    workspace.failOperation("PATCH deployments", "OutOfQuota", "Not enough cores.");

    ServingException failure = fails(() -> platform.scale(green, THREE).await(LIMIT));

    assertThat(failure.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(platform.list())
        .filteredOn(deployment -> deployment.variant().orElseThrow().equals("green"))
        .singleElement()
        .satisfies(deployment -> {
          assertThat(deployment.state()).isEqualTo(Deployment.State.FAILED);
          assertThat(deployment.detail()).contains("Not enough cores (OutOfQuota)");
        });
    ServingException refusal = fails(() -> platform.scale(green, THREE).await(LIMIT));
    assertThat(refusal).hasMessageContaining("deploy it again first");
    assertThat(workspace.calls()).doesNotContain("DELETE deployments");
    platform.deploy(SECOND, THREE, GREEN).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");
  }

  @Test
  void aMirroredDeploymentServesAfterAFailedScale() {
    deploy(platform, FIRST, BLUE);
    Routing mirrored = GREEN.with(AzureMlRouting.mirror(10));
    Endpoint green = deploy(platform, SECOND, mirrored);
    workspace.failOperation("PATCH deployments", "OutOfQuota", "Not enough cores.");
    fails(() -> platform.scale(green, THREE).await(LIMIT));

    platform.scale(green, THREE).await(LIMIT);

    assertThat(workspace.deployment("bert", "green").at("/sku/capacity").asInt())
        .isEqualTo(3);
    assertThat(workspace.calls()).doesNotContain("DELETE deployments");
  }

  @Test
  void aNumberOfInstancesThatNobodyKnowsIsNotRestored() {
    deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN.with(AzureMlRouting.mirror(10)));
    workspace.failOperation("PATCH deployments", "OutOfQuota", "Not enough cores.");
    fails(() -> platform.scale(green, THREE).await(LIMIT));
    workspace.refuse(
        "PUT onlineEndpoints", AzureError.of(403, "AuthorizationFailed", "No right to write."));
    Endpoint other = new Endpoint(SECOND, ONE, GREEN.with(AzureMlRouting.mirror(20)));

    ServingException failure = fails(() -> platform.scale(other, THREE).await(LIMIT));

    assertThat(failure)
        .hasMessageContaining("No right to write")
        .message()
        .doesNotContain("Left behind");
    assertThat(workspace.requests("PATCH deployments"))
        .extracting(change -> change.at("/sku/capacity").asInt())
        .containsOnly(3);
  }

  /** Azure deploys nothing to an endpoint whose last change has failed. */
  @Test
  void anEndpointWhoseLastChangeFailedIsMendedBeforeADeploymentIsChanged() {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN);
    workspace.failOperation("PUT onlineEndpoints", "InternalServerError", "Something went wrong.");
    ServingException failure = fails(() ->
        platform.route(blue.at(100), green.at(0), TrafficWeight.percent(30)).await(LIMIT));
    assertThat(failure).hasMessageContaining("Something went wrong");
    assertThat(weights()).containsExactly("bert/blue 100", "bert/green 0");

    platform.scale(green, THREE).await(LIMIT);

    assertThat(workspace.endpoint("bert").at("/properties/provisioningState").asText())
        .isEqualTo("Succeeded");
    assertThat(workspace.deployment("bert", "green").at("/sku/capacity").asInt())
        .isEqualTo(3);
  }

  // ---- assets ----

  @Test
  void versionsThatWereDeletedAreNotMadeAgainAndTheSameContentIsDeployedNevertheless() {
    workspace.deletedVersionsStayTaken(true);

    for (int i = 0; i < 3; i++) {
      Endpoint blue = deploy(platform, FIRST, BLUE);
      deploy(platform, FIRST, GREEN);
      assertThat(platform.preview(p -> p.deploy(FIRST, ONE, BLUE)).isEmpty()).isTrue();
      assertThat(platform.orphans()).isEmpty();
      assertThat(platform.describe("bert", "blue", LIMIT).orElseThrow().value()).isPresent();
      platform.scale(blue, THREE).await(LIMIT);
      platform.undeployAll("bert").await(LIMIT);
      assertThat(azure.remains()).isEmpty();
    }
  }

  @Test
  void aModelThatWasMadeAgainByAnotherProcessIsTheOneThatIsDeployed() {
    workspace.deletedVersionsStayTaken(true);
    Endpoint blue = deploy(platform, FIRST, BLUE);
    platform.undeploy(blue).await(LIMIT);
    EndpointPlatform other = azure.open();
    deploy(other, FIRST, new Routing("other", "blue"));

    deploy(platform, FIRST, BLUE);

    assertThat(azure.remains()).filteredOn(name -> name.startsWith("model")).hasSize(1);
    platform.undeployAll("bert").await(LIMIT);
    other.undeployAll("other").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aContainerThatTellsAVersionThatIsGoneIsRemovedToo() {
    workspace.latestVersionsStay(true);

    Endpoint blue = deploy(platform, FIRST, BLUE);
    platform.undeploy(blue).await(LIMIT);

    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEmptyContainerThatADeadProcessLeftGoesWithASweepAndWithTheNextUndeploy(boolean sweeps) {
    Endpoint blue = deploy(platform, FIRST, BLUE);
    EndpointPlatform dying = azure.open(Faults.at(
        "azureml",
        numberOf(azure, "DELETE models/versions", p -> p.undeploy(blue)),
        Fault.KILLED_AFTER));
    assertThat(catchThrowable(() -> dying.undeploy(blue).await(LIMIT)))
        .isInstanceOf(ProcessKilled.class);
    assertThat(azure.remains()).anyMatch(name -> name.startsWith("model container"));

    if (sweeps) {
      platform.sweep(Duration.ZERO).await(LIMIT);
      assertThat(azure.remains()).noneMatch(name -> name.startsWith("model"));
    }
    platform.undeploy(blue).await(LIMIT);

    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void listsThatLagAreWaitedFor() {
    workspace.listsLag(Duration.ofSeconds(40));

    Endpoint blue = platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);
    platform.undeploy(blue).await(LIMIT);

    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void idsInLowerCaseAreTheSame() {
    workspace.tellsIdsInLowerCase(true);

    Endpoint blue = platform.deploy(FIRST, BY_LOAD, BLUE).await(LIMIT);

    assertThat(platform.preview(p -> p.deploy(FIRST, BY_LOAD, BLUE)).isEmpty()).isTrue();
    assertThat(platform.orphans()).isEmpty();
    platform.undeploy(blue).await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true", "true, true"})
  void endpointsAreWrittenRightWhateverAPatchDoesAndHoweverLateItIsTold(
      boolean merges, boolean tellsOld) {
    workspace.patchMergesTags(merges);
    workspace.tellsOldUntilDone(tellsOld);

    Endpoint blue = deploy(platform, FIRST, BLUE);
    Endpoint green = deploy(platform, SECOND, GREEN.with(AzureMlRouting.mirror(20)));
    platform.undeploy(green).await(LIMIT);
    Endpoint red = deploy(platform, SECOND, RED);
    platform.route(blue.at(100), red.at(0), TrafficWeight.percent(50)).await(LIMIT);
    assertThat(weights()).containsExactly("bert/blue 50", "bert/red 50");
    platform.undeploy(blue).await(LIMIT);
    assertThat(weights()).containsExactly("bert/red 100");
    platform.undeploy(red).await(LIMIT);

    assertThat(azure.remains()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEndpointHasRoomForMoreVariantsThanItHasTags(boolean merges) {
    azure.fast();
    workspace.patchMergesTags(merges);
    Endpoint live = deploy(platform, FIRST, new Routing("bert", "v1a"));
    for (int i = 2; i <= 60; i++) {
      Endpoint next =
          deploy(platform, i % 2 == 0 ? SECOND : FIRST, new Routing("bert", "v" + i + "a"));
      platform.route(live.at(100), next.at(0), TrafficWeight.percent(100)).await(LIMIT);
      platform.undeploy(live).await(LIMIT);
      live = next;
    }

    assertThat(workspace.endpoint("bert").get("tags").size()).isLessThanOrEqualTo(50);
    EndpointPlatform dying = azure.open(Faults.at(
        "azureml",
        numberOf(azure, "DELETE deployments", p -> p.undeployAll("bert")),
        Fault.KILLED_AFTER));
    assertThat(catchThrowable(() -> dying.undeployAll("bert").await(LIMIT)))
        .isInstanceOf(ProcessKilled.class);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  // ---- words ----

  private static Container container(String folder) {
    return new Container(
        ModelArtifact.of(URI.create("azureml://datastores/models/paths/" + folder + "/")),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.NONE);
  }

  private void dies(String call) {
    EndpointPlatform dying = azure.open(Faults.at("azureml", numberOf(call), Fault.KILLED_AFTER));
    assertThat(catchThrowable(() -> deploy(dying, FIRST, BLUE))).isInstanceOf(ProcessKilled.class);
  }

  /** {@return which call of a first deployment is the first of a name} */
  private static int numberOf(String call) {
    try (Azure fresh = new Azure(new VirtualTime())) {
      return numberOf(fresh, call, p -> p.deploy(FIRST, ONE, BLUE));
    }
  }

  /** {@return which call of an operation is the first of a name} */
  private static int numberOf(
      Azure at, String call, Function<EndpointPlatform, Operation<?>> deed) {
    try (Azure twin = at.twin()) {
      Faults counting = Faults.none();
      try (EndpointPlatform counted = twin.open(counting)) {
        deed.apply(counted).await(LIMIT);
      }
      List<String> calls = counting.calls();
      for (int i = 0; i < calls.size(); i++) {
        if (calls.get(i).startsWith(call + " ")) {
          return i + 1;
        }
      }
      throw new AssertionError(call + " is not among " + calls);
    }
  }

  private static Endpoint deploy(EndpointPlatform on, Container container, Routing routing) {
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
