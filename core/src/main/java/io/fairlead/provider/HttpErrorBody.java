package io.fairlead.provider;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Collects the body of an error, up to a limit, because it is quoted in part only. */
final class HttpErrorBody implements BodySubscriber<byte[]> {
  private static final int MOST_BYTES = 1 << 16;

  private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private Flow.@Nullable Subscription subscription;
  private boolean cancelled;

  /** {@return the body, as far as it is kept} */
  CompletableFuture<byte[]> whole() {
    return whole;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return whole;
  }

  /** {@return what has arrived until now} */
  byte[] soFar() {
    lock.lock();
    try {
      return bytes.toByteArray();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the body, so that its connection is not read any further. */
  void cancel() {
    lock.lock();
    try {
      cancelled = true;
      if (subscription != null) {
        subscription.cancel();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onSubscribe(Flow.Subscription begun) {
    lock.lock();
    try {
      subscription = begun;
      if (cancelled) {
        begun.cancel();
      } else {
        begun.request(Long.MAX_VALUE);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    if (keep(pieces) == MOST_BYTES) {
      onComplete();
      cancel();
    }
  }

  private int keep(List<ByteBuffer> pieces) {
    lock.lock();
    try {
      for (ByteBuffer piece : pieces) {
        byte[] copy = new byte[Math.min(piece.remaining(), MOST_BYTES - bytes.size())];
        piece.get(copy);
        bytes.writeBytes(copy);
      }
      return bytes.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void onError(Throwable failure) {
    onComplete();
  }

  @Override
  public void onComplete() {
    whole.complete(soFar());
  }
}
