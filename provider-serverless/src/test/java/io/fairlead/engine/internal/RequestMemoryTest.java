package io.fairlead.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RequestMemoryTest {
  private static final Request ROWS =
      Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}");

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void tensorsThatTakeMoreThanTheyMayAreRefused() {
    LeasedModel iris = load(Models.artifact("iris_lr.onnx"), 15);

    assertRefused(
        iris,
        Request.json(Models.IRIS_REQUEST),
        "Model 'iris_lr' was not invoked: inputs must take at most the 15 bytes of limits.memoryBytes, as tensors,"
            + " and takes 16: send less at a time, or deploy it with more memory.");
  }

  @Test
  void rowsThatTakeMoreThanTheyMayAreRefused() {
    LeasedModel iris = load(Models.artifact("iris_lr.onnx"), 31);

    assertRefused(
        iris,
        ROWS,
        "Model 'iris_lr' was not invoked: instances must take at most the 31 bytes of limits.memoryBytes, as tensors,"
            + " and takes 32: send less at a time, or deploy it with more memory.");
  }

  @Test
  void aTextWhoseTokensTakeMoreThanTheyMayIsRefused() {
    LeasedModel minilm = load(Models.MINILM, 71);
    Request text = Request.json("{\"inputs\": [\"a\"]}");

    assertRefused(
        minilm,
        text,
        "Model 'all-minilm-l6-v2-q' was not invoked: inputs must take at most the 71 bytes of limits.memoryBytes,"
            + " as tensors, and takes 72: send less at a time, or deploy it with more memory.");
  }

  @Test
  void allTextsOfARequestCountTogether() {
    LeasedModel minilm = load(Models.MINILM, 143);

    assertThat(minilm.invoke(Request.json("{\"inputs\": [\"a\"]}")).text()).startsWith("[[");
    assertRefused(
        minilm,
        Request.json("{\"inputs\": [\"a\", \"b\"]}"),
        "Model 'all-minilm-l6-v2-q' was not invoked: inputs must take at most the 143 bytes of limits.memoryBytes,"
            + " as tensors, and takes 144: send less at a time, or deploy it with more memory.");
  }

  @Test
  void allTensorsOfARequestCountTogether() {
    ModelArtifact sum = Models.write(
        folder,
        "sum.onnx",
        new OnnxFile()
            .input("a", OnnxFile.FLOAT, -1)
            .input("b", OnnxFile.FLOAT, -1)
            .output("y", OnnxFile.FLOAT, -1)
            .node("Add", List.of("a", "b"), List.of("y")));
    Request request = Request.json(
        "{\"inputs\": [{\"name\": \"a\", \"shape\": [2], \"datatype\": \"FP32\", \"data\": [1, 2]}, {\"name\": \"b\","
            + " \"shape\": [2], \"datatype\": \"FP32\", \"data\": [3, 4]}]}");

    assertThat(load(sum, 16).invoke(request).text()).contains("[4.0,6.0]");
    assertThatThrownBy(() -> load(sum, 15).invoke(request)).hasMessageContaining("takes 16");
  }

  @Test
  void leasesOfOneModelMayDifferInWhatTheyAllow() {
    LeasedModel small = load(Models.artifact("iris_lr.onnx"), 31);
    LeasedModel large = load(Models.artifact("iris_lr.onnx"), 32);

    assertThat(engine.loadedModels()).isEqualTo(1);
    assertThat(large.invoke(ROWS).text()).startsWith("{\"predictions\":");
    assertThatThrownBy(() -> small.invoke(ROWS)).isInstanceOf(ServingException.class);
  }

  private LeasedModel load(ModelArtifact artifact, long memoryBytes) {
    return engine.load(artifact, LoadOptions.DEFAULT, memoryBytes);
  }

  private static void assertRefused(LeasedModel model, Request request, String message) {
    assertThatThrownBy(() -> model.invoke(request))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessage(message);
  }
}
