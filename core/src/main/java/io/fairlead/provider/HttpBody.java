package io.fairlead.provider;

import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Collects the body of an answer: the whole of it, or the beginning if the answer is an error.
 *
 * <p>The answer is there before its body, which is awaited apart, because a request's timeout does not cover it.
 */
final class HttpBody implements BodySubscriber<HttpBody> {
  private static final int FIRST_ERROR = 300;

  private final BodySubscriber<byte[]> bytes;
  private volatile Flow.@Nullable Subscription subscription;
  private volatile boolean cancelled;

  private HttpBody(BodySubscriber<byte[]> bytes) {
    this.bytes = bytes;
  }

  static HttpBody of(ResponseInfo info) {
    return new HttpBody(
        isError(info.statusCode()) ? new HttpErrorBody() : BodySubscribers.ofByteArray());
  }

  static boolean isError(int status) {
    return status >= FIRST_ERROR;
  }

  /** {@return the bytes, once they are collected} */
  CompletableFuture<byte[]> bytes() {
    return bytes.getBody().toCompletableFuture();
  }

  /** {@return the collector of an error's body; null if the answer is not an error} */
  @Nullable
  HttpErrorBody error() {
    return bytes instanceof HttpErrorBody error ? error : null;
  }

  /** Ends the body, so that its connection is not read any further. */
  void cancel() {
    cancelled = true;
    Flow.Subscription begun = subscription;
    if (begun != null) {
      begun.cancel();
    }
  }

  /** {@return this, at once} */
  @Override
  public CompletionStage<HttpBody> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription begun) {
    subscription = begun;
    if (cancelled) {
      begun.cancel();
    } else {
      bytes.onSubscribe(begun);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    bytes.onNext(pieces);
  }

  @Override
  public void onError(Throwable failure) {
    bytes.onError(failure);
  }

  @Override
  public void onComplete() {
    bytes.onComplete();
  }
}
