package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModelTaskTest {
  @ParameterizedTest
  @EnumSource
  void aTaskIsFoundByItsId(ModelTask task) {
    assertThat(ModelTask.of(task.id())).contains(task);
    assertThat(ModelTask.ids()).contains(task.id());
  }

  @Test
  void aTagOfThatNameWithAnotherValueIsALabel() {
    Map<String, String> tags = new HashMap<>(Map.of("task", "chat", "team", "search"));
    assertThat(ModelTask.takeFrom(tags)).contains(ModelTask.CHAT);
    assertThat(tags).isEqualTo(Map.of("team", "search"));

    tags.put("task", "cleaning");
    assertThat(ModelTask.takeFrom(tags)).isEmpty();
    assertThat(tags).containsEntry("task", "cleaning");
  }

  @Test
  void aModelOfAHubMayHaveATask() {
    ModelArtifact model = ModelArtifact.huggingFace("Qwen/Qwen3-4B", ModelTask.CHAT);

    assertThat(model.metadata().task()).contains(ModelTask.CHAT);
    assertThat(model)
        .hasToString("ModelArtifact[hf://Qwen/Qwen3-4B, framework huggingface, for chat]");
  }
}
