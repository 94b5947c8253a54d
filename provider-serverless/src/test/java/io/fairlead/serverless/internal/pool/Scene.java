package io.fairlead.serverless.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Pools on a virtual clock with models that take as long as they are told, watched for what must never happen. */
final class Scene {
  final VirtualClock clock = new VirtualClock();
  final Budget budget;
  int mostStarts;
  final List<Call> started = new ArrayList<>();
  private int starting;
  private int mostStarting;
  private long bytes;

  Scene(long memoryBytes, int starts) {
    this.budget = new Budget(memoryBytes, starts);
    this.mostStarts = starts;
  }

  static PoolSettings settings() {
    return new PoolSettings(
        1,
        1,
        100,
        1000,
        Duration.ofMinutes(1),
        false,
        Duration.ofMinutes(10),
        Duration.ofMinutes(1),
        false);
  }

  int mostStarting() {
    return mostStarting;
  }

  /** A function under one name, whose pools follow each other. */
  final class Function {
    PoolSettings settings;
    Pool<Model> pool;
    Duration coldStart = Duration.ofSeconds(2);
    Supplier<Optional<RuntimeException>> startFailure = Optional::empty;
    boolean failureMayPass = true;
    Runnable onStart = () -> {};
    int version;
    int starts;
    int live;
    int most;
    int running;
    int mostRunning;

    Function(PoolSettings settings) {
      this.settings = settings;
      this.pool = newPool();
    }

    private Pool<Model> newPool() {
      return new Pool<>(settings, clock, budget, new Models(this, version));
    }

    Pool<Model> replace() {
      Pool<Model> before = pool;
      pool = successor();
      before.retire(pool);
      return before;
    }

    /** A pool of the next version, which nobody calls yet. */
    Pool<Model> successor() {
      version++;
      return newPool();
    }

    /** Lets it start instances, and does not wait for them. */
    void warm(int count) {
      var unused = pool.warm(count);
    }

    Call call(Duration service) {
      return call(service, settings.timeout());
    }

    Call call(Duration service, Duration timeout) {
      Call call = new Call(this, service, timeout);
      pool.submit(call);
      return call;
    }

    List<Call> calls(int count, Duration service) {
      List<Call> calls = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        calls.add(call(service));
      }
      return calls;
    }
  }

  /** An instance. */
  static final class Model {
    final Function function;
    final int version;
    final Starter.Start<Model> start;
    int used;
    boolean gone;

    Model(Function function, int version, Starter.Start<Model> start) {
      this.function = function;
      this.version = version;
      this.start = start;
    }
  }

  private final class Models implements Starter<Model> {
    private final Function function;
    private final int version;

    Models(Function function, int version) {
      this.function = function;
      this.version = version;
    }

    @Override
    public void start(Start<Model> start) {
      function.starts++;
      starting++;
      mostStarting = Math.max(mostStarting, starting);
      bytes += function.settings.memoryBytes();
      assertThat(starting).as("starts at a time").isLessThanOrEqualTo(mostStarts);
      assertThat(bytes).as("memory").isLessThanOrEqualTo(budget.memoryBytes());
      function.onStart.run();
      clock.in(function.coldStart, () -> {
        starting--;
        Optional<RuntimeException> failure = function.startFailure.get();
        if (failure.isPresent()) {
          bytes -= function.settings.memoryBytes();
          start.failed(failure.get(), function.failureMayPass);
        } else {
          function.live++;
          function.most = Math.max(function.most, function.live);
          start.succeeded(new Model(function, version, start));
        }
      });
    }

    @Override
    public void stop(Model model, Runnable stopped) {
      assertThat(model.used).as("what runs in an instance that is stopped").isZero();
      assertThat(model.gone).as("stopped twice").isFalse();
      model.gone = true;
      function.live--;
      bytes -= function.settings.memoryBytes();
      stopped.run();
    }
  }

  void die(Model model) {
    model.gone = true;
    model.function.live--;
    bytes -= model.function.settings.memoryBytes();
    model.start.died();
  }

  /** An invocation. */
  final class Call extends Ticket<Model> {
    final Function function;
    final Duration service;
    final long arrivedAt = clock.now();
    final Deque<String> ends = new ArrayDeque<>();

    @Nullable
    Model model;

    @Nullable
    Refusal refusal;

    long ranAt = -1;
    long endedAt = -1;
    int arrivedAtVersion;

    Call(Function function, Duration service, Duration timeout) {
      super(clock.now() + timeout.toNanos());
      this.function = function;
      this.service = service;
      this.arrivedAtVersion = function.version;
    }

    @Override
    protected void granted(Model granted) {
      assertThat(ranAt).as("granted twice").isNegative();
      assertThat(ends).as("granted after its end").isEmpty();
      assertThat(granted.gone).as("granted on an instance that is gone").isFalse();
      assertThat(granted.version)
          .as("an old version answers what came later")
          .isGreaterThanOrEqualTo(arrivedAtVersion);
      model = granted;
      ranAt = clock.now();
      started.add(this);
      granted.used++;
      function.running++;
      function.mostRunning = Math.max(function.mostRunning, function.running);
      assertThat(granted.used).as("per instance").isLessThanOrEqualTo(function.settings.slots());
      clock.in(service, () -> {
        if (ends.isEmpty()) {
          ends.add("answered");
        }
        endedAt = clock.now();
        granted.used--;
        function.running--;
        release();
      });
    }

    @Override
    protected void refused(Refusal why) {
      assertThat(ends).as("an end after the end").isEmpty();
      refusal = why;
      endedAt = clock.now();
      ends.add(why.reason().name());
    }

    Duration waited() {
      return Duration.ofNanos(ranAt - arrivedAt);
    }

    boolean isAnswered() {
      return ends.contains("answered");
    }
  }
}
