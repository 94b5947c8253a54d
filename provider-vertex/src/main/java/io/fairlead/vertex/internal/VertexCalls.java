package io.fairlead.vertex.internal;

import com.google.api.core.ApiFuture;
import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.UnaryCallable;
import com.google.cloud.aiplatform.v1.CreateEndpointOperationMetadata;
import com.google.cloud.aiplatform.v1.DeployModelOperationMetadata;
import com.google.cloud.aiplatform.v1.DeploymentStage;
import com.google.longrunning.CancelOperationRequest;
import com.google.longrunning.GetOperationRequest;
import com.google.longrunning.ListOperationsRequest;
import com.google.longrunning.ListOperationsResponse;
import com.google.longrunning.Operation;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Pages;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Outcome;
import io.fairlead.vertex.VertexProvider;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls to Vertex AI's control plane, each with a deadline, because the SDK sets none.
 *
 * <p>Long-running operations are polled by their names: the SDK's own futures time out after five minutes, while the
 * operation continues and is billed.
 */
final class VertexCalls {
  static final int PAGE = 100;

  private static final Logger LOG = LoggerFactory.getLogger(VertexCalls.class);
  /** The separator between the name of an operation and its description. */
  private static final char SEPARATOR = ' ';

  private final VertexClients clients;
  private final VertexErrors errors;
  private final Duration timeout;

  VertexCalls(VertexClients clients, VertexErrors errors, Duration timeout) {
    this.clients = clients;
    this.errors = errors;
    this.timeout = timeout;
  }

  VertexClients clients() {
    return clients;
  }

  /** Makes a call; the message of a failure begins with {@code what}. */
  <Q, A> A call(String what, UnaryCallable<Q, A> callable, Q request) {
    return call(what, callable, request, timeout);
  }

  /** The same, with a limit of its own. */
  <Q, A> A call(String what, UnaryCallable<Q, A> callable, Q request, Duration limit) {
    try {
      return get(
          what, callable, request, GrpcCallContext.createDefault().withTimeoutDuration(limit));
    } catch (ApiException e) {
      throw errors.failure(what, e);
    }
  }

  /** {@return the result of a call; empty if it does not exist} */
  <Q, A> Optional<A> find(String what, UnaryCallable<Q, A> callable, Q request) {
    try {
      return Optional.of(call(what, callable, request));
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** {@return the items of all pages of a list; the token of the first is empty} */
  <P, T> List<T> list(
      String what, Function<String, P> page, Function<P, List<T>> items, Function<P, String> next) {
    return Pages.all(
        VertexProvider.ID,
        what,
        token -> page.apply(Objects.requireNonNullElse(token, "")),
        items,
        next);
  }

  /**
   * Makes a call that can be interrupted, which the SDK's own waiting cannot.
   *
   * @throws ApiException if it is rejected or not answered in time
   */
  static <Q, A> A get(
      String what, UnaryCallable<Q, A> callable, Q request, GrpcCallContext context) {
    ApiFuture<A> answer;
    try {
      answer = callable.futureCall(request, context);
    } catch (Error e) {
      // The SDK wraps what a channel throws.
      throw e.getCause() instanceof Error cause ? cause : e;
    }
    return get(what, answer);
  }

  private static <A> A get(String what, Future<A> answer) {
    try {
      return answer.get();
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new ServingException(
          VertexProvider.ID,
          ErrorKind.CANCELLED,
          what + " was interrupted; whether it was done is not known",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ApiException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new ServingException(
          VertexProvider.ID, ErrorKind.UNKNOWN, what + " failed: " + e.getCause(), e);
    }
  }

  // ---- operations ----

  /**
   * Starts a long-running operation.
   *
   * @param what its description, such as {@code Deploy bert/blue}, with which the message of a failure begins
   */
  <Q> Accepted start(String what, UnaryCallable<Q, Operation> callable, Q request) {
    return accepted(call(what, callable, request), what);
  }

  private static Accepted accepted(Operation operation, String what) {
    return Accepted.as(operation.getName() + SEPARATOR + what);
  }

  /** {@return Vertex AI's name of an operation that was started} */
  static String operationName(String started) {
    int end = started.indexOf(SEPARATOR);
    return end < 0 ? started : started.substring(0, end);
  }

  /**
   * Starts the creation of a resource, or attaches to one in progress: the request of a lost answer, or of a process
   * that died, may have started it.
   *
   * @param subject the full name of the resource
   */
  <Q> Accepted create(
      String what, UnaryCallable<Q, Operation> callable, Q request, String subject) {
    try {
      return start(what, callable, request);
    } catch (ServingException e) {
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      return operationInProgress(subject)
          .map(operation -> accepted(operation, what))
          .orElseThrow(() -> e);
    }
  }

  /** {@return the operation in progress on a resource; Vertex AI runs one at a time on each} */
  Optional<Operation> operationInProgress(String subject) {
    ListOperationsRequest request = ListOperationsRequest.newBuilder()
        .setName(subject)
        .setFilter("done=false")
        .setPageSize(PAGE)
        .build();
    Optional<ListOperationsResponse> found = find(
        "List the operations in progress on " + subject,
        clients.operations().listOperationsCallable(),
        request);
    return found.stream()
        .flatMap(page -> page.getOperationsList().stream())
        .filter(operation -> !operation.getDone())
        .findFirst();
  }

  /** {@return the status of an operation that was started} */
  Outcome poll(String started) {
    String name = operationName(started);
    String what = started.length() > name.length() ? started.substring(name.length() + 1) : name;
    Operation operation = call(
        "Poll '" + what + "'",
        clients.operations().getOperationCallable(),
        GetOperationRequest.newBuilder().setName(name).build());
    if (!operation.getDone()) {
      return Outcome.running(stage(operation));
    }
    return operation.hasError()
        ? Outcome.failed(
            errors.failure(what, operation.getError(), isDeployment(operation), stage(operation)))
        : Outcome.succeeded();
  }

  /** Requests the cancellation of an operation, which is best effort on the service's side. */
  void cancel(String started) {
    String name = operationName(started);
    try {
      call(
          "Cancel " + name,
          clients.operations().cancelOperationCallable(),
          CancelOperationRequest.newBuilder().setName(name).build());
    } catch (ServingException e) {
      // The operation then runs to its end.
      LOG.debug("{}", e.getMessage());
    }
  }

  static boolean isDeployment(Operation operation) {
    return operation.getMetadata().is(DeployModelOperationMetadata.class);
  }

  /** {@return the stage of a deployment, in the platform's words; empty where it does not say} */
  static String stage(Operation operation) {
    Any metadata = operation.getMetadata();
    DeploymentStage stage = DeploymentStage.DEPLOYMENT_STAGE_UNSPECIFIED;
    try {
      if (metadata.is(DeployModelOperationMetadata.class)) {
        stage = metadata.unpack(DeployModelOperationMetadata.class).getDeploymentStage();
      } else if (metadata.is(CreateEndpointOperationMetadata.class)) {
        stage = metadata.unpack(CreateEndpointOperationMetadata.class).getDeploymentStage();
      }
    } catch (InvalidProtocolBufferException e) {
      return "";
    }
    return stage == DeploymentStage.DEPLOYMENT_STAGE_UNSPECIFIED
            || stage == DeploymentStage.UNRECOGNIZED
        ? ""
        : stage.name();
  }
}
