package io.fairlead.serverless;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where functions are served over HTTP: the address that is listened at, who is answered, and the limits.
 *
 * <pre>{@code
 * HttpSettings settings = HttpSettings.DEFAULT.withToken(token).withAddress("0.0.0.0", 8080);
 * }</pre>
 *
 * <p>Only this machine is answered, unless there is a token, which each request but those for health then has to carry
 * as {@code Authorization: Bearer TOKEN}. The front speaks no TLS: over a network that others read, put a proxy that does
 * before it.
 */
public final class HttpSettings extends Settings<HttpSettings.Draft> {
  /** 127.0.0.1 at any free port, no token, 16 MiB, 1,024 connections, 30 seconds to transfer and 75 to be idle. */
  public static final HttpSettings DEFAULT = new HttpSettings(new Draft());

  private static final int LARGEST_BODY = 1 << 30;
  private static final int SHORTEST_TOKEN = 16;

  static final class Draft extends Settings.Draft {
    String host = "127.0.0.1";
    int port = 0;

    @Hidden
    Optional<String> token = Optional.empty();

    boolean openWithoutToken = false;
    Optional<String> defaultFunction = Optional.empty();
    Optional<String> healthRoute = Optional.empty();
    Optional<String> predictRoute = Optional.empty();
    int maxBodyBytes = 16 << 20;
    int maxConnections = 1024;
    Duration transferTime = Duration.ofSeconds(30);
    Duration idleTime = Duration.ofSeconds(75);
  }

  private HttpSettings(Draft draft) {
    super(draft);
    Problems.in("HttpSettings")
        .check(!draft.host.isBlank(), "host", "must be the name or address of an interface")
        .check(draft.port >= 0 && draft.port <= 65535, "port", "must be 0 to 65535", draft.port)
        .check(
            draft.token.map(HttpSettings::isToken).orElse(true),
            "token",
            "must be " + SHORTEST_TOKEN + " or more visible ASCII characters without a space")
        .check(
            draft.token.isPresent() || draft.openWithoutToken || Loopback.isHost(draft.host),
            "token",
            "must be given to listen at an address that other machines reach (" + draft.host
                + "): give one, listen at 127.0.0.1, or set openWithoutToken if the network lets nobody else through")
        .check(
            isRoute(draft.healthRoute),
            "healthRoute",
            "must begin with a /",
            draft.healthRoute.orElse(""))
        .check(
            isRoute(draft.predictRoute),
            "predictRoute",
            "must begin with a /",
            draft.predictRoute.orElse(""))
        .check(
            draft.maxBodyBytes >= 1 && draft.maxBodyBytes <= LARGEST_BODY,
            "maxBodyBytes",
            "must be 1 to " + LARGEST_BODY,
            draft.maxBodyBytes)
        .check(
            draft.maxConnections >= 1, "maxConnections", "must be 1 or more", draft.maxConnections)
        .check(
            isPositive(draft.transferTime),
            "transferTime",
            "must be more than 0",
            draft.transferTime)
        .check(isPositive(draft.idleTime), "idleTime", "must be more than 0", draft.idleTime)
        .throwIfAny();
  }

  /** {@return settings for a container at SageMaker: all interfaces, port 8080, no token} */
  public static HttpSettings forSageMaker() {
    return DEFAULT.withOpenWithoutToken(true).withAddress("0.0.0.0", 8080);
  }

  /**
   * {@return settings for a container at Vertex: all interfaces, no token, and the port and routes that it is told}
   *
   * @param environment the variables of the process, of which {@code AIP_HTTP_PORT}, {@code AIP_HEALTH_ROUTE} and {@code
   *     AIP_PREDICT_ROUTE} count
   */
  public static HttpSettings forVertex(Map<String, String> environment) {
    String port = environment.getOrDefault("AIP_HTTP_PORT", "8080");
    Problems.in("environment")
        .check(port.matches("\\d{1,5}"), "AIP_HTTP_PORT", "must be a port", port)
        .throwIfAny();
    HttpSettings settings =
        DEFAULT.withOpenWithoutToken(true).withAddress("0.0.0.0", Integer.parseInt(port));
    return new HttpSettings(settings.with(draft -> {
      draft.healthRoute = Optional.ofNullable(environment.get("AIP_HEALTH_ROUTE"));
      draft.predictRoute = Optional.ofNullable(environment.get("AIP_PREDICT_ROUTE"));
    }));
  }

