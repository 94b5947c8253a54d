package io.fairlead.serverless.internal;

import io.fairlead.contract.FunctionPlatformContract;
import io.fairlead.contract.Probe;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.RunOn;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.serverless.internal.pool.PoolClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contract on callers' threads and on the platform's, on a clock that tests move and on this machine's. */
class ServerlessContractTest {
  private static final Map<String, Probe> PROBES = new ConcurrentHashMap<>();

  @TempDir
  private static Path cache;

  /** A model that is loaded when it is made. */
  public abstract static class ProbeHandler implements StreamingModelHandler, AutoCloseable {
    private final Probe probe;

    ProbeHandler(String name) throws InterruptedException {
      this.probe = PROBES.get(name);
      probe.load();
    }

    @Override
    public Response handle(Request request) throws InterruptedException {
      return probe.answer(request);
    }

    @Override
    public Response stream(Request request, Consumer<? super ByteBuffer> pieces)
        throws InterruptedException {
      return probe.answer(request, pieces);
    }

    @Override
    public void close() {
      probe.unload();
    }
  }

  /** The probe of that name. */
  public static final class One extends ProbeHandler {
    /** Loads it. */
    public One() throws InterruptedException {
      super("one");
    }
  }

  /** The probe of that name. */
  public static final class Two extends ProbeHandler {
    /** Loads it. */
    public Two() throws InterruptedException {
      super("two");
    }
  }

  private static class Here implements FunctionPlatformContract.Place {
    private static final long MEMORY = 1L << 40;

    private final PoolClock clock;
    private final boolean onWorkers;

    Here(List<Probe> models, PoolClock clock, boolean onWorkers) {
      models.forEach(model -> PROBES.put(model.name(), model));
      this.clock = clock;
      this.onWorkers = onWorkers;
    }

    @Override
    public FunctionPlatform open() {
      ServerlessConfig config =
          ServerlessConfig.DEFAULT.withMemoryBytes(MEMORY).withCacheFolder(cache);
      return new FunctionHost(config, clock).open();
    }

    @Override
    public ModelArtifact artifact(Probe model) {
      Class<?> type = model.name().equals("one") ? One.class : Two.class;
      return ModelArtifact.of(URI.create("java:" + type.getName()))
          .with(ServerlessOptions.DEFAULT
              .withSlots(1)
              .withRunOn(onWorkers ? RunOn.PLATFORM : RunOn.CALLER));
    }

    @Override
    public Optional<FunctionLimits> impossibleLimits() {
      return Optional.of(limits().withMemoryBytes(MEMORY + 1));
    }

    @Override
    public Optional<BiFunction<URI, Request, Response>> http() {
      return Optional.of(ServerlessContractTest::ask);
    }

    @Override
    public void close() {}
  }

  private static Response ask(URI url, Request request) {
    try {
      HttpResponse<byte[]> answer = HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(url)
                  .header("Content-Type", request.contentType())
                  .POST(HttpRequest.BodyPublishers.ofByteArray(request.body()))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      return Response.of(
          answer.body(), answer.headers().firstValue("Content-Type").orElse(""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("the test was interrupted", e);
    }
  }

  @Nested
  class OnCallersThreadsAndAClockThatTestsMove extends FunctionPlatformContract {
    @Override
    protected Place newPlace(List<Probe> models) {
      return moved(models, false);
    }
  }

  @Nested
  class OnThreadsOfThePlatformAndAClockThatTestsMove extends FunctionPlatformContract {
    @Override
    protected Place newPlace(List<Probe> models) {
      return moved(models, true);
    }
  }

  @Nested
  class OnThreadsOfThePlatformAndThisMachinesClock extends FunctionPlatformContract {
    @Override
    protected Place newPlace(List<Probe> models) {
      return new Here(models, new SystemClock(ServerlessProvider.ID), true);
    }
  }

  private static FunctionPlatformContract.Place moved(List<Probe> models, boolean onWorkers) {
    MovedClock clock = new MovedClock();
    return new Here(models, clock, onWorkers) {
      @Override
      public Optional<Consumer<Duration>> clock() {
        return Optional.of(clock::pass);
      }
    };
  }
}
