package io.fairlead.azureml.internal;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A credential whose tokens are fetched on threads of its own, so that the caller can be interrupted and has a limit:
 * many fetch them on the thread that asks, and some run a program for it.
 */
final class TimedCredential implements TokenCredential, AutoCloseable {
  private final TokenCredential source;
  private final Duration limit;
  private final ExecutorService threads = new ThreadPoolExecutor(
      0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), TimedCredential::thread);
  private final Scheduler scheduler = Schedulers.fromExecutor(threads);

  TimedCredential(TokenCredential source, Duration limit) {
    this.source = source;
    this.limit = limit;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "fairlead-azureml-credential");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public Mono<AccessToken> getToken(TokenRequestContext request) {
    return Mono.defer(() -> source.getToken(request)).subscribeOn(scheduler);
  }

  /**
   * {@return a token, for which this thread waits}
   *
   * @throws ServingException if it does not come in time, or the thread is interrupted
   */
  @Override
  public AccessToken getTokenSync(TokenRequestContext request) {
    CompletableFuture<AccessToken> token = getToken(request).toFuture();
    try {
      return token.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      token.cancel(true);
      Thread.currentThread().interrupt();
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.CANCELLED,
          "The thread that waited for a token was interrupted.",
          e);
    } catch (TimeoutException e) {
      token.cancel(true);
      throw new ServingException(
          AzureMlProvider.ID,
          ErrorKind.TIMEOUT,
          "There was no token within " + limit.toSeconds()
              + " s, which is AzureMlConfig.callTimeout.",
          e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(String.valueOf(e.getCause()), e.getCause());
    }
  }

  @Override
  public void close() {
    scheduler.dispose();
    threads.shutdownNow();
  }
}
