package io.fairlead.vertex.standin;

import com.google.api.HttpBody;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.PredictRequest;
import com.google.cloud.aiplatform.v1.PredictResponse;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.cloud.aiplatform.v1.StreamRawPredictRequest;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.fairlead.contract.Held;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** PredictionService: each deployed model answers with what it was sent, unless a test says more. */
final class Predictions {
  private static final Metadata.Key<String> ENDPOINT = key("X-Vertex-AI-Endpoint-Id");
  private static final Metadata.Key<String> DEPLOYED_MODEL = key("X-Vertex-AI-Deployed-Model-Id");
  private static final int SHARED_LIMIT = 1_500_000;
  private static final int DEDICATED_LIMIT = 10_000_000;

  private final Project project;
  private final Deque<Held> held = new ArrayDeque<>();
  private UnaryOperator<byte[]> model = UnaryOperator.identity();
  private List<byte[]> parts = List.of();
  private final Deque<Refused> refusals = new ArrayDeque<>();
  private @Nullable Status brokenBy;
  private boolean isNextLost;

  /** An error that a container answers with itself. */
  private record Refused(int status, String body, Optional<String> retryAfter) {}

  Predictions(Project project) {
    this.project = project;
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  Held hold() {
    Held next = new Held();
    held.add(next);
    return next;
  }

  void answerWith(UnaryOperator<byte[]> newModel) {
    model = newModel;
  }

  void streamInParts(List<byte[]> newParts) {
    parts = List.copyOf(newParts);
  }

  void breakNextStream(Status status) {
    brokenBy = status;
  }

  void refuseNext(int status, String body, Optional<String> retryAfter) {
    refusals.add(new Refused(status, body, retryAfter));
  }

  void loseNextAnswer() {
    isNextLost = true;
  }

  Supplier<Answer> predict(PredictRequest request, Metadata headers) {
    Rules.values("instances", request.getInstancesList());
    EndpointState endpoint = ready(request.getEndpoint(), request, headers);
    DeployedModel model = next(endpoint);
    PredictResponse response = PredictResponse.newBuilder()
        .addAllPredictions(request.getInstancesList())
        .setDeployedModelId(model.getId())
        .setModel(model.getModel())
        .setModelVersionId(model.getModelVersionId())
        .setModelDisplayName(project
            .models()
            .find(model.getModel() + "@" + model.getModelVersionId())
            .model()
            .getDisplayName())
        .build();
    return later(new Answer(new Metadata(), List.of(response), Status.OK));
  }

  Supplier<Answer> raw(RawPredictRequest request, Metadata headers) {
    EndpointState endpoint = ready(request.getEndpoint(), request, headers);
    return later(new Answer(answering(endpoint), List.of(said(request.getHttpBody())), Status.OK));
  }

  Supplier<Answer> stream(StreamRawPredictRequest request, Metadata headers) {
    EndpointState endpoint = ready(request.getEndpoint(), request, headers);
    return later(answer(answering(endpoint), request.getHttpBody()));
  }

  /** At the route for chats, which is at the host of a dedicated endpoint as well. */
  Supplier<Answer> chat(RawPredictRequest request, Metadata headers) {
    EndpointState endpoint = project.endpoints().existing(request.getEndpoint());
    String host = String.valueOf(headers.get(key(Invokes.HOST)));
    boolean isItsOwn = host.equals(project.endpoints().dns(endpoint));
    if (endpoint.spec.getDedicatedEndpointEnabled() != isItsOwn && !host.equals("127.0.0.1")) {
      throw Refusal.precondition("Endpoint " + endpoint.name + " is not served by " + host + ".");
    }
    return later(answer(answering(endpoint), request.getHttpBody()));
  }

  /** At the path of a container, by the traffic split or at one deployed model. */
  Supplier<Answer> invoke(RawPredictRequest request, Optional<String> pinned, Metadata headers) {
    EndpointState endpoint = project.endpoints().existing(request.getEndpoint());
    String host = headers.get(key(Invokes.HOST));
    if (!endpoint.spec.getDedicatedEndpointEnabled()) {
      throw Refusal.of(Status.Code.NOT_FOUND, "The requested URL was not found on this server.");
    }
    if (host != null
        && !host.equals("127.0.0.1")
        && !host.equals(project.endpoints().dns(endpoint))) {
      throw Refusal.precondition(
          "Invoke is offered at the dedicated dns name of a dedicated endpoint.");
    }
    Rules.check(
        request.getSerializedSize() <= DEDICATED_LIMIT,
        "body",
        "Request payload size exceeds the limit: " + DEDICATED_LIMIT + " bytes.");
    DeployedModel model =
        pinned.map(id -> Endpoints.existing(endpoint, id)).orElseGet(() -> next(endpoint));
    Model uploaded = project
        .models()
        .find(model.getModel() + "@" + model.getModelVersionId())
        .model();
    if (uploaded.getContainerSpec().getInvokeRoutePrefix().isEmpty()) {
      throw Refusal.precondition("The model has no invoke_route_prefix.");
    }
    Metadata said = new Metadata();
    said.put(ENDPOINT, endpoint.name.id());
    said.put(DEPLOYED_MODEL, model.getId());
    if (isNextLost) {
      isNextLost = false;
      return later(Answer.lost());
    }
    Refused refused = refusals.poll();
    return later(refused == null ? answer(said, request.getHttpBody()) : refused(said, refused));
  }

  private static Answer refused(Metadata said, Refused refused) {
    said.put(key(Invokes.STATUS), String.valueOf(refused.status()));
    refused.retryAfter().ifPresent(seconds -> said.put(key("Retry-After"), seconds));
    HttpBody body = HttpBody.newBuilder()
        .setContentType("application/json")
        .setData(ByteString.copyFromUtf8(refused.body()))
        .build();
    return new Answer(said, List.of(body), Status.OK);
  }

  private Answer answer(Metadata said, HttpBody body) {
    List<Message> messages = new ArrayList<>();
    for (byte[] part : parts) {
      messages.add(HttpBody.newBuilder()
          .setContentType(body.getContentType())
          .setData(ByteString.copyFrom(part))
          .build());
    }
    if (messages.isEmpty()) {
      messages.add(said(body));
    }
    Status end = brokenBy == null ? Status.OK : brokenBy;
    brokenBy = null;
    return new Answer(said, messages, end);
  }

  private Supplier<Answer> later(Answer answer) {
    Held next = held.poll();
    return () -> {
      if (next != null) {
        next.hold();
      }
      return answer;
    };
  }

  private HttpBody said(HttpBody body) {
    return HttpBody.newBuilder()
        .setContentType(body.getContentType())
        .setData(ByteString.copyFrom(model.apply(body.getData().toByteArray())))
        .build();
  }

  private EndpointState ready(String name, Message request, Metadata headers) {
    EndpointState endpoint = project.endpoints().existing(name);
    boolean isDedicated = endpoint.spec.getDedicatedEndpointEnabled();
    if (isDedicated && !endpoint.name.id().equals(headers.get(key("x-vertex-ai-endpoint-id")))) {
      throw Refusal.precondition("Dedicated Endpoint " + endpoint.name
          + " cannot be accessed through the shared Vertex AI domain. Please access the endpoint"
          + " using its dedicated dns name '" + project.endpoints().dns(endpoint) + "'.");
    }
    int limit = isDedicated ? DEDICATED_LIMIT : SHARED_LIMIT;
    Rules.check(
        request.getSerializedSize() <= limit,
        "instances",
        "Request payload size exceeds the limit: " + limit + " bytes.");
    return endpoint;
  }

  private static DeployedModel next(EndpointState endpoint) {
    DeployedModel model = endpoint.next();
    if (model == null) {
      throw Refusal.precondition("Endpoint " + endpoint.name + " doesn't have traffic_split.");
    }
    return model;
  }

  private static Metadata answering(EndpointState endpoint) {
    Metadata said = new Metadata();
    said.put(ENDPOINT, endpoint.name.id());
    said.put(DEPLOYED_MODEL, next(endpoint).getId());
    return said;
  }
}
