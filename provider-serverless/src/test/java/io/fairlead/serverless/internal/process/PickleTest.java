package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.json.IgnoredParameters;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Needs python3 for most, and scikit-learn for one; a worker that speaks wrongly is played by a shell script. */
@EnabledOnOs({OS.LINUX, OS.MAC})
@Timeout(60)
final class PickleTest {
  private static final Path PYTHON = Path.of("python3");
  private static final WorkerLimits LIMITS = WorkerLimits.DEFAULT;
  private static final String FLOWERS = """
      import time
      class Flowers:
          classes_ = ["rose", "tulip"]
          n_features_in_ = 2
          def predict(self, rows):
              if rows[0][0] < 0:
                  raise RuntimeError("no such flower")
              if rows[0][0] == 99:
                  time.sleep(60)
              print("predicting")
              return ["rose" if row[0] > row[1] else "tulip" for row in rows]
          def predict_proba(self, rows):
              return [[0.75, 0.25] if row[0] > row[1] else [float("nan"), 1.0] for row in rows]
      class Height:
          def predict(self, rows):
              return [float(row[0]) * 2 for row in rows]
      class Mute:
          pass
      class Marked:
          def __reduce__(self):
              return (open, ("MARK", "w"))
      """;

  @TempDir
  private static Path pickles;

  @TempDir
  Path folder;

  private final Workers workers = newWorkers();

  @BeforeAll
  static void pickle() throws Exception {
    if (Python.IS_THERE) {
      Files.writeString(
          pickles.resolve("flowers.py"),
          FLOWERS.replace("MARK", pickles.resolve("mark").toString()));
      Process python = new ProcessBuilder(PYTHON.toString(), "-B", "-c", """
          import pickle, sys
          sys.path.insert(0, sys.argv[1])
          import flowers
          for name in ["Flowers", "Height", "Mute", "Marked"]:
              with open(f"{sys.argv[1]}/{name}.pkl", "wb") as file:
                  pickle.dump(getattr(flowers, name)(), file)
          """, pickles.toString())
          .inheritIO()
          .start();
      assertThat(python.waitFor()).isZero();
    }
  }

  @AfterEach
  void close() {
    workers.close(Duration.ZERO);
  }

  private static String[] columns(String line) {
    return line.strip().split(" *\\| *", -1);
  }

  private static Request rows(String[] row) {
    return Request.of(row[1].replace(';', '\n').getBytes(UTF_8), row[0]);
  }

  @Test
  void aModelThatDoesNotEndIsKilled() throws Exception {
    WorkerModel flowers = workers.start(spec("Flowers"));

    assertThatThrownBy(() -> flowers.invoke(
            Request.json("{\"instances\": [[99, 0]]}").withTimeout(Duration.ofMillis(300))))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
    assertThat(flowers.onExit().get(5, SECONDS).code()).isEqualTo(137);
  }

  @Test
  void anythingElseAnswersRowsWithPredictionsAndEndsWhenItIsClosed() throws Exception {
    WorkerModel height = workers.start(spec("Height"));

    assertThat(height.invoke(Request.json("{\"instances\": [[1.5], [2]]}")).text())
        .isEqualTo("{\"predictions\":[3.0,4.0]}");
    height.close();

    assertThat(height.onExit().get(5, SECONDS).code()).isZero();
    assertThat(ProcessHandle.of(height.pid())).isEmpty();
  }

  @Test
  void aPickleThatIsNotTheTrustedOneIsNotUnpickled() throws Exception {
    PickleSpec marked = spec("Marked");
    PickleSpec other = PickleSpec.of(PYTHON, marked.pickle(), "other", "0".repeat(64), LIMITS);

    assertThatThrownBy(() -> workers.start(other))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
        .hasMessageContaining("is not the trusted pickle: its SHA-256 is " + marked.digest());
    assertThat(pickles.resolve("mark")).doesNotExist();
    // What it would have done.
    assertThatThrownBy(() -> workers.start(marked)).isInstanceOf(ServingException.class);
    assertThat(pickles.resolve("mark")).exists();
  }

  @Test
  void aPickleOfSomethingElseIsRefused() throws Exception {
    PickleSpec mute = spec("Mute");

    assertThatThrownBy(() -> workers.start(mute))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessage(
            "'" + mute.pickle() + "' holds a flowers.Mute, which has no predict(): pickle an"
                + " estimator or a pipeline that has.");
  }

