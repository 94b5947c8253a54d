package io.fairlead.platform;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Served;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A streaming answer that is read, for libraries that read a stream and cannot be called with pieces.
 *
 * <p>{@link Platform#invokeStreaming} runs on a thread of an executor, which waits until each piece has been read: a
 * slow reader slows the model down, and no piece is kept. A failure of the answer is an {@link IOException} with the
 * {@link ServingException} as its cause. Closing this before the end interrupts that thread, which ends the answer;
 * what is read afterwards is the end of the stream. It is read by one thread, and may be closed by any.
 */
public final class AnswerStream extends InputStream {
  private static final int TAIL = 64;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final byte[] tail = new byte[TAIL];
  private final String platform;
  private final CompletableFuture<AnswerStream> opened = new CompletableFuture<>();

  private @Nullable FutureTask<?> task;
  private @Nullable Thread invoking;
  private @Nullable String end;
  private @Nullable ByteBuffer piece;
  private @Nullable Throwable failure;
  private @Nullable Response response;
  private long count;
  private boolean closed;

  private AnswerStream(String platform) {
    this.platform = platform;
  }

  /** What ends the answer whose stream was closed. */
  private static final class Closed extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    Closed() {
      super("closed", null, false, false);
    }
  }

  /**
   * Invokes a model with a streaming answer.
   *
   * @param executor has a thread for each answer until its end; an answer whose task waits in a queue has not begun
   * @return a future that completes with the stream when the first piece has arrived, or with what {@link
   *     Platform#invokeStreaming} threw before; cancelling it ends the answer. It completes on the answer's thread, on
   *     which the stream cannot be read
   */
  @SuppressWarnings("FutureReturnValueIgnored") // the returned future itself tells of a failure
  public static <S extends Served> CompletableFuture<AnswerStream> open(
      Platform<S> platform, S served, Request request, Executor executor) {
    requireNonNull(served, "served");
    requireNonNull(request, "request");
    AnswerStream stream = new AnswerStream(platform.id());
    FutureTask<?> task =
        new FutureTask<>(() -> stream.run(platform, served, request), Boolean.TRUE);
    stream.task = task;
    stream.opened.whenComplete((it, thrown) -> {
      if (stream.opened.isCancelled()) {
        stream.close();
      }
    });
    executor.execute(task);
    return stream.opened;
  }

  /**
   * Requires an end of the answer, such as {@code [DONE]} of OpenAI's server-sent events: unless it ends so, but for
   * white space, reading its end fails with a {@link ServingException} as the cause. It is of kind {@code UNSUPPORTED}
   * if the answer is no {@code text/event-stream}, and of {@code UNAVAILABLE} if it is one that stopped in the middle.
   *
   * @param required at most 64 characters of ASCII
   * @return this
   */
  public AnswerStream endingWith(String required) {
    end = requireNonNull(required, "required");
    return this;
  }

  /** {@return the answer without its body: content type, variant and details; empty before its end} */
  public Optional<Response> response() {
    lock.lock();
    try {
      return Optional.ofNullable(response);
    } finally {
      lock.unlock();
    }
  }

  // ---- on the answer's thread ----

  private <S extends Served> void run(Platform<S> platform, S served, Request request) {
    invoking = Thread.currentThread();
    Response answered = null;
    Throwable thrown = null;
    try {
      answered = platform.invokeStreaming(served, request, this::handOn);
    } catch (Throwable e) {
      thrown = e;
    }
    lock.lock();
    try {
      response = answered;
      failure = thrown;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (thrown == null) {
      opened.complete(this);
    } else {
      opened.completeExceptionally(thrown);
    }
  }

  private void handOn(ByteBuffer given) {
    lock.lock();
    try {
      piece = given;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    opened.complete(this);
    lock.lock();
    try {
      while (piece != null && !closed) {
        changed.await();
      }
      if (closed) {
        throw new Closed();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          platform, ErrorKind.CANCELLED, "The answer was ended: its thread was interrupted", e);
    } finally {
      piece = null;
      lock.unlock();
    }
  }

  // ---- on the reader's thread ----

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    checkFromIndexSize(offset, length, bytes.length);
    if (Thread.currentThread().equals(invoking)) {
      throw new IllegalStateException(
          "An answer cannot be read on the thread that it arrives on: continue with an Async method");
    }
    lock.lock();
    try {
      while (length > 0 && piece == null && !hasEnded()) {
        changed.await();
      }
      ByteBuffer some = piece;
      if (length == 0) {
        return 0;
      }
      if (closed || some == null) {
        return atEnd();
      }
      int taken = Math.min(length, some.remaining());
      some.get(bytes, offset, taken);
      keep(bytes, offset, taken);
      if (!some.hasRemaining()) {
        piece = null;
        changed.signalAll();
      }
      return taken;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    } finally {
      lock.unlock();
    }
  }

  private boolean hasEnded() {
    return closed || failure != null || response != null;
  }

  private int atEnd() throws IOException {
    if (closed) {
      return -1;
    }
    if (failure != null) {
      throw new IOException(failure.getMessage(), failure);
    }
    if (end != null && !new String(tail, ISO_8859_1).stripTrailing().endsWith(end)) {
      ServingException incomplete = incomplete(end);
      throw new IOException(incomplete.getMessage(), incomplete);
    }
    return -1;
  }

  private ServingException incomplete(String required) {
    Response answered = requireNonNull(response, "response");
    String type = answered.contentType();
    boolean events = type.toLowerCase(Locale.ROOT).startsWith("text/event-stream");
    String message = events
        ? "The answer stopped after " + count + " bytes: it does not end with " + required
            + ". The model's server may have stopped; retry, or see its log."
        : "The model did not stream: its answer is " + type
            + ", and no text/event-stream that ends with " + required
            + ". Ask without streaming, or use a server that streams.";
    return ServingException.builder(
            platform, events ? ErrorKind.UNAVAILABLE : ErrorKind.UNSUPPORTED, message)
        .variant(answered.variant().orElse(null))
        .build();
  }

  /** Remembers the last bytes. */
  private void keep(byte[] bytes, int offset, int length) {
    int kept = Math.min(length, TAIL);
    System.arraycopy(tail, kept, tail, 0, TAIL - kept);
    System.arraycopy(bytes, offset + length - kept, tail, TAIL - kept, kept);
    count += length;
  }

  /** Ends the answer, unless it has ended. Does not wait for its thread. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (task != null) {
      task.cancel(true);
    }
  }
}
