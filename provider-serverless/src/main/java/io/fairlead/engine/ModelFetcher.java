package io.fairlead.engine;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/**
 * A fetcher of remote models, for the URI schemes that it is configured for.
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
 * <p>Nothing is downloaded for a scheme without a fetcher. Downloads are cached, and revalidated with their etag when
 * the model is loaded again. It is called by many threads, but by one at a time for each location.
 */
@FunctionalInterface
public interface ModelFetcher {
  /**
   * {@return the current content of a location, which the caller closes}
   *
   * <p>A {@link java.nio.file.NoSuchFileException} means that there is nothing, a
   * {@link java.nio.file.AccessDeniedException} that access is denied, and a {@link io.fairlead.error.ServingException}
   * is passed on unchanged; anything else counts as a network failure.
   *
   * @param location the artifact's location, with its query
   * @param etag the etag of the cached copy, to answer {@link Download#unchanged()} for; empty if there is none
   */
  Download fetch(URI location, String etag) throws IOException, InterruptedException;

  /** {@return the maximum size of a model in bytes, by default 16 GiB} */
  default long maxBytes() {
    return 16L << 30;
  }

  /** {@return the time for which a cached copy is used without revalidation, by default none} */
  default Duration freshFor() {
    return Duration.ZERO;
  }

  /** {@return whether a stale copy is used if it cannot be revalidated, by default not} */
  default boolean allowsStale() {
    return false;
  }
}
