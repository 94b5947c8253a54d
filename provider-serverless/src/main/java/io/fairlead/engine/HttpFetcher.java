package io.fairlead.engine;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.io.FilterInputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLConnection;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A fetcher of models over HTTP, to be configured for {@code https}, or for {@code http} as well.
 *
 * <p>It follows redirects from https to https only, and sends its headers only to the host of the artifact's location.
 * It uses the JVM's proxy and truststore settings, and has no threads.
 */
public final class HttpFetcher implements ModelFetcher {
  private static final int MAX_REDIRECTS = 5;

  private final Duration timeout;
  private final long maxBytes;
  private final Duration freshFor;
  private final boolean stale;
  private final Map<String, String> headers;

  /** Creates a fetcher with a timeout of 30 seconds that revalidates a cached model at each load. */
  public HttpFetcher() {
    this(Duration.ofSeconds(30), 16L << 30, Duration.ZERO, false, Map.of());
  }

  private HttpFetcher(
      Duration timeout,
      long maxBytes,
      Duration freshFor,
      boolean stale,
      Map<String, String> headers) {
    this.timeout = timeout;
    this.maxBytes = maxBytes;
    this.freshFor = freshFor;
    this.stale = stale;
    this.headers = headers;
  }

  /** {@return this fetcher with another timeout for the connection, the response, and each further read of it} */
  public HttpFetcher withTimeout(Duration newTimeout) {
    Problems.in("HttpFetcher")
        .check(
            newTimeout.compareTo(Duration.ofMillis(1)) >= 0
                && newTimeout.compareTo(Duration.ofDays(1)) <= 0,
            "timeout",
            "must be between 1 ms and 1 day",
            newTimeout)
        .throwIfAny();
    return new HttpFetcher(newTimeout, maxBytes, freshFor, stale, headers);
  }

  /** {@return this fetcher with another maximum size of a model} */
  public HttpFetcher withMaxBytes(long newMaxBytes) {
    Problems.in("HttpFetcher")
        .check(newMaxBytes > 0, "maxBytes", "must be 1 or more", newMaxBytes)
        .throwIfAny();
    return new HttpFetcher(timeout, newMaxBytes, freshFor, stale, headers);
  }

  /** {@return this fetcher with a time for which a cached copy is used without revalidation} */
  public HttpFetcher withFreshFor(Duration newFreshFor) {
    return new HttpFetcher(
        timeout, maxBytes, requireNonNull(newFreshFor, "freshFor"), stale, headers);
  }

  /** {@return this fetcher with or without the use of a stale copy while the server cannot be reached} */
  public HttpFetcher withStale(boolean newStale) {
    return new HttpFetcher(timeout, maxBytes, freshFor, newStale, headers);
  }

  /** {@return this fetcher with a header for each request, such as Authorization} */
  public HttpFetcher withHeader(String name, String value) {
    Map<String, String> all = new TreeMap<>(headers);
    all.put(requireNonNull(name, "name"), requireNonNull(value, "value"));
    return new HttpFetcher(timeout, maxBytes, freshFor, stale, Map.copyOf(all));
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  @Override
  public Duration freshFor() {
    return freshFor;
  }

  @Override
  public boolean allowsStale() {
    return stale;
  }

  @Override
  public Download fetch(URI location, String etag) throws IOException {
    URI at = location;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpURLConnection connection =
          open(at, etag, at.getAuthority().equals(location.getAuthority()));
      boolean kept = false;
      try {
        int status = connection.getResponseCode();
        if (status == HttpURLConnection.HTTP_OK) {
          Download download = Download.of(new Body(connection))
              .withLength(connection.getContentLengthLong())
              .withEtag(Optional.ofNullable(connection.getHeaderField("ETag")).orElse(""));
          kept = true;
          return download;
        }
        if (status == HttpURLConnection.HTTP_NOT_MODIFIED && !etag.isEmpty()) {
          return Download.unchanged();
        }
        at = redirected(at, status, connection);
      } finally {
        if (!kept) {
          connection.disconnect();
        }
      }
    }
    throw new IOException("it redirects more than " + MAX_REDIRECTS + " times");
  }

  private HttpURLConnection open(URI at, String etag, boolean withHeaders) throws IOException {
    URLConnection opened = at.toURL().openConnection();
    if (!(opened instanceof HttpURLConnection connection)) {
      throw new IOException("'" + at.getScheme() + "' is not HTTP");
    }
    int millis = (int) timeout.toMillis();
    connection.setConnectTimeout(millis);
    connection.setReadTimeout(millis);
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setRequestProperty("Connection", "close");
    connection.setRequestProperty("Accept", "*/*");
    if (!etag.isEmpty()) {
      connection.setRequestProperty("If-None-Match", etag);
    }
    if (withHeaders) {
      headers.forEach(connection::setRequestProperty);
    }
    return connection;
  }

  private static URI redirected(URI from, int status, HttpURLConnection connection)
      throws IOException {
    switch (status) {
      case 301, 302, 303, 307, 308 -> {
        String target = connection.getHeaderField("Location");
        try {
          URI to = from.resolve(target == null ? "" : target);
          if (target != null && isFollowed(from, to)) {
            return to;
          }
          throw new IOException("it redirects from " + from.getScheme() + " to "
              + (target == null ? "nowhere" : to.getScheme())
              + ", and only redirects from https to https are followed");
        } catch (IllegalArgumentException e) {
          throw new IOException("it redirects to an invalid URI", e);
        }
      }
      case 404, 410 -> throw new NoSuchFileException(from.getPath(), null, "HTTP status " + status);
      case 401, 403 ->
        throw new AccessDeniedException(from.getPath(), null, "HTTP status " + status);
      default ->
        throw new IOException(
            status < 0 ? "its response is not HTTP" : "it answers with HTTP status " + status);
    }
  }

  static boolean isFollowed(URI from, URI to) {
    return isHttps(from) && isHttps(to) && to.getHost() != null;
  }

  private static boolean isHttps(URI uri) {
    return uri.getScheme() != null && uri.getScheme().toLowerCase(Locale.ROOT).equals("https");
  }

  /** Omits the headers, which may hold a token. */
  @Override
  public String toString() {
    return "HttpFetcher[timeout=" + timeout + ", maxBytes=" + maxBytes + ", freshFor=" + freshFor
        + ", stale=" + stale + "]";
  }

  /** The body of a response; closing it closes the connection, which is not kept alive. */
  private static final class Body extends FilterInputStream {
    private final HttpURLConnection connection;

    Body(HttpURLConnection connection) throws IOException {
      super(connection.getInputStream());
      this.connection = connection;
    }

    @Override
    public void close() {
      // Closing the stream instead would read the rest of it.
      connection.disconnect();
    }
  }
}
