package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.internal.arm.AssetType;
import io.fairlead.azureml.internal.arm.Workspace;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.provider.ObjectStore;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.TrafficSetting;
import java.util.List;

/**
 * The kinds of Azure ML's resources, and the traffic setting.
 *
 * @param all the kinds
 * @param traffic the traffic of endpoints
 */
record AzureMlKinds(List<ResourceKind<?>> all, TrafficSetting traffic) {
  static AzureMlKinds of(AzureMlConfig config, Workspace workspace, ObjectStore uploads) {
    AzureMlNames names = new AzureMlNames(config);
    Endpoints endpoints = new Endpoints(workspace);
    AssetVersions versions = new AssetVersions();
    AzureMlTraffic traffic = new AzureMlTraffic(workspace, endpoints);
    return new AzureMlKinds(
        List.of(
            Uploads.kind(uploads),
            new AssetKind<>(ModelSpec.KIND, AssetType.MODEL, workspace, versions, ModelSpec::of),
            new AssetKind<>(
                EnvironmentSpec.KIND,
                AssetType.ENVIRONMENT,
                workspace,
                versions,
                EnvironmentSpec::of),
            new AssetKind<>(CodeSpec.KIND, AssetType.CODE, workspace, versions, CodeSpec::of),
            new EmptyAssetKind(AssetType.MODEL, workspace),
            new EmptyAssetKind(AssetType.ENVIRONMENT, workspace),
            new EmptyAssetKind(AssetType.CODE, workspace),
            new EndpointKind(workspace, endpoints),
            new DeploymentKind(names, versions, workspace, endpoints, new ContainerLog(workspace)),
            new AutoscaleKind(names, workspace, endpoints),
            new MirrorKind(workspace, endpoints, traffic),
            new RolledBackKind(workspace, endpoints)),
        traffic);
  }
}
