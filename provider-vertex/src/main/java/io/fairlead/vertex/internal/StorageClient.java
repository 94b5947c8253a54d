package io.fairlead.vertex.internal;

import com.google.api.gax.retrying.RetrySettings;
import com.google.auth.Credentials;
import com.google.cloud.BaseServiceException;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The client of Cloud Storage, made when it is first needed.
 *
 * <p>It makes each call once, for who calls tries again; but a part of a large file is sent again, because otherwise all
 * parts would have to be.
 */
final class StorageClient implements AutoCloseable {
  private static final RetrySettings ONCE =
      RetrySettings.newBuilder().setMaxAttempts(1).build();
  private static final RetrySettings PARTS = RetrySettings.newBuilder()
      .setMaxAttempts(4)
      .setInitialRetryDelayDuration(Duration.ofMillis(200))
      .setRetryDelayMultiplier(2)
      .setMaxRetryDelayDuration(Duration.ofSeconds(5))
      .setTotalTimeoutDuration(Duration.ofMinutes(15))
      .build();

  private final VertexConfig config;
  private final VertexClients clients;
  private final StorageErrors errors;
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Storage storage;

  StorageClient(VertexConfig config, VertexClients clients) {
    this.config = config;
    this.clients = clients;
    this.errors = new StorageErrors(VertexClients.identity(config));
  }

  /** Makes a call, and says in its failure what it was about. */
  <T> T call(String what, Function<Storage, T> call) {
    try {
      return call.apply(storage());
    } catch (BaseServiceException e) {
      throw errors.failure(what, e);
    }
  }

  /** {@return the client to send parts of files with, instead of the one that {@link #call} hands out} */
  Storage ofParts(Storage of) {
    return config.storage().isPresent()
        ? of
        : of.getOptions().toBuilder().setRetrySettings(PARTS).build().getService();
  }

  private Storage storage() {
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

  private Storage make() {
    StorageTransport transport = new StorageTransport(config.callTimeout());
    var options = StorageOptions.http()
        .setProjectId(config.project())
        .setCredentials(credentials())
        .setRetrySettings(ONCE)
        .setTransportOptions(HttpTransportOptions.newBuilder()
            .setHttpTransportFactory(() -> transport)
            .build());
    config.storageEndpoint().ifPresent(uri -> options.setHost(uri.toString()));
    return options.build().getService();
  }

  private Credentials credentials() {
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
    try {
      Credentials found = clients.credentials().getCredentials();
      return found == null ? NoCredentials.getInstance() : found;
    } catch (IOException e) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.UNAUTHORIZED,
          "The client of Cloud Storage cannot be made: " + e.getMessage() + ". Tried "
              + VertexClients.identity(config),
          e);
    }
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
