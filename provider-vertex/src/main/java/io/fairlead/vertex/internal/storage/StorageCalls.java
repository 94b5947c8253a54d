package io.fairlead.vertex.internal.storage;

import com.google.api.gax.core.CredentialsProvider;
import com.google.api.gax.retrying.RetrySettings;
import com.google.auth.Credentials;
import com.google.cloud.BaseServiceException;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.ClientHolder;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The calls to Cloud Storage.
 *
 * <p>Each is made once, because the reconciler retries. Only the parts of a large file are retried here, because
 * otherwise all parts would be sent again.
 */
final class StorageCalls {
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
  private final Supplier<CredentialsProvider> credentials;
  private final String identity;
  private final StorageErrors errors;
  private final Storage storage;

  /**
   * Connects.
   *
   * @param clients closes the connection
   */
  StorageCalls(
      VertexConfig config,
      ClientHolder clients,
      Supplier<CredentialsProvider> credentials,
      String identity) {
    this.config = config;
    this.credentials = credentials;
    this.identity = identity;
    this.errors = new StorageErrors(identity);
    this.storage =
        config.storage().isPresent() ? config.storage().get() : clients.closeLater(create());
  }

  /** Makes a call; the message of a failure begins with {@code what}. */
  <T> T call(String what, Function<Storage, T> call) {
    try {
      return call.apply(storage);
    } catch (BaseServiceException e) {
      throw errors.failure(what, e);
    }
  }

  /** Makes a conditional change. If the condition no longer holds, the reconciler's next read will show it. */
  void unlessOvertaken(String what, Consumer<Storage> change) {
    try {
      change.accept(storage);
    } catch (BaseServiceException e) {
      if (!StorageErrors.isOvertaken(e)) {
        throw errors.failure(what, e);
      }
    }
  }

  /** {@return the client for the parts of files, in place of the one of {@link #call}} */
  Storage ofParts(Storage of) {
    return config.storage().isPresent()
        ? of
        : of.getOptions().toBuilder().setRetrySettings(PARTS).build().getService();
  }

  private Storage create() {
    StorageTransport transport = new StorageTransport(config.callTimeout());
    var options = StorageOptions.http()
        .setProjectId(config.project())
        .setUniverseDomain(config.universeDomain())
        .setCredentials(credentials())
        .setRetrySettings(ONCE)
        .setTransportOptions(HttpTransportOptions.newBuilder()
            .setHttpTransportFactory(() -> transport)
            .build());
    config.storageEndpoint().ifPresent(uri -> options.setHost(uri.toString()));
    return options.build().getService();
  }

  private Credentials credentials() {
    // An emulator never gets credentials.
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
      Credentials found = credentials.get().getCredentials();
      return found == null ? NoCredentials.getInstance() : found;
    } catch (IOException e) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.UNAUTHORIZED,
          "The client of Cloud Storage cannot be created: " + e.getMessage() + ". Tried "
              + identity,
          e);
    }
  }
}
