package io.fairlead.stateful.internal;

import io.fairlead.platform.Request;
import io.fairlead.provider.Deadline;
import io.fairlead.stateful.StatefulProvider;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The warm-up of a version before it serves: it is asked what the one before was asked most usefully, so that its first
 * request neither loads it nor waits for an answer that was there before.
 */
final class WarmUp {
  private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

  /** Enough for a platform beyond this machine, and not so many that it hurts who is served there. */
  private static final int THREADS = 4;

  private WarmUp() {}

  /**
   * {@return the answers of the new version, in the order of the entries; what failed or was not asked in time is left
   * out}
   *
   * @param entries the answers of the version before, the best first
   * @param ask asks the new version, and returns its answer under its own key
   * @param deadline when no more is asked
   */
  static List<Entry> answers(
      List<Entry> entries, Function<RetainedRequest, Entry> ask, Deadline deadline) {
    AtomicInteger number = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
      Thread thread = new Thread(
          work, "fairlead-" + StatefulProvider.ID + "-warm-up-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    });
    try {
      List<Callable<@Nullable Entry>> calls = new ArrayList<>();
      for (Entry entry : entries) {
        RetainedRequest request = entry.answer().request();
        if (request != null) {
          calls.add(() -> deadline.hasPassed() ? null : answer(request, ask));
        }
      }
      List<Entry> answers = new ArrayList<>();
      for (Future<@Nullable Entry> call : threads.invokeAll(calls)) {
        Entry answer = call.get();
        if (answer != null) {
          answers.add(answer);
        }
      }
      return answers;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** A request that the new version does not answer is not its end: it may be one that the old one did not answer, too. */
  private static @Nullable Entry answer(
      RetainedRequest request, Function<RetainedRequest, Entry> ask) {
    try {
      return ask.apply(request);
    } catch (RuntimeException e) {
      log.debug("A request for the warm-up of a version was not answered", e);
      return null;
    }
  }

  /** {@return a request that was retained, to be asked again by a deadline} */
  static Request request(RetainedRequest retained, Deadline deadline) {
    Request request = request(retained);
    Duration left = deadline.left();
    return left.isZero() || left.compareTo(request.timeout()) >= 0
        ? request
        : request.withTimeout(left);
  }

  /** {@return a request that was retained, to be asked again} */
  static Request request(RetainedRequest retained) {
    return RequestKeys.request(retained.contentType(), retained.body());
  }
}
