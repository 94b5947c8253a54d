package io.fairlead.engine;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/**
 * Brings models from elsewhere, for the schemes that it is configured for.
 *
 * <pre>{@code
 * ModelFetcher s3 = (location, etag) -> {
 *   ResponseInputStream<GetObjectResponse> object = client.getObject(get -> get
 *       .bucket(location.getHost())
 *       .key(location.getPath().substring(1)));
 *   return Download.of(object)
 *       .withLength(object.response().contentLength())
 *       .withEtag(object.response().eTag());
 * };
 * }</pre>
 *
 * <p>Nothing is downloaded for a scheme without one. What it brings is kept in the cache folder, and asked for again, with
 * the etag of what is kept, when the model is loaded again. It is called by many threads, though by one at a time for
 * each location.
 */
@FunctionalInterface
public interface ModelFetcher {
  /**
   * {@return what is at a location now, which the caller closes}
   *
   * <p>A {@link java.nio.file.NoSuchFileException} says that there is nothing, a {@link
   * java.nio.file.AccessDeniedException} that it may not be read, and a {@link io.fairlead.error.ServingException} passes
   * unchanged; anything else counts as a failure of the network.
   *
   * @param location what the artifact says, with its query
   * @param etag of the copy that is kept, for which {@link Download#unchanged()} is an answer; empty if there is none
   */
  Download fetch(URI location, String etag) throws IOException, InterruptedException;

  /** {@return the most bytes that it may bring for one model, 16 GiB by default} */
  default long maxBytes() {
    return 16L << 30;
  }

  /** {@return how long a copy is used without asking whether it is the latest, not at all by default} */
  default Duration freshFor() {
    return Duration.ZERO;
  }

  /** {@return whether a copy is used if it cannot be told whether it is the latest, which is not so by default} */
  default boolean allowsStale() {
    return false;
  }
}
