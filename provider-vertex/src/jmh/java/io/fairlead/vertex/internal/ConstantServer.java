package io.fairlead.vertex.internal;

import com.google.api.HttpBody;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.protobuf.ByteString;
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
import io.grpc.stub.ServerCalls;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** A PredictionService on loopback that gives the same answer to each request, in a process of its own. */
public final class ConstantServer {
  static final String RESPONSE = "{\"answer\":0.5}";

  private static final String SERVICE = "google.cloud.aiplatform.v1.PredictionService";
  private static final Metadata.Key<String> DEPLOYED_MODEL =
      Metadata.Key.of("X-Vertex-AI-Deployed-Model-Id", Metadata.ASCII_STRING_MARSHALLER);

  private ConstantServer() {}

  /** Serves until it is killed; prints its port. */
  public static void main(String[] args) throws Exception {
    HttpBody answer = HttpBody.newBuilder()
        .setContentType("application/json")
        .setData(ByteString.copyFromUtf8(RESPONSE))
        .build();
    ServerServiceDefinition service = ServerServiceDefinition.builder(SERVICE)
        .addMethod(
            MethodDescriptor.<RawPredictRequest, HttpBody>newBuilder(
                    ProtoUtils.marshaller(RawPredictRequest.getDefaultInstance()),
                    ProtoUtils.marshaller(HttpBody.getDefaultInstance()))
                .setType(MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "RawPredict"))
                .build(),
            ServerCalls.asyncUnaryCall((request, out) -> {
              out.onNext(answer);
              out.onCompleted();
            }))
        .build();
    Server server = NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .directExecutor()
        .addService(ServerInterceptors.intercept(service, new Named()))
        .build()
        .start();
    System.out.println(server.getPort());
    server.awaitTermination();
  }

  /** Says in the headers who answers. */
  private static final class Named implements ServerInterceptor {
    private final String id =
        VertexNames.deployedModelId(InvokeBenchmark.ENDPOINT.routing().path());

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata said) {
              said.put(DEPLOYED_MODEL, id);
              super.sendHeaders(said);
            }
          },
          headers);
    }
  }
}
