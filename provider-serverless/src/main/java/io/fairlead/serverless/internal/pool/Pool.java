package io.fairlead.serverless.internal.pool;

import static java.util.Objects.requireNonNull;

import io.fairlead.serverless.internal.pool.Refusal.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The instances of one function, and the invocations that run on them or wait for one.
 *
 * <p>Invocations that cannot run at once wait in one line and take whichever slot is free first; none is bound to an
 * instance before. Waiting is what starts instances, as many as by Little's law finish the line within a second, from the
 * rate of the last half second and a moving average of the time that an invocation takes. A slot is given to the fullest
 * instance that has one, so that the others fall idle: one that was not needed for a minute goes, the last one after the
 * idle timeout.
 *
 * <p>A slot is taken until its invocation has really ended, even if its caller has long been told that its time was up.
 *
 * <p>Safe for any number of threads. Nothing of a caller's or of an instance's is called under the lock.
 *
 * @param <I> what an instance is
 */
public final class Pool<I> {
  private static final long SECOND = 1_000_000_000L;
  private static final long NEVER = Long.MAX_VALUE;

  /** How busy the slots are meant to be. */
  private static final double UTILISATION = 0.7;

  /** The time in which a line is to be worked off. */
  private static final double DRAIN_SECONDS = 1;

  /** How much of the average the last invocation makes up. */
  private static final double WEIGHT = 0.1;

  /** The tries after which those who wait are told. */
  private static final int MOST_FAILURES = 5;

  private static final long FIRST_PAUSE = SECOND / 10;
  private static final long LONGEST_PAUSE = 10 * SECOND;

  /** The time after which a start that has not ended no longer keeps others from starting. */
  private static final long LONGEST_START = 60 * SECOND;

  /** How long an invocation may take to notice that its time is up. */
  private static final long GRACE = SECOND;

  private final PoolSettings settings;
  private final PoolClock clock;
  private final Budget budget;
  private final Starter<I> starter;
  private final int maxInstances;
  private final long idleTimeout;
  private final long extraIdleTimeout;
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();

  // All below is guarded by the lock.
  private final TicketList<I> line = new TicketList<>();
  private final TicketList<I> running = new TicketList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final @Nullable IdleTimes idleTimes;
  private @Nullable RateWindow lately;
  private @Nullable RateWindow steadily;

  /** What to call when the lock is free. */
  private @Nullable List<Runnable> later;

  private boolean accepting = true;
  private boolean closing;
  private double serviceNanos = -1;
  private int stuck;
  private int stopping;
  private @Nullable Pool<I> successor;

  private int failures;
  private boolean failedForGood;
  private @Nullable Throwable failure;
  private long retryAt;

  private int warm;
  private @Nullable CompletableFuture<Void> warmed;
  private @Nullable Pool<I> predecessor;

  private long idleFrom;
  private long goneAt = NEVER;
  private long backAt = NEVER;

  private long wakeAt = NEVER;
  private PoolClock.@Nullable Alarm alarm;

  private long starts;
  private long accepted;
  private long waited;
  private long refused;

  /** Makes a pool without instances. */
  public Pool(PoolSettings settings, PoolClock clock, Budget budget, Starter<I> starter) {
    this.settings = requireNonNull(settings, "settings");
    this.clock = requireNonNull(clock, "clock");
    this.budget = requireNonNull(budget, "budget");
    this.starter = requireNonNull(starter, "starter");
    this.maxInstances = (int) Math.max(
        1, Math.min(settings.maxInstances(), budget.memoryBytes() / settings.memoryBytes()));
    this.idleTimeout = nanosOf(settings.idleTimeout());
    this.extraIdleTimeout = Math.min(nanosOf(settings.extraIdleTimeout()), idleTimeout);
    this.idleTimes = settings.adaptive() ? new IdleTimes() : null;
    this.idleFrom = clock.now();
  }

  /** An instance, from the moment at which it is wanted. */
  final class Instance implements Starter.Start<I> {
    private final Budget.Request wish;
    private Phase phase = Phase.WANTED;
    private @Nullable I value;
    private int used;
    private long idleSince;
    private boolean givenUp;
    private boolean holdsStart;
    private long startingSince;

