package io.fairlead.engine.internal.text;

import io.fairlead.engine.internal.file.ModelFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What belongs to a model for its texts: its tokenizer, the files beside it that say what becomes of a text, and the
 * artifact's labels that override them.
 *
 * @param settings the files beside the model, by their paths from there
 * @param labels the labels, by their names
 */
public record TextFiles(
    ModelFile tokenizer, Map<String, ModelFile> settings, Map<String, String> labels) {
  static final String MODULES = "modules.json";
  static final String POOLING = "1_Pooling/config.json";
  static final String PROMPTS = "config_sentence_transformers.json";
  static final String TOKENIZER = "tokenizer_config.json";
  static final String MODEL = "config.json";

  /** The names that sentence-transformers gives, or gave, the settings of its first module. */
  static final List<String> LENGTHS = List.of(
      "sentence_bert_config.json",
      "sentence_roberta_config.json",
      "sentence_distilbert_config.json",
      "sentence_camembert_config.json",
      "sentence_albert_config.json",
      "sentence_xlm-roberta_config.json",
      "sentence_xlnet_config.json");

  static final String POOLING_LABEL = "pooling";
  static final String NORMALIZE_LABEL = "normalize";
  static final String LENGTH_LABEL = "max-tokens";
  static final String PROMPT_LABEL = "prompt";
  static final String ACTIVATION_LABEL = "activation";
  private static final Set<String> LABELS =
      Set.of(POOLING_LABEL, NORMALIZE_LABEL, LENGTH_LABEL, PROMPT_LABEL, ACTIVATION_LABEL);

  public TextFiles {
    settings = Map.copyOf(settings);
    labels = Map.copyOf(labels);
  }

  /**
   * {@return the files and labels for a model's texts}
   *
   * @param beside finds a file by its path from the model's folder
   * @param labels all labels of the artifact
   */
  public static TextFiles of(
      ModelFile tokenizer,
      Function<String, Optional<ModelFile>> beside,
      Map<String, String> labels) {
    List<String> names = new ArrayList<>(List.of(MODULES, PROMPTS, TOKENIZER, MODEL));
    names.addAll(LENGTHS);
    Map<String, ModelFile> settings = new TreeMap<>();
    beside.apply(MODULES).ifPresent(file -> names.addAll(named(file)));
    if (!names.contains(POOLING)) {
      names.add(POOLING);
    }
    for (String name : names) {
      beside.apply(name).ifPresent(file -> settings.put(name, file));
    }
    Map<String, String> own = new TreeMap<>(labels);
    own.keySet().retainAll(LABELS);
    return new TextFiles(tokenizer, settings, own);
  }

  /** The paths of the settings of modules; a file that cannot be read is refused when the model is loaded. */
  private static List<String> named(ModelFile modules) {
    List<String> names = new ArrayList<>();
    try {
      for (JsonValue module : JsonValue.read(modules.bytes()).elements()) {
        String path = module.at("path").text();
        if (!path.isEmpty() && isOf(module, "Pooling")) {
          names.add(path + "/config.json");
        } else if (!path.isEmpty() && isOf(module, "Transformer")) {
          LENGTHS.forEach(name -> names.add(path + "/" + name));
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    return names;
  }

  /** {@return whether a module of modules.json is one of sentence-transformers, in whichever package it is or was} */
  static boolean isOf(JsonValue module, String type) {
    String name = module.at("type").text();
    return name.startsWith("sentence_transformers.")
        && name.toLowerCase(Locale.ROOT).endsWith("." + type.toLowerCase(Locale.ROOT));
  }
}
