package io.fairlead.sagemaker.internal;

import io.fairlead.sagemaker.SageMakerConfig;

/** Clients as a platform creates them, for several platforms. */
public final class SharedClients {
  private SharedClients() {}

  /** {@return the clients that platforms with this configuration create for themselves; nobody closes them} */
  public static SageMakerConfig.Clients of(SageMakerConfig config) {
    SageMakerClients clients = new SageMakerClients(config);
    return SageMakerConfig.Clients.NONE
        .withControlPlane(clients.controlPlane())
        .withRuntime(clients.runtime())
        .withS3(clients.s3())
        .withAutoScaling(clients.autoScaling());
  }
}
