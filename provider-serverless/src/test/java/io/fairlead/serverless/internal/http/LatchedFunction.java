package io.fairlead.serverless.internal.http;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.FunctionMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** A function that answers at once, unless it is told to leave that to the test. */
class LatchedFunction implements HttpFunction {
  static final FunctionMetrics STATUS = new FunctionMetrics(1, 2, 0, 3, 4, 0, 5, 60, 7, 8, 1 << 20);

  /** What was invoked and not answered. */
  final BlockingQueue<CompletableFuture<Response>> waiting = new LinkedBlockingQueue<>();

  private final String name;

  LatchedFunction(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<String> version() {
    return Optional.empty();
  }

  @Override
  public Instant deployedAt() {
    return Instant.ofEpochSecond(1_800_000_000);
  }

  @Override
  public boolean isReady() {
    return true;
  }

  @Override
  public FunctionMetrics metrics() {
    return STATUS;
  }

  @Override
  public Duration timeout() {
    return Duration.ofSeconds(20);
  }

  /** The answer; null to leave it to the test. */
  Response answer() {
    return null;
  }

  @Override
  public CompletableFuture<Response> invoke(Request request) {
    Response answer = answer();
    CompletableFuture<Response> future = new CompletableFuture<>();
    if (answer == null) {
      waiting.add(future);
    } else {
      future.complete(answer);
    }
    return future;
  }

  @Override
  public CompletableFuture<FunctionDescription> describe() {
    return CompletableFuture.completedFuture(new FunctionDescription("java", List.of(), List.of()));
  }
}
