package io.fairlead.serverless.internal.pool;

import static java.util.Objects.requireNonNull;

import io.fairlead.serverless.internal.pool.Refusal.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one function, its running invocations and the queue of those that wait for a slot.
 *
 * <p>Invocations that cannot run at once wait in one queue and take the first slot that becomes free; none is bound to
 * an instance in advance. The queue scales the pool out, to as many instances as work it off within a second, by its
 * {@link Demand}. A slot is taken on the
 * fullest instance that has a free one, so that the others become idle. An instance that was not needed for a minute is
 * stopped, the last one after the idle timeout.
 *
 * <p>A slot stays occupied until its invocation has really ended, even if its caller got a timeout long before.
 *
 * <p>Thread-safe. No callback runs under the lock.
 *
 * @param <I> the type of the instances
 */
public final class Pool<I> {
  private static final long SECOND = 1_000_000_000L;
  private static final long NEVER = Long.MAX_VALUE;

  /** The time after which a start that has not ended gives its permit to others. */
  private static final long SLOW_START = 60 * SECOND;

  /** The least time that an instance is kept before it is given up to another pool although it is busy. */
  private static final long MIN_SLICE = SECOND;

  /** The time that such an instance is kept, in times of its start: starts take a fifth of the time at most. */
  private static final int SLICE_STARTS = 4;

  /** The part of an invocation's timeout after which such an instance is given up in any case. */
  private static final int SLICES_PER_TIMEOUT = 4;

  /** The time after its deadline in which an invocation is expected to stop. */
  private static final long GRACE = SECOND;

  private final PoolSettings settings;
  private final PoolClock clock;
  private final Budget budget;
  private final Starter<I> starter;
  private final int maxInstances;
  private final long idleTimeout;
  private final long extraIdleTimeout;
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();

  // The fields below are guarded by the lock.
  private final TicketList<I> queue = new TicketList<>();
  private final TicketList<I> running = new TicketList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final @Nullable IdleTimes idleTimes;
  private final Demand demand;

  /** Callbacks to run after the lock is released. */
  private @Nullable List<Runnable> deferred;

  private boolean accepting = true;
  private boolean closing;
  private int stuck;
  private int stopping;
  private @Nullable Pool<I> successor;

  private final StartFailures failures = new StartFailures();

  private int warmTarget;

  /** Whether an instance is to be started because of a prediction alone. Written under the lock. */
  private volatile boolean prewarming;

  /** The time at which another pool's instance may be given up to this one. */
  private long memoryAt = NEVER;

  private @Nullable CompletableFuture<Void> warmUp;
  private @Nullable Pool<I> predecessor;

  private long idleFrom;
  private long scaleToZeroAt = NEVER;
  private long prewarmAt = NEVER;

  private long wakeAt = NEVER;
  private PoolClock.@Nullable Alarm alarm;

  private long starts;
  private long accepted;
  private long waited;
  private long refused;

  /** Creates a pool without instances. */
  public Pool(PoolSettings settings, PoolClock clock, Budget budget, Starter<I> starter) {
    this.settings = requireNonNull(settings, "settings");
    this.clock = requireNonNull(clock, "clock");
    this.budget = requireNonNull(budget, "budget");
    this.starter = requireNonNull(starter, "starter");
    this.maxInstances = (int) Math.max(
        1, Math.min(settings.maxInstances(), budget.memoryBytes() / settings.memoryBytes()));
    this.demand = new Demand(settings.slots(), maxInstances);
    this.idleTimeout = nanosOf(settings.idleTimeout());
    this.extraIdleTimeout = Math.min(nanosOf(settings.extraIdleTimeout()), idleTimeout);
    this.idleTimes = settings.adaptive() ? new IdleTimes() : null;
    this.idleFrom = clock.now();
  }

  /** An instance, from the request for it on. */
  final class Instance implements Starter.Start<I> {
    private final Budget.Request request;
    private Phase phase = Phase.REQUESTED;
    private @Nullable I value;
    private int used;
    private long idleSince;
    private boolean reclaimed;
    private boolean holdsStartPermit;
    private long startingSince;
    private long readySince;
    private long startNanos;

