package io.fairlead.examples.springboot;

import io.fairlead.contract.VirtualTime;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.StandIn;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

@ActiveProfiles("sagemaker")
class SageMakerSearchTest extends Searching {
  private static final String KEY = "AKIASPRINGBOOT";

  private static final Account ACCOUNT = StandIn.account(KEY, new VirtualTime());

  SageMakerSearchTest() {
    super("sagemaker");
  }

  @DynamicPropertySource
  static void elsewhere(DynamicPropertyRegistry properties) {
    ACCOUNT.durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    ACCOUNT.describeDelay(Duration.ZERO);
    ACCOUNT.answerWith(asked -> embeddings(asked.body().asByteArray()));
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", "not-a-secret");
    properties.add("AWS_REGION", () -> "us-east-1");
    properties.add("SEARCH_ROLE", () -> "arn:aws:iam::123456789012:role/serving");
    properties.add("SEARCH_IMAGE", () -> "123456789012.dkr.ecr.us-east-1.amazonaws.com/tei:1");
    properties.add("fairlead.platforms.models.settings.endpoint", StandIn::endpoint);
  }

  @AfterAll
  static void close() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    ACCOUNT.close();
  }
}
