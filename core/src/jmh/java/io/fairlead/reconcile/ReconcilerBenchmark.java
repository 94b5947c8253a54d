package io.fairlead.reconcile;

import io.fairlead.operation.OperationId;
import io.fairlead.operation.Plan;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The reconciler's own work per resource, without waits: walks over ten resources of a platform that does everything at
 * once, beside the bare calls of the same walk.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@OperationsPerInvocation(ReconcilerBenchmark.RESOURCES)
public class ReconcilerBenchmark {
  static final int RESOURCES = 10;
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final List<String> NAMES =
      IntStream.range(0, RESOURCES).mapToObj(number -> "thing-" + number).toList();

  private final Things things = new Things();
  private final Reconciler reconciler =
      Reconciler.builder("bench", List.of(things)).executor(Runnable::run).build();
  private final ReconcileRequest<String> deploy = walk(Resource.Goal.PRESENT);
  private final ReconcileRequest<String> undeploy = walk(Resource.Goal.ABSENT);

  /** Makes the benchmark. */
  public ReconcilerBenchmark() {}

  /** Ten resources are made and deleted again. */
  @Benchmark
  public String deployAndUndeploy() {
    reconciler.run(deploy).await(LIMIT);
    return reconciler.run(undeploy).await(LIMIT);
  }

  /** Ten resources that are not there are planned. */
  @Benchmark
  public Plan preview() {
    Preview preview = new Preview();
    reconciler.preview(
        deploy,
        preview,
        new Run<>(new OperationId("bench", "preview"), "preview", TimeSource.system()));
    return preview.plan();
  }

  /** The calls of {@link #deployAndUndeploy()} and nothing else. */
  @Benchmark
  public int bareCalls() {
    OwnerTag mark = new OwnerTag("bench", "run");
    int seen = 0;
    for (String name : NAMES) {
      seen += things.read(name).detail().length();
      things.create(name, new Thing(name, 1), mark);
      seen += things.read(name).detail().length();
    }
    for (String name : NAMES) {
      seen += things.read(name).detail().length();
      things.delete(name, Observed.absent());
      seen += things.read(name).detail().length();
    }
    return seen;
  }

  private ReconcileRequest<String> walk(Resource.Goal goal) {
    List<Resource<?>> resources = new ArrayList<>();
    NAMES.forEach(
        name -> resources.add(Resource.own(things, name, new Thing(name, 1)).to(goal)));
    return new ReconcileRequest<>("deploy", "bench", "bench", resources, "result", List.of());
  }

  private record Thing(String name, int count) {}

  /** A platform that does everything at once. */
  private static final class Things implements ResourceKind<Thing> {
    private final Map<String, Thing> there = new ConcurrentHashMap<>();

    @Override
    public String name() {
      return "thing";
    }

    @Override
    public Observed<Thing> read(String name) {
      Thing thing = there.get(name);
      return thing == null ? Observed.absent() : Observed.ready(thing);
    }

    @Override
    public Accepted create(String name, Thing desired, OwnerTag mark) {
      there.put(name, desired);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted update(String name, Observed<Thing> current, Thing desired) {
      there.put(name, desired);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted delete(String name, Observed<Thing> current) {
      there.remove(name);
      return Accepted.VISIBLE;
    }

    @Override
    public List<Listed> list() {
      return List.of();
    }
  }
}