    Instance(boolean first) {
      this.request = new Budget.Request(
          Pool.this,
          settings.memoryBytes(),
          first,
          predecessor,
          nanosOf(settings.timeout()) / SLICES_PER_TIMEOUT,
          () -> startIfNeeded(this));
    }

    @Override
    public void succeeded(I instance) {
      requireNonNull(instance, "instance");
      locked(() -> {
        releaseStartPermit(this);
        started(this, instance);
      });
    }

    @Override
    public void failed(Throwable cause, boolean retryable) {
      requireNonNull(cause, "cause");
      locked(() -> {
        releaseStartPermit(this);
        startFailed(this, cause, retryable);
      });
    }

    @Override
    public void ending() {
      locked(() -> {
        if (phase == Phase.READY) {
          drain(this);
          scaleOut(clock.now());
          endIfDone();
        }
      });
    }

    @Override
    public void died() {
      locked(() -> {
        if (phase == Phase.READY || phase == Phase.DRAINING) {
          phase = Phase.STOPPED;
          instances.remove(this);
          freeMemory(this);
          scaleOut(clock.now());
          endIfDone();
        }
      });
    }
  }

  private enum Phase {
    REQUESTED,
    STARTING,
    READY,
    DRAINING,
    STOPPED
  }

  // ---- invocations ----

  /**
   * Accepts an invocation, or refuses it.
   *
   * <p>If there is a free slot, {@link Ticket#granted} is called before this returns.
   */
  public void submit(Ticket<I> ticket) {
    Instance instance = null;
    Refusal refusal = null;
    Pool<I> next;
    List<Runnable> then;
    lock.lock();
    try {
      long now = clock.now();
      next = successor;
      refusal = accepting ? null : Refusal.of(Reason.CLOSED);
      if (refusal == null) {
        recordArrival(now);
        // While others wait there is none: a slot that becomes free goes to the queue.
        instance = fullestWithFreeSlot();
        if (instance != null) {
          accepted++;
          begin(ticket, instance, now);
          wakeBy(ticket.deadline(), now);
        } else {
          refusal = queueRefusal(now);
          if (refusal == null) {
            accepted++;
            enqueue(ticket, now);
            scaleOut(now);
          }
        }
      }
      then = takeDeferred();
    } finally {
      lock.unlock();
    }
    if (instance != null) {
      ticket.granted(requireNonNull(instance.value));
    } else if (refusal != null && next != null) {
      next.submit(ticket);
    } else if (refusal != null) {
      ticket.refused(refusal);
    }
    run(then);
  }

  private void enqueue(Ticket<I> ticket, long now) {
    waited++;
    ticket.state = Ticket.State.WAITING;
    ticket.pool = this;
    queue.add(ticket);
    wakeBy(ticket.deadline(), now);
    if (ticket.cancelled) {
      dequeue(ticket, Refusal.of(Reason.CANCELLED));
    }
  }

  private void recordArrival(long now) {
    demand.arrived(now);
    if (idleTimes != null && running.isEmpty() && queue.isEmpty() && accepted > 0) {
      idleTimes.add(now - idleFrom);
    }
    scaleToZeroAt = NEVER;
    prewarmAt = NEVER;
    endPrewarming();
  }

  /** What was to be started because of a prediction is needed by now: it no longer stands back behind other pools. */
  private void endPrewarming() {
    if (prewarming) {
      prewarming = false;
      defer(budget::dispatch);
    }
  }

  private @Nullable Refusal queueRefusal(long now) {
    if (stuck >= settings.maxConcurrent()) {
      return Refusal.of(Reason.STUCK);
    }
    if (failures.isFailing() && failures.isBackingOff(now) && ready() == 0) {
      return new Refusal(Reason.START_FAILED, failures.retryAfter(now), failures.last());
    }
    if (queue.size() >= queueLimit()) {
      refused++;
      long nanos = demand.untilWorkedOff(queue.size(), ready());
      return new Refusal(Reason.QUEUE_FULL, Duration.ofNanos(nanos), null);
    }
    return null;
  }

  /** The limit of the queue. Without an instance it is 1 or more, so that the first one is started at all. */
  private int queueLimit() {
    return ready() > 0
        ? settings.maxQueue()
        : Math.max(settings.maxQueue(), Math.min(settings.slots(), settings.maxConcurrent()));
  }

