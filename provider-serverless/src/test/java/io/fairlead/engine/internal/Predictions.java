package io.fairlead.engine.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.platform.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What models answer to rows, and what to expect of every one. */
public final class Predictions {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Predictions() {}

  public static Request rows(String rows) {
    return Request.json("{\"instances\": " + rows + "}");
  }

  public static void assertAnswers(
      LeasedModel model, Request rows, double accuracy, double[]... expected) throws Exception {
    JsonNode predictions = JSON.readTree(model.invoke(rows).text()).get("predictions");
    assertThat(predictions).hasSize(expected.length);
    for (int row = 0; row < expected.length; row++) {
      assertThat(predictions.get(row)).hasSize(expected[row].length);
      for (int column = 0; column < expected[row].length; column++) {
        assertThat(predictions.get(row).get(column).asDouble())
            .isCloseTo(expected[row][column], within(accuracy));
      }
    }
  }

  /** Asks a model from several threads at once, and expects the one answer of all of them. */
  public static void assertAnswersManyAtOnce(LeasedModel model, Request request, int times)
      throws Exception {
    String expected = model.invoke(request).text();
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<Future<Integer>> results = new ArrayList<>();
      for (int caller = 0; caller < 8; caller++) {
        results.add(callers.submit(() -> {
          int equal = 0;
          for (int i = 0; i < times; i++) {
            equal += model.invoke(request).text().equals(expected) ? 1 : 0;
          }
          return equal;
        }));
      }
      for (Future<Integer> result : results) {
        assertThat(result.get()).isEqualTo(times);
      }
    } finally {
      callers.shutdownNow();
    }
  }
}
