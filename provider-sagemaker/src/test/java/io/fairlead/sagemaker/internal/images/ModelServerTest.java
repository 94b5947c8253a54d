package io.fairlead.sagemaker.internal.images;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Problems;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ModelServerTest {
  private static final String REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com/";

  @ParameterizedTest
  @CsvSource({
    "huggingface-vllm:0.21.0-transformers5.8.1-gpu-py312-cu130-ubuntu22.04, VLLM",
    "vllm:0.28.0-gpu-py312-cu130-ubuntu24.04-sagemaker, VLLM",
    "vllm@sha256:0123, VLLM",
    "huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu-py311, TGI",
    "tei:2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04, TEI",
    "tei-cpu:2.0.1-tei1.8.2-cpu-py310-ubuntu22.04, TEI",
    "huggingface-pytorch-inference:2.1-transformers4.37-cpu-py310-ubuntu22.04, TOOLKIT",
    "djl-inference:0.36.0-lmi27.0.0-cu130, LMI",
    "vllm-of-mine:1, OTHER",
    "pytorch-inference:2.6-gpu-py312, OTHER",
  })
  void theRepositoryTellsTheServer(String image, ModelServer server) {
    assertThat(ModelServer.of(REGISTRY + image)).isEqualTo(server);
    assertThat(ModelServer.of("")).isEqualTo(ModelServer.OTHER);
  }

  @ParameterizedTest
  @CsvSource({
    "VLLM, NUM_SHARD, which has SM_VLLM_TENSOR_PARALLEL_SIZE for it",
    "VLLM, SM_NUM_GPUS, which has SM_VLLM_TENSOR_PARALLEL_SIZE for it",
    "VLLM, MAX_TOTAL_TOKENS, which has SM_VLLM_MAX_MODEL_LEN for it",
    "VLLM, QUANTIZE, which has SM_VLLM_QUANTIZATION for it",
    "VLLM, HF_MODEL_REVISION, which has SM_VLLM_REVISION for it",
    "VLLM, OPTION_MAX_MODEL_LEN, which has SM_VLLM_MAX_MODEL_LEN for it",
    "VLLM, MAX_INPUT_LENGTH, ''",
    "VLLM, MAX_CONCURRENT_REQUESTS, ''",
    "VLLM, HF_TASK, ''",
    "VLLM, OPTION_ANYTHING, ''",
    "TGI, SM_VLLM_TENSOR_PARALLEL_SIZE, which has SM_NUM_GPUS for it",
    "TGI, SM_VLLM_ANYTHING, ''",
    "TEI, SM_VLLM_DTYPE, which has DTYPE for it",
    "TEI, SM_VLLM_MAX_MODEL_LEN, ''",
    "TEI, MAX_INPUT_LENGTH, ''",
    "TOOLKIT, SM_VLLM_TRUST_REMOTE_CODE, which has HF_TRUST_REMOTE_CODE for it",
    "LMI, SM_NUM_GPUS, which has OPTION_TENSOR_PARALLEL_DEGREE for it",
  })
  void whatAnotherServerReadsIsTold(ModelServer server, String variable, String own) {
    String name = server.warnings(List.of("HF_TOKEN", variable)).get(0);

    assertThat(name)
        .startsWith("variable " + variable + " is not read by ")
        .endsWith(own.isEmpty() ? "" : ", " + own);
    assertThat(name.contains("which has")).isEqualTo(!own.isEmpty());
    assertThat(server.warnings(List.of("HF_TOKEN", variable))).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "VLLM, SM_VLLM_TENSOR_PARALLEL_SIZE",
    "VLLM, SM_VLLM_ANYTHING",
    "TGI, NUM_SHARD",
    "TGI, DTYPE",
    "TGI, MAX_CONCURRENT_REQUESTS",
    "TEI, MAX_CONCURRENT_REQUESTS",
    "TEI, DTYPE",
    "TEI, HF_MODEL_REVISION",
    "TOOLKIT, HF_TASK",
    "LMI, OPTION_ANYTHING",
    "VLLM, HF_TOKEN",
    "VLLM, VLLM_ATTENTION_BACKEND",
    "VLLM, NCCL_DEBUG",
  })
  void whatItReadsAndWhatNobodyIsKnownToReadIsNot(ModelServer server, String variable) {
    assertThat(server.warnings(List.of(variable))).isEmpty();
  }

  @Test
  void anUnknownImageMayReadAnything() {
    assertThat(ModelServer.OTHER.warnings(List.of("NUM_SHARD", "SM_VLLM_DTYPE", "HF_TASK")))
        .isEmpty();
  }

  @ParameterizedTest
  @EnumSource(ModelTask.class)
  void eachTaskHasAServerThatTheTableKnows(ModelTask task) {
    String framework = ModelServer.of(task).framework();

    assertThat(
            ContainerImages.resolve(Problems.in("Container"), framework, "", "", "us-east-1", ""))
        .hasValueSatisfying(
            image -> assertThat(ModelServer.of(image.uri())).isEqualTo(ModelServer.of(task)));
  }

  @Test
  void aNameIsTheOneThatItIsServedAs() {
    Map<String, String> named = Map.of(
        "SM_VLLM_SERVED_MODEL_NAME", "assistant", "SM_VLLM_MODEL", "org/a", "HF_MODEL_ID", "org/b");

    assertThat(ModelServer.servedName(named, "usual")).isEqualTo("assistant");
    assertThat(ModelServer.servedName(
            Map.of("SM_VLLM_MODEL", "org/a", "HF_MODEL_ID", "org/b"), "usual"))
        .isEqualTo("org/a");
    assertThat(ModelServer.servedName(Map.of("HF_MODEL_ID", "org/b"), "usual")).isEqualTo("org/b");
    assertThat(ModelServer.servedName(Map.of("SM_VLLM_SERVED_MODEL_NAME", " "), "usual"))
        .isEqualTo("usual");
  }

  @Test
  void aTaskOfTheHubIsForTheToolkitAndForUnknownImages() {
    ModelMetadata labelled =
        ModelMetadata.of("huggingface").withLabels(Map.of("task", "summarization"));

    assertThat(ModelServer.TOOLKIT.ofHub("org/name", labelled))
        .containsEntry("HF_TASK", "summarization");
    assertThat(ModelServer.OTHER.ofHub("org/name", labelled))
        .containsEntry("HF_TASK", "summarization");
    assertThat(ModelServer.TGI.ofHub("org/name", labelled))
        .containsOnly(Map.entry("HF_MODEL_ID", "org/name"));
    assertThat(ModelServer.VLLM.ofHub("org/name", labelled)).doesNotContainKey("HF_TASK");
  }
}
