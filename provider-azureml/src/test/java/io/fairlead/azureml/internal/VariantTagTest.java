package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.azureml.internal.storage.Uploads;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class VariantTagTest {
  private static final int LONGEST_VALUE_OF_AZURE = 256;

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
