package io.fairlead.engine.internal.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.ExecutionProvider;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of other execution providers shows in a build of ONNX Runtime that has the CPU's alone. */
final class OnnxProvidersTest {
  @TempDir
  Path folder;

  @Test
  void aModelRunsOnTheProviderAndWithTheSettingsThatAreGiven() {
    try (Engine engine = engine()) {
      String usual = answer(engine, LoadOptions.DEFAULT);
      String given = answer(
          engine,
          LoadOptions.DEFAULT
              .withExecutionProviders(List.of(ExecutionProvider.of("cpu").with("use_arena", "1")))
              .withSessionSettings(Map.of("session.set_denormal_as_zero", "1")));

      assertThat(given).isEqualTo(usual);
    }
  }

  @Test
  void aSettingReachesOnnxRuntimeWhichRefusesAWrongValue() {
    try (Engine engine = engine()) {
      ServingException e = catchThrowableOfType(
          ServingException.class,
          () -> engine.load(
              Models.artifact("iris_lr.onnx"),
              LoadOptions.DEFAULT
                  .withThreads(2)
                  .withSessionSettings(Map.of("session.dynamic_block_base", "wrong"))));

      assertThat(e).isNotNull();
    }
  }

  /** A model that is optimised with a provider's own operators is none for another. */
  @Test
  void aModelWithOptionsOfItsOwnIsNeitherKeptNorTakenFromTheCache() {
    try (Engine engine = engine()) {
      answer(
          engine, LoadOptions.DEFAULT.withExecutionProviders(List.of(ExecutionProvider.of("CPU"))));
    }
    assertThat(folder.resolve("models")).doesNotExist();

    try (Engine engine = engine()) {
      answer(engine, LoadOptions.DEFAULT);
    }
    assertThat(folder.resolve("models").toFile().list())
        .singleElement()
        .asString()
        .endsWith(".ort");
  }

  @ParameterizedTest
  @ValueSource(strings = {"CUDA", "TensorrtExecutionProvider", "coreml", "NoSuch"})
  void aProviderThatIsNotThereIsRefusedWithWhatIsAndWhatToAdd(String name) {
    try (Engine engine = engine()) {
      ServingException e = catchThrowableOfType(
          ServingException.class,
          () -> engine.load(
              Models.artifact("iris_lr.onnx"),
              LoadOptions.DEFAULT.withExecutionProviders(List.of(ExecutionProvider.of(name)))));

      assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
      assertThat(e)
          .hasMessageContaining("is to run on the execution provider " + name
              + ", and ONNX Runtime here has [CPU]: put a build of it")
          .hasMessageContaining("com.microsoft.onnxruntime:onnxruntime_gpu");
    }
  }

  @Test
  void aSettingThatAProviderDoesNotHaveIsRefused() {
    try (Engine engine = engine()) {
      ServingException e = catchThrowableOfType(
          ServingException.class,
          () -> engine.load(
              Models.artifact("iris_lr.onnx"),
              LoadOptions.DEFAULT.withExecutionProviders(
                  List.of(ExecutionProvider.of("CPU").with("device", "1")))));

      assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
      assertThat(e).hasMessageContaining("with [device], which ONNX Runtime's Java API does not");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"iris_xgb.ubj", "lgbm.txt"})
  void aModelOfAnotherFormatTakesNone(String name) {
    try (Engine engine = engine()) {
      ServingException e = catchThrowableOfType(
          ServingException.class,
          () -> engine.load(
              Models.artifact(name),
              LoadOptions.DEFAULT.withExecutionProviders(List.of(ExecutionProvider.of("CPU")))));

      assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
      assertThat(e).hasMessageContaining("execution providers and session settings are for ONNX");
    }
  }

  private Engine engine() {
    return new Engine("local", Map.of(), folder, OnnxProvidersTest.class.getClassLoader());
  }

  private static String answer(Engine engine, LoadOptions options) {
    try (LeasedModel model = engine.load(Models.artifact("iris_lr.onnx"), options)) {
      return model.invoke(Request.json(Models.IRIS_REQUEST)).text();
    }
  }
}