  private @Nullable Instance fullestWithFreeSlot() {
    if (running.size() >= settings.maxConcurrent()) {
      return null;
    }
    Instance found = null;
    for (Instance instance : instances) {
      if (instance.phase == Phase.READY
          && instance.used < settings.slots()
          && (found == null || instance.used > found.used)) {
        found = instance;
      }
    }
    return found;
  }

  private void begin(Ticket<I> ticket, Instance instance, long now) {
    ticket.state = Ticket.State.RUNNING;
    ticket.pool = this;
    ticket.instance = instance;
    ticket.startedAt = now;
    running.add(ticket);
    instance.used++;
  }

  void release(Ticket<I> ticket) {
    List<Runnable> then;
    lock.lock();
    try {
      if (ticket.state != Ticket.State.RUNNING) {
        throw new IllegalStateException("a ticket is released once, after it was granted");
      }
      long now = clock.now();
      freeSlot(ticket, now);
      then = takeDeferred();
    } finally {
      lock.unlock();
    }
    run(then);
  }

  private void freeSlot(Ticket<I> ticket, long now) {
    Instance instance = requireNonNull(ticket.instance);
    running.remove(ticket);
    ticket.state = Ticket.State.ENDED;
    ticket.instance = null;
    if (ticket.stuck) {
      stuck--;
    }
    demand.served(now - ticket.startedAt);
    instance.used--;
    if (instance.used == 0) {
      instance.idleSince = now;
      if (instance.phase == Phase.DRAINING) {
        stop(instance);
      }
    }
    if (!queue.isEmpty()) {
      serveQueue(now);
      scaleOut(now);
    }
    if (instance.used == 0 && instance.phase == Phase.READY) {
      wakeBy(now + extraIdleTimeout, now);
      notifyBudget();
    }
    if (running.isEmpty() && queue.isEmpty()) {
      becameIdle(now);
    }
    endIfDone();
  }

  private void serveQueue(long now) {
    while (!queue.isEmpty()) {
      Instance instance = fullestWithFreeSlot();
      if (instance == null) {
        return;
      }
      Ticket<I> ticket = queue.removeFirst();
      begin(ticket, instance, now);
      I value = requireNonNull(instance.value);
      defer(() -> ticket.granted(value));
    }
  }

  void cancel(Ticket<I> ticket) {
    locked(() -> {
      if (ticket.pool == this && ticket.state == Ticket.State.WAITING) {
        dequeue(ticket, Refusal.of(Reason.CANCELLED));
        withdrawSurplus();
        endIfDone();
      }
    });
  }

  private void dequeue(Ticket<I> ticket, Refusal refusal) {
    queue.remove(ticket);
    refuse(ticket, refusal);
  }

  private void refuse(Ticket<I> ticket, Refusal refusal) {
    ticket.state = Ticket.State.ENDED;
    defer(() -> ticket.refused(refusal));
  }

  private void refuseAll(Refusal refusal) {
    while (!queue.isEmpty()) {
      refuse(queue.removeFirst(), refusal);
    }
  }

  // ---- instances ----

  private int needed(long now) {
    int minimum = Math.max(settings.eager() && !closing ? 1 : 0, warmTarget);
    if (!queue.isEmpty()) {
      minimum = Math.max(minimum, demand.ofQueue(queue.size(), running.size(), now));
    }
    return minimum;
  }

  private void scaleOut(long now) {
    if (failures.isBackingOff(now)) {
      return;
    }
    int wanted = needed(now);
    if (!failures.isEmpty()) {
      // One attempt at a time.
      wanted = Math.min(wanted, ready() + 1);
    }
    // One for each invocation that joins the queue: by the next one the queue may be shorter.
    if (live(false) < wanted) {
      requestInstance();
    }
  }

  private void requestInstance() {
    Instance instance = new Instance(live(false) == 0);
    instances.add(instance);
    defer(() -> request(instance));
  }

  private void request(Instance instance) {
    budget.request(instance.request);
    // A close before the request was made could not withdraw it.
    locked(() -> {
      if (closing) {
        withdrawSurplus();
        endIfDone();
      }
    });
  }

