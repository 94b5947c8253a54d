package io.fairlead.azureml.internal.arm;

import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Outcome;
import java.util.List;
import java.util.Optional;

/**
 * A workspace of Azure Machine Learning: the calls to Azure Resource Manager that serving needs, and no others.
 *
 * <p>It is the port behind which the calls are made: by {@link ArmWorkspace} here, because the generated library for
 * Azure Machine Learning is not on Maven Central. Each method makes one call, except for lists, which make one for each
 * page. All throw {@link io.fairlead.error.ServingException}.
 */
public interface Workspace {
  /** {@return the workspace itself: its region} */
  Document properties();

  /** {@return a datastore: its storage account and container} */
  Document datastore(String name);

  /** {@return the secrets of a datastore: an account key or a signature} */
  Document datastoreSecrets(String name);

  // ---- models, environments, code ----

  /** {@return a version of an asset; empty if it does not exist} */
  Optional<Document> asset(AssetType type, String name, String version);

  /** {@return the containers of all assets of a type, each with the name of its newest version} */
  List<Document> assets(AssetType type);

  /** {@return the versions of an asset} */
  List<Document> assetVersions(AssetType type, String name);

  /**
   * Creates a version of an asset, and its container.
   *
   * @return empty if the version was deleted before and cannot be created again
   */
  Optional<Accepted> createAsset(AssetType type, String name, String version, Document asset);

  /** Changes the tags of a version of an asset. */
  Accepted putAsset(AssetType type, String name, String version, Document asset);

  /** Deletes a version of an asset; its container stays. */
  Accepted deleteAsset(AssetType type, String name, String version);

  /** Deletes the container of an asset. */
  Accepted deleteAssetContainer(AssetType type, String name);

  // ---- endpoints ----

  /** {@return an online endpoint; empty if it does not exist} */
  Optional<Document> endpoint(String name);

  /** {@return all online endpoints} */
  List<Document> endpoints();

  /** Creates an online endpoint that does not exist; where Azure heeds no condition, one that was created since is replaced. */
  Accepted createEndpoint(String name, Document endpoint);

  /** Replaces the whole of an online endpoint. */
  Accepted putEndpoint(String name, Document endpoint);

  /** Changes the tags of an online endpoint. */
  Accepted patchEndpoint(String name, Document tags);

  /** Deletes an online endpoint with its deployments. */
  Accepted deleteEndpoint(String name);

  /** {@return the keys by which an endpoint is invoked} */
  Document endpointKeys(String name);

  /** {@return a token by which an endpoint is invoked} */
  Document endpointToken(String name);

  // ---- deployments ----

  /** {@return a deployment; empty if it does not exist} */
  Optional<Document> deployment(String endpoint, String name);

  /** {@return all deployments of an endpoint} */
  List<Document> deployments(String endpoint);

  /** Creates a deployment that does not exist; where Azure heeds no condition, one that was created since is replaced. */
  Accepted createDeployment(String endpoint, String name, Document deployment);

  /** Changes the number of instances of a deployment, or its tags. */
  Accepted patchDeployment(String endpoint, String name, Document change);

  Accepted deleteDeployment(String endpoint, String name);

  /** {@return the last lines that a container of a deployment has logged} */
  String logs(String endpoint, String deployment, String containerType, int lines);

  // ---- autoscale settings ----

  /** {@return an autoscale setting; empty if it does not exist} */
  Optional<Document> autoscale(String name);

  /** {@return the autoscale settings of the resource group} */
  List<Document> autoscales();

  Accepted putAutoscale(String name, Document setting);

  Accepted deleteAutoscale(String name);

  // ---- operations ----

  /** {@return the state of an operation that a change has started} */
  Outcome poll(String operation);

  /** {@return why an operation failed, by the link that an object has to it; empty if it does not tell any more} */
  Optional<String> failureOf(String operationUri);
}
