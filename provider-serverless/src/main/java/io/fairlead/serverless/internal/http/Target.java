package io.fairlead.serverless.internal.http;

import io.fairlead.serverless.HttpSettings;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The parsed path of a request.
 *
 * @param function the function's name; empty if the path has none
 * @param version the function's version; empty if the path has none
 */
record Target(Kind kind, String function, String version) {
  /** The kind of a route, with its methods. */
  enum Kind {
    STATUS(true, false),
    OPENAPI(true, false),
    METRICS(true, false),
    SERVER(true, false),
    LIVE(true, false),
    READY(true, false),
    INDEX(false, true),
    FUNCTION(true, true),
    FUNCTION_READY(true, false),
    INFER(false, true),
    PING(true, false),
    INVOCATIONS(false, true),
    PREDICT(false, true),
    MODELS(true, false, ""),
    MODEL(true, false, ""),
    CHAT(false, true, "/v1/chat/completions"),
    COMPLETIONS(false, true, "/v1/completions"),
    EMBEDDINGS(false, true, "/v1/embeddings"),
    RERANK(false, true, "/v1/rerank");

    private final boolean getAllowed;
    private final boolean postAllowed;
    private final @Nullable String openAiPath;

    Kind(boolean getAllowed, boolean postAllowed) {
      this(getAllowed, postAllowed, null);
    }

    Kind(boolean getAllowed, boolean postAllowed, @Nullable String openAiPath) {
      this.getAllowed = getAllowed;
      this.postAllowed = postAllowed;
      this.openAiPath = openAiPath;
    }

    /** {@return whether it is a route of OpenAI's API, or of one that goes with it} */
    boolean isOpenAi() {
      return openAiPath != null;
    }

    /** {@return the path for the function, if the body of a request says which function that is} */
    Optional<String> pathByModel() {
      return Optional.ofNullable(openAiPath).filter(path -> !path.isEmpty());
    }

    String methods() {
      return (getAllowed ? "GET, HEAD, " : "") + (postAllowed ? "POST, " : "") + "OPTIONS";
    }

    boolean allows(HttpMethod method) {
      return (postAllowed && method.equals(HttpMethod.POST))
          || (getAllowed && (method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD)))
          || method.equals(HttpMethod.OPTIONS);
    }

    /** {@return whether a request changes nothing and loads no model} */
    boolean isHarmless() {
      return isHealth()
          || this == STATUS
          || this == OPENAPI
          || this == METRICS
          || this == SERVER
          || this == MODELS;
    }

    /** {@return whether it is a health check, which needs no token} */
    boolean isHealth() {
      return this == LIVE || this == READY || this == PING;
    }
  }

  private static final String V1 = "/v1/models/";
  private static final String PREDICT_ACTION = ":predict";
  private static final Target STATUS = new Target(Kind.STATUS, "", "");
  private static final Target OPENAPI = new Target(Kind.OPENAPI, "", "");
  private static final Target METRICS = new Target(Kind.METRICS, "", "");
  private static final Target PREDICT = new Target(Kind.PREDICT, "", "");
  private static final Target SERVER = new Target(Kind.SERVER, "", "");
  private static final Target LIVE = new Target(Kind.LIVE, "", "");
  private static final Target READY = new Target(Kind.READY, "", "");
  private static final Target INDEX = new Target(Kind.INDEX, "", "");
  private static final Target PING = new Target(Kind.PING, "", "");
  private static final Target INVOCATIONS = new Target(Kind.INVOCATIONS, "", "");
  private static final Target MODELS = new Target(Kind.MODELS, "", "");
  private static final Map<String, Target> BY_MODEL = Map.of(
      "/v1/chat/completions", new Target(Kind.CHAT, "", ""),
      "/v1/completions", new Target(Kind.COMPLETIONS, "", ""),
      "/v1/embeddings", new Target(Kind.EMBEDDINGS, "", ""),
      "/v1/rerank", new Target(Kind.RERANK, "", ""),
      "/rerank", new Target(Kind.RERANK, "", ""));

  /**
   * {@return the parsed target of a request; null if there is no such route}
   *
   * @throws IllegalArgumentException if it is not correctly encoded
   */
  static @Nullable Target of(String uri, HttpSettings settings) {
    String path = path(uri);
    Target byModel = BY_MODEL.get(path);
    if (byModel != null) {
      // Also where a cloud sets it as the route for predictions: clients send there what the path
      // says.
      return byModel;
    }
    if (settings.predictRoute().isPresent()
        && path.equals(settings.predictRoute().get())) {
      return PREDICT;
    }
    if (settings.healthRoute().isPresent() && path.equals(settings.healthRoute().get())) {
      return PING;
    }
    return switch (path) {
      case "/" -> STATUS;
      case "/openapi.json" -> OPENAPI;
      case "/metrics" -> settings.metrics() ? METRICS : null;
      case "/v2", "/v2/" -> SERVER;
      case "/v2/health/live" -> LIVE;
      case "/v2/health/ready" -> READY;
      case "/v2/repository/index" -> INDEX;
      case "/ping" -> PING;
      case "/invocations" -> INVOCATIONS;
      case "/v1/models" -> MODELS;
      default -> path.startsWith("/v2/models/") ? function(path) : predict(path);
    };
  }

  /** {@return whether it is the path of a route where the body says which function it is for} */
  static boolean isByModel(String path) {
    return BY_MODEL.containsKey(path);
  }

  /** The routes of version 1 of the protocol, which KServe's client has by default, and OpenAI's for one model. */
  private static @Nullable Target predict(String path) {
    if (!path.startsWith(V1)
        || path.length() == V1.length()
        || path.indexOf('/', V1.length()) > 0) {
      return null;
    }
    String name = path.substring(V1.length());
    return name.endsWith(PREDICT_ACTION)
        ? new Target(
            Kind.PREDICT, decoded(name.substring(0, name.length() - PREDICT_ACTION.length())), "")
        : new Target(Kind.MODEL, decoded(name), "");
  }

  private static @Nullable Target function(String path) {
    List<String> parts = parts(path.substring("/v2/models/".length()));
    String version = "";
    int next = 1;
    if (parts.size() > 2 && parts.get(1).equals("versions")) {
      version = parts.get(2);
      next = 3;
    }
    if (parts.get(0).isEmpty() || parts.size() > next + 1) {
      return null;
    }
    String action = parts.size() > next ? parts.get(next) : "";
    return switch (action) {
      case "" -> new Target(Kind.FUNCTION, parts.get(0), version);
      case "ready" -> new Target(Kind.FUNCTION_READY, parts.get(0), version);
      case "infer" -> new Target(Kind.INFER, parts.get(0), version);
      default -> null;
    };
  }

  private static List<String> parts(String path) {
    List<String> parts = new ArrayList<>(4);
    int from = 0;
    for (int to = path.indexOf('/'); to >= 0; to = path.indexOf('/', from)) {
      parts.add(decoded(path.substring(from, to)));
      from = to + 1;
    }
    parts.add(decoded(path.substring(from)));
    return parts;
  }

  private static String decoded(String part) {
    return part.indexOf('%') < 0
        ? part
        : QueryStringDecoder.decodeComponent(part.replace("+", "%2B"));
  }

  /** The path of a target; a proxy may send it with scheme and host. */
  static String path(String uri) {
    String path = uri;
    if (!path.startsWith("/")) {
      int scheme = path.indexOf("://");
      int slash = scheme < 0 ? -1 : path.indexOf('/', scheme + 3);
      path = slash < 0 ? "" : path.substring(slash);
    }
    int query = path.indexOf('?');
    return query < 0 ? path : path.substring(0, query);
  }
}
