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
import io.fairlead.provider.Lazy;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;

/**
 * The client of Cloud Storage, made when it is first needed and closed with those of Vertex AI.
 *
 * <p>It makes each call once, for who calls tries again; but a part of a large file is sent again, because otherwise all
 * parts would have to be.
 */
final class StorageClient {
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
  private final Lazy<Storage> storage;

  StorageClient(VertexConfig config, VertexClients clients) {
    this.config = config;
    this.clients = clients;
    this.errors = new StorageErrors(VertexClients.identity(config));
    this.storage = new Lazy<>(clients.holder()) {
      @Override
      protected Storage make() {
        return config.storage().isPresent()
            ? config.storage().get()
            : clients.holder().closeLater(create());
      }
    };
  }

  /** Makes a call, and says in its failure what it was about. */
  <T> T call(String what, Function<Storage, T> call) {
    try {
      return call.apply(storage.get());
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

  private Storage create() {
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
}
