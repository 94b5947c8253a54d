package io.fairlead.serverless;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Settings of the HTTP server of functions: its address, its access control and its limits.
 *
 * <pre>{@code
 * HttpSettings settings = HttpSettings.DEFAULT.withToken(token).withAddress("0.0.0.0", 8080);
 * }</pre>
 *
 * <p>Without a token, only requests from this machine are accepted. With one, each request other than a health check
 * has to carry it as {@code Authorization: Bearer TOKEN}. The server has no TLS: on an untrusted network, put a TLS
 * proxy in front of it.
 */
public final class HttpSettings extends Settings<HttpSettings.Draft> {
  /** 127.0.0.1 at any free port, no token, 16 MiB, 1,024 connections, 30 seconds to transfer, 75 seconds idle, no metrics. */
  public static final HttpSettings DEFAULT = new HttpSettings(new Draft());

  private static final int MAX_BODY_BYTES = 1 << 30;
  private static final int MIN_TOKEN_LENGTH = 16;

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
    boolean metrics = false;
  }

  HttpSettings(Draft draft) {
    super(draft);
    Problems.in("HttpSettings")
        .check(!draft.host.isBlank(), "host", "must be the name or address of an interface")
        .check(draft.port >= 0 && draft.port <= 65535, "port", "must be 0 to 65535", draft.port)
        .check(
            draft.token.map(HttpSettings::isToken).orElse(true),
            "token",
            "must be " + MIN_TOKEN_LENGTH + " or more visible ASCII characters without a space")
        .check(
            draft.token.isPresent()
                || draft.openWithoutToken
                || draft.host.isBlank()
                || Loopback.isHost(draft.host),
            "token",
            "must be given to listen at an address that other machines reach (" + draft.host
                + "): give one, listen at 127.0.0.1, or set openWithoutToken on a private network")
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
            draft.maxBodyBytes >= 1 && draft.maxBodyBytes <= MAX_BODY_BYTES,
            "maxBodyBytes",
            "must be 1 to " + MAX_BODY_BYTES,
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
   * {@return settings for a container at Vertex: all interfaces, no token, and the port and routes of its environment}
   *
   * @param environment the environment variables of the process; {@code AIP_HTTP_PORT}, {@code AIP_HEALTH_ROUTE} and
   *     {@code AIP_PREDICT_ROUTE} are read
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

  /** {@return the port to listen at; 0 for any free port} */
  public int port() {
    return draft().port;
  }

  /** {@return the token that clients have to send; empty if there is none} */
  public Optional<String> token() {
    return draft().token;
  }

  /** {@return whether requests from other machines are accepted without a token} */
  public boolean openWithoutToken() {
    return draft().openWithoutToken;
  }

  /** {@return the function for routes without a function name; empty for the only one that is deployed} */
  public Optional<String> defaultFunction() {
    return draft().defaultFunction;
  }

  /** {@return a further health check path, such as the one that Vertex sets} */
  public Optional<String> healthRoute() {
    return draft().healthRoute;
  }

  /** {@return a further path that invokes the default function} */
  public Optional<String> predictRoute() {
    return draft().predictRoute;
  }

  /** {@return the maximum size of a request body, in bytes} */
  public int maxBodyBytes() {
    return draft().maxBodyBytes;
  }

  /** {@return the maximum number of open connections; further ones get a 503 and are closed} */
  public int maxConnections() {
    return draft().maxConnections;
  }

  /** {@return the timeout for receiving a request and for sending a response} */
  public Duration transferTime() {
    return draft().transferTime;
  }

  /** {@return the keep-alive timeout of a connection without a request} */
  public Duration idleTime() {
    return draft().idleTime;
  }

  /** {@return whether {@code /metrics} has numbers for Prometheus} */
  public boolean metrics() {
    return draft().metrics;
  }

  /** {@return these settings with another address and port to listen at} */
  public HttpSettings withAddress(String host, int port) {
    return new HttpSettings(with(draft -> {
      draft.host = host;
      draft.port = port;
    }));
  }

  /** {@return these settings with a token, which requests carry as {@code Authorization: Bearer TOKEN}} */
  public HttpSettings withToken(String token) {
    return new HttpSettings(with(draft -> draft.token = Optional.of(token)));
  }

  /**
   * {@return these settings with or without access for other machines that send no token}
   *
   * <p>Every machine that reaches the port can then invoke the functions. It is for containers on an isolated network,
   * as at SageMaker and Vertex.
   */
  public HttpSettings withOpenWithoutToken(boolean openWithoutToken) {
    return new HttpSettings(with(draft -> draft.openWithoutToken = openWithoutToken));
  }

  /** {@return these settings with a function for routes without a function name} */
  public HttpSettings withDefaultFunction(String function) {
    return new HttpSettings(with(draft -> draft.defaultFunction = Optional.of(function)));
  }

  /** {@return these settings with a further health check path} */
  public HttpSettings withHealthRoute(String path) {
    return new HttpSettings(with(draft -> draft.healthRoute = Optional.of(path)));
  }

  /**
   * {@return these settings with a further path that invokes the default function}
   *
   * <p>A path of OpenAI's API, such as {@code /v1/chat/completions}, stays that: the body says which function it is for.
   */
  public HttpSettings withPredictRoute(String path) {
    return new HttpSettings(with(draft -> draft.predictRoute = Optional.of(path)));
  }

  /** {@return these settings with another maximum size of a request body} */
  public HttpSettings withMaxBodyBytes(int maxBodyBytes) {
    return new HttpSettings(with(draft -> draft.maxBodyBytes = maxBodyBytes));
  }

  /** {@return these settings with another maximum number of open connections} */
  public HttpSettings withMaxConnections(int maxConnections) {
    return new HttpSettings(with(draft -> draft.maxConnections = maxConnections));
  }

  /** {@return these settings with another timeout for receiving a request and for sending a response} */
  public HttpSettings withTransferTime(Duration transferTime) {
    return new HttpSettings(with(draft -> draft.transferTime = transferTime));
  }

  /** {@return these settings with another keep-alive timeout} */
  public HttpSettings withIdleTime(Duration idleTime) {
    return new HttpSettings(with(draft -> draft.idleTime = idleTime));
  }

  /**
   * {@return these settings with or without {@code /metrics}, in Prometheus's text format}
   *
   * <p>With a token, Prometheus has to send it. They need
   * {@code io.prometheus:prometheus-metrics-exposition-textformats} on the class path.
   */
  public HttpSettings withMetrics(boolean metrics) {
    return new HttpSettings(with(draft -> draft.metrics = metrics));
  }

  private static boolean isToken(String token) {
    return token.length() >= MIN_TOKEN_LENGTH && token.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  private static boolean isRoute(Optional<String> route) {
    return route.map(path -> path.startsWith("/")).orElse(true);
  }

  private static boolean isPositive(Duration duration) {
    return duration.compareTo(Duration.ZERO) > 0;
  }
}
