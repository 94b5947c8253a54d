package io.fairlead.engine.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Model;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.ScalingEngine;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engines that the class path brings. */
final class EnginesTest {
  private static final Request ROWS = Request.json("{\"instances\": [[1, 2], [3, 4]]}");

  @TempDir
  Path folder;

  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : opened) {
      closeable.close();
    }
  }

  @Test
  void aModelOfAFormatOfOnesOwnTakesRequestsInJson() throws IOException {
    LeasedModel model = engine(ScalingEngine.class.getName()).load(file("times 2.5"));

    Response rows = model.invoke(ROWS);
    Response tensors = model.invoke(
        Request.json(
            "{\"inputs\": [{\"name\": \"x\", \"shape\": [1, 1], \"datatype\": \"FP32\", \"data\": [4]}]}"));

    assertThat(rows.text()).isEqualTo("{\"predictions\":[[2.5,5.0],[7.5,10.0]]}");
    assertThat(tensors.text())
        .isEqualTo(
            "{\"model_name\":\"model\",\"outputs\":[{\"name\":\"y\",\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[10.0]}]}");
    assertThatThrownBy(() -> model.invoke(Request.json("{\"instances\": [1, 2]}")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be of shape [-1, -1]");
  }

  @Test
  void whatNoEngineClaimsIsTakenAsWithoutThem() throws IOException {
    Engine engine = engine(ScalingEngine.class.getName());

    LeasedModel iris = engine.load(Models.artifact("iris_lr.onnx"));

    assertThat(iris.invoke(Request.json(Models.IRIS_REQUEST)).text()).contains("probabilities");
  }

  @Test
  void anEngineOfTheClassPathComesBeforeTheOnesOfThisModule() throws IOException {
    LeasedModel iris = engine(Second.class.getName()).load(Models.artifact("iris_lr.onnx"));

    assertThat(iris.outputs()).extracting(TensorSpec::name).containsExactly("second");
  }

  @Test
  void ofTwoEnginesThatClaimAModelTheFirstOnTheClassPathOpensIt() throws IOException {
    String first = First.class.getName();
    String second = Second.class.getName();

    LeasedModel one = engine(first, second).load(file("anything"));
    LeasedModel other = engine(second, first).load(file("anything"));

    assertThat(one.outputs()).extracting(TensorSpec::name).containsExactly("first");
    assertThat(other.outputs()).extracting(TensorSpec::name).containsExactly("second");
  }

  @Test
  void enginesThatCannotBeMadeOrFailWhenAskedDoNotDisturbTheOthers() throws IOException {
    Engine engine = engine(
        "io.example.NoSuchEngine",
        String.class.getName(),
        NotMade.class.getName(),
        NeverTells.class.getName(),
        First.class.getName());

    LeasedModel model = engine.load(file("anything"));

    assertThat(model.outputs()).extracting(TensorSpec::name).containsExactly("first");
  }

  @Test
  void theRefusalOfAModelCarriesWhyEnginesCouldNotBeMade() throws IOException {
    Engine engine = engine("io.example.NoSuchEngine", NotMade.class.getName());

    ServingException e =
        catchThrowableOfType(ServingException.class, () -> engine.load(file("GGUF")));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e.getSuppressed())
        .hasSize(2)
        .anySatisfy(broken -> assertThat(broken).hasMessageContaining("io.example.NoSuchEngine"))
        .anySatisfy(broken -> assertThat(broken).hasRootCauseMessage("not made"));
  }

  @Test
  void javaCodeIsNoneOfTheirBusiness() throws IOException {
    Engine engine = new Engine(
        "local",
        Map.of("greeter", request -> Response.json("\"hello\"")),
        Models.cacheFolder(),
        loader(First.class.getName()));
    opened.add(engine);

    LeasedModel model = engine.load(ModelArtifact.of(URI.create("java:greeter")));

    assertThat(model.invoke(Request.json("{}")).text()).isEqualTo("\"hello\"");
  }

  @Test
  void whatAnEngineThrowsWhileItOpensBecomesOneSentence() throws IOException {
    Engine engine = engine(Opening.class.getName());

    ServingException notWhole = failure(engine, "not whole");
    ServingException linkage = failure(engine, "linkage");
    ServingException nothing = failure(engine, "nothing");
    ServingException own = failure(engine, "own");
    ServingException speechless = failure(engine, "speechless");

    assertThat(notWhole.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(notWhole)
        .hasMessageContaining("model.any' (9 bytes) could not be opened by its engine "
            + Opening.class.getName() + ": byte 7 is missing.")
        .hasCauseInstanceOf(IOException.class);
    assertThat(linkage.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(linkage)
        .hasMessageEndingWith(
            "which is missing a class or a library (org/example/Runtime): add what that engine needs to the class"
                + " path.");
    assertThat(nothing.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(nothing).hasMessageEndingWith("which returned no model.");
    assertThat(own.kind()).isEqualTo(ErrorKind.QUOTA);
    assertThat(own).hasMessage("Full.");
    assertThat(speechless.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(Opening.CLOSED).hasValue(1);
  }

  @Test
  void whatAModelThrowsIsAFailureOfTheModel() throws IOException {
    LeasedModel model = engine(Running.class.getName()).load(file("fails"));

    ServingException e = catchThrowableOfType(ServingException.class, () -> model.invoke(ROWS));

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(e)
        .hasMessage("Model 'model' failed: ArithmeticException: by zero.")
        .hasCauseInstanceOf(ArithmeticException.class);
  }

  @Test
  void aModelThatGivesOtherOutputsThanItWasAskedForIsToldSo() throws IOException {
    Engine engine = engine(Running.class.getName());
    LeasedModel other = engine.load(file("other outputs"));
    LeasedModel none = engine.load(file("none"));

    assertThatThrownBy(() -> other.invoke(ROWS))
        .hasMessage(
            "Model 'model' failed: its engine was asked for [y] and gave [z]: give the outputs asked for, in that order.");
    assertThatThrownBy(() -> none.invoke(ROWS)).hasMessageContaining("asked for [y] and gave []");
  }

  @Test
  void aModelMayAnswerRequestsItself() throws IOException {
    Engine engine = engine(Answering.class.getName());

    LeasedModel echo = engine.load(file("echoes"));
    LeasedModel none = engine.load(file("none"));
    LeasedModel failing = engine.load(file("fails"));

    assertThat(echo.invoke(Request.of("hi".getBytes(UTF_8), "text/plain")).text())
        .isEqualTo("hi");
    assertThatThrownBy(() -> none.invoke(ROWS))
        .hasMessage("Model 'model' failed: its engine returned no response.");
    assertThatThrownBy(() -> failing.invoke(ROWS))
        .hasMessage("Model 'model' failed: ArithmeticException: by zero.");
  }

  @Test
  void aModelIsStoppedThroughItsCall() throws IOException {
    LeasedModel model = engine(Running.class.getName()).load(file("waits"));

    ServingException e = catchThrowableOfType(
        ServingException.class, () -> model.invoke(ROWS.withTimeout(Duration.ofMillis(50))));

    assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT);
  }

  @Test
  void aModelThatCannotBeClosedIsGoneAllTheSame() throws IOException {
    Engine engine = engine(Running.class.getName());
    LeasedModel model = engine.load(file("none"));

    model.close();

    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void theDocumentationShowsAnEngineThatIsTested() throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/fairlead/engine/ScalingEngine.java"));

    assertThat(Files.readString(Path.of("../docs/models.md")))
        .contains("```java\n" + source.substring(source.indexOf("public final class")) + "```");
  }

  private ModelArtifact file(String content) throws IOException {
    Path file = Files.createTempDirectory(folder, "of").resolve("model.any");
    return ModelArtifact.of(Files.writeString(file, content));
  }

  private ServingException failure(Engine engine, String content) throws IOException {
    ModelArtifact file = file(content);
    return catchThrowableOfType(ServingException.class, () -> engine.load(file));
  }

  private Engine engine(String... names) throws IOException {
    Engine engine = new Engine("local", Map.of(), Models.cacheFolder(), loader(names));
    opened.add(engine);
    return engine;
  }

  private URLClassLoader loader(String... names) throws IOException {
    Path root = Files.createTempDirectory(folder, "loader");
    Path services = Files.createDirectories(root.resolve("META-INF/services"));
    Files.write(services.resolve(InferenceEngine.class.getName()), List.of(names));
    URLClassLoader loader =
        new URLClassLoader(new URL[] {root.toUri().toURL()}, getClass().getClassLoader());
    opened.add(loader);
    return loader;
  }

  /** Claims everything. */
  abstract static class Any implements InferenceEngine {
    @Override
    public boolean claims(ModelSource source) {
      return true;
    }

    @Override
    public Model open(ModelSource source, LoadOptions options) throws IOException {
      return new Named(getClass().getSimpleName().toLowerCase(Locale.ROOT));
    }
  }

  public static final class First extends Any {
    public First() {}
  }

  public static final class Second extends Any {
    public Second() {}
  }

  public static final class NotMade extends Any {
    public NotMade() {
      throw new IllegalStateException("not made");
    }
  }

  public static final class NeverTells extends Any {
    public NeverTells() {}

    @Override
    public boolean claims(ModelSource source) {
      throw new NoClassDefFoundError("org/example/Runtime");
    }
  }

  public static final class Opening extends Any {
    static final AtomicInteger CLOSED = new AtomicInteger();

    public Opening() {}

    @Override
    public Model open(ModelSource source, LoadOptions options) throws IOException {
      switch (new String(source.bytes(), UTF_8)) {
        case "not whole" -> throw new IOException("byte 7 is missing");
        case "linkage" -> throw new NoClassDefFoundError("org/example/Runtime");
        case "own" -> throw new ServingException("local", ErrorKind.QUOTA, "Full.");
        case "speechless" -> {
          return new Named("y") {
            @Override
            public List<TensorSpec> outputs() {
              throw new IllegalStateException("no outputs");
            }

            @Override
            public void close() {
              CLOSED.incrementAndGet();
            }
          };
        }
        default -> {
          return null;
        }
      }
    }
  }

  public static final class Running extends Any {
    public Running() {}

    @Override
    public Model open(ModelSource source, LoadOptions options) throws IOException {
      String how = new String(source.bytes(), UTF_8);
      return new Named("y") {
        @Override
        public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
          return switch (how) {
            case "fails" -> throw new ArithmeticException("by zero");
            case "other outputs" ->
              List.of(Tensor.of("z", Datatype.FP32, new long[] {1}, new float[1]));
            case "waits" -> {
              CountDownLatch stopped = new CountDownLatch(1);
              call.enter(stopped::countDown);
              try {
                stopped.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              } finally {
                call.leave();
              }
              yield List.of(Tensor.of("y", Datatype.FP32, new long[] {1}, new float[1]));
            }
            default -> null;
          };
        }

        @Override
        public void close() {
          throw new IllegalStateException("stays open");
        }
      };
    }
  }

  public static final class Answering extends Any {
    public Answering() {}

    @Override
    public Model open(ModelSource source, LoadOptions options) throws IOException {
      String how = new String(source.bytes(), UTF_8);
      return new RequestModel() {
        @Override
        public List<TensorSpec> inputs() {
          return List.of();
        }

        @Override
        public List<TensorSpec> outputs() {
          return List.of();
        }

        @Override
        public Response answer(Request request, Call call) {
          return switch (how) {
            case "fails" -> throw new ArithmeticException("by zero");
            case "echoes" -> Response.of(request.body(), request.contentType());
            default -> null;
          };
        }

        @Override
        public void close() {}
      };
    }
  }

  private static class Named implements TensorModel {
    private final String output;

    Named(String output) {
      this.output = output;
    }

    @Override
    public List<TensorSpec> inputs() {
      return Stream.of("x")
          .map(name -> new TensorSpec(name, Datatype.FP32, List.of(-1L, -1L)))
          .toList();
    }

    @Override
    public List<TensorSpec> outputs() {
      return List.of(new TensorSpec(output, Datatype.FP32, List.of()));
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
