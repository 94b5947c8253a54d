package io.fairlead.memory;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;

/** Answers POST requests to a function's URL: the body is the request's, and the answer's. */
final class MemoryHttp implements AutoCloseable {
  private final HttpServer server;
  private final BiFunction<String, Request, Response> functions;

  MemoryHttp(Executor threads, BiFunction<String, Request, Response> functions) {
    this.functions = functions;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  URI url(String function) {
    InetSocketAddress address = server.getAddress();
    return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort()
        + "/" + function);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    Request request = Request.of(exchange.getRequestBody().readAllBytes(), type);
    try (exchange) {
      try {
        Response response =
            functions.apply(exchange.getRequestURI().getPath().substring(1), request);
        send(exchange, 200, response);
      } catch (ServingException e) {
        send(
            exchange,
            e.kind() == ErrorKind.NOT_FOUND ? 404 : 500,
            Response.of(e.kind().name().getBytes(StandardCharsets.UTF_8), "text/plain"));
      }
    }
  }

  private static void send(HttpExchange exchange, int status, Response response)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", response.contentType());
    exchange.sendResponseHeaders(status, response.body().length);
    exchange.getResponseBody().write(response.body());
  }

  /** Asks as a caller from outside does. */
  static Response ask(URI url, Request request) {
    HttpRequest post = HttpRequest.newBuilder(url)
        .timeout(request.timeout())
        .header("Content-Type", request.contentType())
        .POST(HttpRequest.BodyPublishers.ofByteArray(request.body()))
        .build();
    try {
      HttpResponse<byte[]> response =
          HttpClient.newHttpClient().send(post, HttpResponse.BodyHandlers.ofByteArray());
      return Response.of(
          response.body(), response.headers().firstValue("Content-Type").orElseThrow());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
