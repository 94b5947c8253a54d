package io.fairlead.examples.quarkus;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/** The Java of docs/quarkus.md. */
@SuppressWarnings("ClassCanBeStatic") // There they have files of their own.
final class Snippets {
  private Snippets() {}

  @Path("/flowers")
  public class Flowers {
    private final EndpointPlatform platform;
    private final Endpoint iris;

    Flowers(EndpointPlatform platform, Endpoint iris) {
      this.platform = platform;
      this.iris = iris;
    }

    @POST
    public String flowers(String rows) {
      return platform.invoke(iris, Request.json(rows)).text();
    }
  }

  public class Clouds {
    @Produces
    @Singleton
    SageMakerPlatform cloud(AwsCredentialsProvider credentials) {
      return new SageMakerProvider()
          .open(SageMakerConfig.of("eu-central-1").withCredentials(credentials));
    }

    void close(@Disposes SageMakerPlatform cloud) {
      cloud.close();
    }
  }
}
