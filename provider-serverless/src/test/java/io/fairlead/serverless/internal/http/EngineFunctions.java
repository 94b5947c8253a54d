package io.fairlead.serverless.internal.http;

import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.FunctionMetrics;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Functions that are models in an engine, on two threads. */
final class EngineFunctions implements FunctionDirectory, AutoCloseable {
  private final ExecutorService workers = Executors.newFixedThreadPool(2);
  private final Map<String, HttpFunction> functions = new ConcurrentHashMap<>();
  private final Engine engine;
  volatile boolean ready = true;
  volatile boolean closing;

  EngineFunctions(Map<String, ModelHandler> handlers) {
    engine = new Engine(
        "serverless",
        handlers,
        Path.of("target", "cache").toAbsolutePath(),
        EngineFunctions.class.getClassLoader());
  }

  EngineFunctions with(String name, String weights) {
    return with(name, weights, Optional.empty());
  }

  EngineFunctions with(String name, String weights, Optional<String> version) {
    LeasedModel model = engine.load(ModelArtifact.of(URI.create(weights)));
    functions.put(name, new ModelFunction(name, version, model, workers));
    return this;
  }

  void remove(String name) {
    functions.remove(name);
  }

  void put(HttpFunction function) {
    functions.put(function.name(), function);
  }

  @Override
  public Optional<HttpFunction> find(String name) {
    return Optional.ofNullable(functions.get(name));
  }

  @Override
  public Collection<String> names() {
    return functions.keySet();
  }

  @Override
  public long memoryBytes() {
    return 1 << 30;
  }

  @Override
  public long usedMemoryBytes() {
    return 1 << 20;
  }

  @Override
  public boolean isClosing() {
    return closing;
  }

  @Override
  public boolean isReady() {
    return ready;
  }

  @Override
  public void close() {
    workers.shutdownNow();
    engine.close(Duration.ZERO);
  }

  private record ModelFunction(
      String name, Optional<String> version, LeasedModel model, ExecutorService workers)
      implements HttpFunction {
    @Override
    public Instant deployedAt() {
      return Instant.ofEpochSecond(1_700_000_000);
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public FunctionMetrics metrics() {
      return LatchedFunction.STATUS;
    }

    @Override
    public Duration timeout() {
      return Duration.ofSeconds(20);
    }

    @Override
    public CompletableFuture<Response> invoke(Request request) {
      return CompletableFuture.supplyAsync(() -> model.invoke(request), workers);
    }

    @Override
    public CompletableFuture<Response> invokeStreaming(Request request, StreamedPieces pieces) {
      return CompletableFuture.supplyAsync(
          () -> model.invokeStreaming(request, piece -> pieces.accept(model.streamedType(), piece)),
          workers);
    }

    @Override
    public CompletableFuture<FunctionDescription> describe() {
      return CompletableFuture.supplyAsync(
          () -> new FunctionDescription(
              "onnxruntime_onnx", model.inputs(), model.outputs(), model.text()),
          workers);
    }
  }
}
