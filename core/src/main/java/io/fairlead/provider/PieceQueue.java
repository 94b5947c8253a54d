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
 * Hands the pieces of one answer from a client's threads to the caller's.
 *
 * <p>The client's threads call {@link #begun()}, {@link #piece}, {@link #ended} and {@link #failed}; the caller's
 * calls {@link #begin(Runnable)} and then {@link #handOn}. Pieces are asked for one at a time, so that a slow consumer slows the
 * model down and fills no memory.
 *
 * @param <P> a piece
 */
public final class PieceQueue<P> {
  private final String platform;
  private final String what;
  private final Deadline deadline;
  private final PieceQueues.Source source;
  private final PieceQueues.Failures failures;
  private final Consumer<PieceQueue<?>> onEnd;
  /** Holds no more than was asked for, and how it ended. */
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

  /** A piece, or what went wrong; neither at the beginning and at the end. */
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

  /** Tells that the platform has taken the request in, where that is known before the first piece. */
  public void begun() {
    signals.add(new Signal<>(Signal.Kind.BEGUN, null, null));
  }

  /** Hands a piece in. */
  public void piece(P piece) {
    signals.add(new Signal<>(Signal.Kind.PIECE, piece, null));
  }

  /** Tells that no further piece comes. */
  public void ended() {
    signals.add(new Signal<>(Signal.Kind.ENDED, null, null));
  }

  /** Tells that no further piece comes, and why. */
  public void failed(Throwable failure) {
    signals.add(new Signal<>(Signal.Kind.FAILED, null, failure));
  }

  /** Ends it because its platform is closed, even while its consumer is busy. */
  void closed() {
    closed = true;
    // Whoever waits looks at the flag first.
    ended();
    source.close();
  }

  // ---- on the caller's thread ----

  /**
   * Makes the call, and waits until the answer begins: with the platform's word, its first piece or its end.
   *
   * @param call asks for the answer, and does not wait for it
   * @return how it failed if it has not begun, after which it is over; nothing if it has
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
   * Hands the pieces to a consumer as they come, and returns after the last.
   *
   * @param pieces what gets them; what it throws ends the answer and is thrown here
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

  /** {@return what the client tells next of a failure, if it does within a time} */
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

  /** {@return what the caller is told when the time is over} */
  public ServingException overdue(@Nullable Throwable cause) {
    return ServingException.builder(
            platform,
            ErrorKind.TIMEOUT,
            what + " failed: its time of " + deadline.limit() + " was over after " + count
                + " pieces. The model may go on with it")
        .cause(cause)
        .build();
  }

  private void end() {
    onEnd.accept(this);
    source.close();
  }
}