  @Test
  void aPackageThatIsMissingIsNamedWithItsRemedy() throws Exception {
    PickleSpec spec = spec("Flowers").withEnvironment(Map.of());

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED))
        .hasMessageContaining("needs the Python package 'flowers', which ")
        .hasMessageContaining(" -m pip install flowers,");
  }

  @Test
  void aPipelineOfScikitLearnAnswersAsItsConversionDoes() throws Exception {
    Path pickle = Path.of(WorkersTest.model("model.pkl").weights());
    assumeThat(runs("import sklearn")).as("python3 has scikit-learn").isTrue();
    WorkerModel iris = workers.start(PickleSpec.of(PYTHON, pickle, "iris", sha256(pickle), LIMITS));

    JsonNode answer = new ObjectMapper()
        .readTree(iris.invoke(
                Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}"))
            .body());

    assertThat(answer.at("/predictions/0/label").asInt()).isZero();
    assertThat(answer.at("/predictions/0/probabilities/0").asDouble())
        .isCloseTo(0.98469466, within(1e-5));
    assertThat(answer.at("/predictions/1/label").asInt()).isEqualTo(2);
  }

  @Test
  void aProgramThatSpeaksAnotherProtocolIsRefused() throws Exception {
    PickleSpec spec = played("printf 'HTTP/1.1 200 OK\\r\\n\\r\\n' >&3; exec sleep 60");

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE))
        .hasMessageContaining(
            "its output cannot be read: a frame of 1213486160 bytes was announced");
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  @Test
  void aProgramThatClosesItsAnswersIsKilled() throws Exception {
    PickleSpec spec = played("exec 3>&-; exec sleep 60");

    assertThatThrownBy(() -> workers.start(spec)).hasMessageContaining("it closed its output");
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  @Test
  void aProgramThatEndsFailsWithWhatItSaid() throws Exception {
    PickleSpec spec = played("echo 'not today' >&2; exit 3");

    assertThatThrownBy(() -> workers.start(spec))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
        .hasMessageContaining("ended with exit code 3, last output \"not today\"");
  }

  @Test
  void aProgramThatDoesNotReadHoldsUpNobody() throws Exception {
    // Says that it has loaded the pickle as a model of no name, inputs and outputs, and then reads
    // nothing.
    PickleSpec spec = played(
        "head -c 13 >/dev/null; n='\\000\\000\\000'; printf \"$n\\131\\002$n$n\\000\\001$n\\000$n\\100"
            + sha256("x".getBytes(UTF_8)) + "$n\\000$n\\000\" >&3; exec sleep 60");
    WorkerModel deaf = workers.start(spec);
    Request big = Request.of(new byte[1 << 20], "text/plain").withTimeout(Duration.ofMillis(300));
    long start = System.nanoTime();

    assertThatThrownBy(() -> deaf.invoke(big))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    assertThat(deaf.onExit().get(5, SECONDS).code()).isEqualTo(137);
  }

  @Test
  void anInterpreterThatIsNotThereIsNotFound() throws Exception {
    PickleSpec spec = played("exit 0");
    PickleSpec missing =
        PickleSpec.of(folder.resolve("no/python"), spec.pickle(), "model", spec.digest(), LIMITS);

    assertThatThrownBy(() -> workers.start(missing))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
        .hasMessageContaining("There is no Python at ");
  }

  /** What leaves a worker as it was: one for all. */
  @Nested
  class OfFlowers {
    private static Workers shared;
    private static WorkerModel flowers;

    @BeforeAll
    static void start() throws Exception {
      PickleSpec spec = spec("Flowers");
      shared = newWorkers();
      flowers = shared.start(spec);
    }

    @AfterAll
    static void end() {
      if (shared != null) {
        shared.close(Duration.ZERO);
      }
    }

    @Test
    void aClassifierAnswersRowsWithLabelsAndProbabilities() throws Exception {
      String answer =
          flowers.invoke(Request.json("{\"instances\": [[2, 1], [1, 2]]}")).text();

      assertThat(answer)
          .isEqualTo("{\"predictions\":[{\"label\":\"rose\",\"probabilities\":[0.75,0.25]},"
              + "{\"label\":\"tulip\",\"probabilities\":[\"NaN\",1.0]}]}");
      assertThat(flowers.name()).isEqualTo("flowers");
      assertThat(flowers.inputs())
          .containsExactly(new TensorSpec("X", Datatype.FP64, List.of(-1L, 2L)));
      assertThat(flowers.outputs())
          .containsExactly(
              new TensorSpec("label", Datatype.BYTES, List.of(-1L)),
              new TensorSpec("probabilities", Datatype.FP64, List.of(-1L, 2L)));
    }

    @Test
    void aTensorIsAnsweredWithTensors() throws Exception {
      String answer = flowers
          .invoke(
              Request.json(
                  "{\"id\": \"a\", \"inputs\": [{\"name\": \"X\", \"shape\": [2, 2],"
                      + " \"datatype\": \"FP64\", \"data\": [2, 1, 4, 1]}], \"outputs\": [{\"name\": \"probabilities\"}]}"))
          .text();

      assertThat(answer)
          .isEqualTo(
              "{\"model_name\":\"flowers\",\"id\":\"a\",\"outputs\":[{\"name\":\"probabilities\","
                  + "\"shape\":[2,2],\"datatype\":\"FP64\",\"data\":[0.75,0.25,0.75,0.25]}]}");
    }

    @TestFactory
    Stream<DynamicTest> rowsAreAnsweredHoweverClientsSendThem() throws Exception {
      String expected =
          flowers.invoke(Request.json("{\"instances\": [[2, 1], [1, 2]]}")).text();
      return """
          text/csv                     | 2,1;1.0,"2"
          text/csv; header=present     | a,b;2,1;1,2
          application/json             | [[2, 1], [1, 2]]
          application/octet-stream     | {"instances": [[2, 1], [1, 2]]}
          application/json             | {"id": null, "outputs": null, "parameters": null, "inputs": null, "instances": [[2, 1], [1, 2]]}
          """.lines().map(PickleTest::columns).map(row -> dynamicTest(
          row[0] + " " + row[1],
          () -> assertThat(flowers.invoke(rows(row)).text()).isEqualTo(expected)));
    }

    @Test
    void parametersThatNothingUsesAreNamed() throws Exception {
      assertThat(flowers
              .invoke(Request.json(
                  "{\"instances\": [[2, 1]], \"parameters\": {\"top k\": 1, \"b\": 2}}"))
              .find(IgnoredParameters.class))
          .contains(new IgnoredParameters(List.of("top?k", "b")));
    }

    @TestFactory
    Stream<DynamicTest> wrongRowsAreRefused() throws Exception {
      return """
          text/csv         | 2,1;1,x                              | row 2, field 2 must be a number, or nan where a value is missing
          text/csv         | 2,1;1                                | instances[1] must have 2 elements (got 1)
          text/csv         | ;                                    | instances must be an array of rows, and not empty
          text/plain       | 2                                    | contentType must be application/json or text/csv
          application/json | {}                                   | inputs must be present, or instances, and not both, such as {"instances": [[0, 0]]}
          application/json | {"instances": [], "instances": [[]]} | body must hold each field of an object once
          """.lines().map(PickleTest::columns).map(row -> dynamicTest(
          row[0] + " " + row[1],
          () -> assertThatThrownBy(() -> flowers.invoke(rows(row)))
              .isInstanceOf(InvalidValueException.class)
              .hasMessageContaining(row[2])));
    }

    @Test
    void aWrongRequestIsRefusedBeforeTheModelRuns() throws Exception {
      assertThatThrownBy(() -> flowers.invoke(Request.json("{\"instances\": [[1, 2], [1]]}")))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage("Request: instances[1] must have 2 elements (got 1)");
      assertThatThrownBy(() -> flowers.invoke(Request.json("{")))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage("Request: body must be a JSON object");
    }

    @Test
    void aModelThatRaisesFailsAndGoesOn() throws Exception {
      assertThatThrownBy(() -> flowers.invoke(Request.json("{\"instances\": [[-1, 0]]}")))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED))
          .hasMessage("Model 'flowers' failed: RuntimeError: no such flower.")
          .cause()
          .satisfies(
              cause -> assertThat(cause.getStackTrace()[0].getMethodName()).isEqualTo("predict"));
      assertThat(flowers.invoke(Request.json("{\"instances\": [[2, 1]]}")).text())
          .contains("rose");
    }
  }

  private static Workers newWorkers() {
    return new Workers(
        "serverless", Set.of(), WorkersTest.cacheFolder(), PickleTest.class.getClassLoader());
  }

  /** A pickle of an object of one of the classes above. */
  private static PickleSpec spec(String type) throws Exception {
    assumeThat(Python.IS_THERE).as("there is a python3").isTrue();
    Path pickle = pickles.resolve(type + ".pkl");
    return PickleSpec.of(PYTHON, pickle, "flowers", sha256(pickle), LIMITS)
        .withEnvironment(Map.of("PYTHONPATH", pickles.toString()));
  }

  private static final class Python {
    static final boolean IS_THERE = runs("pass");
  }

  /** A shell script in the place of Python. */
  private PickleSpec played(String script) throws Exception {
    Path program = folder.resolve("python");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    Path pickle = Files.writeString(folder.resolve("model.pkl"), "x");
    return PickleSpec.of(program, pickle, "model", sha256(pickle), LIMITS);
  }

  private static boolean runs(String code) {
    try {
      Process python = new ProcessBuilder(PYTHON.toString(), "-c", code)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
      return python.onExit().join().exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String sha256(Path file) throws Exception {
    return sha256(Files.readAllBytes(file));
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
