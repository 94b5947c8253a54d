package io.fairlead.azureml;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Azure ML's options of a routing, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>The active deployment and its percentage are parts of the grammar: a version's variant and weight.
 *
 * @param evaluationRules the rules by which a blue/green deployment is evaluated, sorted by name
 */
public record AzureMlRouting(Map<String, String> evaluationRules) implements RoutingOptions {
  public AzureMlRouting {
    evaluationRules = Collections.unmodifiableSortedMap(
        new TreeMap<>(Map.copyOf(requireNonNull(evaluationRules, "evaluationRules"))));
    Problems problems = Problems.in("AzureMlRouting");
    for (String name : evaluationRules.keySet()) {
      problems.check(!name.isBlank(), "evaluationRules", "must not have a blank name", name);
    }
    problems.throwIfAny();
  }

  public static AzureMlRouting evaluationRules(Map<String, String> rules) {
    return new AzureMlRouting(rules);
  }

  @Override
  public String platform() {
    return AzureMlOptionsProvider.PLATFORM;
  }
}
