package io.fairlead.serverless.internal.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.TruncatedTexts;
import io.fairlead.engine.internal.json.IgnoredParameters;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Loopback;
import io.fairlead.serverless.HttpSettings;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The routing and the access control of requests, and the translation between HTTP and functions. */
final class Routes {
  private static final String BINARY =
      "application/vnd.sagemaker-triton.binary+json;json-header-size=";
  private static final String HEADER_LENGTH = "Inference-Header-Content-Length";
  private static final String OCTETS = "application/octet-stream";
  private static final String FORM = "application/x-www-form-urlencoded";
  private static final String EVENTS = "text/event-stream";
  private static final String BEARER = "Bearer ";
  private static final String SITE_HEADER = "sec-fetch-site";
  private static final String IGNORED_HEADER = "fairlead-ignored-parameters";
  private static final String TRUNCATED_HEADER = "fairlead-truncated-texts";
  private static final int MOST_TRUNCATED = 100;
  private static final byte[] PREDICTIONS = "{\"predictions\":".getBytes(UTF_8);
  private static final byte[] END = {'}'};
  private static final String SUPPORTED_ROUTES =
      "Supported are GET /v2, /v2/health/live, /v2/health/ready, /v2/models/NAME, /v2/models/NAME/ready, /v1/models,"
          + " /v1/models/NAME, /ping, /openapi.json and /, and"
          + " POST /v2/models/NAME/infer, /v2/models/NAME, /v1/models/NAME:predict, /v1/chat/completions, /v1/completions,"
          + " /v1/embeddings, /v1/rerank, /v2/repository/index and /invocations";
  private static final int MAX_NAMES = 20;

  /**
   * The route of a request.
   *
   * @param early the response, if no function is needed for it
   * @param kind the kind of the route; null if there is none
   * @param function the function to invoke, if there is no early response; null if the body of the request says it
   */
  record Route(
      @Nullable Answer early,
      Target.@Nullable Kind kind,
      @Nullable HttpFunction function) {
    static Route to(Answer early) {
      return new Route(early, null, null);
    }

    Route of(Target.Kind given) {
      return new Route(early, given, function);
    }
  }

  private final FunctionDirectory directory;
  private final HttpSettings settings;
  private final Status status;
  private final @Nullable Metrics metrics;
  private final byte @Nullable [] token;

  Routes(
      FunctionDirectory directory,
      HttpSettings settings,
      Status status,
      @Nullable Metrics metrics) {
    this.directory = directory;
    this.settings = settings;
    this.status = status;
    this.metrics = metrics;
    this.token = settings.token().map(secret -> secret.getBytes(UTF_8)).orElse(null);
  }

  Route route(HttpRequest request) {
    Target target;
    try {
      target = Target.of(request.uri(), settings);
    } catch (IllegalArgumentException e) {
      return Route.to(Answer.error(
          HttpResponseStatus.BAD_REQUEST,
          "The path is not correctly encoded: " + e.getMessage() + "."));
    }
    Route route = route(request, target);
    return target == null ? route : route.of(target.kind());
  }

  private Route route(HttpRequest request, @Nullable Target target) {
    Answer refusal = refusal(request);
    if (refusal != null) {
      return Route.to(refusal);
    }
    if (isCrossSite(request) && (target == null || !target.kind().isHarmless())) {
      return Route.to(Answer.error(
          HttpResponseStatus.FORBIDDEN,
          "Requests of other sites in a browser are refused, because the server has no token."));
    }
    boolean isPage = target != null
        && target.kind() == Target.Kind.STATUS
        && Exchange.wantsHtml(request.headers());
    if (!isPage && (target == null || !target.kind().isHealth()) && !isAuthorized(request)) {
      return Route.to(Answer.error(
              HttpResponseStatus.UNAUTHORIZED,
              "The header Authorization is required, as: Bearer TOKEN, with the token of this server.")
          .with("www-authenticate", "Bearer"));
    }
    if (target == null) {
      return Route.to(
          request.method().equals(HttpMethod.OPTIONS) && request.uri().equals("*")
              ? options("GET, HEAD, POST, OPTIONS")
              : Answer.error(
                  HttpResponseStatus.NOT_FOUND,
                  "There is no route for this path. " + SUPPORTED_ROUTES + "."));
    }
    return allowed(request, target);
  }

