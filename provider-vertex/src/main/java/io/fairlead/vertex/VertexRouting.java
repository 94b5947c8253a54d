package io.fairlead.vertex;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import java.util.Map;

/**
 * What Vertex AI alone knows of routing, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>The split of the traffic is the grammar's: a version's variant and weight.
 *
 * @param predictionConfig how predictions are answered, sorted by key; may be empty
 * @param monitoringConfig how a version's predictions are watched, sorted by key; may be empty
 */
public record VertexRouting(
    Map<String, String> predictionConfig, Map<String, String> monitoringConfig)
    implements PlatformOptions {
  /** Neither is configured. */
  public static final VertexRouting NONE = new VertexRouting(Map.of(), Map.of());

  public VertexRouting {
    predictionConfig = Configs.sorted(predictionConfig, "predictionConfig");
    monitoringConfig = Configs.sorted(monitoringConfig, "monitoringConfig");
    Problems problems = Problems.in("VertexRouting");
    Configs.check(problems, "predictionConfig", predictionConfig);
    Configs.check(problems, "monitoringConfig", monitoringConfig);
    problems.throwIfAny();
  }

  public VertexRouting withPredictionConfig(Map<String, String> newConfig) {
    return new VertexRouting(newConfig, monitoringConfig);
  }

  public VertexRouting withMonitoringConfig(Map<String, String> newConfig) {
    return new VertexRouting(predictionConfig, newConfig);
  }

  @Override
  public String platform() {
    return VertexOptionsProvider.PLATFORM;
  }
}
