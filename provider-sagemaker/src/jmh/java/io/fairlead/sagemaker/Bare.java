package io.fairlead.sagemaker;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

/** What a team writes without this library: AWS's client, with the same HTTP client. */
final class Bare {
  static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIAEXAMPLE", "not-a-secret"));

  private Bare() {}

  /** {@return the settings of the HTTP client that Fairlead makes} */
  static ApacheHttpClient.Builder http() {
    return ApacheHttpClient.builder()
        .connectionTimeout(Duration.ofSeconds(5))
        .socketTimeout(Duration.ofHours(1))
        .maxConnections(1000)
        .tcpKeepAlive(true);
  }

  static SageMakerRuntimeClient client(URI endpoint, SdkHttpClient http) {
    return SageMakerRuntimeClient.builder()
        .region(Region.US_EAST_1)
        .endpointOverride(endpoint)
        .credentialsProvider(CREDENTIALS)
        .httpClient(http)
        .build();
  }

  static String ask(SageMakerRuntimeClient client, byte[] body) {
    return client
        .invokeEndpoint(request -> request
            .endpointName("churn")
            .contentType("application/json")
            .body(SdkBytes.fromByteArray(body)))
        .body()
        .asUtf8String();
  }
}
