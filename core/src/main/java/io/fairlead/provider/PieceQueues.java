package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The streaming answers of a platform that are in progress; closing it ends them all.
 *
 * <p>Closing the client is not enough: its channel may belong to the caller, and stay open.
 */
public final class PieceQueues implements AutoCloseable {
  private final String platform;
  private final Set<PieceQueue<?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Creates a holder without answers. */
  public PieceQueues(String platform) {
    this.platform = requireNonNull(platform, "platform");
  }

  /** The source of the pieces of one answer. */
  public interface Source {
    /** Requests the next piece; the first one is not requested. */
    void request();

    /** Cancels the rest of the answer and releases its resources. Called from any thread, and more than once. */
    void close();
  }

  /** The mapping of a client's failures. */
  @FunctionalInterface
  public interface Failures {
    /**
     * {@return the exception for the caller}
     *
     * @param thrown the client's failure
     * @param pieces the number of pieces before it
     */
    RuntimeException of(Throwable thrown, int pieces);
  }

  /**
   * Opens the queue of an answer.
   *
   * @param what the call, as the beginning of a sentence
   * @param deadline the limit on the whole answer
   * @throws ServingException of kind {@code CANCELLED} if this is closed
   */
  public <P> PieceQueue<P> open(String what, Deadline deadline, Source source, Failures failures) {
    PieceQueue<P> queue =
        new PieceQueue<>(platform, what, deadline, source, failures, open::remove);
    open.add(queue);
    // After it is in the set: either this sees the flag or close() sees the queue.
    if (closed) {
      open.remove(queue);
      throw new ServingException(
          platform,
          ErrorKind.CANCELLED,
          what + " failed: platform '" + platform + "' is closed: open it again.");
    }
    return queue;
  }

  /** Ends each answer that is in progress, with a failure of kind {@code CANCELLED}. Idempotent. */
  @Override
  public void close() {
    closed = true;
    open.forEach(PieceQueue::closed);
  }
}
