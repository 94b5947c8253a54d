package io.fairlead.engine.internal.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TextInputTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Engine ENGINE = Models.engine();
  private static final String TOKENIZER = "classpath:all-minilm-l6-v2-q-tokenizer.json";

  private static LeasedModel minilm;

  @TempDir
  Path folder;

  @BeforeAll
  static void load() {
    minilm = ENGINE.load(Models.MINILM);
  }

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  @Test
  void aTextBecomesAVectorOfLengthOne() throws IOException {
    float[] vector = embed("A man is eating food.");

    assertThat(vector).hasSize(384);
    assertThat(cosine(vector, vector)).isEqualTo(1, within(1e-5));
  }

  @Test
  void textsThatMeanTheSameAreNearerThanOthers() throws IOException {
    float[][] vectors = embedAll(
        "A man is eating food.",
        "Somebody has his dinner.",
        "The stock market fell by two percent.");

    double related = cosine(vectors[0], vectors[1]);
    double unrelated = cosine(vectors[0], vectors[2]);

    assertThat(related).isGreaterThan(unrelated + 0.2);
    assertThat(unrelated).isLessThan(0.3);
  }

  @Test
  void aTextsVectorDoesNotDependOnThoseBesideIt() throws IOException {
    float[] alone = embed("a short one");

    float[][] together = embedAll(
        "a rather longer text, with many more words in it than the other one has", "a short one");

    assertThat(together[1]).isEqualTo(alone);
  }

  @Test
  void manyTextsHaveTheirOwnVectorsInOrder() throws IOException {
    String[] texts = new String[50];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = "text " + "and more ".repeat(i % 7) + i;
    }

    float[][] together = embedAll(texts);

    assertThat(together).hasDimensions(50, 384);
    for (int i = 0; i < texts.length; i++) {
      assertThat(together[i]).as(texts[i]).isEqualTo(embed(texts[i]));
    }
  }

  @Test
  void aTextOfMillionsOfCharactersIsAsItsStart() throws IOException {
    String words = "the quick brown fox jumps over the lazy dog and ";

    float[] vector = embed(words.repeat(170_000));

    assertThat(vector).isEqualTo(embed(words.repeat(40)));
  }

  @Test
  void theSameTextHasTheSameVectorAgain() throws IOException {
    assertThat(embed("again and again")).isEqualTo(embed("again and again"));
  }

  @Test
  void callersAtTheSameTimeGetWhatOneGets() throws Exception {
    String[] texts = {"one", "two words", "three words here", "four words are here"};
    float[][] expected = new float[texts.length][];
    for (int i = 0; i < texts.length; i++) {
      expected[i] = embed(texts[i]);
    }
    ExecutorService callers = Executors.newFixedThreadPool(4);
    List<Future<Boolean>> results = new ArrayList<>();
    for (int caller = 0; caller < 4; caller++) {
      int own = caller;
      results.add(callers.submit(() -> {
        boolean equal = true;
        for (int i = 0; i < 25; i++) {
          equal &= Arrays.equals(embed(texts[own]), expected[own]);
        }
        return equal;
      }));
    }

    for (Future<Boolean> result : results) {
      assertThat(result.get()).isTrue();
    }
    callers.shutdown();
  }

  @Test
  void theOptimisedModelAnswersAsTheOneThatIsNot() throws Exception {
    String text = "The quick brown fox jumps over the lazy dog, and nobody minds.";

    double cosine = cosine(embed(text), unoptimised(text));

    assertThat(cosine).isGreaterThan(0.99999);
  }

  private static float[] unoptimised(String text) throws IOException, OrtException {
    ModelFiles files = (ModelFiles) Models.sources().resolve(Models.MINILM);
    Tokenizer.Tokens tokens;
    try (Tokenizer tokenizer = DjlTokenizer.open(
        files.tokenizer().orElseThrow(), Models.cacheFolder(), new Failures("local"))) {
      tokens = tokenizer.encode(text);
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {1, tokens.ids().length};
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      try (OrtSession session = environment.createSession(files.weights().bytes(), options);
          OnnxTensor ids =
              OnnxTensor.createTensor(environment, LongBuffer.wrap(tokens.ids()), shape);
          OnnxTensor mask =
              OnnxTensor.createTensor(environment, LongBuffer.wrap(tokens.mask()), shape);
          OnnxTensor types =
              OnnxTensor.createTensor(environment, LongBuffer.wrap(tokens.types()), shape);
          OrtSession.Result result = session.run(
              Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", types))) {
        float[][] hidden = ((float[][][]) result.get(0).getValue())[0];
        float[] sum = new float[hidden[0].length];
        for (float[] token : hidden) {
          for (int i = 0; i < sum.length; i++) {
            sum[i] += token[i];
          }
        }
        return sum;
      }
    }
  }

  @Test
  void aModelOfTextsTakesTensorsToo() throws IOException {
    Response response = minilm.invoke(Request.json("""
            {"inputs": [
              {"name": "input_ids", "shape": [1, 3], "datatype": "INT64", "data": [101, 7592, 102]},
              {"name": "attention_mask", "shape": [1, 3], "datatype": "INT64", "data": [1, 1, 1]},
              {"name": "token_type_ids", "shape": [1, 3], "datatype": "INT64", "data": [0, 0, 0]}]}
            """));

    assertThat(
            JSON.readTree(response.body()).path("outputs").get(0).path("shape").toString())
        .isEqualTo("[1,3,384]");
  }

  @Test
  void emptyTextsAreRefused() {
    assertThat(catchThrowable(
            () -> minilm.invoke(Request.json("{\"inputs\": [\"a\", \"\", \" \\n\"]}"))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: inputs[1] must not be empty; inputs[2] must not be empty");
    assertThat(catchThrowable(() -> minilm.invoke(Request.json("{\"inputs\": \"\"}"))))
        .hasMessage("Request: inputs must not be empty");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"inputs": 5}     | inputs must be an array of tensors, a text, or an array of texts, such as {"inputs": ["a text", "another"]}
      {}                | inputs must be present, or instances, and not both, such as {"inputs": ["a text", "another"]}
      {"inputs": []}    | inputs must not be empty
      {"inputs": [5]}   | inputs[0] must be a tensor, as an object with name, shape, datatype and data, or a text
      """)
  void aMistakeIsToldWithoutTheTensorsThatNobodyMeant(String request, String problem) {
    assertThat(catchThrowable(() -> minilm.invoke(Request.json(request))))
        .hasMessage("Request: " + problem);
  }

  @Test
  void textsAndTensorsDoNotMix() {
    assertThat(catchThrowable(
            () -> minilm.invoke(Request.json("{\"inputs\": [\"a\", {\"name\": \"input_ids\"}]}"))))
        .hasMessageContaining("inputs must hold either texts or tensors");
  }

  @Test
  void rowsOfNumbersAreRefused() {
    assertThat(catchThrowable(() -> minilm.invoke(Request.json("{\"instances\": [[1, 2]]}"))))
        .hasMessageContaining("instances must be texts, such as ");
  }

  @Test
  void aVectorThatTheModelMakesItselfIsGivenAsItIs() throws IOException {
    LeasedModel model = load(tokensAsOutput(OnnxFile.INT64));

    Response response = model.invoke(Request.json("{\"inputs\": [\"hello\", \"hello hello\"]}"));

    assertThat(response.text()).isEqualTo("[[101.0,7592.0,102.0],[101.0,7592.0,7592.0,102.0]]");
    assertThat(catchThrowable(() -> model.invoke(
            Request.json("{\"inputs\": [{\"name\": \"t\", \"shape\": [2], \"datatype\": \"BYTES\","
                + " \"data\": [\"hello\", \"hello hello\"]}]}"))))
        .hasMessageContaining("vectors of different lengths, which are no tensor");
  }

  @Test
  void tokensMayBeOf32Bits() {
    LeasedModel model = load(tokensAsOutput(OnnxFile.INT32));

    Response response = model.invoke(Request.json("{\"inputs\": \"hello\"}"));

    assertThat(response.text()).isEqualTo("[[101.0,7592.0,102.0]]");
  }

  @Test
  void aLongTextIsCutOffWhereTheTokenizerSays() throws IOException {
    LeasedModel model = load(tokensAsOutput(OnnxFile.INT64));

    Response response =
        model.invoke(Request.json("{\"inputs\": \"" + "hello ".repeat(1000) + "\"}"));

    assertThat(JSON.readTree(response.body()).get(0)).hasSize(128);
  }

  @ParameterizedTest
  @CsvSource({"null, 512", "600, 600", "7, 7"})
  void aTokenizerWithoutALimitIsCutOffAt512(String limit, int expected) throws IOException {
    Models.write(folder, "model.onnx", tokensAsOutput(OnnxFile.INT64));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        tokenizer()
            .replaceFirst(
                "\"truncation\":\\s*\\{[^}]*\\}",
                limit.equals("null")
                    ? "\"truncation\": null"
                    : "\"truncation\": {\"direction\": \"Right\", \"max_length\": " + limit
                        + ", \"strategy\": \"LongestFirst\", \"stride\": 0}"));
    LeasedModel model = ENGINE.load(ModelArtifact.of(folder));

    Response response =
        model.invoke(Request.json("{\"inputs\": \"" + "hello ".repeat(1000) + "\"}"));

    assertThat(JSON.readTree(response.body()).get(0)).hasSize(expected);
  }

  @Test
  void aModelOfTokensWithoutATokenizerSaysHowToGiveItOne() {
    LeasedModel model =
        ENGINE.load(Models.write(folder, "model.onnx", tokensAsOutput(OnnxFile.INT64)));

    assertThat(catchThrowable(() -> model.invoke(Request.json("{\"inputs\": \"hello\"}"))))
        .hasMessage(
            "Request: inputs must be tensors, because this model has no tokenizer: put its tokenizer.json beside it,"
                + " or name it in the artifact's label 'tokenizer', to send texts");
  }

  @Test
  void aTokenizerThatIsNoneFailsTheLoad() throws IOException {
    ModelArtifact artifact = Models.write(folder, "model.onnx", tokensAsOutput(OnnxFile.INT64));
    for (String text : List.of("[]", "{", "{\"version\": \"1.0\"}")) {
      Files.writeString(folder.resolve("tokenizer.json"), text);

      ServingException e =
          catchThrowableOfType(ServingException.class, () -> ENGINE.load(artifact));

      assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(e)
          .hasMessageStartingWith("'" + folder.resolve("tokenizer.json") + "' (" + text.length()
              + " bytes) is no tokenizer that can be read")
          .hasMessageEndingWith("it has to be a tokenizer.json of Hugging Face's tokenizers.");
    }
  }

  @Test
  void aModelThatTakesMoreThanTokensTakesNoTexts() {
    LeasedModel model = load(new OnnxFile()
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .input("pixel_values", OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.INT64, -1, -1)
        .node("Identity", List.of("input_ids"), List.of("y")));

    assertThat(catchThrowable(() -> model.invoke(Request.json("{\"inputs\": \"hello\"}"))))
        .hasMessageContaining("this model takes more than texts, input_ids, pixel_values");
  }

  @Test
  void aModelThatAnswersForEachTokenTakesNoTexts() {
    LeasedModel model = load(new OnnxFile()
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .output("logits", OnnxFile.INT64, -1, -1, 1)
        .node("Unsqueeze", List.of("input_ids", "input_ids"), List.of("logits")));

    assertThat(catchThrowable(() -> model.invoke(Request.json("{\"inputs\": \"hello\"}"))))
        .hasMessageContaining("this model answers for each token, not for a text");
  }

  @Test
  void djlsSettingsAreAsTheyWereAfterwards() {
    load(tokensAsOutput(OnnxFile.INT64));

    assertThat(System.getProperties().stringPropertyNames())
        .doesNotContain("OPT_OUT_TRACKING", "RUST_FLAVOR", "ENGINE_CACHE_DIR");
  }

  /** A model that gives the tokens that it gets. */
  private static OnnxFile tokensAsOutput(int type) {
    return new OnnxFile()
        .input("input_ids", type, -1, -1)
        .output("y", OnnxFile.FLOAT, -1, -1)
        .node("Cast", List.of("input_ids"), List.of("y"), OnnxFile.attribute("to", OnnxFile.FLOAT));
  }

  private LeasedModel load(OnnxFile model) {
    return ENGINE.load(Models.write(folder, "model.onnx", model)
        .withMetadata(ModelMetadata.NONE.withLabels(Map.of("tokenizer", TOKENIZER))));
  }

  private static String tokenizer() throws IOException {
    try (InputStream in =
        TextInputTest.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json")) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  private static float[] embed(String text) throws IOException {
    return embedAll(text)[0];
  }

  private static float[][] embedAll(String... texts) throws IOException {
    String request = JSON.writeValueAsString(Map.of("inputs", texts));
    return JSON.readValue(minilm.invoke(Request.json(request)).body(), float[][].class);
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresOfA += (double) a[i] * a[i];
      squaresOfB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresOfA * squaresOfB);
  }
}
