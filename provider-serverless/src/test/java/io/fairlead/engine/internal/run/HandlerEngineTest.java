package io.fairlead.engine.internal.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HandlerEngineTest {
  private static final Request REQUEST = Request.of(new byte[] {1, 2}, "application/octet-stream");

  @Test
  void aRegisteredFunctionAnswers() {
    try (Engine engine = Models.engine(
            Map.of("echo", request -> Response.of(request.body(), request.contentType())));
        LeasedModel echo = engine.load(artifact("echo"))) {
      Response response = echo.invoke(REQUEST);

      assertThat(response.body()).containsExactly(1, 2);
      assertThat(response.contentType()).isEqualTo("application/octet-stream");
      assertThat(echo.name()).isEqualTo("echo");
      assertThat(echo.inputs()).isEmpty();
      assertThat(echo.outputs()).isEmpty();
    }
  }

  @Test
  void aClassAnswers() {
    try (Engine engine = Models.engine();
        LeasedModel model = engine.load(artifact(Greeter.class.getName()))) {
      assertThat(model.invoke(REQUEST).text()).isEqualTo("\"hello\"");
    }
  }

  @Test
  void aFunctionGoesBeforeAClassOfItsName() {
    String name = Greeter.class.getName();
    try (Engine engine = Models.engine(Map.of(name, request -> Response.json("1")));
        LeasedModel model = engine.load(artifact(name))) {
      assertThat(model.invoke(REQUEST).text()).isEqualTo("1");
    }
  }

  @Test
  void aHandlerMadeFromItsClassIsMadeOnceAndClosedWithTheLastLease() {
    Greeter.MADE.set(0);
    Greeter.CLOSED.set(0);
    try (Engine engine = Models.engine()) {
      LeasedModel one = engine.load(artifact(Greeter.class.getName()));
      LeasedModel other = engine.load(artifact(Greeter.class.getName()));
      one.close();
      assertThat(Greeter.CLOSED).hasValue(0);

      other.close();

      assertThat(Greeter.MADE).hasValue(1);
      assertThat(Greeter.CLOSED).hasValue(1);
    }
  }

  @Test
  void javaCodeIsNotBatched() {
    try (Engine engine = Models.engine()) {
      assertThatThrownBy(() ->
              engine.load(artifact(Greeter.class.getName()), LoadOptions.DEFAULT.withMaxBatch(2)))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
          .hasMessage("'java:" + Greeter.class.getName()
              + "' is Java code, which takes one request at a time: load it with a maxBatch of 1, which is the"
              + " default.");
    }
  }

  @Test
  void javaCodeTakesNoSettingsOfOnnxModels() {
    try (Engine engine = Models.engine()) {
      assertThatThrownBy(() -> engine.load(
              artifact(Greeter.class.getName()),
              LoadOptions.DEFAULT.withSessionSettings(Map.of("session.set_denormal_as_zero", "1"))))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
          .hasMessageContaining(
              "is Java code, and execution providers and session settings are for ONNX models");
    }
  }

  @Test
  void aRegisteredFunctionIsNotClosed() {
    Greeter greeter = new Greeter();
    Greeter.CLOSED.set(0);
    try (Engine engine = Models.engine(Map.of("greeter", greeter))) {
      engine.load(artifact("greeter")).close();
    }

    assertThat(Greeter.CLOSED).hasValue(0);
  }

  @Test
  void aNameThatIsNeitherFailsAsNotFoundWithTheFunctionsThereAre() {
    try (Engine engine = Models.engine(
        Map.of("b", request -> Response.json("1"), "a", request -> Response.json("1")))) {
      ServingException e = failure(engine, "c");

      assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
      assertThat(e)
          .hasMessage(
              "'java:c' is neither a registered function (a, b) nor a class on the class path: register it, or"
                  + " write the class's full name.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "java.lang.String,                                                         INVALID,      is no io.fairlead.engine.ModelHandler",
    "io.fairlead.engine.internal.run.HandlerEngineTest$Hidden,                   INVALID,      which cannot be made",
    "io.fairlead.engine.internal.run.HandlerEngineTest$WithParameter,            INVALID,      which cannot be made",
    "io.fairlead.engine.internal.run.HandlerEngineTest$Broken,                   MODEL_FAILED, its constructor failed: no weights",
    "io.fairlead.engine.internal.run.HandlerEngineTest$BrokenClass,              MODEL_FAILED, did not start",
    "io.fairlead.engine.ModelHandler,                                      INVALID,      which cannot be made",
  })
  void aClassThatIsNoModelIsRefused(String name, ErrorKind kind, String message) {
    try (Engine engine = Models.engine()) {
      ServingException e = failure(engine, name);

      assertThat(e.kind()).isEqualTo(kind);
      assertThat(e).hasMessageStartingWith("'java:" + name + "'").hasMessageContaining(message);
    }
  }

  @Test
  void whatAHandlerThrowsIsTheCauseOfAModelFailure() {
    IllegalStateException thrown = new IllegalStateException("no such feature");

    ServingException e = (ServingException) thrownBy(request -> {
      throw thrown;
    });

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(e)
        .hasMessage("Model 'model' failed: IllegalStateException: no such feature.")
        .hasCause(thrown);
  }

  @Test
  void anErrorOfAHandlerIsAModelFailureToo() {
    ServingException e = (ServingException) thrownBy(request -> {
      throw new NoClassDefFoundError("com/acme/Weights");
    });

    assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
  }

  @Test
  void noAnswerIsAModelFailure() {
    assertThat(thrownBy(request -> null))
        .hasMessage("Model 'model' returned null instead of a Response.");
  }

  @Test
  void aFailureOfOursPassesUnchanged() {
    ServingException ours = new ServingException("vertex", ErrorKind.QUOTA, "No more.");
    InvalidValueException wrong =
        new InvalidValueException("Request", List.of(new Problem("x", "must be y", "z")));

    assertThat(thrownBy(request -> {
          throw ours;
        }))
        .isSameAs(ours);
    assertThat(thrownBy(request -> {
          throw wrong;
        }))
        .isSameAs(wrong);
  }

  @Test
  void aHandlerIsInterruptedAtTheTimeoutAndTheInterruptGoesNoFurther() {
    ModelHandler sleeper = request -> {
      Thread.sleep(60_000);
      return Response.json("1");
    };
    try (Engine engine = Models.engine(Map.of("sleeper", sleeper));
        LeasedModel model = engine.load(artifact("sleeper"))) {
      Throwable thrown =
          catchThrowable(() -> model.invoke(REQUEST.withTimeout(Duration.ofMillis(50))));

      assertThat(thrown)
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT))
          .hasCauseInstanceOf(InterruptedException.class);
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void anAnswerAfterTheTimeoutIsNone() {
    ModelHandler late = request -> {
      while (!Thread.interrupted()) {
        LockSupport.parkNanos(1_000_000);
      }
      return Response.json("1");
    };
    try (Engine engine = Models.engine(Map.of("late", late));
        LeasedModel model = engine.load(artifact("late"))) {
      assertThatThrownBy(() -> model.invoke(REQUEST.withTimeout(Duration.ofMillis(20))))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void anInterruptBySomebodyElseIsKept() {
    Throwable thrown = thrownBy(request -> {
      throw new InterruptedException();
    });

    assertThat(((ServingException) thrown).kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(Thread.interrupted()).isTrue();
  }

  private static Throwable thrownBy(ModelHandler handler) {
    try (Engine engine = Models.engine(Map.of("model", handler));
        LeasedModel model = engine.load(artifact("model"))) {
      return catchThrowable(() -> model.invoke(REQUEST));
    }
  }

  private static ServingException failure(Engine engine, String name) {
    return catchThrowableOfType(ServingException.class, () -> engine.load(artifact(name)));
  }

  private static ModelArtifact artifact(String name) {
    return ModelArtifact.of(URI.create("java:" + name));
  }

  public static final class Greeter implements ModelHandler, AutoCloseable {
    static final AtomicInteger MADE = new AtomicInteger();
    static final AtomicInteger CLOSED = new AtomicInteger();

    public Greeter() {
      MADE.incrementAndGet();
    }

    @Override
    public Response handle(Request request) {
      return Response.json("\"hello\"");
    }

    @Override
    public void close() {
      CLOSED.incrementAndGet();
    }
  }

  static final class Hidden implements ModelHandler {
    @Override
    public Response handle(Request request) {
      return Response.json("1");
    }
  }

  public static final class WithParameter implements ModelHandler {
    private final String answer;

    public WithParameter(String answer) {
      this.answer = answer;
    }

    @Override
    public Response handle(Request request) {
      return Response.json(answer);
    }
  }

  public static final class Broken implements ModelHandler {
    public Broken() {
      throw new IllegalStateException("no weights");
    }

    @Override
    public Response handle(Request request) {
      return Response.json("1");
    }
  }

  public static final class BrokenClass implements ModelHandler {
    static final String WEIGHTS = String.valueOf(Integer.parseInt("weights"));

    @Override
    public Response handle(Request request) {
      return Response.json(WEIGHTS);
    }
  }
}
