package io.fairlead.config;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import io.fairlead.grammar.Served;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.Platform;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The health of one platform: the worst state of what it serves, as it was last looked at.
 *
 * <p>It is looked at when somebody asks, and not again for a while; nobody waits for longer than the limit.
 */
public final class PlatformHealth {
  private final List<Declared<?>> served;
  private final StartDeployments start;
  private final HealthSettings settings;
  private final Supplier<Platform<?>> platform;
  private final Executor executor;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable CompletableFuture<Health> look;
  private long lookedAt;
  /** How many were being deployed at the last look: it is out of date when there are fewer. */
  private long deploying;

  PlatformHealth(
      List<Declared<?>> served,
      StartDeployments start,
      HealthSettings settings,
      Supplier<Platform<?>> platform,
      Executor executor,
      LongSupplier nanoTime) {
    this.served = List.copyOf(served);
    this.start = start;
    this.settings = settings;
    this.platform = platform;
    this.executor = executor;
    this.nanoTime = nanoTime;
  }

  /** The state of a platform, from the best to the worst. */
  public enum State {
    /** All that it serves answers requests. */
    UP,
    /** Something is being created or changed. */
    OUT_OF_SERVICE,
    /** Something does not answer requests, or the platform does not. */
    DOWN
  }

  /**
   * The health of a platform.
   *
   * @param details a sentence for each endpoint and function, by name; never a secret
   */
  public record Health(State state, Map<String, String> details) {}

  /** The health of one endpoint or function. */
  private record One(State state, String detail) {}

  /** {@return the health, which may be as old as the interval} */
  public Health health() {
    CompletableFuture<Health> last = lastLook();
    try {
      return last.get(settings.limit().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return unknown("no answer within " + settings.limit().toMillis() + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unknown("interrupted");
    } catch (ExecutionException e) {
      return unknown(sentence(e.getCause()));
    }
  }

  private CompletableFuture<Health> lastLook() {
    lock.lock();
    try {
      long now = nanoTime.getAsLong();
      CompletableFuture<Health> last = look;
      long deployingNow =
          served.stream().filter(each -> start.isDeploying(each.name())).count();
      boolean isRecent =
          now - lookedAt < settings.interval().toNanos() && deployingNow == deploying;
      if (last == null || (last.isDone() && !isRecent)) {
        lookedAt = now;
        deploying = deployingNow;
        last = begun();
        look = last;
      }
      return last;
    } finally {
      lock.unlock();
    }
  }

  private CompletableFuture<Health> begun() {
    try {
      return CompletableFuture.supplyAsync(this::read, executor);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(unknown("the application is stopping"));
    }
  }

  private Health unknown(String why) {
    return new Health(State.DOWN, Map.of("platform", why));
  }

  private Health read() {
    State worst = State.UP;
    Map<String, String> details = new LinkedHashMap<>();
    for (Declared<?> each : served) {
      One one = one(each);
      details.put(each.name(), one.detail);
      worst = one.state.compareTo(worst) > 0 ? one.state : worst;
    }
    return new Health(worst, details);
  }

  private One one(Declared<?> declared) {
    if (start.isDeploying(declared.name())) {
      return new One(State.OUT_OF_SERVICE, "is being deployed");
    }
    try {
      return one(declared, status(declared.value()));
    } catch (RuntimeException e) {
      return new One(State.DOWN, sentence(e));
    }
  }

  private One one(Declared<?> declared, Optional<Deployment> status) {
    if (status.isEmpty()) {
      String why = start.failure(declared.name()).orElse("is not deployed");
      return new One(State.DOWN, Redacted.text(why));
    }
    Deployment deployment = status.get();
    State state = switch (deployment.state()) {
      case READY -> State.UP;
      case CHANGING -> State.OUT_OF_SERVICE;
      case FAILED -> State.DOWN;
    };
    return new One(state, Redacted.text(deployment.toString()));
  }

  @SuppressWarnings("unchecked") // A platform is found by what it serves.
  private <S extends Served> Optional<Deployment> status(S value) {
    return ((Platform<S>) platform.get()).status(value, settings.limit());
  }

  /** What else may be thrown may have anything in its message. */
  private static String sentence(@Nullable Throwable failure) {
    return failure instanceof ServingException
        ? Redacted.text(String.valueOf(failure.getMessage()))
        : String.valueOf(failure == null ? "" : failure.getClass().getName());
  }
}
