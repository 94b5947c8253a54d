package io.fairlead.serverless;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
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
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Isolation PROCESS where only the application's class loader knows its models and classes. */
@EnabledOnOs({OS.LINUX, OS.MAC})
final class IsolatedFunctionTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final FunctionLimits LIMITS = FunctionLimits.DEFAULT.withMemory("256MB");
  private static final Request ROW = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");

  @TempDir
  private static Path folder;

  private static URLClassLoader application;

  @BeforeAll
  static void makeAnApplication() throws IOException {
    Path jar = folder.resolve("application.jar");
    Files.write(folder.resolve("Shouting.java"), """
        package acme;
        public final class Shouting implements io.fairlead.engine.ModelHandler {
          @Override
          public io.fairlead.platform.Response handle(io.fairlead.platform.Request request) {
            return io.fairlead.platform.Response.json(
                "\\"" + request.text().toUpperCase() + " by " + ProcessHandle.current().pid() + "\\"");
          }
        }
        """.getBytes(UTF_8));
    String classPath = Path.of(ModelHandler.class
            .getProtectionDomain()
            .getCodeSource()
            .getLocation()
            .getPath())
        + File.pathSeparator
        + Path.of(
            Response.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    int compiled = ToolProvider.getSystemJavaCompiler()
        .run(
            null,
            null,
            null,
            "-cp",
            classPath,
            "-d",
            folder.toString(),
            folder.resolve("Shouting.java").toString());
    assertThat(compiled).isZero();
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      add(out, "acme/Shouting.class", Files.readAllBytes(folder.resolve("acme/Shouting.class")));
      add(out, "flowers/iris.onnx", resource("/models/iris_lr.onnx"));
      add(out, "texts/model.onnx", Models.hidden().bytes());
      add(out, "texts/words.json", Models.tokenizerOfSomeWords().getBytes(UTF_8));
      add(
          out,
          "texts/1_Pooling/config.json",
          "{\"word_embedding_dimension\": 2, \"pooling_mode_cls_token\": true, \"pooling_mode_max_tokens\": true}"
              .getBytes(UTF_8));
    }
    application = new URLClassLoader(
        new URL[] {jar.toUri().toURL()}, IsolatedFunctionTest.class.getClassLoader());
  }

  @AfterAll
  static void close() throws IOException {
    application.close();
  }

  private static void add(JarOutputStream out, String name, byte[] content) throws IOException {
    out.putNextEntry(new JarEntry(name));
    out.write(content);
    out.closeEntry();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = IsolatedFunctionTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static ServerlessPlatform open() {
    return Platforms.open(
        "serverless",
        ServerlessPlatform.class,
        Map.of("cache", folder.resolve("cache").toString()),
        application);
  }

  private static ModelArtifact apart(String location) {
    return ModelArtifact.of(URI.create(location))
        .named("model")
        .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS));
  }

  @Test
  void aModelThatOnlyTheApplicationsClassLoaderHasIsGivenToTheWorkerAsAFile() {
    try (ServerlessPlatform platform = open()) {
      ModelFunction iris =
          platform.deploy(apart("classpath:flowers/iris.onnx"), LIMITS).await(LIMIT);

      assertThat(platform.invoke(iris, ROW).text()).contains("\"label\":0");
    }
  }

  @Test
  void withItGoesWhatBelongsToIt() {
    ModelArtifact artifact = apart("classpath:texts/model.onnx");
    ModelMetadata metadata =
        artifact.metadata().withLabels(Map.of("tokenizer", "words.json", "max-tokens", "64"));
    ModelMetadata inProcess = ModelMetadata.NONE.withName("here").withLabels(metadata.labels());
    Request texts = Request.texts("some words", "words");
    try (ServerlessPlatform platform = open()) {
      ModelFunction there =
          platform.deploy(artifact.withMetadata(metadata), LIMITS).await(LIMIT);
      ModelFunction here =
          platform.deploy(artifact.withMetadata(inProcess), LIMITS).await(LIMIT);

      assertThat(platform.invoke(there, texts).text())
          .isEqualTo(platform.invoke(here, texts).text())
          .startsWith("[[0.");
    }
  }

  @Test
  void aClassOfTheApplicationRunsInTheWorker() {
    try (ServerlessPlatform platform = open()) {
      ModelFunction shouting =
          platform.deploy(apart("java:acme.Shouting"), LIMITS).await(LIMIT);

      assertThat(platform
              .invoke(shouting, Request.of("hello".getBytes(UTF_8), "text/plain"))
              .text())
          .startsWith("\"HELLO by ")
          .doesNotContain(" " + ProcessHandle.current().pid() + "\"");
    }
  }

  @Test
  void tooLittleMemoryIsRefusedByDeployAndByPreview() {
    FunctionLimits small = FunctionLimits.DEFAULT.withMemory("64MB");
    ModelArtifact iris = apart("classpath:flowers/iris.onnx");
    try (ServerlessPlatform platform = open()) {
      for (var refused : List.<Runnable>of(
          () -> platform.deploy(iris, small),
          () -> platform.preview(preview -> preview.deploy(iris, small)))) {
        assertThatThrownBy(refused::run)
            .isInstanceOf(InvalidValueException.class)
            .hasMessageContaining(
                "limits.memoryBytes must be at least 128 MB for a process of Java, and is 64 MB");
      }
      assertThat(platform.list()).isEmpty();
    }
  }

  @Test
  void whatNoOtherProcessCanRunIsRefusedByDeployAndByPreview() {
    ServerlessConfig config = ServerlessConfig.DEFAULT
        .withCacheFolder(folder.resolve("cache"))
        .withFunction("greeter", request -> Response.json("1"));
    ModelArtifact greeter = apart("java:greeter");
    try (ServerlessPlatform platform = new ServerlessProvider().open(config)) {
      for (var refused : List.<Runnable>of(
          () -> platform.deploy(greeter, LIMITS),
          () -> platform.preview(preview -> preview.deploy(greeter, LIMITS)))) {
        assertThatThrownBy(refused::run)
            .isInstanceOfSatisfying(
                ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
            .hasMessageContaining("make it a public class");
      }
    }
  }
}
