package io.fairlead.vertex.internal.values;

import com.google.cloud.aiplatform.v1.DeployedModel;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The display names of deployed models, which contain the variant and the owner tag because deployed models have no
 * labels.
 */
public final class DeployedModelName {
  private static final String FAIRLEAD = "fairlead";
  /** The names of variants and the ids of runs have no spaces. */
  private static final Pattern NAME = Pattern.compile(FAIRLEAD + " (\\S+) (\\S+)");

  private DeployedModelName() {}

  /** {@return the display name of a variant that a run created} */
  public static String displayName(String variant, String run) {
    return FAIRLEAD + " " + variant + " " + run;
  }

  /** {@return the variant of a deployed model; empty if it is foreign} */
  public static Optional<String> variant(DeployedModel model) {
    return part(model, 1);
  }

  /** {@return the run that created a deployed model; empty if it is foreign} */
  public static Optional<String> run(DeployedModel model) {
    return part(model, 2);
  }

  private static Optional<String> part(DeployedModel model, int group) {
    Matcher matcher = NAME.matcher(model.getDisplayName());
    return matcher.matches() ? Optional.of(matcher.group(group)) : Optional.empty();
  }
}
