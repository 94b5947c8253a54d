package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.sagemaker.SageMakerConfig.Clients;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;

/** Settings, and whose clients and credentials are taken. */
class SageMakerConfigTest {
  private static final SageMakerConfig CONFIG = SageMakerConfig.of("us-east-1");
  private static final Container CONTAINER = new Container(
      ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")),
      RuntimeSpec.of(Aws.IMAGE),
      Dependencies.NONE);

  @ParameterizedTest
  @ValueSource(strings = {"us-east-1", "us-gov-west-1", "ap-southeast-7", "us-isob-east-1"})
  void aRegionIsNamedAsAwsDoes(String region) {
    assertThat(SageMakerConfig.of(region).region()).isEqualTo(region);
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:4566",
    "http://localhost:4566",
    "http://[::1]:4566",
    "https://vpce-1.api.sagemaker.us-east-1.vpce.amazonaws.com"
  })
  void anEndpointIsOnThisMachineOrEncrypted(URI endpoint) {
    assertThat(CONFIG.withEndpoint(endpoint).endpoint()).contains(endpoint);
  }

  @ParameterizedTest
  @CsvSource({
    "http://emulator:4566, must be https",
    "http://10.0.0.5, must be https",
    "http://aws.localhost, must be https",
    "http://127.0.0.1.example.org, must be https",
    "ftp://127.0.0.1, must begin with",
    "https://me:secret@example.org, must not contain a user name"
  })
  void anyOtherEndpointIsRefused(URI endpoint, String rule) {
    assertThatThrownBy(() -> CONFIG.withEndpoint(endpoint))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("endpoint " + rule)
        .hasMessageNotContaining("secret");
  }

  @Test
  void everythingThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(() -> Platforms.open(
            "sagemaker",
            EndpointPlatform.class,
            Map.of(
                "region", "Virginia",
                "role", "serving",
                "bucket", "My_Bucket",
                "callTimeout", "soon",
                "colour", "blue")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("callTimeout")
        .hasMessageContaining("colour is not a setting");
    assertThatThrownBy(() -> Platforms.open(
            "sagemaker",
            EndpointPlatform.class,
            Map.of(
                "region", "Virginia",
                "role", "serving",
                "bucket", "My_Bucket",
                "endpoint", "http://emulator:4566")))
        .hasMessageContaining("region must be")
        .hasMessageContaining("; role must be")
        .hasMessageContaining("; bucket must be")
        .hasMessageNotContaining("executionRole")
        .hasMessageNotContaining("artifactBucket")
        .hasMessageContaining("endpoint must be https");
  }

  @Test
  void tagsKeepAwssRulesAndAllThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(() -> CONFIG.withTags(
            Map.of("AWS:team", "a", "fairlead-run", "b", "", "c", "team", "Search & Ads")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must not have keys that begin with fairlead- or aws:")
        .hasMessageContaining("(got \"AWS:team\")")
        .hasMessageContaining("(got \"fairlead-run\")")
        .hasMessageContaining("must have keys of 1 to 128")
        .hasMessageContaining("(got \"team=Search & Ads\")");
    Map<String, String> many =
        IntStream.range(0, 15).boxed().collect(Collectors.toMap(i -> "tag" + i, i -> ""));
    assertThatThrownBy(() -> CONFIG.withTags(many)).hasMessageContaining("tags must be at most 13");
    assertThatThrownBy(() -> CONFIG.withUploadKmsKey("my key"))
        .hasMessageContaining("uploadKmsKey must be the id, alias or ARN of a KMS key");
    assertThat(CONFIG.withTags(Map.of("team", "search")).tags())
        .containsExactly(Map.entry("team", "search"));
  }

  @Test
  void thePlatformIsFoundByItsIdWithSettingsAsText() {
    try (EndpointPlatform platform = Platforms.open(
        "sagemaker",
        EndpointPlatform.class,
        Map.of(
            "region", "eu-west-1",
            "role", Aws.ROLE,
            "bucket", "artifacts",
            "endpoint", "http://127.0.0.1:9",
            "profile", "nobody",
            "callTimeout", "10s"))) {
      assertThat(platform.id()).isEqualTo("sagemaker");
      assertThat(platform).isInstanceOf(SageMakerPlatform.class);
    }
  }

  @Test
  void noSecretIsPrinted() {
    SageMakerConfig secretive = CONFIG.withCredentials(StaticCredentialsProvider.create(
        AwsBasicCredentials.create("AKIAEXAMPLE", "correct-horse")));

    assertThat(secretive.toString()).contains("us-east-1").doesNotContain("correct-horse");
  }

  @Test
  void aMissingProfileIsToldWithItsName() {
    SageMakerConfig missing = CONFIG
        .withExecutionRole(Aws.ROLE)
        .withEndpoint(URI.create("http://127.0.0.1:9"))
        .withProfile("no-such-profile");

    try (SageMakerPlatform platform = new SageMakerProvider().open(missing)) {
      assertThatThrownBy(() -> platform
              .deploy(CONTAINER, Scaling.fixed("ml.m5.large", 1), new Routing("bert", "blue"))
              .await(Duration.ofSeconds(30)))
          .isInstanceOfSatisfying(
              ServingException.class,
              failure -> assertThat(failure.kind()).isEqualTo(ErrorKind.UNAUTHORIZED))
          .hasMessageContaining("profile 'no-such-profile'");
    }
  }

  @Test
  void aClientThatIsHandedInIsUsedAndStaysOpen() {
    try (Aws aws = Aws.overHttp(new VirtualTime());
        SageMakerClient own = SageMakerClient.builder()
            .region(Region.US_EAST_1)
            .endpointOverride(aws.config().endpoint().orElseThrow())
            .credentialsProvider(aws.config().credentials().orElseThrow())
            .build()) {
      SageMakerConfig config =
          CONFIG.withExecutionRole(Aws.ROLE).withClients(Clients.NONE.withControlPlane(own));

      try (SageMakerPlatform platform = new SageMakerProvider().open(config)) {
        assertThat(platform.list()).isEmpty();
      }
      assertThat(aws.account().calls()).contains("ListEndpoints");
      assertThat(own.listModels().models()).isEmpty();
    } catch (SdkClientException e) {
      throw new AssertionError("the client was closed", e);
    }
  }
}