  private Route allowed(HttpRequest request, Target target) {
    Target.Kind kind = target.kind();
    if (!kind.allows(request.method())) {
      return Route.to(Answer.error(
              HttpResponseStatus.METHOD_NOT_ALLOWED,
              "This path supports the methods " + kind.methods() + ".")
          .with("allow", kind.methods()));
    }
    if (request.method().equals(HttpMethod.OPTIONS)) {
      return Route.to(options(kind.methods()));
    }
    switch (kind) {
      case SERVER -> {
        return Route.to(Answer.json(HttpResponseStatus.OK, Routes::writeServer));
      }
      case LIVE -> {
        // An orchestrator restarts a process that is not live; one that is being closed is.
        return Route.to(flag("live", true));
      }
      case READY -> {
        return Route.to(flag("ready", isReady()));
      }
      case PING -> {
        return Route.to(Answer.empty(
            isReady() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE));
      }
      case STATUS -> {
        return Route.to(
            Exchange.wantsHtml(request.headers())
                ? StatusPage.answer()
                : Answer.json(HttpResponseStatus.OK, json -> status.write(json, isReady()))
                    .with(Map.of("cache-control", "no-store", "vary", "accept")));
      }
      case OPENAPI -> {
        return Route.to(OpenApi.answer(settings));
      }
      case METRICS -> {
        return Route.to(requireNonNull(metrics).answer());
      }
      case INDEX -> {
        return Route.to(Answer.value(HttpResponseStatus.OK, this::writeIndex));
      }
      case MODELS -> {
        return Route.to(Answer.json(HttpResponseStatus.OK, this::writeModels));
      }
      default -> {
        if (directory.isClosing()) {
          return Route.to(Failed.closing());
        }
        List<String> codings = Inflation.codings(request.headers());
        if (!Inflation.isSupported(codings)) {
          return Route.to(Answer.error(
                  HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                  "The supported Content-Encoding is gzip or deflate, one of them and once, not "
                      + String.join(", ", codings)
                      + ": use one of them, or send the body as it is.")
              .with("accept-encoding", Inflation.CODINGS));
        }
        if (kind.pathByModel().isPresent()) {
          return isJson(request.headers())
              ? new Route(null, kind, null)
              : Route.to(Answer.error(
                  HttpResponseStatus.UNSUPPORTED_MEDIA_TYPE,
                  "The Content-Type of this route is application/json, and not "
                      + request.headers().get(HttpHeaderNames.CONTENT_TYPE) + "."));
        }
        return target.function().isEmpty() ? toDefault(kind) : toNamed(target);
      }
    }
  }

  private Route toNamed(Target target) {
    HttpFunction function = directory.find(target.function()).orElse(null);
    if (function == null) {
      return Route.to(Answer.error(
          HttpResponseStatus.NOT_FOUND,
          "There is no function '" + target.function()
              + "': POST /v2/repository/index lists all functions."));
    }
    Optional<String> version = function.version();
    if (!target.version().isEmpty() && !target.version().equals(version.orElse(""))) {
      return Route.to(Answer.error(
          HttpResponseStatus.NOT_FOUND,
          "Function '" + function.name() + "' has no version '" + target.version() + "': "
              + version.map(it -> "use '" + it + "', or leave it out").orElse("leave it out")
              + "."));
    }
    return switch (target.kind()) {
      case FUNCTION_READY -> Route.to(readiness(function, json -> {}));
      case MODEL -> Route.to(readiness(function, json -> writeModel(json, function)));
      default -> new Route(null, target.kind(), function);
    };
  }

  /**
   * {@return the route to the function that a body names as its model, or to the default one if it names none}
   *
   * <p>Another name is never taken for the default function's: an answer of another model than the one that was asked
   * for would be taken for its own.
   */
  Route byModel(Target.Kind kind, JsonRouting routing) {
    String name = routing.model();
    if (name == null) {
      return hasDefault()
              && (settings.defaultFunction().isPresent() || directory.names().size() == 1)
          ? toDefault(kind)
          : Route.to(Answer.error(
              directory.names().isEmpty()
                  ? HttpResponseStatus.NOT_FOUND
                  : HttpResponseStatus.BAD_REQUEST,
              "The body has no model, and this server no default function. " + functions()));
    }
    return directory
        .find(name)
        .map(function -> new Route(null, kind, function))
        .orElseGet(() -> Route.to(Answer.error(
            HttpResponseStatus.NOT_FOUND,
            "There is no function '" + name + "' for this model. " + functions())));
  }

