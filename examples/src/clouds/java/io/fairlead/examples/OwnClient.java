package io.fairlead.examples;

import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** The second piece of Java in docs/spring.md; {@link YamlBlocksTest} runs it. */
@Configuration(proxyBeanMethods = false)
class OwnClient {
  @Bean
  AwsCredentialsProvider credentials() {
    return StaticCredentialsProvider.create(
        AwsBasicCredentials.create("AKIASPRING", "not-a-secret"));
  }

  @Bean
  SageMakerPlatform cloud(AwsCredentialsProvider credentials) {
    return new SageMakerProvider()
        .open(SageMakerConfig.of("eu-central-1").withCredentials(credentials));
  }
}
