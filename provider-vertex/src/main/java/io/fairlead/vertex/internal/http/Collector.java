package io.fairlead.vertex.internal.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/** Collects a body that arrives in pieces, up to a limit: that of an error, which is quoted in part only. */
final class Collector implements Flow.Subscriber<List<ByteBuffer>> {
  private static final int MOST_BYTES = 1 << 16;

  private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private Collector() {}

  static CompletableFuture<byte[]> collected(Flow.Publisher<List<ByteBuffer>> body) {
    Collector collector = new Collector();
    body.subscribe(collector);
    return collector.whole;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    for (ByteBuffer piece : pieces) {
      byte[] copy = new byte[Math.min(piece.remaining(), MOST_BYTES - bytes.size())];
      piece.get(copy);
      bytes.writeBytes(copy);
    }
  }

  @Override
  public void onError(Throwable failure) {
    onComplete();
  }

  @Override
  public void onComplete() {
    whole.complete(bytes.toByteArray());
  }
}
