package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.reconcile.ResourceRef;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VariantTagTest {
  private static final int LONGEST_VALUE_OF_AZURE = 256;

  private static final AssetRef MODEL = new AssetRef("fairlead-one-0123456789abcdef", "1");
  private static final AssetRef ENVIRONMENT = new AssetRef("fairlead-server-0123456789abcdef", "1");

  private static VariantTag uses(AssetRef model) {
    return new VariantTag(0, Optional.of(model), Optional.of(ENVIRONMENT), Optional.empty());
  }

  @Test
  void tagsAreReadAsTheyAreWritten() {
    SortedMap<String, String> tags = uses(MODEL).addedTo(Map.of("team", "search"), "blue");

    assertThat(tags)
        .containsEntry("team", "search")
        .containsEntry("fairlead-uses-blue", "1 m=" + MODEL + " e=" + ENVIRONMENT);
    assertThat(VariantTag.of(tags))
        .containsExactly(Map.entry(
            "blue",
            new VariantTag(1, Optional.of(MODEL), Optional.of(ENVIRONMENT), Optional.empty())));
  }

  @Test
  void aVariantThatUsesTheSameKeepsItsNumber() {
    SortedMap<String, String> tags = uses(MODEL).addedTo(Map.of(), "blue");
    tags = uses(MODEL).addedTo(tags, "green");

    assertThat(uses(MODEL).addedTo(tags, "blue")).isEqualTo(tags);
  }

  @Test
  void anEndpointKeepsTheLastVariantsAndTheTagsOfOthers() {
    SortedMap<String, String> tags = new TreeMap<>(Map.of("team", "search"));
    for (int i = 1; i <= 30; i++) {
      tags = uses(MODEL).addedTo(tags, "v" + i);
    }

    assertThat(VariantTag.of(tags))
        .hasSize(VariantTag.MOST)
        .containsKeys("v9", "v30")
        .doesNotContainKey("v8");
    assertThat(tags).hasSize(VariantTag.MOST + 1).containsEntry("team", "search");
  }

  @Test
  void aVariantThatIsDeployedAgainIsTheNewest() {
    SortedMap<String, String> tags = new TreeMap<>();
    for (int i = 1; i <= VariantTag.MOST; i++) {
      tags = uses(MODEL).addedTo(tags, "v" + i);
    }
    tags = uses(ENVIRONMENT).addedTo(tags, "v1");
    tags = uses(MODEL).addedTo(tags, "next");

    assertThat(VariantTag.of(tags)).containsKeys("v1", "next").doesNotContainKey("v2");
  }

  @Test
  void whatOthersWroteUnderTheNameIsNoTagOfAVariant() {
    assertThat(VariantTag.of(Map.of("fairlead-uses-blue", "my own notes"))).isEmpty();
  }

  @Test
  void whatIsRememberedIsWhatAnInterruptedRemovalMayLeave() {
    VariantTag tag = new VariantTag(
        1,
        Optional.of(new AssetRef(MODEL.name(), "0123456789abcdef0123456789abcdef")),
        Optional.empty(),
        Optional.empty());

    assertThat(tag.remembers())
        .containsExactly(
            new ResourceRef("model", MODEL.name() + ":0123456789abcdef0123456789abcdef"),
            new ResourceRef("empty model", MODEL.name()),
            new ResourceRef("upload", "fairlead/0123456789abcdef0123456789abcdef"));
  }

  @Test
  void threeAssetsWithTheLongestNamesFitInTheValueOfATag() {
    String name = AzureMlNames.ASSETS.of("a".repeat(100), "content");
    String version =
        Uploads.KEYS.of("f".repeat(64)).substring(Uploads.KEYS.prefix().length());
    AssetRef withFiles = new AssetRef(name, version);
    VariantTag tag = new VariantTag(
        0,
        Optional.of(withFiles),
        Optional.of(new AssetRef(name, AzureMlNames.FIRST)),
        Optional.of(withFiles));
    Map<String, String> old = Map.of("fairlead-uses-green", "999999998");

    Map<String, String> tags = tag.addedTo(old, "blue");

    assertThat(tags.get("fairlead-uses-blue"))
        .startsWith("999999999 ")
        .hasSizeLessThanOrEqualTo(LONGEST_VALUE_OF_AZURE);
    assertThat(VariantTag.of(tags).get("blue"))
        .isEqualTo(new VariantTag(999_999_999, tag.model(), tag.environment(), tag.code()));
  }
}
