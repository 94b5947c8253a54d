package io.fairlead.provider;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A queue that passes the pieces of one streaming answer from a client's threads to the caller's thread.
 *
 * <p>The client's threads call {@link #begun()}, {@link #piece}, {@link #ended} and {@link #failed}; the caller's calls
 * {@link #begin(Runnable)} and then {@link #handOn}. Pieces are requested one at a time (backpressure), so that a slow
 * consumer slows the model down and memory stays bounded.
 *
 * @param <P> the type of a piece
 */
public final class PieceQueue<P> {
  private final String platform;
  private final String what;
  private final Deadline deadline;
  private final PieceQueues.Source source;
  private final PieceQueues.Failures failures;
  private final Consumer<PieceQueue<?>> onEnd;
  /** The requested piece, and the end of the answer. */
  private final BlockingQueue<Signal<P>> signals = new LinkedBlockingQueue<>();

  private volatile boolean closed;
  private @Nullable Signal<P> first;
  private int count;

  PieceQueue(
      String platform,
      String what,
      Deadline deadline,
      PieceQueues.Source source,
      PieceQueues.Failures failures,
      Consumer<PieceQueue<?>> onEnd) {
    this.platform = platform;
    this.what = what;
    this.deadline = deadline;
    this.source = source;
    this.failures = failures;
    this.onEnd = onEnd;
  }

  /** A piece or a failure; neither at the beginning and at the end. */
  private record Signal<P>(
      Kind kind, @Nullable P piece, @Nullable Throwable failure) {
    private enum Kind {
      BEGUN,
      PIECE,
      ENDED,
      FAILED
    }
  }

  // ---- on the client's threads ----

  /** Signals that the platform has accepted the request, if that is known before the first piece. */
  public void begun() {
    signals.add(new Signal<>(Signal.Kind.BEGUN, null, null));
  }

  /** Signals a piece. */
  public void piece(P piece) {
    signals.add(new Signal<>(Signal.Kind.PIECE, piece, null));
  }

  /** Signals the end of the answer. */
  public void ended() {
    signals.add(new Signal<>(Signal.Kind.ENDED, null, null));
  }

  /** Signals that the answer has failed. */
  public void failed(Throwable failure) {
    signals.add(new Signal<>(Signal.Kind.FAILED, null, failure));
  }

  /** Ends the answer because its platform is closed, even while the consumer is busy. */
  void closed() {
    closed = true;
    // The waiting thread checks the flag first.
    ended();
    source.close();
  }

  // ---- on the caller's thread ----

  /**
   * Makes the call, and waits until the answer begins: by the platform's signal, its first piece or its end.
   *
   * @param call starts the answer, and does not wait for it
   * @return the failure if it has not begun, after which this queue has ended; null if it has
   */
  public @Nullable Throwable begin(Runnable call) {
    boolean begun = false;
    try {
      call.run();
      Signal<P> signal = next();
      if (signal.failure() == null) {
        first = signal.kind() == Signal.Kind.BEGUN ? null : signal;
        begun = true;
      }
      return signal.failure();
    } finally {
      if (!begun) {
        end();
      }
    }
  }

  /**
   * Passes the pieces to a consumer as they arrive, and returns after the last.
   *
   * @param pieces receives them; what it throws ends the answer and is thrown here
   */
  public void handOn(Consumer<? super P> pieces) {
    try {
      Signal<P> signal = first == null ? next() : first;
      first = null;
      while (signal.kind() != Signal.Kind.ENDED) {
        if (signal.failure() != null) {
          throw failures.of(signal.failure(), count);
        }
        P piece = signal.piece();
        if (piece != null) {
          count++;
          pieces.accept(piece);
          source.request();
        }
        signal = next();
      }
    } finally {
      end();
    }
  }

  /** {@return the next failure that the client signals within a time, if any} */
  public @Nullable Throwable furtherFailure(Duration within) {
    try {
      Signal<P> signal = signals.poll(within.toNanos(), TimeUnit.NANOSECONDS);
      return signal == null ? null : signal.failure();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  private Signal<P> next() {
    Duration left = deadline.left();
    Signal<P> signal;
    try {
      signal = signals.poll(left.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          platform,
          ErrorKind.CANCELLED,
          what + " failed: its thread was interrupted after " + count + " pieces",
          e);
    }
    if (closed) {
      throw new ServingException(
          platform,
          ErrorKind.CANCELLED,
          what + " failed: platform '" + platform + "' was closed after " + count
              + " pieces: open it again.");
    }
    if (signal == null || left.isZero()) {
      throw overdue(null);
    }
    return signal;
  }

  /** {@return the exception for an answer whose limit has passed} */
  public ServingException overdue(@Nullable Throwable cause) {
    return ServingException.builder(
            platform,
            ErrorKind.TIMEOUT,
            what + " timed out after " + count + (count == 1 ? " piece" : " pieces")
                + ": its limit is "
                + Durations.shown(deadline.limit())
                + ". The model may still be running. Retry with a longer limit.")
        .cause(cause)
        .build();
  }

  private void end() {
    onEnd.accept(this);
    source.close();
  }
}
