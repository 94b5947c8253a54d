package io.fairlead.engine.internal.fetch;

import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The HTTP requests of one fetch: they follow redirects, wait as long as a server asks for, and send their secret headers
 * to one server only.
 */
public final class Web {
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_TRIES = 6;
  /** A server that does not answer at all is hardly there a minute later. */
  private static final int MAX_CONNECTIONS = 3;

  private static final long MAX_TEXT = 64L << 20;

  private final Duration timeout;
  private final Duration maxWait;
  private final TimeSource time;
  private final URI server;
  private final Map<String, String> secrets;
  private Duration waited = Duration.ZERO;

  /**
   * Creates the requests of one fetch.
   *
   * @param timeout the timeout for a connection, for the start of an answer, and for each further read of it
   * @param maxWait the longest time that the fetch waits because servers ask it to
   * @param server the server that the secrets are for
   * @param secrets headers for that server alone
   */
  public Web(
      Duration timeout,
      Duration maxWait,
      TimeSource time,
      URI server,
      Map<String, String> secrets) {
    this.timeout = timeout;
    this.maxWait = maxWait;
    this.time = time;
    this.server = server;
    this.secrets = Map.copyOf(secrets);
  }

  /** An answer with content. */
  public static final class Answer implements AutoCloseable {
    private final HttpURLConnection first;
    private final HttpURLConnection last;
    private final boolean elsewhere;

    Answer(HttpURLConnection first, HttpURLConnection last, boolean elsewhere) {
      this.first = first;
      this.last = last;
      this.elsewhere = elsewhere;
    }

    /** {@return a header of the server that was asked, even if it redirected the request to another} */
    public Optional<String> header(String name) {
      return Optional.ofNullable(first.getHeaderField(name));
    }

    /** {@return whether the content begins where it was asked for, and not at the start} */
    boolean isPart(long from) {
      String range = String.valueOf(last.getHeaderField("Content-Range"));
      return last.getHeaderField("Content-Range") != null
          && range.startsWith("bytes " + from + "-");
    }

    /** {@return the length of the content; negative if unknown} */
    public long length() {
      return elsewhere ? -1 : last.getContentLengthLong();
    }

    public InputStream content() throws IOException {
      return last.getInputStream();
    }

    @Override
    public void close() {
      // Closing the stream instead would read the rest of it.
      last.disconnect();
    }
  }

  /** {@return the text at a location} */
  public byte[] text(URI at) throws IOException {
    try (Answer answer = get(at, 0)) {
      byte[] text = answer.content().readNBytes((int) MAX_TEXT);
      if (text.length == MAX_TEXT) {
        throw new IOException("it answers with more than " + MAX_TEXT + " bytes");
      }
      return text;
    }
  }

  /**
   * {@return the answer with the content at a location}
   *
   * @param from the first byte to send, which the server may ignore
   * @throws HttpStatusException if there is none, with the server's reason
   */
  public Answer get(URI at, long from) throws IOException {
    return ask("GET", at, from);
  }

  /** {@return the answer without the content, of this server: a signed location elsewhere is for one method only} */
  public Answer head(URI at) throws IOException {
    return ask("HEAD", at, 0);
  }

  private Answer ask(String method, URI at, long from) throws IOException {
    for (int tries = 1; ; tries++) {
      Duration pause = Duration.ofSeconds(1L << (tries - 1));
      IOException failure;
      HttpURLConnection first = null;
      HttpURLConnection last = null;
      try {
        first = open(method, at, from);
        last = first;
        URI target = at;
        int status = last.getResponseCode();
        boolean elsewhere = false;
        for (int i = 0; isRedirect(status); i++) {
          target = redirected(target, last);
          elsewhere = method.equals("HEAD") && !isServer(target);
          if (elsewhere) {
            break;
          }
          if (i == MAX_REDIRECTS) {
            throw new HttpStatusException(
                status, "", "it redirects more than " + MAX_REDIRECTS + " times");
          }
          if (last != first) {
            last.disconnect();
          }
          last = open(method, target, from);
          status = last.getResponseCode();
        }
        if (status == 200 || status == 206 || elsewhere) {
          Answer answer = new Answer(first, last, elsewhere);
          first = null;
          last = null;
          return answer;
        }
        failure = failure(status, last);
        pause = retryAfter(last).orElse(pause);
        if (status != 429 && status < 500) {
          throw failure;
        }
      } catch (SocketTimeoutException e) {
        failure = e;
      } catch (HttpStatusException | InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        failure = e;
      } finally {
        if (last != null) {
          last.disconnect();
        }
        if (first != null && first != last) {
          first.disconnect();
        }
      }
      int most = failure instanceof HttpStatusException ? MAX_TRIES : MAX_CONNECTIONS;
      if (tries == most || waited.plus(pause).compareTo(maxWait) > 0) {
        throw failure;
      }
      pause(pause);
    }
  }

