package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.sagemaker.SageMakerConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** A server on loopback that gives answers in the order in which tests said them, and the last one for ever. */
final class ScriptedServer implements AutoCloseable {
  /** What was asked. */
  record Asked(String method, String path, Headers headers, ByteBuffer body) {
    String header(String name) {
      return headers.getFirst(name);
    }
  }

  /** What answers. */
  @FunctionalInterface
  interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  static final Endpoint ENDPOINT = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("s3://models/one.tar.gz")),
          RuntimeSpec.NONE,
          Dependencies.NONE),
      new Scaling(Optional.of("ml.m5.large"), 1, 1, 1, Options.none()),
      new Routing("churn", "blue"));

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ReentrantLock lock = new ReentrantLock();
  private final Queue<Answer> answers = new ArrayDeque<>();
  private final List<Asked> asked = new ArrayList<>();

  ScriptedServer() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    Answer answer;
    lock.lock();
    try {
      asked.add(new Asked(
          exchange.getRequestMethod(),
          exchange.getRequestURI().getPath(),
          exchange.getRequestHeaders(),
          ByteBuffer.wrap(body)));
      answer = answers.size() > 1 ? answers.remove() : answers.element();
    } finally {
      lock.unlock();
    }
    answer.to(exchange);
  }

  ScriptedServer then(Answer answer) {
    lock.lock();
    try {
      answers.add(answer);
      return this;
    } finally {
      lock.unlock();
    }
  }

  ScriptedServer then(int status, Map<String, String> headers, String body) {
    return then(exchange -> answer(exchange, status, headers, body.getBytes(UTF_8)));
  }

  static void answer(HttpExchange exchange, int status, Map<String, String> headers, byte[] body)
      throws IOException {
    headers.forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  List<Asked> asked() {
    lock.lock();
    try {
      return List.copyOf(asked);
    } finally {
      lock.unlock();
    }
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  SageMakerConfig config() {
    return SageMakerConfig.of("us-east-1")
        .withEndpoint(uri())
        .withCredentials(StaticCredentialsProvider.create(
            AwsBasicCredentials.create("AKIAEXAMPLE", "not-a-secret")));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
