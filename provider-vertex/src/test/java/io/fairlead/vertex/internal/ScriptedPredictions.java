package io.fairlead.vertex.internal;

import com.google.api.HttpBody;
import com.google.cloud.aiplatform.v1.PredictRequest;
import com.google.cloud.aiplatform.v1.PredictResponse;
import com.google.cloud.aiplatform.v1.StreamRawPredictRequest;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.fairlead.vertex.VertexConfig;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;

/** Vertex AI's PredictionService on loopback, whose answers a test writes down piece by piece. */
final class ScriptedPredictions implements AutoCloseable {
  static final Metadata.Key<String> DEPLOYED_MODEL =
      Metadata.Key.of("X-Vertex-AI-Deployed-Model-Id", Metadata.ASCII_STRING_MARSHALLER);

  private static final String SERVICE = "google.cloud.aiplatform.v1.PredictionService";

  private final Deque<Stream> streams = new ConcurrentLinkedDeque<>();
  private final List<StreamRawPredictRequest> asked = new CopyOnWriteArrayList<>();
  private volatile PredictResponse prediction = PredictResponse.getDefaultInstance();
  private final Server server;

  /** An answer in pieces. */
  @FunctionalInterface
  interface Stream {
    void answer(ServerCallStreamObserver<HttpBody> out);
  }

  ScriptedPredictions() {
    ServerServiceDefinition service = ServerServiceDefinition.builder(SERVICE)
        .addMethod(
            method(
                MethodType.SERVER_STREAMING,
                "StreamRawPredict",
                StreamRawPredictRequest.getDefaultInstance(),
                HttpBody.getDefaultInstance()),
            ServerCalls.asyncServerStreamingCall((request, out) -> {
              asked.add(request);
              streams.remove().answer((ServerCallStreamObserver<HttpBody>) out);
            }))
        .addMethod(
            method(
                MethodType.UNARY,
                "Predict",
                PredictRequest.getDefaultInstance(),
                PredictResponse.getDefaultInstance()),
            ServerCalls.asyncUnaryCall((request, out) -> {
              out.onNext(prediction);
              out.onCompleted();
            }))
        .build();
    try {
      server = NettyServerBuilder.forAddress(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
          .addService(ServerInterceptors.intercept(service, new Named()))
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
      MethodType type, String name, Q request, A answer) {
    return MethodDescriptor.newBuilder(
            ProtoUtils.marshaller(request), ProtoUtils.marshaller(answer))
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .build();
  }

  /** Says in the headers who answers. */
  private static final class Named implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata said) {
              said.put(DEPLOYED_MODEL, Serving.id("blue"));
              super.sendHeaders(said);
            }
          },
          headers);
    }
  }

  /** Says how the next request is answered that comes after those before. */
  ScriptedPredictions then(Stream stream) {
    streams.add(stream);
    return this;
  }

  /** Says what each typed request is answered with. */
  void predict(PredictResponse newPrediction) {
    prediction = newPrediction;
  }

  static HttpBody piece(String contentType, String text) {
    return HttpBody.newBuilder()
        .setContentType(contentType)
        .setData(ByteString.copyFromUtf8(text))
        .build();
  }

  List<StreamRawPredictRequest> asked() {
    return asked;
  }

  VertexConfig config() {
    return VertexConfig.of("some-project", "us-central1")
        .withPlaintextEndpoint("127.0.0.1:" + server.getPort());
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
