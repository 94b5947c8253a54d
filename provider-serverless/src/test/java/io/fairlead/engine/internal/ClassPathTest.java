package io.fairlead.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngine;
import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.core.JsonFactory;
import com.google.gson.Gson;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.github.metarank.lightgbm4j.LGBMBooster;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import ml.dmlc.xgboost4j.java.XGBoost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.SavedModelBundle;

/** What an engine does on a class path where something is missing. */
final class ClassPathTest {
  @Test
  void javaCodeRunsWithoutOnnxRuntimeAndWithoutJackson() throws Exception {
    assertThat(inLoaderWith(
            "javaCode", Engine.class, Request.class, Logger.class, ClassPathTest.class))
        .isEqualTo("\"hello\"");
  }

  @Test
  void anOnnxModelWithoutOnnxRuntimeSaysWhatToAdd() throws Exception {
    assertThat(inLoaderWith("iris", Engine.class, Request.class, Logger.class, ClassPathTest.class))
        .isEqualTo("ONNX models need ONNX Runtime, which is not on the class path: add"
            + " com.microsoft.onnxruntime:onnxruntime.");
  }

  @Test
  void aModelOfTextsWithoutDjlSaysWhatToAdd() throws Exception {
    assertThat(inLoaderWith(
            "minilm",
            Engine.class,
            Request.class,
            Logger.class,
            JsonFactory.class,
            OrtEnvironment.class,
            ClassPathTest.class))
        .startsWith(
            "A model that takes texts needs a tokenizer for 'classpath:all-minilm-l6-v2-q-tokenizer.json' (")
        .endsWith(" bytes), which is not on the class path: add ai.djl.huggingface:tokenizers.");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      xgboost  | an XGBoost | ml.dmlc:xgboost4j_2.12:3.0.4          | onnxmltools.convert_xgboost
      lightgbm | a LightGBM | io.github.metarank:lightgbm4j:4.3.0-1 | onnxmltools.convert_lightgbm
      torchscript | a TorchScript | ai.djl.pytorch:pytorch-engine:0.35.1, ai.djl.pytorch:pytorch-jni:2.7.1-0.35.1 and ai.djl.pytorch:pytorch-native-cpu:2.7.1 with the classifier of the system, such as linux-x86_64 | torch.onnx.export
      tensorflow  | a TensorFlow  | org.tensorflow:tensorflow-core-api:1.1.0 and org.tensorflow:tensorflow-core-native:1.1.0 with the classifier of the system, such as linux-x86_64 | python -m tf2onnx.convert --saved-model
      """)
  void aModelWhoseRuntimeIsMissingSaysWhatToAdd(
      String method, String format, String artifact, String conversion) throws Exception {
    String message =
        inLoaderWith(method, Engine.class, Request.class, Logger.class, ClassPathTest.class);

    assertThat(message)
        .endsWith(" is " + format + " model, and its runtime is not on the class path: add "
            + artifact + ", or convert it to ONNX with " + conversion + ".");
  }

  @Test
  void anXgboostModelWithoutWhatItsRuntimeDependsOnSaysSo() throws Exception {
    assertThat(inLoaderWith(
            "xgboost",
            Engine.class,
            Request.class,
            Logger.class,
            XGBoost.class,
            ClassPathTest.class))
        .contains("its runtime does not load on ")
        .endsWith(
            "): add ml.dmlc:xgboost4j_2.12:3.0.4 with all that it depends on, or convert it to ONNX with"
                + " onnxmltools.convert_xgboost.");
  }

  @Test
  void aTorchscriptModelWithoutTheNativeLibrarySaysWhatToAddAndDownloadsNothing() throws Exception {
    assertThat(inLoaderWith(
            "torchscriptWithoutLibrary",
            Engine.class,
            Request.class,
            Logger.class,
            JsonFactory.class,
            PtEngine.class,
            NDManager.class,
            Gson.class,
            ClassPathTest.class))
        .contains(" is a TorchScript model, and its runtime does not load on ")
        .contains("(Offline mode is enabled.)")
        .contains("): add ai.djl.pytorch:pytorch-engine:0.35.1");
  }

  @Test
  void whatTheSentencesSayToAddIsWhatWasTested() {
    assertThat(jar(XGBoost.class)).endsWith("xgboost4j_2.12-3.0.4.jar");
    assertThat(jar(LGBMBooster.class)).endsWith("lightgbm4j-4.3.0-1.jar");
    assertThat(jar(PtEngine.class)).endsWith("pytorch-engine-0.35.1.jar");
    assertThat(jar(SavedModelBundle.class)).endsWith("tensorflow-core-api-1.1.0.jar");
  }

  private static String jar(Class<?> type) {
    return type.getProtectionDomain().getCodeSource().getLocation().getPath();
  }

  /** Runs a method of this class where only the jars of some classes are. */
  private static String inLoaderWith(String method, Class<?>... types) throws Exception {
    URL minilm = HuggingFaceTokenizer.class.getResource("/all-minilm-l6-v2-q.onnx");
    URL jar = URI.create(minilm.toString().replaceFirst("^jar:", "").replaceFirst("!.*", ""))
        .toURL();
    URL[] urls = Stream.concat(
            Stream.of(types)
                .map(type -> type.getProtectionDomain().getCodeSource().getLocation()),
            Stream.of(
                LoggerFactory.getILoggerFactory()
                    .getClass()
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation(),
                jar))
        .toArray(URL[]::new);
    try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      Method main = loader.loadClass(ClassPathTest.class.getName()).getDeclaredMethod(method);
      main.setAccessible(true);
      return (String) main.invoke(null);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    }
  }

  static String javaCode() {
    try (Engine engine = engine();
        LeasedModel model = engine.load(ModelArtifact.of(URI.create("java:greeter")))) {
      return model.invoke(Request.json("{}")).text();
    }
  }

  static String iris() {
    return failure(ModelArtifact.of(URI.create("classpath:models/iris_lr.onnx")));
  }

  static String xgboost() {
    return refusal(ModelArtifact.of(URI.create("classpath:models/iris_xgb.ubj")));
  }

  static String lightgbm() {
    return refusal(ModelArtifact.of(URI.create("classpath:models/lgbm.txt")));
  }

  static String torchscript() {
    return refusal(ModelArtifact.of(URI.create("classpath:models/digits_ts.pt")));
  }

  static String torchscriptWithoutLibrary() {
    try (Engine engine = new Engine(
        "local",
        Map.of(),
        Path.of("target", "cache-without-pytorch").toAbsolutePath(),
        ClassPathTest.class.getClassLoader())) {
      engine.load(ModelArtifact.of(URI.create("classpath:models/digits_ts.pt")));
      return "loaded";
    } catch (ServingException e) {
      return e.getMessage();
    }
  }

  static String tensorflow() {
    return refusal(Models.artifact("savedmodel"));
  }

  static String minilm() {
    return failure(ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx")));
  }

  /** What is said before the model is loaded, which has to be what is said when it is. */
  private static String refusal(ModelArtifact artifact) {
    String failure = failure(artifact);
    try (Engine engine = engine()) {
      return "nothing, by a check: " + engine.check(artifact);
    } catch (ServingException e) {
      return failure.equals(e.getMessage()) ? failure : failure + " and " + e.getMessage();
    }
  }

  private static String failure(ModelArtifact artifact) {
    try (Engine engine = engine()) {
      engine.load(artifact);
      return "loaded";
    } catch (ServingException e) {
      return e.getMessage();
    }
  }

  private static Engine engine() {
    return new Engine(
        "local",
        Map.of("greeter", request -> Response.json("\"hello\"")),
        Path.of("target", "cache").toAbsolutePath(),
        ClassPathTest.class.getClassLoader());
  }
}