  /** Withdraws requests for instances that are no longer needed. */
  private void withdrawSurplus() {
    int surplus = live(false) - needed(clock.now());
    for (int i = instances.size() - 1; i >= 0 && surplus > 0; i--) {
      Instance instance = instances.get(i);
      if (instance.phase == Phase.REQUESTED && budget.withdraw(instance.request)) {
        instance.phase = Phase.STOPPED;
        instances.remove(i);
        surplus--;
        defer(budget::dispatch);
      }
    }
  }

  private void startIfNeeded(Instance instance) {
    boolean start = locked(() -> {
      boolean wanted = instance.phase == Phase.REQUESTED
          && !(closing && queue.isEmpty())
          && needed(clock.now()) >= live(false);
      if (wanted) {
        long now = clock.now();
        instance.phase = Phase.STARTING;
        instance.holdsStartPermit = true;
        instance.startingSince = now;
        wakeBy(now + SLOW_START, now);
      } else if (instance.phase == Phase.REQUESTED) {
        instance.phase = Phase.STOPPED;
        instances.remove(instance);
        freeMemory(instance);
        endIfDone();
      }
      return wanted;
    });
    if (start) {
      starter.start(instance);
    } else {
      budget.releaseStart();
    }
  }

  private void releaseStartPermit(Instance instance) {
    if (instance.holdsStartPermit) {
      instance.holdsStartPermit = false;
      defer(budget::releaseStart);
    }
  }

  private void started(Instance instance, I value) {
    long now = clock.now();
    starts++;
    failures.reset();
    instance.value = value;
    instance.phase = Phase.READY;
    instance.idleSince = now;
    instance.readySince = now;
    instance.startNanos = now - instance.startingSince;
    serveQueue(now);
    scaleOut(now);
    if (instance.used == 0) {
      wakeBy(now + extraIdleTimeout, now);
    }
    if (running.isEmpty() && queue.isEmpty() && scaleToZeroAt == NEVER) {
      scaleToZeroAt = now + windows().until();
    }
    if (ready() >= warmTarget) {
      completeWarmUp(null);
    }
    notifyBudget();
    if (closing) {
      endIfDone();
    }
  }

  private void startFailed(Instance instance, Throwable cause, boolean retryable) {
    long now = clock.now();
    instance.phase = Phase.STOPPED;
    instances.remove(instance);
    freeMemory(instance);
    failures.add(cause, retryable, now);
    if (failures.isFailing() && ready() == 0) {
      refuseAll(new Refusal(Reason.START_FAILED, failures.retryAfter(now), cause));
    }
    if (failures.isFailing()) {
      completeWarmUp(cause);
    }
    wakeBy(failures.retryAt(), now);
    endIfDone();
  }

  /** Completes the warm-up: all instances are ready, or as many as there can be for now. */
  private void completeWarmUp(@Nullable Throwable cause) {
    CompletableFuture<Void> done = warmUp;
    warmUp = null;
    warmTarget = 0;
    prewarming = false;
    predecessor = null;
    if (done == null) {
      return;
    }
    if (cause == null || ready() > 0) {
      defer(() -> done.complete(null));
    } else {
      defer(() -> done.completeExceptionally(cause));
    }
  }

  private void notifyBudget() {
    if (budget.hasWaiting()) {
      defer(budget::dispatch);
    }
  }

  /** Stops an instance in which nothing runs. */
  private void stop(Instance instance) {
    instance.phase = Phase.STOPPED;
    instances.remove(instance);
    I value = requireNonNull(instance.value);
    stopping++;
    defer(() -> starter.stop(value, () -> {
      budget.release(settings.memoryBytes(), instance.reclaimed);
      locked(() -> {
        stopping--;
        endIfDone();
      });
    }));
  }

  private void freeMemory(Instance instance) {
    defer(() -> budget.release(settings.memoryBytes(), instance.reclaimed));
  }

  private void drain(Instance instance) {
    instance.phase = Phase.DRAINING;
    if (instance.used == 0) {
      stop(instance);
    }
  }

  private int ready() {
    int count = 0;
    for (Instance instance : instances) {
      if (instance.phase == Phase.READY) {
        count++;
      }
    }
    return count;
  }

