package io.fairlead.serverless;

import io.fairlead.engine.ExecutionProvider;
import io.fairlead.engine.LoadOptions;
import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Options of a function on the platform {@code serverless}, set on the metadata of its artifact.
 *
 * <pre>{@code
 * ModelArtifact iris = ModelArtifact.of(Path.of("iris.onnx")).named("iris")
 *     .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS));
 * }</pre>
 */
public final class ServerlessOptions extends Settings<ServerlessOptions.Draft>
    implements ArtifactOptions {
  /** In this JVM, a slot per processor, a queue of 1,000, the fixed idle timeout, 1 thread, no batches. */
  public static final ServerlessOptions DEFAULT = new ServerlessOptions(new Draft());

  private static final int MAX_SLOTS = 10_000;
  private static final int MOST = 1024;

  static final class Draft extends Settings.Draft {
    Isolation isolation = Isolation.IN_PROCESS;
    Optional<Integer> slots = Optional.empty();
    int maxQueue = 1000;
    boolean adaptiveKeepAlive = false;
    int threads = 1;
    int maxBatch = 1;
    boolean batchDependentAllowed = false;
    RunOn runOn = RunOn.AUTOMATIC;
    Optional<String> trustedPickle = Optional.empty();
    List<ExecutionProvider> executionProviders = List.of();
    Map<String, String> sessionSettings = Map.of();
  }

  private ServerlessOptions(Draft draft) {
    super(draft);
    Problems problems = Problems.in("ServerlessOptions")
        .check(draft.maxQueue >= 0, "maxQueue", "must not be negative", draft.maxQueue)
        .check(
            draft.threads >= 1 && draft.threads <= MOST,
            "threads",
            "must be from 1 to " + MOST,
            draft.threads)
        .check(
            draft.maxBatch >= 1 && draft.maxBatch <= MOST,
            "maxBatch",
            "must be from 1 to " + MOST,
            draft.maxBatch)
        .check(
            draft.runOn != RunOn.CALLER || draft.isolation == Isolation.IN_PROCESS,
            "runOn",
            "must not be CALLER with isolation PROCESS",
            draft.runOn);
    try {
      LoadOptions.DEFAULT.withSessionSettings(draft.sessionSettings);
    } catch (InvalidValueException e) {
      e.problems().forEach(problems::add);
    }
    draft.slots.ifPresent(slots -> problems.check(
        slots >= 1 && slots <= MAX_SLOTS, "slots", "must be from 1 to " + MAX_SLOTS, slots));
    draft.trustedPickle.ifPresent(python ->
        problems.check(!python.isBlank(), "trustedPickle", "must be a Python interpreter"));
    problems.throwIfAny();
  }

  @Override
  public String platform() {
    return ServerlessProvider.ID;
  }

  /** {@return the isolation of the instances} */
  public Isolation isolation() {
    return draft().isolation;
  }

  /**
   * {@return the number of concurrent invocations per instance; empty for the number of processors divided by {@link
   * #threads()}, or enough for two batches if that is more}
   */
  public Optional<Integer> slots() {
    return draft().slots;
  }

  /** {@return the maximum number of waiting invocations; further ones are throttled} */
  public int maxQueue() {
    return draft().maxQueue;
  }

  /**
   * {@return whether the model is unloaded and pre-warmed by the observed times between invocations, instead of
   * unloaded after the idle timeout}
   */
  public boolean adaptiveKeepAlive() {
    return draft().adaptiveKeepAlive;
  }

  /**
   * {@return the number of threads of one run; more than 1 lowers the latency of a single response and costs more
   * processor time for each}
   */
  public int threads() {
    return draft().threads;
  }

  /** {@return the maximum number of waiting rows that are computed as one batch; 1 for no batches} */
  public int maxBatch() {
    return draft().maxBatch;
  }

  /** {@return whether batches are allowed for a model whose result for a row depends on the other rows} */
  public boolean batchDependentAllowed() {
    return draft().batchDependentAllowed;
  }

  /** {@return the thread on which invocations run; those over HTTP never run on a thread of the server} */
  public RunOn runOn() {
    return draft().runOn;
  }

  /**
   * {@return the Python interpreter that loads a pickled model, such as {@code /usr/bin/python3}; empty to refuse
   * pickles}
   */
  public Optional<String> trustedPickle() {
    return draft().trustedPickle;
  }

  /** {@return the execution providers of an ONNX model, the preferred one first; none for the CPU alone} */
  public List<ExecutionProvider> executionProviders() {
    return draft().executionProviders;
  }

  /** {@return the configuration entries of an ONNX model's session, by ONNX Runtime's key for each} */
  public Map<String, String> sessionSettings() {
    return draft().sessionSettings;
  }

  /** {@return these options with another isolation} */
  public ServerlessOptions withIsolation(Isolation isolation) {
    return new ServerlessOptions(with(draft -> draft.isolation = isolation));
  }

  /** {@return these options with a number of concurrent invocations per instance} */
  public ServerlessOptions withSlots(int slots) {
    return new ServerlessOptions(with(draft -> draft.slots = Optional.of(slots)));
  }

  /** {@return these options with another maximum number of waiting invocations} */
  public ServerlessOptions withMaxQueue(int maxQueue) {
    return new ServerlessOptions(with(draft -> draft.maxQueue = maxQueue));
  }

  /** {@return these options with or without an adaptive keep-alive} */
  public ServerlessOptions withAdaptiveKeepAlive(boolean adaptiveKeepAlive) {
    return new ServerlessOptions(with(draft -> draft.adaptiveKeepAlive = adaptiveKeepAlive));
  }

  /** {@return these options with another number of threads for one run} */
  public ServerlessOptions withThreads(int threads) {
    return new ServerlessOptions(with(draft -> draft.threads = threads));
  }

  /** {@return these options with another maximum batch size} */
  public ServerlessOptions withMaxBatch(int maxBatch) {
    return new ServerlessOptions(with(draft -> draft.maxBatch = maxBatch));
  }

  /** {@return these options with or without batches for a model whose result for a row depends on the other rows} */
  public ServerlessOptions withBatchDependentAllowed(boolean batchDependentAllowed) {
    return new ServerlessOptions(
        with(draft -> draft.batchDependentAllowed = batchDependentAllowed));
  }

  /** {@return these options with the thread that an invocation runs on} */
  public ServerlessOptions withRunOn(RunOn runOn) {
    return new ServerlessOptions(with(draft -> draft.runOn = runOn));
  }

  /**
   * {@return these options with a Python interpreter that loads a pickled model}
   *
   * <p>A pickle runs arbitrary code with the permissions of this process's user.
   */
  public ServerlessOptions withTrustedPickle(String python) {
    return new ServerlessOptions(with(draft -> draft.trustedPickle = Optional.of(python)));
  }

  /** {@return these options with an execution provider for an ONNX model, after those that were added before} */
  public ServerlessOptions withExecutionProvider(ExecutionProvider executionProvider) {
    List<ExecutionProvider> all = new ArrayList<>(executionProviders());
    all.add(executionProvider);
    return new ServerlessOptions(with(draft -> draft.executionProviders = all));
  }

  /**
   * {@return these options with a configuration entry of an ONNX model's session}
   *
   * @param key ONNX Runtime's key for it, such as {@code session.set_denormal_as_zero}
   */
  public ServerlessOptions withSessionSetting(String key, String value) {
    Map<String, String> all = new TreeMap<>(sessionSettings());
    all.put(key, value);
    return new ServerlessOptions(with(draft -> draft.sessionSettings = all));
  }
}
