package io.fairlead.serverless;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where functions are served over HTTP: the address that is listened at, whom it answers, and its limits.
 *
 * <p>Only this machine is answered, unless there is a token, which each request but those for health then has to carry
 * as {@code Authorization: Bearer TOKEN}. The front speaks no TLS: over a network that others read, put a proxy that does
 * before it.
 *
 * @param host the address to listen at
 * @param port the port to listen at; 0 takes any that is free
 * @param token what clients have to know; empty if they need nothing
 * @param openWithoutToken whether other machines are answered although there is no token: whoever reaches the port runs
 *     the functions. For containers whose network lets nobody else through, as at SageMaker and Vertex
 * @param defaultFunction the function behind the routes that name none; empty for the only one there is
 * @param healthRoute a further path that tells the health, such as Vertex asks for; empty for none
 * @param predictRoute a further path that invokes the default function; empty for none
 * @param maxBodyBytes the longest body of a request
 * @param maxConnections the most connections at one time; what exceeds them is answered 503 and closed
 * @param transferTime the longest that a request may take to arrive, or an answer to be taken
 * @param idleTime how long a connection stays open without a request
 */
public record HttpSettings(
    String host,
    int port,
    Optional<String> token,
    boolean openWithoutToken,
    Optional<String> defaultFunction,
    Optional<String> healthRoute,
    Optional<String> predictRoute,
    int maxBodyBytes,
    int maxConnections,
    Duration transferTime,
    Duration idleTime) {
  private static final int LARGEST_BODY = 1 << 30;
  private static final int SHORTEST_TOKEN = 16;

  /** 127.0.0.1 at any free port, no token, 16 MiB, 1,024 connections, 30 seconds to transfer and 75 to be idle. */
  public static final HttpSettings DEFAULT = new HttpSettings(
      "127.0.0.1",
      0,
      Optional.empty(),
      false,
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      16 << 20,
      1024,
      Duration.ofSeconds(30),
      Duration.ofSeconds(75));

  public HttpSettings {
    requireNonNull(host, "host");
    requireNonNull(token, "token");
    requireNonNull(defaultFunction, "defaultFunction");
    requireNonNull(healthRoute, "healthRoute");
    requireNonNull(predictRoute, "predictRoute");
    requireNonNull(transferTime, "transferTime");
    requireNonNull(idleTime, "idleTime");
    Problems.in("HttpSettings")
        .check(!host.isBlank(), "host", "must be the name or address of an interface")
        .check(port >= 0 && port <= 65535, "port", "must be 0 to 65535", port)
        .check(
            token.map(HttpSettings::isToken).orElse(true),
            "token",
            "must be " + SHORTEST_TOKEN + " or more visible ASCII characters without a space")
        .check(
            token.isPresent() || openWithoutToken || Loopback.isHost(host),
            "token",
            "must be given to listen at an address that other machines reach (" + host
                + "): give one, listen at 127.0.0.1, or set openWithoutToken if the network lets nobody else through")
        .check(isRoute(healthRoute), "healthRoute", "must begin with a /", healthRoute.orElse(""))
        .check(
            isRoute(predictRoute), "predictRoute", "must begin with a /", predictRoute.orElse(""))
        .check(
            maxBodyBytes >= 1 && maxBodyBytes <= LARGEST_BODY,
            "maxBodyBytes",
            "must be 1 to " + LARGEST_BODY,
            maxBodyBytes)
        .check(maxConnections >= 1, "maxConnections", "must be 1 or more", maxConnections)
        .check(isPositive(transferTime), "transferTime", "must be more than 0", transferTime)
        .check(isPositive(idleTime), "idleTime", "must be more than 0", idleTime)
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
    return DEFAULT
        .withOpenWithoutToken(true)
        .withAddress("0.0.0.0", Integer.parseInt(port))
        .withRoutes(environment.get("AIP_HEALTH_ROUTE"), environment.get("AIP_PREDICT_ROUTE"));
  }

  public HttpSettings withAddress(String newHost, int newPort) {
    return new HttpSettings(
        newHost,
        newPort,
        token,
        openWithoutToken,
        defaultFunction,
        healthRoute,
        predictRoute,
        maxBodyBytes,
        maxConnections,
        transferTime,
        idleTime);
  }

  /** {@return these settings with what each request has to carry as {@code Authorization: Bearer TOKEN}} */
  public HttpSettings withToken(String newToken) {
    return new HttpSettings(
        host,
        port,
        Optional.of(newToken),
        openWithoutToken,
        defaultFunction,
        healthRoute,
        predictRoute,
        maxBodyBytes,
        maxConnections,
        transferTime,
        idleTime);
  }

  /** {@return these settings with other machines answered without a token, or not} */
  public HttpSettings withOpenWithoutToken(boolean newOpenWithoutToken) {
    return new HttpSettings(
        host,
        port,
        token,
        newOpenWithoutToken,
        defaultFunction,
        healthRoute,
        predictRoute,
        maxBodyBytes,
        maxConnections,
        transferTime,
        idleTime);
  }

  public HttpSettings withDefaultFunction(String newDefaultFunction) {
    return new HttpSettings(
        host,
        port,
        token,
        openWithoutToken,
        Optional.of(newDefaultFunction),
        healthRoute,
        predictRoute,
        maxBodyBytes,
        maxConnections,
        transferTime,
        idleTime);
  }

  /** {@return these settings with a further path for the health, and one to invoke the default function} */
  public HttpSettings withRoutes(
      @Nullable String newHealthRoute, @Nullable String newPredictRoute) {
    return new HttpSettings(
        host,
        port,
        token,
        openWithoutToken,
        defaultFunction,
        Optional.ofNullable(newHealthRoute),
        Optional.ofNullable(newPredictRoute),
        maxBodyBytes,
        maxConnections,
        transferTime,
        idleTime);
  }

  public HttpSettings withMaxBodyBytes(int newMaxBodyBytes) {
    return new HttpSettings(
        host,
        port,
        token,
        openWithoutToken,
        defaultFunction,
        healthRoute,
        predictRoute,
        newMaxBodyBytes,
        maxConnections,
        transferTime,
        idleTime);
  }

  public HttpSettings withMaxConnections(int newMaxConnections) {
    return new HttpSettings(
        host,
        port,
        token,
        openWithoutToken,
        defaultFunction,
        healthRoute,
        predictRoute,
        maxBodyBytes,
        newMaxConnections,
        transferTime,
        idleTime);
  }

  public HttpSettings withTimes(Duration newTransferTime, Duration newIdleTime) {
    return new HttpSettings(
        host,
        port,
        token,
        openWithoutToken,
        defaultFunction,
        healthRoute,
        predictRoute,
        maxBodyBytes,
        maxConnections,
        newTransferTime,
        newIdleTime);
  }

  /** {@return the settings without the token} */
  @Override
  public String toString() {
    return "HttpSettings[" + host + ":" + port
        + (token.isPresent() ? ", with a token" : openWithoutToken ? ", open without a token" : "")
        + "]";
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
