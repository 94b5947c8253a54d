package io.fairlead.azureml.standin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operations that take time: how long, how they end, and what is told of them. */
final class Operations {
  private static final Map<String, Duration> USUAL = Map.of(
      "PUT onlineEndpoints", Duration.ofSeconds(30),
      "PATCH onlineEndpoints", Duration.ofMinutes(2),
      "DELETE onlineEndpoints", Duration.ofMinutes(1),
      "PUT deployments", Duration.ofMinutes(8),
      "PATCH deployments", Duration.ofMinutes(2),
      "DELETE deployments", Duration.ofMinutes(1),
      "POST regenerateKeys", Duration.ofSeconds(5));

  /** What an operation changes. */
  interface Change {
    /** Happens at the end if all went well. */
    void succeed();

    /** Happens at the end if it failed, or was cancelled. */
    void fail(boolean isCanceled);

    /** {@return why it cannot go on, which is looked at half way; empty if it can} */
    default Optional<AzureError> problem() {
      return Optional.empty();
    }

    /** {@return the document of what was changed; empty if it is gone} */
    default Optional<ObjectNode> result() {
      return Optional.empty();
    }
  }

  /** How an operation is going to end, if a test says so. */
  private record End(boolean isCanceled, AzureError error) {}

  private static final class Operation {
    final String id;
    final String started;
    final Change change;
    String status = "InProgress";
    String ended = "";

    @Nullable
    AzureError error;

    Operation(String id, String started, Change change) {
      this.id = id;
      this.started = started;
      this.change = change;
    }
  }

  private final Workspace workspace;
  private final Map<String, Operation> operations = new LinkedHashMap<>();
  private final Map<String, Duration> durations = new HashMap<>(USUAL);
  private final Map<String, Deque<End>> ends = new HashMap<>();
  private final Set<String> endless = new HashSet<>();
  private Duration retryAfter = Duration.ofSeconds(10);
  private String urlBase = "";
  private boolean tellsUrls = true;

  Operations(Workspace workspace) {
    this.workspace = workspace;
  }

  // ---- what a test says ----

  void duration(String call, Duration duration) {
    if (!USUAL.containsKey(call)) {
      throw new IllegalArgumentException(call + " takes no time; what does: " + USUAL.keySet());
    }
    durations.put(call, duration);
  }

  void retryAfter(Duration duration) {
    retryAfter = duration;
  }

  void failNext(String call, AzureError error) {
    ends.computeIfAbsent(call, key -> new ArrayDeque<>()).add(new End(false, error));
  }

  void cancelNext(String call) {
    AzureError error = AzureError.of(
        409,
        "OperationCanceled",
        "The operation was canceled by another operation that has a higher priority.");
    ends.computeIfAbsent(call, key -> new ArrayDeque<>()).add(new End(true, error));
  }

  void neverEnds(String call) {
    endless.add(call);
  }

  void urlsAt(String base) {
    urlBase = base;
  }

  void tellsUrls(boolean tells) {
    tellsUrls = tells;
  }

  void forget() {
    operations.values().removeIf(operation -> !operation.status.equals("InProgress"));
  }

  // ---- what happens ----

  /** Begins one, and {@return its id}. */
  String begin(Call call, String prefix, Change change) {
    String what = call.target().call();
    String id = prefix + ":" + workspace.id() + ":" + workspace.newId();
    Operation operation = new Operation(id, workspace.now(), change);
    operations.put(id, operation);
    if (endless.contains(what)) {
      return id;
    }
    Deque<End> planned = ends.get(what);
    End end = planned == null ? null : planned.poll();
    Duration duration = durations.getOrDefault(what, Duration.ZERO);
    workspace.in(duration.dividedBy(2), () -> {
      Optional<AzureError> problem = change.problem();
      problem.ifPresent(error -> finish(operation, new End(false, error)));
    });
    workspace.in(duration, () -> finish(operation, end));
    return id;
  }

  private void finish(Operation operation, @Nullable End end) {
    if (!operation.status.equals("InProgress")) {
      return;
    }
    operation.ended = workspace.now();
    if (end == null) {
      operation.status = "Succeeded";
      operation.change.succeed();
      return;
    }
    operation.status = end.isCanceled() ? "Canceled" : "Failed";
    operation.error = end.error();
    operation.change.fail(end.isCanceled());
  }

  // ---- what is told ----

  /** {@return the answer that a change was accepted with, and where its operation is} */
  Answer created(Call call, String id, Answer answer) {
    if (!tellsUrls) {
      return answer;
    }
    return toldToWait(answer
        .with("Azure-AsyncOperation", statusUrl(call, id))
        .with("x-ms-async-operation-timeout", "PT1H"));
  }

  /** {@return the answer that a change was accepted with, and where its result is going to be} */
  Answer accepted(Call call, String id) {
    return toldToWait(Answer.empty(202).with("Location", resultUrl(call, id)));
  }

  String statusUrl(Call call, String id) {
    return url(call, "mfeOperationsStatus", id);
  }

  private String resultUrl(Call call, String id) {
    return url(call, "mfeOperationResults", id);
  }

  private String url(Call call, String kind, String id) {
    return (urlBase.isEmpty() ? call.base() : urlBase) + "/subscriptions/"
        + workspace.subscription() + "/providers/Microsoft.MachineLearningServices/locations/"
        + workspace.location() + "/" + kind + "/" + id + "?api-version="
        + call.query("api-version");
  }

  private Answer toldToWait(Answer answer) {
    return retryAfter.isZero()
        ? answer
        : answer.with("Retry-After", String.valueOf(retryAfter.toSeconds()));
  }

  boolean isRunning(String id) {
    Operation operation = operations.get(id);
    return operation != null && operation.status.equals("InProgress");
  }

  /** {@return what is said of one where its status or its result is asked for} */
  Answer answer(Call call) {
    Operation operation = operations.get(call.target().name(0));
    if (operation == null) {
      throw AzureError.notFound(call.path());
    }
    return switch (call.target().kind()) {
      case "mfeOperationsStatus" -> status(call, operation);
      case "mfeOperationResults" -> result(call, operation);
      default -> throw AzureError.notFound(call.path());
    };
  }

  private Answer status(Call call, Operation operation) {
    ObjectNode said = Json.object();
    said.put("id", call.path());
    said.put("name", operation.id);
    said.put("status", operation.status);
    said.put("startTime", operation.started);
    if (!operation.ended.isEmpty()) {
      said.put("endTime", operation.ended);
    }
    if (operation.error != null) {
      said.set("error", operation.error.document());
    }
    Answer answer = Answer.json(200, said);
    return operation.status.equals("InProgress") ? toldToWait(answer) : answer;
  }

  private Answer result(Call call, Operation operation) {
    if (operation.status.equals("InProgress")) {
      return accepted(call, operation.id);
    }
    if (operation.error != null) {
      return operation.error.arm();
    }
    return operation
        .change
        .result()
        .map(document -> Answer.json(200, document))
        .orElseGet(() -> Answer.empty(204));
  }
}
