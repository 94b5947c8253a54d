package io.fairlead.vertex.internal;

import com.google.api.HttpBody;
import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.protobuf.UnsafeByteOperations;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Invoker;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.internal.catalog.GenerationDefaults;
import io.grpc.Metadata;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Invokes models by Vertex AI's RawPredict, which passes a body on unchanged. */
final class VertexInvoker implements Invoker<Endpoint>, AutoCloseable {
  private static final Metadata.Key<String> DEPLOYED_MODEL =
      Metadata.Key.of("X-Vertex-AI-Deployed-Model-Id", Metadata.ASCII_STRING_MARSHALLER);
  private static final String UNKNOWN_TYPE = "application/octet-stream";

  private final PredictionCalls calls;
  private final TimeSource time;
  private final TypedInvoker typed;
  private final VertexStreaming streaming;
  private final InvokeRoutes routes;

  VertexInvoker(
      VertexConfig config,
      VertexClients clients,
      VertexErrors errors,
      VertexNames names,
      TimeSource time,
      RandomGenerator random) {
    this.calls = new PredictionCalls(config, clients, errors, names, time, random);
    this.time = time;
    this.typed = new TypedInvoker(calls, time);
    this.streaming = new VertexStreaming(calls, errors, time);
    this.routes = new InvokeRoutes(config, clients, calls, names, time);
  }

  private record Answer(HttpBody body, String deployedModelId) {}

  @Override
  public Response invoke(Endpoint endpoint, Request request) {
    VertexContainer container = InvokeRoutes.of(endpoint);
    if (container != null) {
      return routes.invoke(endpoint, container, request);
    }
    String what = PredictionCalls.what(endpoint, request);
    Deadline deadline = Deadline.after(request.timeout(), time);
    HttpBody body = body(endpoint, request);
    Answer answer = calls.ask(
        what, endpoint, request, body.getData().size(), deadline, (target, left, answered) -> {
          HttpBody got = VertexCalls.get(
              what,
              target.client().rawPredictCallable(),
              RawPredictRequest.newBuilder()
                  .setEndpoint(target.endpoint())
                  .setHttpBody(body)
                  .build(),
              target.context(left, answered));
          return new Answer(got, deployedModelId(answered));
        });
    return calls.named(
        endpoint,
        request,
        response(answer.body().getData().toByteArray(), answer.body().getContentType()),
        answer.deployedModelId(),
        deadline);
  }

  Response predict(Endpoint endpoint, Request request) {
    return typed.predict(endpoint, request);
  }

  OpenAiAccess openAi(Endpoint endpoint) {
    return routes.openAi(endpoint);
  }

  @Override
  public Response invokeStreaming(
      Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
    VertexContainer container = InvokeRoutes.of(endpoint);
    return container == null
        ? streaming.invoke(endpoint, request, pieces)
        : routes.invokeStreaming(endpoint, container, request, pieces);
  }

  /** Ends the streaming answers in progress; those over HTTPS end with the clients. */
  @Override
  public void close() {
    streaming.close();
  }

  /** {@return the body as sent, without a copy} */
  static HttpBody body(Endpoint endpoint, Request request) {
    return HttpBody.newBuilder()
        .setContentType(request.contentType())
        .setData(UnsafeByteOperations.unsafeWrap(bytes(endpoint, request)))
        .build();
  }

  /** {@return the body of a request, with the model's default parameters} */
  static byte[] bytes(Endpoint endpoint, Request request) {
    // A loop, because a stream would cost each request time.
    for (PlatformOptions option : endpoint.artifact().metadata().options().values()) {
      if (option instanceof VertexArtifact options) {
        return options.generationConfig().isEmpty()
            ? request.bodyUnsafe()
            : GenerationDefaults.added(
                request,
                options.generationConfig(),
                GenerationDefaults.placement(options, endpoint.container()));
      }
    }
    return request.bodyUnsafe();
  }

  /** {@return the id of the deployed model in the headers of an answer; empty if there is none} */
  static String deployedModelId(GrpcResponseMetadata answered) {
    String id = deployedModelId(answered.getMetadata());
    return id.isEmpty() ? deployedModelId(answered.getTrailingMetadata()) : id;
  }

  /** A failure may have trailers only. */
  private static String deployedModelId(@Nullable Metadata headers) {
    String id = headers == null ? null : headers.get(DEPLOYED_MODEL);
    return id == null ? "" : id;
  }

  static Response response(byte[] body, String contentType) {
    return Response.ofUnsafe(body, contentType.isEmpty() ? UNKNOWN_TYPE : contentType);
  }
}
