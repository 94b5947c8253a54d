package io.fairlead.serverless;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * What the platform {@code serverless} alone knows of a function, for the options of its artifact's metadata.
 *
 * <pre>{@code
 * ModelArtifact iris = ModelArtifact.of(Path.of("iris.onnx")).named("iris")
 *     .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS));
 * }</pre>
 */
public final class ServerlessOptions extends Settings<ServerlessOptions.Draft>
    implements ArtifactOptions {
  /** In this JVM, a slot for each processor, 1,000 in the queue, the fixed idle timeout, 1 thread, no batches. */
  public static final ServerlessOptions DEFAULT = new ServerlessOptions(new Draft());

  private static final int MOST_SLOTS = 10_000;
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
    draft.slots.ifPresent(slots -> problems.check(
        slots >= 1 && slots <= MOST_SLOTS, "slots", "must be from 1 to " + MOST_SLOTS, slots));
    draft.trustedPickle.ifPresent(python ->
        problems.check(!python.isBlank(), "trustedPickle", "must be a Python interpreter"));
    problems.throwIfAny();
  }

  @Override
  public String platform() {
    return ServerlessProvider.ID;
  }

  /** {@return where instances run} */
  public Isolation isolation() {
    return draft().isolation;
  }

  /**
   * {@return how many invocations one instance runs at a time; empty for one for each processor that a run does not take,
   * or two batches}
   */
  public Optional<Integer> slots() {
    return draft().slots;
  }

  /** {@return the most invocations that wait at a time; further ones are refused as throttled} */
  public int maxQueue() {
    return draft().maxQueue;
  }

  /**
   * {@return whether the model is unloaded, and loaded again ahead of time, by when invocations were seen to come, instead
   * of after the idle timeout}
   */
  public boolean adaptiveKeepAlive() {
    return draft().adaptiveKeepAlive;
  }

  /**
   * {@return how many threads one run may compute on; more than 1 shortens a single answer and costs more processor time
   * for each}
   */
  public int threads() {
    return draft().threads;
  }

  /** {@return how many rows that wait at the same time are computed together; 1 is none} */
  public int maxBatch() {
    return draft().maxBatch;
  }

  /** {@return whether that is done even for a model whose answer to one row depends on the others} */
  public boolean batchDependentAllowed() {
    return draft().batchDependentAllowed;
  }

  /** {@return whose thread an invocation runs on; callers over HTTP never wait on theirs} */
  public RunOn runOn() {
    return draft().runOn;
  }

  /**
   * {@return the Python interpreter, such as {@code /usr/bin/python3}, that loads the model if it is a pickle; empty to
   * refuse pickles}
   */
  public Optional<String> trustedPickle() {
    return draft().trustedPickle;
  }

  /** {@return these options with another place for the instances} */
  public ServerlessOptions withIsolation(Isolation isolation) {
    return new ServerlessOptions(with(draft -> draft.isolation = isolation));
  }

  /** {@return these options with a number of invocations that one instance runs at a time} */
  public ServerlessOptions withSlots(int slots) {
    return new ServerlessOptions(with(draft -> draft.slots = Optional.of(slots)));
  }

  /** {@return these options with another number of invocations that wait at a time} */
  public ServerlessOptions withMaxQueue(int maxQueue) {
    return new ServerlessOptions(with(draft -> draft.maxQueue = maxQueue));
  }

  /** {@return these options with or without a stay that follows when invocations come} */
  public ServerlessOptions withAdaptiveKeepAlive(boolean adaptiveKeepAlive) {
    return new ServerlessOptions(with(draft -> draft.adaptiveKeepAlive = adaptiveKeepAlive));
  }

  /** {@return these options with another number of threads for one run} */
  public ServerlessOptions withThreads(int threads) {
    return new ServerlessOptions(with(draft -> draft.threads = threads));
  }

  /** {@return these options with another number of rows that are computed together} */
  public ServerlessOptions withMaxBatch(int maxBatch) {
    return new ServerlessOptions(with(draft -> draft.maxBatch = maxBatch));
  }

  /** {@return these options with or without batches for a model whose answer to one row depends on the others} */
  public ServerlessOptions withBatchDependentAllowed(boolean batchDependentAllowed) {
    return new ServerlessOptions(
        with(draft -> draft.batchDependentAllowed = batchDependentAllowed));
  }

  /** {@return these options with the thread that an invocation runs on} */
  public ServerlessOptions withRunOn(RunOn runOn) {
    return new ServerlessOptions(with(draft -> draft.runOn = runOn));
  }

  /**
   * {@return these options with a Python interpreter that loads the model if it is a pickle}
   *
   * <p>A pickle runs whatever code is in it with the rights of this process' user.
   */
  public ServerlessOptions withTrustedPickle(String python) {
    return new ServerlessOptions(with(draft -> draft.trustedPickle = Optional.of(python)));
  }
}