  /** The number of instances that are ready, starting or requested. */
  private int live(boolean onlyStarted) {
    int count = 0;
    for (Instance instance : instances) {
      if (instance.phase == Phase.READY
          || instance.phase == Phase.STARTING
          || (instance.phase == Phase.REQUESTED && !onlyStarted)) {
        count++;
      }
    }
    return count;
  }

  // ---- for the budget ----

  long instanceBytes() {
    return settings.memoryBytes();
  }

  /**
   * The instances that other pools could reclaim from this one.
   *
   * @param idleSince the time since which its longest idle instance has been idle; {@code Long.MAX_VALUE} if none is
   * @param idle the number of idle instances that can be reclaimed
   * @param ready the number of ready instances
   * @param readySince the time since which its last ready instance, busy or not, has been ready; {@code Long.MAX_VALUE}
   *     if it has none, or keeps it always
   * @param slice the time that this instance is kept from then on before it is given up although it is busy
   */
  record Reclaimable(long idleSince, int idle, int ready, long readySince, long slice) {
    /**
     * {@return the time from which on even its last instance is given up for another pool's first one}
     *
     * @param patience the longest that the other pool is to wait for it
     */
    long sliceEnd(long patience) {
      return readySince == NEVER
          ? NEVER
          : plus(readySince, Math.max(MIN_SLICE, Math.min(slice, patience)));
    }
  }

  Reclaimable reclaimable() {
    return locked(() -> {
      int ready = ready();
      Instance longestIdle = longestIdle();
      int idle = (int) instances.stream()
          .filter(instance -> instance.phase == Phase.READY && instance.used == 0)
          .count();
      int kept = settings.eager() && idle == ready ? 1 : 0;
      Instance last = settings.eager() || ready != 1 ? null : lastReady();
      return new Reclaimable(
          longestIdle == null ? NEVER : longestIdle.idleSince,
          Math.max(0, idle - kept),
          ready,
          last == null ? NEVER : last.readySince,
          last == null ? NEVER : SLICE_STARTS * last.startNanos);
    });
  }

  private @Nullable Instance lastReady() {
    for (Instance instance : instances) {
      if (instance.phase == Phase.READY) {
        return instance;
      }
    }
    return null;
  }

  long now() {
    return clock.now();
  }

  /** {@return whether its requests are due to a prediction alone, so that those of other pools come first} */
  boolean isPrewarming() {
    return prewarming;
  }

  /** Asks the budget again at a time at which another pool's instance may be given up. */
  void askAgainAt(long time) {
    locked(() -> {
      memoryAt = Math.min(memoryAt, time);
      wakeBy(time, clock.now());
    });
  }

  /** Completes a warm-up with the instances that are ready, because there is no memory for more. */
  void memoryExhausted() {
    locked(() -> {
      if (warmUp != null && ready() > 0) {
        completeWarmUp(null);
        withdrawSurplus();
      }
    });
  }

  private @Nullable Instance longestIdle() {
    if (settings.eager() && ready() <= 1) {
      return null;
    }
    return instances.stream()
        .filter(instance -> instance.phase == Phase.READY && instance.used == 0)
        .min(Comparator.comparingLong(instance -> instance.idleSince))
        .orElse(null);
  }

  /**
   * Gives up an instance because another pool needs its memory.
   *
   * @param which the instances to choose from
   * @return whether one is stopped, now or when its invocations have ended
   */
  boolean reclaim(Choice which) {
    return locked(() -> {
      Instance instance = which == Choice.IDLE
          ? longestIdle()
          : instances.stream()
              .filter(candidate -> candidate.phase == Phase.READY)
              .filter(candidate -> which == Choice.ANY || ready() > 1)
              .min(Comparator.comparingInt(candidate -> candidate.used))
              .orElse(null);
      if (instance == null) {
        return false;
      }
      instance.reclaimed = true;
      drain(instance);
      return true;
    });
  }

  /** The instances that can be reclaimed from a pool. */
  enum Choice {
    /** An idle one. */
    IDLE,
    /** One of several, even if it is busy. */
    ONE_OF_SEVERAL,
    /** Any, even the last one. */
    ANY
  }

  // ---- time ----

  private IdleTimes.Windows windows() {
    return idleTimes == null ? new IdleTimes.Windows(0, idleTimeout) : idleTimes.windows();
  }

