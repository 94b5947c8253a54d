package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;

/**
 * A shadow variant, which gets copies of another variant's requests and whose answers are discarded, for {@link
 * io.fairlead.grammar.Routing#with}.
 *
 * <p>There is exactly one other variant, whose requests it copies. Its instances are billed like any others.
 *
 * @param percent the percentage of requests that are copied, 1 to 100
 */
public record SageMakerShadow(int percent) implements RoutingOptions {
  public SageMakerShadow {
    Problems.in("SageMakerShadow")
        .check(percent >= 1 && percent <= 100, "percent", "must be from 1 to 100", percent)
        .throwIfAny();
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
