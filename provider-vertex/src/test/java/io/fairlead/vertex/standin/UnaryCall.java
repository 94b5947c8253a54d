package io.fairlead.vertex.standin;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

/** A call with one request, which is made as a whole when the request is there. */
abstract class UnaryCall<Q, A> extends ClientCall<Q, A> {
  @Nullable
  Listener<A> listener;

  @Nullable
  Metadata headers;

  @Nullable
  Q request;

  @Override
  public final void start(Listener<A> newListener, Metadata newHeaders) {
    listener = newListener;
    headers = newHeaders;
  }

  @Override
  public final void request(int messages) {}

  @Override
  public final void sendMessage(Q message) {
    request = message;
  }
}
