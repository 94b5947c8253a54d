package io.fairlead.vertex.internal;

import static io.fairlead.vertex.internal.ScriptedPredictions.piece;
import static io.fairlead.vertex.internal.Serving.BLUE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.HttpBody;
import com.google.cloud.aiplatform.v1.EndpointServiceSettings;
import com.google.cloud.aiplatform.v1.StreamRawPredictRequest;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class VertexStreamingTest {
  private static final Request REQUEST = Request.json("{\"secret\":\"payload\"}");

  private final ScriptedPredictions server = new ScriptedPredictions();
  private final VirtualTime time = new VirtualTime();
  private final VertexConfig config = server.config();
  private final VertexClients clients = new VertexClients(config);
  private final VertexInvoker invoker = invoker(config, clients);
  private final List<String> pieces = new ArrayList<>();

  private VertexInvoker invoker(VertexConfig of, VertexClients over) {
    return new VertexInvoker(
        of,
        over,
        new VertexErrors(VertexClients.identity(of)),
        new VertexNames(of),
        time,
        new Random(1));
  }

  @AfterEach
  void close() {
    clients.close();
    server.close();
  }

  private Response invoke(Request request) {
    return invoker.invokeStreaming(BLUE, request, piece -> pieces.add(text(piece)));
  }

  private ServingException failure(Request request) {
    return catchThrowableOfType(ServingException.class, () -> invoke(request));
  }

  private static String text(ByteBuffer piece) {
    return UTF_8.decode(piece).toString();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@return what is open when the client has given the call up} */
  private static CountDownLatch whenCancelled(ServerCallStreamObserver<HttpBody> out) {
    CountDownLatch cancelled = new CountDownLatch(1);
    out.setOnCancelHandler(cancelled::countDown);
    return cancelled;
  }

  @Test
  void eachPieceIsHandedOnAsItComesOnTheCallingThread() {
    CountDownLatch gotOne = new CountDownLatch(1);
    server.then(out -> {
      out.onNext(piece("text/plain", "one"));
      // Sent only after the first has arrived at the caller.
      new Thread(() -> {
            await(gotOne);
            out.onNext(piece("", ""));
            out.onNext(piece("", "two"));
            out.onCompleted();
          })
          .start();
    });
    Thread caller = Thread.currentThread();

    Response answer = invoker.invokeStreaming(BLUE, REQUEST, piece -> {
      assertThat(Thread.currentThread()).isSameAs(caller);
      assertThat(piece.isReadOnly()).isTrue();
      pieces.add(text(piece));
      gotOne.countDown();
    });

    assertThat(pieces).containsExactly("one", "two");
    assertThat(answer)
        .isEqualTo(Response.of(new byte[0], "text/plain")
            .servedBy("blue")
            .with(VertexResponse.of(Serving.id("blue"))));
    StreamRawPredictRequest asked = server.asked().get(0);
    assertThat(asked.getEndpoint())
        .isEqualTo("projects/some-project/locations/us-central1/endpoints/churn");
    assertThat(asked.getHttpBody().getContentType()).isEqualTo("application/json");
    assertThat(asked.getHttpBody().getData().toStringUtf8()).isEqualTo(REQUEST.text());
  }

  @Test
  void anAnswerWithoutPiecesHasNone() {
    server.then(ServerCallStreamObserver::onCompleted);

    Response answer = invoke(REQUEST);

    assertThat(pieces).isEmpty();
    assertThat(answer.contentType()).isEqualTo("application/octet-stream");
  }

  @Test
  void piecesAreAskedForOneAtATime() {
    server.then(out -> {
      for (int i = 0; i < 100; i++) {
        out.onNext(piece("text/plain", "piece"));
      }
      out.onCompleted();
    });
    AtomicInteger requested = new AtomicInteger();
    VertexConfig counted =
        config.withTransport(EndpointServiceSettings.defaultGrpcTransportProviderBuilder()
            .setEndpoint(VertexClients.hostAndPort(config))
            .setChannelConfigurator(builder -> builder.usePlaintext())
            .setInterceptorProvider(() -> List.of(new Counting(requested)))
            .build());
    List<Integer> requestedBefore = new ArrayList<>();

    try (VertexClients own = new VertexClients(counted)) {
      invoker(counted, own)
          .invokeStreaming(BLUE, REQUEST, piece -> requestedBefore.add(requested.get()));
    }

    assertThat(requestedBefore)
        .containsExactlyElementsOf(IntStream.rangeClosed(1, 100).boxed().toList());
  }

  /** Counts how many messages calls have asked for. */
  private record Counting(AtomicInteger requested) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void request(int messages) {
          requested.addAndGet(messages);
          super.request(messages);
        }
      };
    }
  }

  @Test
  void aStreamThatBreaksIsAFailureAndIsNotAskedAgain() {
    server.then(out -> {
      out.onNext(piece("text/plain", "one"));
      out.onError(Status.UNAVAILABLE.withDescription("worker lost").asRuntimeException());
    });

    ServingException failure = failure(REQUEST);

    assertThat(pieces).containsExactly("one");
    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(failure)
        .hasMessageContaining("'churn' (piece 2) failed")
        .hasMessageContaining("worker lost");
    assertThat(failure.variant()).contains("blue");
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void aRefusalBeforeTheFirstPieceIsTriedAgain() {
    server
        .then(out ->
            out.onError(Status.UNAVAILABLE.withDescription("not ready").asRuntimeException()))
        .then(out -> {
          out.onNext(piece("text/plain", "one"));
          out.onCompleted();
        });

    invoke(REQUEST);

    assertThat(pieces).containsExactly("one");
    assertThat(server.asked()).hasSize(2);
    assertThat(time.pauses()).isEqualTo(1);
  }

  @Test
  void aModelThatFailsBeforeItBeginsIsToldAsWithInvoke() {
    server.then(out -> out.onError(Status.INTERNAL.withDescription("boom").asRuntimeException()));

    ServingException failure = failure(REQUEST);

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure).hasMessageStartingWith("Invoking endpoint 'churn' failed: boom");
    assertThat(failure.variant()).isEmpty();
  }

  @Test
  void aFailureNamesTheVariantThatTheAnswerNames() {
    Metadata trailers = new Metadata();
    trailers.put(ScriptedPredictions.DEPLOYED_MODEL, Serving.id("blue"));
    server.then(
        out -> out.onError(Status.INTERNAL.withDescription("boom").asRuntimeException(trailers)));

    assertThat(failure(REQUEST).variant()).contains("blue");
  }

  @Test
  void theTimeoutHoldsForTheWholeAnswer() {
    CountDownLatch[] cancelled = new CountDownLatch[1];
    server.then(out -> {
      cancelled[0] = whenCancelled(out);
      out.onNext(piece("text/plain", "one"));
    });

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(1500)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(failure)
        .hasMessageContaining("timed out after 1 piece: its limit is 1500 ms")
        .hasMessageContaining("may still be running");
    assertThat(pieces).containsExactly("one");
    await(cancelled[0]);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void theTimeoutHoldsForAModelThatDoesNotBegin() {
    server.then(out -> {});

    ServingException failure = failure(REQUEST.withTimeout(Duration.ofMillis(300)));

    assertThat(failure.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void theTimeThatTheConsumerTakesCounts() {
    server.then(out -> {
      out.onNext(piece("text/plain", "one"));
      out.onNext(piece("text/plain", "two"));
      out.onCompleted();
    });

    assertThatThrownBy(() -> invoker.invokeStreaming(BLUE, REQUEST, piece -> {
          pieces.add(text(piece));
          time.pass(Duration.ofMinutes(2));
        }))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.TIMEOUT));
    assertThat(pieces).containsExactly("one");
  }

  @Test
  void aConsumerThatThrowsEndsTheCall() {
    CountDownLatch[] cancelled = new CountDownLatch[1];
    server.then(out -> {
      cancelled[0] = whenCancelled(out);
      out.onNext(piece("text/plain", "one"));
    });
    IllegalStateException enough = new IllegalStateException("enough");

    assertThatThrownBy(() -> invoker.invokeStreaming(BLUE, REQUEST, piece -> {
          throw enough;
        }))
        .isSameAs(enough);
    await(cancelled[0]);
  }

  @Test
  void anInterruptEndsTheCall() {
    CountDownLatch[] cancelled = new CountDownLatch[1];
    server.then(out -> {
      cancelled[0] = whenCancelled(out);
      out.onNext(piece("text/plain", "one"));
    });

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> invoker.invokeStreaming(
            BLUE, REQUEST, piece -> Thread.currentThread().interrupt()));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    await(cancelled[0]);
  }

  @Test
  void closingThePlatformEndsIt() {
    server.then(out -> out.onNext(piece("text/plain", "one")));

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> invoker.invokeStreaming(BLUE, REQUEST, piece -> clients.close()));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(server.asked()).hasSize(1);
  }

  @Test
  void closingEndsItOverAChannelThatIsItsCallers() {
    CountDownLatch[] cancelled = new CountDownLatch[1];
    server.then(out -> {
      cancelled[0] = whenCancelled(out);
      out.onNext(piece("text/plain", "one"));
    });

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> invoker.invokeStreaming(BLUE, REQUEST, piece -> invoker.close()));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CANCELLED);
    assertThat(failure).hasMessageContaining("was closed after 1 pieces");
    await(cancelled[0]);
  }

  @Test
  void whatIsTooLargeIsRefusedBeforeAnyCall() {
    assertThatThrownBy(() -> invoke(Request.of(new byte[10_000_001], "application/x-npy")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("body");
    assertThat(server.asked()).isEmpty();
  }

  @Test
  void noFailureShowsWhatWasAsked() {
    server.then(out -> {
      out.onNext(piece("text/plain", "one"));
      out.onError(Status.INTERNAL.withDescription("something").asRuntimeException());
    });

    for (Throwable each = failure(REQUEST); each != null; each = each.getCause()) {
      assertThat(each.toString()).doesNotContain("payload");
    }
  }

  @Test
  void anEndpointWithItsOwnHostIsAskedThere() {
    try (Serving serving = new Serving().with(true, "blue")) {
      serving.time.pass(Duration.ofMinutes(1));
      serving.project.streamInParts(List.of("one".getBytes(UTF_8), "two".getBytes(UTF_8)));

      Response answer =
          serving.invoker.invokeStreaming(BLUE, REQUEST, piece -> pieces.add(text(piece)));

      assertThat(answer.variant()).contains("blue");
      assertThat(pieces).containsExactly("one", "two");
      assertThat(serving.project.calls())
          .containsExactly("StreamRawPredict", "GetEndpoint", "StreamRawPredict");
      assertThat(serving.project.headers("StreamRawPredict").get(1))
          .containsEntry("x-vertex-ai-endpoint-id", "churn");
    }
  }
}
