package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.SampleValues.SampleOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelMetadataTest {
  @Test
  void withersChangeOnePartAndKeepTheOthers() {
    SampleOption option = new SampleOption("red");

    ModelMetadata metadata = ModelMetadata.of("huggingface", "4.37")
        .withName("bert")
        .withLabels(Map.of("team", "search"))
        .with(option)
        .withTask(ModelTask.EMBEDDING)
        .withFramework("onnx", "1.26");

    assertThat(metadata)
        .isEqualTo(new ModelMetadata(
            Optional.of("bert"),
            Optional.of("onnx"),
            Optional.of("1.26"),
            Optional.of(ModelTask.EMBEDDING),
            Map.of("team", "search"),
            Options.of(option)));
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
  void allProblemsAreReportedAtOnce() {
    assertThatThrownBy(() -> new ModelMetadata(
            Optional.of("a b"),
            Optional.of(""),
            Optional.of(""),
            Optional.empty(),
            Map.of(" ", "x"),
            Options.none()))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "ModelMetadata: name must be 1 to 63 letters, digits and hyphens that begin and end with a"
                + " letter or digit (got \"a b\"); framework must not be empty; if unknown, leave it out;"
                + " version must not be empty; if unknown, leave it out; labels must not have a blank key (got \" \")");
  }

  @Test
  void aNameHasAtMost63Characters() {
    assertThat(ModelMetadata.NONE.withName("a".repeat(63)).name()).contains("a".repeat(63));
    assertThatThrownBy(() -> ModelMetadata.NONE.withName("a".repeat(64)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("name must be 1 to 63 letters");
  }

  @Test
  void whatIsUnknownIsAbsent() {
    assertThat(ModelMetadata.of("onnx").version()).isEmpty();
    assertThat(ModelMetadata.of("onnx", "1.26").withFramework("torch").version())
        .isEmpty();
    assertThat(ModelMetadata.NONE.name()).isEmpty();
    assertThat(ModelMetadata.NONE.framework()).isEmpty();
  }
}
