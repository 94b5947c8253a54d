package io.fairlead.azureml.internal.scoring;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A host on loopback that answers with the body of the request, unless it is told to misbehave. */
final class ScoringServer implements AutoCloseable {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Queue<HttpHandler> next = new ConcurrentLinkedQueue<>();
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  /**
   * A request that arrived.
   *
   * @param body in hexadecimal digits
   */
  record Received(String path, Headers headers, String body) {
    String header(String name) {
      return headers.getFirst(name);
    }
  }

  ScoringServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/score");
  }

  List<Received> received() {
    return received;
  }

  Received last() {
    return received.get(received.size() - 1);
  }

  /** Answers the next request so. */
  ScoringServer next(HttpHandler handler) {
    next.add(handler);
    return this;
  }

  /** Answers the next request with a status, a text, and headers as names and values in turns. */
  ScoringServer next(int status, String text, String... headers) {
    return next(exchange -> respond(exchange, status, text, headers));
  }

  static void respond(HttpExchange exchange, int status, String text, String... headers)
      throws IOException {
    for (int i = 0; i < headers.length; i += 2) {
      exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
    }
    exchange.sendResponseHeaders(status, text.isEmpty() ? -1 : 0);
    if (!text.isEmpty()) {
      write(exchange, text);
    }
  }

  static void write(HttpExchange exchange, String text) throws IOException {
    exchange.getResponseBody().write(text.getBytes(UTF_8));
    exchange.getResponseBody().flush();
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    received.add(new Received(
        exchange.getRequestURI().toString(),
        exchange.getRequestHeaders(),
        HexFormat.of().formatHex(body)));
    HttpHandler handler = next.poll();
    if (handler == null) {
      String type = exchange.getRequestHeaders().getFirst("Content-Type");
      exchange.getResponseHeaders().add("Content-Type", type);
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(body);
    } else {
      handler.handle(exchange);
    }
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
