package io.fairlead.vertex.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.cloud.aiplatform.v1.PredictRequest;
import com.google.cloud.aiplatform.v1.PredictResponse;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.TimeSource;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexResponse;
import java.util.Optional;
import java.util.StringJoiner;

/** Invokes models by Vertex AI's Predict, with instances and predictions. */
final class TypedInvoker {
  private final PredictionCalls calls;
  private final TimeSource time;

  TypedInvoker(PredictionCalls calls, TimeSource time) {
    this.calls = calls;
    this.time = time;
  }

  Response predict(Endpoint endpoint, Request request) {
    String what = PredictionCalls.what(endpoint, request);
    if (InvokeRoutes.of(endpoint) != null) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.UNSUPPORTED,
          what + " failed: a container with invoke routes has no predict route: use invoke");
    }
    Deadline deadline = Deadline.after(request.timeout(), time);
    PredictRequest asked = asked(VertexInvoker.bytes(endpoint, request));
    PredictResponse answer = calls.ask(
        what,
        endpoint,
        request,
        asked.getSerializedSize(),
        deadline,
        (target, left, answered) -> VertexCalls.get(
            what,
            target.client().predictCallable(),
            asked.toBuilder().setEndpoint(target.endpoint()).build(),
            target.context(left, answered)));
    Response response = response(what, answer)
        .with(new VertexResponse(
            given(answer.getDeployedModelId()),
            given(answer.getModel()),
            given(answer.getModelVersionId())));
    return calls.named(endpoint, request, response, answer.getDeployedModelId(), deadline);
  }

  private static Optional<String> given(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static PredictRequest asked(byte[] body) {
    PredictRequest.Builder asked = PredictRequest.newBuilder();
    boolean isRead;
    try {
      JsonFormat.parser().merge(new String(body, UTF_8), asked);
      isRead = true;
    } catch (InvalidProtocolBufferException e) {
      // Its message quotes the body.
      isRead = false;
    }
    Problems.in("Request")
        .check(
            isRead && asked.getEndpoint().isEmpty() && asked.getInstancesCount() > 0,
            "body",
            "must be a JSON object of \"instances\", an array with one entry or more, and \"parameters\", if any;"
                + " invoke sends any other body",
            body.length + " bytes")
        .throwIfAny();
    return asked.build();
  }

  private static Response response(String what, PredictResponse answer) {
    StringJoiner predictions = new StringJoiner(",", "{\"predictions\":[", "]");
    for (Value prediction : answer.getPredictionsList()) {
      predictions.add(json(what, prediction));
    }
    String metadata =
        answer.hasMetadata() ? ",\"metadata\":" + json(what, answer.getMetadata()) : "";
    return Response.json(predictions + metadata + "}");
  }

  private static String json(String what, Value value) {
    try {
      return JsonFormat.printer().omittingInsignificantWhitespace().print(value);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.MODEL_FAILED,
          what
              + " failed: the answer has a value that JSON does not have, such as NaN: use invoke for it",
          e);
    }
  }
}
