package io.fairlead.sagemaker.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Credentials that are waited for no longer than a call may take.
 *
 * <p>The SDK asks for them on the caller's thread before its own limit begins, so that a source that blocks would block the
 * call. Here one thread asks, for all callers at once and once a second at most, so that a call which finds them pays for no
 * hand-over, and a source that hangs costs one thread and no more.
 */
final class TimedCredentials implements AwsCredentialsProvider, AutoCloseable {
  private static final long KEPT_NANOS = Duration.ofSeconds(1).toNanos();

  private final AwsCredentialsProvider source;
  private final Duration limit;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Known known;
  private @Nullable Asking asking;
  private boolean closed;

  /** What was given, and when it was asked for. */
  private record Known(AwsCredentials credentials, long since) {
    boolean isFresh() {
      return System.nanoTime() - since < KEPT_NANOS
          && credentials
              .expirationTime()
              .map(expires -> Instant.now().isBefore(expires))
              .orElse(true);
    }
  }

  /** A question to the source, and the thread that asks it. */
  private record Asking(CompletableFuture<AwsCredentials> answer, Thread thread) {}

  private TimedCredentials(AwsCredentialsProvider source, Duration limit) {
    this.source = source;
    this.limit = limit;
  }

  /**
   * {@return a source that answers within a limit, which is the given one if it holds its credentials in memory}
   *
   * @param limit the longest that they are waited for, where a call does not say another
   */
  static AwsCredentialsProvider of(AwsCredentialsProvider source, Duration limit) {
    boolean inMemory = source instanceof StaticCredentialsProvider
        || source instanceof AnonymousCredentialsProvider;
    return inMemory ? source : new TimedCredentials(source, limit);
  }

  @Override
  public AwsCredentials resolveCredentials() {
    return get(limit);
  }

  /** Waits for credentials, if there are none. */
  AwsCredentials get(Duration within) {
    Known last = known;
    if (last != null && last.isFresh()) {
      return last.credentials();
    }
    try {
      return ask().get(within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw SdkClientException.create(
          "Unable to load credentials: their source did not answer within "
              + within.toMillis() / 1000.0
              + " s, and nothing was sent. Check what it waits for, or hand in credentials that are there",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AbortedException.create("Interrupted while waiting for credentials", e);
    } catch (ExecutionException e) {
      throw failure(e.getCause() == null ? e : e.getCause());
    }
  }

  /** What a source throws is the SDK's kind of failure, whatever it is. */
  private static RuntimeException failure(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof SdkException known
        ? known
        : SdkClientException.create("Unable to load credentials: " + thrown.getMessage(), thrown);
  }

  private CompletableFuture<AwsCredentials> ask() {
    lock.lock();
    try {
      if (closed) {
        return CompletableFuture.failedFuture(closed());
      }
      if (asking != null) {
        return asking.answer();
      }
      CompletableFuture<AwsCredentials> answer = new CompletableFuture<>();
      Thread thread = new Thread(() -> answer(answer), "fairlead-sagemaker-credentials");
      thread.setDaemon(true);
      asking = new Asking(answer, thread);
      thread.start();
      return answer;
    } finally {
      lock.unlock();
    }
  }

  private void answer(CompletableFuture<AwsCredentials> answer) {
    long since = System.nanoTime();
    try {
      AwsCredentials credentials = source.resolveCredentials();
      known = new Known(credentials, since);
      done();
      answer.complete(credentials);
    } catch (Throwable e) {
      done();
      answer.completeExceptionally(e);
    }
  }

  private void done() {
    lock.lock();
    try {
      asking = null;
    } finally {
      lock.unlock();
    }
  }

  private static SdkClientException closed() {
    return SdkClientException.create("Unable to load credentials: the platform is closed");
  }

  /** Ends what still waits; the source itself is not closed. */
  @Override
  public void close() {
    Asking open;
    lock.lock();
    try {
      closed = true;
      open = asking;
    } finally {
      lock.unlock();
    }
    if (open != null) {
      open.thread().interrupt();
      open.answer().completeExceptionally(closed());
    }
  }
}
