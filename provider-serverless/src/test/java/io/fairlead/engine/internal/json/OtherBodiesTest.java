package io.fairlead.engine.internal.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.TruncatedTexts;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bodies that clients of other embedding and rerank servers send. */
final class OtherBodiesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Engine ENGINE = Models.engine();
  private static final String IDENTITY =
      "{\"sentence_transformers\": {\"activation_fn\": \"torch.nn.modules.linear.Identity\"}}";

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

  // OpenAI's embeddings. "a short one" is 5 tokens of MiniLM, with [CLS] and [SEP], "another" 3.

  @Test
  void embeddingsAreTheVectorsOfInputs() throws IOException {
    float[][] vectors = JSON.readValue(
        minilm
            .invoke(Request.json("{\"inputs\": [\"a short one\", \"another\"]}"))
            .body(),
        float[][].class);

    JsonNode answer = answer(
        minilm,
        "{'model': 'text-embedding-3-small', 'input': ['a short one', 'another'], 'user': 'u', 'dimensions': 384,"
            + " 'encoding_format': 'float'}");

    assertThat(names(answer)).containsExactly("object", "data", "model", "usage");
    assertThat(answer.path("object").asText()).isEqualTo("list");
    assertThat(answer.path("model").asText()).isEqualTo("text-embedding-3-small");
    assertThat(answer.path("usage")).isEqualTo(json("{'prompt_tokens': 8, 'total_tokens': 8}"));
    assertThat(answer.path("data")).hasSize(2);
    for (int i = 0; i < 2; i++) {
      JsonNode entry = answer.path("data").get(i);
      assertThat(names(entry)).containsExactly("object", "index", "embedding");
      assertThat(entry.path("object").asText()).isEqualTo("embedding");
      assertThat(entry.path("index").asInt()).isEqualTo(i);
      assertThat(JSON.treeToValue(entry.path("embedding"), float[].class)).isEqualTo(vectors[i]);
    }
  }

  @Test
  void inBase64TheyAreLittleEndianFloats() throws IOException {
    float[] vector = JSON.treeToValue(
        answer(minilm, "{'input': 'another'}").path("data").get(0).path("embedding"),
        float[].class);

    JsonNode data =
        answer(minilm, "{'encoding_format': 'base64', 'input': 'another'}").path("data");

    ByteBuffer bytes =
        ByteBuffer.wrap(data.get(0).path("embedding").binaryValue()).order(ByteOrder.LITTLE_ENDIAN);
    float[] decoded = new float[384];
    bytes.asFloatBuffer().get(decoded);
    assertThat(bytes.remaining()).isEqualTo(4 * 384);
    assertThat(decoded).isEqualTo(vector);
  }

  @Test
  void withoutANameTheModelHasItsOwn() throws IOException {
    JsonNode answer =
        answer(minilm, "{'input': 'another', 'model': null, 'dimensions': null, 'user': null}");

    assertThat(answer.path("model").asText()).isEqualTo("all-minilm-l6-v2-q");
    assertThat(answer.path("usage").path("prompt_tokens").asInt()).isEqualTo(3);
  }

  @Test
  void membersOfOtherBodiesAreNamedAsIgnored() {
    Response response = minilm.invoke(
        request(
            "{'input': 'a', 'priority': 1, 'query': [1, 2], 'top_n': 'x', 'parameters': {'a': 1}, 'model': 'm'}"));

    assertThat(response.find(IgnoredParameters.class))
        .hasValueSatisfying(ignored -> assertThat(ignored.names())
            .containsExactlyInAnyOrder("priority", "query", "top_n", "parameters"));
    assertThat(minilm.invoke(request("{'input': 'a', 'user': 'u'}")).find(IgnoredParameters.class))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {'input': ''}                        | input must not be empty
      {'input': []}                        | input must not be empty
      {'input': ['a', ' ']}                | input[1] must not be empty
      {'input': ['a', 5]}                  | input must be texts, not token ids, which another tokenizer than this model's may have made: send the texts
      {'input': [101, 102]}                | input must be texts, not token ids, which another tokenizer than this model's may have made: send the texts
      {'input': [[101], [102]]}            | input must be texts, not token ids, which another tokenizer than this model's may have made: send the texts
      {'input': [null, 1.5, {'text': ''}]} | input[0] must be a text; input[1] must be a text; input[2] must be a text
      {'input': 5}                         | input must be a text or an array of texts
      {'input': {'text': 'a'}}             | input must be a text or an array of texts
      {'input': ['\\ud800']}               | input[0] must hold whole characters, and no half of one (a surrogate without the other)
      {'input': 'a', 'dimensions': 256}    | dimensions must be the length of this model's vectors, 384, which are not shortened here (got 256)
      {'input': 'a', 'dimensions': 0}      | dimensions must be a whole number of 1 or more (got 0)
      {'input': 'a', 'dimensions': '384'}  | dimensions must be a whole number of 1 or more (got "no number")
      {'input': 'a', 'encoding_format': 'int8'} | encoding_format must be float or base64 (got "int8")
      {'input': 'a', 'encoding_format': 1} | encoding_format must be a string
      {'input': 'a', 'model': 1}           | model must be a string
      {'input': 'a', 'input': 'b'}         | body must hold each field once (got "input")
      """)
  void wrongEmbeddingsRequestsAreRefused(String body, String problem) {
    assertThat(catchThrowable(() -> minilm.invoke(request(body))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: " + problem);
  }

  @Test
  void ofAVectorOfUnknownLengthTheDimensionsAreComparedAfterTheRun() throws IOException {
    LeasedModel model = load(tokens("y"), Map.of(), Map.of());

    assertThat(catchThrowable(() -> model.invoke(request("{'input': 'hello', 'dimensions': 4}"))))
        .hasMessageStartingWith(
            "Request: dimensions must be the length of this model's vectors, 3");
    assertThat(answer(model, "{'input': 'hello', 'dimensions': 3}")
            .path("data")
            .get(0)
            .path("embedding"))
        .isEqualTo(json("[101.0, 7592.0, 102.0]"));
  }

  @Test
  void theOwnFormsIgnoreTheseMembersAsBefore() throws IOException {
    assertThat(answer(
            minilm,
            "{'input': 5, 'query': 5, 'texts': [5], 'dimensions': 'x', 'inputs': ['another']}"))
        .hasSize(1);
    assertThat(catchThrowable(() -> minilm.invoke(request("{'texts': ['a']}"))))
        .hasMessageContaining(
            "inputs must be present, or instances, and not both, which none of texts is");
  }

  @Test
  void scoresOfClassesAreNoEmbedding() throws IOException {
    LeasedModel classifier = load(tokens("logits"), Map.of(), Map.of());

    assertThat(answer(classifier, "{'inputs': 'hello'}"))
        .isEqualTo(json("[[101.0, 7592.0, 102.0]]"));
    assertThat(catchThrowable(() -> classifier.invoke(request("{'input': 'hello'}"))))
        .hasMessage(
            "Request: input must not be present: this model answers with scores, which are no embedding: send the texts as"
                + " inputs");
  }

  @Test
  void aModelWithoutATokenizerSaysSo() {
    LeasedModel model = ENGINE.load(Models.write(folder, "model.onnx", tokens("y")));

    assertThat(catchThrowable(() -> model.invoke(request("{'input': 'hello'}"))))
        .hasMessageContaining("inputs must be tensors, because this model has no tokenizer");
    assertThat(catchThrowable(() -> model.invoke(request("{'query': 'hello', 'texts': ['a']}"))))
        .hasMessageContaining("inputs must be tensors, because this model has no tokenizer");
  }

  // Rankings. The logit is the sum of the ids of the text's tokens and the last [SEP], which is
  // 102,
  // "hello" is 7592; or it is how many these are.

  @Test
  void textsAreRankedByThePairsOfTheTokenizer() throws IOException {
    LeasedModel model = load(sumOfIds(-1, 1), Map.of(), Map.of());

    JsonNode answer = answer(
        model, "{'query': 'hello', 'texts': ['hello', 'hello hello', 'a'], 'raw_scores': true}");

    assertThat(answer).isEqualTo(json("""
        [{'index': 1, 'score': 15286.0}, {'index': 0, 'score': 7694.0}, {'index': 2, 'score': 1139.0}]"""));
  }

  @Test
  void aScoreIsTheSigmoidAndTextsComeBackIfWanted() throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of(), Map.of());

    JsonNode answer = answer(
        model,
        "{'texts': ['hello', 'a man eats'], 'query': 'hello', 'return_text': true, 'truncate': true}");

    assertThat(answer.get(0).path("index").asInt()).isEqualTo(1);
    assertThat(answer.get(0).path("text").asText()).isEqualTo("a man eats");
    assertThat(answer.get(0).path("score").asDouble())
        .isEqualTo(1 / (1 + Math.exp(-4)), within(1e-6));
    assertThat(answer.get(1).path("score").asDouble())
        .isEqualTo(1 / (1 + Math.exp(-2)), within(1e-6));
    assertThat(model.text())
        .contains(new TextDescription("model", "model", false, 128, "", "sigmoid"));
  }

  @Test
  void scoresThatAreAllOneAreStillInOrder() throws IOException {
    LeasedModel model = load(sumOfIds(-1, 1), Map.of(), Map.of());

    JsonNode answer =
        answer(model, "{'query': 'hello', 'texts': ['a', 'hello', 'a', 'hello hello']}");

    assertThat(answer.findValues("score")).containsOnly(JSON.readTree("1.0"));
    assertThat(indices(answer)).containsExactly(3, 1, 0, 2);
  }

  @Test
  void documentsAreRankedAsCohereAndVllmDo() throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of(), Map.of());

    JsonNode answer = answer(
        model,
        "{'model': 'rerank-v3.5', 'query': 'hello', 'documents': ['hello', {'text': 'a man eats'}, 'a man'],"
            + " 'top_n': 2, 'return_documents': true, 'max_tokens_per_doc': 4096}");

    assertThat(names(answer)).containsExactly("model", "results", "usage");
    assertThat(answer.path("model").asText()).isEqualTo("rerank-v3.5");
    assertThat(answer.path("usage")).isEqualTo(json("{'total_tokens': 18}"));
    assertThat(indices(answer.path("results"))).containsExactly(1, 2);
    assertThat(answer.path("results").get(0).path("document"))
        .isEqualTo(json("{'text': 'a man eats'}"));
    assertThat(answer.path("results").get(0).path("relevance_score").asDouble())
        .isEqualTo(1 / (1 + Math.exp(-4)), within(1e-6));
    assertThat(names(answer(model, "{'query': 'a', 'documents': ['b'], 'top_n': 0}")
            .path("results")
            .get(0)))
        .containsExactly("index", "relevance_score");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
      {'query': '', 'texts': ['a']}                       | query must not be empty
      {'query': ['a'], 'texts': ['a']}                    | query must be a string
      {'query': 'a', 'texts': []}                         | texts must not be empty
      {'query': 'a', 'texts': 'a'}                        | texts must be an array of texts
      {'query': 'a', 'texts': {'a': 1}}                   | texts must be an array of texts
      {'query': 'a', 'texts': ['a', '', {'text': 'a'}]}   | texts[1] must not be empty; texts[2] must be a text
      {'query': 'a', 'texts': ['a'], 'documents': ['a']}  | texts must not be present beside documents
      {'query': 'a', 'texts': ['a'], 'raw_scores': 1}     | raw_scores must be true or false
      {'query': 'a', 'texts': ['a'], 'truncation_direction': 'Left'} | truncation_direction must be right: only the end of a text is cut off here (got "Left")
      {'query': 'a', 'documents': [{'text': 'a', 'id': 1}]} | documents[0].id must not be present: a document is one text
      {'query': 'a', 'documents': [{'title': 'a'}]}       | documents[0].title must not be present: a document is one text; documents[0] must hold one text, as its member text
      {'query': 'a', 'documents': ['a'], 'top_n': -1}     | top_n must be a whole number of 0 or more (got -1)
      """)
  void wrongRankingsAreRefused(String body, String problem) throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of(), Map.of());

    assertThat(catchThrowable(() -> model.invoke(request(body))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: " + problem);
  }

  @Test
  void anEmbedderRanksNothing() {
    for (String body :
        List.of("{'query': 'a', 'texts': ['b']}", "{'query': 'a', 'documents': ['b']}")) {
      assertThat(catchThrowable(() -> minilm.invoke(request(body))))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage(
              "Request: query must not be present: this model does not answer with one score for a pair of texts: send each"
                  + " text as inputs instead, and compare the answers");
    }
  }

  @Test
  void aCrossEncoderOfSentenceTransformersTakesNoSingleTexts() throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of("config.json", IDENTITY), Map.of());

    for (String body :
        List.of("{'inputs': 'a'}", "{'input': 'a'}", "{'instances': ['a']}", "['a']")) {
      assertThat(catchThrowable(() -> model.invoke(request(body))))
          .as(body)
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("this model scores pairs of texts")
          .hasMessageContaining(
              "{\"query\": \"a question\", \"texts\": [\"a text\", \"another\"]}");
    }
  }

  /** It may be a regression, such as of a text's quality. */
  @Test
  void anyOtherModelWithOneLogitDoes() throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of("config.json", "{}"), Map.of());

    assertThat(answer(model, "{'inputs': 'hello'}")).isEqualTo(json("[[0.0]]"));
    assertThat(catchThrowable(() -> model.invoke(request("{'input': 'hello'}"))))
        .hasMessageEndingWith("send the texts as inputs, or a query and texts");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}    | 2.0
      {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}} | 0.880797
      {"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}        | 2.0
      {"sbert_ce_default_activation_function": null}                                      | 0.880797
      {"id2label": {"0": "LABEL_0"}}                                                      | 0.880797
      """)
  void theActivationIsThatOfTheFile(String config, double score) throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of("config.json", config), Map.of());

    JsonNode answer = answer(model, "{'query': 'hello', 'texts': ['hello']}");

    assertThat(answer.get(0).path("score").asDouble()).isEqualTo(score, within(1e-6));
  }

  @Test
  void anotherActivationIsRefusedUnlessALabelNamesOne() throws IOException {
    Map<String, String> files = Map.of(
        "config.json",
        "{\"sbert_ce_default_activation_function\": \"torch.nn.modules.activation.Tanh\"}");

    ServingException e =
        catchThrowableOfType(ServingException.class, () -> load(count(-1, 1), files, Map.of()));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining("asks for the activation 'torch.nn.modules.activation.Tanh'")
        .hasMessageContaining("set the label 'activation' to sigmoid or identity");
    LeasedModel model = load(count(-1, 1), files, Map.of("activation", "identity"));
    assertThat(
            answer(model, "{'query': 'a', 'texts': ['a']}").get(0).path("score").asDouble())
        .isEqualTo(2);
    assertThat(catchThrowable(() -> load(count(-1, 1), files, Map.of("activation", "tanh"))))
        .hasMessageContaining("The label 'activation' is 'tanh': write sigmoid or identity");
    assertThat(catchThrowable(() -> load(tokens("y"), Map.of(), Map.of("activation", "sigmoid"))))
        .hasMessageContaining("The label 'activation' is for a cross-encoder");
  }

  /** An exporter may leave the number of labels open. */
  @Test
  void oneLabelInTheFileMakesACrossEncoder() throws IOException {
    String one = "{\"id2label\": {\"0\": \"LABEL_0\"}}";
    String two = "{\"id2label\": {\"0\": \"no\", \"1\": \"yes\"}}";

    LeasedModel scores = load(tokens("logits"), Map.of("config.json", one), Map.of());
    LeasedModel classifier = load(tokens("logits"), Map.of("config.json", two), Map.of());

    assertThat(catchThrowable(() -> scores.invoke(request("{'query': 'a', 'texts': ['b']}"))))
        .hasMessageContaining("returned no score for a pair of texts, but 5 elements of FP32");
    assertThat(catchThrowable(() -> classifier.invoke(request("{'query': 'a', 'texts': ['b']}"))))
        .hasMessageContaining("does not answer with one score");
  }

  @Test
  void aPromptIsNotForPairs() throws IOException {
    LeasedModel model = load(
        count(-1, 1),
        Map.of(
            "config_sentence_transformers.json",
            "{\"prompts\": {\"query\": \"q: \"}, \"default_prompt_name\": \"query\"}"),
        Map.of());

    assertThat(catchThrowable(() -> model.invoke(request("{'query': 'a', 'texts': ['b']}"))))
        .hasMessageContaining("this model has a prompt, which is for single texts");
  }

  @Test
  void aModelThatAnswersWithNoNumberFails() throws IOException {
    LeasedModel model = load(
        graph()
            .output("logits", OnnxFile.FLOAT, -1, 1)
            .node("Log", List.of("negative"), List.of("logarithm"))
            .node("ReduceMax", List.of("logarithm"), List.of("logits"), axes(), keep())
            .node("Neg", List.of("ids"), List.of("negative")),
        Map.of(),
        Map.of());

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> model.invoke(request("{'query': 'a', 'texts': ['b']}")));

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(e).hasMessageContaining("returned no score for a pair of texts, but NaN");
  }

  // Texts that are cut off.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'inputs': ['LONG', 'hello', 'LONG']}",
        "{'input': ['LONG', 'hello', 'LONG']}",
        "{'instances': ['LONG', {'text': 'hello'}, 'LONG']}",
        "['LONG', 'hello', 'LONG']",
        "{'inputs': [{'name': 't', 'shape': [3], 'datatype': 'BYTES', 'data': ['LONG', 'hello', 'LONG']}]}",
      })
  void whichTextsWereCutOffIsTold(String body) {
    String text = "hello ".repeat(130).strip();

    Response response = minilm.invoke(request(body.replace("LONG", text)));

    assertThat(response.find(TruncatedTexts.class))
        .contains(new TruncatedTexts(List.of(0, 2), 2 * (130 + 2 - 128)));
    assertThat(minilm
            .invoke(request(body.replace("LONG", "hello ".repeat(126).strip())))
            .find(TruncatedTexts.class))
        .isEmpty();
  }

  @Test
  void rowsOfCsvAreToldToo() {
    Response response =
        minilm.invoke(Request.of(("hello\n" + "hello ".repeat(127)).getBytes(UTF_8), "text/csv"));

    assertThat(response.find(TruncatedTexts.class)).contains(new TruncatedTexts(List.of(1), 1));
  }

  @Test
  void ofALongTextTheTokensAreAtLeastThoseThatWereRead() {
    Response response = minilm.invoke(request("{'input': '" + "hello ".repeat(100_000) + "'}"));

    assertThat(response.find(TruncatedTexts.class))
        .hasValueSatisfying(it -> assertThat(it.tokens()).isBetween(16L, 100_000L - 126));
  }

  /** 8 tokens are 5 of both texts with [CLS] and twice [SEP]. */
  @ParameterizedTest
  @CsvSource({"LongestFirst, 4, 8", "OnlySecond, 3, 8"})
  void aPairIsCutOffAsTheTokenizerSays(String strategy, double rest, int leftOut)
      throws IOException {
    LeasedModel model = load(
        count(-1, 1),
        Map.of("tokenizer.json", tokenizer(strategy), "config.json", IDENTITY),
        Map.of("max-tokens", "8"));

    Response response = model.invoke(
        request(
            "{'query': 'a b c', 'documents': ['x', 'hello hello hello hello hello hello hello hello hello hello']}"));

    JsonNode answer = JSON.readTree(response.body());
    assertThat(indices(answer.path("results"))).containsExactly(1, 0);
    assertThat(answer.path("results").get(0).path("relevance_score").asDouble()).isEqualTo(rest);
    assertThat(answer.path("usage").path("total_tokens").asInt()).isEqualTo(7 + 8);
    assertThat(response.find(TruncatedTexts.class))
        .contains(new TruncatedTexts(List.of(1), leftOut));
  }

  @Test
  void aQueryThatLeavesNoRoomIsRefusedIfOnlyTheTextIsCutOff() throws IOException {
    LeasedModel model = load(
        count(-1, 1), Map.of("tokenizer.json", tokenizer("OnlySecond")), Map.of("max-tokens", "8"));

    ServingException e = catchThrowableOfType(
        ServingException.class,
        () -> model.invoke(request("{'query': 'a b c d e f', 'texts': ['a b']}")));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining("A pair of texts cannot be cut off to 8 tokens")
        .hasMessageContaining("\"LongestFirst\"");
  }

  @Test
  void withoutTruncateALongTextIsRefused() throws IOException {
    LeasedModel model = load(count(-1, 1), Map.of(), Map.of("max-tokens", "8"));
    String body = "{'query': 'a', 'texts': ['b', 'a b c d e f'], 'truncate': ";

    assertThat(catchThrowable(() -> model.invoke(request(body + "false}"))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "Request: texts[1] must have at most the 8 tokens that the model sees, together with the query, unless truncate"
                + " is true (got 10)");
    assertThat(model.invoke(request(body + "null}")).find(TruncatedTexts.class))
        .contains(new TruncatedTexts(List.of(1), 2));
  }

  @Test
  void aLongDocumentIsAsItsStart() throws IOException {
    LeasedModel model = load(sumOfIds(-1, 1), Map.of(), Map.of());
    String request = "{'raw_scores': true, 'query': 'who eats', 'texts': ['TEXT']}";
    String words = "the quick brown fox jumps over the lazy dog and ";

    JsonNode start = answer(model, request.replace("TEXT", words.repeat(20)));
    JsonNode whole = answer(model, request.replace("TEXT", words.repeat(100_000)));

    assertThat(whole).isEqualTo(start);
  }

  /** A cross-encoder's graph, without its end. */
  private static OnnxFile graph() {
    return new OnnxFile()
        .opset(11)
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .input("token_type_ids", OnnxFile.INT64, -1, -1)
        .node("Cast", List.of("input_ids"), List.of("ids"), toFloat())
        .node("Cast", List.of("token_type_ids"), List.of("types"), toFloat());
  }

  private static OnnxFile sumOfIds(long... shape) {
    return graph()
        .output("logits", OnnxFile.FLOAT, shape)
        .node("Mul", List.of("ids", "types"), List.of("seen"))
        .node("ReduceSum", List.of("seen"), List.of("logits"), axes(), keep());
  }

  private static OnnxFile count(long... shape) {
    return graph()
        .output("logits", OnnxFile.FLOAT, shape)
        .node("ReduceSum", List.of("types"), List.of("logits"), axes(), keep());
  }

  /** A model that answers with the tokens that it gets. */
  private static OnnxFile tokens(String output) {
    return new OnnxFile()
        .input("input_ids", OnnxFile.INT64, -1, -1)
        .output(output, OnnxFile.FLOAT, -1, -1)
        .node("Cast", List.of("input_ids"), List.of(output), toFloat());
  }

  private static OnnxFile.Message toFloat() {
    return OnnxFile.attribute("to", OnnxFile.FLOAT);
  }

  private static OnnxFile.Message axes() {
    return OnnxFile.attribute("axes", new long[] {1});
  }

  private static OnnxFile.Message keep() {
    return OnnxFile.attribute("keepdims", 1);
  }

  private LeasedModel load(OnnxFile model, Map<String, String> files, Map<String, String> labels)
      throws IOException {
    ModelArtifact artifact = Models.write(folder, "model.onnx", model);
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue());
    }
    Map<String, String> all = new HashMap<>(labels);
    if (!files.containsKey("tokenizer.json")) {
      all.put("tokenizer", "classpath:all-minilm-l6-v2-q-tokenizer.json");
    }
    return ENGINE.load(artifact.withMetadata(ModelMetadata.NONE.withLabels(all)));
  }

  private static String tokenizer(String strategy) throws IOException {
    try (InputStream in =
        OtherBodiesTest.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json")) {
      return new String(in.readAllBytes(), UTF_8)
          .replaceFirst("\"strategy\": \"LongestFirst\"", "\"strategy\": \"" + strategy + "\"");
    }
  }

  private static Request request(String body) {
    return Request.json(body.replace('\'', '"'));
  }

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text.replace('\'', '"'));
  }

  private static JsonNode answer(LeasedModel model, String body) throws IOException {
    return JSON.readTree(model.invoke(request(body)).body());
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static List<Integer> indices(JsonNode results) {
    List<Integer> indices = new ArrayList<>();
    results.forEach(result -> indices.add(result.path("index").asInt()));
    return indices;
  }
}
