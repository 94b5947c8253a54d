package io.fairlead.sagemaker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.Aws;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SageMakerTagsTest {
  private static final String ARN =
      "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/fairlead-bert-0123456789abcdef";

  private static ResourceRef model(String name) {
    return new ResourceRef(SageMakerKinds.MODEL.name(), name);
  }

  @Test
  void modelsAreRememberedWithTheirUploads() {
    Map<String, String> tags = new HashMap<>();

    SageMakerTags.remember(tags, Map.of("one", "fairlead/one.tar.gz", "two", ""));
    SageMakerTags.remember(tags, Map.of("one", ""));

    assertThat(SageMakerTags.models(tags))
        .as("a key that was known is kept")
        .containsExactlyInAnyOrder(
            model("one"),
            new ResourceRef(SageMakerKinds.ARTIFACT.name(), "fairlead/one.tar.gz"),
            model("two"));
  }

  @Test
  void tagsThatWereWrittenWithoutANumberAreRead() {
    Map<String, String> tags = new TreeMap<>(
        Map.of("fairlead-model/one", "fairlead/one.tar.gz", "fairlead-model/two", ""));

    SageMakerTags.remember(tags, Map.of("three", ""));

    assertThat(SageMakerTags.models(tags))
        .containsExactlyInAnyOrder(
            model("one"),
            new ResourceRef(SageMakerKinds.ARTIFACT.name(), "fairlead/one.tar.gz"),
            model("two"),
            model("three"));
  }

  @Test
  void theLastOnesAreKeptWhateverTheirNames() {
    Map<String, String> tags = new HashMap<>();
    for (int release = 1; release <= 40; release++) {
      SageMakerTags.remember(tags, Map.of("stable", "", "a" + (10 + release), ""));
    }
    assertThat(tags).hasSize(22);

    SageMakerTags.remember(tags, Map.of("a50", ""));

    assertThat(SageMakerTags.models(tags))
        .as("what had requests until now, and the last releases")
        .contains(model("stable"), model("a50"), model("a49"), model("a32"))
        .doesNotContain(model("a11"), model("a29"))
        .hasSize(21);
  }

  @Test
  void anEndpointWithManyVariantsAndTagsOfUsersRemembersFewer() {
    Map<String, String> tags =
        new HashMap<>(Map.of("fairlead-deployment", "bert", "fairlead-run", "run"));
    Map<String, String> models = new HashMap<>();
    for (int release = 1; release <= 40; release++) {
      SageMakerTags.remember(tags, Map.of("release-" + release, ""));
    }
    for (int variant = 1; variant <= 10; variant++) {
      tags.put(SageMakerTags.RUN_OF_VARIANT + variant, "run");
      models.put("model-" + variant, "");
    }
    for (int label = 1; label <= 16; label++) {
      tags.put("label-" + label, "value");
    }

    SageMakerTags.remember(tags, models);

    assertThat(tags).as("and room for that of a claim").hasSize(49);
    assertThat(SageMakerTags.models(tags))
        .contains(model("model-1"), model("model-10"), model("release-40"), model("release-30"))
        .doesNotContain(model("release-29"));
  }

  @Test
  void whatThisProcessHasCreatedIsNotAskedForItsTags() {
    try (Account account = new Account()) {
      account.tags.noteCreation(ARN, Map.of("fairlead-run", "run"));

      Instant createdAt = account.time.now().minusSeconds(20);
      assertThat(account.tags.ofCreation(ARN, createdAt)).containsEntry("fairlead-run", "run");
      assertThat(account.tags.ofCreation(ARN, createdAt)).containsEntry("fairlead-run", "run");
    }
  }

  @Test
  void whatHasBeenCreatedAgainSinceIsAsked() {
    try (Account account = new Account()) {
      account.tags.noteCreation(ARN, Map.of("fairlead-run", "run"));

      Instant createdAt = account.time.now().plusSeconds(180);
      assertThat(account.tags.ofListed(ARN, createdAt)).isEmpty();
    }
  }

  /** An account without resources. */
  private static final class Account implements AutoCloseable {
    final VirtualTime time = new VirtualTime();
    private final Aws aws = new Aws(time);
    private final SageMakerClients clients = new SageMakerClients(aws.config());
    final SageMakerTags tags = new SageMakerTags(clients, new SageMakerErrors(aws.config()), time);

    @Override
    public void close() {
      clients.close();
      aws.close();
    }
  }
}
