package io.fairlead.contract;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model that counts what happens to it, and can be held and made to fail from outside.
 *
 * <p>The place calls {@link #load}, {@link #answer} and {@link #unload}, the tests all the rest. Whatever waits in it
 * ends with an {@link InterruptedException} when its thread is interrupted.
 */
public final class Probe {
  private final String name;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Hold> holds = new ArrayDeque<>();
  private final Deque<RuntimeException> failures = new ArrayDeque<>();
  private @Nullable Hold loadHold;
  private @Nullable RuntimeException loadFailure;
  private boolean holdsNothingMore;
  private int version = 1;
  private int loads;
  private int loadsEnded;
  private int loaded;
  private int running;
  private int mostRunning;
  private int calls;

  Probe(String name) {
    this.name = name;
  }

  /** Keeps something in the model until it is released. */
  final class Hold {
    private boolean entered;
    private boolean released;

    /** Waits until something is held. */
    void awaitEntered() {
      until("something is held in model " + name, () -> entered);
    }

    void release() {
      locked(() -> {
        released = true;
        changed.signalAll();
        return null;
      });
    }

    private void keep() throws InterruptedException {
      entered = true;
      changed.signalAll();
      while (!released && !holdsNothingMore) {
        changed.await();
      }
    }
  }

  // ---- what the model does ----

  /** {@return a name that no other model of a test has} */
  public String name() {
    return name;
  }

  /** Is called whenever an instance of the model is loaded; what it throws is why it cannot be. */
  public void load() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      loads++;
      if (loadHold != null) {
        loadHold.keep();
      }
      if (loadFailure != null) {
        throw loadFailure;
      }
      loaded++;
    } finally {
      loadsEnded++;
      changed.signalAll();
      lock.unlock();
    }
  }

  /** Is called when a loaded instance goes. */
  public void unload() {
    locked(() -> {
      loaded--;
      changed.signalAll();
      return null;
    });
  }

  /** {@return the model's answer to a request; an exception is the model's failure} */
  public Response answer(Request request) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      calls++;
      running++;
      mostRunning = Math.max(mostRunning, running);
      Response answer = expected(request);
      Hold hold = holds.poll();
      RuntimeException failure = failures.poll();
      changed.signalAll();
      if (hold != null) {
        hold.keep();
      }
      if (failure != null) {
        throw failure;
      }
      return answer;
    } finally {
      running--;
      changed.signalAll();
      lock.unlock();
    }
  }

  /**
   * {@return what is told beside the model's answer, which goes out in three pieces}
   *
   * <p>What holds a request, or lets it fail, does so after the first of them.
   */
  public Response answer(Request request, Consumer<? super ByteBuffer> pieces)
      throws InterruptedException {
    Response whole = locked(() -> {
      calls++;
      running++;
      mostRunning = Math.max(mostRunning, running);
      changed.signalAll();
      return expected(request);
    });
    byte[] bytes = whole.body();
    try {
      pieces.accept(ByteBuffer.wrap(bytes, 0, 1));
      lock.lockInterruptibly();
      try {
        Hold hold = holds.poll();
        RuntimeException failure = failures.poll();
        if (hold != null) {
          hold.keep();
        }
        if (failure != null) {
          throw failure;
        }
      } finally {
        lock.unlock();
      }
      pieces.accept(ByteBuffer.wrap(bytes, 1, 1));
      pieces.accept(ByteBuffer.wrap(bytes, 2, bytes.length - 2));
      return whole.withBody(new byte[0]);
    } finally {
      locked(() -> {
        running--;
        changed.signalAll();
        return null;
      });
    }
  }

  /** {@return a digest of what the model is now, 64 hexadecimal digits} */
  public String digest() {
    return locked(() -> "%032x%032x".formatted(name.hashCode() & 0xffffffffL, version));
  }

  // ---- what a test does with it ----

  /** {@return what the model, as it is now, answers to a request} */
  Response expected(Request request) {
    String asked =
        Base64.getEncoder().encodeToString(request.body()) + " of " + request.contentType();
    return Response.json(locked(() ->
        "{\"model\":\"%s\",\"version\":%d,\"asked\":\"%s\"}".formatted(name, version, asked)));
  }

  /** Lets the model be another from now on. */
  void change() {
    locked(() -> version++);
  }

  /** {@return what holds the request that comes next, after those that are to be held already} */
  Hold holdNext() {
    return locked(() -> {
      Hold hold = new Hold();
      holds.add(hold);
      return hold;
    });
  }

  /** {@return what holds every load from now on} */
  Hold holdLoads() {
    return locked(() -> {
      loadHold = new Hold();
      return loadHold;
    });
  }

  void failNext(RuntimeException failure) {
    locked(() -> failures.add(failure));
  }

  void failLoads(@Nullable RuntimeException failure) {
    locked(() -> loadFailure = failure);
  }

  int loads() {
    return locked(() -> loads);
  }

  int loaded() {
    return locked(() -> loaded);
  }

  int calls() {
    return locked(() -> calls);
  }

  int mostRunning() {
    return locked(() -> mostRunning);
  }

  /** {@return whether more than so many requests are in the model at some time while it is watched} */
  boolean isEverRunningMoreThan(int most) {
    return within(FunctionPlatformContract.WATCH, () -> mostRunning > most);
  }

  /** {@return whether the model is asked more often than this while it is watched} */
  boolean isAskedMoreThan(int most) {
    return within(FunctionPlatformContract.WATCH, () -> calls > most);
  }

  /** {@return whether the model has nothing to do any more at some time while it is watched} */
  boolean isEverIdle() {
    return within(FunctionPlatformContract.WATCH, () -> running == 0);
  }

  /** {@return whether so many instances are loaded, now or soon} */
  boolean comesToLoaded(int count, Duration soon) {
    return within(soon, () -> loaded == count);
  }

  void awaitLoaded(int count) {
    until(count + " instances of model " + name + " are loaded", () -> loaded == count);
  }

  void awaitEndOfLoads() {
    until("every load of model " + name + " ends", () -> loadsEnded == loads);
  }

  /** Lets go of everything that is held, and holds nothing more. */
  void releaseAll() {
    locked(() -> {
      holdsNothingMore = true;
      changed.signalAll();
      return null;
    });
  }

  private void until(String what, BooleanSupplier condition) {
    if (!within(FunctionPlatformContract.LIMIT, condition)) {
      throw new AssertionError(
          "it did not come within " + FunctionPlatformContract.LIMIT + " that " + what);
    }
  }

  private boolean within(Duration limit, BooleanSupplier condition) {
    lock.lock();
    try {
      long left = limit.toNanos();
      while (!condition.getAsBoolean() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return condition.getAsBoolean();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("the test was interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  private <T> T locked(Supplier<T> action) {
    lock.lock();
    try {
      return action.get();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return "Probe[" + name + "]";
  }
}
