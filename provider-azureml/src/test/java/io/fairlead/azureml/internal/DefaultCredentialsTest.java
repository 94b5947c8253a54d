package io.fairlead.azureml.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The credentials that Java services have, tried one after the other in a process that has none of its own. */
@Timeout(120)
class DefaultCredentialsTest {
  @TempDir
  private static Path folder;

  private static List<String> lines = List.of();

  @BeforeAll
  static void run() throws Exception {
    ProcessBuilder builder = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-Duser.home=" + folder,
            "-cp",
            System.getProperty("java.class.path"),
            CredentialsChild.class.getName(),
            folder.toString())
        .redirectError(folder.resolve("errors").toFile());
    builder.environment().clear();
    Process process = builder.start();
    lines = new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue())
        .as(Files.readString(folder.resolve("errors")))
        .isZero();
  }

  private static String said(String what) {
    return lines.stream()
        .filter(line -> line.startsWith(what + " "))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing about " + what + " in " + lines));
  }

  // ---- the sources ----

  @Test
  void aServicePrincipalWithASecretIsThatOfTheEnvironment() {
    assertThat(said("secret"))
        .startsWith("secret SENT ")
        .contains(
            "/login.microsoftonline.com/00000000-0000-0000-0000-000000000001/oauth2/v2.0/token",
            "client_secret=of-the-service",
            "scope=https://management.azure.com/.default",
            "scope=https://storage.azure.com/.default",
            "Bearer of-entra");
  }

  @Test
  void workloadIdentityExchangesTheTokenInAFile() {
    assertThat(said("workload"))
        .startsWith("workload SENT ")
        .contains("client_assertion=of-the-cluster", "Bearer of-entra");
  }

  @Test
  void aMachineOfAzureHasAnIdentity() {
    assertThat(said("machine"))
        .startsWith("machine SENT ")
        .contains("resource=https%3A%2F%2Fmanagement.azure.com", "Bearer of-the-machine");
  }

  // ---- none ----

  @Test
  void eachSourceSaysWhyItHasNoneAndWhatToDo() {
    assertThat(said("nothing"))
        .startsWith("nothing FAILED UNAUTHORIZED ")
        .contains(
            "there is no token. Tried the default credentials of this machine (DefaultAzureCredential)",
            "EnvironmentCredential authentication unavailable. Environment variables are not fully",
            "WorkloadIdentityCredential authentication unavailable.",
            "ManagedIdentityCredential authentication unavailable. No response received",
            "AzureCliCredential authentication unavailable. Azure CLI not installed",
            "AzureDeveloperCliCredential authentication unavailable.",
            "https://aka.ms/azure-identity-java-default-azure-credential-troubleshoot AFTER []")
        .doesNotContain("characters)");
  }

  @Test
  void aSecretThatIsRefusedSaysWhyAndIsNotShown() {
    assertThat(said("refused"))
        .startsWith("refused FAILED UNAUTHORIZED ")
        .contains(
            "EnvironmentCredential authentication failed", "AADSTS7000215: Invalid client secret")
        .satisfies(
            line -> assertThat(line.replaceFirst(" AFTER .*", "")).doesNotContain("of-nobody"));
  }
}
