package io.fairlead.azureml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.core.credential.TokenRequestContext;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.spi.PlatformConfig;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings as text, and what the environment has in their place. */
class AzureMlSettingsTest {
  private static final String SUBSCRIPTION = "00000000-0000-0000-0000-000000000000";
  private static final Map<String, String> NEEDED =
      Map.of("subscription", SUBSCRIPTION, "resourceGroup", "models", "workspace", "serving");

  private static AzureMlConfig config(
      Map<String, String> settings, Map<String, String> environment) {
    return AzureMlProvider.config(
        new PlatformConfig("azureml", settings, AzureMlSettingsTest.class.getClassLoader()),
        environment);
  }

  private static AzureMlConfig config(String setting, String value) {
    Map<String, String> settings = new TreeMap<>(NEEDED);
    settings.put(setting, value);
    return config(settings, Map.of());
  }

  @Test
  void theWorkspaceIsThatOfTheEnvironment() {
    AzureMlConfig config = config(
        Map.of(),
        Map.of(
            "AZURE_SUBSCRIPTION_ID", SUBSCRIPTION,
            "AZUREML_ARM_RESOURCEGROUP", "env-group",
            "AZUREML_ARM_WORKSPACE_NAME", "env-workspace"));

    assertThat(config.subscription()).isEqualTo(SUBSCRIPTION);
    assertThat(config.resourceGroup()).isEqualTo("env-group");
    assertThat(config.workspace()).isEqualTo("env-workspace");
  }

  @Test
  void aSettingComesBeforeTheEnvironment() {
    AzureMlConfig config = config(NEEDED, Map.of("AZUREML_ARM_WORKSPACE_NAME", "env-workspace"));

    assertThat(config.workspace()).isEqualTo("serving");
    assertThat(config.datastore()).isEqualTo("workspaceblobstore");
    assertThat(config.apiVersion()).isEqualTo("2024-10-01");
    assertThat(config.callTimeout()).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.cloud()).isEqualTo(AzureMlCloud.PUBLIC);
    assertThat(config.credential()).isEmpty();
  }

  @Test
  void settingsMayBeWrittenAsInConfigurationFiles() {
    AzureMlConfig config = config(
        Map.of(
            "subscription", SUBSCRIPTION,
            "resource-group", "models",
            "workspace", "serving",
            "storage-endpoint", "http://127.0.0.1:10000",
            "api-version", "2026-05-01",
            "call-timeout", "90s"),
        Map.of());

    assertThat(config.resourceGroup()).isEqualTo("models");
    assertThat(config.storageEndpoint()).contains(URI.create("http://127.0.0.1:10000"));
    assertThat(config.apiVersion()).isEqualTo("2026-05-01");
    assertThat(config.callTimeout()).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void tagsAreNamesAndValues() {
    assertThat(config("tags", "team=search, Cost Center=R&D,empty=").tags())
        .containsOnly(
            Map.entry("team", "search"), Map.entry("Cost Center", "R&D"), Map.entry("empty", ""));
  }

  @ParameterizedTest
  @CsvSource({"public, PUBLIC", "Government, GOVERNMENT", "china, CHINA"})
  void aCloudIsNamedInAnyCaseOfLetters(String text, AzureMlCloud cloud) {
    assertThat(config("cloud", text).cloud()).isEqualTo(cloud);
  }

  @Test
  void aTokenIsACredentialThatIsNotShown() {
    AzureMlConfig config = config("token", "0123456789");

    assertThat(config
            .credential()
            .orElseThrow()
            .getToken(new TokenRequestContext().addScopes("https://management.azure.com/.default"))
            .block()
            .getToken())
        .isEqualTo("0123456789");
    assertThat(config.toString()).contains("credential=given").doesNotContain("0123456789");
    assertThatThrownBy(() -> config(
            Map.of("subscription", "1", "token", "0123456789", "toke", "0123456789"), Map.of()))
        .hasMessageContaining("toke is not a setting")
        .hasMessageNotContaining("0123456789");
  }

  @Test
  void aBlankTokenIsNone() {
    assertThat(config("token", " ").credential()).isEmpty();
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(() -> config(
            Map.of(
                "subscription", "my-subscription",
                "cloud", "germany",
                "tags", "team",
                "callTimeout", "soon",
                "region", "westeurope"),
            Map.of()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(
            "resourceGroup must be given: it is the resource group of the workspace")
        .hasMessageContaining("AZUREML_ARM_RESOURCEGROUP can be set instead")
        .hasMessageContaining("workspace must be given: it is the name of the workspace")
        .hasMessageContaining("cloud must be public, government or china")
        .hasMessageContaining("tags must be NAME=VALUE,NAME=VALUE")
        .hasMessageContaining("callTimeout must be a duration above 0")
        .hasMessageContaining("region is not a setting; there are: ");
  }

  @Test
  void allThatAzureWouldRefuseIsToldAtOnce() {
    assertThatThrownBy(() -> config(
            Map.of(
                "subscription", "my-subscription",
                "resourceGroup", "models.",
                "workspace", "a",
                "endpoint", "http://management.azure.com",
                "storageEndpoint", "https://example.com/path",
                "apiVersion", "latest",
                "datastore", "my-store",
                "tags", "fairlead-run=1,a/b=2"),
            Map.of()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("subscription must be the id of a subscription")
        .hasMessageContaining("resourceGroup must be the name of a resource group")
        .hasMessageContaining("workspace must be the name of a workspace: 3 to 33")
        .hasMessageContaining("endpoint must be https://HOST, or http on this machine")
        .hasMessageContaining("storageEndpoint must be https://HOST")
        .hasMessageContaining("apiVersion must be a version of the API")
        .hasMessageContaining("datastore must be the name of a datastore")
        .hasMessageContaining("must not have names that begin with fairlead-")
        .hasMessageContaining("must have names of 1 to 128 characters without");
  }

  @ParameterizedTest
  @ValueSource(strings = {"evaluation-latency=1", "fairlead-x=1", "a?b=1", "=1"})
  void aTagThatAzureOrTheLibraryDoesNotAllowIsRefused(String tags) {
    assertThatThrownBy(() -> config("tags", tags))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("tags must");
  }
}
