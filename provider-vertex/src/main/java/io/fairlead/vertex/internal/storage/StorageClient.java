package io.fairlead.vertex.internal.storage;

import com.google.api.gax.core.CredentialsProvider;
import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.Lazy;
import io.fairlead.vertex.VertexConfig;
import java.util.function.Supplier;

/**
 * The client of Cloud Storage, created when it is first needed and closed with those of Vertex AI.
 *
 * <p>What knows the SDK is apart, in {@link StorageCalls}, because invocations of models load this class.
 */
public final class StorageClient {
  private final Lazy<StorageCalls> calls;

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
    this.calls = new Lazy<>(clients) {
      @Override
      protected StorageCalls make() {
        return new StorageCalls(config, clients, credentials, identity);
      }
    };
  }

  /** {@return the calls, of which the first connects} */
  StorageCalls calls() {
    return calls.get();
  }
}
