package io.fairlead.engine.internal.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withPrecision;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Fingerprint;
import io.fairlead.engine.internal.file.Fingerprints;
import io.fairlead.engine.internal.file.MappedFile;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.file.Stamp;
import io.fairlead.engine.internal.protobuf.OnnxContent;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.provider.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@EnabledOnOs(OS.LINUX)
final class OnnxCacheTest {
  private static final long ROOMY = 1L << 30;
  private static final Request IRIS = Request.json(Models.IRIS_REQUEST);
  private static final Request TEXT = Request.json("{\"inputs\": \"a test of the cache\"}");

  @TempDir
  Path folder;

  @Test
  void theFirstAnswerHasTheModelKept() {
    try (Engine engine = engine(ROOMY)) {
      LeasedModel iris = engine.load(Models.artifact("iris_rf.onnx"));
      assertThat(kept()).isEmpty();

      iris.invoke(IRIS);
      iris.invoke(IRIS);
      awaitKept(1);
    }

    assertThat(kept()).singleElement().satisfies(file -> {
      assertThat(file.getFileName().toString())
          .startsWith(Sha256.of(Files.readAllBytes(Models.path("iris_rf.onnx"))) + "-1.26.0-")
          .endsWith(".ort");
      assertThat(file).isNotEmptyFile();
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"iris_rf.onnx", "iris_lr.onnx", "digits.onnx"})
  void aModelFromTheCacheAnswersAsItsFileDoes(String name) {
    ModelArtifact artifact = Models.artifact(name);
    String uncached = keep(artifact, request(name));

    Served cached = serve(artifact, request(name));

    assertThat(cached.answer()).isEqualTo(uncached);
    assertThat(cached.fromCache()).isTrue();
    assertThat(cached.inputs()).isEqualTo(serve(artifact, request(name)).inputs());
  }

  @Test
  void aTextModelFromTheCacheAnswersAsItsFileDoes() {
    String uncached = keep(Models.MINILM, TEXT);

    Served cached = serve(Models.MINILM, TEXT);

    assertThat(cached.fromCache()).isTrue();
    assertThat(cosine(cached.answer(), uncached)).isGreaterThan(0.99999);
  }

  @ParameterizedTest
  @CsvSource({
    "iris_rf.onnx, X, 4, 1e-6",
    "iris_lr.onnx, X, 4, 1e-6",
    "digits.onnx, x, 1x8x8, 1e-4",
  })
  void aModelFromTheCacheAnswersAsItDoesWithoutOptimisation(
      String name, String input, String row, double precision) throws Exception {
    long[] shape =
        Stream.of(("25x" + row).split("x", -1)).mapToLong(Long::parseLong).toArray();
    Random random = new Random(1);
    float[] elements = new float[(int) LongStream.of(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = 8 * random.nextFloat();
    }
    Tensor tensor = Tensor.of(input, Datatype.FP32, shape, elements);
    ModelArtifact artifact = Models.artifact(name);
    Request request = request(tensor);
    keep(artifact, request);

    Served cached = serve(artifact, request);

    assertThat(cached.fromCache()).isTrue();
    Map<String, double[]> expected =
        unoptimised(Files.readAllBytes(Models.path(name)), List.of(tensor));
    assertThat(expected).isNotEmpty();
    assertThat(outputs(cached.answer()))
        .hasSameSizeAs(expected)
        .allSatisfy((output, values) ->
            assertThat(values).containsExactly(expected.get(output), withPrecision(precision)));
  }

  /** Quantised weights make a jump of what differs in the last digit. */
  @Test
  void aQuantisedModelFromTheCacheAnswersNearlyAsItDoesWithoutOptimisation() throws Exception {
    long[] shape = {1, 8};
    List<Tensor> tensors = List.of(
        Tensor.of("input_ids", Datatype.INT64, shape, new long[] {
          101, 1037, 3231, 1997, 1996, 17053, 1012, 102
        }),
        Tensor.of("attention_mask", Datatype.INT64, shape, new long[] {1, 1, 1, 1, 1, 1, 1, 1}),
        Tensor.of("token_type_ids", Datatype.INT64, shape, new long[8]));
    Request request = request(tensors.toArray(Tensor[]::new));
    keep(Models.MINILM, request);

    Served cached = serve(Models.MINILM, request);

    assertThat(cached.fromCache()).isTrue();
    byte[] model;
    try (InputStream in = requireNonNull(
        getClass().getClassLoader().getResourceAsStream("all-minilm-l6-v2-q.onnx"))) {
      model = in.readAllBytes();
    }
    Map<String, double[]> expected = unoptimised(model, tensors);
    assertThat(expected).isNotEmpty();
    assertThat(outputs(cached.answer()))
        .hasSameSizeAs(expected)
        .allSatisfy((output, values) ->
            assertThat(cosine(values, requireNonNull(expected.get(output)))).isGreaterThan(0.9999));
  }

  @Test
  void aModelThatIsUnloadedIsNotInMemoryAnyMore() {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    keep(artifact, IRIS);
    try (Engine engine = engine(ROOMY)) {
      LeasedModel one = engine.load(artifact);
      LeasedModel other = engine.load(artifact);

      one.close();

      assertThat(isMapped()).isTrue();
      assertThat(other.invoke(IRIS).text()).contains("probabilities");
      other.close();
      assertThat(isMapped()).isFalse();
    }
  }

  @Test
  void aFileThatIsRefusedIsNotInMemoryAnyMore() {
    OnnxCache cache = new OnnxCache(new DiskCache(folder.resolve("models"), ROOMY));
    cache.keep("a.ort", part -> Files.write(part, new byte[10_000]));
    MappedFile whole = cache.find("a.ort").orElseThrow();
    assertThat(whole.bytes().remaining()).isEqualTo(10_000);
    assertThat(isMapped()).isTrue();
    whole.close();
    whole.close();

    Path moved = folder.resolve("models").resolve("b.ort");
    assertThat(folder.resolve("models").resolve("a.ort").toFile().renameTo(moved.toFile()))
        .isTrue();

    assertThat(cache.find("b.ort")).isEmpty();
    assertThat(isMapped()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 200, -1})
  void aFileThatWasCutOffIsMadeAgain(int length) throws IOException {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    String expected = keep(artifact, IRIS);
    Path file = kept().get(0);
    long whole = Files.size(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(length < 0 ? whole + length : length);
    }

    Served again = serve(artifact, IRIS);

    assertThat(again.answer()).isEqualTo(expected);
    assertThat(again.fromCache()).isFalse();
    assertThat(file).hasSize(whole);
  }

  @Test
  void aFileInWhichOneByteChangedIsMadeAgain() throws IOException {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    String expected = keep(artifact, IRIS);
    Path file = kept().get(0);
    byte[] whole = Files.readAllBytes(file);
    byte[] changed = whole.clone();
    changed[whole.length / 2]++;
    Files.write(file, changed);

    Served again = serve(artifact, IRIS);

    assertThat(again.answer()).isEqualTo(expected);
    assertThat(again.fromCache()).isFalse();
    Served next = serve(artifact, IRIS);
    assertThat(next.answer()).isEqualTo(expected);
    assertThat(next.fromCache()).isTrue();
  }

  @Test
  void aFileOfAnotherModelIsNotTakenForThisOne() throws IOException {
    keep(Models.artifact("iris_rf.onnx"), IRIS);
    Path forest = kept().get(0);
    byte[] foreign = Files.readAllBytes(forest);
    Files.delete(forest);
    String expected = keep(Models.artifact("iris_lr.onnx"), IRIS);
    Path regression = kept().get(0);
    Files.write(regression, foreign);

    Served again = serve(Models.artifact("iris_lr.onnx"), IRIS);

    assertThat(again.answer()).isEqualTo(expected);
    assertThat(again.fromCache()).isFalse();
  }

  @Test
  void aFileThatOnnxRuntimeRefusesIsMadeAgain() throws IOException {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    String expected = keep(artifact, IRIS);
    Path file = kept().get(0);
    OnnxCache cache = new OnnxCache(new DiskCache(folder.resolve("models"), ROOMY));
    String name = file.getFileName().toString();
    cache.keep(name, part -> Files.write(part, new byte[100]));
    assertThat(cache.find(name)).isPresent();

    Served again = serve(artifact, IRIS);

    assertThat(again.answer()).isEqualTo(expected);
    assertThat(Files.size(file)).isGreaterThan(1000);
  }

  @Test
  void aFolderThatCannotBeMadeOnlyCostsTime() throws IOException {
    Files.createFile(folder.resolve("models"));

    Served served = serve(Models.artifact("iris_rf.onnx"), IRIS);

    assertThat(served.answer()).contains("probabilities");
    assertThat(folder.resolve("models")).isEmptyFile();
  }

  @Test
  void aFolderThatCannotBeWrittenIsStillRead() throws IOException {
    ModelArtifact artifact = Models.artifact("iris_rf.onnx");
    String expected = keep(artifact, IRIS);
    Path models = folder.resolve("models");
    Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      Served served = serve(artifact, IRIS);

      assertThat(served.answer()).isEqualTo(expected);
      assertThat(served.fromCache()).isTrue();
    } finally {
      Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  @Test
  void aFileThatWasHashedBeforeIsNotHashedAgainWhileItsStampIsTheSame() throws IOException {
    Path model = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    Fingerprints known = new Fingerprints(new DiskCache(folder.resolve("prints"), ROOMY));
    Stamp stamp = Stamp.of(model).orElseThrow();
    OnnxContent content =
        new OnnxContent("a defect", "\n", new TreeMap<>(Map.of("a\nb", 1L, "c", 1L << 40)));
    Fingerprint other = new Fingerprint("0".repeat(64), new byte[] {8}, content);
    known.keep(model.toString(), stamp.text(), other);

    Fingerprint found = ModelFile.onDisk(model, model.toString(), known).fingerprint();
    FileTime modified = Files.getLastModifiedTime(model);
    Files.write(model, Files.readAllBytes(model));
    Files.setLastModifiedTime(model, modified);
    Fingerprint again = ModelFile.onDisk(model, model.toString(), known).fingerprint();

    assertThat(found.sha256()).isEqualTo("0".repeat(64));
    assertThat(found.head()).containsExactly(8);
    assertThat(found.content()).isEqualTo(content);
    assertThat(again.sha256()).isEqualTo(Sha256.of(Files.readAllBytes(model)));
  }

  @Test
  void aFingerprintThatChangedOnDiskIsTakenAgain() throws IOException {
    Fingerprints known = new Fingerprints(new DiskCache(folder, ROOMY));
    known.keep(
        "x", "stamp", new Fingerprint("0".repeat(64), new byte[] {8}, OnnxContent.SELF_CONTAINED));
    assertThat(known.find("x", "stamp")).isPresent();
    assertThat(known.find("x", "other")).isEmpty();
    assertThat(known.find("y", "stamp")).isEmpty();

    Path file = files(folder).get(0);
    Files.writeString(file, Files.readString(file).replaceFirst("0", "1"));

    assertThat(known.find("x", "stamp")).isEmpty();
  }

  @Test
  void anEntryOfAJarIsReadOnlyOnce() throws IOException {
    URL url =
        requireNonNull(OnnxCacheTest.class.getClassLoader().getResource("all-minilm-l6-v2-q.onnx"));
    Fingerprints known = new Fingerprints(new DiskCache(folder, ROOMY));
    Stamp stamp = Stamp.of(url).orElseThrow();
    assertThat(stamp.text()).contains("entry 22972370 df4d1c08 in size ");
    known.keep(
        url.toString(),
        stamp.text(),
        new Fingerprint("0".repeat(64), new byte[8], OnnxContent.SELF_CONTAINED));

    ModelFile file = ModelFile.resource("all-minilm-l6-v2-q.onnx", url, known);

    assertThat(file.fingerprint().sha256()).isEqualTo("0".repeat(64));
    assertThat(file.size()).isEqualTo(22_972_370);
    assertThat(file.bytes()).hasSize(22_972_370);
  }

  @Test
  void anEngineWithoutACacheKeepsNothing() {
    try (Engine engine = engine(0)) {
      engine.load(Models.artifact("iris_rf.onnx")).invoke(IRIS);
    }

    assertThat(folder.resolve("models")).doesNotExist();
    assertThat(folder.resolve("fingerprints")).doesNotExist();
  }

  @Test
  void aModelWhoseWeightsAreInAnotherFileIsNotKept() throws IOException {
    OnnxFile graph = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .output("y", OnnxFile.FLOAT, 2)
        .external("w", "weights.bin", 2)
        .node("Add", List.of("x", "w"), List.of("y"));
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.write(model.resolve("weights.bin"), OnnxFile.floats(1, 2));
    Request request = Request.json(
        "{\"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"FP32\", \"data\": [0, 0]}]}");

    Served served = serve(Models.write(model, "model.onnx", graph), request);

    assertThat(served.answer()).contains("[1.0,2.0]");
    assertThat(kept()).isEmpty();
  }

  private Engine engine(long bytes) {
    return new Engine("local", Map.of(), folder, bytes, getClass().getClassLoader());
  }

  /** {@return the answer of an engine that then has kept the model} */
  private String keep(ModelArtifact artifact, Request request) {
    try (Engine engine = engine(ROOMY)) {
      String answer = engine.load(artifact).invoke(request).text();
      awaitKept(1);
      return answer;
    }
  }

  private Served serve(ModelArtifact artifact, Request request) {
    try (Engine engine = engine(ROOMY)) {
      LeasedModel model = engine.load(artifact);
      boolean fromCache = isMapped();
      Served served = new Served(model.invoke(request).text(), fromCache, model.inputs());
      model.close();
      return served;
    }
  }

  private record Served(String answer, boolean fromCache, List<TensorSpec> inputs) {}

  /** Whether a file of this test's cache is mapped into memory. */
  private boolean isMapped() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.anyMatch(line -> line.contains(folder.resolve("models").toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Request request(String name) {
    return name.equals("digits.onnx") ? Request.json(Models.digitRequest()) : IRIS;
  }

  private static Request request(Tensor... tensors) {
    return Request.json(Stream.of(tensors)
        .map(tensor -> "{\"name\": \"" + tensor.name() + "\", \"shape\": "
            + Arrays.toString(tensor.shape()) + ", \"datatype\": \"" + tensor.datatype()
            + "\", \"data\": "
            + (tensor.datatype() == Datatype.FP32
                ? Arrays.toString(tensor.floats())
                : Arrays.toString(tensor.longs()))
            + "}")
        .collect(Collectors.joining(",", "{\"inputs\": [", "]}")));
  }

  /** {@return what a bare session that optimises nothing gives, by output} */
  private static Map<String, double[]> unoptimised(byte[] model, List<Tensor> tensors)
      throws OrtException {
    OrtEnvironment environment = OnnxLibrary.environment(Models.cacheFolder());
    Map<String, double[]> answers = new HashMap<>();
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      for (Tensor tensor : tensors) {
        inputs.put(
            tensor.name(),
            tensor.datatype() == Datatype.FP32
                ? OnnxTensor.createTensor(
                    environment, FloatBuffer.wrap(tensor.floats()), tensor.shape())
                : OnnxTensor.createTensor(
                    environment, LongBuffer.wrap(tensor.longs()), tensor.shape()));
      }
      try (OrtSession session = environment.createSession(model, options);
          OrtSession.Result result = session.run(inputs)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          OnnxTensor tensor = (OnnxTensor) output.getValue();
          answers.put(
              output.getKey(),
              tensor.getInfo().type == OnnxJavaType.FLOAT
                  ? doubles(tensor.getFloatBuffer())
                  : LongStream.of(tensor.getLongBuffer().array())
                      .asDoubleStream()
                      .toArray());
        }
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
    return answers;
  }

  private static double[] doubles(FloatBuffer floats) {
    return IntStream.range(0, floats.remaining()).mapToDouble(floats::get).toArray();
  }

  private static Map<String, double[]> outputs(String answer) {
    Map<String, double[]> outputs = new HashMap<>();
    try {
      for (JsonNode output : new ObjectMapper().readTree(answer).path("outputs")) {
        outputs.put(
            output.path("name").asText(),
            StreamSupport.stream(output.path("data").spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return outputs;
  }

  private static double cosine(String one, String other) {
    return cosine(numbers(one), numbers(other));
  }

  private static double cosine(double[] a, double[] b) {
    double dot = 0;
    double squares = 0;
    double otherSquares = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      squares += a[i] * a[i];
      otherSquares += b[i] * b[i];
    }
    return dot / Math.sqrt(squares * otherSquares);
  }

  private static double[] numbers(String json) {
    return Stream.of(json.replaceAll("[\\[\\]]", "").split(",", -1))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  private void awaitKept(int count) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (kept().size() < count) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private List<Path> kept() {
    return files(folder.resolve("models")).stream()
        .filter(file -> file.toString().endsWith(".ort"))
        .toList();
  }

  private static List<Path> files(Path folder) {
    if (Files.notExists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
