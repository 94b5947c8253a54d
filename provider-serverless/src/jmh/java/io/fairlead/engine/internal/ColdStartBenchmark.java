package io.fairlead.engine.internal;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a function's way from zero to its first answer takes in a running JVM: a bare session with its first run, and the
 * engine without and with its cache of optimised models.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class ColdStartBenchmark {
  private static final int TOKENS = 16;
  private static final int PIXELS = 64;
  private static final String MINILM = "all-minilm-l6-v2-q.onnx";
  private static final String DIGITS = "models/digits.onnx";

  /** The model. */
  @Param({"minilm", "digits"})
  public String model = "";

  private Path folder = Path.of("");
  private ModelArtifact artifact = ModelArtifact.of(folder);
  private Request request = Request.json("");
  private Map<String, long[]> shapes = Map.of();
  private Engine uncached = engine(0);
  private Engine cached = uncached;

  /** Makes the benchmark. */
  public ColdStartBenchmark() {}

  /** Unpacks the model, and has it kept by one of the engines. */
  @Setup
  public void begin() throws IOException, InterruptedException {
    folder = Files.createTempDirectory("cold-start");
    Path file = folder.resolve("model.onnx");
    try (InputStream in = ColdStartBenchmark.class
        .getClassLoader()
        .getResourceAsStream(model.equals("minilm") ? MINILM : DIGITS)) {
      Files.write(file, in.readAllBytes());
    }
    artifact = ModelArtifact.of(file);
    shapes = model.equals("minilm")
        ? Map.of(
            "input_ids", new long[] {1, TOKENS},
            "attention_mask", new long[] {1, TOKENS},
            "token_type_ids", new long[] {1, TOKENS})
        : Map.of("x", new long[] {1, 1, 8, 8});
    request = Request.json(shapes.entrySet().stream()
        .map(input -> "{\"name\": \"" + input.getKey() + "\", \"shape\": "
            + Arrays.toString(input.getValue()) + ", \"datatype\": \""
            + (model.equals("minilm") ? "INT64" : "FP32") + "\", \"data\": "
            + List.of(Stream.generate(() -> 1)
                .limit(model.equals("minilm") ? TOKENS : PIXELS)
                .toArray())
            + "}")
        .collect(Collectors.joining(", ", "{\"inputs\": [", "]}")));
    uncached = engine(0);
    cached = engine(1L << 30);
    engine(cached);
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (kept() == 0 && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    if (kept() == 0) {
      throw new IllegalStateException("The model was not kept");
    }
  }

  private long kept() throws IOException {
    Path models = folder.resolve("cache").resolve("models");
    if (Files.notExists(models)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(models)) {
      return files.filter(file -> file.toString().endsWith(".ort")).count();
    }
  }

  private Engine engine(long bytes) {
    return new Engine(
        "bench",
        Map.of(),
        folder.resolve("cache"),
        bytes,
        ColdStartBenchmark.class.getClassLoader());
  }

  /** Closes the engines and deletes their files. */
  @TearDown
  public void end() throws IOException {
    uncached.close();
    cached.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** A session is created, run once and closed, with nothing around it. */
  @Benchmark
  public int bare() throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session =
          environment.createSession(folder.resolve("model.onnx").toString(), options)) {
        for (Map.Entry<String, long[]> input : shapes.entrySet()) {
          inputs.put(input.getKey(), tensor(environment, input.getValue()));
        }
        try (OrtSession.Result result = session.run(inputs)) {
          return ((OnnxTensor) result.get(0)).getFloatBuffer().remaining();
        }
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(OrtEnvironment environment, long[] shape) throws OrtException {
    if (model.equals("minilm")) {
      long[] ones = new long[TOKENS];
      Arrays.fill(ones, 1);
      return OnnxTensor.createTensor(environment, LongBuffer.wrap(ones), shape);
    }
    float[] ones = new float[PIXELS];
    Arrays.fill(ones, 1);
    return OnnxTensor.createTensor(environment, FloatBuffer.wrap(ones), shape);
  }

  /** The engine loads the model from its file, answers a first request and unloads the model. */
  @Benchmark
  public int uncached() {
    return engine(uncached);
  }

  /** The engine does so from its cache. */
  @Benchmark
  public int cached() {
    return engine(cached);
  }

  private int engine(Engine engine) {
    try (LeasedModel loaded = engine.load(artifact)) {
      return loaded.invoke(request).body().length;
    }
  }
}
