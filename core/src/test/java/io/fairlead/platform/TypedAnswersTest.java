package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.json.OutputTensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TypedAnswersTest {
  private static final Response TENSORS = Response.json("""
      {"model_name": "iris", "outputs": [
        {"name": "label", "shape": [2], "datatype": "INT64", "data": [0, 1]},
        {"name": "p", "shape": [2, 2], "datatype": "FP32", "data": [[0.25, 0.75], ["NaN", 1]]},
        {"name": "class", "shape": [1], "datatype": "BYTES", "data": ["setosa"]}]}
      """);

  /** What a classifier of the Hugging Face hub answers. */
  record Label(String label, double score) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[1, 0.5], [2, -3]]",
        "{\"predictions\": [[1, 0.5], [2, -3]], \"deployedModelId\": \"7\"}",
        "{\"outputs\": [{\"name\": \"v\", \"shape\": [2, 2], \"datatype\": \"FP32\","
            + " \"data\": [1, 0.5, 2, -3]}]}",
      })
  void vectorsAreReadFromEachFormThatHasSome(String body) {
    assertThat(Response.json(body).vectors()).isDeepEqualTo(new float[][] {{1, 0.5f}, {2, -3}});
  }

  @Test
  void predictionsAreOfTheTypeThatIsAskedFor() {
    Response labels = Response.json("[{\"label\": \"POSITIVE\", \"score\": 0.75, \"more\": [1]}]");

    assertThat(labels.predictions(Label.class)).containsExactly(new Label("POSITIVE", 0.75));
    assertThat(labels.predictions(Map.class))
        .containsExactly(Map.of("label", "POSITIVE", "score", 0.75, "more", List.of(1)));
    assertThat(Response.json("{\"predictions\": [3, 4]}").predictions(Integer.class))
        .containsExactly(3, 4);
    assertThat(Response.json("{\"predictions\": []}").predictions(Label.class)).isEmpty();
  }

  @Test
  void aTensorIsReadByItsName() {
    OutputTensor p = TENSORS.tensor("p");

    assertThat(p.floats()).containsExactly(0.25f, 0.75f, Float.NaN, 1);
    assertThat(p.shape()).containsExactly(2L, 2L);
    assertThat(p).hasToString("OutputTensor[p FP32 [2, 2]]");
    assertThat(TENSORS.tensor("label").texts()).containsExactly("0", "1");
    assertThat(TENSORS.tensor("class").texts()).containsExactly("setosa");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
          {"label": "a"} | body must be an array, or an object with one as predictions, and is an object
          {"outputs": []} | outputs must be one tensor of two dimensions to be read as vectors, and are []: read them with tensor(name)
          [["a"]]        | predictions[0][0] must be a number, and is a text
          [[1], 2]       | predictions[1] must be an array of numbers, and is a number
          [[1], [true]]  | predictions[1][0] must be a number, and is a truth value
          ''             | body must be JSON, and is empty
          one            | body must be JSON: read text() or body() instead
          """)
  void whatHasNoVectorsIsRefusedByItsForm(String body, String problem) {
    assertThatThrownBy(() -> Response.json(body).vectors())
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("Response: " + problem);
  }

  @Test
  void whatIsOfAnotherTypeIsRefusedWithTheWayToReadIt() {
    assertThatThrownBy(() -> TENSORS.predictions(Label.class))
        .hasMessage("Response: body must be an array, or an object with one as predictions, "
            + "and is an object with outputs: read them with tensor(name)");
    assertThatThrownBy(() -> TENSORS.tensor("q"))
        .hasMessage("Response: outputs must have the name, and are [label, p, class] (got q)");
    assertThatThrownBy(() -> TENSORS.tensor("class").floats())
        .hasMessage("Response: outputs.class must be a number, and is a text");
    assertThatThrownBy(() -> Response.json("[[1]]").tensor("p"))
        .hasMessage("Response: body must be an object with tensors as outputs, and is an array"
            + " of predictions: read them with predictions(type) or vectors()");
    assertThatThrownBy(() -> Response.json("[\"hunter2\"]").predictions(Label.class))
        .hasMessage("Response: predictions[0] must fit Label, and is a text");
  }

  @Test
  void aTensorWithoutItsElementsIsRefused() {
    assertThatThrownBy(() -> Response.json(
                "{\"outputs\": [{\"name\": \"v\", \"parameters\": {\"binary_data_size\": 4}}]}")
            .tensor("v"))
        .hasMessage(
            "Response: outputs.v.data must be present: ask for JSON, not for binary tensors");
    assertThatThrownBy(
            () -> Response.json("{\"outputs\": [{\"name\": \"v\", \"shape\": [3], \"data\": [1]}]}")
                .tensor("v"))
        .hasMessage("OutputTensor: elements must be as many as the shape [3] has (got 1)");
  }
}
