package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.cloud.aiplatform.v1.UploadModelRequest;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexRuntime;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The customer-managed encryption key of a configuration. */
@Timeout(60)
class EncryptionKeysTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String KEY =
      "projects/keys/locations/us-central1/keyRings/serving/cryptoKeys/models";
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  @TempDir
  private Path folder;

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform =
      gcp.open(gcp.config().withEncryptionKey(KEY), Faults.none());

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private static Container container(ModelArtifact artifact) {
    return new Container(
        artifact,
        RuntimeSpec.of(Gcp.IMAGE)
            .with(VertexRuntime.DEFAULT.withServiceAccount("a@b.iam.gserviceaccount.com")),
        Dependencies.NONE);
  }

  private static Container container() {
    return container(ModelArtifact.of(URI.create("gs://models/one/")));
  }

  @Test
  void allThatIsCreatedIsEncryptedWithIt() throws Exception {
    Files.write(folder.resolve("small.bin"), new byte[10]);
    Files.write(folder.resolve("large.bin"), new byte[17 << 20]);
    Container local = container(ModelArtifact.of(folder.toUri()));
    Scaling pooled = ONE.with(VertexPool.named("cheap"));
    Routing watched = BLUE.with(VertexMonitoring.drift(0.3));

    Container there = platform
        .packageModel(local.artifact(), local.runtime(), local.dependencies())
        .await(LIMIT);
    platform.deploy(there, pooled, watched).await(LIMIT);

    assertThat(gcp.project().encryptionKeys()).containsExactly(KEY + "/cryptoKeyVersions/1");
    assertThat(List.of(
            gcp.project()
                .requests("UploadModel", UploadModelRequest.class)
                .get(0)
                .getModel()
                .getEncryptionSpec(),
            gcp.project().endpoint("bert").getEncryptionSpec(),
            gcp.project().pool("fairlead-cheap").getEncryptionSpec(),
            gcp.project().allMonitoringJobs().get(0).getEncryptionSpec()))
        .allSatisfy(spec -> assertThat(spec.getKmsKeyName()).isEqualTo(KEY));
    assertThat(gcp.project().pool("fairlead-cheap").getServiceAccount())
        .isEqualTo("a@b.iam.gserviceaccount.com");
    assertThat(platform.preview(p -> p.deploy(there, pooled, watched)).isEmpty())
        .isTrue();
  }

  @Test
  void whatIsEncryptedOtherwiseIsRefusedWithTheWayOut() {
    try (VertexPlatform plain = gcp.open()) {
      plain.deploy(container(), ONE, BLUE).await(LIMIT);
    }

    assertThatThrownBy(() -> platform.deploy(container(), ONE, BLUE).await(LIMIT))
        .hasMessageContaining("is encrypted with Google's own key, which cannot be changed");
  }

  @Test
  void aConfigurationWithoutAKeyLeavesWhatIsEncrypted() {
    platform.deploy(container(), ONE.with(VertexPool.named("cheap")), BLUE).await(LIMIT);

    try (VertexPlatform plain = gcp.open()) {
      plain
          .deploy(container(), ONE.with(VertexPool.named("cheap")), new Routing("bert", "green"))
          .await(LIMIT);
    }

    assertThat(gcp.project().endpoint("bert").getDeployedModelsCount()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "models",
        "projects/keys/locations/europe-west4/keyRings/serving/cryptoKeys/models",
        "projects/keys/locations/us-central1/keyRings/serving/cryptoKeys/models/cryptoKeyVersions/1"
      })
  void aKeyThatVertexDoesNotTakeIsRefused(String key) {
    assertThatThrownBy(() -> gcp.config().withEncryptionKey(key))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("encryptionKey");
  }
}