    Instance(boolean first) {
      this.wish = new Budget.Request(
          Pool.this, settings.memoryBytes(), first, predecessor, () -> mayStart(this));
    }

    @Override
    public void succeeded(I instance) {
      requireNonNull(instance, "instance");
      locked(() -> {
        giveBackStart(this);
        started(this, instance);
      });
    }

    @Override
    public void failed(Throwable cause, boolean mayPass) {
      requireNonNull(cause, "cause");
      locked(() -> {
        giveBackStart(this);
        notStarted(this, cause, mayPass);
      });
    }

    @Override
    public void ending() {
      locked(() -> {
        if (phase == Phase.READY) {
          drain(this);
          startWhatIsNeeded(clock.now());
          endIfDone();
        }
      });
    }

    @Override
    public void died() {
      locked(() -> {
        if (phase == Phase.READY || phase == Phase.DRAINING) {
          phase = Phase.GONE;
          instances.remove(this);
          freeMemory(this);
          startWhatIsNeeded(clock.now());
          endIfDone();
        }
      });
    }
  }

  private enum Phase {
    WANTED,
    STARTING,
    READY,
    DRAINING,
    GONE
  }

  // ---- invocations ----

  /**
   * Takes on an invocation, or refuses it.
   *
   * <p>{@link Ticket#granted} is called before this returns if there is a free slot.
   */
  public void submit(Ticket<I> ticket) {
    Instance instance = null;
    Refusal refusal = null;
    Pool<I> elsewhere;
    List<Runnable> then;
    lock.lock();
    try {
      long now = clock.now();
      elsewhere = successor;
      refusal = accepting ? null : Refusal.of(Reason.CLOSED);
      if (refusal == null) {
        arrived(now);
        // While somebody waits there is none: whatever makes a slot free gives it to the line.
        instance = fullestWithRoom();
        if (instance != null) {
          accepted++;
          begin(ticket, instance, now);
          wakeBy(ticket.deadline(), now);
        } else {
          refusal = whyNotToWait(now);
          if (refusal == null) {
            accepted++;
            enqueue(ticket, now);
            startWhatIsNeeded(now);
          }
        }
      }
      then = takeLater();
    } finally {
      lock.unlock();
    }
    if (instance != null) {
      ticket.granted(requireNonNull(instance.value));
    } else if (refusal != null && elsewhere != null) {
      elsewhere.submit(ticket);
    } else if (refusal != null) {
      ticket.refused(refusal);
    }
    run(then);
  }

  private void enqueue(Ticket<I> ticket, long now) {
    waited++;
    ticket.state = Ticket.State.WAITING;
    ticket.pool = this;
    line.add(ticket);
    wakeBy(ticket.deadline(), now);
    if (ticket.cancelled) {
      leaveLine(ticket, Refusal.of(Reason.CANCELLED));
    }
  }

  private void arrived(long now) {
    if (lately == null || steadily == null) {
      lately = new RateWindow(10, SECOND / 20);
      steadily = new RateWindow(30, 2 * SECOND);
    }
    lately.add(now);
    steadily.add(now);
    if (idleTimes != null && running.isEmpty() && line.isEmpty() && accepted > 0) {
      idleTimes.add(now - idleFrom);
    }
    goneAt = NEVER;
    backAt = NEVER;
  }

  private @Nullable Refusal whyNotToWait(long now) {
    if (stuck >= settings.maxConcurrent()) {
      return Refusal.of(Reason.STUCK);
    }
    if (failure != null && givesUp() && now < retryAt && ready() == 0) {
      return new Refusal(Reason.START_FAILED, Duration.ofNanos(retryAt - now), failure);
    }
    if (line.size() >= mostWaiting()) {
      refused++;
      double slots = Math.max(1, ready()) * (double) settings.slots();
      double nanos = serviceNanos < 0 ? SECOND : serviceNanos * Math.max(1, line.size()) / slots;
      return new Refusal(Reason.QUEUE_FULL, Duration.ofNanos((long) nanos), null);
    }
    return null;
  }