  private String functions() {
    List<String> names = directory.names().stream().sorted().toList();
    if (names.isEmpty()) {
      return "There is no function yet: deploy one.";
    }
    return "The functions are "
        + names.stream().limit(MAX_NAMES).map(name -> "'" + name + "'").collect(joining(", "))
        + (names.size() > MAX_NAMES ? " and " + (names.size() - MAX_NAMES) + " others." : ".");
  }

  /** Whether there is something to invoke: a server that listens before that is not ready. */
  private boolean isReady() {
    return directory.isReady() && hasDefault();
  }

  private boolean hasDefault() {
    return settings
        .defaultFunction()
        .map(name -> directory.find(name).isPresent())
        .orElseGet(() -> !directory.names().isEmpty());
  }

  private Route toDefault(Target.Kind kind) {
    String name = settings.defaultFunction().orElse(null);
    if (name == null) {
      List<String> names = List.copyOf(directory.names());
      if (names.size() != 1) {
        return Route.to(Answer.error(
            HttpResponseStatus.NOT_FOUND,
            (names.isEmpty()
                    ? "There is no function yet"
                    : "There are " + names.size() + " functions")
                + ": set defaultFunction to the one for this route."));
      }
      name = names.get(0);
    }
    HttpFunction function = directory.find(name).orElse(null);
    return function == null
        ? Route.to(Answer.error(
            HttpResponseStatus.NOT_FOUND,
            "There is no function '" + name + "', the default function of this server: deploy it."))
        : new Route(null, kind, function);
  }

  // Access control.

  private @Nullable Answer refusal(HttpRequest request) {
    List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
    if (hosts.size() > 1 || (hosts.isEmpty() && request.protocolVersion().minorVersion() > 0)) {
      return Answer.error(
          HttpResponseStatus.BAD_REQUEST, "The header Host is required exactly once.");
    }
    if (token != null || settings.openWithoutToken()) {
      return null;
    }
    // Without a token, protects against DNS rebinding and cross-site requests from a browser.
    if (!hosts.isEmpty() && !isThisMachine(hosts.get(0))) {
      return Answer.error(
          HttpResponseStatus.MISDIRECTED_REQUEST,
          "The header Host must name this machine, such as 127.0.0.1, because the server has no token.");
    }
    String origin = request.headers().get(HttpHeaderNames.ORIGIN);
    if (origin != null && !isThisMachine(origin.replaceFirst("^https?://", ""))) {
      return Answer.error(
          HttpResponseStatus.FORBIDDEN,
          "Cross-origin requests are refused, because the server has no token.");
    }
    return null;
  }

  /** A form, an image or a script of another site's page needs no permission of this server for a request. */
  private boolean isCrossSite(HttpRequest request) {
    return token == null
        && !settings.openWithoutToken()
        && "cross-site".equalsIgnoreCase(request.headers().get(SITE_HEADER));
  }

  private static boolean isThisMachine(String authority) {
    int port = authority.lastIndexOf(':');
    String host = port > authority.lastIndexOf(']') ? authority.substring(0, port) : authority;
    return Loopback.isHost(host);
  }

  private boolean isAuthorized(HttpRequest request) {
    if (token == null) {
      return true;
    }
    String given = request.headers().get(HttpHeaderNames.AUTHORIZATION);
    return given != null
        && given.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && MessageDigest.isEqual(token, given.substring(BEARER.length()).strip().getBytes(UTF_8));
  }

  // Responses without a function.

  private static Answer options(String methods) {
    return Answer.empty(HttpResponseStatus.NO_CONTENT).with("allow", methods);
  }

  private static Answer flag(String name, boolean value) {
    return Answer.json(
        value ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
        json -> json.writeBooleanField(name, value));
  }

