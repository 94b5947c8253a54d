package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Problems;
import io.fairlead.operation.Operation;
import io.fairlead.provider.Durations;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.RunEnded.Why;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A reconciler of a platform's resources with their desired state: it creates, updates and deletes them, waits for
 * them, and resumes and rolls back operations.
 *
 * <p>For each resource, in order: if it is absent, create it; if it differs, update it; if it is changing, wait; if it
 * is ready, go on to the next. After a lost answer, a conflict or a throttle, read again and decide. After a failure,
 * roll back in reverse order what this run created and changed, and report why. All state is on the platform, under
 * names that can be computed again, so a run that died is resumed by the same operation, from any machine.
 *
 * <p>Operations on one name run one after the other. Safe for concurrent use.
 */
public final class Reconciler implements AutoCloseable {
  private final String platform;
  private final List<ResourceKind<?>> kinds;
  private final Map<String, ResourceKind<?>> kindsByName;
  private final Optional<TrafficSetting> traffic;
  private final TimeSource time;
  private final Polling polling;
  private final RetryPolicy retry;
  private final Duration limit;
  private final RandomGenerator random;
  private final Workers workers;

  private Reconciler(Builder builder) {
    this.platform = builder.platform;
    List<ResourceKind<?>> all = new ArrayList<>(builder.kinds);
    builder.traffic.ifPresent(setting -> all.add(new TrafficKind(platform, setting)));
    this.kinds = List.copyOf(all);
    this.kindsByName = byName(kinds);
    this.traffic = builder.traffic;
    this.time = builder.time;
    this.polling = builder.polling;
    this.retry = builder.retry;
    this.limit = builder.limit;
    this.random = builder.random;
    this.workers = new Workers(platform, builder.executor);
  }

  /**
   * {@return a builder of a reconciler}
   *
   * @param platform the id of the platform
   * @param kinds all its kinds of resources, each after those that it uses
   */
  public static Builder builder(String platform, List<ResourceKind<?>> kinds) {
    return new Builder(platform, kinds);
  }

  /** A builder of a reconciler. */
  public static final class Builder {
    private final String platform;
    private final List<ResourceKind<?>> kinds;
    private TimeSource time = TimeSource.system();
    private Polling polling = Polling.DEFAULT;
    private RetryPolicy retry = RetryPolicy.DEFAULT;
    private Duration limit = Duration.ofHours(1);
    private RandomGenerator random = new Random();
    private @Nullable Executor executor;
    private Optional<TrafficSetting> traffic = Optional.empty();

    private Builder(String platform, List<ResourceKind<?>> kinds) {
      this.platform = requireNonNull(platform, "platform");
      this.kinds = List.copyOf(kinds);
    }

    /** Sets how the traffic weights of public names are read and written, where the platform has them. */
    public Builder traffic(TrafficSetting newTraffic) {
      this.traffic = Optional.of(newTraffic);
      return this;
    }

    /** Sets the time source; by default this machine's clocks. */
    public Builder time(TimeSource newTime) {
      this.time = requireNonNull(newTime, "time");
      return this;
    }

    /** Sets the polling intervals. */
    public Builder polling(Polling newPolling) {
      this.polling = requireNonNull(newPolling, "polling");
      return this;
    }

    /** Sets the policy by which calls are retried. */
    public Builder retry(RetryPolicy newRetry) {
      this.retry = requireNonNull(newRetry, "retry");
      return this;
    }

    /** Sets the limit on one operation, and again on its rollback; by default an hour each. */
    public Builder limit(Duration newLimit) {
      Problems.in("Reconciler")
          .check(newLimit.compareTo(Duration.ZERO) > 0, "limit", "must be more than 0", newLimit)
          .throwIfAny();
      this.limit = Durations.atMost(Durations.LONGEST, newLimit);
      return this;
    }

    /** Sets the source of randomness, which has to be safe for concurrent use. */
    public Builder random(RandomGenerator newRandom) {
      this.random = requireNonNull(newRandom, "random");
      return this;
    }

    /** Sets the executor of operations; by default daemon threads of the reconciler, which end with it. */
    public Builder executor(Executor newExecutor) {
      this.executor = requireNonNull(newExecutor, "executor");
      return this;
    }

    public Reconciler build() {
      return new Reconciler(this);
    }
  }

  /**
   * Starts an operation.
   *
   * @throws ServingException of kind {@code CANCELLED} if the platform is closed
   */
  <R> Operation<R> run(ReconcileRequest<R> request) {
    return run(request, request.deployment());
  }

  /** Starts an operation that does not wait for others on its name, as if it were another process's. */
  <R> Operation<R> runAtOnce(ReconcileRequest<R> request) {
    return run(request, request.deployment() + " at once");
  }

  private <R> Operation<R> run(ReconcileRequest<R> request, String queue) {
    Run<R> run = new Run<>(workers.newId(request.verb()), request.title(), time, request.secrets());
    workers.start(queue, request.title(), run, () -> work(request, run));
    return run;
  }

