package io.fairlead.sagemaker.internal.images;

import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What answers in a container, by the repository of its image: how it is told which model to load, and which variables of
 * the environment it reads.
 *
 * <p>The variables are those of AWS's and Hugging Face's documentation and entry points, as of November 2026:
 * sagemaker-python-sdk's {@code model_builder_servers.py} for the ones that are set, and for those that are read {@code
 * sagemaker_entrypoint.sh} and the page on vLLM's configuration in aws/deep-learning-containers, the launcher of Text
 * Generation Inference, the router of Text Embeddings Inference, and DJL's page on LMI.
 */
public enum ModelServer {
  /** The default for {@link ModelTask#CHAT}. Its entry point makes an argument of each variable {@code SM_VLLM_NAME}. */
  VLLM("vLLM", "huggingface-vllm"),
  /** Text Generation Inference, which is maintained only; for whoever names it. */
  TGI("Text Generation Inference", "huggingface-llm"),
  /** The default for {@link ModelTask#EMBEDDING} and {@link ModelTask#RERANK}. */
  TEI("Text Embeddings Inference", "huggingface-tei"),
  /** The default for {@link ModelTask#CLASSIFY}. */
  TOOLKIT("Hugging Face's inference toolkit", "huggingface"),
  LMI("DJL LMI", "djl-lmi"),
  /** An image of the user's own, or one of another family. */
  OTHER("the container", "");

  /** The id of a model on the hub, for all of them. */
  public static final String HUB_MODEL = "HF_MODEL_ID";
  /** Where SageMaker puts a model from S3. */
  public static final String MODEL_FOLDER = "/opt/ml/model";

  /** The label of a model's metadata with one of the hub's own names of tasks, for the toolkit. */
  static final String HUB_TASK_LABEL = "task";

  private static final String HUB_TASK = "HF_TASK";
  private static final String TEXT_CLASSIFICATION = "text-classification";
  private static final String VLLM_MODEL = "SM_VLLM_MODEL";
  private static final String VLLM_NAME = "SM_VLLM_SERVED_MODEL_NAME";
  private static final String VLLM_PREFIX = "SM_VLLM_";
  private static final String LMI_PREFIX = "OPTION_";
  /** The caches of the hub: the usual ones need not be writable in a container of SageMaker's. */
  private static final Map<String, String> CACHES =
      Map.of("HF_HOME", "/tmp", "HUGGINGFACE_HUB_CACHE", "/tmp");

  /** One setting, by the names of the variables that each server reads it from; the first one is the usual name. */
  private static final List<Map<ModelServer, List<String>>> SETTINGS = List.of(
      Map.of(
          VLLM, List.of("SM_VLLM_TENSOR_PARALLEL_SIZE"),
          TGI, List.of("SM_NUM_GPUS", "NUM_SHARD"),
          LMI, List.of("OPTION_TENSOR_PARALLEL_DEGREE", "TENSOR_PARALLEL_DEGREE")),
      Map.of(
          VLLM, List.of("SM_VLLM_MAX_MODEL_LEN"),
          TGI, List.of("MAX_TOTAL_TOKENS"),
          LMI, List.of("OPTION_MAX_MODEL_LEN")),
      Map.of(
          VLLM, List.of("SM_VLLM_MAX_NUM_SEQS"),
          TGI, List.of("MAX_BATCH_SIZE"),
          LMI, List.of("OPTION_MAX_ROLLING_BATCH_SIZE")),
      Map.of(
          VLLM, List.of("SM_VLLM_MAX_NUM_BATCHED_TOKENS"),
          TGI, List.of("MAX_BATCH_PREFILL_TOKENS"),
          TEI, List.of("MAX_BATCH_TOKENS")),
      Map.of(
          VLLM, List.of("SM_VLLM_QUANTIZATION"),
          TGI, List.of("QUANTIZE"),
          LMI, List.of("OPTION_QUANTIZE")),
      Map.of(
          VLLM, List.of("SM_VLLM_DTYPE"),
          TGI, List.of("DTYPE"),
          TEI, List.of("DTYPE"),
          LMI, List.of("OPTION_DTYPE")),
      Map.of(
          VLLM, List.of("SM_VLLM_TRUST_REMOTE_CODE"),
          TGI, List.of("TRUST_REMOTE_CODE"),
          TOOLKIT, List.of("HF_TRUST_REMOTE_CODE"),
          LMI, List.of("OPTION_TRUST_REMOTE_CODE")),
      Map.of(
          VLLM, List.of("SM_VLLM_GPU_MEMORY_UTILIZATION"),
          TGI, List.of("CUDA_MEMORY_FRACTION"),
          LMI, List.of("OPTION_GPU_MEMORY_UTILIZATION")),
      Map.of(
          VLLM, List.of("SM_VLLM_REVISION"),
          TGI, List.of("HF_MODEL_REVISION", "REVISION"),
          TEI, List.of("HF_MODEL_REVISION", "REVISION"),
          TOOLKIT, List.of("HF_MODEL_REVISION"),
          LMI, List.of("OPTION_REVISION")),
      Map.of(
          TGI, List.of("MAX_CONCURRENT_REQUESTS"),
          TEI, List.of("MAX_CONCURRENT_REQUESTS")),
      Map.of(
          TGI,
          List.of(
              "MAX_INPUT_LENGTH",
              "MAX_INPUT_TOKENS",
              "MAX_BATCH_TOTAL_TOKENS",
              "MAX_WAITING_TOKENS",
              "MESSAGES_API_ENABLED",
              "SHARDED",
              "WAITING_SERVED_RATIO")),
      Map.of(
          TEI, List.of("AUTO_TRUNCATE", "MAX_BATCH_REQUESTS", "MAX_CLIENT_BATCH_SIZE", "POOLING")),
      Map.of(TOOLKIT, List.of(HUB_TASK)));

