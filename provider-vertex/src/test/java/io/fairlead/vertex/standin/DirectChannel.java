package io.fairlead.vertex.standin;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Has a world answer calls on the threads that make them; predictions go over a wire. */
final class DirectChannel extends Channel {
  private static final ScheduledExecutorService DEADLINES =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "vertex-standin-deadlines");
        thread.setDaemon(true);
        return thread;
      });

  private final World world;
  private final Channel wire;

  DirectChannel(World world, Channel wire) {
    this.world = world;
    this.wire = wire;
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    return Services.isPrediction(method)
        ? wire.newCall(method, options)
        : new DirectCall<>(world, method, options);
  }

  @Override
  public String authority() {
    return wire.authority();
  }

  private static final class DirectCall<Q, A> extends UnaryCall<Q, A> {
    private final World world;
    private final MethodDescriptor<Q, A> method;
    private final CallOptions options;
    private final AtomicBoolean closed = new AtomicBoolean();

    DirectCall(World world, MethodDescriptor<Q, A> method, CallOptions options) {
      this.world = world;
      this.method = method;
      this.options = options;
    }

    @Override
    public void halfClose() {
      if (options.getDeadline() != null && options.getDeadline().isExpired()) {
        close(Status.DEADLINE_EXCEEDED, new Metadata());
        return;
      }
      Services.answer(world, method.getFullMethodName(), (Message) request, headers)
          .ifPresentOrElse(this::end, this::endAtTheDeadline);
    }

    private void end(Services.Ended ended) {
      Answer answer = ended.answer();
      if (!answer.messages().isEmpty()) {
        listener.onHeaders(answer.headers());
        for (Message message : answer.messages()) {
          @SuppressWarnings("unchecked") // the SDK has the method of this name for it
          A said = (A) message;
          listener.onMessage(said);
        }
      }
      close(answer.end(), ended.trailers());
    }

    private void endAtTheDeadline() {
      if (options.getDeadline() != null) {
        ScheduledFuture<?> unused = options
            .getDeadline()
            .runOnExpiration(() -> close(Status.DEADLINE_EXCEEDED, new Metadata()), DEADLINES);
      }
    }

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
      close(Status.CANCELLED.withDescription(message).withCause(cause), new Metadata());
    }

    private void close(Status status, Metadata trailers) {
      // A process that was killed before its call cancels a call that was never started.
      if (listener != null && closed.compareAndSet(false, true)) {
        listener.onClose(status, trailers);
      }
    }
  }
}
