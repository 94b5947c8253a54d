package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlContainer.Server;
import io.fairlead.grammar.ModelTask;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** A published server of language models, which an image is known by its name to have: where it listens, and what it reads. */
enum LanguageServer {
  /** All its settings are arguments; variables that begin with VLLM_ are its own. */
  VLLM("vLLM", "vllm", 8000, LanguageServer.OF_TGI + "|" + LanguageServer.OF_AWS),
  /** Hugging Face's Text Embeddings Inference, each of whose arguments is a variable, too. */
  TEI(
      "Text Embeddings Inference",
      "text-embeddings-inference|tei",
      80,
      LanguageServer.OF_TGI + "|" + LanguageServer.OF_AWS + "|" + LanguageServer.OF_VLLM),
  /** Hugging Face's Text Generation Inference, likewise. */
  TGI(
      "Text Generation Inference",
      "text-generation-inference|tgi",
      80,
      LanguageServer.OF_AWS + "|" + LanguageServer.OF_VLLM);

  private static final String NONE = "";

  /** Names that Text Generation Inference alone reads. */
  private static final String OF_TGI =
      "NUM_SHARD|SHARDED|QUANTIZE|MAX_INPUT_LENGTH|MAX_INPUT_TOKENS|MAX_TOTAL_TOKENS|MAX_BATCH_PREFILL_TOKENS"
          + "|MAX_BATCH_TOTAL_TOKENS|WAITING_SERVED_RATIO|MAX_BEST_OF|MESSAGES_API_ENABLED";

  /** Names that the entrypoints of AWS's images alone read. */
  private static final String OF_AWS = "SM_NUM_GPUS|HF_TASK|SM_VLLM_\\w+|OPTION_\\w+";

  private static final String OF_VLLM = "VLLM_\\w+";

  private final String title;
  private final Pattern image;
  private final int port;
  private final Pattern ignored;

  LanguageServer(String title, String image, int port, String ignored) {
    this.title = title;
    this.image = Pattern.compile("(^|[^a-z])(" + image + ")([^a-z]|$)");
    this.port = port;
    this.ignored = Pattern.compile(ignored);
  }

  /** {@return the server that the last part of an image's name is of, with its tag} */
  static Optional<LanguageServer> of(String reference) {
    String image = reference.substring(reference.lastIndexOf('/') + 1);
    return Arrays.stream(values())
        .filter(server -> server.image.matcher(image).find())
        .findFirst();
  }

  /** {@return what it is called in sentences} */
  String title() {
    return title;
  }

  /** {@return where it listens, with the route of a task as the scoring route; empty if it has none for that} */
  Optional<Server> listening(ModelTask task) {
    String path = path(task);
    return path.equals(NONE)
        ? Optional.empty()
        : Optional.of(new Server(port, path, "/health", "/health"));
  }

  private String path(ModelTask task) {
    return switch (task) {
      case CHAT -> this == TEI ? NONE : "/v1/chat/completions";
      case EMBEDDING -> this == TGI ? NONE : "/v1/embeddings";
      case RERANK -> this == TGI ? NONE : "/rerank";
      case CLASSIFY ->
        switch (this) {
          case VLLM -> "/classify";
          case TEI -> "/predict";
          case TGI -> NONE;
        };
    };
  }

  /** {@return the names of variables that others read, and it does not, in their order} */
  List<String> ignored(Collection<String> names) {
    return names.stream()
        .filter(name -> ignored.matcher(name).matches())
        .sorted()
        .toList();
  }
}
