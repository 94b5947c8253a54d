package io.fairlead.engine.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.withPrecision;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonModelTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Engine ENGINE = Models.engine();

  @TempDir
  Path folder;

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  // Tensors, in the form of the Open Inference Protocol.

  @Test
  void aClassifierAnswersAsScikitLearnDoes() throws IOException {
    JsonNode answer = answer(
        load("iris_lr.onnx"),
        tensors(
            "{'name': 'X', 'shape': [2, 4], 'datatype': 'FP32', 'data': [5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3]}"));

    assertThat(answer.path("model_name").asText()).isEqualTo("iris_lr");
    assertThat(answer.has("id")).isFalse();
    assertThat(answer.path("outputs").get(0))
        .isEqualTo(json("{'name': 'label', 'shape': [2], 'datatype': 'INT64', 'data': [0, 2]}"));
    JsonNode probabilities = answer.path("outputs").get(1);
    assertThat(probabilities.path("shape")).isEqualTo(json("[2, 3]"));
    assertThat(doubles(probabilities.path("data")))
        .containsExactly(
            new double[] {0.9846946, 0.0153052, 6.2e-8, 3.86e-5, 0.0389861, 0.9609754},
            withPrecision(1e-6));
  }

  @Test
  void aConvolutionalNetworkRecognisesADigit() throws IOException {
    String digit = Files.readString(Models.path("digit0.json"));

    JsonNode answer = answer(
        load("digits.onnx"),
        tensors("{'name': 'x', 'shape': [1, 1, 8, 8], 'datatype': 'FP32', 'data': " + digit + "}"));

    double[] logits = doubles(answer.path("outputs").get(0).path("data"));
    assertThat(logits).hasSize(10);
    assertThat(logits[0]).isEqualTo(Arrays.stream(logits).max().orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'name': 'X', 'shape': [2, 4], 'datatype': 'FP32', 'data': [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}",
        "{'data': [5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3], 'datatype': 'FP32', 'shape': [2, 4], 'name': 'X'}",
        "{'data': [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]], 'parameters': {}, 'name': 'X', 'shape': [2, 4],"
            + " 'datatype': 'FP32'}",
      })
  void dataMayBeNestedAndInAnyPlace(String tensor) throws IOException {
    JsonNode answer = answer(load("iris_lr.onnx"), tensors(tensor));

    assertThat(answer.path("outputs").get(0).path("data")).isEqualTo(json("[0, 2]"));
  }

  @Test
  void whatIsInsideOfAnEmptyArrayIsNotSeenButTheRestIs() {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT64)
        .output("y", OnnxFile.INT64)
        .node("Identity", List.of("x"), List.of("y")));

    assertThat(message(
            model, tensors("{'name': 'x', 'shape': [2, 0, 4], 'datatype': 'INT64', 'data': [[]]}")))
        .contains("inputs.x.data must be flat, or nested as its shape [2, 0, 4] (got [1, 0])");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [1.0, -2e0]        | [1, -2]
      [9007199254740992.0, 0.0] | [9007199254740992, 0]
      """)
  void wholeNumbersMayBeWrittenAsFractionsAre(String data, String answered) throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT64, 2)
        .output("y", OnnxFile.INT64, 2)
        .node("Identity", List.of("x"), List.of("y")));

    JsonNode answer = answer(
        model, tensors("{'name': 'x', 'shape': [2], 'datatype': 'INT64', 'data': " + data + "}"));

    assertThat(answer.path("outputs").get(0).path("data")).isEqualTo(json(answered));
    assertThat(message(
            model,
            tensors("{'name': 'x', 'shape': [2], 'datatype': 'INT64', 'data': [1e17, 1.5]}")))
        .contains("inputs.x.data must hold whole numbers");
  }

  @Test
  void parametersThatNothingUsesAreNamed() {
    String request = Models.IRIS_REQUEST
        .replaceFirst(
            "\\{", "{\"parameters\": {\"timeout\": 5, \"headers\": null, \"\u00fc\": 1}, ")
        .replace("\"datatype\"", "\"parameters\": {\"content_type\": \"np\"}, \"datatype\"");

    Response response = load("iris_lr.onnx").invoke(Request.json(request));

    assertThat(response.find(IgnoredParameters.class))
        .contains(new IgnoredParameters(List.of("content_type", "timeout", "?")));
    assertThat(load("iris_lr.onnx")
            .invoke(Request.json(Models.IRIS_REQUEST))
            .find(IgnoredParameters.class))
        .isEmpty();
  }

  @Test
  void theIdComesBack() throws IOException {
    String request = Models.IRIS_REQUEST.replaceFirst(
        "\\{", "{\"id\": \"\\\\u00fc-1\", \"parameters\": {\"a\": [1]}, ");

    assertThat(answer(load("iris_lr.onnx"), request).path("id").asText()).isEqualTo("\u00fc-1");
  }

  @Test
  void onlyTheOutputsThatWereAskedForComeInThatOrder() throws IOException {
    LeasedModel iris = load("iris_lr.onnx");
    String one =
        Models.IRIS_REQUEST.replaceFirst("\\{", "{\"outputs\": [{\"name\": \"probabilities\"}], ");
    String both = Models.IRIS_REQUEST.replaceFirst(
        "\\{",
        "{\"outputs\": [{\"name\": \"probabilities\", \"parameters\": {}}, {\"name\": \"label\"}], ");

    assertThat(names(answer(iris, one))).containsExactly("probabilities");
    assertThat(names(answer(iris, both))).containsExactly("probabilities", "label");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      BOOL  | [true, false]
      UINT8 | [0, 255]
      UINT16 | [0, 65535]
      UINT32 | [0, 4294967295]
      UINT64 | [0, 18446744073709551615]
      INT8  | [-128, 127]
      INT16 | [-32768, 32767]
      INT32 | [-2147483648, 2147483647]
      INT64 | [-9223372036854775808, 9223372036854775807]
      FP32  | [0.1, "NaN"]
      FP64  | [1e-300, "-Infinity"]
      BYTES | ["", "gr\u00fc\u00df \\u0022dich\\u0022"]
      """)
  void eachDatatypeGoesInAndComesOutAsItIs(Datatype datatype, String data) throws IOException {
    int type = switch (datatype) {
      case BOOL -> OnnxFile.BOOL;
      case UINT8 -> OnnxFile.UINT8;
      case UINT16 -> OnnxFile.UINT16;
      case UINT32 -> OnnxFile.UINT32;
      case UINT64 -> OnnxFile.UINT64;
      case INT8 -> OnnxFile.INT8;
      case INT16 -> OnnxFile.INT16;
      case INT32 -> OnnxFile.INT32;
      case INT64 -> OnnxFile.INT64;
      case FP16 -> OnnxFile.FLOAT16;
      case BF16 -> OnnxFile.BFLOAT16;
      case FP32 -> OnnxFile.FLOAT;
      case FP64 -> OnnxFile.DOUBLE;
      case BYTES -> OnnxFile.STRING;
    };
    LeasedModel model = load(new OnnxFile()
        .input("x", type, -1)
        .output("y", type, -1)
        .node("Identity", List.of("x"), List.of("y")));
    assertThat(model.inputs()).containsExactly(new TensorSpec("x", datatype, List.of(-1L)));

    JsonNode answer = answer(
        model,
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"" + datatype
            + "\", \"data\": " + data + "}]}");

    assertThat(answer.path("outputs").get(0))
        .isEqualTo(JSON.readTree("{\"name\": \"y\", \"shape\": [2], \"datatype\": \"" + datatype
            + "\", \"data\": " + data + "}"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [1, 3]       | [1, 2, 3]
      [3]          | [1, 2, 3]
      [0, 2]       | []
      [1, 0, 4]    | [[]]
      [2, 0, 4]    | [[], []]
      [1, 2, 0]    | [[[], []]]
      [3, 1, 1]    | [[[1]], [[2]], [[3]]]
      [2, 2]       | [[1, 2], [3, 4]]
      []           | [7]
      """)
  void aModelThatDoesNotSayItsShapeTakesAny(String shape, String data) throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT64)
        .output("y", OnnxFile.INT64)
        .node("Identity", List.of("x"), List.of("y")));

    JsonNode answer = answer(
        model,
        tensors(
            "{'name': 'x', 'shape': " + shape + ", 'datatype': 'INT64', 'data': " + data + "}"));

    assertThat(answer.path("outputs").get(0).path("shape")).isEqualTo(json(shape));
    assertThat(answer.path("outputs").get(0).path("data").toString().replaceAll("[\\[\\],]", ""))
        .isEqualTo(data.replaceAll("[\\[\\], ]", ""));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [1, 0, 4] | [[]]
      [2, 0, 4] | [[], []]
      [2, 0]    | [[], []]
      [1, 1, 0] | [[[]]]
      [0, 3]    | []
      """)
  void dataWithoutElementsIsNestedUpToTheLengthOfNothing(String shape, String data)
      throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT64)
        .output("y", OnnxFile.INT64)
        .node("Identity", List.of("x"), List.of("y")));

    JsonNode answer = answer(
        model,
        tensors(
            "{'name': 'x', 'shape': " + shape + ", 'datatype': 'INT64', 'data': " + data + "}"));

    assertThat(answer.path("outputs").get(0).path("shape")).isEqualTo(json(shape));
    assertThat(answer.path("outputs").get(0).path("data")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [1, 0, 4] | [[], []]
      [2, 0]    | [[]]
      [0, 4]    | [[]]
      [1, 4, 0] | [[]]
      """)
  void dataWithoutElementsThatIsNestedOtherwiseIsRefused(String shape, String data) {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT64)
        .output("y", OnnxFile.INT64)
        .node("Identity", List.of("x"), List.of("y")));

    assertThat(problems(
            model,
            tensors("{'name': 'x', 'shape': " + shape + ", 'datatype': 'INT64', 'data': " + data
                + "}")))
        .singleElement()
        .asString()
        .contains("must be flat, or nested as its shape");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      FP16 | 10 | [0.1, -65504, 6e-8]  | [0.0999755859375, -65504.0, 5.9604645E-8]
      FP16 | 10 | ["NaN", "Infinity", 0] | ["NaN", "Infinity", 0.0]
      BF16 | 16 | [0.1, 1e38, 3]       | [0.100097656, 9.969209968386869E37, 3.0]
      """)
  void halfPrecisionGoesInAndComesOutAsSingle(
      String datatype, int type, String data, String expected) throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", type, -1)
        .output("y", type, -1)
        .node("Identity", List.of("x"), List.of("y")));

    JsonNode answer = answer(
        model,
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [3], \"datatype\": \"" + datatype
            + "\", \"data\": " + data + "}]}");

    assertThat(answer.path("outputs").get(0).path("datatype").asText()).isEqualTo("FP32");
    JsonNode numbers = answer.path("outputs").get(0).path("data");
    JsonNode wanted = JSON.readTree(expected);
    for (int i = 0; i < 3; i++) {
      assertThat(Float.valueOf(numbers.get(i).asText()))
          .isEqualTo(Float.valueOf(wanted.get(i).asText()));
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      FP16   | 10 | 65520                | must hold numbers that fit in FP16, or
      BF16   | 16 | 3.4e38               | must hold numbers that fit in BF16, or
      UINT16 | 4  | 65536                | must hold whole numbers from 0 to 65535
      UINT16 | 4  | -1                   | must hold whole numbers from 0 to 65535
      UINT32 | 12 | 4294967296           | must hold whole numbers from 0 to 4294967295
      UINT64 | 13 | 18446744073709551616 | must hold whole numbers from 0 to 18446744073709551615
      UINT64 | 13 | -1                   | must hold whole numbers from 0 to 18446744073709551615
      UINT64 | 13 | 1.5                  | must hold whole numbers from 0 to 18446744073709551615
      """)
  void aNumberThatDoesNotFitIsRefused(String datatype, int type, String number, String rule) {
    LeasedModel model = load(new OnnxFile()
        .input("x", type, 1)
        .output("y", type, 1)
        .node("Identity", List.of("x"), List.of("y")));

    assertThat(problems(
            model,
            tensors("{'name': 'x', 'shape': [1], 'datatype': '" + datatype + "', 'data': [" + number
                + "]}")))
        .singleElement()
        .asString()
        .contains(rule);
  }

  @Test
  void halfPrecisionComesOutAsSingle() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .output("y", OnnxFile.FLOAT16, 2)
        .node("Cast", List.of("x"), List.of("y"), OnnxFile.attribute("to", OnnxFile.FLOAT16)));

    JsonNode answer = answer(
        model, tensors("{'name': 'x', 'shape': [2], 'datatype': 'FP32', 'data': [0.5, -2]}"));

    assertThat(answer.path("outputs").get(0))
        .isEqualTo(json("{'name': 'y', 'shape': [2], 'datatype': 'FP32', 'data': [0.5, -2.0]}"));
  }

  @Test
  void stringsInSeveralDimensionsComeOutFlat() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.STRING, 2, 2)
        .output("y", OnnxFile.STRING, 2, 2)
        .node("Identity", List.of("x"), List.of("y")));

    JsonNode answer = answer(
        model,
        tensors(
            "{'name': 'x', 'shape': [2, 2], 'datatype': 'BYTES', 'data': [['a', 'b'], ['c', 'd']]}"));

    assertThat(answer.path("outputs").get(0).path("data")).isEqualTo(json("['a', 'b', 'c', 'd']"));
  }

  @Test
  void listsOfMapsComeOutAsATableWithItsKeys() throws IOException {
    LeasedModel model = load(
        zipMap(OnnxFile.attribute("classlabels_int64s", new long[] {30, 10, 20}), OnnxFile.INT64));
    assertThat(model.outputs())
        .containsExactly(new TensorSpec("z", Datatype.FP32, List.of(-1L, -1L)));

    JsonNode answer = answer(
        model,
        tensors("{'name': 'x', 'shape': [2, 3], 'datatype': 'FP32', 'data': [3, 1, 2, 6, 4, 5]}"));

    assertThat(answer.path("outputs"))
        .isEqualTo(json(
            "[{'name': 'z', 'shape': [2, 3], 'datatype': 'FP32', 'data': [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]},"
                + " {'name': 'z.keys', 'shape': [3], 'datatype': 'INT64', 'data': [10, 20, 30]}]"));
  }

  @Test
  void listsOfMapsWithNamesHaveStringsAsKeys() throws IOException {
    LeasedModel model = load(
        zipMap(OnnxFile.attribute("classlabels_strings", List.of("b", "a", "c")), OnnxFile.STRING));

    JsonNode table = answer(
        model, tensors("{'name': 'x', 'shape': [1, 3], 'datatype': 'FP32', 'data': [2, 1, 3]}"));
    JsonNode rows = answer(model, "{\"instances\": [[2, 1, 3], [5, 4, 6]]}");

    assertThat(table.path("outputs").get(1).path("data")).isEqualTo(json("['a', 'b', 'c']"));
    assertThat(rows)
        .isEqualTo(json(
            "{'predictions': [{'a': 1.0, 'b': 2.0, 'c': 3.0}, {'a': 4.0, 'b': 5.0, 'c': 6.0}]}"));
  }

  @Test
  void anOutputThatIsNoTensorHasToBeLeftOut() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.FLOAT, 1)
        .output("y", OnnxFile.FLOAT, 1)
        .outputSequence("s", OnnxFile.FLOAT)
        .node("Identity", List.of("x"), List.of("y"))
        .node("SequenceConstruct", List.of("x"), List.of("s")));
    String request = tensors("{'name': 'x', 'shape': [1], 'datatype': 'FP32', 'data': [1]}");

    assertThat(problems(model, request))
        .containsExactly(
            "outputs must name which of y to answer with, for s is a sequence of tensors, which JSON has no form for");
    assertThat(answer(model, request.replaceFirst("\\{", "{\"outputs\": [{\"name\": \"y\"}], "))
            .path("outputs")
            .get(0)
            .path("data"))
        .isEqualTo(json("[1.0]"));
  }

  @Test
  void aModelWithoutAnOutputThatIsATensorDoesNotLoad() {
    OnnxFile model = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 1)
        .outputSequence("s", OnnxFile.FLOAT)
        .node("SequenceConstruct", List.of("x"), List.of("s"));

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(model));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining(
            "has no output that a response can carry ('s' is a sequence of tensors)");
  }

  @ParameterizedTest
  @CsvSource({"17, float8e4m3fn", "18, float8e4m3fnuz"})
  void aModelWithAnInputThatNoRequestCanCarryDoesNotLoad(int type, String name) {
    OnnxFile model = new OnnxFile()
        .opset(19)
        .input("x", type, 1)
        .output("y", OnnxFile.FLOAT, 1)
        .node("Cast", List.of("x"), List.of("y"), OnnxFile.attribute("to", OnnxFile.FLOAT));

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(model));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e).hasMessageContaining("takes a tensor of " + name + " as its input 'x'");
  }

  @Test
  void aModelWithAnOptionalInputDoesNotLoadAndSaysWhy() {
    OnnxFile model = new OnnxFile()
        .opset(18)
        .inputOptional("x", OnnxFile.FLOAT)
        .output("y", OnnxFile.BOOL)
        .node("OptionalHasElement", List.of("x"), List.of("y"));

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(model));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining(
            "has an input or output of a type that ONNX Runtime's Java API does not have, such as an"
                + " optional or sparse one")
        .hasMessageEndingWith("export it with tensors as inputs and outputs.");
  }

  @Test
  void aModelThatFailsInARunSaysWhy() {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .input("i", OnnxFile.INT64, 1)
        .output("y", OnnxFile.FLOAT, 1)
        .node("Gather", List.of("x", "i"), List.of("y")));
    String request = tensors("{'name': 'x', 'shape': [2], 'datatype': 'FP32', 'data': [1, 2]},"
        + " {'name': 'i', 'shape': [1], 'datatype': 'INT64', 'data': [9]}");

    ServingException e =
        catchThrowableOfType(ServingException.class, () -> model.invoke(Request.json(request)));

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(e)
        .hasMessageStartingWith("Model 'model' failed: ")
        .hasMessageContaining("Gather")
        .hasMessageContaining("idx=9");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {'name': 'Y', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}   | inputs[0].name must be one of X (got "Y")
      {'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}                | inputs[0].name must be present
      {'name': 7}                                                                | inputs[0].name must be a string
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP64', 'data': [1, 2, 3, 4]}   | inputs.X.datatype must be FP32 (got "FP64")
      {'name': 'X', 'shape': [1, 4], 'data': [1, 2, 3, 4]}                       | inputs.X.datatype must be FP32 (got "none")
      {'name': 'X', 'shape': [4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}      | inputs.X.shape must be [-1, 4], where -1 is any length (got [4])
      {'name': 'X', 'shape': [1, 5], 'datatype': 'FP32', 'data': [1, 2, 3, 4, 5]} | inputs.X.shape must be [-1, 4], where -1 is any length (got [1, 5])
      {'name': 'X', 'shape': [-1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}  | inputs.X.shape must be an array of numbers of 0 or more, as in FP32 of shape [-1, 4], where -1 is any length
      {'name': 'X', 'shape': 4, 'datatype': 'FP32', 'data': [1, 2, 3, 4]}        | inputs[0].shape must be an array (got another number)
      {'name': 'X', 'shape': [1.5], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}    | inputs[0].shape must hold whole numbers from
      {'name': 'X', 'datatype': 'FP32', 'data': [1, 2, 3, 4]}                    | inputs.X.shape must be an array of numbers of 0 or more
      {'name': 'X', 'shape': [2, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}   | inputs.X.data must hold 8 elements for that shape (got 4)
      {'name': 'X', 'shape': [4611686018427387904, 4], 'datatype': 'FP32', 'data': [1]} | inputs.X.data must hold fewer elements than that shape (got 1)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32'}                         | inputs.X.data must be present
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': 'AAAA'}         | inputs.X.data must be an array (got a string)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, '4']} | inputs.X.data must hold numbers that fit in FP32, or "NaN", "Infinity" and "-Infinity" (got element 3 is a string)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, null, 3, 4]} | inputs.X.data must hold numbers that fit in FP32, or "NaN", "Infinity" and "-Infinity" (got element 1 is null)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1e39, 2, 3, 4]} | (got element 0 is another number)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, {}, 3, 4]}  | (got element 1 is an object)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [[1, 2], [3, 4]]} | inputs.X.data must be flat, or nested as its shape [1, 4] (got [2, 2])
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [[1, 2, 3], [4]]} | inputs.X.data must be nested evenly, with as many elements in one array as in the next (got element 4 is not)
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, [2, 3, 4]]} | inputs.X.data must be nested evenly
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [[1, 2, 3], 4]} | inputs.X.data must be nested evenly
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]} | inputs.X.data must not be nested deeper than 16
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'values': [1, 2, 3, 4]} | inputs.X.data must be present, or its binary_data_size and as many bytes after the JSON, which none of values is
      {'name': 'X', 'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]} | inputs[0] must hold each field once (got "name")
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4], 'parameters': {'a': 1, 'a': 2}} | inputs[0].parameters must hold each field once (got "a")
      {'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'parameters': {'shared_memory_region': 'r', 'shared_memory_byte_size': 16}} | inputs[0].parameters.shared_memory_region must not be present: tensors are sent in the body
      17                                                                         | inputs[0] must be a tensor, as an object with name, shape, datatype and data, or a text
      "a text"                                                                   | inputs must be tensors: this model takes no texts, because it has no input input_ids
      """)
  void aWrongTensorIsRefusedBeforeTheRun(String tensor, String problem) {
    assertThat(message(load("iris_lr.onnx"), tensors(tensor))).contains(problem);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      7                                            | body must be a JSON object, such as {"instances": [[0, 0, 0, 0]]}
      []                                           | instances must not be empty
      [[1, 2, 3, 4]] []                            | body must end after the JSON array
      {}                                           | inputs must be present, or instances, and not both
      {'inputs': []}                               | inputs must not be empty
      {'inputs': []}                               | inputs must hold a tensor for X, FP32 of shape [-1, 4], where -1 is any length
      {'inputs': 7}                                | Request: inputs must be an array of tensors, such as {"instances": [[0, 0, 0, 0]]}
      {'inputs': [], 'instances': []}              | inputs must be present, or instances, and not both
      {'instances': [], 'instances': []}           | body must hold each field once (got "instances")
      {'instances': []}                            | instances must not be empty
      {'instances': 7}                             | instances must be an array
      {'instances': [[1, 2, 3]]}                   | instances must be of shape [-1, 4], where -1 is any length (got [1, 3])
      {'instances': [[1, 2], [3]]}                 | instances must be nested evenly
      {'instances': [{'x': 1}]}                    | instances[0].x must not be present: the inputs are X
      {'instances': [[1, 2, 3, 4]], 'id': 7}       | id must be a string
      {'instance': [[1, 2, 3, 4]], 'x': 7}         | inputs must be present, or instances, and not both, which none of instance, x is
      {'instances': [[1, 2, 3, 4]], 'outputs': 'label'}            | outputs must be an array of objects with a name
      {'instances': [[1, 2, 3, 4]], 'outputs': ['label']}          | outputs[0] must be an object with a name
      {'instances': [[1, 2, 3, 4]], 'outputs': [{'name': 'label', 'name': 'label'}]} | outputs[0] must hold each field once (got "name")
      {'instances': [[1, 2, 3, 4]], 'outputs': [{'name': 'label', 'parameters': {'classification': 2}}]} | outputs[0].parameters.classification must not be present: outputs are returned whole
      {'instances': [[1, 2, 3, 4]], 'outputs': [{'name': 'lable'}]} | outputs[0].name must be one of label, probabilities (got "lable")
      {'instances': [[1, 2, 3, 4]], 'outputs': [{'name': 'label'}, {'name': 'label'}]} | outputs[1].name must be present once (got "label")
      {'instances': [[1, 2, 3, 4]]} {}             | body must end after the JSON object
      {'instances': [[1, 2, 3, 4]                  | body must be JSON: Unexpected end-of-input
      {'instances': [[1, 2, oops]]}                | body must be JSON: Unrecognized token 'oops'
      {'instances': [[1, 2, NaN]]}                 | body must be JSON: Non-standard token 'NaN'
      """)
  void aWrongRequestIsRefusedBeforeTheRun(String request, String problem) {
    assertThat(message(load("iris_lr.onnx"), request.replace('\'', '"'))).contains(problem);
  }

  @Test
  void aMistakeInTheJsonHasItsPosition() {
    assertThat(message(load("iris_lr.onnx"), "{\"inputs\":\n  [}"))
        .isEqualTo(
            "Request: body must be JSON: Unexpected close marker '}': expected ']' (for Array starting at line: 2,"
                + " column: 3), at line 2, column 4");
  }

  @Test
  void anEmptyBodyIsNoJson() {
    assertThat(message(load("iris_lr.onnx"), ""))
        .isEqualTo("Request: body must be a JSON object, such as {\"instances\": [[0, 0, 0, 0]]}");
  }

  @Test
  void allProblemsAreToldAtOnce() {
    LeasedModel model = load(new OnnxFile()
        .input("a", OnnxFile.FLOAT, 1)
        .input("b", OnnxFile.INT64, -1)
        .input("c", OnnxFile.BOOL)
        .output("y", OnnxFile.FLOAT, 1)
        .node("Identity", List.of("a"), List.of("y")));

    List<String> problems = problems(
        model,
        "{\"inputs\": [{\"name\": \"a\", \"shape\": [2], \"datatype\": \"FP64\", \"data\": [1]},"
            + "{\"name\": \"d\"}, {\"name\": \"b\", \"shape\": [1], \"datatype\": \"INT64\", \"data\": [0.5]}], \"extra\": 1}");

    assertThat(problems)
        .containsExactly(
            "inputs.a.datatype must be FP32 (got \"FP64\")",
            "inputs.a.shape must be [1] (got [2])",
            "inputs[1].name must be one of a, b, c (got \"d\")",
            "inputs.b.data must hold whole numbers from -9223372036854775808 to 9223372036854775807 (got element 0 is"
                + " another number)",
            "inputs must hold a tensor for c, BOOL of shape []");
  }

  /** As KServe's Python client writes it: with the model's name and version in the body, and parameters everywhere. */
  @Test
  void membersThatTheProtocolDoesNotDefineAreIgnored() throws IOException {
    String request =
        "{\"id\":\"1\",\"model_name\":\"iris\",\"model_version\":null,\"inputs\":[{\"name\":\"X\","
            + "\"shape\":[1,4],\"datatype\":\"FP32\",\"data\":[5.1,3.5,1.4,0.2],\"parameters\":{},\"custom\":{\"a\":[1]}}],"
            + "\"parameters\":{\"session\":\"s\"},\"raw_input_contents\":null}";

    assertThat(load("iris_lr.onnx").invoke(Request.json(request)).text())
        .contains("\"id\":\"1\"")
        .contains("\"name\":\"label\"");
  }

  @Test
  void aMillionBadElementsAreNoMillionSentences() {
    String request = "{\"inputs\":[" + "0,".repeat(999_999) + "0]}";

    assertThat(message(load("iris_lr.onnx"), request))
        .contains("inputs[0] must be a tensor")
        .contains("and 999981 further problems")
        .hasSizeLessThan(4_000);
  }

  @Test
  void theSameInputTwiceIsRefused() {
    String tensor = "{'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 4]}";

    assertThat(problems(load("iris_lr.onnx"), tensors(tensor + "," + tensor)))
        .containsExactly("inputs.X must be present once");
  }

  @Test
  void theValuesOfARequestAreNotInItsProblems() {
    String request =
        tensors("{'name': 'X', 'shape': [1, 4], 'datatype': 'FP32', 'data': [1, 2, 3, 'secret']}");

    assertThat(message(load("iris_lr.onnx"), request)).doesNotContain("secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\""
      })
  void jsonIsWhatItSays(String contentType) {
    Request request = Request.of(Models.IRIS_REQUEST.getBytes(StandardCharsets.UTF_8), contentType);

    assertThat(load("iris_lr.onnx").invoke(request).text()).contains("probabilities");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-npy",
        "application/json; charset=latin1",
        "application/jsonp"
      })
  void anythingElseThanJsonIsRefused(String contentType) {
    Request request = Request.of(Models.IRIS_REQUEST.getBytes(StandardCharsets.UTF_8), contentType);

    assertThat(catchThrowable(() -> load("iris_lr.onnx").invoke(request)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Request: contentType must be application/json or text/csv (got \""
            + contentType + "\")");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16BE", "UTF-32LE"})
  void anotherEncodingThanUtf8IsRefused(Charset charset) {
    Request request = Request.of(Models.IRIS_REQUEST.getBytes(charset), "application/json");

    assertThat(catchThrowable(() -> load("iris_lr.onnx").invoke(request)))
        .hasMessage("Request: body must be in UTF-8");
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() {
    Request request =
        Request.of(new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'}, "application/json");

    assertThat(catchThrowable(() -> load("iris_lr.onnx").invoke(request)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("body must be JSON");
  }

  // Rows.

  @Test
  void rowsAreAnsweredRowByRow() throws IOException {
    JsonNode answer = answer(
        load("iris_lr.onnx"), "{\"instances\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}");

    JsonNode second = answer.path("predictions").get(1);
    assertThat(answer.path("predictions")).hasSize(2);
    assertThat(second.path("label").asInt()).isEqualTo(2);
    assertThat(second.path("probabilities").get(2).asDouble()).isEqualTo(0.960975, within(1e-5));
  }

  @Test
  void rowsWithOneOutputAreAnsweredWithoutItsName() throws IOException {
    LeasedModel iris = load("iris_rf.onnx");

    JsonNode labels = answer(
        iris,
        "{\"outputs\": [{\"name\": \"label\"}], \"instances\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}");
    JsonNode rows = answer(
        iris,
        "{\"instances\": [[5.1, 3.5, 1.4, 0.2]], \"outputs\": [{\"name\": \"probabilities\"}]}");

    assertThat(labels).isEqualTo(json("{'predictions': [0, 2]}"));
    assertThat(rows.path("predictions").get(0)).hasSize(3);
  }

  @Test
  void rowsOfSeveralDimensionsStayNested() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT32, -1, 2, 2)
        .output("y", OnnxFile.INT32, -1, 2, 2)
        .node("Identity", List.of("x"), List.of("y")));

    JsonNode answer = answer(model, "{\"instances\": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}");

    assertThat(answer).isEqualTo(json("{'predictions': [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}"));
  }

  @Test
  void rowsAreRefusedByAModelThatTakesSeveralTensors() {
    LeasedModel model = load(new OnnxFile()
        .input("a", OnnxFile.FLOAT, -1)
        .input("b", OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.FLOAT, -1)
        .node("Add", List.of("a", "b"), List.of("y")));

    assertThat(message(model, "{\"instances\": [1, 2]}"))
        .isEqualTo("Request: instances must be objects with a value for each of a, b");
  }

  @Test
  void anOutputWithoutAnElementForEachRowCannotAnswerRows() {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.FLOAT)
        .node("ReduceSum", List.of("x"), List.of("y"), OnnxFile.attribute("keepdims", 0)));

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> model.invoke(Request.json("{\"instances\": [1, 2]}")));

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining("has no element for each row in its output 'y': send inputs instead");
  }

  private static OnnxFile zipMap(OnnxFile.Message labels, int keyType) {
    return new OnnxFile()
        .input("x", OnnxFile.FLOAT, -1, 3)
        .outputMaps("z", keyType, OnnxFile.FLOAT)
        .node("ai.onnx.ml", "ZipMap", List.of("x"), List.of("z"), labels);
  }

  private static LeasedModel load(String name) {
    return ENGINE.load(Models.artifact(name));
  }

  private LeasedModel load(OnnxFile model) {
    return ENGINE.load(Models.write(folder, "model.onnx", model));
  }

  private static String tensors(String tensors) {
    return "{\"inputs\": [" + tensors.replace('\'', '"') + "]}";
  }

  private static JsonNode answer(LeasedModel model, String request) throws IOException {
    Response response = model.invoke(Request.json(request));
    return JSON.readTree(response.body());
  }

  private static String message(LeasedModel model, String request) {
    return catchThrowableOfType(
            InvalidValueException.class, () -> model.invoke(Request.json(request)))
        .getMessage();
  }

  private static List<String> problems(LeasedModel model, String request) {
    return catchThrowableOfType(
            InvalidValueException.class, () -> model.invoke(Request.json(request)))
        .problems()
        .stream()
        .map(Problem::toString)
        .toList();
  }

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text.replace('\'', '"'));
  }

  private static double[] doubles(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  private static List<String> names(JsonNode answer) {
    return StreamSupport.stream(answer.path("outputs").spliterator(), false)
        .map(output -> output.path("name").asText())
        .toList();
  }
}
