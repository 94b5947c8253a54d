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
 * Fetches models over HTTP, to be configured for {@code https}, or for {@code http} as well.
 *
 * <p>It follows redirects from https to https only, and sends its headers only to the host that the artifact names. It
 * uses the JVM's settings of proxies and trusted certificates, and has no threads.
 */
public final class HttpFetcher implements ModelFetcher {
  private static final int MOST_REDIRECTS = 5;

  private final Duration timeout;
  private final long maxBytes;
  private final Duration freshFor;
  private final boolean stale;
  private final Map<String, String> headers;

  /** Makes one that gives up after 30 seconds without a byte, and asks at each load whether a model has changed. */
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

  /** {@return this with another time to wait for a connection, for the answer, and for each further piece of it} */
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

  /** {@return this with another limit for one model} */
  public HttpFetcher withMaxBytes(long newMaxBytes) {
    Problems.in("HttpFetcher")
        .check(newMaxBytes > 0, "maxBytes", "must be 1 or more", newMaxBytes)
        .throwIfAny();
    return new HttpFetcher(timeout, newMaxBytes, freshFor, stale, headers);
  }

  /** {@return this with a time for which a copy is used without asking} */
  public HttpFetcher withFreshFor(Duration newFreshFor) {
    return new HttpFetcher(
        timeout, maxBytes, requireNonNull(newFreshFor, "freshFor"), stale, headers);
  }

  /** {@return this with or without the use of a copy while the other side cannot be reached} */
  public HttpFetcher withStale(boolean newStale) {
    return new HttpFetcher(timeout, maxBytes, freshFor, newStale, headers);
  }

  /** {@return this with a header that goes with each request, such as Authorization} */
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
    for (int i = 0; i <= MOST_REDIRECTS; i++) {
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
    throw new IOException("it redirects more than " + MOST_REDIRECTS + " times");
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
          throw new IOException("it redirects to what is no URI", e);
        }
      }
      case 404, 410 -> throw new NoSuchFileException(from.getPath(), null, "HTTP status " + status);
      case 401, 403 ->
        throw new AccessDeniedException(from.getPath(), null, "HTTP status " + status);
      default ->
        throw new IOException(
            status < 0
                ? "it answers with what is not HTTP"
                : "it answers with HTTP status " + status);
    }
  }

  static boolean isFollowed(URI from, URI to) {
    return isHttps(from) && isHttps(to) && to.getHost() != null;
  }

  private static boolean isHttps(URI uri) {
    return uri.getScheme() != null && uri.getScheme().toLowerCase(Locale.ROOT).equals("https");
  }

  /** Says nothing of the headers, which may hold a token. */
  @Override
  public String toString() {
    return "HttpFetcher[timeout=" + timeout + ", maxBytes=" + maxBytes + ", freshFor=" + freshFor
        + ", stale=" + stale + "]";
  }

  /** Takes the connection with it, so that none is kept alive for a server that may never be asked again. */
  private static final class Body extends FilterInputStream {
    private final HttpURLConnection connection;

    Body(HttpURLConnection connection) throws IOException {
      super(connection.getInputStream());
      this.connection = connection;
    }

    @Override
    public void close() {
      // Closing the stream instead would read what is left of it.
      connection.disconnect();
    }
  }
}
