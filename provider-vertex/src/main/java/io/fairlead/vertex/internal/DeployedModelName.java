package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the display names of deployed models tell: a deployed model has no labels, so its display name has to say which
 * variant it is, and whose.
 */
final class DeployedModelName {
  private static final String FAIRLEAD = "fairlead";
  /** Variants and runs have no spaces. */
  private static final Pattern NAME = Pattern.compile(FAIRLEAD + " (\\S+) (\\S+)");

  private DeployedModelName() {}

  /** {@return the display name that marks a variant as made by a run} */
  static String displayName(String variant, String run) {
    return FAIRLEAD + " " + variant + " " + run;
  }

  /** {@return the variant that a deployed model is; empty if it is somebody else's} */
  static Optional<String> variant(DeployedModel model) {
    return part(model, 1);
  }

  /** {@return the run that made a deployed model; empty if it is somebody else's} */
  static Optional<String> run(DeployedModel model) {
    return part(model, 2);
  }

  private static Optional<String> part(DeployedModel model, int group) {
    Matcher matcher = NAME.matcher(model.getDisplayName());
    return matcher.matches() ? Optional.of(matcher.group(group)) : Optional.empty();
  }
}
