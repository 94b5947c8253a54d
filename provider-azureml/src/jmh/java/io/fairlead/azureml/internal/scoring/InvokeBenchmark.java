package io.fairlead.azureml.internal.scoring;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.azureml.AzureMlEndpoint.AuthMode;
import io.fairlead.contract.benchmark.CallsInTurns;
import io.fairlead.contract.benchmark.CallsInTurns.Side;
import io.fairlead.contract.benchmark.ServerProcess;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Request;
import io.fairlead.provider.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;

/**
 * What a request costs beside a bare POST of the JDK's client, from one thread to a server on loopback, call by call in
 * turns.
 *
 * <p>{@code -Dcalls=N} is the number of calls of each side in each part.
 */
public final class InvokeBenchmark {
  static final Endpoint ENDPOINT = new Endpoint(
      new Container(
          ModelArtifact.of(URI.create("https://example.com/models/one")),
          RuntimeSpec.NONE,
          Dependencies.NONE),
      Scaling.fixed("Standard_DS3_v2", 1),
      new Routing("churn", "blue"));

  private static final String KEY = "a-key-of-the-endpoint-that-is-as-long-as-those-of-azure-are";
  private static final double TARGET = 1.03;

  private InvokeBenchmark() {}

  /** Compares, and prints the figures. */
  public static void main(String[] args) throws IOException {
    // One client for both, so that they have one connection.
    HttpClient client = ScoringInvoker.sharedClient();
    try (ServerProcess server = ServerProcess.start(ConstantServer.class)) {
      URI uri = URI.create("http://" + server.hostAndPort() + "/score");
      ScoringEndpoints endpoints = new ScoringEndpoints() {
        @Override
        public Scoring find(String endpoint) {
          return new Scoring(uri, AuthMode.KEY);
        }

        @Override
        public Credential credential(String endpoint, AuthMode mode) {
          return Credential.key(KEY);
        }
      };
      try (ScoringInvoker invoker =
          new ScoringInvoker(client, endpoints, TimeSource.system(), new Random(1))) {
        CallsInTurns.printHead();
        for (int size : new int[] {200, 20_000, 1_000_000}) {
          compare(client, uri, invoker, size);
        }
      }
    }
  }

  private static void compare(HttpClient client, URI uri, ScoringInvoker invoker, int size) {
    byte[] body = new byte[size];
    Arrays.fill(body, (byte) '1');
    int calls = Integer.getInteger("calls", 50_000);
    new CallsInTurns(ConstantServer.RESPONSE, TARGET)
        .compare(
            size,
            size > 100_000 ? calls / 10 : calls,
            new Side("bare", () -> bare(client, request(uri, body))),
            new Side(
                "bare in time",
                () -> bare(client, request(uri, body).timeout(Duration.ofMinutes(1)))),
            new Side(
                "platform",
                () -> invoker
                    .invoke(ENDPOINT, Request.ofUnsafe(body, "application/json"))
                    .text()));
  }

  private static HttpRequest.Builder request(URI uri, byte[] body) {
    return HttpRequest.newBuilder(uri)
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + KEY)
        .POST(BodyPublishers.ofByteArray(body));
  }

  private static String bare(HttpClient client, HttpRequest.Builder request) {
    try {
      return new String(client.send(request.build(), BodyHandlers.ofByteArray()).body(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
