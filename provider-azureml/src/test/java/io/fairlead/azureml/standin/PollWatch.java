package io.fairlead.azureml.standin;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What one client was told of when to ask for an operation again, and whether it waits so long. */
final class PollWatch {
  private record Told(Duration at, Duration pause) {}

  private final Workspace workspace;
  private final Map<String, Told> told = new ConcurrentHashMap<>();

  PollWatch(Workspace workspace) {
    this.workspace = workspace;
  }

  private static @Nullable String operation(@Nullable String url) {
    if (url == null || !url.contains("/mfeOperation")) {
      return null;
    }
    int query = url.indexOf('?');
    String path = query < 0 ? url : url.substring(0, query);
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Is called before a request. */
  void asks(Call call) {
    String operation = operation(call.url());
    Told last = operation == null ? null : told.get(operation);
    if (last == null || operation == null) {
      return;
    }
    Duration waited = workspace.time().elapsed().minus(last.at());
    if (!waited.isNegative()
        && waited.compareTo(last.pause()) < 0
        && workspace.isRunning(operation)) {
      workspace.violated("the operation " + operation + " was asked for after " + waited
          + ", and was to be after " + last.pause());
    }
  }

  /** Is called when an answer has arrived. */
  void hears(Call call, Answer answer) {
    String seconds = answer.header("Retry-After");
    if (seconds == null) {
      return;
    }
    String operation = operation(answer.header("Azure-AsyncOperation"));
    if (operation == null) {
      operation = operation(answer.header("Location"));
    }
    if (operation == null) {
      operation = operation(call.url());
    }
    if (operation != null) {
      told.put(
          operation,
          new Told(workspace.time().elapsed(), Duration.ofSeconds(Long.parseLong(seconds))));
    }
  }
}
