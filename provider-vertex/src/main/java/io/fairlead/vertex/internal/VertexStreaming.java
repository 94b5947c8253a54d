package io.fairlead.vertex.internal;

import static java.util.Objects.requireNonNull;

import com.google.api.HttpBody;
import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.ResponseObserver;
import com.google.api.gax.rpc.StatusCode.Code;
import com.google.api.gax.rpc.StreamController;
import com.google.cloud.aiplatform.v1.StreamRawPredictRequest;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexAnswer;
import io.fairlead.vertex.VertexProvider;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks models by Vertex AI's StreamRawPredict.
 *
 * <p>Pieces are asked for one at a time, so that a slow consumer slows the model down and fills no memory.
 */
final class VertexStreaming {
  private final PredictionCalls calls;
  private final VertexErrors errors;
  private final TimeSource time;

  VertexStreaming(PredictionCalls calls, VertexErrors errors, TimeSource time) {
    this.calls = calls;
    this.errors = errors;
    this.time = time;
  }

  VertexAnswer invoke(Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    String what = PredictionCalls.what(endpoint, request);
    Duration end = time.elapsed().plus(request.timeout());
    HttpBody body = VertexInvoker.body(endpoint, request);
    Pieces coming = calls.ask(endpoint, request, body.getData().size(), end, (target, left, answered) -> {
      Pieces begun = new Pieces(what, request.timeout(), end, answered);
      begun.begin(target, left, body);
      return begun;
    });
    String contentType = coming.handOn(pieces);
    String id = VertexInvoker.deployedModelId(coming.answered);
    Response response = VertexInvoker.response(new byte[0], contentType);
    return new VertexAnswer(calls.named(endpoint, request, response, id, end), id, "", "");
  }

  /** One answer on its way from the SDK's threads to the caller's. */
  private final class Pieces implements ResponseObserver<HttpBody> {
    private final String what;
    private final Duration timeout;
    private final Duration end;
    private final GrpcResponseMetadata answered;
    /** Holds no more than was asked for, and how it ended. */
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();

    private volatile @Nullable StreamController controller;
    private @Nullable Signal first;

    Pieces(String what, Duration timeout, Duration end, GrpcResponseMetadata answered) {
      this.what = what;
      this.timeout = timeout;
      this.end = end;
      this.answered = answered;
    }

    // ---- on the SDK's threads ----

    @Override
    public void onStart(StreamController given) {
      controller = given;
      given.disableAutoInboundFlowControl();
      given.request(1);
    }

    @Override
    public void onResponse(HttpBody piece) {
      signals.add(new Signal(piece, null));
    }

    @Override
    public void onError(Throwable failure) {
      signals.add(new Signal(null, failure));
    }

    @Override
    public void onComplete() {
      signals.add(Signal.END);
    }

    // ---- on the caller's thread ----

    /** Asks, and waits until an answer begins. */
    void begin(PredictionTarget target, Duration left, HttpBody body) {
      boolean begun = false;
      try {
        target
            .client()
            .streamRawPredictCallable()
            .call(
                StreamRawPredictRequest.newBuilder()
                    .setEndpoint(target.endpoint())
                    .setHttpBody(body)
                    .build(),
                this,
                target.context(left, answered));
        Signal signal = next(0);
        if (signal.failure() instanceof ApiException refusal) {
          throw refusal;
        }
        first = signal;
        begun = true;
      } finally {
        if (!begun) {
          cancel();
        }
      }
    }

    /** {@return the content type of the whole; empty if none was told} */
    String handOn(Consumer<? super ByteBuffer> pieces) {
      String contentType = "";
      boolean whole = false;
      try {
        Signal signal = requireNonNull(first, "first");
        for (int count = 1; ; count++) {
          HttpBody piece = signal.piece();
          if (piece == null) {
            if (signal.failure() != null) {
              throw failure(signal.failure(), count - 1);
            }
            whole = true;
            return contentType;
          }
          if (contentType.isEmpty()) {
            contentType = piece.getContentType();
          }
          if (!piece.getData().isEmpty()) {
            pieces.accept(piece.getData().asReadOnlyByteBuffer());
          }
          requireNonNull(controller, "controller").request(1);
          signal = next(count);
        }
      } finally {
        if (!whole) {
          cancel();
        }
      }
    }

    private Signal next(int count) {
      Duration left = end.minus(time.elapsed());
      try {
        Signal signal = signals.poll(Math.max(0, left.toNanos()), TimeUnit.NANOSECONDS);
        if (signal != null && !left.isNegative()) {
          return signal;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ServingException(
            VertexProvider.ID,
            ErrorKind.CANCELLED,
            what + " failed: it was interrupted after " + count + " pieces",
            e);
      }
      throw overdue(count, null);
    }

    private ServingException failure(Throwable failure, int count) {
      if (!(failure instanceof ApiException refusal)) {
        return new ServingException(
            VertexProvider.ID,
            ErrorKind.UNKNOWN,
            what + " failed after " + count + " pieces: " + failure,
            failure);
      }
      return refusal.getStatusCode().getCode() == Code.DEADLINE_EXCEEDED
          ? overdue(count, refusal)
          : errors.predictionFailure(what + " (piece " + (count + 1) + ")", refusal);
    }

    private ServingException overdue(int count, @Nullable Throwable cause) {
      return ServingException.builder(
              VertexProvider.ID,
              ErrorKind.TIMEOUT,
              what + " failed: its time of " + timeout + " was over after " + count
                  + " pieces. The model may go on with it")
          .cause(cause)
          .build();
    }

    private void cancel() {
      StreamController begun = controller;
      if (begun != null) {
        begun.cancel();
      }
    }
  }

  /** A piece, or what went wrong; neither at the end. */
  private record Signal(@Nullable HttpBody piece, @Nullable Throwable failure) {
    static final Signal END = new Signal(null, null);
  }
}
