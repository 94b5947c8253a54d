package io.fairlead.sagemaker;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.sagemaker.internal.DefaultSageMakerPlatform;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.BrokenHttpClient;
import io.fairlead.sagemaker.standin.StandIn;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;

/** An account of its own at the stand-in of AWS, and platforms that serve there. */
public final class Aws implements AutoCloseable {
  public static final String ROLE = "arn:aws:iam::123456789012:role/serving";
  public static final String IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1";
  public static final String BUCKET = "artifacts";

  private static final AtomicInteger ACCOUNTS = new AtomicInteger();
  /** One for all, because opening connections is what takes time in a sweep of thousands of life cycles. */
  private static final SdkHttpClient HTTP =
      ApacheHttpClient.builder().maxConnections(50).build();

  private final String accessKey = "AKIA" + ACCOUNTS.incrementAndGet();
  private final VirtualTime time;
  private final Account account;

  public Aws(VirtualTime time) {
    this.time = time;
    this.account = StandIn.account(accessKey, time);
    account.addBucket(BUCKET);
    account.addBucket("models");
    account.addObject("models", "one/model.tar.gz", new byte[1]);
    account.addObject("models", "two/model.tar.gz", new byte[1]);
  }

  public Account account() {
    return account;
  }

  /** {@return what is there beside the models that are given} */
  public Set<String> remains() {
    return account.remains().stream()
        .filter(name -> !name.startsWith("s3://models/"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  public VirtualTime time() {
    return time;
  }

  public SageMakerConfig config() {
    return SageMakerConfig.of("us-east-1")
        .withExecutionRole(ROLE)
        .withArtifactBucket(BUCKET)
        .withEndpoint(StandIn.endpoint())
        .withCredentials(StaticCredentialsProvider.create(
            AwsBasicCredentials.create(accessKey, "not-a-secret")));
  }

  public SageMakerPlatform open() {
    return open(Faults.none());
  }

  public SageMakerPlatform open(Faults faults) {
    return open(config(), faults);
  }

  public SageMakerPlatform open(SageMakerConfig config, Faults faults) {
    return DefaultSageMakerPlatform.open(
        config.withHttpClient(new BrokenHttpClient(HTTP, faults)), time, new Random(1));
  }

  /** {@return AWS's own client, for what people do by hand} */
  public SageMakerClient console() {
    return SageMakerClient.builder()
        .region(Region.US_EAST_1)
        .endpointOverride(StandIn.endpoint())
        .credentialsProvider(config().credentials().orElseThrow())
        .httpClient(HTTP)
        .build();
  }

  /** {@return the same for S3} */
  public S3Client s3Console() {
    return S3Client.builder()
        .region(Region.US_EAST_1)
        .endpointOverride(StandIn.endpoint())
        .forcePathStyle(true)
        .credentialsProvider(config().credentials().orElseThrow())
        .httpClient(HTTP)
        .build();
  }

  /** {@return the same for Application Auto Scaling} */
  public ApplicationAutoScalingClient scalingConsole() {
    return ApplicationAutoScalingClient.builder()
        .region(Region.US_EAST_1)
        .endpointOverride(StandIn.endpoint())
        .credentialsProvider(config().credentials().orElseThrow())
        .httpClient(HTTP)
        .build();
  }

  @Override
  public void close() {
    account.close();
  }
}
