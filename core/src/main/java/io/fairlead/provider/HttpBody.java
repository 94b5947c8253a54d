package io.fairlead.provider;

import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import org.jspecify.annotations.Nullable;

/** Collects the body of an answer: the whole of it, or the beginning if the answer is an error. */
final class HttpBody implements BodyHandler<byte[]> {
  private static final int FIRST_ERROR = 300;

  private volatile @Nullable Begun error;

  /** An error that has begun. */
  private record Begun(ResponseInfo info, HttpErrorBody body) {}

  static boolean isError(int status) {
    return status >= FIRST_ERROR;
  }

  @Override
  public BodySubscriber<byte[]> apply(ResponseInfo info) {
    if (!isError(info.statusCode())) {
      return BodySubscribers.ofByteArray();
    }
    HttpErrorBody body = new HttpErrorBody();
    error = new Begun(info, body);
    return body;
  }

  /** {@return the failure of an answer that is known to be an error, though its body has not ended; null if it is not} */
  @Nullable
  HttpFailure known() {
    Begun begun = error;
    return begun == null
        ? null
        : HttpFailure.answered(begun.info.statusCode(), begun.info.headers(), begun.body.soFar());
  }
}
