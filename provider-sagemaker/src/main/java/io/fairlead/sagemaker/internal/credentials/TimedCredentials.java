package io.fairlead.sagemaker.internal.credentials;

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
 * Credentials with a timeout: a call waits for them no longer than its limit.
 *
 * <p>The SDK resolves them on the caller's thread before its own timeout starts, so that a provider that blocks would
 * block the call. Here one thread resolves them for all callers, at most once a second. A call that finds cached ones
 * has no hand-over between threads, and a provider that hangs blocks only this thread.
 */
public final class TimedCredentials implements AwsCredentialsProvider, AutoCloseable {
  private static final long KEPT_NANOS = Duration.ofSeconds(1).toNanos();

  private final AwsCredentialsProvider source;
  private final Duration limit;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Cached cached;
  private @Nullable PendingRequest pending;
  private boolean closed;

  /** Cached credentials, and the time at which they were requested. */
  private record Cached(AwsCredentials credentials, long since) {
    boolean isFresh() {
      return System.nanoTime() - since < KEPT_NANOS
          && credentials
              .expirationTime()
              .map(expires -> Instant.now().isBefore(expires))
              .orElse(true);
    }
  }

  /** A pending request to the provider, and its thread. */
  private record PendingRequest(CompletableFuture<AwsCredentials> answer, Thread thread) {}

  private TimedCredentials(AwsCredentialsProvider source, Duration limit) {
    this.source = source;
    this.limit = limit;
  }

  /**
   * {@return a provider that answers within a limit; the given one if it holds its credentials in memory}
   *
   * @param limit the limit where a call has none of its own
   */
  public static AwsCredentialsProvider of(AwsCredentialsProvider source, Duration limit) {
    boolean inMemory = source instanceof StaticCredentialsProvider
        || source instanceof AnonymousCredentialsProvider;
    return inMemory ? source : new TimedCredentials(source, limit);
  }

  @Override
  public AwsCredentials resolveCredentials() {
    return get(limit);
  }

  /** Waits for credentials, if none are cached. */
  public AwsCredentials get(Duration within) {
    Cached last = cached;
    if (last != null && last.isFresh()) {
      return last.credentials();
    }
    try {
      return ask().get(within.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw SdkClientException.create(
          "Unable to load credentials: their provider did not answer within "
              + within.toMillis() / 1000.0
              + " s, and nothing was sent. Check what it waits for, or configure another credentials provider",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AbortedException.create("Interrupted while waiting for credentials", e);
    } catch (ExecutionException e) {
      throw failure(e.getCause() == null ? e : e.getCause());
    }
  }

  /** Wraps whatever the provider throws as an SdkClientException. */
  private static RuntimeException failure(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof SdkException sdk
        ? sdk
        : SdkClientException.create("Unable to load credentials: " + thrown.getMessage(), thrown);
  }

  private CompletableFuture<AwsCredentials> ask() {
    lock.lock();
    try {
      if (closed) {
        return CompletableFuture.failedFuture(closed());
      }
      if (pending != null) {
        return pending.answer();
      }
      CompletableFuture<AwsCredentials> answer = new CompletableFuture<>();
      Thread thread = new Thread(() -> answer(answer), "fairlead-sagemaker-credentials");
      thread.setDaemon(true);
      pending = new PendingRequest(answer, thread);
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
      cached = new Cached(credentials, since);
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
      pending = null;
    } finally {
      lock.unlock();
    }
  }

  private static SdkClientException closed() {
    return SdkClientException.create("Unable to load credentials: the platform is closed");
  }

  /** Ends pending requests; the provider itself is not closed. */
  @Override
  public void close() {
    PendingRequest open;
    lock.lock();
    try {
      closed = true;
      open = pending;
    } finally {
      lock.unlock();
    }
    if (open != null) {
      open.thread().interrupt();
      open.answer().completeExceptionally(closed());
    }
  }
}
