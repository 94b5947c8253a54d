package io.fairlead.engine.internal.json;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CSV as SageMaker's clients write it: by Python's csv module, by pandas, and line by line. */
final class CsvRequestTest {
  private static final Engine ENGINE = Models.engine();
  private static final String ONE = "5.1,3.5,1.4,0.2";

  @TempDir
  Path folder;

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ONE + "\n6.7,3.0,5.2,2.3",
        ONE + "\n6.7,3.0,5.2,2.3\n",
        ONE + "\r\n6.7,3.0,5.2,2.3\r\n\r\n",
        "\ufeff\"5.1\",3.5, 1.4 ,.2\n+6.7,3.,52e-1,0002.3",
      })
  void rowsOfNumbersAreAnsweredAsInstancesAre(String csv) {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));

    assertThat(answer(iris, "text/csv", csv))
        .isEqualTo(iris.invoke(
                Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}"))
            .text());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/csv",
        "text/csv; charset=utf-8",
        "TEXT/CSV;header=absent",
        "text/csv;label_size=0"
      })
  void thereIsNoHeaderUnlessTheTypeSaysSo(String type) {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));

    assertThat(answer(iris, type, ONE)).contains("\"label\":0");
    assertThat(message(iris, type, "a,b,c,d\n" + ONE))
        .contains("row 1, field 1 must be a number, or nan where a value is missing")
        .doesNotContain("row 2");
    assertThat(answer(iris, "text/csv; header=present", "a,b,c,d\n" + ONE)).contains("\"label\":0");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      1,2,3,4;1,2,x,4         | row 2, field 3 must be a number, or nan where a value is missing
      1,2,3,4;1,,3,4          | row 2, field 2 must be a number, or nan where a value is missing
      1,2,3,4;1,2,3           | row 2 must have 4 fields, as the first has (got 3)
      1,2,3                   | row 1 must have 4 fields, the elements of X (got 3)
      1,2,3,4;;1,2,3,4        | row 2 must have 4 fields, as the first has (got 1)
      1,2,3,1e39              | row 1, field 4 must be a number, or nan where a value is missing, of FP32
      1,2,3,0x10              | row 1, field 4 must be a number
      1,2,3,1f                | row 1, field 4 must be a number
      1,2,3,"4                | row 1 must close each quote that it opens
      1,2,3,"4"5              | row 1 must have a comma or its end after a closing quote
      ;;                      | body must hold one row or more
      """)
  void whatIsWrongIsToldByRowAndField(String csv, String problem) {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));

    assertThat(message(iris, "text/csv", csv.replace(';', '\n'))).contains(problem);
  }

  @Test
  void anotherEncodingIsRefused() {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));

    assertThat(message(iris, "text/csv; charset=latin1", ONE))
        .contains("contentType must be in UTF-8");
    assertThat(catchThrowableOfType(
            InvalidValueException.class,
            () -> iris.invoke(Request.of("\u00fc,1,2,3".getBytes(ISO_8859_1), "text/csv"))))
        .hasMessage("Request: body must be in UTF-8");
  }

  @Test
  void missingNumbersAreNamed() {
    LeasedModel model = identity(OnnxFile.FLOAT, 3);

    assertThat(answer(model, "text/csv", "nan,inf,-inf"))
        .isEqualTo("{\"predictions\":[[\"NaN\",\"Infinity\",\"-Infinity\"]]}");
  }

  @Test
  void otherTypesAreReadAsPythonWritesThem() {
    assertThat(answer(identity(OnnxFile.INT64, 2), "text/csv", "1,-2\n3.0,4"))
        .isEqualTo("{\"predictions\":[[1,-2],[3,4]]}");
    assertThat(answer(identity(OnnxFile.BOOL, 2), "text/csv", "True,False"))
        .isEqualTo("{\"predictions\":[[true,false]]}");
    assertThat(answer(
            identity(OnnxFile.STRING, 2), "text/csv", "\"a, \"\"b\"\"\",c\nd\u00fc,\"e\nf\""))
        .isEqualTo("{\"predictions\":[[\"a, \\\"b\\\"\",\"c\"],[\"d\u00fc\",\"e\\nf\"]]}");
    assertThat(message(identity(OnnxFile.UINT8, 2), "text/csv", "1,2\n3,256"))
        .contains("row 2, field 2 must be a whole number, of UINT8");
  }

  @Test
  void picturesAreRowsOfTheirPixels() {
    LeasedModel digits = ENGINE.load(Models.artifact("digits.onnx"));
    String row = "0,".repeat(63) + "0";

    assertThat(answer(digits, "text/csv", row))
        .isEqualTo(digits
            .invoke(Request.json("{\"instances\": [[[" + ("[" + "0,".repeat(7) + "0],").repeat(7)
                + "[" + "0,".repeat(7) + "0]]]]}"))
            .text());
  }

  @Test
  void severalInputsShareTheFieldsOfARow() {
    LeasedModel model = load(new OnnxFile()
        .input("a", OnnxFile.FLOAT, -1, 2)
        .input("b", OnnxFile.FLOAT, -1, 1)
        .output("y", OnnxFile.FLOAT, -1, 2)
        .node("Add", List.of("a", "b"), List.of("y")));

    assertThat(answer(model, "text/csv", "1,2,10\n3,4,20"))
        .isEqualTo("{\"predictions\":[[11.0,12.0],[23.0,24.0]]}");
    assertThat(message(model, "text/csv", "1,2,10\n3,4,x"))
        .contains("row 2, field 3 must be a number");
  }

  @Test
  void aModelOfTextsTakesOneInEachLine() {
    LeasedModel minilm = ENGINE.load(Models.MINILM);
    String vectors =
        minilm.invoke(Request.texts("hello, world", "a \"b\"\nc", "d")).text();

    assertThat(answer(minilm, "text/csv", "hello, world\n\"a \"\"b\"\"\nc\"\r\nd\n"))
        .isEqualTo("{\"predictions\":" + vectors + "}");
    assertThat(message(minilm, "text/csv", "a\n\"b\",\"c\""))
        .contains("row 2 must hold one text, and nothing after its closing quote");
    assertThat(message(minilm, "text/csv", "a\n\nb")).contains("row 2 must not be empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\"", ",", "a\n", "\"\n", "\r"})
  void noBodyCostsMoreThanItsSizeAllows(String part) {
    LeasedModel iris = ENGINE.load(Models.artifact("iris_lr.onnx"));
    LeasedModel minilm = ENGINE.load(Models.MINILM);
    String body = part.repeat(2_000_000 / part.length()) + "x";

    assertThat(message(iris, "text/csv", body)).hasSizeLessThan(4_000);
    assertThat(message(minilm, "text/csv", part.repeat(200_000) + "\n\n\"x\"y"))
        .hasSizeLessThan(4_000);
  }

  private LeasedModel identity(int type, int width) {
    return load(new OnnxFile()
        .input("x", type, -1, width)
        .output("y", type, -1, width)
        .node("Identity", List.of("x"), List.of("y")));
  }

  private LeasedModel load(OnnxFile model) {
    return ENGINE.load(Models.write(folder, "model.onnx", model));
  }

  private static String answer(LeasedModel model, String type, String csv) {
    return model.invoke(Request.of(csv.getBytes(UTF_8), type)).text();
  }

  private static String message(LeasedModel model, String type, String csv) {
    return catchThrowableOfType(
            InvalidValueException.class, () -> model.invoke(Request.of(csv.getBytes(UTF_8), type)))
        .getMessage();
  }
}
