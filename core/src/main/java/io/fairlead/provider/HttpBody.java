package io.fairlead.provider;

import io.fairlead.provider.HttpFailure.Stage;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import org.jspecify.annotations.Nullable;

/**
 * Collects the body of an answer: the whole of it, or the beginning if the answer is an error.
 *
 * <p>It ends the wait for the body at the end of the limit, because a request's timeout does not cover the body. A good
 * body is collected by the JDK's own collector, which alone gets no thread of its own.
 */
final class HttpBody implements BodyHandler<byte[]> {
  private static final int FIRST_ERROR = 300;

  private final HttpLimits limits;
  private final HttpWait wait;
  private final Deadline deadline;
  private volatile @Nullable Begun error;

  HttpBody(HttpLimits limits, HttpWait wait, Deadline deadline) {
    this.limits = limits;
    this.wait = wait;
    this.deadline = deadline;
  }

  /** An error that has begun. */
  private record Begun(ResponseInfo info, HttpErrorBody body) {}

  static boolean isError(int status) {
    return status >= FIRST_ERROR;
  }

  @Override
  public BodySubscriber<byte[]> apply(ResponseInfo info) {
    limits.watch(this);
    if (!isError(info.statusCode())) {
      return BodySubscribers.ofByteArray();
    }
    HttpErrorBody body = new HttpErrorBody();
    error = new Begun(info, body);
    return body;
  }

  /**
   * Ends the wait if its limit has passed.
   *
   * @return whether it has
   */
  boolean endIfOverdue() {
    boolean isOverdue = deadline.hasPassed();
    if (isOverdue) {
      wait.end(Stage.OVERDUE);
    }
    return isOverdue;
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
