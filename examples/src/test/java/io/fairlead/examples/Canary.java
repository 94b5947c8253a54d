package io.fairlead.examples;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** A canary on the platform local, whose requests are counted: the numbers of docs/pictures/canary.csv. */
final class Canary {
  private static final int[] WEIGHTS = {0, 0, 10, 10, 10, 25, 25, 25, 50, 50, 50, 100, 100, 100};
  private static final int WINDOW = 100;
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private Canary() {}

  /** {@return the table, with how it was made} */
  static String csv() {
    StringBuilder csv = new StringBuilder("# Requests by the variant that answered, in windows of "
        + WINDOW + ", to one name on the platform local,\n"
        + "# while route moves the traffic weight of the candidate green: examples/src/test/java/io/fairlead/examples/Canary.java.\n"
        + "window,weight,blue,green\n");
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      Container iris = new Container(
          ModelArtifact.of(Path.of("src/test/resources/iris.onnx")),
          RuntimeSpec.NONE,
          Dependencies.NONE);
      Scaling one = Scaling.fixed(1);
      Endpoint blue = local.deploy(iris, one, new Routing("iris", "blue")).await(LIMIT);
      Endpoint green = local.deploy(iris, one, new Routing("iris", "green")).await(LIMIT);
      Request request = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");
      int before = 0;
      for (int window = 0; window < WEIGHTS.length; window++) {
        int weight = WEIGHTS[window];
        if (weight != before) {
          local
              .route(blue.at(100 - before), green.at(before), TrafficWeight.percent(weight))
              .await(LIMIT);
          before = weight;
        }
        Map<String, Integer> answered = new TreeMap<>(Map.of("blue", 0, "green", 0));
        for (int i = 0; i < WINDOW; i++) {
          answered.merge(local.invoke(blue, request).variant().orElseThrow(), 1, Integer::sum);
        }
        csv.append(window + 1)
            .append(',')
            .append(weight)
            .append(',')
            .append(answered.get("blue"))
            .append(',')
            .append(answered.get("green"))
            .append('\n');
      }
      local.undeployAll("iris").await(LIMIT);
    }
    return csv.toString();
  }
}
