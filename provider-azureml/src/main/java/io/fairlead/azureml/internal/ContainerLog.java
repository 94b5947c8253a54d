package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;

/** The last lines of a container's log, for the message of a deployment that did not start. */
final class ContainerLog {
  private static final int LINES = 20;
  private static final int MOST_CHARACTERS = 2000;
  private static final String SERVER = "InferenceServer";
  private static final String DOWNLOAD = "StorageInitializer";

  private final Workspace workspace;

  ContainerLog(Workspace workspace) {
    this.workspace = workspace;
  }

  /** {@return a sentence with the end of the log, which begins with a full stop} */
  String ending(String path) {
    try {
      String server = lines(path, SERVER);
      if (!server.isEmpty()) {
        return ". The container's log ends: " + server;
      }
      String download = lines(path, DOWNLOAD);
      return download.isEmpty()
          ? ". The container has no log: it was never started"
          : ". The container was never started; the log of the model's download ends: " + download;
    } catch (ServingException e) {
      return ". The container's log cannot be read: " + e.getMessage();
    }
  }

  private String lines(String path, String containerType) {
    // The download's log may have the signatures of its requests.
    String all = Redacted.text(workspace
        .logs(AzureMlNames.endpointOf(path), AzureMlNames.variantOf(path), containerType, LINES)
        .strip());
    return all.length() <= MOST_CHARACTERS
        ? all
        : "..." + all.substring(all.length() - MOST_CHARACTERS);
  }
}
