package io.fairlead.engine;

import io.fairlead.grammar.Problems;

/**
 * How a model is loaded, apart from what it is.
 *
 * <p>The defaults give the most answers for the processor time that they take: each run computes on its caller's thread
 * alone, and as many callers as there are processors keep them all busy.
 *
 * @param threads how many threads one run may compute on; more than 1 shortens a single answer, and costs more
 *     processor time for each
 * @param maxBatch how many rows at most are computed together, when they are waiting at the same time; 1 is never. An
 *     answer may then differ in its last digits from one computed alone, as with any batch
 * @param batchDependentAllowed whether rows may be computed together even by a model whose answer to one depends on the
 *     others
 */
public record LoadOptions(int threads, int maxBatch, boolean batchDependentAllowed) {
  /** One thread, no batches. */
  public static final LoadOptions DEFAULT = new LoadOptions(1, 1, false);

  private static final int MOST_THREADS = 1024;
  private static final int MOST_ROWS = 1024;

  public LoadOptions {
    Problems.in("LoadOptions")
        .check(
            threads >= 1 && threads <= MOST_THREADS,
            "threads",
            "must be from 1 to " + MOST_THREADS,
            threads)
        .check(
            maxBatch >= 1 && maxBatch <= MOST_ROWS,
            "maxBatch",
            "must be from 1 to " + MOST_ROWS,
            maxBatch)
        .throwIfAny();
  }

  public LoadOptions withThreads(int newThreads) {
    return new LoadOptions(newThreads, maxBatch, batchDependentAllowed);
  }

  public LoadOptions withMaxBatch(int newMaxBatch) {
    return new LoadOptions(threads, newMaxBatch, batchDependentAllowed);
  }

  public LoadOptions withBatchDependentAllowed(boolean newBatchDependentAllowed) {
    return new LoadOptions(threads, maxBatch, newBatchDependentAllowed);
  }
}