  /** Waits, within the limit of the fetch. */
  void pause(Duration duration) throws InterruptedIOException {
    waited = waited.plus(duration);
    try {
      time.pause(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private HttpURLConnection open(String method, URI at, long from) throws IOException {
    URLConnection opened = at.toURL().openConnection();
    if (!(opened instanceof HttpURLConnection connection)) {
      throw new HttpStatusException(0, "", "'" + at.getScheme() + "' is not HTTP");
    }
    int millis = (int) timeout.toMillis();
    connection.setRequestMethod(method);
    connection.setConnectTimeout(millis);
    connection.setReadTimeout(millis);
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setRequestProperty("Connection", "close");
    connection.setRequestProperty("Accept", "*/*");
    connection.setRequestProperty("Accept-Encoding", "identity");
    connection.setRequestProperty("User-Agent", "fairlead");
    if (from > 0) {
      connection.setRequestProperty("Range", "bytes=" + from + "-");
    }
    if (isServer(at)) {
      secrets.forEach(connection::setRequestProperty);
    }
    return connection;
  }

  private boolean isServer(URI at) {
    return server.getScheme().equalsIgnoreCase(at.getScheme())
        && String.valueOf(server.getHost()).equalsIgnoreCase(at.getHost())
        && port(server) == port(at);
  }

  private static int port(URI at) {
    return at.getPort() >= 0 ? at.getPort() : isHttps(at) ? 443 : 80;
  }

  private static boolean isHttps(URI at) {
    return "https".equalsIgnoreCase(at.getScheme());
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private static URI redirected(URI from, HttpURLConnection connection) throws IOException {
    String location = connection.getHeaderField("Location");
    try {
      URI to = from.resolve(location == null ? "" : location);
      if (location != null
          && to.getHost() != null
          && (isHttps(to) || ("http".equalsIgnoreCase(to.getScheme()) && !isHttps(from)))) {
        return to;
      }
      throw new HttpStatusException(
          0,
          "",
          "it redirects from " + from.getScheme() + " to "
              + (location == null ? "nowhere" : to.getScheme())
              + ", and redirects are followed to https only");
    } catch (IllegalArgumentException e) {
      throw new HttpStatusException(0, "", "it redirects to an invalid URI");
    }
  }

  private static HttpStatusException failure(int status, HttpURLConnection connection) {
    String code = connection.getHeaderField("X-Error-Code");
    String message = connection.getHeaderField("X-Error-Message");
    Optional<Duration> wait = retryAfter(connection);
    return new HttpStatusException(
        status,
        code == null ? "" : code,
        (status < 0 ? "its response is not HTTP" : "HTTP status " + status)
            + (message == null ? "" : ": " + message.strip())
            + (wait.isEmpty()
                ? ""
                : "; it may be asked again in " + wait.get().toSeconds() + " s"));
  }

  /** {@return the wait of a Retry-After header, in seconds or until a date} */
  private static Optional<Duration> retryAfter(HttpURLConnection connection) {
    String value = connection.getHeaderField("Retry-After");
    if (value == null) {
      return Optional.empty();
    }
    if (value.strip().matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value.strip())));
    }
    try {
      Instant then = ZonedDateTime.parse(
              value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT))
          .toInstant();
      // By the server's own clock, if it tells the time.
      long date = connection.getDate();
      Duration wait =
          Duration.between(date == 0 ? Instant.now() : Instant.ofEpochMilli(date), then);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