  /** Sets the timers of a pool in which no invocation runs or waits any more. */
  private void becameIdle(long now) {
    idleFrom = now;
    IdleTimes.Windows windows = windows();
    scaleToZeroAt = plus(now, windows.until());
    if (windows.from() > 0 && !settings.eager() && !closing) {
      prewarmAt = now + windows.from();
      for (Instance instance : List.copyOf(instances)) {
        if (instance.phase == Phase.READY) {
          drain(instance);
        }
      }
      wakeBy(prewarmAt, now);
    } else {
      wakeBy(scaleToZeroAt, now);
    }
  }

  /** Schedules {@link #wake} for a time, unless it is to run before. */
  private void wakeBy(long time, long now) {
    if (time < wakeAt) {
      wakeAt = Math.max(time, now);
      PoolClock.Alarm before = alarm;
      if (before != null) {
        before.cancel();
      }
      alarm = null;
      defer(this::setAlarm);
    }
  }

  private void setAlarm() {
    long time = locked(() -> alarm == null ? wakeAt : NEVER);
    if (time == NEVER) {
      return;
    }
    PoolClock.Alarm set = clock.at(time, this::wake);
    boolean late = locked(() -> {
      if (alarm != null || wakeAt != time) {
        return true;
      }
      alarm = set;
      return false;
    });
    if (late) {
      set.cancel();
      setAlarm();
    }
  }

  private void wake() {
    locked(() -> {
      long now = clock.now();
      if (now < wakeAt) {
        return;
      }
      alarm = null;
      wakeAt = NEVER;
      long next = Math.min(expire(now), stopIdle(now));
      next = Math.min(next, releaseSlowStarts(now));
      if (failures.isBackingOff(now) && needed(now) > 0) {
        next = Math.min(next, failures.retryAt());
      }
      if (prewarmAt <= now) {
        prewarmAt = NEVER;
        prewarm(now);
      } else {
        next = Math.min(next, prewarmAt);
      }
      if (memoryAt <= now) {
        memoryAt = NEVER;
        defer(budget::dispatch);
      } else {
        next = Math.min(next, memoryAt);
      }
      scaleOut(now);
      endIfDone();
      if (next != NEVER) {
        wakeBy(next, now);
      }
    });
  }

  /** Loads the model again because an invocation is likely soon. */
  private void prewarm(long now) {
    if (live(false) == 0 && !closing && queue.isEmpty()) {
      prewarming = warmUp == null;
      warmTarget = Math.max(warmTarget, 1);
      warmUp = warmUp == null ? new CompletableFuture<>() : warmUp;
      scaleOut(now);
    }
  }

  private long releaseSlowStarts(long now) {
    long next = NEVER;
    for (Instance instance : instances) {
      if (instance.holdsStartPermit) {
        long due = instance.startingSince + SLOW_START;
        if (due > now) {
          next = Math.min(next, due);
        } else {
          releaseStartPermit(instance);
        }
      }
    }
    return next;
  }

  private long expire(long now) {
    long next = NEVER;
    for (Ticket<I> ticket : queue) {
      if (ticket.deadline() <= now) {
        dequeue(ticket, Refusal.of(timedOutWaiting()));
      } else {
        next = Math.min(next, ticket.deadline());
      }
    }
    for (Ticket<I> ticket : running) {
      next = Math.min(next, expireRunning(ticket, now));
    }
    if (stuck >= settings.maxConcurrent()) {
      refuseAll(Refusal.of(Reason.STUCK));
    }
    withdrawSurplus();
    return next;
  }

  private Reason timedOutWaiting() {
    if (ready() > 0) {
      return Reason.TIMED_OUT_WAITING;
    }
    boolean requested = false;
    for (Instance instance : instances) {
      if (instance.phase == Phase.STARTING) {
        return Reason.TIMED_OUT_LOADING;
      }
      requested |= instance.phase == Phase.REQUESTED;
    }
    if (!requested) {
      return Reason.TIMED_OUT_WAITING;
    }
    return budget.hasFree(settings.memoryBytes())
        ? Reason.TIMED_OUT_BEFORE_START
        : Reason.TIMED_OUT_WITHOUT_MEMORY;
  }

