package io.fairlead.engine.internal.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The binary tensor extension; its bytes are spelled out, and not made by what is tested. */
final class RawTensorsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Engine ENGINE = Models.engine();
  private static final String TYPE =
      "application/vnd.sagemaker-triton.binary+json;json-header-size=";
  private static final Map<String, Integer> TYPES = Map.of(
      "BOOL",
      OnnxFile.BOOL,
      "UINT8",
      OnnxFile.UINT8,
      "INT8",
      OnnxFile.INT8,
      "INT16",
      OnnxFile.INT16,
      "INT32",
      OnnxFile.INT32,
      "INT64",
      OnnxFile.INT64,
      "FP32",
      OnnxFile.FLOAT,
      "FP64",
      OnnxFile.DOUBLE,
      "BYTES",
      OnnxFile.STRING);

  @TempDir
  Path folder;

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      BOOL  | [true, false]                    | 01 00
      UINT8 | [1, 255]                         | 01 ff
      INT8  | [1, -2]                          | 01 fe
      INT16 | [1, -2]                          | 0100 feff
      INT32 | [1, -2]                          | 01000000 feffffff
      INT64 | [1, -2]                          | 0100000000000000 feffffffffffffff
      FP32  | [1.0, -2.5]                      | 0000803f 000020c0
      FP32  | ["NaN", "Infinity"]              | 0000c07f 0000807f
      FP64  | [1.0, -2.5]                      | 000000000000f03f 00000000000004c0
      BYTES | ["", "gr\u00fc\u00df"]           | 00000000 06000000 6772c3bcc39f
      """)
  void eachDatatypeGoesInAndComesOutAsRawElements(String datatype, String data, String hex)
      throws IOException {
    LeasedModel model = identity(datatype);
    byte[] raw = HexFormat.of().parseHex(hex.replace(" ", ""));

    Response fromRaw =
        model.invoke(request("{'inputs': [" + tensor(datatype, 2, raw.length) + "]}", raw));
    Response toRaw = model.invoke(Request.json(quoted(
            "{'parameters': {'binary_data_output': true}, 'inputs': [{'name': 'x', 'shape': [2], 'datatype': '"
                + datatype + "', 'data': ")
        + data + "}]}"));

    assertThat(fromRaw.contentType()).isEqualTo("application/json");
    assertThat(JSON.readTree(fromRaw.body()).path("outputs").get(0).path("data"))
        .isEqualTo(JSON.readTree(data));
    JsonNode answered = header(toRaw).path("outputs").get(0);
    assertThat(answered.has("data")).isFalse();
    assertThat(answered.path("parameters").path("binary_data_size").asInt()).isEqualTo(raw.length);
    assertThat(tail(toRaw)).isEqualTo(raw);
  }

  @Test
  void tensorsAreTakenAndGivenInTheirOrder() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("a", OnnxFile.INT16, -1)
        .input("b", OnnxFile.INT8, -1)
        .input("c", OnnxFile.INT8, -1)
        .output("p", OnnxFile.INT16, -1)
        .output("q", OnnxFile.INT8, -1)
        .output("r", OnnxFile.INT8, -1)
        .node("Identity", List.of("a"), List.of("p"))
        .node("Identity", List.of("b"), List.of("q"))
        .node("Identity", List.of("c"), List.of("r")));

    Response answer = model.invoke(request(
        "{'id': '9', 'parameters': {'binary_data_output': true}, 'inputs': ["
            + "{'name': 'b', 'shape': [1], 'datatype': 'INT8', 'parameters': {'binary_data_size': 1}},"
            + "{'parameters': {'binary_data_size': 4}, 'datatype': 'INT16', 'shape': [2], 'name': 'a'},"
            + "{'name': 'c', 'shape': [1], 'datatype': 'INT8', 'data': [7]}],"
            + "'outputs': [{'name': 'q'}, {'name': 'r', 'parameters': {'binary_data': false}}, {'name': 'p'}]}",
        new byte[] {5, 1, 0, 2, 0}));

    JsonNode header = header(answer);
    assertThat(header.path("id").asText()).isEqualTo("9");
    assertThat(header.path("outputs").get(1).path("data")).isEqualTo(JSON.readTree("[7]"));
    assertThat(tail(answer)).containsExactly(5, 1, 0, 2, 0);
  }

  @Test
  void anOutputIsRawOnlyIfItSaysSo() throws IOException {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));

    Response answer = iris.invoke(
        Request.json(
            Models.IRIS_REQUEST.replaceFirst(
                "\\{",
                "{\"outputs\": [{\"name\": \"label\"}, {\"name\": \"probabilities\", \"parameters\": {\"binary_data\": true}}],")));

    JsonNode outputs = header(answer).path("outputs");
    assertThat(outputs.get(0).path("data")).isEqualTo(JSON.readTree("[0]"));
    assertThat(outputs.get(1).path("shape")).isEqualTo(JSON.readTree("[1, 3]"));
    assertThat(tail(answer)).hasSize(12);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      INT32 | 2 | 8 | 0100000002000000 00 | body must end after the tensors whose binary_data_size the JSON gives (got "1 bytes more")
      INT32 | 2 | 8 | 01000000            | inputs[0].parameters.binary_data_size must be at most the 4 bytes that are left after the JSON (got 8)
      INT32 | 2 | 4 | 01000000            | inputs.x.data must hold 8 bytes for that shape (got 4)
      INT32 | 2 | 12 | 010000000100000001000000 | inputs.x.data must hold 8 bytes for that shape (got 12)
      INT32 | 4294967296 | 4 | 01000000   | inputs.x.data must hold fewer elements than that shape (got 4)
      BOOL  | 2 | 2 | 0102                | inputs.x.data must hold 0 and 1 for a tensor of BOOL (got 2)
      BYTES | 2 | 4 | 00000000            | inputs.x.data must hold as many elements as that shape
      BYTES | 2147483647 | 4 | 00000000   | inputs.x.data must hold as many elements as that shape
      BYTES | 2 | 8 | 0100000061000000    | inputs.x.data must hold whole elements (got "element 1 is cut off")
      BYTES | 1 | 4 | ffffffff            | inputs.x.data must hold whole elements (got "element 0 is cut off")
      BYTES | 1 | 6 | 010000006161        | inputs.x.data must end after its last element (got "1 bytes more")
      BYTES | 1 | 5 | 01000000ff          | inputs.x.data must hold texts in UTF-8 (got "element 0 is none")
      """)
  void rawElementsThatDoNotFitAreRefused(
      String datatype, long length, int size, String hex, String problem) {
    byte[] raw = HexFormat.of().parseHex(hex.replace(" ", ""));
    Request request = request("{'inputs': [" + tensor(datatype, length, size) + "]}", raw);

    assertThat(catchThrowable(() -> identity(datatype).invoke(request)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageStartingWith("Request: " + problem)
        .hasMessageNotContaining(";");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      {'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8'}]} | inputs.x.data must be present, or its binary_data_size
      {'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8', 'data': [1], 'parameters': {'binary_data_size': 1}}]} | inputs.x.data must not be present beside its binary_data_size
      {'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8', 'parameters': {'binary_data_size': -1}}]} | inputs[0].parameters.binary_data_size must be a number of bytes
      {'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8', 'parameters': {'binary_data_size': [1]}}]} | inputs[0].parameters.binary_data_size must be a number of bytes
      {'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8', 'parameters': 1, 'data': [1]}]} | inputs[0].parameters must be an object
      {'parameters': {'binary_data_output': 1}, 'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8', 'parameters': {'binary_data_size': 1}}]} | parameters.binary_data_output must be true or false
      {'outputs': [{'name': 'y', 'parameters': {'binary_data': 'yes'}}], 'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'INT8', 'parameters': {'binary_data_size': 1}}]} | outputs[0].parameters.binary_data must be true or false
      {'inputs': [{'name': 'x', 'shape': [1], 'datatype': 'FP16', 'parameters': {'binary_data_size': 1}}]} | inputs.x.datatype must be INT8 (got "FP16")
      {'inputs': [{'name': 'z', 'shape': [1], 'datatype': 'INT8', 'parameters': {'binary_data_size': 1}}]} | inputs[0].name must be one of x
      """)
  void parametersThatMakeNoSenseAreRefused(String json, String problem) {
    Request request = request(json, new byte[] {1});

    assertThat(catchThrowable(() -> identity("INT8").invoke(request)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @EnumSource
  void theSizeOfTensorsIsThatOfTheirElementsInABody(Datatype datatype) {
    Object elements = datatype == Datatype.BYTES
        ? new String[] {"ä", "", "bc"}
        : Array.newInstance(datatype.arrayType().getComponentType(), 3);
    Tensor tensor = Tensor.of("x", datatype, new long[] {3}, elements);

    assertThat(RawTensors.size(List.of(tensor, tensor)))
        .isEqualTo(2L * RawTensors.write(tensor).length);
  }

  @Test
  void aBinarySizeInABodyOfJsonAloneIsRefused() {
    String request = quoted("{'inputs': [" + tensor("INT8", 1, 1) + "]}");

    assertThat(catchThrowable(() -> identity("INT8").invoke(Request.json(request))))
        .hasMessageContaining("must be at most the 0 bytes that are left after the JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "3", "99999999999", "1;a=b"})
  void aHeaderSizeThatIsNoneIsRefused(String size) {
    Request request = Request.of(new byte[] {'{', '}'}, TYPE + size);

    assertThat(catchThrowable(() -> identity("INT8").invoke(request)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("json-header-size must be the length of the JSON");
  }

  @Test
  void theContentTypeMayBeSpelledWithSpacesAndCapitals() {
    byte[] json = quoted("{'inputs': [" + tensor("INT8", 1, 1) + "]}").getBytes(UTF_8);
    Request request = Request.of(
        joined(json, new byte[] {3}),
        "Application/vnd.SageMaker-Triton.binary+json; json-header-size=" + json.length);

    assertThat(identity("INT8").invoke(request).text()).contains("[3]");
  }

  private LeasedModel identity(String datatype) {
    int type = TYPES.get(datatype);
    return load(new OnnxFile()
        .input("x", type, -1)
        .output("y", type, -1)
        .node("Identity", List.of("x"), List.of("y")));
  }

  private LeasedModel load(OnnxFile model) {
    return ENGINE.load(Models.write(folder, "model.onnx", model));
  }

  private static String tensor(String datatype, long length, int size) {
    return "{'name': 'x', 'shape': [" + length + "], 'datatype': '" + datatype
        + "', 'parameters': {'binary_data_size': " + size + "}}";
  }

  private static Request request(String json, byte[] raw) {
    byte[] header = quoted(json).getBytes(UTF_8);
    return Request.of(joined(header, raw), TYPE + header.length);
  }

  private static String quoted(String json) {
    return json.replace('\'', '"');
  }

  private static byte[] joined(byte[] first, byte[] second) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(first);
    both.writeBytes(second);
    return both.toByteArray();
  }

  private static int headerSize(Response response) {
    assertThat(response.contentType()).startsWith(TYPE);
    return Integer.parseInt(response.contentType().substring(TYPE.length()));
  }

  private static JsonNode header(Response response) throws IOException {
    return JSON.readTree(Arrays.copyOf(response.body(), headerSize(response)));
  }

  private static byte[] tail(Response response) {
    return Arrays.copyOfRange(response.body(), headerSize(response), response.body().length);
  }
}