  private <R> void work(ReconcileRequest<R> request, Run<R> run) {
    String title = request.title() + " on " + platform;
    if (!run.begin(title)) {
      return;
    }
    Convergence<R> convergence = new Convergence<>(this, request, run);
    try {
      run.checkStop();
      convergence.converge();
      if (!run.succeed(convergence.result(), title + " is done")) {
        stopped(request, run, convergence, Why.CANCELLED);
      }
    } catch (RunEnded e) {
      ended(request, run, convergence, e);
    } catch (RuntimeException e) {
      failed(
          request,
          run,
          convergence,
          request.subject(),
          new ServingException(platform, ErrorKind.UNKNOWN, "an unexpected " + e, e));
    }
    // An Error ends the run without a rollback: the process may be beyond repair, and the same
    // operation resumes this one.
  }

  private void ended(
      ReconcileRequest<?> request, Run<?> run, Convergence<?> convergence, RunEnded ended) {
    switch (ended.why) {
      case CANCELLED, CLOSED -> stopped(request, run, convergence, ended.why);
      case FAILED, RESTART -> failed(request, run, convergence, ended.resource(), ended.failure());
      case TIMED_OUT ->
        run.fail(new ServingException(
            platform,
            ErrorKind.TIMEOUT,
            request.title() + " on " + platform + " was not done within " + Durations.shown(limit)
                + " (last: "
                + run.status().detail()
                + "). Changes that the platform has accepted continue there: run the same operation again to "
                + "resume it, or undeploy to remove it."));
    }
  }

  private void stopped(
      ReconcileRequest<?> request, Run<?> run, Convergence<?> convergence, Why stop) {
    String title = request.title() + " on " + platform;
    if (stop == Why.CLOSED) {
      run.fail(new ServingException(
          platform,
          ErrorKind.CANCELLED,
          title
              + " stopped because the platform was closed, or its thread interrupted. What was started there goes on: "
              + "run the same operation again to resume it, or undeploy to remove it."));
    } else {
      rollBackAndFail(
          request, run, convergence, ErrorKind.CANCELLED, title + " was cancelled.", null);
    }
  }

  private void failed(
      ReconcileRequest<?> request,
      Run<?> run,
      Convergence<?> convergence,
      String resource,
      ServingException why) {
    if (run.isClosed()) {
      stopped(request, run, convergence, Why.CLOSED);
      return;
    }
    String at = resource.equals(request.subject()) ? "" : " at " + resource;
    String reason = String.valueOf(why.getMessage());
    rollBackAndFail(
        request,
        run,
        convergence,
        why.kind(),
        request.title() + " on " + platform + " failed" + at + ": " + withoutFullStop(reason) + "."
            + advice(why.kind()),
        why);
  }

  private void rollBackAndFail(
      ReconcileRequest<?> request,
      Run<?> run,
      Convergence<?> convergence,
      ErrorKind kind,
      String message,
      @Nullable ServingException why) {
    String end;
    List<Throwable> problems = new ArrayList<>();
    try {
      run.rollingBack(message);
      Rollback.Result rollback = convergence.rollBack();
      problems.addAll(rollback.problems());
      end = outcomeOf(rollback, request.subject(), convergence.isRemoval());
    } catch (RunEnded e) {
      end = " The platform was closed before all was rolled back: undeploy " + request.subject()
          + " removes the rest.";
    } catch (RuntimeException e) {
      problems.add(e);
      end = " The rollback failed, too: undeploy " + request.subject() + " removes the rest.";
    }
    ServingException.Builder failure =
        ServingException.builder(platform, kind, message + end).cause(why);
    if (why != null) {
      failure
          .retryable(why.retryable())
          .retryAfter(why.retryAfter().orElse(null))
          .requestId(why.requestId().orElse(null));
    }
    ServingException exception = failure.build();
    problems.stream().filter(problem -> problem != why).forEach(exception::addSuppressed);
    run.fail(exception);
  }

  private static String outcomeOf(Rollback.Result rollback, String subject, boolean isRemoval) {
    StringBuilder words = new StringBuilder();
    if (!rollback.rolledBack().isEmpty()) {
      words
          .append(" Rolled back: ")
          .append(String.join(", ", rollback.rolledBack()))
          .append('.');
    }
    if (!rollback.kept().isEmpty()) {
      words.append(" Kept, because others use it: ");
      words.append(String.join(", ", rollback.kept())).append('.');
    }
    if (!rollback.left().isEmpty()) {
      words.append(" Left behind: ").append(String.join(", ", rollback.left()));
      words.append("; undeploy ").append(subject).append(" removes it once the platform allows.");
    } else if (isRemoval) {
      words.append(" Retry to resume.");
    } else if (rollback.kept().isEmpty()) {
      words.append(" Nothing created by this operation remains.");
    }
    return words.toString();
  }

