package io.fairlead.serverless.internal;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Problems;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessOptions;

/**
 * The memory that an instance of a function takes of the platform's: that of its limits, or one by the size of its model.
 *
 * <p>A runtime keeps the weights, and often a second form of them that suits the processor; the rest is for requests.
 */
final class InstanceMemory {
  private static final long MEBI = 1L << 20;
  private static final long IN_PROCESS = 64 * MEBI;
  private static final long PROCESS = 256 * MEBI;
  private static final int COPIES = 2;

  private InstanceMemory() {}

  /**
   * {@return the memory of an instance, in bytes}
   *
   * @param modelBytes the length of all files of the model
   */
  static long of(ModelFunction function, long modelBytes) {
    return function.limits().memoryBytes().orElseGet(() -> byModel(function, modelBytes));
  }

  private static long byModel(ModelFunction function, long modelBytes) {
    long base = isProcess(ServedFunction.optionsOf(function)) ? PROCESS : IN_PROCESS;
    return base + COPIES * Math.min(modelBytes, Long.MAX_VALUE / (2 * COPIES));
  }

  private static boolean isProcess(ServerlessOptions options) {
    return options.isolation() == Isolation.PROCESS || options.trustedPickle().isPresent();
  }

  /**
   * Checks that the model fits its instances, and these the platform.
   *
   * @param allBytes the memory of all instances together
   * @throws io.fairlead.grammar.InvalidValueException if it does not
   */
  static void check(ModelFunction function, long modelBytes, long allBytes) {
    long memory = of(function, modelBytes);
    Problems.in("ModelFunction")
        .check(
            memory >= modelBytes,
            "limits.memoryBytes",
            "must be at least the size of the model's files, " + modelBytes,
            memory)
        .check(
            memory <= allBytes,
            "limits.memoryBytes",
            "must be at most the memory of all instances together, " + allBytes
                + (function.limits().memoryBytes().isPresent()
                    ? ""
                    : ", and by the size of the model it is more"),
            memory)
        .throwIfAny();
  }
}
