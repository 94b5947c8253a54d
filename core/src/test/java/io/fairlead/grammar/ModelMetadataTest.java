package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelMetadataTest {
  @Test
  void withersChangeOnePartAndKeepTheOthers() {
    SampleOption option = new SampleOption("red");

    ModelMetadata metadata = ModelMetadata.of("huggingface", "4.37")
        .withName("bert")
        .withLabels(Map.of("team", "search"))
        .with(option)
        .withFramework("onnx", "1.26");

    assertThat(metadata)
        .isEqualTo(new ModelMetadata(
            "bert", "onnx", "1.26", Map.of("team", "search"), Options.of(option)));
  }

  @Test
  void labelsAreACopySortedByKey() {
    Map<String, String> labels = new HashMap<>(Map.of("b", "2", "c", "3", "a", "1"));
    ModelMetadata metadata = ModelMetadata.NONE.withLabels(labels);

    labels.clear();

    assertThat(metadata.labels())
        .containsExactly(Map.entry("a", "1"), Map.entry("b", "2"), Map.entry("c", "3"));
    assertThatThrownBy(() -> metadata.labels().put("d", "4"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void nameAndLabelsAreReportedAtOnce() {
    assertThatThrownBy(() -> new ModelMetadata("a b", "", "", Map.of(" ", "x"), Options.none()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "ModelMetadata: name must be 1 to 63 letters, digits and hyphens that begin and end with a"
                + " letter or digit, or empty (got \"a b\"); labels must not have a blank key (got \" \")");
  }

  @Test
  void aNameHasAtMost63Characters() {
    assertThat(ModelMetadata.NONE.withName("a".repeat(63)).name()).hasSize(63);
    assertThatThrownBy(() -> ModelMetadata.NONE.withName("a".repeat(64)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("name must be 1 to 63 letters");
  }
}
