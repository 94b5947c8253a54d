package io.fairlead.sagemaker.internal;

import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.RolledBack;
import io.fairlead.reconcile.TrafficSetting;
import io.fairlead.sagemaker.SageMakerConfig;
import java.util.List;

/** SageMaker's kinds of resources, each after those that it uses, and the traffic weights of endpoints. */
record SageMakerKinds(
    ResourceKind<Upload> upload,
    ResourceKind<Artifact> artifact,
    ResourceKind<Model> model,
    ResourceKind<Configuration> configuration,
    ResourceKind<Fleet> fleet,
    ResourceKind<Component> component,
    ResourceKind<Variant> variant,
    ResourceKind<RolledBack> rolledBack,
    TrafficSetting traffic) {
  static final KindName<Upload> UPLOAD = new KindName<>("upload", Upload.class);
  static final KindName<Artifact> ARTIFACT = new KindName<>("artifact", Artifact.class);
  static final KindName<Model> MODEL = new KindName<>("model", Model.class);
  static final KindName<Configuration> CONFIGURATION =
      new KindName<>("endpoint-configuration", Configuration.class);
  static final KindName<Fleet> FLEET = new KindName<>("fleet", Fleet.class);
  static final KindName<Component> COMPONENT =
      new KindName<>("inference-component", Component.class);
  static final KindName<Variant> VARIANT = new KindName<>("variant", Variant.class);

  static SageMakerKinds of(
      SageMakerConfig config, SageMakerClients clients, SageMakerErrors errors, TimeSource time) {
    // Without a bucket there are no uploads to list.
    String bucket = config.artifactBucket().orElse("");
    UploadCalls uploads = new UploadCalls(clients, errors, bucket);
    SageMakerTags tags = new SageMakerTags(clients, errors, time);
    ContainerLogs logs = new ContainerLogs(clients, errors);
    EndpointCalls endpoints = new EndpointCalls(clients, errors, tags, logs);
    ComponentCalls components = new ComponentCalls(clients, errors, tags, endpoints);
    ComponentKind component = new ComponentKind(clients, errors, components, logs);
    return new SageMakerKinds(
        new UploadKind(uploads, bucket),
        new ArtifactKind(clients, errors, uploads, bucket, config.uploadKmsKey()),
        new ModelKind(clients, errors, tags, endpoints),
        new ConfigurationKind(tags, endpoints),
        new FleetKind(clients, errors, tags, endpoints, components),
        component,
        new VariantKind(clients, errors, tags, endpoints, components),
        new RolledBackKind(tags, endpoints),
        new SageMakerTraffic(clients, errors, endpoints, components, component));
  }

  List<ResourceKind<?>> all() {
    return List.of(upload, artifact, model, configuration, fleet, component, variant, rolledBack);
  }
}
