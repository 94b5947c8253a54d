package io.fairlead.vertex.internal;

import com.google.api.gax.rpc.ClientSettings;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceClient;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceSettings;
import com.google.cloud.aiplatform.v1.EndpointServiceClient;
import com.google.cloud.aiplatform.v1.EndpointServiceSettings;
import com.google.cloud.aiplatform.v1.JobServiceClient;
import com.google.cloud.aiplatform.v1.JobServiceSettings;
import com.google.cloud.aiplatform.v1.ModelGardenServiceClient;
import com.google.cloud.aiplatform.v1.ModelGardenServiceSettings;
import com.google.cloud.aiplatform.v1.ModelServiceClient;
import com.google.cloud.aiplatform.v1.ModelServiceSettings;
import java.io.IOException;

/**
 * The creation of the clients of the services that manage resources.
 *
 * <p>They are apart from the client of predictions, because the JVM loads the classes of all their settings to verify
 * this class.
 */
final class ManagingClients {
  private ManagingClients() {}

  /** What all clients have in common: the channel, the credentials and the threads. */
  @FunctionalInterface
  interface Common {
    /** Sets it. */
    void set(ClientSettings.Builder<?, ?> settings) throws IOException;
  }

  static EndpointServiceClient endpoints(Common common) throws IOException {
    EndpointServiceSettings.Builder settings = EndpointServiceSettings.newBuilder();
    common.set(settings);
    return EndpointServiceClient.create(settings.build());
  }

  static ModelServiceClient models(Common common) throws IOException {
    ModelServiceSettings.Builder settings = ModelServiceSettings.newBuilder();
    common.set(settings);
    return ModelServiceClient.create(settings.build());
  }

  static DeploymentResourcePoolServiceClient pools(Common common) throws IOException {
    DeploymentResourcePoolServiceSettings.Builder settings =
        DeploymentResourcePoolServiceSettings.newBuilder();
    common.set(settings);
    return DeploymentResourcePoolServiceClient.create(settings.build());
  }

  static JobServiceClient jobs(Common common) throws IOException {
    JobServiceSettings.Builder settings = JobServiceSettings.newBuilder();
    common.set(settings);
    return JobServiceClient.create(settings.build());
  }

  static ModelGardenServiceClient garden(Common common) throws IOException {
    ModelGardenServiceSettings.Builder settings = ModelGardenServiceSettings.newBuilder();
    common.set(settings);
    return ModelGardenServiceClient.create(settings.build());
  }
}
