package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;

/**
 * SageMaker's serverless inference in place of instances, for {@link io.fairlead.grammar.Scaling#with}; the instance type
 * is then empty.
 *
 * <p>AWS gives it no GPU, no VPC, no other variant under the same name, and bodies of at most 4 MB.
 *
 * @param memoryMb the memory of one container in MB: 1024, 2048, 3072, 4096, 5120 or 6144; many accounts may have 3072 at
 *     most
 * @param maxConcurrency the most requests at a time, 1 to 200
 * @param provisionedConcurrency how many of them find a container that is warm, and paid for, up to {@code
 *     maxConcurrency}; 0 for none
 */
public record SageMakerServerless(int memoryMb, int maxConcurrency, int provisionedConcurrency)
    implements ScalingOptions {
  private static final int STEP = 1024;
  private static final int MOST_STEPS = 6;
  private static final int MOST_CONCURRENCY = 200;

  public SageMakerServerless {
    Problems.in("SageMakerServerless")
        .check(
            memoryMb % STEP == 0 && memoryMb >= STEP && memoryMb <= MOST_STEPS * STEP,
            "memoryMb",
            "must be 1024, 2048, 3072, 4096, 5120 or 6144",
            memoryMb)
        .check(
            maxConcurrency >= 1 && maxConcurrency <= MOST_CONCURRENCY,
            "maxConcurrency",
            "must be from 1 to " + MOST_CONCURRENCY,
            maxConcurrency)
        .check(
            provisionedConcurrency >= 0 && provisionedConcurrency <= maxConcurrency,
            "provisionedConcurrency",
            "must be from 0 to maxConcurrency, which is " + maxConcurrency,
            provisionedConcurrency)
        .throwIfAny();
  }

  /** {@return no container kept warm} */
  public static SageMakerServerless of(int memoryMb, int maxConcurrency) {
    return new SageMakerServerless(memoryMb, maxConcurrency, 0);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
