package io.fairlead.serverless.internal.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The pieces of a streamed response on their way from the function's thread to the connection's, with backpressure.
 *
 * <p>A few pieces may be on their way, up to 64 KiB, or one if that is longer: then the function's thread waits until
 * the client has taken some.
 */
final class PieceFlow implements StreamedPieces {
  static final int WINDOW = 64 * 1024;

  private static final String EVENTS = "text/event-stream";

  /** Sends a piece, on the connection's thread. */
  interface Sender {
    void send(PieceFlow flow, String contentType, ByteBuf piece);
  }

  private final Executor connection;
  private final Sender sender;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private long underWay;
  private boolean closed;

  // On the connection's thread.
  private @Nullable String type;
  private long sent;

  PieceFlow(Executor connection, Sender sender) {
    this.connection = connection;
    this.sender = sender;
  }

  @Override
  public void accept(String contentType, ByteBuffer piece) {
    int length = piece.remaining();
    if (length == 0) {
      return;
    }
    if (!Routes.isHeaderValue(contentType)) {
      throw new IllegalStateException("the content type of the pieces is not one line of ASCII");
    }
    lock.lock();
    try {
      while (!closed && underWay > 0 && underWay + length > WINDOW) {
        changed.await();
      }
      if (closed) {
        throw gone();
      }
      underWay += length;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw gone();
    } finally {
      lock.unlock();
    }
    byte[] copy = new byte[length];
    piece.get(copy);
    connection.execute(() -> sender.send(this, contentType, Unpooled.wrappedBuffer(copy)));
  }

  private static CancellationException gone() {
    return new CancellationException("the client of this invocation has gone");
  }

  /** Ends the flow: further pieces are refused. Idempotent. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  // On the connection's thread.

  /** {@return whether the head of the response has been sent} */
  boolean hasBegun() {
    return type != null;
  }

  void begin(String contentType) {
    type = contentType;
  }

  /** {@return whether the pieces are server-sent events} */
  boolean isOfEvents() {
    return type != null && type.regionMatches(true, 0, EVENTS, 0, EVENTS.length());
  }

  /** Notes that the client has taken a piece, or never will. */
  void taken(int length) {
    sent += length;
    lock.lock();
    try {
      underWay -= length;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** {@return the bytes of the response's body so far} */
  long sent() {
    return sent;
  }
}