  /** {@return the address to listen at} */
  public String host() {
    return draft().host;
  }

  /** {@return the port to listen at; 0 takes any that is free} */
  public int port() {
    return draft().port;
  }

  /** {@return what clients have to know; empty if they need nothing} */
  public Optional<String> token() {
    return draft().token;
  }

  /** {@return whether other machines are answered although there is no token} */
  public boolean openWithoutToken() {
    return draft().openWithoutToken;
  }

  /** {@return the function behind the routes that name none; empty for the only one there is} */
  public Optional<String> defaultFunction() {
    return draft().defaultFunction;
  }

  /** {@return a further path that tells the health, such as Vertex asks for} */
  public Optional<String> healthRoute() {
    return draft().healthRoute;
  }

  /** {@return a further path that invokes the default function} */
  public Optional<String> predictRoute() {
    return draft().predictRoute;
  }

  /** {@return the longest body of a request} */
  public int maxBodyBytes() {
    return draft().maxBodyBytes;
  }

  /** {@return the most connections at one time; what exceeds them is answered 503 and closed} */
  public int maxConnections() {
    return draft().maxConnections;
  }

  /** {@return the longest that a request may take to arrive, or an answer to be taken} */
  public Duration transferTime() {
    return draft().transferTime;
  }

  /** {@return how long a connection stays open without a request} */
  public Duration idleTime() {
    return draft().idleTime;
  }

  /** {@return these settings with another address and port to listen at} */
  public HttpSettings withAddress(String host, int port) {
    return new HttpSettings(with(draft -> {
      draft.host = host;
      draft.port = port;
    }));
  }

  /** {@return these settings with what each request has to carry as {@code Authorization: Bearer TOKEN}} */
  public HttpSettings withToken(String token) {
    return new HttpSettings(with(draft -> draft.token = Optional.of(token)));
  }

  /**
   * {@return these settings with other machines answered without a token, or not}
   *
   * <p>Every machine that reaches the port can then run the functions. It is for containers whose network lets nobody else
   * through, as at SageMaker and Vertex.
   */
  public HttpSettings withOpenWithoutToken(boolean openWithoutToken) {
    return new HttpSettings(with(draft -> draft.openWithoutToken = openWithoutToken));
  }

  /** {@return these settings with a function behind the routes that name none} */
  public HttpSettings withDefaultFunction(String function) {
    return new HttpSettings(with(draft -> draft.defaultFunction = Optional.of(function)));
  }

  /** {@return these settings with a further path that tells the health} */
  public HttpSettings withHealthRoute(String path) {
    return new HttpSettings(with(draft -> draft.healthRoute = Optional.of(path)));
  }

  /** {@return these settings with a further path that invokes the default function} */
  public HttpSettings withPredictRoute(String path) {
    return new HttpSettings(with(draft -> draft.predictRoute = Optional.of(path)));
  }

  /** {@return these settings with another longest body of a request} */
  public HttpSettings withMaxBodyBytes(int maxBodyBytes) {
    return new HttpSettings(with(draft -> draft.maxBodyBytes = maxBodyBytes));
  }

  /** {@return these settings with another number of connections at one time} */
  public HttpSettings withMaxConnections(int maxConnections) {
    return new HttpSettings(with(draft -> draft.maxConnections = maxConnections));
  }

  /** {@return these settings with another time for a request to arrive, and for an answer to be taken} */
  public HttpSettings withTransferTime(Duration transferTime) {
    return new HttpSettings(with(draft -> draft.transferTime = transferTime));
  }

  /** {@return these settings with another time that a connection stays open without a request} */
  public HttpSettings withIdleTime(Duration idleTime) {
    return new HttpSettings(with(draft -> draft.idleTime = idleTime));
  }

  private static boolean isToken(String token) {
    return token.length() >= SHORTEST_TOKEN && token.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  private static boolean isRoute(Optional<String> route) {
    return route.map(path -> path.startsWith("/")).orElse(true);
  }

  private static boolean isPositive(Duration duration) {
    return duration.compareTo(Duration.ZERO) > 0;
  }
}
