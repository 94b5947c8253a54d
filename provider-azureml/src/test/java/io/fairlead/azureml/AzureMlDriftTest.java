package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.azureml.standin.AzureError;
import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
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
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.spi.PlatformConfig;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** What others do to a deployment, and what Azure tells in other words than it was told. */
class AzureMlDriftTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);

  private final VirtualTime time = new VirtualTime();
  private final Azure azure = new Azure(time);
  private final Workspace workspace = azure.workspace();
  private final EndpointPlatform platform = azure.open();

  @AfterEach
  void close() {
    platform.close();
    azure.close();
  }

  private static Container container(String model) {
    return new Container(
        ModelArtifact.of(URI.create("azureml://datastores/models/paths/" + model + "/")),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing).await(LIMIT);
  }

  private static ServingException fails(ThrowingCallable call) {
    return catchThrowableOfType(ServingException.class, call);
  }

  // ---- what Azure tells in other words ----

  @Test
  void limitsThatAreAzuresOwnAnywayAreNoDifference() {
    Scaling explicit = ONE.with(AzureMlScaling.DEFAULT
        .withMaxConcurrentRequests(1)
        .withRequestTimeout(Duration.ofSeconds(5)));
    deploy(container("one"), explicit, BLUE);

    assertThat(platform.preview(p -> p.deploy(container("one"), explicit, BLUE)).isEmpty())
        .isTrue();
    assertThat(platform.preview(p -> p.deploy(container("one"), ONE, BLUE)).isEmpty())
        .isTrue();
    ReadBack.assertChangesNothing(platform, "bert", "blue");
  }

  @Test
  void aResourceGroupInAnotherCaseOfLettersIsTheSame(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("model.bin"), new byte[] {1, 2, 3});
    Container local =
        new Container(ModelArtifact.of(file), RuntimeSpec.of(Azure.IMAGE), Dependencies.NONE);
    Scaling byLoad = Scaling.between("Standard_DS3_v2", 1, 3);
    deploy(local, byLoad, BLUE);
    AzureMlConfig config = azure.config();
    AzureMlConfig shouting = AzureMlConfig.of(
            config.subscription(),
            config.resourceGroup().toUpperCase(Locale.ROOT),
            config.workspace())
        .withEndpoint(StandIn.endpoint())
        .withStorageEndpoint(StandIn.endpoint())
        .withCredential(Azure.CREDENTIAL);

    try (EndpointPlatform other = azure.open(shouting, Faults.none())) {
      assertThat(other.preview(p -> p.deploy(local, byLoad, BLUE)).isEmpty()).isTrue();
      ReadBack.assertChangesNothing(other, "bert", "blue");
      other.undeploy(new Endpoint(local, byLoad, BLUE)).await(LIMIT);
    }
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void variablesThatTheGrammarHasNoNamesForDoNotHideEverythingElse() {
    deploy(container("one"), ONE, BLUE);
    Endpoint other = deploy(container("two"), ONE, new Routing("other", "blue"));
    workspace.changeDeployment(
        "bert",
        "blue",
        deployment ->
            ((ObjectNode) deployment.at("/properties/environmentVariables")).put("my.var", "1"));

    assertThat(platform.list()).hasSize(2);
    assertThat(platform.describe("bert", "blue", LIMIT).orElseThrow().value()).isEmpty();
    platform.undeploy(other).await(LIMIT);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  // ---- mirrors ----

  @Test
  void aMirroredVariantIsUndeployedWithItsMirror() {
    deploy(container("one"), ONE, BLUE);
    Endpoint green = deploy(container("two"), ONE, GREEN.with(AzureMlRouting.mirror(10)));

    platform.undeploy(green).await(LIMIT);

    assertThat(platform.list()).hasSize(1);
    deploy(container("two"), ONE, GREEN.with(AzureMlRouting.mirror(10)));
    platform.undeployAll("bert").await(LIMIT);
    assertThat(azure.remains()).isEmpty();
  }

  @Test
  void aMirrorThatWasSetByHandSurvivesAScale() {
    deploy(container("one"), ONE, BLUE);
    Endpoint green = deploy(container("two"), ONE, GREEN);
    workspace.changeEndpoint(
        "bert",
        endpoint -> ((ObjectNode) endpoint.path("properties"))
            .putObject("mirrorTraffic")
            .put("green", 10));

    platform.scale(green, Scaling.fixed("Standard_DS3_v2", 2)).await(LIMIT);

    assertThat(workspace.endpoint("bert").at("/properties/mirrorTraffic/green").asInt())
        .isEqualTo(10);
  }

  @Test
  void trafficThatComesBackBetweenTheSplitAndTheDeletionIsRoutedAwayAgain() {
    Endpoint blue = deploy(container("one"), ONE, BLUE);
    Endpoint green = deploy(container("two"), ONE, GREEN);
    Faults faults = Faults.before(
        "DELETE deployments",
        () ->
            platform.route(blue.at(100), green.at(0), TrafficWeight.percent(1)).await(LIMIT));

    try (EndpointPlatform removing = azure.open(faults)) {
      removing.undeploy(green).await(LIMIT);
    }

    assertThat(platform.list().toString()).isEqualTo("[bert/blue READY 100%]");
  }

  // ---- conflicts that do not pass ----

  @Test
  void aConflictWithASettingOfTheSubscriptionIsToldAtOnceAndNothingRemains() {
    workspace.refuse(
        "PUT autoscalesettings",
        AzureError.of(
            409,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Insights'."));

    ServingException refusal =
        fails(() -> deploy(container("one"), Scaling.between("Standard_DS3_v2", 1, 3), BLUE));

    assertThat(refusal.retryable()).isFalse();
    assertThat(refusal)
        .hasMessageContaining("Register the resource providers")
        .hasMessageContaining("Nothing created by this operation remains");
    assertThat(azure.remains()).isEmpty();
  }

  // ---- autoscale settings ----

  private String setting() {
    return azure.remains().stream()
        .filter(one -> one.startsWith("autoscale "))
        .map(one -> one.substring("autoscale ".length()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aSettingThatWasDisabledByHandIsEnabledAgainAndKeepsItsNotifications() {
    Scaling byLoad = Scaling.between("Standard_DS3_v2", 1, 3);
    deploy(container("one"), byLoad, BLUE);
    workspace.changeAutoscale(setting(), one -> {
      ((ObjectNode) one.path("properties")).put("enabled", false);
      ((ObjectNode) one.path("properties"))
          .putArray("notifications")
          .addObject()
          .put("a", "b");
    });
    assertThat(platform.preview(p -> p.deploy(container("one"), byLoad, BLUE)).isEmpty())
        .isFalse();

    deploy(container("one"), byLoad, BLUE);

    workspace.changeAutoscale(setting(), one -> {
      assertThat(one.at("/properties/enabled").asBoolean()).isTrue();
      assertThat(one.at("/properties/notifications/0/a").asText()).isEqualTo("b");
    });
    ReadBack.assertChangesNothing(platform, "bert", "blue");
  }

  @Test
  void aSettingOfSomebodyElseForTheDeploymentIsToldBeforeAnythingIsChanged() {
    Scaling byLoad = Scaling.between("Standard_DS3_v2", 1, 3);
    deploy(container("one"), byLoad, BLUE);
    workspace.giveAwayAutoscale(setting(), "theirs");
    workspace.forgetCalls();

    ServingException refusal = fails(() -> deploy(container("one"), byLoad, BLUE));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal).hasMessageContaining("the autoscale setting theirs of somebody else");
    assertThat(workspace.calls()).noneMatch(call -> call.matches("(PUT|PATCH|DELETE) .*"));
  }

  @Test
  void moreTagsThanAzureMonitorTakesAreRefusedWhereInstancesFollowTheLoad() {
    Map<String, String> tags = new TreeMap<>();
    for (int i = 0; i < 12; i++) {
      tags.put("tag" + i, "x");
    }
    try (EndpointPlatform tagged = azure.open(azure.config().withTags(tags), Faults.none())) {
      assertThat(catchThrowableOfType(
              IllegalArgumentException.class,
              () ->
                  tagged.deploy(container("one"), Scaling.between("Standard_DS3_v2", 1, 3), BLUE)))
          .hasMessageContaining("Azure Monitor takes 15 tags");
      tagged.deploy(container("one"), ONE, BLUE).await(LIMIT);
    }
  }

  // ---- secrets and other hosts ----

  @Test
  void signaturesInLogsAreNotShown() {
    workspace.failNextDeployment("ResourceNotReady", "Probes fail.");
    EndpointPlatform printing = azure.open(Faults.after(
        "PUT deployments",
        () -> workspace.prints(
            "bert", "blue", "GET https://a.blob.core.windows.net/c/m?sig=TOPSECRET")));

    ServingException failure =
        fails(() -> printing.deploy(container("one"), ONE, BLUE).await(LIMIT));
    printing.close();

    assertThat(failure).hasMessageContaining("https://a.blob.core.windows.net/c/m?(not shown)");
    assertThat(failure.toString()).doesNotContain("TOPSECRET");
  }

  @Test
  void aDatastoreAtAnotherDomainGetsNoToken(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("model.bin"), new byte[] {1});
    workspace.datastoreEndpoint("https", "evil.example");
    AzureMlConfig config = azure.config();
    AzureMlConfig withoutStorage = AzureMlConfig.of(
            config.subscription(), config.resourceGroup(), config.workspace())
        .withEndpoint(StandIn.endpoint())
        .withCredential(Azure.CREDENTIAL);

    try (EndpointPlatform other = azure.open(withoutStorage, Faults.none())) {
      ServingException refusal = fails(() -> other
          .packageModel(ModelArtifact.of(file), RuntimeSpec.of(Azure.IMAGE), Dependencies.NONE)
          .await(LIMIT));

      assertThat(refusal.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(refusal).hasMessageContaining("is at evil.example");
    }
    assertThat(workspace.calls()).noneMatch(call -> call.contains("blob"));
  }

  @Test
  void aTokenForAzureResourceManagerIsNotSentElsewhere() {
    PlatformConfig settings = new PlatformConfig(
        "azureml",
        Map.of(
            "subscription", workspace.subscription(),
            "resource-group", "models",
            "workspace", "workspace",
            "token", "for-arm"),
        getClass().getClassLoader());
    TokenCredential token =
        AzureMlProvider.config(settings, Map.of()).credential().orElseThrow();

    assertThat(
            token.getTokenSync(scope("https://management.azure.com/.default")).getToken())
        .isEqualTo("for-arm");
    for (String other :
        new String[] {"https://storage.azure.com/.default", "https://ml.azure.com/.default"}) {
      assertThat(
              catchThrowableOfType(RuntimeException.class, () -> token.getTokenSync(scope(other))))
          .hasMessageContaining("is for Azure Resource Manager, and not sent elsewhere (" + other)
          .hasMessageNotContaining("for-arm");
    }
  }

  private static TokenRequestContext scope(String scope) {
    return new TokenRequestContext().addScopes(scope);
  }

  @Test
  void aCredentialThatNeverGivesATokenEndsInTime() {
    CountDownLatch never = new CountDownLatch(1);
    TokenCredential blocking = request -> Mono.fromCallable(() -> {
      never.await();
      throw new AssertionError("nobody lets it go on");
    });
    AzureMlConfig config =
        azure.config().withCredential(blocking).withCallTimeout(Duration.ofMillis(200));

    try (EndpointPlatform waiting = azure.open(config, Faults.none())) {
      ServingException late = fails(() -> waiting.describe("bert", "blue", Duration.ofSeconds(20)));

      assertThat(late.kind()).isEqualTo(ErrorKind.TIMEOUT);
    }
  }

  // ---- invocations ----

  @Test
  void aVariantThatDoesNotExistIsNoReasonToFetchTheKeysAgain() {
    Endpoint blue = deploy(container("one"), ONE, BLUE);
    platform.invoke(blue, Request.json("{}"));
    workspace.forgetCalls();

    for (int i = 0; i < 3; i++) {
      assertThat(fails(() -> platform.invoke(blue, Request.json("{}").pinnedTo("nobody")))
              .kind())
          .isEqualTo(ErrorKind.NOT_FOUND);
    }
    platform.invoke(blue, Request.json("{}"));

    assertThat(workspace.calls()).doesNotContain("POST listKeys", "GET onlineEndpoints");
  }

  @Test
  void tagsThatDifferInTheCaseOfLettersOnlyAreRefused() {
    assertThat(catchThrowableOfType(
            IllegalArgumentException.class,
            () -> azure.config().withTags(Map.of("Team", "a", "team", "b"))))
        .hasMessageContaining("differ in the case of letters only");
  }
}