  /** How many may wait: for the first instance at least as many as it takes, or it would never be started. */
  private int mostWaiting() {
    return ready() > 0
        ? settings.maxQueue()
        : Math.max(settings.maxQueue(), Math.min(settings.slots(), settings.maxConcurrent()));
  }

  private boolean givesUp() {
    return failedForGood || failures >= MOST_FAILURES;
  }

  private @Nullable Instance fullestWithRoom() {
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
      ended(ticket, now);
      then = takeLater();
    } finally {
      lock.unlock();
    }
    run(then);
  }

  private void ended(Ticket<I> ticket, long now) {
    Instance instance = requireNonNull(ticket.instance);
    running.remove(ticket);
    ticket.state = Ticket.State.ENDED;
    ticket.instance = null;
    if (ticket.stuck) {
      stuck--;
    }
    double took = now - ticket.startedAt;
    serviceNanos = serviceNanos < 0 ? took : serviceNanos + WEIGHT * (took - serviceNanos);
    instance.used--;
    if (instance.used == 0) {
      instance.idleSince = now;
      if (instance.phase == Phase.DRAINING) {
        stop(instance);
      }
    }
    if (!line.isEmpty()) {
      serveLine(now);
      startWhatIsNeeded(now);
    }
    if (instance.used == 0 && instance.phase == Phase.READY) {
      wakeBy(now + extraIdleTimeout, now);
      tellWhoWaitsForMemory();
    }
    if (running.isEmpty() && line.isEmpty()) {
      fellIdle(now);
    }
    endIfDone();
  }

  private void serveLine(long now) {
    while (!line.isEmpty()) {
      Instance instance = fullestWithRoom();
      if (instance == null) {
        return;
      }
      Ticket<I> ticket = line.removeFirst();
      begin(ticket, instance, now);
      I value = requireNonNull(instance.value);
      later(() -> ticket.granted(value));
    }
  }

  void cancel(Ticket<I> ticket) {
    locked(() -> {
      if (ticket.pool == this && ticket.state == Ticket.State.WAITING) {
        leaveLine(ticket, Refusal.of(Reason.CANCELLED));
        withdrawSurplus();
        endIfDone();
      }
    });
  }

  private void leaveLine(Ticket<I> ticket, Refusal refusal) {
    line.remove(ticket);
    refuse(ticket, refusal);
  }

  private void refuse(Ticket<I> ticket, Refusal refusal) {
    ticket.state = Ticket.State.ENDED;
    later(() -> ticket.refused(refusal));
  }

  private void refuseAll(Refusal refusal) {
    while (!line.isEmpty()) {
      refuse(line.removeFirst(), refusal);
    }
  }

  // ---- instances ----

  private int needed(long now) {
    int minimum = Math.max(settings.eager() && !closing ? 1 : 0, warm);
    if (!line.isEmpty()) {
      minimum = Math.max(minimum, Math.min(maxInstances, byLittlesLaw(now)));
    }
    return minimum;
  }

  /** How many instances the line calls for, 1 or more. */
  private int byLittlesLaw(long now) {
    if (serviceNanos < 0 || lately == null) {
      return 1;
    }
    double seconds = serviceNanos / SECOND;
    double busy = lately.perSecond(now) * seconds + line.size() * seconds / DRAIN_SECONDS;
    double wanted = Math.ceil(busy / (settings.slots() * UTILISATION));
    return (int) Math.max(1, Math.min(wanted, line.size() + running.size()));
  }

  /** How many instances the last minute called for. */
  private int steadilyNeeded(long now) {
    if (serviceNanos < 0 || steadily == null) {
      return 0;
    }
    double busy = steadily.perSecond(now) * serviceNanos / SECOND;
    return (int) Math.min(maxInstances, Math.ceil(busy / (settings.slots() * UTILISATION)));
  }

  private void startWhatIsNeeded(long now) {
    if (failures > 0 && now < retryAt) {
      return;
    }
    int wanted = needed(now);
    if (failures > 0) {
      // One try, however many are needed.
      wanted = Math.min(wanted, ready() + 1);
    }
    // One for each that joins the line: the line is shorter by the time at which the next one would
    // be started.
    if (live(false) < wanted) {
      want();
    }
  }

  private void want() {
    Instance instance = new Instance(live(false) == 0);
    instances.add(instance);
    later(() -> ask(instance));
  }

  private void ask(Instance instance) {
    budget.ask(instance.wish);
    // Whoever had no use for it any more before it was asked for could not take it back.
    locked(() -> {
      if (closing) {
        withdrawSurplus();
        endIfDone();
      }
    });
  }

  /** Takes back wishes for instances that nobody needs any more. */
  private void withdrawSurplus() {
    int surplus = live(false) - needed(clock.now());
    for (int i = instances.size() - 1; i >= 0 && surplus > 0; i--) {
      Instance instance = instances.get(i);
      if (instance.phase == Phase.WANTED && budget.withdraw(instance.wish)) {
        instance.phase = Phase.GONE;
        instances.remove(i);
        surplus--;
        later(budget::lookAgain);
      }
    }
  }

  private void mayStart(Instance instance) {
    boolean start = locked(() -> {
      boolean wanted = instance.phase == Phase.WANTED
          && !(closing && line.isEmpty())
          && needed(clock.now()) >= live(false);
      if (wanted) {
        long now = clock.now();
        instance.phase = Phase.STARTING;
        instance.holdsStart = true;
        instance.startingSince = now;
        wakeBy(now + LONGEST_START, now);
      } else if (instance.phase == Phase.WANTED) {
        instance.phase = Phase.GONE;
        instances.remove(instance);
        freeMemory(instance);
        endIfDone();
      }
      return wanted;
    });
    if (start) {
      starter.start(instance);
    } else {
      budget.startEnded();
    }
  }

  private void giveBackStart(Instance instance) {
    if (instance.holdsStart) {
      instance.holdsStart = false;
      later(budget::startEnded);
    }
  }

  private void started(Instance instance, I value) {
    long now = clock.now();
    starts++;
    failures = 0;
    failedForGood = false;
    failure = null;
    instance.value = value;
    instance.phase = Phase.READY;
    instance.idleSince = now;
    serveLine(now);
    startWhatIsNeeded(now);
    if (instance.used == 0) {
      wakeBy(now + extraIdleTimeout, now);
    }
    if (running.isEmpty() && line.isEmpty() && goneAt == NEVER) {
      goneAt = now + stay().until();
    }
    if (ready() >= warm) {
      endWarming(null);
    }
    tellWhoWaitsForMemory();
    if (closing) {
      endIfDone();
    }
  }

  private void notStarted(Instance instance, Throwable cause, boolean mayPass) {
    long now = clock.now();
    instance.phase = Phase.GONE;
    instances.remove(instance);
    freeMemory(instance);
    failures++;
    failedForGood |= !mayPass;
    failure = cause;
    retryAt = now + Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(failures - 1, 20));
    if (givesUp() && ready() == 0) {
      refuseAll(new Refusal(Reason.START_FAILED, Duration.ofNanos(retryAt - now), cause));
    }
    if (givesUp()) {
      endWarming(cause);
    }
    wakeBy(retryAt, now);
    endIfDone();
  }

  /** Tells whoever waits for instances that they are there, or as many of them as there are going to be for now. */
  private void endWarming(@Nullable Throwable cause) {
    CompletableFuture<Void> done = warmed;
    warmed = null;
    warm = 0;
    predecessor = null;
    if (done == null) {
      return;
    }
    if (cause == null || ready() > 0) {
      later(() -> done.complete(null));
    } else {
      later(() -> done.completeExceptionally(cause));
    }
  }

  private void tellWhoWaitsForMemory() {
    if (budget.isAwaited()) {
      later(budget::lookAgain);
    }
  }

  /** An instance in which nothing runs goes. */
  private void stop(Instance instance) {
    instance.phase = Phase.GONE;
    instances.remove(instance);
    I value = requireNonNull(instance.value);
    stopping++;
    later(() -> starter.stop(value, () -> {
      budget.release(settings.memoryBytes(), instance.givenUp);
      locked(() -> {
        stopping--;
        endIfDone();
      });
    }));
  }

  private void freeMemory(Instance instance) {
    later(() -> budget.release(settings.memoryBytes(), instance.givenUp));
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

  /** The instances that are there or are going to be. */
  private int live(boolean onlyStarted) {
    int count = 0;
    for (Instance instance : instances) {
      if (instance.phase == Phase.READY
          || instance.phase == Phase.STARTING
          || (instance.phase == Phase.WANTED && !onlyStarted)) {
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
   * What it could do without.
   *
   * @param idleSince since when the instance has been idle that it can best do without; the largest value if there is none
   * @param idle how many idle instances it can do without
   * @param ready how many instances it has
   */
  record Spare(long idleSince, int idle, int ready) {}

  Spare spare() {
    return locked(() -> {
      int ready = ready();
      Instance idlest = idlest();
      int idle = (int) instances.stream()
          .filter(instance -> instance.phase == Phase.READY && instance.used == 0)
          .count();
      int kept = settings.eager() && idle == ready ? 1 : 0;
      return new Spare(idlest == null ? NEVER : idlest.idleSince, Math.max(0, idle - kept), ready);
    });
  }

  /** There is no memory for more instances for now: whoever waits for them has to do with those that there are. */
  void doWithout() {
    locked(() -> {
      if (warmed != null && ready() > 0) {
        endWarming(null);
        withdrawSurplus();
      }
    });
  }

  private @Nullable Instance idlest() {
    if (settings.eager() && ready() <= 1) {
      return null;
    }
    return instances.stream()
        .filter(instance -> instance.phase == Phase.READY && instance.used == 0)
        .min(Comparator.comparingLong(instance -> instance.idleSince))
        .orElse(null);
  }

  /**
   * Lets an instance go because another pool needs its memory.
   *
   * @param which one it may be
   * @return whether one goes, now or when what runs in it has ended
   */
  boolean giveUp(GiveUp which) {
    return locked(() -> {
      Instance instance = which == GiveUp.AN_IDLE_ONE
          ? idlest()
          : instances.stream()
              .filter(candidate -> candidate.phase == Phase.READY)
              .filter(candidate -> which == GiveUp.THE_LAST || ready() > 1)
              .min(Comparator.comparingInt(candidate -> candidate.used))
              .orElse(null);
      if (instance == null) {
        return false;
      }
      instance.givenUp = true;
      drain(instance);
      return true;
    });
  }

  /** What a pool has to give up. */
  enum GiveUp {
    /** One in which nothing runs. */
    AN_IDLE_ONE,
    /** One of several, even if something runs in it. */
    ONE_OF_SEVERAL,
    /** One, even if it is the last. */
    THE_LAST
  }

  // ---- time ----

  private IdleTimes.Stay stay() {
    return idleTimes == null ? new IdleTimes.Stay(0, idleTimeout) : idleTimes.stay();
  }

  /** Nothing runs and nobody waits any more. */
  private void fellIdle(long now) {
    idleFrom = now;
    IdleTimes.Stay stay = stay();
    goneAt = plus(now, stay.until());
    if (stay.from() > 0 && !settings.eager() && !closing) {
      backAt = now + stay.from();
      for (Instance instance : List.copyOf(instances)) {
        if (instance.phase == Phase.READY) {
          drain(instance);
        }
      }
      wakeBy(backAt, now);
    } else {
      wakeBy(goneAt, now);
    }
  }

  /** Sees to it that {@link #wake} runs at a time, or before. */
  private void wakeBy(long time, long now) {
    if (time < wakeAt) {
      wakeAt = Math.max(time, now);
      PoolClock.Alarm before = alarm;
      if (before != null) {
        before.cancel();
      }
      alarm = null;
      later(this::setAlarm);
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
      if (failures > 0 && now < retryAt && needed(now) > 0) {
        next = Math.min(next, retryAt);
      }
      if (backAt <= now) {
        backAt = NEVER;
        prewarm(now);
      } else {
        next = Math.min(next, backAt);
      }
      startWhatIsNeeded(now);
      endIfDone();
      if (next != NEVER) {
        wakeBy(next, now);
      }
    });
  }

  /** Loads the model again because an invocation is likely soon. */
  private void prewarm(long now) {
    if (live(false) == 0 && !closing && line.isEmpty()) {
      warm = Math.max(warm, 1);
      warmed = warmed == null ? new CompletableFuture<>() : warmed;
      startWhatIsNeeded(now);
    }
  }

  private long releaseSlowStarts(long now) {
    long next = NEVER;
    for (Instance instance : instances) {
      if (instance.holdsStart) {
        long due = instance.startingSince + LONGEST_START;
        if (due > now) {
          next = Math.min(next, due);
        } else {
          giveBackStart(instance);
        }
      }
    }
    return next;
  }

  private long expire(long now) {
    long next = NEVER;
    for (Ticket<I> ticket : line) {
      if (ticket.deadline() <= now) {
        leaveLine(ticket, Refusal.of(Reason.TIMED_OUT_WAITING));
      } else {
        next = Math.min(next, ticket.deadline());
      }
    }
    for (Ticket<I> ticket : running) {
      next = Math.min(next, tellIfTimeIsUp(ticket, now));
    }
    if (stuck >= settings.maxConcurrent()) {
      refuseAll(Refusal.of(Reason.STUCK));
    }
    withdrawSurplus();
    return next;
  }

  /** {@return when to look at the invocation again} */
  private long tellIfTimeIsUp(Ticket<I> ticket, long now) {
    if (ticket.deadline() > now) {
      return ticket.deadline();
    }
    if (!ticket.overdue) {
      ticket.overdue = true;
      later(() -> ticket.refused(Refusal.of(Reason.TIMED_OUT_RUNNING)));
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

  /** {@return when to look again} */
  private long stopIdle(long now) {
    if (closing) {
      return NEVER;
    }
    long next = NEVER;
    int live = live(false);
    int least = Math.max(settings.eager() ? 1 : 0, warm);
    List<Instance> idle = instances.stream()
        .filter(instance -> instance.phase == Phase.READY && instance.used == 0)
        .sorted(Comparator.comparingLong(instance -> instance.idleSince))
        .toList();
    int steady = idle.isEmpty() ? 0 : Math.max(1, Math.max(least, steadilyNeeded(now)));
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
        long due = idleTimes == null ? plus(instance.idleSince, idleTimeout) : goneAt;
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

  // ---- beginning and end ----

  /**
   * Starts instances without an invocation.
   *
   * @param count how many are meant to be ready, 1 or more
   * @return what ends when they are, or when one is and there is no memory for more or they cannot be started; or with
   *     the cause of the last failure
   */
  public CompletableFuture<Void> warm(int count) {
    return warm(count, null);
  }

  /**
   * Starts instances without an invocation.
   *
   * @param count as for {@link #warm(int)}
   * @param replaced the pool that this one is going to succeed, which gives up its memory if there is no other
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
      CompletableFuture<Void> done = warmed == null ? new CompletableFuture<>() : warmed;
      warmed = done;
      predecessor = replaced;
      warm = Math.max(warm, wanted);
      forgiveFailures();
      startWhatIsNeeded(clock.now());
      return done;
    });
  }

  /** Forgets that instances could not be started: the next invocation tries again at once. */
  public void retry() {
    locked(this::forgiveFailures);
  }

  private void forgiveFailures() {
    failures = 0;
    failedForGood = false;
    failure = null;
  }

  /** {@return how many instances a pool should have that takes over what this one does} */
  public int busyInstances() {
    return locked(() -> {
      long now = clock.now();
      boolean busy = !running.isEmpty() || !line.isEmpty();
      return busy ? Math.min(Math.max(1, ready()), Math.max(1, steadilyNeeded(now))) : 0;
    });
  }

  /**
   * Takes no invocation any more. What waits is served, unless a successor takes it over; instances end when nothing runs
   * in them.
   *
   * @param newSuccessor takes over those that wait, in their order, and those that come here later; {@code null} to serve
   *     them here and to refuse later ones
   */
  public void retire(@Nullable Pool<I> newSuccessor) {
    List<Ticket<I>> moved = new ArrayList<>();
    locked(() -> {
      accepting = false;
      closing = true;
      successor = newSuccessor;
      while (newSuccessor != null && !line.isEmpty()) {
        Ticket<I> ticket = line.removeFirst();
        ticket.state = Ticket.State.NEW;
        // Whoever cancels it now leaves that to whoever takes it over.
        ticket.pool = null;
        moved.add(ticket);
      }
      dropWarming();
      withdrawSurplus();
      endIfDone();
    });
    if (newSuccessor != null) {
      newSuccessor.takeOver(moved);
    }
  }

  /** Takes on invocations that were taken on elsewhere before, however many they are. */
  private void takeOver(List<Ticket<I>> moved) {
    Pool<I> elsewhere = locked(() -> {
      if (accepting) {
        long now = clock.now();
        moved.forEach(ticket -> {
          accepted++;
          enqueue(ticket, now);
        });
        serveLine(now);
        startWhatIsNeeded(now);
        return this;
      }
      if (successor == null) {
        moved.forEach(ticket -> refuse(ticket, Refusal.of(Reason.CLOSED)));
        return this;
      }
      return successor;
    });
    if (elsewhere != this) {
      elsewhere.takeOver(moved);
    }
  }

  private void dropWarming() {
    warm = 0;
    CompletableFuture<Void> dropped = warmed;
    warmed = null;
    predecessor = null;
    if (dropped != null) {
      later(() -> dropped.completeExceptionally(new IllegalStateException("the pool is closed")));
    }
  }

  /** Refuses all that wait; what runs ends by itself. */
  public void close() {
    locked(() -> {
      accepting = false;
      closing = true;
      refuseAll(Refusal.of(Reason.CLOSED));
      dropWarming();
      withdrawSurplus();
      endIfDone();
    });
  }

  /** {@return what ends when the pool is closed, nothing runs and no instance is left} */
  public CompletableFuture<Void> gone() {
    return gone;
  }

  private void endIfDone() {
    if (!closing || !line.isEmpty()) {
      return;
    }
    for (Instance instance : List.copyOf(instances)) {
      if (instance.phase == Phase.READY) {
        drain(instance);
      }
    }
    if (instances.isEmpty() && running.isEmpty() && stopping == 0 && !gone.isDone()) {
      PoolClock.Alarm set = alarm;
      if (set != null) {
        set.cancel();
      }
      later(() -> {
        budget.remove(this);
        gone.complete(null);
      });
    }
  }

  /** {@return what it looks like now} */
  public PoolStatus status() {
    return locked(() -> new PoolStatus(
        live(false) - ready(),
        ready(),
        (int) instances.stream()
            .filter(instance -> instance.phase == Phase.DRAINING)
            .count(),
        running.size(),
        line.size(),
        stuck,
        starts,
        accepted,
        waited,
        refused));
  }

  // ---- the lock ----

  private interface Action {
    void run();
  }

  private interface Question<T> {
    T ask();
  }

  private void locked(Action action) {
    locked(() -> {
      action.run();
      return true;
    });
  }

  private <T> T locked(Question<T> question) {
    T answer;
    List<Runnable> then;
    lock.lock();
    try {
      answer = question.ask();
      then = takeLater();
    } finally {
      lock.unlock();
    }
    run(then);
    return answer;
  }

  private void later(Runnable action) {
    if (later == null) {
      later = new ArrayList<>(2);
    }
    later.add(action);
  }

  private @Nullable List<Runnable> takeLater() {
    List<Runnable> taken = later;
    later = null;
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
