package io.fairlead.stateful;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How often a model is asked when 200 threads ask the same of it at once, and how long other requests wait while it takes 500
 * ms to answer that.
 */
@SuppressWarnings("SystemOut")
public final class JoinedCalls {
  private static final int THREADS = 200;
  private static final int ROUNDS = 5;
  private static final int OTHERS = 2_000;
  private static final long SLOW_MILLIS = 500;

  private JoinedCalls() {}

  public static void main(String[] arguments) throws Exception {
    AtomicInteger slow = new AtomicInteger();
    ExecutorService callers = Executors.newFixedThreadPool(THREADS);
    try (EndpointPlatform local = Bench.local("sometimes-slow", request -> {
          if (request.text().startsWith("slow")) {
            slow.incrementAndGet();
            TimeUnit.MILLISECONDS.sleep(SLOW_MILLIS);
          }
          return Response.of(request.bodyUnsafe(), "text/plain");
        });
        CachingPlatform stateful = Stateful.over(local, Bench.config())) {
      int number = 0;
      for (Eviction eviction : List.of(Eviction.LRU, Eviction.W_TINYLFU, Eviction.COST_AWARE)) {
        StatefulContainer container = stateful
            .deploy(
                Bench.model("sometimes-slow", StatefulModel.DETERMINISTIC)
                    .named("bench-" + number++),
                Bench.policy(Strategy.EXACT, eviction, 1 << 20))
            .await(Bench.LIMIT);
        for (int i = 0; i < OTHERS; i++) {
          stateful.cacheForward(container, ask("warm " + i));
        }
        for (int round = 0; round < ROUNDS; round++) {
          slow.set(0);
          round(callers, stateful, container, "slow " + round);
          System.out.printf("%s: %d calls of the model%n", eviction, slow.get());
        }
      }
    } finally {
      callers.shutdownNow();
    }
  }

  private static void round(
      ExecutorService callers, CachingPlatform stateful, StatefulContainer container, String same)
      throws Exception {
    CountDownLatch begin = new CountDownLatch(1);
    List<Future<Response>> calls = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      calls.add(callers.submit(() -> {
        begin.await();
        return stateful.cacheForward(container, ask(same));
      }));
    }
    begin.countDown();
    long worst = 0;
    long worstWithoutCache = 0;
    int others = 0;
    while (!calls.get(0).isDone()) {
      Request other = ask("other " + same + others % OTHERS);
      long asked = System.nanoTime();
      stateful.cacheForward(container, other);
      long answered = System.nanoTime();
      stateful.invoke(container, other);
      worst = Math.max(worst, answered - asked);
      worstWithoutCache = Math.max(worstWithoutCache, System.nanoTime() - answered);
      others++;
    }
    for (Future<Response> call : calls) {
      call.get();
    }
    System.out.printf(
        "of %d others the slowest took %.1f ms, and %.1f ms without the cache; ",
        others, worst / 1e6, worstWithoutCache / 1e6);
  }

  private static Request ask(String text) {
    return Request.of(text.getBytes(UTF_8), "text/plain");
  }
}
