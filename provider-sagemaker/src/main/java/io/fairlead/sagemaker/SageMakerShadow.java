package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;

/**
 * A variant that gets copies of another's requests and whose answers are dropped, for {@link
 * io.fairlead.grammar.Routing#with}.
 *
 * <p>Beside it there is exactly one variant that answers. Its instances are paid for like any.
 *
 * @param percent the share of requests that is copied, 1 to 100
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
