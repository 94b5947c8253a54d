package io.fairlead.serverless;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.Problems;

/**
 * What the platform {@code serverless} alone knows of a function, for the options of its artifact's metadata.
 *
 * <pre>{@code
 * ModelArtifact iris = ModelArtifact.of(Path.of("iris.onnx")).named("iris")
 *     .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS));
 * }</pre>
 *
 * @param isolation where instances run
 * @param slots how many invocations one instance runs at a time; 0 for one for each processor that a run does not take,
 *     or two batches
 * @param maxQueue the most invocations that wait at a time; further ones are refused as throttled
 * @param adaptiveKeepAlive whether the model is unloaded, and loaded again ahead of time, by when invocations were seen
 *     to come, instead of after the idle timeout
 * @param threads how many threads one run may compute on; more than 1 shortens a single answer and costs more processor
 *     time for each
 * @param maxBatch how many rows that wait at the same time are computed together; 1 is none
 * @param batchDependentAllowed whether that is done even for a model whose answer to one row depends on the others
 * @param runOn whose thread an invocation runs on; callers over HTTP never wait on theirs
 * @param trustedPickle the Python interpreter, such as {@code /usr/bin/python3}, that loads the model if it is a pickle,
 *     which runs whatever code is in it with the rights of this process' user; empty to refuse pickles
 */
public record ServerlessOptions(
    Isolation isolation,
    int slots,
    int maxQueue,
    boolean adaptiveKeepAlive,
    int threads,
    int maxBatch,
    boolean batchDependentAllowed,
    RunOn runOn,
    String trustedPickle)
    implements ArtifactOptions {
  /** In this JVM, a slot for each processor, 1,000 in the queue, the fixed idle timeout, 1 thread, no batches. */
  public static final ServerlessOptions DEFAULT =
      new ServerlessOptions(Isolation.IN_PROCESS, 0, 1000, false, 1, 1, false, RunOn.AUTOMATIC, "");

  private static final int MOST_SLOTS = 10_000;
  private static final int MOST = 1024;

  public ServerlessOptions {
    requireNonNull(isolation, "isolation");
    requireNonNull(runOn, "runOn");
    requireNonNull(trustedPickle, "trustedPickle");
    Problems.in("ServerlessOptions")
        .check(slots >= 0 && slots <= MOST_SLOTS, "slots", "must be from 0 to " + MOST_SLOTS, slots)
        .check(maxQueue >= 0, "maxQueue", "must not be negative", maxQueue)
        .check(threads >= 1 && threads <= MOST, "threads", "must be from 1 to " + MOST, threads)
        .check(maxBatch >= 1 && maxBatch <= MOST, "maxBatch", "must be from 1 to " + MOST, maxBatch)
        .check(
            runOn != RunOn.CALLER || isolation == Isolation.IN_PROCESS,
            "runOn",
            "must not be CALLER with isolation PROCESS",
            runOn)
        .throwIfAny();
  }

  @Override
  public String platform() {
    return ServerlessProvider.ID;
  }

  public ServerlessOptions withIsolation(Isolation newIsolation) {
    return new ServerlessOptions(
        newIsolation,
        slots,
        maxQueue,
        adaptiveKeepAlive,
        threads,
        maxBatch,
        batchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withSlots(int newSlots) {
    return new ServerlessOptions(
        isolation,
        newSlots,
        maxQueue,
        adaptiveKeepAlive,
        threads,
        maxBatch,
        batchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withMaxQueue(int newMaxQueue) {
    return new ServerlessOptions(
        isolation,
        slots,
        newMaxQueue,
        adaptiveKeepAlive,
        threads,
        maxBatch,
        batchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withAdaptiveKeepAlive(boolean newAdaptiveKeepAlive) {
    return new ServerlessOptions(
        isolation,
        slots,
        maxQueue,
        newAdaptiveKeepAlive,
        threads,
        maxBatch,
        batchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withThreads(int newThreads) {
    return new ServerlessOptions(
        isolation,
        slots,
        maxQueue,
        adaptiveKeepAlive,
        newThreads,
        maxBatch,
        batchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withMaxBatch(int newMaxBatch) {
    return new ServerlessOptions(
        isolation,
        slots,
        maxQueue,
        adaptiveKeepAlive,
        threads,
        newMaxBatch,
        batchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withBatchDependentAllowed(boolean newBatchDependentAllowed) {
    return new ServerlessOptions(
        isolation,
        slots,
        maxQueue,
        adaptiveKeepAlive,
        threads,
        maxBatch,
        newBatchDependentAllowed,
        runOn,
        trustedPickle);
  }

  public ServerlessOptions withRunOn(RunOn newRunOn) {
    return new ServerlessOptions(
        isolation,
        slots,
        maxQueue,
        adaptiveKeepAlive,
        threads,
        maxBatch,
        batchDependentAllowed,
        newRunOn,
        trustedPickle);
  }

  public ServerlessOptions withTrustedPickle(String python) {
    return new ServerlessOptions(
        isolation,
        slots,
        maxQueue,
        adaptiveKeepAlive,
        threads,
        maxBatch,
        batchDependentAllowed,
        runOn,
        python);
  }
}
