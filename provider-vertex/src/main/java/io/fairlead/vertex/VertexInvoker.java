package io.fairlead.vertex;

import com.google.api.HttpBody;
import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.api.gax.rpc.ApiException;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.protobuf.ByteString;
import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.Invoker;
import io.fairlead.reconcile.TimeSource;
import io.grpc.Metadata;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** TEMPORARY. */
final class VertexInvoker implements Invoker<Endpoint> {
  private final VertexClients clients;
  private final VertexErrors errors;
  private final VertexNames names;
  private final Endpoints endpoints;

  VertexInvoker(
      VertexConfig config,
      VertexClients clients,
      VertexCalls calls,
      VertexErrors errors,
      VertexNames names,
      TimeSource time,
      RandomGenerator random) {
    this.clients = clients;
    this.errors = errors;
    this.names = names;
    this.endpoints = new Endpoints(names, calls);
  }

  @Override
  public Response invoke(Endpoint endpoint, Request request) {
    Optional<com.google.cloud.aiplatform.v1.Endpoint> found = endpoints.find(endpoint.name());
    if (found.isEmpty()) {
      throw VertexKind.failure(ErrorKind.NOT_FOUND, endpoint.name() + " is not there");
    }
    if (request.variant().isPresent()) {
      String id =
          VertexNames.deployedModelId(endpoint.name() + "/" + request.variant().get());
      if (found.get().getDeployedModelsList().stream().noneMatch(m -> m.getId().equals(id))) {
        throw VertexKind.failure(ErrorKind.NOT_FOUND, request.variant().get() + " is not there");
      }
      if (found.get().getTrafficSplitOrDefault(id, 0) < 100) {
        throw VertexKind.failure(ErrorKind.UNSUPPORTED, request.variant().get() + " cannot pin");
      }
    }
    GrpcResponseMetadata metadata = new GrpcResponseMetadata();
    try {
      HttpBody body = VertexCalls.get(
          "Invoke",
          clients.predictions().rawPredictCallable(),
          RawPredictRequest.newBuilder()
              .setEndpoint(names.endpoint(endpoint.name()))
              .setHttpBody(HttpBody.newBuilder()
                  .setContentType(request.contentType())
                  .setData(ByteString.copyFrom(request.body())))
              .build(),
          metadata.addHandlers(
              GrpcCallContext.createDefault().withTimeoutDuration(request.timeout())));
      String id = metadata
          .getMetadata()
          .get(Metadata.Key.of("X-Vertex-AI-Deployed-Model-Id", Metadata.ASCII_STRING_MARSHALLER));
      String variant = found.get().getDeployedModelsList().stream()
          .filter(m -> m.getId().equals(id))
          .flatMap(m -> DeployedModels.variant(m).stream())
          .findFirst()
          .orElse("");
      return Response.ofUnsafe(body.getData().toByteArray(), body.getContentType())
          .servedBy(variant);
    } catch (ApiException e) {
      throw errors.failure("Invoke", e);
    }
  }
}
