package io.fairlead.stateful.internal.features;

import ai.onnxruntime.OrtException;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.io.InputStream;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
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

/** What the key of a request's cell costs: its row, the cell of the row, and its hash; beside what the model costs. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CellKeyBenchmark {
  private static final int REQUESTS = 1024;

  /** The model. */
  @Param({"occupancy-gbm", "housing-gbm"})
  public String model = "";

  /** How many digits the numbers of requests have: few, or as many as a double has. */
  @Param({"few", "all"})
  public String digits = "";

  private final Request[] requests = new Request[REQUESTS];
  private final FeatureRow[] rows = new FeatureRow[REQUESTS];
  private CellKeys cells;
  private CellKeys byIntervals;
  private OrtModel runtime;
  private int next;

  /** Makes requests whose values are all over the model's cells. */
  @Setup
  public void open() throws IOException, OrtException {
    byte[] content;
    try (InputStream file =
        CellKeyBenchmark.class.getResourceAsStream("/models/" + model + ".onnx")) {
      content = file.readAllBytes();
    }
    cells = CellKeys.of(content).orElseThrow();
    byIntervals = cells.byIntervals();
    runtime = new OrtModel(content);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < REQUESTS; i++) {
      StringBuilder body = new StringBuilder("{\"instances\": [[");
      int size = cells.sample(random).size();
      for (int k = 0; k < size; k++) {
        double value = random.nextDouble(-1000, 1000);
        body.append(k == 0 ? "" : ", ");
        body.append(digits.equals("few") ? String.valueOf(Math.rint(value) / 10) : value);
      }
      requests[i] = Request.json(body.append("]]}").toString());
      rows[i] = FeatureRow.parse(requests[i]).orElseThrow();
    }
  }

  /** Closes the model. */
  @TearDown
  public void close() throws OrtException {
    runtime.close();
  }

  /** {@return the row of a request} */
  @Benchmark
  public Object row() {
    return FeatureRow.parse(requests[next()]).orElseThrow();
  }

  /** {@return the cell of a row} */
  @Benchmark
  public Object cell() {
    return cells.cell(rows[next()]).orElseThrow();
  }

  /** {@return the cell of a row by its intervals alone} */
  @Benchmark
  public Object intervals() {
    return byIntervals.cell(rows[next()]).orElseThrow();
  }

  /** {@return the hash of the cell of a request} */
  @Benchmark
  public HashValue128 key() {
    FeatureRow row = FeatureRow.parse(requests[next()]).orElseThrow();
    return Hashing.xxh3_128().hashBytesTo128Bits(cells.cell(row).orElseThrow());
  }

  /** {@return what the model answers to a row} */
  @Benchmark
  public Object model() {
    return runtime.scores(rows[next()]);
  }

  private int next() {
    next = (next + 1) % REQUESTS;
    return next;
  }
}
