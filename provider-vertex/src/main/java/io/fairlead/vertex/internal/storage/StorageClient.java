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
import io.fairlead.provider.Lazy;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The client of Cloud Storage, created when it is first needed and closed with those of Vertex AI.
 *
 * <p>It makes each call once, because the reconciler retries. Only the parts of a large file are retried here,
 * because otherwise all parts would be sent again.
 */
public final class StorageClient {
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
  private final Lazy<Storage> storage;

  /**
   * Creates a client that connects when it is first used.
   *
   * @param clients closes the client
   * @param credentials used for Google's own Cloud Storage
   * @param identity the credentials, as a phrase for messages
   */
  public StorageClient(
      VertexConfig config,
      ClientHolder clients,
      Supplier<CredentialsProvider> credentials,
      String identity) {
    this.config = config;
    this.credentials = credentials;
    this.identity = identity;
    this.errors = new StorageErrors(identity);
    this.storage = new Lazy<>(clients) {
      @Override
      protected Storage make() {
        return config.storage().isPresent() ? config.storage().get() : clients.closeLater(create());
      }
    };
  }

  /** Makes a call; the message of a failure begins with {@code what}. */
  <T> T call(String what, Function<Storage, T> call) {
    try {
      return call.apply(storage.get());
    } catch (BaseServiceException e) {
      throw errors.failure(what, e);
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
