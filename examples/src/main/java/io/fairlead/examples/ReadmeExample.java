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
import io.fairlead.platform.Response;
import java.net.URI;
import java.time.Duration;

/** The example of README.md, word for word. */
public final class ReadmeExample {
  private ReadmeExample() {}

  /** Runs the example. */
  public static void main(String[] args) {
    // README begin
    Duration limit = Duration.ofMinutes(1);
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class)) {
      ModelArtifact model = ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx"));
      Container container =
          local.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE).await(limit);

      Scaling one = Scaling.fixed(1);
      Endpoint blue = local.deploy(container, one, new Routing("ask", "blue")).await(limit);
      Endpoint green = local.deploy(container, one, new Routing("ask", "green")).await(limit);
      local.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(limit);

      Response answer = local.invoke(blue, Request.texts("Which food lasts?"));
      System.out.println(answer); // a vector, served by blue

      local.undeploy(green).await(limit);
      local.undeploy(blue).await(limit);
      System.out.println(local.inventory()); // []
    }
    // README end
  }
}
