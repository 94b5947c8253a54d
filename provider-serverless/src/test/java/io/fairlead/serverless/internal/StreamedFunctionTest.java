package io.fairlead.serverless.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.engine.internal.Models;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessPlatform;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Java code that streams, as a function of the platform and over HTTP. */
@Timeout(60)
final class StreamedFunctionTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final CountDownLatch goOn = new CountDownLatch(1);
  private final BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
  private final MovedClock clock = new MovedClock();
  private final ServerlessPlatform platform = new FunctionHost(
          ServerlessConfig.DEFAULT
              .withCacheFolder(Models.cacheFolder())
              .withGracePeriod(Duration.ofMillis(200))
              .withFunction("talker", noting((request, pieces) -> {
                pieces.accept(buffer("data: 1\n\n"));
                goOn.await();
                pieces.accept(buffer("data: 2\n\n"));
                return Response.of(new byte[0], "text/event-stream");
              }))
              .withFunction("endless", noting((request, pieces) -> {
                while (true) {
                  pieces.accept(ByteBuffer.allocate(10_000));
                }
              }))
              .withFunction("failing", (StreamingModelHandler) (request, pieces) -> {
                pieces.accept(buffer("data: 1\n\n"));
                throw new IllegalStateException("broken");
              })
              .withFunction("lines", new StreamingModelHandler() {
                @Override
                public Response stream(Request request, Consumer<? super ByteBuffer> pieces) {
                  pieces.accept(buffer("1\n"));
                  return Response.of("2\n".getBytes(UTF_8), "application/x-ndjson");
                }

                @Override
                public String streamedType() {
                  return "application/x-ndjson";
                }
              })
              .withFunction("plain", request -> Response.json("[1]")),
          clock)
      .open();

  private StreamingModelHandler noting(StreamingModelHandler handler) {
    return (request, pieces) -> {
      try {
        return handler.stream(request, pieces);
      } catch (Exception e) {
        thrown.add(e);
        throw e;
      }
    };
  }

  private static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  @AfterEach
  void close() {
    platform.close();
  }

  private ModelFunction deploy(String name) {
    return platform
        .deploy(ModelArtifact.of(URI.create("java:" + name)).named(name), FunctionLimits.DEFAULT)
        .await(LIMIT);
  }

  private HttpResponse<InputStream> post(String name) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(platform.url(deploy(name)))
        .header("Accept", "text/event-stream")
        .POST(BodyPublishers.ofString("{}"))
        .build();
    return CLIENT.send(request, BodyHandlers.ofInputStream());
  }

  @Test
  void aPieceIsThereBeforeTheNextIsMade() throws Exception {
    HttpResponse<InputStream> response = post("talker");
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
      assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
      assertThat(lines.readLine()).isEqualTo("data: 1");
      goOn.countDown();
      assertThat(lines.lines()).containsExactly("", "data: 2", "");
    }
  }

  @Test
  void aHandlerSaysTheTypeOfItsPieces() throws Exception {
    HttpResponse<InputStream> response = post("lines");

    assertThat(response.headers().firstValue("content-type")).contains("application/x-ndjson");
    assertThat(new String(response.body().readAllBytes(), UTF_8)).isEqualTo("1\n2\n");
  }

  @Test
  void aFunctionThatCannotStreamAnswersAsAlways() throws Exception {
    HttpResponse<InputStream> response = post("plain");

    assertThat(response.headers().firstValue("content-type")).contains("application/json");
    assertThat(response.headers().firstValue("content-length")).contains("3");
  }

  @Test
  void aClientThatLeavesInterruptsTheHandler() throws Exception {
    HttpResponse<InputStream> response = post("talker");
    assertThat(response.body().read()).isEqualTo('d');

    response.body().close();

    assertThat(thrown.poll(20, SECONDS)).isInstanceOf(InterruptedException.class);
  }

  @Test
  void aClientThatLeavesEndsAHandlerThatWaitsForIt() throws Exception {
    HttpResponse<InputStream> response = post("endless");
    assertThat(response.body().read()).isZero();

    response.body().close();

    assertThat(thrown.poll(20, SECONDS)).isNotNull();
    ModelFunction function = deploy("endless");
    while (platform.metrics(function).running() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void theTimeoutIsThatOfTheWholeStream() throws Exception {
    HttpResponse<InputStream> response = post("talker");
    assertThat(response.body().read()).isEqualTo('d');

    clock.pass(Duration.ofHours(1));

    assertThat(all(response))
        .startsWith("ata: 1\n\n\n\ndata: {\"error\":{\"message\":")
        .contains("did not answer within");
    assertThat(thrown.poll(20, SECONDS)).isInstanceOf(InterruptedException.class);
  }

  @Test
  void aFailureIsTheLastEvent() throws Exception {
    assertThat(all(post("failing"))).contains("data: 1\n\n", "broken", "server_error");
  }

  @Test
  void closingThePlatformEndsAStreamAfterItsGrace() throws Exception {
    HttpResponse<InputStream> response = post("talker");
    assertThat(response.body().read()).isEqualTo('d');

    CompletableFuture<Void> closing = CompletableFuture.runAsync(platform::close);

    assertThat(all(response)).contains("shutting down");
    closing.get(20, SECONDS);
    assertThat(thrown.poll(20, SECONDS)).isNotNull();
  }

  /** What can be read, of a response that has no end. */
  private static String all(HttpResponse<InputStream> response) {
    StringBuilder text = new StringBuilder();
    try {
      for (int next = response.body().read(); next >= 0; next = response.body().read()) {
        text.append((char) next);
      }
      throw new AssertionError("the response has an end: " + text);
    } catch (IOException e) {
      return text.toString();
    }
  }
}