  private final String title;
  private final String framework;

  ModelServer(String title, String framework) {
    this.title = title;
    this.framework = framework;
  }

  /** {@return the server in an image, by the name of its repository without the registry's} */
  public static ModelServer of(String image) {
    String repository = image.substring(image.lastIndexOf('/') + 1).replaceFirst("[:@].*", "");
    return switch (repository) {
      case "huggingface-vllm", "vllm" -> VLLM;
      case "huggingface-pytorch-tgi-inference" -> TGI;
      case "tei", "tei-cpu" -> TEI;
      case "huggingface-pytorch-inference",
          "huggingface-pytorch-inference-neuronx",
          "huggingface-tensorflow-inference" -> TOOLKIT;
      case "djl-inference" -> LMI;
      default -> OTHER;
    };
  }

  /** {@return the server for a task} */
  static ModelServer of(ModelTask task) {
    return switch (task) {
      case CHAT -> VLLM;
      case EMBEDDING, RERANK -> TEI;
      case CLASSIFY -> TOOLKIT;
    };
  }

  /** {@return what the table of images calls it} */
  String framework() {
    return framework;
  }

  // ---- what it is told ----

  /**
   * {@return the variables that make it load a model of the hub}
   *
   * @param id the model's id, {@code org/name}
   */
  public Map<String, String> ofHub(String id, ModelMetadata metadata) {
    Map<String, String> variables = new HashMap<>(Map.of(HUB_MODEL, id));
    if (this == VLLM) {
      // The entry point of huggingface-vllm reads no other; that of AWS's own vLLM falls back to
      // the hub's.
      variables.put(VLLM_MODEL, id);
    }
    if (this == VLLM || this == TEI) {
      variables.putAll(CACHES);
    }
    String label = metadata.labels().get(HUB_TASK_LABEL);
    if (label != null && (this == TOOLKIT || this == OTHER)) {
      variables.put(HUB_TASK, label);
    } else if (isClassifier(metadata)) {
      variables.put(HUB_TASK, TEXT_CLASSIFICATION);
    }
    return variables;
  }

  /** {@return the variables that make it load a model from S3, where its image was chosen by the task} */
  public Map<String, String> ofFolder(ModelMetadata metadata) {
    if (isClassifier(metadata)) {
      return Map.of(HUB_TASK, TEXT_CLASSIFICATION);
    }
    return switch (this) {
      case VLLM -> Map.of(VLLM_MODEL, MODEL_FOLDER);
      case TEI -> Map.of(HUB_MODEL, MODEL_FOLDER);
      default -> Map.of();
    };
  }

  private boolean isClassifier(ModelMetadata metadata) {
    return this == TOOLKIT && metadata.task().filter(ModelTask.CLASSIFY::equals).isPresent();
  }

  /**
   * {@return the name that clients of OpenAI's API have to call a model by}
   *
   * <p>vLLM refuses all names but that of its argument {@code --served-model-name}, which is by default that of {@code
   * --model}.
   *
   * @param usual the name where the environment has none
   */
  public static String servedName(Map<String, String> environment, String usual) {
    for (String variable : List.of(VLLM_NAME, VLLM_MODEL, HUB_MODEL)) {
      String name = environment.getOrDefault(variable, "");
      if (!name.isBlank()) {
        return name;
      }
    }
    return usual;
  }

  // ---- what it reads ----

  /** {@return a warning for each variable that another server reads and this one does not, with its own name for it} */
  public List<String> warnings(Collection<String> variables) {
    List<String> warnings = new ArrayList<>();
    for (String variable : variables) {
      List<Map<ModelServer, List<String>>> known =
          SETTINGS.stream().filter(setting -> isIn(setting.values(), variable)).toList();
      boolean ofOther =
          !known.isEmpty() || variable.startsWith(VLLM_PREFIX) || variable.startsWith(LMI_PREFIX);
      if (this != OTHER && ofOther && !reads(variable)) {
        String own = known.stream()
            .flatMap(setting -> setting.getOrDefault(this, List.of()).stream())
            .findFirst()
            .map(name -> ", which has " + name + " for it")
            .orElse("");
        warnings.add("variable " + variable + " is not read by " + title + own);
      }
    }
    return warnings;
  }

  private boolean reads(String variable) {
    return (this == VLLM && variable.startsWith(VLLM_PREFIX))
        || (this == LMI && variable.startsWith(LMI_PREFIX))
        || SETTINGS.stream()
            .anyMatch(setting -> setting.getOrDefault(this, List.of()).contains(variable));
  }

  private static boolean isIn(Collection<List<String>> names, String variable) {
    return names.stream().anyMatch(some -> some.contains(variable));
  }
}