  /** {@return the time at which to check the invocation again} */
  private long expireRunning(Ticket<I> ticket, long now) {
    if (ticket.deadline() > now) {
      return ticket.deadline();
    }
    if (!ticket.overdue) {
      ticket.overdue = true;
      defer(() -> ticket.refused(Refusal.of(Reason.TIMED_OUT_RUNNING)));
    }
    if (now - ticket.deadline() < GRACE) {
      return ticket.deadline() + GRACE;
    }
    if (!ticket.stuck) {
      ticket.stuck = true;
      stuck++;
    }
    long quarantineAt = Math.max(
        plus(ticket.startedAt, 2 * nanosOf(settings.timeout())), ticket.deadline() + GRACE);
    if (now < quarantineAt) {
      return quarantineAt;
    }
    Instance instance = requireNonNull(ticket.instance);
    if (instance.phase == Phase.READY) {
      drain(instance);
    }
    return NEVER;
  }

  /** {@return the time at which to check again} */
  private long stopIdle(long now) {
    if (closing) {
      return NEVER;
    }
    long next = NEVER;
    int live = live(false);
    int least = Math.max(settings.eager() ? 1 : 0, warmTarget);
    List<Instance> idle = instances.stream()
        .filter(instance -> instance.phase == Phase.READY && instance.used == 0)
        .sorted(Comparator.comparingLong(instance -> instance.idleSince))
        .toList();
    int steady = idle.isEmpty() ? 0 : Math.max(1, Math.max(least, demand.ofLastMinute(now)));
    for (Instance instance : idle) {
      if (live > 1) {
        long due = plus(instance.idleSince, extraIdleTimeout);
        if (due > now) {
          next = Math.min(next, due);
        } else if (live > steady) {
          drain(instance);
          live--;
        } else {
          next = Math.min(next, now + SECOND);
        }
      } else if (live > least) {
        long due = idleTimes == null ? plus(instance.idleSince, idleTimeout) : scaleToZeroAt;
        if (due > now) {
          next = Math.min(next, due);
        } else {
          drain(instance);
          live--;
        }
      }
    }
    return next;
  }

  // ---- warm-up and shutdown ----

  /**
   * Starts instances without an invocation.
   *
   * @param count the number of instances to have ready, 1 or more
   * @return a future that completes when they are ready, or when at least one is and no more can be started or have
   *     memory; it fails with the cause of the last failed start
   */
  public CompletableFuture<Void> warm(int count) {
    return warm(count, null);
  }

  /**
   * Starts instances without an invocation.
   *
   * @param count as for {@link #warm(int)}
   * @param replaced the pool that this one replaces, and whose last instance is reclaimed if there is no other memory
   */
  public CompletableFuture<Void> warm(int count, @Nullable Pool<I> replaced) {
    return locked(() -> {
      int wanted = Math.min(count, maxInstances);
      if (closing) {
        return CompletableFuture.failedFuture(new IllegalStateException("the pool is closed"));
      }
      if (ready() >= wanted) {
        return CompletableFuture.completedFuture(null);
      }
      CompletableFuture<Void> done = warmUp == null ? new CompletableFuture<>() : warmUp;
      warmUp = done;
      predecessor = replaced;
      warmTarget = Math.max(warmTarget, wanted);
      endPrewarming();
      failures.reset();
      scaleOut(clock.now());
      return done;
    });
  }

  /** Ends the backoff after failed starts: the next invocation starts an instance at once. */
  public void retry() {
    locked(failures::reset);
  }

  /** {@return whether the last start has failed, and no instance is ready} */
  public boolean isFailing() {
    return locked(() -> !failures.isEmpty() && ready() == 0);
  }

  /** {@return the number of instances that a replacement of this pool needs} */
  public int busyInstances() {
    return locked(() -> {
      long now = clock.now();
      boolean busy = !running.isEmpty() || !queue.isEmpty();
      return busy ? Math.min(Math.max(1, ready()), Math.max(1, demand.ofLastMinute(now))) : 0;
    });
  }

