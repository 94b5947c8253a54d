package io.fairlead.vertex.standin;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.fairlead.contract.Faults;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Runs each unary call through {@link Faults}, and says what these do as Vertex AI or the network would.
 *
 * <p>A call is named by its method and the last part of what it is about: {@code DeployModel my-endpoint}, {@code
 * GetOperation 1000}; that of a list by its method alone.
 *
 * <p>It is made as a whole on the thread that asks, because only what is thrown there reaches the caller: what a
 * listener throws on gRPC's own threads is swallowed. The SDK hands an {@link Error} on as the cause of an Error of
 * Guava's, which whoever waits for the answer has to unwrap.
 */
public final class BrokenChannel implements ClientInterceptor {
  private static final List<String> IDS =
      List.of("endpoint_id", "model_id", "deployment_resource_pool_id", "parent_model");

  private final Faults faults;

  /** Makes one. */
  public BrokenChannel(Faults faults) {
    this.faults = faults;
  }

  private record Answered<A>(
      Metadata headers, @Nullable A message, Status status, Metadata trailers) {}

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return method.getType() == MethodType.UNARY
        ? new BrokenCall<>(faults, method, next.newCall(method, options))
        : next.newCall(method, options);
  }

  private static final class BrokenCall<Q, A> extends UnaryCall<Q, A> {
    private final Faults faults;
    private final MethodDescriptor<Q, A> method;
    private final ClientCall<Q, A> call;

    BrokenCall(Faults faults, MethodDescriptor<Q, A> method, ClientCall<Q, A> call) {
      this.faults = faults;
      this.method = method;
      this.call = call;
    }

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
      call.cancel(message, cause);
    }

    @Override
    public void halfClose() {
      Answered<A> answered;
      try {
        answered = faults.call(name(method, (Message) request), this::really);
      } catch (ServingException fault) {
        answered = new Answered<>(new Metadata(), null, said(fault), new Metadata());
      }
      listener.onHeaders(answered.headers());
      if (answered.message() != null) {
        listener.onMessage(answered.message());
      }
      listener.onClose(answered.status(), answered.trailers());
    }

    private Answered<A> really() {
      CompletableFuture<Answered<A>> answer = new CompletableFuture<>();
      call.start(
          new Listener<>() {
            private Metadata received = new Metadata();
            private @Nullable A message;

            @Override
            public void onHeaders(Metadata newReceived) {
              received = newReceived;
            }

            @Override
            public void onMessage(A newMessage) {
              message = newMessage;
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              answer.complete(new Answered<>(received, message, status, trailers));
            }
          },
          headers);
      call.request(2);
      call.sendMessage(request);
      call.halfClose();
      try {
        return answer.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        call.cancel("interrupted", e);
        return new Answered<>(
            new Metadata(), null, Status.CANCELLED.withDescription("interrupted"), new Metadata());
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static String name(MethodDescriptor<?, ?> method, Message request) {
    String said = String.valueOf(method.getBareMethodName());
    for (String id : IDS) {
      FieldDescriptor field = Fields.find(request, id);
      if (field != null && !request.getField(field).equals("")) {
        return said + " " + last((String) request.getField(field));
      }
    }
    boolean isNamed = Fields.find(request, "parent") == null;
    return said + (isNamed ? " " + last(StandIn.name(request).orElse("")) : "");
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }

  private static Status said(ServingException fault) {
    String message = String.valueOf(fault.getMessage());
    Status status = switch (fault.kind()) {
      case THROTTLED -> Status.RESOURCE_EXHAUSTED;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case TIMEOUT -> Status.DEADLINE_EXCEEDED;
      case CONFLICT -> Status.ABORTED;
      case UNAUTHORIZED -> Status.UNAUTHENTICATED;
      default -> throw fault;
    };
    String prefix = fault.kind() == ErrorKind.THROTTLED ? "Quota exceeded: " : "";
    return status.withDescription(prefix + message);
  }
}
