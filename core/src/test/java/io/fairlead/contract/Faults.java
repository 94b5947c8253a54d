package io.fairlead.contract;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Outcome;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Traffic;
import io.fairlead.reconcile.TrafficSetting;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Breaks remote calls by their number.
 *
 * <p>A stand-in of a service runs each call through {@link #call}, or its kinds of resources are put through {@link
 * #around}.
 */
public final class Faults {
  /** What happens to a call. */
  public enum Fault {
    /** The platform says that there were too many; nothing was done. */
    THROTTLED,
    /** The platform says that it cannot at the moment; nothing was done. */
    UNAVAILABLE,
    /** The connection was cut; nothing was done. */
    CUT_BEFORE,
    /** The connection was cut; it was done. */
    CUT_AFTER,
    /** No answer came in time; it was done. */
    TIMEOUT_AFTER,
    /** Something else is under way on the same thing; nothing was done. */
    CONFLICT,
    /** The credentials have expired; nothing was done. */
    DENIED,
    /** The caller's process ended; nothing was done. */
    KILLED_BEFORE,
    /** The caller's process ended; it was done. */
    KILLED_AFTER;

    private boolean happensBefore() {
      return this != CUT_AFTER && this != TIMEOUT_AFTER && this != KILLED_AFTER;
    }
  }

  private final String platform;
  private final IntPredicate broken;
  private final Fault fault;
  private final List<String> calls = new ArrayList<>();
  private boolean onceEach;
  private boolean afterwards;
  private boolean again;
  private boolean haveBroken;
  private int beforeNumber;
  private @Nullable String before;
  private @Nullable Runnable action;

  private Faults(String platform, IntPredicate broken, Fault fault) {
    this.platform = platform;
    this.broken = broken;
    this.fault = fault;
  }

  /** {@return no faults, and a count of the calls} */
  public static Faults none() {
    return new Faults("none", number -> false, Fault.UNAVAILABLE);
  }

  /** {@return a fault at the call of this number, counted from 1, and at no other} */
  public static Faults at(String platform, int number, Fault fault) {
    return new Faults(platform, call -> call == number, fault);
  }

  /**
   * Tests what becomes of each call in turn, several at a time.
   *
   * @param calls how many calls there are, 1 or more
   * @param test breaks the call of the number that it is given, in a place of its own
   */
  public static void atEach(int calls, IntConsumer test) {
    if (calls < 1) {
      throw new AssertionError("there was no call to break");
    }
    IntStream.rangeClosed(1, calls).parallel().forEach(number -> {
      try {
        test.accept(number);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("at call " + number + " of " + calls + ": " + e.getMessage(), e);
      }
    });
  }

  /** {@return a fault at every call from this number on} */
  public static Faults from(String platform, int number, Fault fault) {
    return new Faults(platform, call -> call >= number, fault);
  }

  /** {@return a fault at every call, each the first time that it is made} */
  public static Faults once(String platform, Fault fault) {
    Faults faults = new Faults(platform, number -> false, fault);
    faults.onceEach = true;
    return faults;
  }

  /** {@return no faults, but something that happens once, just before the first call whose name begins so} */
  public static Faults before(String call, Runnable action) {
    Faults faults = none();
    faults.before = call;
    faults.action = action;
    return faults;
  }

  /** {@return no faults, but something that happens once, just after the first call whose name begins so} */
  public static Faults after(String call, Runnable action) {
    Faults faults = before(call, action);
    faults.afterwards = true;
    return faults;
  }

  /** {@return a failure of every call whose name begins so, of which nothing is done, and no other faults} */
  public static Faults failing(String call, RuntimeException failure) {
    Faults faults = before(call, () -> {
      throw failure;
    });
    faults.again = true;
    return faults;
  }

  /** {@return no faults, but something that happens once, just before the call of this number} */
  public static Faults beforeCall(int number, Runnable action) {
    Faults faults = none();
    faults.beforeNumber = number;
    faults.action = action;
    return faults;
  }

  /** {@return whether there was a call to break by now} */
  public synchronized boolean haveBroken() {
    return haveBroken;
  }

  /** {@return the calls so far, in order} */
  public synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  /** Makes a call, or breaks it. */
  public <T> T call(String what, Supplier<T> call) {
    int number;
    boolean first;
    synchronized (this) {
      first = onceEach && !calls.contains(what);
      calls.add(what);
      number = calls.size();
    }
    if (!afterwards) {
      meanwhile(what, number);
    }
    boolean breaks = first || broken.test(number);
    if (breaks && fault.happensBefore()) {
      throw fail(what, number);
    }
    T result = call.get();
    if (afterwards) {
      meanwhile(what, number);
    }
    if (breaks) {
      throw fail(what, number);
    }
    return result;
  }

  private void meanwhile(String what, int number) {
    Runnable now = action;
    boolean due = number == beforeNumber || (before != null && what.startsWith(before));
    if (now != null && due) {
      action = again ? now : null;
      now.run();
    }
  }

  private RuntimeException fail(String what, int number) {
    synchronized (this) {
      haveBroken = true;
    }
    String at = "at call " + number + ", " + what;
    return switch (fault) {
      case THROTTLED -> new ServingException(platform, ErrorKind.THROTTLED, "rate exceeded " + at);
      case UNAVAILABLE ->
        new ServingException(platform, ErrorKind.UNAVAILABLE, "service unavailable " + at);
      case CUT_BEFORE, CUT_AFTER ->
        new ServingException(platform, ErrorKind.UNAVAILABLE, "connection reset " + at);
      case TIMEOUT_AFTER ->
        new ServingException(platform, ErrorKind.TIMEOUT, "no answer in time " + at);
      case CONFLICT ->
        new ServingException(
            platform, ErrorKind.CONFLICT, "another operation is in progress " + at);
      case DENIED ->
        new ServingException(platform, ErrorKind.UNAUTHORIZED, "the token has expired " + at);
      case KILLED_BEFORE, KILLED_AFTER -> throw new ProcessKilled(at);
    };
  }

  /** {@return a kind whose every call goes through these faults} */
  public <T> ResourceKind<T> around(ResourceKind<T> kind) {
    return new Around<>(kind, this);
  }

  private record Around<T>(ResourceKind<T> kind, Faults faults) implements ResourceKind<T> {
    @Override
    public KindName<T> id() {
      return kind.id();
    }

    @Override
    public Observed<T> read(String name, Look look) {
      return faults.call("read " + name() + " " + name, () -> kind.read(name, look));
    }

    @Override
    public Accepted create(String name, T desired, OwnerTag mark) {
      return faults.call("create " + name() + " " + name, () -> kind.create(name, desired, mark));
    }

    @Override
    public Accepted update(String name, Observed<T> current, T desired) {
      return faults.call(
          "update " + name() + " " + name, () -> kind.update(name, current, desired));
    }

    @Override
    public Accepted delete(String name, Observed<T> current, Set<ResourceRef> going) {
      return faults.call("delete " + name() + " " + name, () -> kind.delete(name, current, going));
    }

    @Override
    public void deleteSuperseded(String name) {
      faults.call("delete superseded " + name() + " " + name, () -> {
        kind.deleteSuperseded(name);
        return Boolean.TRUE;
      });
    }

    @Override
    public List<Listed> list(Look look) {
      return faults.call("list " + name(), () -> kind.list(look));
    }

    @Override
    public Outcome poll(String operation) {
      return faults.call("poll " + operation, () -> kind.poll(operation));
    }

    @Override
    public boolean mayUse(String other) {
      return kind.mayUse(other);
    }

    @Override
    public boolean matches(T desired, T actual) {
      return kind.matches(desired, actual);
    }

    @Override
    public Optional<String> cannotUpdate(T actual, T desired) {
      return kind.cannotUpdate(actual, desired);
    }

    @Override
    public Optional<String> cannotCreate(String name, T desired, Look look) {
      return kind.cannotCreate(name, desired, look);
    }

    @Override
    public boolean isNamedByContent() {
      return kind.isNamedByContent();
    }
  }

  /** {@return a traffic setting whose every call goes through these faults} */
  public TrafficSetting around(TrafficSetting setting) {
    return new AroundTraffic(setting, this);
  }

  private record AroundTraffic(TrafficSetting setting, Faults faults) implements TrafficSetting {
    @Override
    public Observed<Traffic> read(String name, Look look) {
      return faults.call("read traffic " + name, () -> setting.read(name, look));
    }

    @Override
    public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
      return faults.call("update traffic " + name, () -> setting.write(name, current, desired));
    }

    @Override
    public Outcome poll(String operation) {
      return faults.call("poll " + operation, () -> setting.poll(operation));
    }

    @Override
    public boolean matches(Traffic desired, Traffic actual) {
      return setting.matches(desired, actual);
    }
  }
}
