package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that ONNX Runtime's Java API itself passes as others. */
final class OnnxTextsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FACE = "\ud83d\ude00";
  private static final String ZERO = "a\0b";

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aModelFindsATextAboveTheBasicPlane(boolean binary) throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.STRING, -1)
        .output("y", OnnxFile.INT64, -1)
        .node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of("x"),
            List.of("y"),
            OnnxFile.attribute("keys_strings", List.of(FACE + "!", ZERO, "plain")),
            OnnxFile.attribute("values_int64s", new long[] {7, 8, 9}),
            OnnxFile.attribute("default_int64", -1)));

    JsonNode classes =
        ask(model, binary, FACE + "!", "plain", ZERO, "a", FACE, "\u00e9\uffff").path("data");

    assertThat(classes).isEqualTo(JSON.readTree("[7, 9, 8, -1, -1, -1]"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatAModelPassesOnComesBackAsItWas(boolean binary) throws IOException {
    LeasedModel model = load(identity());
    String[] texts = {FACE, ZERO, "\0", "", "\u00f0\u009f\u0098\u0080", "\uffff", "x" + FACE + FACE
    };

    assertThat(texts(ask(model, binary, texts))).containsExactly(texts);
    assertThat(texts(ask(model, binary, "plain", "gr\u00fc\u00df")))
        .containsExactly("plain", "gr\u00fc\u00df");
  }

  @Test
  void theLabelsOfAModelComeOutAsTheyAreInIt() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("x", OnnxFile.INT64, -1)
        .output("y", OnnxFile.STRING, -1)
        .node(
            "ai.onnx.ml",
            "LabelEncoder",
            List.of("x"),
            List.of("y"),
            OnnxFile.attribute("keys_int64s", new long[] {0, 1, 2}),
            OnnxFile.attribute("values_strings", List.of(FACE, ZERO, "plain")),
            OnnxFile.attribute("default_string", "none" + FACE)));

    JsonNode output = output(
        model.invoke(
            Request.json(
                "{\"inputs\": [{\"name\": \"x\", \"shape\": [4], \"datatype\": \"INT64\", \"data\": [2, 0, 1, 9]}]}")));

    assertThat(texts(output)).containsExactly("plain", FACE, ZERO, "none" + FACE);
  }

  /** Neither the request nor the model has the text that comes of it. */
  @Test
  void aTextThatCannotBeReadFailsByItsElement() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .opset(20)
        .input("x", OnnxFile.STRING, -1)
        .output("y", OnnxFile.STRING, -1)
        .node("StringConcat", List.of("x", "x"), List.of("y")));

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> ask(model, false, "plain", "more", FACE));

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(e)
        .hasMessageContaining("element 2 of its output 'y' is a text with characters above U+FFFF");
    assertThat(texts(ask(model, false, "plain"))).containsExactly("plainplain");
  }

  @Test
  void mapsWithSuchClassesAreRefused() {
    OnnxFile model = new OnnxFile()
        .input("x", OnnxFile.FLOAT, -1, 2)
        .outputMaps("z", OnnxFile.STRING, OnnxFile.FLOAT)
        .node(
            "ai.onnx.ml",
            "ZipMap",
            List.of("x"),
            List.of("z"),
            OnnxFile.attribute("classlabels_strings", List.of("plain", FACE)));

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(model));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining("answers with maps for the class 'U+1F600'")
        .hasMessageContaining("export it without ZipMap (zipmap=False)");
  }

  @Test
  void suchANameIsRefused() {
    OnnxFile model = new OnnxFile()
        .input(FACE, OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.FLOAT, -1)
        .node("Identity", List.of(FACE), List.of("y"));

    ServingException e = catchThrowableOfType(ServingException.class, () -> load(model));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e).hasMessageContaining("has an input or output with the name 'U+1F600'");
  }

  @Test
  void anotherNameIsAsGood() throws IOException {
    LeasedModel model = load(new OnnxFile()
        .input("gr\u00fc\u00df", OnnxFile.FLOAT, -1)
        .output("y", OnnxFile.FLOAT, -1)
        .node("Identity", List.of("gr\u00fc\u00df"), List.of("y")));

    JsonNode output =
        output(model.invoke(Request.json("{\"inputs\": [{\"name\": \"gr\u00fc\u00df\","
            + " \"shape\": [1], \"datatype\": \"FP32\", \"data\": [2]}]}")));

    assertThat(output.path("data")).isEqualTo(JSON.readTree("[2.0]"));
  }

  @Test
  void aModelInAFolderWithSuchANameIsLoadedAndNotCachedInOne() throws IOException {
    Path own = created(FACE);
    Path cache = own.resolve("cache");
    Files.write(own.resolve("model.onnx"), identity().bytes());

    try (Engine there = new Engine("local", Map.of(), cache, getClass().getClassLoader());
        LeasedModel model = there.load(ModelArtifact.of(own.resolve("model.onnx")))) {
      assertThat(texts(ask(model, false, "plain"))).containsExactly("plain");
    }

    assertThat(folder.toFile().list()).containsExactly(FACE);
    assertThat(cache.resolve("models")).doesNotExist();
  }

  @Test
  void aModelWithOtherFilesInSuchAFolderIsRefused() throws IOException {
    Path own = created(FACE);
    Files.write(
        own.resolve("model.onnx"),
        new OnnxFile()
            .output("y", OnnxFile.FLOAT, 1)
            .external("w", "weights.bin", 1)
            .node("Identity", List.of("w"), List.of("y"))
            .bytes());
    Files.write(own.resolve("weights.bin"), OnnxFile.floats(1));

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> engine.load(ModelArtifact.of(own.resolve("model.onnx"))));

    assertThat(e)
        .hasMessageContaining("takes no path with characters above U+FFFF")
        .hasMessageContaining("U+1F600");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\ud83d", "a\\ude00", "\\ude00\\ud83d"})
  void halfOfACharacterIsRefused(String text) throws IOException {
    LeasedModel model = load(identity());

    InvalidValueException e = catchThrowableOfType(
        InvalidValueException.class,
        () -> model.invoke(
            Request.json("{\"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"BYTES\","
                + " \"data\": [\"a\", \"" + text + "\"]}]}")));

    assertThat(e)
        .hasMessageContaining("must hold whole characters, and no half of one")
        .hasMessageContaining("element 1");
  }

  private Path created(String name) throws IOException {
    try {
      return Files.createDirectory(folder.resolve(name));
    } catch (InvalidPathException e) {
      assumeTrue(false, "file names are of any character");
      throw e;
    }
  }

  private static OnnxFile identity() {
    return new OnnxFile()
        .input("x", OnnxFile.STRING, -1)
        .output("y", OnnxFile.STRING, -1)
        .node("Identity", List.of("x"), List.of("y"));
  }

  private LeasedModel load(OnnxFile model) {
    return engine.load(Models.write(folder, "model.onnx", model));
  }

  private static JsonNode ask(LeasedModel model, boolean binary, String... texts)
      throws IOException {
    String start = "{\"inputs\": [{\"name\": \"x\", \"shape\": [" + texts.length
        + "], \"datatype\": \"BYTES\", ";
    if (!binary) {
      return output(model.invoke(
          Request.json(start + "\"data\": " + JSON.writeValueAsString(texts) + "}]}")));
    }
    byte[] elements =
        RawTensors.write(Tensor.of("x", Datatype.BYTES, new long[] {texts.length}, texts));
    byte[] json = (start + "\"parameters\": {\"binary_data_size\": " + elements.length + "}}]}")
        .getBytes(UTF_8);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(json);
    body.writeBytes(elements);
    return output(
        model.invoke(Request.of(body.toByteArray(), RawTensors.CONTENT_TYPE + json.length)));
  }

  private static JsonNode output(Response response) throws IOException {
    return JSON.readTree(response.text()).path("outputs").get(0);
  }

  private static List<String> texts(JsonNode output) {
    List<String> texts = new ArrayList<>();
    output.path("data").forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
