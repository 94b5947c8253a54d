package io.fairlead.vertex.internal.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Collects a body that arrives in pieces, up to a limit: that of an error, which is quoted in part only. */
final class Collector implements Flow.Subscriber<List<ByteBuffer>> {
  private static final int MOST_BYTES = 1 << 16;

  private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private Flow.@Nullable Subscription subscription;
  private boolean cancelled;

  private Collector() {}

  static Collector of(Flow.Publisher<List<ByteBuffer>> body) {
    Collector collector = new Collector();
    body.subscribe(collector);
    return collector;
  }

  /** {@return the body, as far as it is kept} */
  CompletableFuture<byte[]> whole() {
    return whole;
  }

  /** {@return what has arrived until now} */
  synchronized byte[] soFar() {
    return bytes.toByteArray();
  }

  /** Ends the body, so that its connection is not read any further. */
  synchronized void cancel() {
    cancelled = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }

  @Override
  public synchronized void onSubscribe(Flow.Subscription begun) {
    subscription = begun;
    if (cancelled) {
      begun.cancel();
    } else {
      begun.request(Long.MAX_VALUE);
    }
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> pieces) {
    for (ByteBuffer piece : pieces) {
      byte[] copy = new byte[Math.min(piece.remaining(), MOST_BYTES - bytes.size())];
      piece.get(copy);
      bytes.writeBytes(copy);
    }
    if (bytes.size() == MOST_BYTES) {
      onComplete();
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