  private static Answer readiness(HttpFunction function, Answer.Fields further) {
    boolean ready = function.isReady();
    return Answer.json(
        ready ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE, json -> {
          json.writeStringField("name", function.name());
          json.writeBooleanField("ready", ready);
          further.write(json);
        });
  }

  private void writeModels(JsonGenerator json) throws IOException {
    json.writeStringField("object", "list");
    json.writeArrayFieldStart("data");
    for (String name : new TreeSet<>(directory.names())) {
      HttpFunction function = directory.find(name).orElse(null);
      if (function != null) {
        json.writeStartObject();
        writeModel(json, function);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private static void writeModel(JsonGenerator json, HttpFunction function) throws IOException {
    json.writeStringField("id", function.name());
    json.writeStringField("object", "model");
    json.writeNumberField("created", function.deployedAt().getEpochSecond());
    json.writeStringField("owned_by", "fairlead");
  }

  private static void writeServer(JsonGenerator json) throws IOException {
    json.writeStringField("name", "fairlead");
    json.writeStringField("version", Version.of());
    json.writeArrayFieldStart("extensions");
    json.writeString("binary_tensor_data");
    json.writeEndArray();
  }

  private void writeIndex(JsonGenerator json) throws IOException {
    json.writeStartArray();
    for (String name : new TreeSet<>(directory.names())) {
      HttpFunction function = directory.find(name).orElse(null);
      if (function != null) {
        json.writeStartObject();
        json.writeStringField("name", name);
        if (function.version().isPresent()) {
          json.writeStringField("version", function.version().get());
        }
        json.writeStringField("state", function.isReady() ? "READY" : "UNAVAILABLE");
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  // Functions.

  static Answer metadata(HttpFunction function, FunctionDescription description) {
    return Answer.json(HttpResponseStatus.OK, json -> {
      json.writeStringField("name", function.name());
      if (function.version().isPresent()) {
        json.writeArrayFieldStart("versions");
        json.writeString(function.version().get());
        json.writeEndArray();
      }
      json.writeStringField("platform", description.platform());
      writeTensors(json, "inputs", description.inputs());
      writeTensors(json, "outputs", description.outputs());
      TextDescription text = description.text().orElse(null);
      String batching = description.batching().orElse(null);
      if (text != null || batching != null) {
        json.writeObjectFieldStart("parameters");
        if (text != null) {
          writeText(json, text);
        }
        if (batching != null) {
          json.writeStringField("batching", batching);
        }
        json.writeEndObject();
      }
    });
  }

  private static void writeText(JsonGenerator json, TextDescription text) throws IOException {
    json.writeStringField("pooling", text.pooling());
    json.writeStringField("pooling_source", text.poolingSource());
    json.writeBooleanField("normalized", text.normalized());
    json.writeNumberField("max_tokens", text.maxTokens());
    json.writeStringField("prompt", text.prompt());
    if (!text.activation().isEmpty()) {
      json.writeStringField("activation", text.activation());
    }
  }

  private static void writeTensors(JsonGenerator json, String field, List<TensorSpec> specs)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (TensorSpec spec : specs) {
      json.writeStartObject();
      json.writeStringField("name", spec.name());
      json.writeStringField("datatype", spec.datatype().name());
      json.writeArrayFieldStart("shape");
      for (long length : spec.shape()) {
        json.writeNumber(length);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** {@return whether a body is JSON, or of a type that simple clients send without a thought} */
  private static boolean isJson(HttpHeaders headers) {
    String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
    return isOfSimpleClient(type)
        || requireNonNull(type)
            .toLowerCase(Locale.ROOT)
            .matches("\\s*application/(json|[^;/ ]+\\+json)\\s*(;.*)?");
  }

  /** The default of simple clients, such as curl. */
  private static boolean isOfSimpleClient(@Nullable String type) {
    return type == null || type.isBlank() || type.toLowerCase(Locale.ROOT).startsWith(FORM);
  }

  /** {@return what the routing needs of a body, which is read only where that says something} */
  static JsonRouting routing(Target.Kind kind, HttpHeaders headers, byte[] body) {
    if (kind.pathByModel().isPresent()) {
      return JsonRouting.of(body);
    }
    // To these, clouds pass on the body, and not every header.
    boolean isCloud = kind == Target.Kind.INVOCATIONS || kind == Target.Kind.PREDICT;
    return isCloud && isJson(headers) ? JsonRouting.ifObject(body) : JsonRouting.NONE;
  }

  /** {@return whether the client wants the response in pieces, if the function has some} */
  static boolean isStreamed(Target.Kind kind, HttpHeaders headers, JsonRouting routing) {
    return routing.stream()
        || (kind.pathByModel().isEmpty()
            && headers.getAll(HttpHeaderNames.ACCEPT).stream()
                .anyMatch(accept -> Accept.quality(accept, EVENTS, false) > 0));
  }

  /**
   * {@return the request to a function}
   *
   * @throws io.fairlead.grammar.InvalidValueException if its headers are wrong
   */
  static Request toRequest(
      Target.Kind kind, HttpHeaders headers, byte[] body, HttpFunction function) {
    if (kind.pathByModel().isPresent()) {
      return Request.ofUnsafe(body, Answer.JSON_TYPE)
          .withTimeout(function.timeout())
          .withPath(kind.pathByModel().get());
    }
    String headerLength = headers.get(HEADER_LENGTH);
    String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
    if (headerLength != null) {
      Problems.in("Request")
          .check(
              headerLength.matches("\\d{1,10}"),
              HEADER_LENGTH,
              "must be the length in bytes of the JSON at the start of the body",
              headerLength)
          .throwIfAny();
      type = BINARY + headerLength;
    } else if (isOfSimpleClient(type)) {
      type = Answer.JSON_TYPE;
    }
    return Request.ofUnsafe(body, type).withTimeout(function.timeout());
  }

  /**
   * {@return the HTTP response of a function's response, for this route}
   *
   * @param accept the types that the client accepts; empty if it does not say
   */
  static Answer answer(Target.Kind kind, HttpFunction function, Response given, String accept) {
    Response response = Accept.prefersCsv(accept) ? CsvAnswer.of(given).orElse(given) : given;
    String type = response.contentType();
    if (!isHeaderValue(type)) {
      return Answer.error(
          HttpResponseStatus.INTERNAL_SERVER_ERROR,
          "Function '" + function.name()
              + "' returned a content type that is not one line of ASCII.");
    }
    Map<String, String> headers = new HashMap<>();
    given
        .find(IgnoredParameters.class)
        .ifPresent(ignored -> headers.put(IGNORED_HEADER, String.join(", ", ignored.names())));
    given.find(TruncatedTexts.class).ifPresent(it -> headers.put(TRUNCATED_HEADER, shown(it)));
    // SageMaker forwards the content type and no other header.
    if (kind != Target.Kind.INVOCATIONS && type.startsWith(BINARY)) {
      headers.put(HEADER_LENGTH, type.substring(BINARY.length()));
      type = OCTETS;
    }
    ByteBuf body = Unpooled.wrappedBuffer(response.bodyBuffer());
    if (kind == Target.Kind.PREDICT && type.startsWith(Answer.JSON_TYPE) && isArray(body)) {
      // Vertex AI has no other response than an object with predictions.
      body = Unpooled.wrappedBuffer(
          Unpooled.wrappedBuffer(PREDICTIONS), body, Unpooled.wrappedBuffer(END));
    }
    return Answer.of(HttpResponseStatus.OK, type, body).with(headers);
  }

  /** {@return whether a text can be the value of a header} */
  static boolean isHeaderValue(String text) {
    return text.chars().allMatch(it -> it >= ' ' && it < 0x7f);
  }

  /** The positions of the first texts that were cut off, and whether there are more. */
  private static String shown(TruncatedTexts truncated) {
    List<Integer> indices = truncated.indices();
    return indices.stream()
        .limit(MOST_TRUNCATED)
        .map(String::valueOf)
        .collect(Collectors.joining(", ", "", indices.size() > MOST_TRUNCATED ? ", ..." : ""));
  }

  private static boolean isArray(ByteBuf json) {
    int at = json.forEachByte(
        letter -> letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r');
    return at >= 0 && json.getByte(at) == '[';
  }
}
