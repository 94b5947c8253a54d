package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;

/** Which credentials were tried, where there are none. */
class SageMakerCredentialsTest {
  @Test
  void aProfileThatIsNotThereIsNamed() {
    ServingException failure = deployFails(config().withProfile("there-is-no-such-profile"));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("Tried profile 'there-is-no-such-profile'")
        .hasMessageContaining("Check the credentials");
  }

  @Test
  void aSourceOfTheCallersOwnThatFailsIsToldAsThat() {
    ServingException failure = deployFails(config().withCredentials(() -> {
      throw new IllegalStateException("the vault is sealed");
    }));

    assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(failure)
        .hasMessageContaining("the vault is sealed")
        .hasMessageContaining("Tried the credentials provider that was handed in");
  }

  @Test
  void aClientOfTheCallersOwnIsToldAsWhatHasTheCredentials() {
    try (SageMakerClient own = SageMakerClient.builder()
        .region(Region.US_EAST_1)
        .credentialsProvider(ProfileCredentialsProvider.create("there-is-no-such-profile"))
        .httpClient(ApacheHttpClient.create())
        .build()) {
      ServingException failure = deployFails(config()
          .withClients(new SageMakerConfig.Clients(
              Optional.of(own), Optional.empty(), Optional.empty(), Optional.empty())));

      assertThat(failure)
          .hasMessageContaining("Tried the credentials of the clients that were handed in");
    }
  }

  private static SageMakerConfig config() {
    return SageMakerConfig.of("us-east-1").withExecutionRole(Aws.ROLE);
  }

  private static ServingException deployFails(SageMakerConfig config) {
    try (EndpointPlatform platform = new SageMakerProvider().open(config)) {
      return catchThrowableOfType(
          ServingException.class,
          () -> platform
              .deploy(
                  new Container(
                      ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")),
                      RuntimeSpec.of(Aws.IMAGE),
                      Dependencies.NONE),
                  Scaling.fixed("ml.m5.large", 1),
                  new Routing("bert", "blue"))
              .await(Duration.ofMinutes(3)));
    }
  }
}
