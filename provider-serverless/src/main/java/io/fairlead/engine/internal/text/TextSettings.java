package io.fairlead.engine.internal.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What becomes of a model's texts: as its labels say, or else the files beside it, or else the defaults.
 *
 * <p>The files are those that sentence-transformers writes, and are understood as it understands them. The defaults are
 * the mean of the tokens, normalized to length 1.
 */
public final class TextSettings {
  /** The source of a setting that nothing says. */
  static final String DEFAULT = "default";

  /** The source of a setting that the model has made itself. */
  static final String MODEL = "model";

  private static final String LABEL = "label";
  private static final int USUAL_LIMIT = 512;
  private static final int LEAST_LIMIT = 4;
  // Transformers writes 10^30 for a tokenizer without a limit.
  private static final int LARGEST_LIMIT = 1 << 24;
  private static final Set<String> COUNTED_AFTER_PADDING =
      Set.of("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet");

  private final Failures failures;
  private final TextFiles files;
  private final List<Pooling> pooling;
  private final String poolingSource;
  private final boolean includesPrompt;
  private final Optional<Boolean> normalizes;
  private final String prompt;
  private final boolean lowerCase;
  private final OptionalInt limit;
  private final int positions;
  private final String activation;
  private final int labels;
  private final String unsupported;

  private TextSettings(TextFiles files, Failures failures) {
    this.failures = failures;
    this.files = files;
    List<JsonValue> modules = modules();
    JsonValue length = TextFiles.LENGTHS.stream()
        .flatMap(name -> files.settings().keySet().stream()
            .filter(path -> path.equals(name) || path.endsWith("/" + name)))
        .findFirst()
        .map(this::read)
        .orElse(JsonValue.MISSING);
    JsonValue tokenizer = read(TextFiles.TOKENIZER);
    JsonValue prompts = read(TextFiles.PROMPTS);

    Optional<String> poolingLabel = label(TextFiles.POOLING_LABEL);
    String source = poolingLabel.isEmpty() || !modules.isEmpty()
        ? poolingPath(modules, poolingLabel.isPresent()).orElse(DEFAULT)
        : DEFAULT;
    JsonValue poolingFile = read(source);
    this.pooling = poolingLabel.isPresent()
        ? poolingOfLabel(poolingLabel.get())
        : pooling(poolingFile, source);
    this.poolingSource = poolingLabel.isPresent() ? LABEL : source;
    this.includesPrompt = poolingFile.at("include_prompt").flag(true);
    this.unsupported = poolingLabel.isPresent() ? "" : unsupported(modules);
    this.normalizes =
        label(TextFiles.NORMALIZE_LABEL).map(this::flag).or(() -> normalizes(modules));
    this.prompt = prompt(prompts);
    this.lowerCase = length.at("do_lower_case").flag(false);
    this.limit = limit(length, tokenizer);
    JsonValue model = read(TextFiles.MODEL);
    this.positions = positions(model);
    this.activation = activation(model);
    this.labels = model.at("id2label").names().size();
    checkSide(tokenizer.at("truncation_side").text(), shown(TextFiles.TOKENIZER));
  }

  /**
   * {@return the settings of a model}
   *
   * @throws ServingException if a file or label cannot be understood
   */
  public static TextSettings of(TextFiles files, Failures failures) {
    return new TextSettings(files, failures);
  }

  /** {@return the kinds of pooling whose vectors are joined} */
  List<Pooling> pooling() {
    return pooling;
  }

  /** {@return what says which pooling: a file, {@link #DEFAULT}, or the label} */
  String poolingSource() {
    return poolingSource;
  }

  /** {@return whether the pooling was set by a label, against whatever else there is} */
  boolean isPoolingLabelled() {
    return poolingSource.equals(LABEL);
  }

  /** {@return whether the tokens of the prompt count in the pooling} */
  boolean includesPrompt() {
    return includesPrompt;
  }

  /** {@return whether vectors are normalized; empty if nothing says so} */
  Optional<Boolean> normalizes() {
    return normalizes;
  }

  /** {@return the text before each text; empty for none} */
  String prompt() {
    return prompt;
  }

  boolean isLowerCase() {
    return lowerCase;
  }

  /**
   * {@return the maximum number of tokens}
   *
   * @param ofTokenizer the limit in the tokenizer's own file
   */
  int limit(OptionalInt ofTokenizer) {
    int found = limit.orElse(ofTokenizer.orElse(USUAL_LIMIT));
    int most = label(TextFiles.LENGTH_LABEL).isPresent() ? found : Math.min(found, positions);
    return Math.max(LEAST_LIMIT, most);
  }

  /** {@return whether sentence-transformers has saved the model as a cross-encoder} */
  boolean isCrossEncoder() {
    return !activation.isEmpty();
  }

  /** {@return the number of labels of a classifier; 0 if nothing says it} */
  int labels() {
    return labels;
  }

