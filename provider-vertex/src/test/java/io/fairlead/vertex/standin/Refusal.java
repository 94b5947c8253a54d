package io.fairlead.vertex.standin;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The errors of Google's APIs: a status, a message, and details. */
final class Refusal {
  private Refusal() {}

  static StatusRuntimeException of(Status.Code code, String message, Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(message);
    for (Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  static StatusRuntimeException retryAfter(Status.Code code, String message, Duration delay) {
    return of(
        code,
        message,
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                .setSeconds(delay.toSeconds())
                .setNanos(delay.toNanosPart()))
            .build());
  }

  static StatusRuntimeException invalid(String field, String problem) {
    return invalid(List.of(Map.entry(field, problem)));
  }

  static StatusRuntimeException invalid(List<Map.Entry<String, String>> problems) {
    BadRequest.Builder details = BadRequest.newBuilder();
    StringBuilder message = new StringBuilder("List of found errors:");
    for (Map.Entry<String, String> problem : problems) {
      details.addFieldViolations(FieldViolation.newBuilder()
          .setField(problem.getKey())
          .setDescription(problem.getValue()));
      message
          .append("\t")
          .append(details.getFieldViolationsCount())
          .append(".Field: ")
          .append(problem.getKey())
          .append("; Message: ")
          .append(problem.getValue());
    }
    return of(Status.Code.INVALID_ARGUMENT, message.append('\t').toString(), details.build());
  }

  static StatusRuntimeException notFound(String what) {
    return of(Status.Code.NOT_FOUND, what + " is not found.");
  }

  static StatusRuntimeException alreadyExists(String what) {
    return of(Status.Code.ALREADY_EXISTS, what + " already exists.");
  }

  static StatusRuntimeException precondition(String message) {
    return of(Status.Code.FAILED_PRECONDITION, message);
  }

  static StatusRuntimeException changedMeanwhile(String name, String etag) {
    return of(
        Status.Code.ABORTED,
        "The etag \"" + etag + "\" of " + name + " does not match the current one.");
  }
}
