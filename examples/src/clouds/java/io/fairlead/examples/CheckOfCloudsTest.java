package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.VirtualTime;
import io.fairlead.platform.PlatformCheck;
import io.fairlead.platform.PlatformCheck.Question;
import io.fairlead.platform.PlatformCheck.Result;
import io.fairlead.platform.Platforms;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.vertex.standin.Project;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Checks of the clouds, at their stand-ins: with and without credentials, and where nothing answers. */
class CheckOfCloudsTest {
  private static final String KEY = "AKIACHECKOFCLOUDS";
  private static final String SECRET = "correct-horse-battery-staple";
  private static final String ID = "aws.accessKeyId";
  private static final String SECRET_KEY = "aws.secretAccessKey";
  private static final String NO_INSTANCE = "aws.disableEc2Metadata";

  @AfterEach
  void forgetTheCredentials() {
    List.of(ID, SECRET_KEY, NO_INSTANCE).forEach(System::clearProperty);
  }

  private static List<Result> results(PlatformCheck check) {
    return check.findings().stream().map(PlatformCheck.Finding::result).toList();
  }

  private static String details(PlatformCheck check, Question question) {
    return String.join("\n", check.finding(question).details());
  }

  private static Map<String, String> with(Map<String, String> settings, String key, String value) {
    Map<String, String> changed = new HashMap<>(settings);
    changed.put(key, value);
    return changed;
  }

  /** A port of this machine at which nothing listens. */
  private static int closedPort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertUnreachable(PlatformCheck check) {
    assertThat(check.finding(Question.ANSWER).result()).as(check.toString()).isEqualTo(Result.NO);
    assertThat(details(check, Question.ANSWER)).contains("Check the network");
    assertThat(check.ok()).isFalse();
  }

  // ---- SageMaker ----

  private static final Map<String, String> SAGEMAKER = Map.of(
      "region",
      "us-east-1",
      "endpoint",
      io.fairlead.sagemaker.standin.StandIn.endpoint().toString());

  @Test
  void sageMakerAnswersWithItsCredentialsAndNothingOfTheSecretIsShown() {
    System.setProperty(ID, KEY);
    System.setProperty(SECRET_KEY, SECRET);
    try (Account account = io.fairlead.sagemaker.standin.StandIn.account(KEY, new VirtualTime())) {
      PlatformCheck check = Platforms.check("sagemaker", SAGEMAKER);

      assertThat(results(check)).as(check.toString()).containsOnly(Result.YES);
      assertThat(check.toString())
          .contains("access key ...OUDS", "Amazon SageMaker in us-east-1")
          .doesNotContain(SECRET, KEY);
      assertThat(account.calls()).as("one read").containsExactly("ListEndpoints");
    }
  }

  @Test
  void withoutCredentialsOfAwsAllThatWasTriedIsSaidAndWhatToDo() {
    System.setProperty(NO_INSTANCE, "true");

    PlatformCheck check = Platforms.check("sagemaker", SAGEMAKER);

    assertThat(results(check))
        .as(check.toString())
        .containsExactly(Result.YES, Result.YES, Result.NO, Result.NOT_ASKED);
    assertThat(details(check, Question.CREDENTIALS))
        .contains("environment", "profile", "instance", "run 'aws configure'")
        .doesNotContain("..", "characters)");
  }

  @Test
  void sageMakerRefusesAKeyThatItDoesNotKnow() {
    System.setProperty(ID, "AKIAOFNOBODY");
    System.setProperty(SECRET_KEY, SECRET);

    PlatformCheck check = Platforms.check("sagemaker", SAGEMAKER);

    assertThat(check.finding(Question.CREDENTIALS).result()).isEqualTo(Result.YES);
    assertThat(check.finding(Question.ANSWER).result()).as(check.toString()).isEqualTo(Result.NO);
  }

  @Test
  void whereNothingListensForSageMakerItIsSaid() {
    System.setProperty(ID, KEY);
    System.setProperty(SECRET_KEY, SECRET);

    assertUnreachable(Platforms.check(
        "sagemaker", with(SAGEMAKER, "endpoint", "http://127.0.0.1:" + closedPort())));
  }

  @Test
  void allWrongSettingsOfSageMakerAreNamedBeforeAnythingIsAsked() {
    PlatformCheck check = Platforms.check(
        "sagemaker",
        Map.of("region", "mars", "role", "serving", "callTimeout", "soon", "regoin", "x"));

    assertThat(results(check))
        .containsExactly(Result.YES, Result.NO, Result.NOT_ASKED, Result.NOT_ASKED);
    assertThat(details(check, Question.SETTINGS))
        .contains("region must", "role must", "callTimeout must", "regoin is not a setting");
  }

