package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The answers in pieces that a platform has under way; closing it ends them all.
 *
 * <p>A client's own end does not: the channel that it speaks through may be its caller's, and stay open.
 */
public final class PieceQueues implements AutoCloseable {
  private final String platform;
  private final Set<PieceQueue<?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  public PieceQueues(String platform) {
    this.platform = requireNonNull(platform, "platform");
  }

  /** What sends the pieces of one answer. */
  public interface Source {
    /** Asks for the piece after the last; the first one needs no asking. */
    void request();

    /** Gives up what has not come, and back what it holds; from any thread, and more than once. */
    void close();
  }

  /** What a platform's own failures mean. */
  @FunctionalInterface
  public interface Failures {
    /**
     * {@return what the caller is told}
     *
     * @param thrown what the client told
     * @param pieces how many pieces came before it
     */
    RuntimeException of(Throwable thrown, int pieces);
  }

  /**
   * Begins an answer.
   *
   * @param what what it is about, as the beginning of a sentence
   * @param deadline the limit on the whole answer
   * @throws ServingException of kind {@code CANCELLED} if this is closed
   */
  public <P> PieceQueue<P> open(String what, Deadline deadline, Source source, Failures failures) {
    PieceQueue<P> queue =
        new PieceQueue<>(platform, what, deadline, source, failures, open::remove);
    open.add(queue);
    // After it is in the set: either this sees the closing or the closing sees the queue.
    if (closed) {
      open.remove(queue);
      throw new ServingException(
          platform,
          ErrorKind.CANCELLED,
          what + " failed: platform '" + platform + "' is closed: open it again.");
    }
    return queue;
  }

  /** Ends every answer that is under way, as a failure of kind {@code CANCELLED}. Idempotent. */
  @Override
  public void close() {
    closed = true;
    open.forEach(PieceQueue::closed);
  }
}
