package io.fairlead.azureml.standin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.contract.Held;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What endpoints answer to those who want a prediction: each deployment says what it was sent, unless a test says more. */
final class Scoring {
  static final String DEPLOYMENT = "azureml-model-deployment";

  private static final int MOST_BYTES = 10_000_000;

  /** A container that answers with something other than 200. */
  private record Failure(int status, String reason, String body) {}

  private final Workspace workspace;
  private final List<Invocation> invocations = new ArrayList<>();
  private final Deque<Answer> planned = new ArrayDeque<>();
  private final Deque<Failure> failures = new ArrayDeque<>();
  private final Deque<Held> held = new ArrayDeque<>();
  private final Deque<Held> heldStreams = new ArrayDeque<>();
  private Function<Invocation, byte[]> model = Invocation::body;
  private List<byte[]> pieces = List.of();
  private String contentType = "";
  private boolean breaksNext;

  Scoring(Workspace workspace) {
    this.workspace = workspace;
  }

  // ---- what a test says ----

  List<Invocation> invocations() {
    return List.copyOf(invocations);
  }

  void answerWith(Function<Invocation, byte[]> newModel) {
    model = newModel;
  }

  void failNext(int status, String message, Map<String, String> headers) {
    Answer answer = text(status, message);
    headers.forEach(answer::with);
    planned.add(answer);
  }

  void modelFailsNext(int status, String reason, String body) {
    failures.add(new Failure(status, reason, body));
  }

  void hold(Held one) {
    held.add(one);
  }

  void holdStream(Held one) {
    heldStreams.add(one);
  }

  void answerAs(String newContentType) {
    contentType = newContentType;
  }

  void streamInPieces(List<byte[]> newPieces) {
    pieces = List.copyOf(newPieces);
  }

  void breakNext() {
    breaksNext = true;
  }

  // ---- what is asked ----

  /** {@return how to answer, once the workspace's lock is free} */
  Supplier<Answer> begin(Call call) {
    Target target = call.target();
    EndpointState endpoint = workspace.endpoints().find(target.name(0));
    if (endpoint == null || !endpoint.isReachable || endpoint.state.equals("Deleting")) {
      return () -> text(404, "Endpoint does not exist.");
    }
    if (!workspace.endpoints().mayInvoke(endpoint, call.token())) {
      return () -> text(401, "Authentication failed: invalid or missing credential.");
    }
    if (!call.method().equals("POST")) {
      return () -> text(405, "Method not allowed.");
    }
    if (call.body().length > MOST_BYTES) {
      return () -> text(413, "Request payload is too large.");
    }
    Answer refusal = planned.poll();
    Held wait = held.poll();
    if (refusal != null) {
      return () -> waited(wait, refusal);
    }
    DeploymentState deployment = deployment(call, endpoint);
    if (deployment == null || deployment.serving == null) {
      return () -> waited(wait, text(404, "No valid deployment to route the request to."));
    }
    return invoke(call, endpoint, deployment, wait);
  }

  private static @Nullable DeploymentState deployment(Call call, EndpointState endpoint) {
    String pinned = call.header(DEPLOYMENT);
    return pinned == null ? endpoint.next() : endpoint.deployments.get(pinned);
  }

  private Supplier<Answer> invoke(
      Call call, EndpointState endpoint, DeploymentState deployment, @Nullable Held wait) {
    Map<String, String> headers = new HashMap<>();
    call.headers().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
    headers.remove("authorization");
    List<String> names = call.target().names();
    Invocation invocation = new Invocation(
        endpoint.name,
        deployment.name,
        "/" + String.join("/", names.subList(1, names.size())),
        headers,
        call.body());
    invocations.add(invocation);
    Answer answer = answer(invocation);
    answer.with(DEPLOYMENT, deployment.name);
    String clientId = call.header("x-ms-client-request-id");
    if (clientId != null) {
      answer.with("x-ms-client-request-id", clientId);
    }
    return () -> waited(wait, answer);
  }

  private Answer answer(Invocation invocation) {
    Failure failure = failures.poll();
    if (failure != null) {
      return Answer.of(424, "text/plain; charset=utf-8", failure.body().getBytes(UTF_8))
          .with("ms-azureml-model-error-statuscode", String.valueOf(failure.status()))
          .with("ms-azureml-model-error-reason", failure.reason());
    }
    String type = contentType.isEmpty()
        ? invocation.headers().getOrDefault("content-type", "application/json")
        : contentType;
    List<byte[]> all = pieces.isEmpty() ? List.of(model.apply(invocation)) : pieces;
    boolean breaks = breaksNext;
    breaksNext = false;
    return Answer.pieces(200, type, all).held(heldStreams.poll()).broken(breaks);
  }

  private static Answer waited(@Nullable Held wait, Answer answer) {
    if (wait != null) {
      wait.hold();
    }
    return answer;
  }

  private static Answer text(int status, String message) {
    return Answer.of(status, "text/plain; charset=utf-8", message.getBytes(UTF_8));
  }
}
