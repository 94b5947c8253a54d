package io.fairlead.engine.internal.graphs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.Predictions;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.run.RunningCall;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TorchscriptEngineTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aModelAnswersAsTheSameNetworkInOnnx() throws IOException {
    LeasedModel torch = engine.load(Models.artifact("digits_ts.pt"));
    LeasedModel onnx = engine.load(Models.artifact("digits.onnx"));

    JsonNode answer = output(torch.invoke(digit("input")).text());
    JsonNode expected = output(onnx.invoke(digit("x")).text());

    assertThat(answer.get("shape")).isEqualTo(expected.get("shape"));
    for (int i = 0; i < 10; i++) {
      assertThat(answer.get("data").get(i).asDouble())
          .isCloseTo(expected.get("data").get(i).asDouble(), Offset.offset(1e-5));
    }
    assertThat(torch.inputs()).containsExactly(new TensorSpec("input", Datatype.FP32, List.of()));
    assertThat(torch.outputs()).containsExactly(new TensorSpec("output", Datatype.FP32, List.of()));
  }

  @Test
  void aModelInAJarAnswersAsWell() throws IOException {
    LeasedModel file = engine.load(Models.artifact("digits_ts.pt"));
    Path jar = folder.resolve("models.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry("digits.pt"));
      Files.copy(Models.path("digits_ts.pt"), out);
    }
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        Engine mine = new Engine("local", Map.of(), Models.cacheFolder(), loader)) {
      LeasedModel resource = mine.load(ModelArtifact.of(URI.create("classpath:digits.pt")));

      assertThat(output(resource.invoke(digit("input")).text()))
          .isEqualTo(output(file.invoke(digit("input")).text()));
    }
  }

  @Test
  void aRequestOfAnotherTypeIsRefusedBeforeTheRun() {
    LeasedModel model = engine.load(Models.artifact("digits_ts.pt"));

    assertThatThrownBy(
            () -> model.invoke(
                Request.json(
                    "{\"inputs\": [{\"name\": \"input\", \"shape\": [1], \"datatype\": \"INT64\", \"data\": [1]}]}")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be FP32");
  }

  @Test
  void aShapeThatTheNetworkCannotTakeIsAFailureWithPyTorchsLastWord() {
    LeasedModel model = engine.load(Models.artifact("digits_ts.pt"));

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> model.invoke(Predictions.rows("[[[[1, 2, 3]]]]")));

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(e)
        .hasMessageStartingWith("Model 'digits_ts' failed: RuntimeError: Given input size:")
        .hasMessageNotContaining("Traceback");
  }

  @Test
  void manyCallersGetTheSameAnswer() throws Exception {
    Predictions.assertAnswersManyAtOnce(
        engine.load(Models.artifact("digits_ts.pt")), digit("input"), 200);
  }

  @Test
  void closingFreesTheModule() {
    TensorModel model = new TorchscriptEngine(Models.cacheFolder(), new Failures("local"))
        .open(Models.source("digits_ts.pt"), LoadOptions.DEFAULT);
    Call call = new RunningCall(new Failures("local"), "digits", Duration.ZERO, Long.MAX_VALUE);
    Tensor image = Tensor.of("input", Datatype.FP32, new long[] {1, 1, 8, 8}, new float[64]);
    assertThat(model.run(List.of(image), List.of("output"), call)).hasSize(1);

    model.close();

    assertThatThrownBy(() -> model.run(List.of(image), List.of("output"), call))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void moreThreadsAndBatchesAreRefused() {
    ModelArtifact artifact = Models.artifact("digits_ts.pt");

    assertThatThrownBy(() -> engine.load(artifact, LoadOptions.DEFAULT.withThreads(2)))
        .hasMessageContaining("-Dai.djl.pytorch.num_threads");
    assertThatThrownBy(() -> engine.load(artifact, LoadOptions.DEFAULT.withMaxBatch(2)))
        .hasMessageContaining("a maxBatch of 1");
  }

  private static Request digit(String input) throws IOException {
    return Request.json("{\"inputs\": [{\"name\": \"" + input
        + "\", \"shape\": [1, 1, 8, 8], \"datatype\": \"FP32\", \"data\": "
        + Files.readString(Models.path("digit0.json")) + "}]}");
  }

  private static JsonNode output(String answer) throws IOException {
    return JSON.readTree(answer).get("outputs").get(0);
  }
}