  /**
   * Closes this pool to new invocations. Those in the queue are still served, here or by a successor; instances stop
   * when they are idle.
   *
   * @param newSuccessor takes over the queue, in its order, and all later invocations; {@code null} to serve the queue
   *     here and to refuse later invocations
   */
  public void retire(@Nullable Pool<I> newSuccessor) {
    List<Ticket<I>> moved = new ArrayList<>();
    locked(() -> {
      accepting = false;
      closing = true;
      successor = newSuccessor;
      while (newSuccessor != null && !queue.isEmpty()) {
        Ticket<I> ticket = queue.removeFirst();
        ticket.state = Ticket.State.NEW;
        // A cancellation from now on is handled by the successor.
        ticket.pool = null;
        moved.add(ticket);
      }
      cancelWarmUp();
      withdrawSurplus();
      endIfDone();
    });
    if (newSuccessor != null) {
      newSuccessor.takeOver(moved);
    }
  }

  /** Adds the invocations of a retired pool to the queue, whatever its limit. */
  private void takeOver(List<Ticket<I>> moved) {
    Pool<I> next = locked(() -> {
      if (accepting) {
        long now = clock.now();
        moved.forEach(ticket -> {
          accepted++;
          enqueue(ticket, now);
        });
        serveQueue(now);
        scaleOut(now);
        return this;
      }
      if (successor == null) {
        moved.forEach(ticket -> refuse(ticket, Refusal.of(Reason.CLOSED)));
        return this;
      }
      return successor;
    });
    if (next != this) {
      next.takeOver(moved);
    }
  }

  private void cancelWarmUp() {
    warmTarget = 0;
    prewarming = false;
    CompletableFuture<Void> dropped = warmUp;
    warmUp = null;
    predecessor = null;
    if (dropped != null) {
      defer(() -> dropped.completeExceptionally(new IllegalStateException("the pool is closed")));
    }
  }

  /** Closes the pool: refuses all waiting invocations and lets running ones end. */
  public void close() {
    locked(() -> {
      accepting = false;
      closing = true;
      refuseAll(Refusal.of(Reason.CLOSED));
      cancelWarmUp();
      withdrawSurplus();
      endIfDone();
    });
  }

  /** {@return a future that completes when the pool is closed, no invocation runs and no instance is left} */
  public CompletableFuture<Void> terminated() {
    return terminated;
  }

  private void endIfDone() {
    if (!closing || !queue.isEmpty()) {
      return;
    }
    for (Instance instance : List.copyOf(instances)) {
      if (instance.phase == Phase.READY) {
        drain(instance);
      }
    }
    if (instances.isEmpty() && running.isEmpty() && stopping == 0 && !terminated.isDone()) {
      PoolClock.Alarm set = alarm;
      if (set != null) {
        set.cancel();
      }
      defer(() -> {
        budget.remove(this);
        terminated.complete(null);
      });
    }
  }

  /** {@return the current state of the pool} */
  public PoolStatus status() {
    return locked(() -> new PoolStatus(
        live(false) - ready(),
        ready(),
        (int) instances.stream()
            .filter(instance -> instance.phase == Phase.DRAINING)
            .count(),
        running.size(),
        queue.size(),
        stuck,
        starts,
        accepted,
        waited,
        refused));
  }

  // ---- the lock ----

  private void locked(Runnable action) {
    locked(() -> {
      action.run();
      return true;
    });
  }

  private <T> T locked(Supplier<T> action) {
    T result;
    List<Runnable> then;
    lock.lock();
    try {
      result = action.get();
      then = takeDeferred();
    } finally {
      lock.unlock();
    }
    run(then);
    return result;
  }

  private void defer(Runnable action) {
    if (deferred == null) {
      deferred = new ArrayList<>(2);
    }
    deferred.add(action);
  }

  private @Nullable List<Runnable> takeDeferred() {
    List<Runnable> taken = deferred;
    deferred = null;
    return taken;
  }

  private static void run(@Nullable List<Runnable> actions) {
    if (actions != null) {
      actions.forEach(Runnable::run);
    }
  }

  private static long nanosOf(Duration duration) {
    return duration.compareTo(Duration.ofDays(36_500)) < 0 ? duration.toNanos() : NEVER / 4;
  }

  private static long plus(long time, long nanos) {
    return time + Math.min(nanos, NEVER / 2 - Math.max(0, time));
  }
}
