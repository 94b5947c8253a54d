package io.fairlead.vertex;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.retrying.RetrySettings;
import com.google.auth.Credentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageException;
import com.google.cloud.storage.StorageOptions;
import com.google.cloud.storage.StorageRetryStrategy;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The client of Cloud Storage, made when it is first needed, and what its failures mean. */
final class StorageClient implements AutoCloseable {
  private static final int CONNECT_MILLIS = 5_000;
  private static final int TRIES = 4;

  private final VertexConfig config;
  private final VertexClients clients;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Storage storage;

  StorageClient(VertexConfig config, VertexClients clients) {
    this.config = config;
    this.clients = clients;
  }

  /** A call of Cloud Storage. */
  interface Call<T> {
    T make(Storage storage) throws IOException;
  }

  /** Makes a call, and says in its failure what it was about. */
  <T> T call(String what, Call<T> call) {
    try {
      return call.make(storage());
    } catch (StorageException e) {
      throw failure(what, e);
    } catch (IOException e) {
      throw unanswered(what, e, e);
    }
  }

  private Storage storage() throws IOException {
    Storage known = storage;
    if (known != null) {
      return known;
    }
    lock.lock();
    try {
      known = storage;
      if (known == null) {
        known = config.storage().isPresent() ? config.storage().get() : make();
        storage = known;
      }
      return known;
    } finally {
      lock.unlock();
    }
  }

  private Storage make() throws IOException {
    StorageOptions.Builder options = StorageOptions.newBuilder();
    options.setProjectId(config.project());
    options.setCredentials(credentials());
    config.storageEndpoint().ifPresent(uri -> options.setHost(uri.toString()));
    options.setTransportOptions(HttpTransportOptions.newBuilder()
        .setConnectTimeout(CONNECT_MILLIS)
        .setReadTimeout((int) Math.min(config.callTimeout().toMillis(), Integer.MAX_VALUE))
        .build());
    // Sends a part of a large file again at once, rather than all of it; the core tries all else
    // again.
    options.setRetrySettings(RetrySettings.newBuilder()
        .setMaxAttempts(TRIES)
        .setInitialRetryDelayDuration(Duration.ofMillis(100))
        .setRetryDelayMultiplier(2)
        .setMaxRetryDelayDuration(Duration.ofSeconds(5))
        .setTotalTimeoutDuration(config.callTimeout())
        .build());
    options.setStorageRetryStrategy(StorageRetryStrategy.getUniformStorageRetryStrategy());
    return options.build().getService();
  }

  private Credentials credentials() throws IOException {
    // An emulator is never told who calls.
    boolean isEmulated = config.credentials().isEmpty()
        && (config.plaintext()
            || config
                .storageEndpoint()
                .filter(uri -> "http".equals(uri.getScheme()))
                .isPresent());
    if (isEmulated) {
      return NoCredentials.getInstance();
    }
    CredentialsProvider source = clients.credentials();
    Credentials found = source.getCredentials();
    return found == null ? NoCredentials.getInstance() : found;
  }

  private ServingException failure(String what, StorageException e) {
    if (e.getCode() == 0) {
      return unanswered(what, e, e.getCause() == null ? e : e.getCause());
    }
    ErrorKind kind = switch (e.getCode()) {
      case 400, 412 -> ErrorKind.INVALID;
      case 401, 403 -> ErrorKind.UNAUTHORIZED;
      case 404 -> ErrorKind.INVALID;
      case 408 -> ErrorKind.TIMEOUT;
      case 409 -> ErrorKind.CONFLICT;
      case 429 -> ErrorKind.THROTTLED;
      default -> e.getCode() >= 500 ? ErrorKind.UNAVAILABLE : ErrorKind.INVALID;
    };
    String wayOut = switch (e.getCode()) {
      case 404 ->
        ". Make the bucket " + config.artifactBucket() + " first, in the region to serve in";
      case 401, 403 ->
        ". Tried " + config.identity() + "; docs/vertex.md has the roles that it needs";
      case 400 -> ". If a file was changed meanwhile, deploy again once nothing writes to it";
      default -> "";
    };
    return ServingException.builder(
            VertexOptionsProvider.PLATFORM,
            kind,
            what + " failed: " + VertexErrors.quote(String.valueOf(e.getMessage())) + " (HTTP "
                + e.getCode() + ")" + wayOut)
        .cause(e)
        .build();
  }

  private static ServingException unanswered(String what, Exception e, Throwable reason) {
    ErrorKind kind = ErrorKind.UNAVAILABLE;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        kind = ErrorKind.TIMEOUT;
      } else if (cause instanceof InterruptedIOException) {
        kind = ErrorKind.CANCELLED;
      }
    }
    return ServingException.builder(
            VertexOptionsProvider.PLATFORM, kind, what + " failed: " + reason)
        .cause(e)
        .build();
  }

  /** Closes the client, unless it is the caller's own. */
  @Override
  public void close() {
    lock.lock();
    try {
      Storage known = storage;
      if (known != null && config.storage().isEmpty()) {
        known.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException("the client of Cloud Storage did not close", e);
    } finally {
      lock.unlock();
    }
  }
}
