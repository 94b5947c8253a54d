package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.spi.PlatformConfig;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings as text, and what the environment has in their place. */
class VertexSettingsTest {
  private static VertexConfig config(
      Map<String, String> settings, Map<String, String> environment) {
    return VertexProvider.config(
        new PlatformConfig("vertex", settings, VertexSettingsTest.class.getClassLoader()),
        environment);
  }

  @ParameterizedTest
  @CsvSource({
    "GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_REGION",
    "GCLOUD_PROJECT, GOOGLE_CLOUD_LOCATION",
    "CLOUDSDK_CORE_PROJECT, CLOUDSDK_AI_REGION",
    "CLOUDSDK_CORE_PROJECT, CLOUDSDK_COMPUTE_REGION"
  })
  void theProjectAndTheRegionAreThoseOfTheEnvironment(String project, String region) {
    VertexConfig config = config(Map.of(), Map.of(project, "env-project", region, "europe-west4"));

    assertThat(config.project()).isEqualTo("env-project");
    assertThat(config.location()).isEqualTo("europe-west4");
  }

  @Test
  void aSettingComesBeforeTheEnvironmentAndGooglesVariablesBeforeGclouds() {
    Map<String, String> environment = Map.of(
        "GOOGLE_CLOUD_PROJECT", "env-project",
        "CLOUDSDK_CORE_PROJECT", "gcloud-project",
        "GOOGLE_CLOUD_REGION", "europe-west4");

    VertexConfig config = config(Map.of("location", "us-central1"), environment);

    assertThat(config.project()).isEqualTo("env-project");
    assertThat(config.location()).isEqualTo("us-central1");
  }

  @Test
  void labelsKeyAndQuotaProjectAreSettings() {
    String key = "projects/keys/locations/us-central1/keyRings/serving/cryptoKeys/models";

    VertexConfig config = config(
        Map.of(
            "project", "my-project",
            "location", "us-central1",
            "labels", "team=search, stage=prod",
            "encryptionKey", key,
            "quotaProject", "other-project"),
        Map.of());

    assertThat(config.labels())
        .containsOnly(Map.entry("team", "search"), Map.entry("stage", "prod"));
    assertThat(config.encryptionKey()).contains(key);
    assertThat(config.quotaProject()).contains("other-project");
  }

  @Test
  void allThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(() -> config(
            Map.of(
                "location", "us-central1",
                "labels", "team",
                "encryptionKey", "models",
                "quotaProject", "X"),
            Map.of()))
        .hasMessageContaining("project must be given")
        .hasMessageContaining("GOOGLE_CLOUD_PROJECT can be set instead")
        .hasMessageContaining("labels must be KEY=VALUE,KEY=VALUE")
        .hasMessageContaining("encryptionKey must be")
        .hasMessageContaining("quotaProject must be");
  }
}
