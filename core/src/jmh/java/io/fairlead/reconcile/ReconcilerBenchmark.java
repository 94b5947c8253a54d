package io.fairlead.reconcile;

import io.fairlead.operation.OperationId;
import io.fairlead.operation.Plan;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * The reconciler's own work per resource, without waits: operations on ten resources of a platform that does everything
 * at once, beside the bare calls of the same.
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
  private final ReconcileRequest<String> deploy = request(false);
  private final ReconcileRequest<String> undeploy = request(true);

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
    Preview preview = new Preview(Deadline.after(Durations.LONGEST, TimeSource.system()));
    reconciler.preview(
        deploy,
        preview,
        new Run<>(new OperationId("bench", "preview"), "preview", TimeSource.system(), List.of()));
    return preview.plan();
  }

  /** The calls of {@link #deployAndUndeploy()} and nothing else. */
  @Benchmark
  public int bareCalls() {
    OwnerTag owner = new OwnerTag("bench", "run");
    Look look = new Look();
    int seen = 0;
    for (String name : NAMES) {
      seen += things.read(name, look).detail().length();
      things.create(name, new Thing(name, 1), owner);
      seen += things.read(name, look).detail().length();
    }
    for (String name : NAMES) {
      seen += things.read(name, look).detail().length();
      things.delete(name, Observed.absent(), Set.of());
      seen += things.read(name, look).detail().length();
    }
    return seen;
  }

  private static ReconcileRequest<String> request(boolean removes) {
    List<Resource<?>> resources = new ArrayList<>();
    for (String name : NAMES) {
      Resource<Thing> thing = Resource.part(Things.THING, name, new Thing(name, 1));
      resources.add(removes ? thing.to(Resource.Goal.ABSENT) : thing);
    }
    ReconcileRequest.Content<String> content =
        ReconcileRequest.Content.of(resources, List.of(), "result");
    return ReconcileRequest.of("deploy", "bench", "bench", preparing -> content);
  }

  private record Thing(String name, int count) {}

  /** A platform that does everything at once. */
  private static final class Things implements ResourceKind<Thing> {
    private final Map<String, Thing> there = new ConcurrentHashMap<>();

    static final KindName<Thing> THING = new KindName<>("thing", Thing.class);

    @Override
    public KindName<Thing> id() {
      return THING;
    }

    @Override
    public Observed<Thing> read(String name, Look look) {
      Thing thing = there.get(name);
      return thing == null ? Observed.absent() : Observed.ready(thing);
    }

    @Override
    public Accepted create(String name, Thing desired, OwnerTag owner) {
      there.put(name, desired);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted update(String name, Observed<Thing> current, Thing desired) {
      there.put(name, desired);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted delete(String name, Observed<Thing> current, Set<ResourceRef> going) {
      there.remove(name);
      return Accepted.VISIBLE;
    }
  }
}
