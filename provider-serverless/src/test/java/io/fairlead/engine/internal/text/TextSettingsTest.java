package io.fairlead.engine.internal.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TextSettingsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Engine ENGINE = Models.engine();
  private static final String TOKENIZER = "classpath:all-minilm-l6-v2-q-tokenizer.json";
  private static final String TRANSFORMER =
      "{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}";
  private static final String POOLING =
      "{\"idx\": 1, \"name\": \"1\", \"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}";
  private static final String NORMALIZE =
      "{\"idx\": 2, \"name\": \"2\", \"path\": \"2_Normalize\", \"type\": \"sentence_transformers.models.Normalize\"}";
  private static final String DENSE =
      "{\"idx\": 2, \"name\": \"2\", \"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"}";

  @TempDir
  Path folder;

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  // The tokens of "hello" are 101, 7592 and 102, and the model's vector for the token t is [t, -t].

  @ParameterizedTest
  @CsvSource({
    "cls_token, 101",
    "max_tokens, 7592",
    "mean_tokens, 2598.3333",
    "mean_sqrt_len_tokens, 4500.4453",
    "weightedmean_tokens, 2598.5",
    "lasttoken, 102",
  })
  void theFileOfThePoolingSaysWhichItIs(String mode, float first) throws IOException {
    modules(TRANSFORMER, POOLING);
    file(
        "1_Pooling/config.json",
        "{\"word_embedding_dimension\": 2, \"pooling_mode_cls_token\": false, \"pooling_mode_mean_tokens\": false, \"pooling_mode_"
            + mode + "\": true}");

    float[] vector = embed(load(Map.of()), "hello");

    assertThat(vector[0]).isEqualTo(first, within(0.01f));
    assertThat(vector[1]).isEqualTo(mode.equals("max_tokens") ? -101 : -first, within(0.01f));
  }

  @Test
  void severalKindsOfPoolingAreJoined() throws IOException {
    modules(TRANSFORMER, POOLING);
    file(
        "1_Pooling/config.json",
        "{\"pooling_mode_mean_tokens\": true, \"pooling_mode_cls_token\": true, \"pooling_mode_max_tokens\": true}");

    assertThat(embed(load(Map.of()), "hello"))
        .containsExactly(
            new float[] {101, -101, 7592, -101, 2598.3333f, -2598.3333f}, within(0.01f));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      "cls"            | 2
      ["cls"]          | 2
      ["mean", "cls"]  | 4
      """)
  void theNewFormOfThatFileIsUnderstood(String mode, int width) throws IOException {
    modules(TRANSFORMER, POOLING);
    file("1_Pooling/config.json", "{\"embedding_dimension\": 2, \"pooling_mode\": " + mode + "}");

    float[] vector = embed(load(Map.of()), "hello");

    assertThat(vector).hasSize(width);
    assertThat(vector[width - 2]).isEqualTo(101);
  }

  @Test
  void withoutModulesThePoolingFileCountsAndTheVectorIsNormalized() throws IOException {
    file("1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}");

    assertThat(embed(load(Map.of()), "hello"))
        .containsExactly(new float[] {0.70710677f, -0.70710677f}, within(1e-6f));
  }

  @Test
  void aVectorIsNormalizedIfTheModulesSaySo() throws IOException {
    modules(TRANSFORMER, POOLING, NORMALIZE);
    file("1_Pooling/config.json", "{\"pooling_mode_lasttoken\": true}");
    LeasedModel model = load(Map.of());

    assertThat(embed(model, "hello"))
        .containsExactly(new float[] {0.70710677f, -0.70710677f}, within(1e-6f));
    assertThat(model.text())
        .contains(new TextDescription("lasttoken", "1_Pooling/config.json", true, 128, "", ""));
  }

  @Test
  void aModelWithoutFilesIsMeanPooledAndNormalized() throws IOException {
    LeasedModel model = load(Map.of());

    assertThat(embed(model, "hello"))
        .containsExactly(new float[] {0.70710677f, -0.70710677f}, within(1e-6f));
    assertThat(model.text()).contains(new TextDescription("mean", "default", true, 128, "", ""));
  }

  @Test
  void theResultsOfMinilmStayAsTheyAreWithItsOwnFiles() throws IOException {
    for (String name : List.of("all-minilm-l6-v2-q.onnx", "all-minilm-l6-v2-q-tokenizer.json")) {
      try (InputStream in = TextSettingsTest.class.getResourceAsStream("/" + name)) {
        Files.copy(in, folder.resolve(name));
      }
    }
    modules(TRANSFORMER, POOLING, NORMALIZE);
    file("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    file("sentence_bert_config.json", "{\"max_seq_length\": 256, \"do_lower_case\": false}");

    float[] vector = embed(ENGINE.load(ModelArtifact.of(folder)), "A man is eating food.");

    assertThat(vector).isEqualTo(embed(ENGINE.load(Models.MINILM), "A man is eating food."));
  }

  @Test
  void aLabelOverridesTheFiles() throws IOException {
    modules(TRANSFORMER, POOLING, NORMALIZE);
    file("1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true}");
    LeasedModel model = load(Map.of("pooling", "cls", "normalize", "false", "max-tokens", "5"));

    assertThat(embed(model, "hello hello hello hello")).containsExactly(101, -101);
    assertThat(model.text()).contains(new TextDescription("cls", "label", false, 5, "", ""));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      pooling    | center | The label 'pooling' is 'center': write one of cls, max, mean
      pooling    |        | The label 'pooling' is '': write one of cls, max, mean
      normalize  | yes    | The label 'normalize' is 'yes': write true or false
      max-tokens | 1      | The label 'max-tokens' is '1': write a number from 4 to
      max-tokens | many   | The label 'max-tokens' is 'many': write a number from 4 to
      prompt     | query  | The label 'prompt' is 'query', which names no prompt of 'config_sentence_transformers.json'
      """)
  void aLabelThatSaysNothingKnownIsRefused(String label, String value, String message) {
    Map<String, String> labels = Map.of(label, value == null ? "" : value);

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(labels));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e).hasMessageStartingWith(message);
  }

  @Test
  void anotherLabelIsAnotherModel() {
    assertThat(artifactDigest(Map.of("pooling", "cls")))
        .isNotEqualTo(artifactDigest(Map.of("pooling", "max")))
        .isNotEqualTo(artifactDigest(Map.of()));
    assertThat(artifactDigest(Map.of("team", "a"))).isEqualTo(artifactDigest(Map.of()));
  }

  @Test
  void anotherPoolingFileIsAnotherModel() throws IOException {
    file("1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}");
    String before = artifactDigest(Map.of());

    file("1_Pooling/config.json", "{\"pooling_mode_max_tokens\": true, \"a\": 1}");

    assertThat(artifactDigest(Map.of())).isNotEqualTo(before);
  }

  @Test
  void aLayerThatIsNotInTheGraphIsRefused() throws IOException {
    modules(TRANSFORMER, POOLING, DENSE);
    file("1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}");

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(Map.of()));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining("modules.json' (")
        .hasMessageContaining("has a layer Dense in '2_Dense', which is not in the model's graph")
        .hasMessageContaining("optimum-cli export onnx --library sentence_transformers")
        .hasMessageContaining("set the label 'pooling'");
    assertThat(embed(load(Map.of("pooling", "cls", "normalize", "false")), "hello"))
        .containsExactly(101, -101);
  }

  @ParameterizedTest
  @CsvSource({
    "sentence_transformers.models.StaticEmbedding, StaticEmbedding",
    "custom_pooling.Pooling, Pooling",
    "sentence_transformers.models.WeightedLayerPooling, WeightedLayerPooling",
    "sentence_transformers.models.LayerNorm, LayerNorm",
  })
  void aModuleThatIsNotKnownIsRefused(String type, String name) throws IOException {
    modules(TRANSFORMER, "{\"path\": \"\", \"type\": \"" + type + "\"}");

    assertThat(catchThrowableOfType(ServingException.class, () -> load(Map.of())))
        .hasMessageContaining("has a layer " + name + ", which is not in the model's graph");
  }

  @Test
  void aGraphWithAllLayersIsTakenAsItIs() throws IOException {
    modules(TRANSFORMER, POOLING, DENSE);
    file("1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}");
    write(Models.hidden()
        .output("sentence_embedding", OnnxFile.FLOAT, -1, -1)
        .node("Neg", List.of("f"), List.of("sentence_embedding")));
    LeasedModel model = ENGINE.load(artifact(Map.of()));

    assertThat(embed(model, "hello")).containsExactly(-101, -7592, -102);
    assertThat(model.text()).contains(new TextDescription("model", "model", false, 128, "", ""));
  }

  @Test
  void theOutputOfTheTokensIsPooledWhereverItIs() throws IOException {
    file("1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}");
    write(new OnnxFile()
        .opset(11)
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .output("pooler_output", OnnxFile.FLOAT, -1, -1)
        .output("last_hidden_state", OnnxFile.FLOAT, -1, -1, 1)
        .node("Cast", List.of("input_ids"), List.of("pooler_output"), toFloat())
        .node(
            "Unsqueeze",
            List.of("pooler_output"),
            List.of("last_hidden_state"),
            OnnxFile.attribute("axes", new long[] {2})));

    assertThat(embed(ENGINE.load(artifact(Map.of("normalize", "false"))), "hello"))
        .containsExactly(101);
  }

  @Test
  void aPoolingFileThatTheModulesNameHasToBeThere() throws IOException {
    modules(TRANSFORMER, POOLING);

    assertThat(catchThrowableOfType(ServingException.class, () -> load(Map.of())))
        .hasMessageContaining(
            "says that '1_Pooling/config.json' beside it has the pooling, and there is no such file")
        .extracting(ServingException::kind)
        .isEqualTo(ErrorKind.INVALID);
    assertThat(embed(load(Map.of("pooling", "cls")), "hello")).containsExactly(101, -101);
  }

  @ParameterizedTest
  @CsvSource({"modules.json", "1_Pooling/config.json", "tokenizer_config.json"})
  void aFileThatIsCutOffIsRefused(String name) throws IOException {
    file(name, "[{\"type\": ");

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(Map.of()));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e).hasMessageContaining(name + "' (10 bytes) is no JSON");
  }

  @Test
  void aPoolingThatIsNotKnownIsRefused() throws IOException {
    file("1_Pooling/config.json", "{\"pooling_mode_center_token\": true}");

    assertThat(catchThrowableOfType(ServingException.class, () -> load(Map.of())))
        .hasMessageContaining(
            "asks for the pooling 'pooling_mode_center_token', which is not one of cls, max")
        .extracting(ServingException::kind)
        .isEqualTo(ErrorKind.UNSUPPORTED);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"max_seq_length": 9}     | {"model_max_length": 7}    | {}                             | 9
      {"max_seq_length": null}  | {"model_max_length": 7}    | {}                             | 7
      {"max_seq_length": null}  | {"model_max_length": 1e30} | {}                             | 128
      {"max_seq_length": 300}   | {"model_max_length": 512}  | {}                             | 300
      {"max_seq_length": 300}   | {"model_max_length": 512}  | {"max_position_embeddings": 64} | 64
      {"max_seq_length": 300}   | {"model_max_length": 512}  | {"max_position_embeddings": 66, "model_type": "roberta"} | 64
      {"max_seq_length": 300}   | {"model_max_length": 512}  | {"max_position_embeddings": 66, "model_type": "mpnet", "pad_token_id": 3} | 62
      """)
  void theLengthIsThatOfTheFiles(String own, String tokenizer, String model, int expected)
      throws IOException {
    file("sentence_bert_config.json", own);
    file("tokenizer_config.json", tokenizer);
    file("config.json", model);
    write(tokens());

    LeasedModel loaded = ENGINE.load(artifact(Map.of()));

    assertThat(embed(loaded, "hello ".repeat(1000))).hasSize(expected);
    assertThat(loaded.text())
        .hasValueSatisfying(text -> assertThat(text.maxTokens()).isEqualTo(expected));
  }

  @Test
  void aTokenizerThatKeepsTheEndIsRefused() throws IOException {
    file("tokenizer_config.json", "{\"truncation_side\": \"left\"}");

    assertThat(catchThrowableOfType(ServingException.class, () -> load(Map.of())))
        .hasMessageContaining("cuts off texts that are too long at their start")
        .extracting(ServingException::kind)
        .isEqualTo(ErrorKind.UNSUPPORTED);
  }

  @Test
  void theDefaultPromptIsPutBeforeEachText() throws IOException {
    file(
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"hello \", \"document\": \"\"}, \"default_prompt_name\": \"query\"}");
    write(tokens());
    LeasedModel model = ENGINE.load(artifact(Map.of()));

    assertThat(embed(model, "hello")).containsExactly(101, 7592, 7592, 102);
    assertThat(model.text())
        .contains(new TextDescription("model", "model", false, 128, "hello ", ""));
    assertThat(embed(ENGINE.load(artifact(Map.of("prompt", "document"))), "hello"))
        .containsExactly(101, 7592, 102);
    assertThat(embed(ENGINE.load(artifact(Map.of("prompt", ""))), "hello"))
        .containsExactly(101, 7592, 102);
  }

  @Test
  void promptsAreOnlyUsedIfOneIsNamed() throws IOException {
    file(
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"hello \"}, \"default_prompt_name\": null}");
    write(tokens());

    assertThat(embed(ENGINE.load(artifact(Map.of())), "hello")).containsExactly(101, 7592, 102);
    assertThat(embed(ENGINE.load(artifact(Map.of("prompt", "query"))), "hello"))
        .containsExactly(101, 7592, 7592, 102);
  }

  @Test
  void aPromptMayNotCountInThePooling() throws IOException {
    modules(TRANSFORMER, POOLING);
    file(
        "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true, \"include_prompt\": false}");
    file(
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"hello \"}, \"default_prompt_name\": \"query\"}");

    // 101 and 7592 are the prompt's, 7592 and 102 the text's.
    assertThat(embed(load(Map.of()), "hello")).containsExactly(3847, -3847);
  }

  @Test
  void aPromptThatTheGraphCountsIsRefusedIfItMayNot() throws IOException {
    file(
        "1_Pooling/config.json", "{\"pooling_mode_mean_tokens\": true, \"include_prompt\": false}");
    file(
        "config_sentence_transformers.json",
        "{\"prompts\": {\"query\": \"hello \"}, \"default_prompt_name\": \"query\"}");
    write(tokens());

    assertThat(catchThrowableOfType(ServingException.class, () -> ENGINE.load(artifact(Map.of()))))
        .hasMessageContaining("leaves the prompt out of the pooling");
  }

  @Test
  void textsAreLoweredIfTheFileSaysSo() throws IOException {
    file("sentence_bert_config.json", "{\"max_seq_length\": 128, \"do_lower_case\": true}");
    file("tokenizer.json", """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
         "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
         "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "hello": 1}}}
        """);
    write(tokens());

    assertThat(embed(ENGINE.load(ModelArtifact.of(folder)), "HELLO you")).containsExactly(1, 0);
  }

  @Test
  void theFilesOfARepositoryAreAroundItsFolderOnnx() throws IOException {
    file("1_Pooling/config.json", "{\"pooling_mode_cls_token\": true}");
    try (InputStream in =
        TextSettingsTest.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json")) {
      Files.copy(in, folder.resolve("tokenizer.json"));
    }
    Path onnx = Files.createDirectory(folder.resolve("onnx"));
    LeasedModel model = ENGINE.load(Models.write(onnx, "model.onnx", Models.hidden())
        .withMetadata(ModelMetadata.NONE.withLabels(Map.of("normalize", "false"))));

    assertThat(embed(model, "hello")).containsExactly(101, -101);
  }

  @Test
  void filesOfAModelThatTakesNoTextsAreNotRead() throws IOException {
    file("tokenizer.json", "{}");
    file("modules.json", "[");
    write(new OnnxFile()
        .input("x", OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.FLOAT, -1)
        .node("Neg", List.of("x"), List.of("y")));

    assertThat(ENGINE.load(ModelArtifact.of(folder)).text()).isEmpty();
  }

  private LeasedModel load(Map<String, String> labels) {
    write(Models.hidden());
    return ENGINE.load(artifact(labels));
  }

  private String artifactDigest(Map<String, String> labels) {
    write(Models.hidden());
    return ENGINE.digest(artifact(labels));
  }

  private void write(OnnxFile model) {
    Models.write(folder, "model.onnx", model);
  }

  private ModelArtifact artifact(Map<String, String> labels) {
    Map<String, String> all = new HashMap<>(labels);
    all.put("tokenizer", TOKENIZER);
    return ModelArtifact.of(folder).withMetadata(ModelMetadata.NONE.withLabels(all));
  }

  private void modules(String... modules) throws IOException {
    file("modules.json", "[" + String.join(", ", modules) + "]");
  }

  private void file(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  /** A model that gives the tokens that it gets. */
  private static OnnxFile tokens() {
    return new OnnxFile()
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .output("y", OnnxFile.FLOAT, -1, -1)
        .node("Cast", List.of("input_ids"), List.of("y"), toFloat());
  }

  private static OnnxFile.Message toFloat() {
    return OnnxFile.attribute("to", OnnxFile.FLOAT);
  }

  private static float[] embed(LeasedModel model, String text) throws IOException {
    JsonNode request = JSON.createObjectNode().put("inputs", text);
    return JSON.readValue(model.invoke(Request.json(request.toString())).body(), float[][].class)[
        0];
  }
}
