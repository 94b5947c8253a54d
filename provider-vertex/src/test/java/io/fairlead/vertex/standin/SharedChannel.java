package io.fairlead.vertex.standin;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;

/** A channel that can be closed by each of its users, and is not for the others. */
final class SharedChannel extends ManagedChannel {
  private final Channel channel;
  private volatile boolean closed;

  SharedChannel(Channel channel, ClientInterceptor interceptor) {
    this.channel = ClientInterceptors.intercept(channel, interceptor);
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    if (closed) {
      throw Status.UNAVAILABLE.withDescription("Channel shutdown invoked").asRuntimeException();
    }
    return channel.newCall(method, options);
  }

  @Override
  public String authority() {
    return channel.authority();
  }

  @Override
  public ManagedChannel shutdown() {
    closed = true;
    return this;
  }

  @Override
  public ManagedChannel shutdownNow() {
    return shutdown();
  }

  @Override
  public boolean isShutdown() {
    return closed;
  }

  @Override
  public boolean isTerminated() {
    return closed;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return closed;
  }
}
