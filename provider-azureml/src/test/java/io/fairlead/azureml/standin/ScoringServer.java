package io.fairlead.azureml.standin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.contract.Held;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/** Answers in pieces on loopback, each as soon as it may go, for the workspace that a request names in a header. */
final class ScoringServer {
  /** The header that says which workspace a request is for. */
  static final String WORKSPACE = "stand-in-workspace";

  private static final Map<String, Workspace> WORKSPACES = new ConcurrentHashMap<>();

  private ScoringServer() {}

  private static final class Running {
    static final URI ADDRESS =
        URI.create("http://127.0.0.1:" + start().getAddress().getPort());

    private static HttpServer start() {
      // Else the body of each answer waits for the client to have acknowledged its headers, 40 ms.
      System.setProperty("sun.net.httpserver.nodelay", "true");
      try {
        HttpServer server =
            HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
          Thread thread = new Thread(task, "stand-in-scoring");
          thread.setDaemon(true);
          return thread;
        }));
        server.createContext("/", ScoringServer::handle);
        server.start();
        return server;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static URI uri() {
    return Running.ADDRESS;
  }

  static void add(String key, Workspace workspace) {
    WORKSPACES.put(key, workspace);
  }

  static void remove(String key) {
    WORKSPACES.remove(key);
  }

  private static void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    Map<String, String> headers = new HashMap<>();
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
    String key = String.valueOf(exchange.getRequestHeaders().getFirst(WORKSPACE));
    headers.keySet().removeIf(WORKSPACE::equalsIgnoreCase);
    Workspace workspace = WORKSPACES.get(key);
    String url = uri() + exchange.getRequestURI().toString();
    Call call = new Call(exchange.getRequestMethod(), url, headers, body);
    Answer answer = workspace == null ? Answer.empty(404) : workspace.answer(call);
    send(exchange, answer);
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    answer.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
    exchange.sendResponseHeaders(answer.status(), answer.pieces().isEmpty() ? -1 : 0);
    OutputStream out = exchange.getResponseBody();
    Held held = answer.held();
    for (byte[] piece : answer.pieces()) {
      out.write(piece);
      out.flush();
      if (held != null) {
        held.hold();
        held = null;
      }
    }
    if (answer.isBroken()) {
      // The server then closes the connection in the middle of the answer.
      throw new IOException("the container was lost");
    }
    exchange.close();
  }
}
