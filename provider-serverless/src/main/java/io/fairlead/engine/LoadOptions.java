package io.fairlead.engine;

import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import java.util.List;
import java.util.Map;

/**
 * Options for loading a model.
 *
 * <p>The defaults are for throughput: each run computes on its caller's thread alone, and one caller per processor
 * keeps all of them busy.
 */
public final class LoadOptions extends Settings<LoadOptions.Draft> {
  /** One thread, no batches. */
  public static final LoadOptions DEFAULT = new LoadOptions(new Draft());

  private static final int MAX_THREADS = 1024;
  private static final int MAX_ROWS = 1024;

  static final class Draft extends Settings.Draft {
    int threads = 1;
    int maxBatch = 1;
    boolean batchDependentAllowed = false;
    List<ExecutionProvider> executionProviders = List.of();
    Map<String, String> sessionSettings = Map.of();
  }

  private LoadOptions(Draft draft) {
    super(draft);
    Problems.in("LoadOptions")
        .check(
            draft.threads >= 1 && draft.threads <= MAX_THREADS,
            "threads",
            "must be from 1 to " + MAX_THREADS,
            draft.threads)
        .check(
            draft.maxBatch >= 1 && draft.maxBatch <= MAX_ROWS,
            "maxBatch",
            "must be from 1 to " + MAX_ROWS,
            draft.maxBatch)
        .check(
            draft.sessionSettings.keySet().stream().noneMatch(LoadOptions::isFixed),
            "sessionSettings",
            "must not say what a session loads, and from where",
            draft.sessionSettings.keySet())
        .throwIfAny();
  }

  /** Whether a session's setting decides which files it reads. */
  private static boolean isFixed(String key) {
    return key.startsWith("session.load_model_format")
        || key.startsWith("session.use_ort_model")
        || key.startsWith("session.model_external")
        || key.isBlank();
  }

  /**
   * {@return the number of threads of one run; more than 1 lowers the latency of a single response, and costs more
   * processor time for each}
   */
  public int threads() {
    return draft().threads;
  }

  /**
   * {@return the maximum number of waiting rows that are computed as one batch; 1 for no batches}
   *
   * <p>With batches, a result may differ in its last digits from one computed alone. Models whose results for a row depend on
   * the other rows are not batched, as far as comparisons find them.
   */
  public int maxBatch() {
    return draft().maxBatch;
  }

  /**
   * {@return whether batches are allowed for a model whose result for a row depends on the other rows; nothing is compared
   * then}
   */
  public boolean batchDependentAllowed() {
    return draft().batchDependentAllowed;
  }

  /** {@return the execution providers of an ONNX model, the preferred one first; none for the CPU alone} */
  public List<ExecutionProvider> executionProviders() {
    return draft().executionProviders;
  }

  /** {@return the configuration entries of an ONNX model's session, by ONNX Runtime's key for each} */
  public Map<String, String> sessionSettings() {
    return draft().sessionSettings;
  }

  /** {@return these options with another number of threads for one run} */
  public LoadOptions withThreads(int threads) {
    return new LoadOptions(with(draft -> draft.threads = threads));
  }

  /** {@return these options with another maximum batch size} */
  public LoadOptions withMaxBatch(int maxBatch) {
    return new LoadOptions(with(draft -> draft.maxBatch = maxBatch));
  }

  /** {@return these options with or without batches for a model whose result for a row depends on the other rows} */
  public LoadOptions withBatchDependentAllowed(boolean batchDependentAllowed) {
    return new LoadOptions(with(draft -> draft.batchDependentAllowed = batchDependentAllowed));
  }

  /** {@return these options with other execution providers, the preferred one first} */
  public LoadOptions withExecutionProviders(List<ExecutionProvider> executionProviders) {
    return new LoadOptions(with(draft -> draft.executionProviders = executionProviders));
  }

  /** {@return these options with other configuration entries of a session} */
  public LoadOptions withSessionSettings(Map<String, String> sessionSettings) {
    return new LoadOptions(with(draft -> draft.sessionSettings = sessionSettings));
  }
}
