package io.fairlead.engine;

import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;

/**
 * How a model is loaded, apart from what it is.
 *
 * <p>The defaults give the most answers for the processor time that they take: each run computes on its caller's thread
 * alone, and as many callers as there are processors keep them all busy.
 */
public final class LoadOptions extends Settings<LoadOptions.Draft> {
  /** One thread, no batches. */
  public static final LoadOptions DEFAULT = new LoadOptions(new Draft());

  private static final int MOST_THREADS = 1024;
  private static final int MOST_ROWS = 1024;

  static final class Draft extends Settings.Draft {
    int threads = 1;
    int maxBatch = 1;
    boolean batchDependentAllowed = false;
  }

  private LoadOptions(Draft draft) {
    super(draft);
    Problems.in("LoadOptions")
        .check(
            draft.threads >= 1 && draft.threads <= MOST_THREADS,
            "threads",
            "must be from 1 to " + MOST_THREADS,
            draft.threads)
        .check(
            draft.maxBatch >= 1 && draft.maxBatch <= MOST_ROWS,
            "maxBatch",
            "must be from 1 to " + MOST_ROWS,
            draft.maxBatch)
        .throwIfAny();
  }

  /**
   * {@return how many threads one run may compute on; more than 1 shortens a single answer, and costs more processor time
   * for each}
   */
  public int threads() {
    return draft().threads;
  }

  /**
   * {@return how many rows at most are computed together, when they are waiting at the same time; 1 is never}
   *
   * <p>An answer may then differ in its last digits from one computed alone, as with any batch.
   */
  public int maxBatch() {
    return draft().maxBatch;
  }

  /** {@return whether rows may be computed together even by a model whose answer to one depends on the others} */
  public boolean batchDependentAllowed() {
    return draft().batchDependentAllowed;
  }

  /** {@return these options with another number of threads for one run} */
  public LoadOptions withThreads(int threads) {
    return new LoadOptions(with(draft -> draft.threads = threads));
  }

  /** {@return these options with another number of rows that are computed together} */
  public LoadOptions withMaxBatch(int maxBatch) {
    return new LoadOptions(with(draft -> draft.maxBatch = maxBatch));
  }

  /** {@return these options with or without batches for a model whose answer to one row depends on the others} */
  public LoadOptions withBatchDependentAllowed(boolean batchDependentAllowed) {
    return new LoadOptions(with(draft -> draft.batchDependentAllowed = batchDependentAllowed));
  }
}
