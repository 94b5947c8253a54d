package io.fairlead.engine.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The instances of Vertex AI's and KServe's clients, for each kind of model, and the predictions that answer them. */
final class InstancesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Engine ENGINE = Models.engine();

  @TempDir
  Path folder;

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'instances': ['hello', 'world']}",
        "{'instances': ['hello', 'world'], 'parameters': null}",
        "{'instances': ['hello', 'world'], 'parameters': {}}",
        "{'instances': [{'inputs': 'hello'}, {'inputs': 'world'}]}",
        "{'instances': [{'content': 'hello'}, 'world']}",
        "{'instances': ['hello', {'text': 'world'}]}",
        "['hello', 'world']",
      })
  void textsAreAnsweredAsTextsOfInputsAre(String request) throws IOException {
    LeasedModel minilm = ENGINE.load(Models.MINILM);

    JsonNode answer = answer(minilm, request);

    assertThat(answer.fieldNames()).toIterable().containsExactly("predictions");
    assertThat(answer.path("predictions"))
        .isEqualTo(answer(minilm, "{'inputs': ['hello', 'world']}"));
  }

  @Test
  void aModelOfTextsTakesItsTokensByNameToo() throws IOException {
    LeasedModel minilm = ENGINE.load(Models.MINILM);
    String tokens = minilm.inputs().stream()
        .map(input -> "'" + input.name() + "': ["
            + (input.name().equals("input_ids") ? "101, 102" : "1, 1") + "]")
        .collect(Collectors.joining(", ", "{", "}"));

    JsonNode answer = answer(minilm, "{'instances': [" + tokens + ", " + tokens + "]}");

    assertThat(answer.path("predictions")).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {'instances': [7]}                       | instances must be texts, such as {"inputs": ["a text", "another"]}
      {'instances': ['a', 7]}                  | instances[1] must be a text, as the first is
      {'instances': ['a', ' ']}                | instances[1] must not be empty
      {'instances': ['a', {}]}                 | instances[1] must hold one text, as its member inputs
      {'instances': [{'inputs': 'a', 'text': 'b'}]} | instances[0] must hold one text, as its member inputs
      {'instances': [{'inputs': 7}]}           | instances[0].inputs must be a text
      {'instances': [{'inputs': 'a'}, {'inputs': 7}]} | instances[1].inputs must be a text
      {'instances': ['\\ud83d']}               | instances[0] must hold whole characters, and no half of one (a surrogate without the other)
      {'instances': [{'content': 'a', 'task_type': [1]}]} | instances[0].task_type must not be present: an instance is one text
      {'instances': 'hello'}                   | instances must be an array, such as {"inputs": ["a text", "another"]}
      {'inputs': 'hello', 'parameters': {'x': 1}} | parameters.x must not be present: this model has no parameters
      {'inputs': 5}                            | inputs must be an array of tensors, a text, or an array of texts, such as {"inputs": ["a text", "another"]}
      {'inptus': 'a'}                          | inputs must be present, or instances, and not both, which none of inptus is, such as {"inputs": ["a text", "another"]}
      {}                                       | inputs must be present, or instances, and not both, such as {"inputs": ["a text", "another"]}
      ''                                       | body must be a JSON object, such as {"inputs": ["a text", "another"]}
      """)
  void aWrongRequestToAModelOfTextsIsRefusedWithWhatItTakes(String request, String message) {
    assertThat(message(ENGINE.load(Models.MINILM), request.equals("''") ? "" : request))
        .isEqualTo("Request: " + message);
  }

  @Test
  void severalInputsTakeObjectsWithAValueForEach() throws IOException {
    LeasedModel model = sum();

    JsonNode answer = answer(
        model,
        "{'instances': [{'a': [1, 2], 'b': 10}, {'b': 20.5, 'a': [ 3 , 4e0 ]}], 'parameters': null}");

    assertThat(answer).isEqualTo(json("{'predictions': [[11.0, 12.0], [23.5, 24.5]]}"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {'instances': [{'a': [1, 2], 'b': 1}, {'a': [1, 2]}]}            | instances[1] must hold a value for b
      {'instances': [{'a': [1, 2], 'b': 1, 'c': 3}]}                   | instances[0].c must not be present: the inputs are a, b
      {'instances': [{'a': [1, 2], 'b': 1, 'b': 2}]}                   | instances[0] must hold each field once (got "b")
      {'instances': [{'a': [1, 2], 'b': 1}, [3]]}                      | instances[1] must be an object with a value for each of a, b
      {'instances': [{'a': [1, 2], 'b': 'x'}]}                         | instances[*].b must hold numbers that fit in FP32
      {'instances': [{'a': [1, 2, 3], 'b': 1}]}                        | instances[*].a must be of shape [-1, 2], where -1 is any length (got [1, 3])
      {'instances': [{'a': [1, 2], 'b': 1}, {'a': [1], 'b': 1}]}       | instances[*].a must be nested evenly
      {'instances': [[1, 2, 3]]}                                       | instances must be objects with a value for each of a, b
      {'instances': [{}]}                                              | instances[0] must hold a value for a, b
      """)
  void wrongObjectsAreRefused(String request, String problem) {
    assertThat(message(sum(), request)).contains(problem);
  }

  @Test
  void theOnlyInputMayBeNamed() throws IOException {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));

    assertThat(answer(iris, "{'instances': [{'X': [5.1, 3.5, 1.4, 0.2]}]}"))
        .isEqualTo(answer(iris, "{'instances': [[5.1, 3.5, 1.4, 0.2]]}"));
    assertThat(answer(iris, "[[5.1, 3.5, 1.4, 0.2]]"))
        .isEqualTo(answer(iris, "{'instances': [[5.1, 3.5, 1.4, 0.2]]}"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      ['a', 'gr\u00fc\u00df dich, \ud83d\ude00']     | [['a'], ['gr\u00fc\u00df dich, \ud83d\ude00']]
      [['a'], ['b']]     | [['a'], ['b']]
      [{'x': 'a'}]       | [['a']]
      [{'x': ['\\u0041']}]     | [['A']]
      """)
  void aColumnTakesValuesAndRowsOfOne(String instances, String predictions) throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.STRING, -1, 1)
        .output("y", OnnxFile.STRING, -1, 1)
        .node("Identity", List.of("x"), List.of("y")));

    assertThat(answer(model, "{'instances': " + instances + "}"))
        .isEqualTo(json("{'predictions': " + predictions + "}"));
  }

  @Test
  void truthValuesAreRowsToo() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.BOOL, -1, 2)
        .output("y", OnnxFile.BOOL, -1, 2)
        .node("Identity", List.of("x"), List.of("y")));

    assertThat(answer(model, "{'instances': [[true, false]]}"))
        .isEqualTo(json("{'predictions': [[true, false]]}"));
    assertThat(message(model, "{}")).contains("such as {\"instances\": [[false, false]]}");
  }

  @Test
  void manyObjectsAreReadInTimeThatIsInProportion() throws IOException {
    String request =
        "{'instances': [" + "{'a':[1,2],'b':3},".repeat(100_000) + "{'a':[1,2],'b':3}]}";

    assertThat(answer(sum(), request).path("predictions")).hasSize(100_001);
  }

  /** Adds b, a column, to each of the two elements of a. */
  private LeasedModel sum() {
    return load(new OnnxFile()
        .input("a", OnnxFile.FLOAT, -1, 2)
        .input("b", OnnxFile.FLOAT, -1, 1)
        .output("y", OnnxFile.FLOAT, -1, 2)
        .node("Add", List.of("a", "b"), List.of("y")));
  }

  private LeasedModel load(OnnxFile model) {
    return ENGINE.load(Models.write(folder, "model.onnx", model));
  }

  private static JsonNode answer(LeasedModel model, String request) throws IOException {
    return JSON.readTree(model.invoke(Request.json(request.replace('\'', '"'))).body());
  }

  private static String message(LeasedModel model, String request) {
    return catchThrowableOfType(
            InvalidValueException.class,
            () -> model.invoke(Request.json(request.replace('\'', '"'))))
        .getMessage();
  }

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text.replace('\'', '"'));
  }
}