  // ---- Vertex AI ----

  private static Map<String, String> vertex(String endpoint) {
    return Map.of(
        "project", "check-project",
        "location", "us-central1",
        "endpoint", endpoint,
        "plaintext", "true");
  }

  @Test
  void vertexAnswersAtAnEmulatorWithoutCredentials() {
    try (Project project =
        io.fairlead.vertex.standin.StandIn.project("check-project", new VirtualTime())) {
      PlatformCheck check =
          Platforms.check("vertex", vertex(io.fairlead.vertex.standin.StandIn.endpoint()));

      assertThat(results(check))
          .as(check.toString())
          .containsExactly(Result.YES, Result.YES, Result.NOT_NEEDED, Result.YES);
      assertThat(check.toString()).contains("project check-project");
      assertThat(project.calls()).as("one read").containsExactly("ListEndpoints");
    }
  }

  @Test
  void withoutCredentialsOfGoogleItIsSaidWhatToDo() {
    PlatformCheck check =
        Platforms.check("vertex", Map.of("project", "check-project", "location", "us-central1"));

    assertThat(results(check))
        .as(check.toString())
        .containsExactly(Result.YES, Result.YES, Result.NO, Result.NOT_ASKED);
    assertThat(details(check, Question.CREDENTIALS))
        .contains("GOOGLE_APPLICATION_CREDENTIALS", "gcloud auth application-default login");
  }

  @Test
  void whereNothingListensForVertexItIsSaid() {
    assertUnreachable(Platforms.check("vertex", vertex("127.0.0.1:" + closedPort())));
  }

  // ---- Azure ML ----

  private static Map<String, String> azure(Workspace workspace) {
    return Map.of(
        "subscription", workspace.subscription(),
        "resourceGroup", workspace.resourceGroup(),
        "workspace", workspace.name(),
        "endpoint", io.fairlead.azureml.standin.StandIn.endpoint().toString(),
        "token", SECRET);
  }

  @Test
  void azureAnswersForItsWorkspaceAndNothingOfTheTokenIsShown() {
    try (Workspace workspace = io.fairlead.azureml.standin.StandIn.workspace(new VirtualTime())) {
      PlatformCheck check = Platforms.check("azureml", azure(workspace));

      assertThat(results(check)).as(check.toString()).containsOnly(Result.YES);
      assertThat(check.toString()).contains("workspace " + workspace.name()).doesNotContain(SECRET);
      assertThat(workspace.calls()).as("one read").hasSize(1);
    }
  }

  @Test
  void aWorkspaceThatAzureDoesNotKnowIsANo() {
    try (Workspace workspace = io.fairlead.azureml.standin.StandIn.workspace(new VirtualTime())) {
      PlatformCheck check =
          Platforms.check("azureml", with(azure(workspace), "workspace", "elsewhere"));

      assertThat(check.finding(Question.ANSWER).result()).as(check.toString()).isEqualTo(Result.NO);
      assertThat(details(check, Question.ANSWER)).contains("elsewhere");
    }
  }

  @Test
  void whereNothingListensForAzureItIsSaid() {
    try (Workspace workspace = io.fairlead.azureml.standin.StandIn.workspace(new VirtualTime())) {
      assertUnreachable(Platforms.check(
          "azureml", with(azure(workspace), "endpoint", "http://127.0.0.1:" + closedPort())));
    }
  }

  // ---- what wraps a cloud, and the program ----

  @Test
  void whatIsOverACloudAsksTheCloud() {
    try (Project project =
        io.fairlead.vertex.standin.StandIn.project("check-project", new VirtualTime())) {
      Map<String, String> settings = new HashMap<>(Map.of("over", "vertex"));
      vertex(io.fairlead.vertex.standin.StandIn.endpoint())
          .forEach((key, value) -> settings.put("over." + key, value));

      PlatformCheck check = Platforms.check("stateful", settings, Duration.ofMinutes(1));

      assertThat(check.ok()).as(check.toString()).isTrue();
      assertThat(project.calls()).containsExactly("ListEndpoints");
    }
  }

  @Test
  void theProgramEndsWithOneIfTheCloudCannotBeUsed() {
    Printed out = Printed.toAFile();
    Printed err = Printed.toAFile();

    int status = Check.run(
        List.of("sagemaker", "--set", "region=us-east-1", "--set", "profile=nobody-has-this"),
        out.terminal,
        err.terminal);

    assertThat(status).isEqualTo(1);
    assertThat(out.text()).contains("sagemaker: not ok", "nobody-has-this");
  }
}