  /** {@return what to do about a failure of this kind, where the platform's message may not say it} */
  private static String advice(ErrorKind kind) {
    return switch (kind) {
      case UNAUTHORIZED -> " Check the credentials and their permissions, then retry.";
      case QUOTA -> " Request more quota, or choose another instance type or region, then retry.";
      case THROTTLED, UNAVAILABLE, TIMEOUT -> " Retry when the platform answers.";
      case MODEL_FAILED -> " Check the container's log, fix the cause and retry.";
      default -> "";
    };
  }

  private static String withoutFullStop(String text) {
    return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
  }

  /**
   * Plans a request by read-only calls, on what a preview has planned already, and completes its run with the result.
   */
  <R> void preview(ReconcileRequest<R> request, Preview earlier, Run<R> run) {
    Convergence<R> convergence = new Convergence<>(this, request, run, earlier);
    try {
      earlier.add(convergence.plan(earlier));
      run.succeed(convergence.result(), request.title() + " was planned");
    } catch (RunEnded e) {
      if (e.isStopped()) {
        throw new ServingException(
            platform, ErrorKind.CANCELLED, "The preview was interrupted.", e);
      }
      run.fail(e.failure());
    }
  }

  /** {@return the managed resources, from one list of each kind} */
  Inventory inventory(Look look) {
    return inventory(kind -> true, kind -> list(kind, look));
  }

  /** {@return the managed resources of chosen kinds} */
  Inventory inventory(
      Predicate<ResourceKind<?>> chosen, Function<ResourceKind<?>, List<Listed>> list) {
    List<Listed> all = new ArrayList<>();
    kinds.stream().filter(chosen).forEach(kind -> all.addAll(list.apply(kind)));
    return new Inventory(all);
  }

  /** {@return the managed resources of a kind} */
  static List<Listed> list(ResourceKind<?> kind, Look look) {
    List<Listed> listed = kind.list(look);
    listed.forEach(entry -> checkUses(kind, entry));
    return listed;
  }

  private static void checkUses(ResourceKind<?> kind, Listed entry) {
    for (ResourceRef used : entry.uses()) {
      if (!kind.mayUse(used.kind())) {
        throw new IllegalStateException(entry.ref() + " is listed as using " + used
            + ", which its kind says that it never does");
      }
    }
  }

  /** {@return the result of a read-only call, retried by the policy} */
  <V> V reading(Supplier<V> call) {
    int failures = 0;
    while (true) {
      try {
        return call.get();
      } catch (ServingException e) {
        if (!e.retryable() || ++failures >= retry.attempts()) {
          throw e;
        }
        pauseAfter(failures, e);
      }
    }
  }

  /**
   * {@return the result of read-only calls, retried by the policy, within a limit}
   *
   * <p>They run on a thread of the reconciler, which is interrupted when the limit passes: a vendor's client may have a
   * longer timeout of its own.
   *
   * @param what what is read, as in {@code the status of ask/blue}
   */
  <V> V reading(String what, Duration limit, Supplier<V> call) {
    return workers.within(what, limit, () -> reading(call));
  }

  private void pauseAfter(int failures, ServingException e) {
    Duration pause = retry.pauseAfter(failures, random);
    Duration asked = e.retryAfter().orElse(Duration.ZERO);
    try {
      time.pause(asked.compareTo(pause) > 0 ? asked : pause);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          platform, ErrorKind.CANCELLED, "The thread that read was interrupted.", interrupted);
    }
  }

  private static Map<String, ResourceKind<?>> byName(List<ResourceKind<?>> kinds) {
    Map<String, ResourceKind<?>> byName = new HashMap<>();
    for (ResourceKind<?> kind : kinds) {
      if (byName.put(kind.name(), kind) != null) {
        throw new IllegalArgumentException("two kinds of resources are called " + kind.name());
      }
    }
    return byName;
  }

  /** {@return the kind of this name} */
  ResourceKind<?> kind(String name) {
    ResourceKind<?> kind = kindsByName.get(name);
    if (kind == null) {
      throw new IllegalStateException("no kind of resource is called " + name);
    }
    return kind;
  }

  /** {@return the kind that makes the calls about a resource} */
  @SuppressWarnings("unchecked") // the type was compared
  <T> ResourceKind<T> kind(KindName<T> name) {
    ResourceKind<?> kind = kind(name.name());
    if (!kind.id().equals(name)) {
      throw new IllegalStateException(
          "kind " + name + " has resources of " + kind.id().type() + ", not of " + name.type());
    }
    return (ResourceKind<T>) kind;
  }

  /** {@return the setting of traffic weights} */
  TrafficSetting traffic() {
    return traffic.orElseThrow(() ->
        new IllegalStateException("an endpoint platform's reconciler must have a traffic setting"));
  }

  String platform() {
    return platform;
  }

  TimeSource time() {
    return time;
  }

  Polling polling() {
    return polling;
  }

  RetryPolicy retry() {
    return retry;
  }

  Duration limit() {
    return limit;
  }

  RandomGenerator random() {
    return random;
  }

  boolean isClosed() {
    return workers.isClosed();
  }

  /** Stops all operations without a rollback, and waits until their threads have ended, at most ten seconds. */
  @Override
  public void close() {
    workers.close();
  }
}
