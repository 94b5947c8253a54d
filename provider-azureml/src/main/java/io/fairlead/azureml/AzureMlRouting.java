package io.fairlead.azureml;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.spi.Settings;
import java.util.Map;

/**
 * Azure ML's options of a variant's routing, for {@link io.fairlead.grammar.Routing#with}.
 *
 * <p>The active deployment and its percentage are parts of the grammar: a version's variant and weight.
 */
public final class AzureMlRouting extends Settings<AzureMlRouting.Draft> implements RoutingOptions {
  private static final int MOST_MIRRORED = 50;

  static final class Draft extends Settings.Draft {
    Map<String, String> evaluationRules = Map.of();
    int mirrorPercent;
  }

  private AzureMlRouting(Draft draft) {
    super(draft);
    Problems problems = Problems.in("AzureMlRouting")
        .check(
            draft.mirrorPercent >= 0 && draft.mirrorPercent <= MOST_MIRRORED,
            "mirrorPercent",
            "must be 0 to 50, the most that Azure ML mirrors",
            draft.mirrorPercent);
    draft.evaluationRules.forEach((name, rule) -> problems
        .check(!name.isBlank(), "evaluationRules", "must not have a blank name", name)
        .check(!rule.isBlank(), "evaluationRules", "must not have a blank rule", name));
    problems.throwIfAny();
  }

  /** {@return options of a variant with rules, by their names, which end up in names of tags} */
  public static AzureMlRouting evaluationRules(Map<String, String> rules) {
    Draft draft = new Draft();
    draft.evaluationRules = rules;
    return new AzureMlRouting(draft);
  }

  /**
   * {@return options of a variant that gets a copy of a share of the requests; its answers are dropped}
   *
   * <p>Azure ML mirrors to one variant of an endpoint, which gets no requests of its own: a mirror ends when it does.
   *
   * @param percent the share of the requests, 0 to 50
   */
  public static AzureMlRouting mirror(int percent) {
    Draft draft = new Draft();
    draft.mirrorPercent = percent;
    return new AzureMlRouting(draft);
  }

  /**
   * {@return the rules by which a blue/green deployment is evaluated, sorted by name}
   *
   * <p>Azure ML evaluates none: they are kept as tags of the deployment for those who do.
   */
  public Map<String, String> evaluationRules() {
    return draft().evaluationRules;
  }

  /** {@return the share of the requests that the variant gets a copy of, in percent; 0 for none} */
  public int mirrorPercent() {
    return draft().mirrorPercent;
  }

  /** {@return a copy for a variant that gets a copy of a share of the requests, 0 to 50 percent} */
  public AzureMlRouting withMirror(int percent) {
    return new AzureMlRouting(with(draft -> draft.mirrorPercent = percent));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
