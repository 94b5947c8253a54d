package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;

/**
 * SageMaker serverless inference in place of instances, for {@link io.fairlead.grammar.Scaling#with}; the scaling's
 * instance type is empty.
 *
 * <p>A serverless variant has no GPU and no VPC, is the only variant of its public name, and takes bodies of at most
 * 4 MB.
 *
 * @param memoryMb the memory of one container in MB: 1024, 2048, 3072, 4096, 5120 or 6144; many accounts are limited
 *     to 3072
 * @param maxConcurrency the maximum number of concurrent requests, 1 to 200
 * @param provisionedConcurrency the number of concurrent requests for which containers are kept warm, and billed, up
 *     to {@code maxConcurrency}; 0 for none
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

  /** {@return serverless inference without provisioned concurrency} */
  public static SageMakerServerless of(int memoryMb, int maxConcurrency) {
    return new SageMakerServerless(memoryMb, maxConcurrency, 0);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
