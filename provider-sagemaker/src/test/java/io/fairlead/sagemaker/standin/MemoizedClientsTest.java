package io.fairlead.sagemaker.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.SageMakerException;
import software.amazon.awssdk.services.sagemaker.model.Tag;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;

class MemoizedClientsTest {
  private static final AtomicInteger KEYS = new AtomicInteger();
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final List<AutoCloseable> open = new ArrayList<>();
  private final AtomicInteger bySdk = new AtomicInteger();
  private final SageMakerClient shared = build(SageMakerClient.builder(), "AKIDSHARED", counted());
  /** Nothing else in this JVM has it. */
  private final String name = "model-" + KEYS.incrementAndGet();

  /** {@return the HTTP client of what is shared, and a count of its calls} */
  private SdkHttpClient counted() {
    SdkHttpClient memo = MemoizedClients.http();
    return new SdkHttpClient() {
      @Override
      public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
        bySdk.incrementAndGet();
        return memo.prepareRequest(request);
      }

      @Override
      public void close() {}
    };
  }

  private <B extends AwsClientBuilder<B, C> & SdkSyncClientBuilder<B, C>, C extends AutoCloseable>
      C build(B builder, String key, SdkHttpClient http) {
    C client = builder
        .httpClient(http)
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(key, "secret")))
        .overrideConfiguration(c -> c.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
    open.add(client);
    return client;
  }

  private Account account(String key) {
    Account account = StandIn.account(key, new VirtualTime());
    open.add(account);
    return account;
  }

  private Account account() {
    return account("AKIDMEMO" + KEYS.incrementAndGet());
  }

  private SageMakerClient memoized(Account account, Faults faults) {
    return new MemoizedClients(account, faults).of(SageMakerClient.class, shared);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
  }

  private void create(SageMakerClient client) {
    client.createModel(r -> r.modelName(name)
        .executionRoleArn("arn:aws:iam::123456789012:role/serving")
        .primaryContainer(c -> c.image("image:1").environment(Map.of("A", name)))
        .tags(Tag.builder().key("made-by").value(name).build()));
  }

  @Test
  void theSdkMakesARequestAndAResponseOnceForAllAccounts() {
    Account first = account();
    Account second = account();
    create(memoized(first, Faults.none()));
    assertThat(bySdk).hasValue(1);

    create(memoized(second, Faults.none()));

    assertThat(bySdk).hasValue(1);
    assertThat(second.requests("CreateModel")).isEqualTo(first.requests("CreateModel"));
    assertThat(second.remains()).containsExactly("model/" + name);
  }

  @Test
  void whatIsReadIsWhatTheSdksOwnClientReads() {
    String key = "AKIDOWN" + KEYS.incrementAndGet();
    Account own = account(key);
    SageMakerClient client = build(SageMakerClient.builder(), key, StandIn.client());
    create(client);
    own.time().pass(MINUTE);

    for (int i = 0; i < 2; i++) {
      Account account = account();
      SageMakerClient memoized = memoized(account, Faults.none());
      create(memoized);
      account.time().pass(MINUTE);
      assertThat(memoized
              .describeModel(r -> r.modelName(name))
              .equalsBySdkFields(client.describeModel(r -> r.modelName(name))))
          .isTrue();
      assertThat(memoized.listModels(r -> r.nameContains(name)).models())
          .isEqualTo(client.listModels(r -> r.nameContains(name)).models());
    }

    assertThat(bySdk).as("of the first account").hasValue(3);
  }

  @Test
  void anAnswerThatChangesIsReadAnew() {
    SageMakerClient client = memoized(account(), Faults.none());
    assertThat(client.listModels(r -> r.nameContains(name)).models()).isEmpty();

    create(client);

    assertThat(client.listModels(r -> r.nameContains(name)).models()).hasSize(1);
    client.deleteModel(r -> r.modelName(name));
    assertThat(client.listModels(r -> r.nameContains(name)).models()).isEmpty();
  }

  @Test
  void aRefusalIsAnExceptionOfItsOwnEachTime() {
    SageMakerClient client = memoized(account(), Faults.none());

    Throwable first = catchThrowable(() -> client.describeModel(r -> r.modelName(name)));
    Throwable second = catchThrowable(() -> client.describeModel(r -> r.modelName(name)));

    assertThat(bySdk).hasValue(1);
    assertThat(second).isNotSameAs(first).isExactlyInstanceOf(first.getClass());
    assertThat(second).isInstanceOfSatisfying(SageMakerException.class, e -> {
      SageMakerException before = (SageMakerException) first;
      assertThat(e.statusCode()).isEqualTo(before.statusCode());
      assertThat(e.getMessage()).isEqualTo(before.getMessage());
      assertThat(e.awsErrorDetails()).isEqualTo(before.awsErrorDetails());
    });
  }

  @Test
  void aKilledProcessHearsNothingOfACallThatWasMade() {
    Account account = account();
    create(memoized(account(), Faults.none()));

    assertThatThrownBy(
            () -> create(memoized(account, Faults.at("sagemaker", 1, Fault.KILLED_BEFORE))))
        .isInstanceOf(ProcessKilled.class);
    assertThat(account.calls()).isEmpty();
    assertThatThrownBy(
            () -> create(memoized(account, Faults.at("sagemaker", 1, Fault.KILLED_AFTER))))
        .isInstanceOf(ProcessKilled.class);
    assertThat(account.calls()).containsExactly("CreateModel");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"KILLED_BEFORE", "KILLED_AFTER"},
      mode = EnumSource.Mode.EXCLUDE)
  void aFaultIsWhatItIsToTheSdksOwnClient(Fault fault) {
    String key = "AKIDOWN" + KEYS.incrementAndGet();
    Account own = account(key);
    Faults ownFaults = Faults.at("sagemaker", 2, fault);
    SageMakerClient client =
        build(SageMakerClient.builder(), key, new BrokenHttpClient(StandIn.client(), ownFaults));
    Account account = account();
    Faults faults = Faults.at("sagemaker", 2, fault);
    SageMakerClient memoized = memoized(account, faults);
    create(memoized(account(), Faults.none()));

    client.listModels();
    Throwable expected = catchThrowable(() -> create(client));
    memoized.listModels();
    Throwable thrown = catchThrowable(() -> create(memoized));

    assertThat(thrown).isExactlyInstanceOf(expected.getClass()).hasMessage(expected.getMessage());
    assertThat(faults.haveBroken()).isTrue();
    assertThat(faults.calls()).isEqualTo(ownFaults.calls());
    assertThat(account.calls()).isEqualTo(own.calls());
    assertThat(account.remains()).isEqualTo(own.remains());
  }

  // ---- the other services ----

  @Test
  void bodiesAreStreamedAndWhatIsKnownOfThemIsMemoized() {
    S3Client sharedS3 = build(
        S3Client.builder().forcePathStyle(true).endpointOverride(URI.create("http://127.0.0.1")),
        "AKIDSHARED",
        counted());
    for (String content : List.of("one", "three")) {
      Account account = account();
      account.addBucket("memo");
      S3Client s3 = new MemoizedClients(account, Faults.none()).of(S3Client.class, sharedS3);

      s3.putObject(r -> r.bucket("memo").key(name), RequestBody.fromString(content));

      assertThat(s3.getObjectAsBytes(r -> r.bucket("memo").key(name)).asUtf8String())
          .isEqualTo(content);
      bySdk.set(0);
      for (int i = 0; i < 2; i++) {
        assertThat(s3.headObject(r -> r.bucket("memo").key(name)).contentLength())
            .isEqualTo(content.length());
        assertThat(s3.listObjectsV2(r -> r.bucket("memo").prefix(name)).contents())
            .extracting(S3Object::size)
            .containsExactly((long) content.length());
      }
      assertThat(bySdk).hasValue(2);
    }
  }

  @Test
  void inferenceAndScalingAreMemoized() {
    Account account = account();
    account.addModel(name);
    account.addEndpointConfig(name, name, "blue");
    account.addEndpoint(name, name);
    MemoizedClients clients = new MemoizedClients(account, Faults.none());
    SageMakerRuntimeClient runtime = clients.of(
        SageMakerRuntimeClient.class,
        build(SageMakerRuntimeClient.builder(), "AKIDSHARED", counted()));
    ApplicationAutoScalingClient scaling = clients.of(
        ApplicationAutoScalingClient.class,
        build(ApplicationAutoScalingClient.builder(), "AKIDSHARED", counted()));

    for (int i = 0; i < 2; i++) {
      assertThat(runtime
              .invokeEndpoint(r -> r.endpointName(name).body(SdkBytes.fromUtf8String("[1]")))
              .invokedProductionVariant())
          .isEqualTo("blue");
      assertThat(scaling
              .describeScalableTargets(r -> r.serviceNamespace("sagemaker").resourceIds(name))
              .scalableTargets())
          .isEmpty();
    }

    assertThat(bySdk).hasValue(2);
    assertThat(account.invocations()).hasSize(2);
  }
}
