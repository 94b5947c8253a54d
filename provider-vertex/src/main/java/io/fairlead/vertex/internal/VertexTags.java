package io.fairlead.vertex.internal;

import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import java.util.Map;

/** The labels that tell whose something is; what has none of them is never touched. */
final class VertexTags {
  static final String DEPLOYMENT = "fairlead_deployment";
  static final String RUN = "fairlead_run";
  /** On a version of a model: what it is made of, for its number is not chosen here. */
  static final String CONTENT = "fairlead_content";

  /** Finds all that are ours. */
  static final String FILTER = "labels." + RUN + ":*";

  private VertexTags() {}

  static Map<String, String> of(OwnerTag mark) {
    return Map.of(DEPLOYMENT, mark.deployment(), RUN, mark.run());
  }

  static boolean areOurs(Map<String, String> labels) {
    return labels.containsKey(RUN);
  }

  /** {@return what was seen, marked as ours or somebody else's} */
  static <T> Observed<T> marked(Observed<T> seen, Map<String, String> labels) {
    String run = labels.get(RUN);
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }
}
