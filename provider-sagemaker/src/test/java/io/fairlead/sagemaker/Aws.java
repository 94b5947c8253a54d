package io.fairlead.sagemaker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.EndpointPlatformContract.Streams;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.VirtualTime;
import io.fairlead.sagemaker.internal.DefaultSageMakerPlatform;
import io.fairlead.sagemaker.internal.SharedClients;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.BrokenHttpClient;
import io.fairlead.sagemaker.standin.MemoizedClients;
import io.fairlead.sagemaker.standin.StandIn;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

/** An account of its own at the stand-in of AWS, and platforms that serve there without a wire, unless it is asked for. */
public final class Aws implements Place {
  public static final String ROLE = "arn:aws:iam::123456789012:role/serving";
  public static final String IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1";
  public static final String BUCKET = "artifacts";

  private static final AtomicInteger ACCOUNTS = new AtomicInteger();
  private static final SdkHttpClient IN_PROCESS = StandIn.client();
  private static final SdkHttpClient HTTP =
      ApacheHttpClient.builder().maxConnections(50).build();

  private final String accessKey = "AKIA" + ACCOUNTS.incrementAndGet();
  private final VirtualTime time;
  private final Account account;
  private final SdkHttpClient http;
  private final boolean shares;

  /** The clients of copies. */
  private static final class Shared {
    private static final SageMakerConfig.Clients CLIENTS =
        SharedClients.of(config("AKIA").withHttpClient(MemoizedClients.http()));

    static SageMakerConfig.Clients of(Account account, Faults faults) {
      MemoizedClients memoized = new MemoizedClients(account, faults);
      return SageMakerConfig.Clients.NONE
          .withControlPlane(
              memoized.of(SageMakerClient.class, CLIENTS.controlPlane().orElseThrow()))
          .withRuntime(
              memoized.of(SageMakerRuntimeClient.class, CLIENTS.runtime().orElseThrow()))
          .withS3(memoized.of(S3Client.class, CLIENTS.s3().orElseThrow()))
          .withAutoScaling(memoized.of(
              ApplicationAutoScalingClient.class, CLIENTS.autoScaling().orElseThrow()));
    }
  }

  public Aws(VirtualTime time) {
    this(time, IN_PROCESS);
  }

  private Aws(VirtualTime time, SdkHttpClient http) {
    this.time = time;
    this.http = http;
    this.shares = false;
    this.account = StandIn.account(accessKey, time);
    account.addBucket(BUCKET);
    account.addBucket("models");
    account.addObject("models", "one/model.tar.gz", new byte[1]);
    account.addObject("models", "two/model.tar.gz", new byte[1]);
  }

  private Aws(Aws like) {
    this.time = new VirtualTime();
    this.http = like.http;
    this.shares = true;
    this.account = like.account.copy(accessKey, time);
  }

  /** {@return the same, but requests go over HTTP} */
  public static Aws overHttp(VirtualTime time) {
    return new Aws(time, HTTP);
  }

  /** Lets every change of an endpoint or a component take so long. */
  public Aws changesTake(Duration some) {
    account.durations(some, some, some, some);
    return this;
  }

  /** {@return another account in which all is as it is here now, and whose platforms share memoized clients} */
  public Aws twin() {
    return new Aws(this);
  }

  @Override
  public Optional<Place> copy() {
    return Optional.of(twin());
  }

  @Override
  public void pass(Duration some) {
    time.pass(some);
  }

  @Override
  public Optional<Streams> streams() {
    return Optional.of(new InParts(this));
  }

  public Account account() {
    return account;
  }

  /** {@return what is there beside the models that are given} */
  @Override
  public Set<String> remains() {
    return account.remains().stream()
        .filter(name -> !name.startsWith("s3://models/"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  public VirtualTime time() {
    return time;
  }

  public SageMakerConfig config() {
    return config(accessKey);
  }

  private static SageMakerConfig config(String accessKey) {
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

  @Override
  public SageMakerPlatform open(Faults faults) {
    return open(config(), faults);
  }

  public SageMakerPlatform open(SageMakerConfig config, Faults faults) {
    SageMakerConfig own = shares ? config.withClients(Shared.of(account, faults)) : config;
    return DefaultSageMakerPlatform.open(
        own.withHttpClient(new BrokenHttpClient(http, faults)), time, new Random(1));
  }

  /** {@return AWS's own client, for what people do by hand} */
  public SageMakerClient console() {
    return SageMakerClient.builder()
        .region(Region.US_EAST_1)
        .endpointOverride(StandIn.endpoint())
        .credentialsProvider(config().credentials().orElseThrow())
        .httpClient(http)
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
        .httpClient(http)
        .build();
  }

  @Override
  public void close() {
    account.close();
  }

  private record InParts(Aws aws) implements Streams {
    @Override
    public void answerWith(List<String> pieces) {
      aws.account()
          .streamInParts(pieces.stream().map(piece -> piece.getBytes(UTF_8)).toList());
    }

    @Override
    public void breakNext() {
      aws.account().breakNextStream("ModelInvocationTimeExceeded", "it took too long");
    }

    @Override
    public Held holdNext() {
      return aws.account().holdNextInvocation();
    }

    @Override
    public int asked() {
      return Collections.frequency(aws.account().calls(), "InvokeEndpointWithResponseStream");
    }

    @Override
    public Optional<Consumer<Duration>> clock() {
      return Optional.of(aws.time()::pass);
    }
  }
}
