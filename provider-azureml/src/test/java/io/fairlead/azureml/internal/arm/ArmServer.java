package io.fairlead.azureml.internal.arm;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** A server of this machine that answers as a test says, and remembers what it was asked. */
final class ArmServer implements AutoCloseable {
  /**
   * A request that arrived.
   *
   * @param call its method and path
   * @param authorization its authorization; empty if it has none
   * @param condition its If-None-Match; empty if it has none
   */
  record Asked(String call, String authorization, String condition) {}

  private final String scheme;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private volatile HttpHandler handler = exchange -> respond(exchange, 200, "{}");

  ArmServer() throws IOException {
    this("http", HttpServer.create(anyPort(), 0));
  }

  private ArmServer(String scheme, HttpServer server) {
    this.scheme = scheme;
    this.server = server;
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  static ArmServer overTls(SSLContext context) throws IOException {
    HttpsServer server = HttpsServer.create(anyPort(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    return new ArmServer("https", server);
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  URI host() {
    return URI.create(scheme + "://localhost:" + server.getAddress().getPort());
  }

  void answers(HttpHandler newHandler) {
    handler = newHandler;
  }

  /** Answers each request the same. */
  void answers(int status, String json, String... headers) {
    handler = exchange -> respond(exchange, status, json, headers);
  }

  List<Asked> asked() {
    return List.copyOf(asked);
  }

  private void answer(HttpExchange exchange) {
    asked.add(new Asked(
        exchange.getRequestMethod() + " " + exchange.getRequestURI(),
        header(exchange, "Authorization"),
        header(exchange, "If-None-Match")));
    try {
      exchange.getRequestBody().readAllBytes();
      handler.handle(exchange);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      exchange.close();
    }
  }

  private static String header(HttpExchange exchange, String name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  /** Answers a request, with headers as names and values in turn. */
  static void respond(HttpExchange exchange, int status, String json, String... headers)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    for (int i = 0; i < headers.length; i += 2) {
      exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
    }
    byte[] body = json.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