  /**
   * {@return what makes a score of a cross-encoder's only logit: the sigmoid, unless the label or the model's config.json
   * says otherwise, as for a CrossEncoder of sentence-transformers}
   */
  Activation activation() {
    Optional<String> label = label(TextFiles.ACTIVATION_LABEL);
    if (label.isPresent()) {
      return Activation.of(label.get())
          .orElseThrow(() -> failures.failure(
              ErrorKind.INVALID,
              "The label 'activation' is '" + label.get() + "': write " + Activation.ids()));
    }
    if (activation.isEmpty()) {
      return Activation.SIGMOID;
    }
    return Activation.ofPath(activation)
        .orElseThrow(() -> failures.failure(
            ErrorKind.UNSUPPORTED,
            shown(TextFiles.MODEL) + " asks for the activation '" + activation
                + "' of a pair's logit, which is not supported: set the label 'activation' to "
                + Activation.ids()));
  }

  /** Refuses an activation for a model that is no cross-encoder with one logit. */
  void checkNoActivation() {
    if (label(TextFiles.ACTIVATION_LABEL).isPresent()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          "The label 'activation' is for a cross-encoder, which answers with one logit, and this model does not: leave"
              + " out the label");
    }
  }

  /** Refuses a tokenizer that keeps the end of a text that is too long. */
  void checkSide(String side, String file) {
    if (side.equalsIgnoreCase("left")) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          file
              + " cuts off texts that are too long at their start, and only their end can be cut off here: write"
              + " \"right\" there if that is as well");
    }
  }

  /** Refuses a model whose answer needs layers after it that are not in its graph. */
  void checkSupported() {
    if (!unsupported.isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          shown(TextFiles.MODULES) + " has " + unsupported
              + ", which is not in the model's graph and cannot be added here: export the model with all of its layers,"
              + " as 'optimum-cli export onnx --library sentence_transformers' does, so that it has an output"
              + " 'sentence_embedding', or set the label 'pooling' to have its vectors without it");
    }
  }

  /** Refuses a prompt that should not count in a pooling which the graph has made already. */
  void checkPromptCounts() {
    if (!includesPrompt && !prompt.isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          shown(poolingSource)
              + " leaves the prompt out of the pooling, which the model's graph has made already with it: export the"
              + " model without its pooling, or set the label 'prompt' to nothing");
    }
  }

  private List<JsonValue> modules() {
    JsonValue all = read(TextFiles.MODULES);
    List<JsonValue> modules = all.elements();
    if (!all.isMissing()
        && (modules.isEmpty()
            || !all.isArray()
            || modules.stream().anyMatch(module -> module.at("type").text().isEmpty()))) {
      throw invalid(TextFiles.MODULES, "is no list of modules with a type and a path");
    }
    return modules;
  }

  /** The path of the pooling's settings. */
  private Optional<String> poolingPath(List<JsonValue> modules, boolean optional) {
    Optional<JsonValue> module = modules.stream()
        .filter(candidate -> TextFiles.isOf(candidate, "Pooling"))
        .findFirst();
    String path = module.map(it -> it.at("path").text() + "/config.json").orElse(TextFiles.POOLING);
    if (files.settings().containsKey(path)) {
      return Optional.of(path);
    }
    if (module.isPresent() && !optional) {
      throw failures.failure(
          ErrorKind.INVALID,
          shown(TextFiles.MODULES) + " says that '" + path
              + "' beside it has the pooling, and there is no such file: put it there, or name the pooling in the label"
              + " 'pooling', one of " + poolings());
    }
    return Optional.empty();
  }

  private List<Pooling> pooling(JsonValue file, String path) {
    List<Pooling> found = new ArrayList<>();
    JsonValue names = file.at("pooling_mode");
    if (names.isText()) {
      found.add(poolingNamed(names.text(), path));
    } else if (names.isArray()) {
      names.elements().forEach(name -> found.add(poolingNamed(name.text(), path)));
    } else {
      for (String field : file.names()) {
        if (field.startsWith("pooling_mode_") && file.at(field).flag(false)) {
          found.add(Arrays.stream(Pooling.values())
              .filter(candidate -> candidate.flag().equals(field))
              .findFirst()
              .orElseThrow(() -> unknownPooling(field, path)));
        }
      }
      found.sort(null);
    }
    return found.isEmpty() ? List.of(Pooling.MEAN) : List.copyOf(found);
  }

  private Pooling poolingNamed(String name, String path) {
    return Pooling.of(name).orElseThrow(() -> unknownPooling(name, path));
  }

  private ServingException unknownPooling(String name, String path) {
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        shown(path) + " asks for the pooling '" + name + "', which is not one of " + poolings()
            + ": export the model with its pooling");
  }

  private List<Pooling> poolingOfLabel(String label) {
    List<Pooling> found = new ArrayList<>();
    for (String name : label.split("\\+", -1)) {
      found.add(Pooling.of(name.strip())
          .orElseThrow(() -> failures.failure(
              ErrorKind.INVALID,
              "The label 'pooling' is '" + label + "': write one of " + poolings()
                  + ", or several with + between them")));
    }
    return found;
  }

  private static String poolings() {
    return Arrays.stream(Pooling.values()).map(Pooling::id).collect(Collectors.joining(", "));
  }

  /** The description of the first module that nothing here does; empty if there is none. */
  private static String unsupported(List<JsonValue> modules) {
    for (int i = 0; i < modules.size(); i++) {
      JsonValue module = modules.get(i);
      boolean known = i == 0
          ? module.at("type").text().endsWith("Transformer")
          : TextFiles.isOf(module, "Pooling")
              || TextFiles.isOf(module, "Normalize")
              || TextFiles.isOf(module, "Dropout");
      if (!known) {
        String type = module.at("type").text();
        String path = module.at("path").text();
        return "a layer " + type.substring(type.lastIndexOf('.') + 1)
            + (path.isEmpty() ? "" : " in '" + path + "'");
      }
    }
    return "";
  }

  private static Optional<Boolean> normalizes(List<JsonValue> modules) {
    return modules.isEmpty()
        ? Optional.empty()
        : Optional.of(modules.stream().anyMatch(module -> TextFiles.isOf(module, "Normalize")));
  }

  private String prompt(JsonValue file) {
    JsonValue prompts = file.at("prompts");
    Optional<String> label = label(TextFiles.PROMPT_LABEL);
    String name = label.orElse(file.at("default_prompt_name").text());
    if (name.isEmpty()) {
      return "";
    }
    if (!prompts.at(name).isText()) {
      Set<String> names = prompts.names();
      throw failures.failure(
          ErrorKind.INVALID,
          (label.isPresent()
                  ? "The label 'prompt' is '" + name + "'"
                  : shown(TextFiles.PROMPTS) + " has the default_prompt_name '" + name + "'")
              + ", which names no prompt of '" + TextFiles.PROMPTS + "' beside the model: "
              + (names.isEmpty()
                  ? "there are none, so put that file there or leave out the label"
                  : "write one of " + String.join(", ", names)));
    }
    return prompts.at(name).text();
  }

  private OptionalInt limit(JsonValue length, JsonValue tokenizer) {
    Optional<String> label = label(TextFiles.LENGTH_LABEL);
    if (label.isPresent()) {
      String digits = label.get();
      if (!digits.matches("[0-9]{1,8}")
          || Integer.parseInt(digits) < LEAST_LIMIT
          || Integer.parseInt(digits) > LARGEST_LIMIT) {
        throw failures.failure(
            ErrorKind.INVALID,
            "The label 'max-tokens' is '" + digits + "': write a number from " + LEAST_LIMIT
                + " to " + LARGEST_LIMIT);
      }
      return OptionalInt.of(Integer.parseInt(digits));
    }
    OptionalInt own = limitIn(length, "max_seq_length");
    return own.isPresent() ? own : limitIn(tokenizer, "model_max_length");
  }

  /** The number of tokens that have positions. */
  private static int positions(JsonValue model) {
    int all = limitIn(model, "max_position_embeddings").orElse(LARGEST_LIMIT);
    // Transformers counts the positions of these from that of the padding.
    return COUNTED_AFTER_PADDING.contains(model.at("model_type").text())
        ? all - 1 - (int) model.at("pad_token_id").number().orElse(1)
        : all;
  }

  /** The class of a cross-encoder's activation, as sentence-transformers writes it from version 4, or before. */
  private static String activation(JsonValue model) {
    String own = model.at("sentence_transformers").at("activation_fn").text();
    return own.isEmpty() ? model.at("sbert_ce_default_activation_function").text() : own;
  }

  private static OptionalInt limitIn(JsonValue file, String field) {
    double value = file.at(field).number().orElse(0);
    return value >= 1 && value <= LARGEST_LIMIT ? OptionalInt.of((int) value) : OptionalInt.empty();
  }

  private boolean flag(String label) {
    if (!label.equals("true") && !label.equals("false")) {
      throw failures.failure(
          ErrorKind.INVALID, "The label 'normalize' is '" + label + "': write true or false");
    }
    return Boolean.parseBoolean(label);
  }

  private Optional<String> label(String name) {
    return Optional.ofNullable(files.labels().get(name)).map(String::strip);
  }

  private JsonValue read(String path) {
    ModelFile file = files.settings().get(path);
    if (file == null) {
      return JsonValue.MISSING;
    }
    JsonValue read;
    try {
      read = JsonValue.read(file.bytes());
    } catch (JsonProcessingException e) {
      throw invalid(path, "is no JSON (" + Failures.reason(e) + ")");
    } catch (IOException e) {
      throw invalid(path, "cannot be read (" + Failures.reason(e) + ")");
    }
    if (!read.isArray() && !read.isObject()) {
      throw invalid(path, "is no JSON object or array");
    }
    return read;
  }

  private ServingException invalid(String path, String why) {
    return failures.failure(
        ErrorKind.INVALID,
        shown(path) + " " + why
            + ", and says what becomes of the model's texts: fetch it again, as it was beside the model");
  }

  private String shown(String path) {
    ModelFile file = files.settings().get(path);
    return file == null ? "'" + path + "'" : file.toString();
  }
}
