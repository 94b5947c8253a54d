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
import io.fairlead.provider.Deadline;
import io.fairlead.provider.PieceQueue;
import io.fairlead.provider.PieceQueues;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexProvider;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Streaming invocations by Vertex AI's StreamRawPredict. */
final class VertexStreaming implements AutoCloseable {
  private final PredictionCalls calls;
  private final VertexErrors errors;
  private final TimeSource time;
  private final PieceQueues queues = new PieceQueues(VertexProvider.ID);

  VertexStreaming(PredictionCalls calls, VertexErrors errors, TimeSource time) {
    this.calls = calls;
    this.errors = errors;
    this.time = time;
  }

  Response invoke(Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    Deadline deadline = Deadline.after(request.timeout(), time);
    HttpBody body = VertexInvoker.body(endpoint, request);
    int size = body.getData().size();
    String what = PredictionCalls.what(endpoint, request);
    Answer answer = calls.ask(what, endpoint, request, size, deadline, (target, left, answered) -> {
      Answer begun = new Answer(what, deadline, answered);
      begun.begin(target, left, body);
      return begun;
    });
    try {
      Response response = answer.handOn(pieces);
      String id = VertexInvoker.deployedModelId(answer.answered);
      return calls.named(endpoint, request, response, id, deadline);
    } catch (ServingException e) {
      throw calls.named(endpoint, request, e, answer.answered, deadline);
    }
  }

  /** Ends the answers in progress. */
  @Override
  public void close() {
    queues.close();
  }

  /** One streaming answer. */
  private final class Answer implements ResponseObserver<HttpBody>, PieceQueues.Source {
    private final String what;
    private final GrpcResponseMetadata answered;
    private final PieceQueue<HttpBody> queue;
    private volatile @Nullable StreamController controller;
    private String contentType = "";

    Answer(String what, Deadline deadline, GrpcResponseMetadata answered) {
      this.what = what;
      this.answered = answered;
      this.queue = queues.open(what, deadline, this, this::failure);
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
      queue.piece(piece);
    }

    @Override
    public void onError(Throwable failure) {
      queue.failed(failure);
    }

    @Override
    public void onComplete() {
      queue.ended();
    }

    // ---- on the caller's thread ----

    /** Sends the request, and waits until the answer begins. */
    void begin(PredictionTarget target, Duration left, HttpBody body) {
      StreamRawPredictRequest asked = StreamRawPredictRequest.newBuilder()
          .setEndpoint(target.endpoint())
          .setHttpBody(body)
          .build();
      Throwable failure = queue.begin(() -> target
          .client()
          .streamRawPredictCallable()
          .call(asked, this, target.context(left, answered)));
      if (failure instanceof ApiException refusal) {
        throw refusal;
      }
      if (failure != null) {
        throw failure(failure, 0);
      }
    }

    Response handOn(Consumer<? super ByteBuffer> pieces) {
      queue.handOn(piece -> {
        if (contentType.isEmpty()) {
          contentType = piece.getContentType();
        }
        if (!piece.getData().isEmpty()) {
          pieces.accept(piece.getData().asReadOnlyByteBuffer());
        }
      });
      return VertexInvoker.response(new byte[0], contentType);
    }

    private ServingException failure(Throwable thrown, int count) {
      if (!(thrown instanceof ApiException refusal)) {
        return new ServingException(
            VertexProvider.ID,
            ErrorKind.UNKNOWN,
            what + " failed after " + count + " pieces: " + thrown,
            thrown);
      }
      return refusal.getStatusCode().getCode() == Code.DEADLINE_EXCEEDED
          ? queue.overdue(refusal)
          : errors.predictionFailure(what + " (piece " + (count + 1) + ")", refusal);
    }

    @Override
    public void request() {
      requireNonNull(controller, "controller").request(1);
    }

    @Override
    public void close() {
      StreamController begun = controller;
      if (begun != null) {
        begun.cancel();
      }
    }
  }
}
