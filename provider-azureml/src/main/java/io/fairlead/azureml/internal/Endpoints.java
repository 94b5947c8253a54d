package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.reconcile.Look;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The read calls on endpoints and their deployments, each of which is made once in a look. */
final class Endpoints {
  private final Workspace workspace;
  private volatile @Nullable String region;

  Endpoints(Workspace workspace) {
    this.workspace = workspace;
  }

  /** {@return the region of the workspace, which endpoints are created in; asked for once} */
  String region() {
    String known = region;
    if (known == null) {
      known = workspace.properties().text("location").orElse("");
      region = known;
    }
    return known;
  }

  /** {@return an endpoint, read once in a look for all its facets} */
  Optional<Document> find(String name, Look look) {
    return look.once(List.of("endpoint", name), () -> workspace.endpoint(name));
  }

  Optional<Document> deployment(String path, Look look) {
    return look.once(
        List.of("deployment", path),
        () -> workspace.deployment(AzureMlNames.endpointOf(path), AzureMlNames.variantOf(path)));
  }

  /** {@return all deployments of an endpoint} */
  List<Document> deployments(String endpoint, Look look) {
    return look.once(List.of("deployments", endpoint), () -> workspace.deployments(endpoint));
  }

  /** {@return the endpoints that were made here} */
  List<Document> managed(Look look) {
    List<Document> all = look.once("endpoints", workspace::endpoints);
    return all.stream()
        .filter(endpoint -> AzureMlTags.areManaged(endpoint.texts("tags")))
        .toList();
  }

  /** {@return the state of an endpoint or a deployment, in Azure's words} */
  static String state(Document resource) {
    return resource.text("properties", "provisioningState").orElse("Succeeded");
  }

  /** {@return whether the last change of an endpoint or a deployment failed} */
  static boolean hasFailed(Document resource) {
    return state(resource).equals("Failed") || state(resource).equals("Canceled");
  }

  /** {@return why the last change of an endpoint or a deployment failed, which only its operation tells} */
  String reason(Document resource) {
    return resource
        .text("properties", "properties", "AzureAsyncOperationUri")
        .flatMap(workspace::failureOf)
        .orElse("Azure ML does not say why any more");
  }
}
