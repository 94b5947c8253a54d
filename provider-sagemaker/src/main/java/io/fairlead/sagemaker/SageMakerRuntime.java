package io.fairlead.sagemaker;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;
import java.util.regex.Pattern;

/**
 * SageMaker's options of a runtime, for {@link io.fairlead.grammar.RuntimeSpec#with}.
 *
 * <pre>{@code
 * RuntimeSpec runtime = RuntimeSpec.of(image)
 *     .with(SageMakerRuntime.executionRole("arn:aws:iam::123456789012:role/serving"));
 * }</pre>
 *
 * @param executionRole the ARN of the IAM role that SageMaker assumes to read the model, pull the image and write logs
 */
public record SageMakerRuntime(String executionRole) implements RuntimeOptions {
  static final String ROLE_RULE =
      "must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/serving";

  private static final Pattern ROLE_ARN =
      Pattern.compile("arn:aws[a-z-]*:iam::\\d{12}:role/[a-zA-Z0-9_+=,.@/-]*[a-zA-Z0-9_+=,.@-]");
  private static final int SHORTEST_ARN = 20;
  private static final int LONGEST_ARN = 2048;

  public SageMakerRuntime {
    requireNonNull(executionRole, "executionRole");
    Problems.in("SageMakerRuntime")
        .check(isRole(executionRole), "executionRole", ROLE_RULE, executionRole)
        .throwIfAny();
  }

  static boolean isRole(String arn) {
    return arn.length() >= SHORTEST_ARN
        && arn.length() <= LONGEST_ARN
        && ROLE_ARN.matcher(arn).matches();
  }

  public static SageMakerRuntime executionRole(String arn) {
    return new SageMakerRuntime(arn);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
