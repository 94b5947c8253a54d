package io.fairlead.sagemaker.internal;

import io.fairlead.sagemaker.SageMakerAutoscaling;
import java.util.Optional;

/**
 * Autoscaling of the number of instances of a variant, or of copies of an inference component.
 *
 * @param min the minimum
 * @param max the maximum
 * @param policy the managed scaling policy; empty if there is none
 * @param fromZero whether an alarm starts the first instance or copy, which no metric of each of them can
 * @param foreign whether there are foreign scaling policies
 */
record Autoscaling(
    int min, int max, Optional<SageMakerAutoscaling> policy, boolean fromZero, boolean foreign) {

  /** {@return managed autoscaling; from 0, it needs the alarm} */
  static Autoscaling of(int min, int max, SageMakerAutoscaling policy) {
    return new Autoscaling(min, max, Optional.of(policy), min == 0, false);
  }

  @Override
  public String toString() {
    return min + " to " + max
        + policy.map(managed -> " by " + managed).orElse(foreign ? "" : " without a policy")
        + (fromZero ? " and an alarm that starts the first" : "")
        + (foreign ? " by policies that are not managed by Fairlead" : "");
  }
}
