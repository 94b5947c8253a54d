package io.fairlead.vertex.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.api.HttpBody;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpExchange;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What endpoints answer over HTTPS: dedicated ones {@code POST ENDPOINT[/deployedModels/ID]/invoke/PATH}, and all {@code
 * POST ENDPOINT/chat/completions} in version 1 beta 1.
 */
public final class Invokes {
  /** The path below which these are. */
  public static final String PATH = "/v1/projects/";

  static final String BETA = "/v1beta1/projects/";

  /** What the request said its host was, where something between has changed it. */
  static final String HOST = "stand-in-host";

  /** The status of what a container answers; 200 without it. */
  static final String STATUS = "stand-in-status";

  private static final Pattern URL = Pattern.compile(
      "/v1/(projects/[^/]+/locations/[^/]+/endpoints/[^/]+)(?:/deployedModels/([^/]+))?/invoke(/.+)");

  private static final Pattern CHAT =
      Pattern.compile("/v1beta1/(projects/[^/]+/locations/[^/]+/endpoints/[^/]+)/chat/completions");

  private Invokes() {}

  /** Answers a request to any project of the stand-in. */
  public static void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    Metadata headers = headers(exchange);
    Answer answer;
    try {
      String path = exchange.getRequestURI().getRawPath();
      Matcher chat = CHAT.matcher(path);
      boolean isChat = chat.matches();
      Matcher url = isChat ? chat : URL.matcher(path);
      if (!url.matches() || !exchange.getRequestMethod().equals("POST")) {
        throw Refusal.of(Status.Code.NOT_FOUND, "The requested URL was not found.");
      }
      RawPredictRequest asked = RawPredictRequest.newBuilder()
          .setEndpoint(url.group(1))
          .setHttpBody(HttpBody.newBuilder()
              .setContentType(exchange.getRequestHeaders().getFirst("Content-Type"))
              .setData(ByteString.copyFrom(body)))
          .build();
      Optional<String> pinned = isChat ? Optional.empty() : Optional.ofNullable(url.group(2));
      Optional<Supplier<Answer>> later = StandIn.WORLD
          .of(headers)
          .projectOf(asked)
          .begin(
              isChat ? "ChatCompletions" : "Invoke" + url.group(3),
              asked,
              headers,
              (project, request, said) -> isChat
                  ? project.predictions().chat(request, said)
                  : project.predictions().invoke(request, pinned, said));
      if (later.isEmpty()) {
        return;
      }
      answer = later.get().get();
    } catch (StatusRuntimeException e) {
      refuse(exchange, e.getStatus());
      return;
    }
    answer(exchange, answer);
  }

  private static void answer(HttpExchange exchange, Answer answer) throws IOException {
    if (answer.isLost()) {
      exchange.close();
      return;
    }
    for (String name : answer.headers().keys()) {
      exchange
          .getResponseHeaders()
          .set(name, answer.headers().get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
    }
    exchange
        .getResponseHeaders()
        .set("Content-Type", ((HttpBody) answer.messages().get(0)).getContentType());
    String said = exchange.getResponseHeaders().getFirst(STATUS);
    exchange.getResponseHeaders().remove(STATUS);
    exchange.sendResponseHeaders(said == null ? 200 : Integer.parseInt(said), 0);
    OutputStream out = exchange.getResponseBody();
    for (Message message : answer.messages()) {
      out.write(((HttpBody) message).getData().toByteArray());
      out.flush();
    }
    if (!answer.end().isOk()) {
      // The server then closes the connection in the middle of the answer.
      throw new IOException("worker lost");
    }
    exchange.close();
  }

  private static void refuse(HttpExchange exchange, Status status) throws IOException {
    int code = switch (status.getCode()) {
      case NOT_FOUND -> 404;
      case PERMISSION_DENIED -> 403;
      case UNAUTHENTICATED -> 401;
      case RESOURCE_EXHAUSTED -> 429;
      case UNAVAILABLE -> 503;
      case INTERNAL -> 500;
      case DEADLINE_EXCEEDED -> 504;
      default -> 400;
    };
    byte[] body = ("{\"error\":{\"code\":" + code + ",\"status\":\"" + status.getCode()
            + "\",\"message\":\""
            + String.valueOf(status.getDescription()).replace("\"", "\\\"").replace("\t", " ")
            + "\"}}")
        .getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json; charset=UTF-8");
    exchange.sendResponseHeaders(code, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static Metadata headers(HttpExchange exchange) {
    Metadata headers = new Metadata();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(
            Metadata.Key.of(name.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER),
            values.get(0)));
    return headers;
  }
}
