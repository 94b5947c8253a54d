package io.fairlead.stateful;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.Arrays;
import java.util.Random;

/**
 * What the importance of features and the tuning of the cache cost requests: the 50th and 99th percentile of their times with
 * both on beside both off, in blocks that take turns, over two models that serve at once.
 *
 * <p>The argument is the number of blocks; 60 by default.
 */
@SuppressWarnings("SystemOut")
public final class InsightCost {
  private static final int CALLS = 2_000;
  private static final int ROWS = 4_000;
  private static final int FEATURES = 20;
  private static final long MODEL_NANOS = 50_000;

  private InsightCost() {}

  public static void main(String[] arguments) throws Exception {
    int blocks = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 60;
    for (Eviction eviction : new Eviction[] {Eviction.LRU, Eviction.W_TINYLFU}) {
      measure(eviction, true, false, blocks);
      measure(eviction, false, true, blocks);
      measure(eviction, true, true, blocks);
    }
  }

  private static void measure(Eviction eviction, boolean importance, boolean tuning, int blocks) {
    try (EndpointPlatform local = Bench.local("row", request -> {
          Bench.work(MODEL_NANOS);
          return Response.json("{\"predictions\": [" + request.bodyUnsafe().length + "]}");
        });
        CachingPlatform stateful = Stateful.over(local, Bench.config())) {
      StatePolicy policy = Bench.policy(Strategy.EXACT, eviction, 1 << 20);
      StatefulContainer off = stateful
          .deploy(Bench.model("row", StatefulModel.DETERMINISTIC).named("off"), policy)
          .await(Bench.LIMIT);
      StatefulContainer on = stateful
          .deploy(
              Bench.model("row", StatefulModel.DETERMINISTIC).named("on"),
              Bench.with(policy, importance, tuning))
          .await(Bench.LIMIT);
      Request[] requests = requests();
      double[][] percentiles = new double[4][blocks];
      for (int block = -10; block < blocks; block++) {
        double[] without = times(stateful, off, requests, block);
        double[] with = times(stateful, on, requests, block);
        if (block >= 0) {
          percentiles[0][block] = at(without, 0.5);
          percentiles[1][block] = at(without, 0.99);
          percentiles[2][block] = at(with, 0.5);
          percentiles[3][block] = at(with, 0.99);
        }
      }
      for (double[] percentile : percentiles) {
        Arrays.sort(percentile);
      }
      System.out.printf(
          "%s, importance %s, tuning %s, p50/p99 in us: %.1f/%.1f; both off: %.1f/%.1f; %.2fx/%.2fx; "
              + "hit ratio %.2f and %.2f; importance of %d features%n",
          eviction,
          importance ? "on" : "off",
          tuning ? "on" : "off",
          percentiles[2][blocks / 2],
          percentiles[3][blocks / 2],
          percentiles[0][blocks / 2],
          percentiles[1][blocks / 2],
          percentiles[2][blocks / 2] / percentiles[0][blocks / 2],
          percentiles[3][blocks / 2] / percentiles[1][blocks / 2],
          stateful.statistics(on).hitRatio(),
          stateful.statistics(off).hitRatio(),
          stateful.importance(on).size());
    }
  }

  private static Request[] requests() {
    Random random = new Random(1);
    Request[] requests = new Request[ROWS];
    for (int i = 0; i < ROWS; i++) {
      StringBuilder row = new StringBuilder("{\"instances\": [[");
      for (int feature = 0; feature < FEATURES; feature++) {
        row.append(feature == 0 ? "" : ", ").append(random.nextGaussian());
      }
      requests[i] =
          Request.ofUnsafe(row.append("]]}").toString().getBytes(UTF_8), "application/json");
    }
    return requests;
  }

  /** Asks for rows of which few are asked for most often, the same for both. */
  private static double[] times(
      CachingPlatform stateful, StatefulContainer container, Request[] requests, int block) {
    Random random = new Random(block);
    double[] micros = new double[CALLS];
    for (int i = 0; i < CALLS; i++) {
      double skewed = random.nextDouble();
      Request request = requests[(int) (ROWS * skewed * skewed * skewed)];
      long begin = System.nanoTime();
      stateful.cacheForward(container, request);
      micros[i] = (System.nanoTime() - begin) / 1e3;
    }
    Arrays.sort(micros);
    return micros;
  }

  private static double at(double[] sorted, double share) {
    return sorted[(int) (share * (sorted.length - 1))];
  }
}
