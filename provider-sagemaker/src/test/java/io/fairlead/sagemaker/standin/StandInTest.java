package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.applicationautoscaling.model.ObjectNotFoundException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DesiredWeightAndCapacity;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;
import software.amazon.awssdk.services.sagemaker.model.Tag;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointResponse;

class StandInTest {
  private static final SdkHttpClient HTTP = ApacheHttpClient.builder().build();
  private static final AtomicInteger KEYS = new AtomicInteger();
  private static final String BUCKET = "artifacts";
  private static final String ROLE = "arn:aws:iam::123456789012:role/serving";

  private final VirtualTime time = new VirtualTime();
  private final String key = "AKIDSTANDIN" + KEYS.incrementAndGet();
  private final Account account = StandIn.account(key, time);
  private final List<AwsClient> clients = new ArrayList<>();
  private final SageMakerClient sageMaker = client(SageMakerClient.builder(), HTTP);
  private final SageMakerRuntimeClient runtime = client(SageMakerRuntimeClient.builder(), HTTP);
  private final ApplicationAutoScalingClient scaling =
      client(ApplicationAutoScalingClient.builder(), HTTP);
  private final S3Client s3 = client(S3Client.builder(), HTTP);

  private <B extends AwsClientBuilder<B, C> & SdkSyncClientBuilder<B, C>, C extends AwsClient>
      C client(B builder, SdkHttpClient http) {
    C client = builder
        .httpClient(http)
        .endpointOverride(StandIn.endpoint())
        .region(Region.EU_WEST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(key, "secret")))
        .overrideConfiguration(c -> c.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
    clients.add(client);
    return client;
  }

  @AfterEach
  void close() {
    clients.forEach(AwsClient::close);
    account.close();
  }

  @AfterAll
  static void closeHttp() {
    HTTP.close();
  }

  // ---- the way through ----

  @Test
  void anEndpointComesServesIsUpdatedAndGoes() {
    createModel("m1");
    createConfig("c1", variant("blue", "m1", 1));
    createEndpoint("e", "c1");

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Creating");
    assertThat(describe("e").pendingDeploymentSummary().endpointConfigName()).isEqualTo("c1");
    time.pass(Duration.ofMinutes(3));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("InService");
    assertThat(describe("e").pendingDeploymentSummary()).isNull();
    assertThat(invoke("e").invokedProductionVariant()).isEqualTo("blue");

    createConfig("c2", variant("blue", "m1", 1), variant("green", "m1", 0));
    sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Updating");
    assertThat(describe("e").endpointConfigName()).isEqualTo("c1");
    assertThat(invoke("e").invokedProductionVariant()).isEqualTo("blue");
    time.pass(Duration.ofMinutes(2));
    assertThat(describe("e").endpointConfigName()).isEqualTo("c2");
    assertThat(variants("e").keySet()).containsExactly("blue", "green");

    sageMaker.deleteEndpoint(r -> r.endpointName("e"));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Deleting");
    assertThat(refusal(() -> createEndpoint("e", "c1")))
        .contains("Cannot create already existing endpoint");
    time.pass(Duration.ofMinutes(1));
    assertThat(refusal(() -> describe("e")))
        .isEqualTo("Could not find endpoint"
            + " \"arn:aws:sagemaker:eu-west-1:123456789012:endpoint/e\".");
    sageMaker.deleteEndpointConfig(r -> r.endpointConfigName("c1"));
    sageMaker.deleteEndpointConfig(r -> r.endpointConfigName("c2"));
    sageMaker.deleteModel(r -> r.modelName("m1"));
    assertThat(account.remains()).isEmpty();
  }

  @Test
  void requestsAreDividedExactlyByTheWeightsAndNewWeightsTakeAMinute() {
    serve(variant("blue", "m1", 90), variant("green", "m1", 10), variant("red", "m1", 0));

    assertThat(countHundred()).isEqualTo(Map.of("blue", 90, "green", 10));
    sageMaker.updateEndpointWeightsAndCapacities(r -> r.endpointName("e")
        .desiredWeightsAndCapacities(
            weight("blue", 67), weight("green", 32.5), weight("red", 0.5)));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Updating");
    assertThat(variants("e").get("blue").currentWeight()).isEqualTo(90f);
    assertThat(variants("e").get("blue").desiredWeight()).isEqualTo(67f);
    assertThat(countHundred()).isEqualTo(Map.of("blue", 90, "green", 10));
    time.pass(Duration.ofMinutes(1));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("InService");
    assertThat(variants("e").get("blue").currentWeight()).isEqualTo(67f);
    Map<String, Integer> two = countHundred();
    countHundred().forEach((variant, count) -> two.merge(variant, count, Integer::sum));
    assertThat(two).isEqualTo(Map.of("blue", 134, "green", 65, "red", 1));
  }

  @Test
  void objectsArePutHeadedListedAndDeletedWithTheirMetadata() {
    account.addBucket(BUCKET);
    byte[] bytes = "model of 1 MB ".repeat(80_000).getBytes(UTF_8);

    s3.putObject(
        r -> r.bucket(BUCKET)
            .key("fairlead/a b+c/model.tar.gz")
            .metadata(Map.of("run", "r1"))
            .tagging("k=v"),
        RequestBody.fromBytes(bytes));

    assertThat(account.object(BUCKET, "fairlead/a b+c/model.tar.gz")).isEqualTo(bytes);
    assertThat(account.remains()).containsExactly("s3://artifacts/fairlead/a b+c/model.tar.gz");
    var head = s3.headObject(r -> r.bucket(BUCKET).key("fairlead/a b+c/model.tar.gz"));
    assertThat(head.contentLength()).isEqualTo(bytes.length);
    assertThat(head.metadata()).isEqualTo(Map.of("run", "r1"));
    assertThat(head.lastModified()).isEqualTo("2026-01-01T00:00:00Z");
    var got = s3.getObjectAsBytes(r -> r.bucket(BUCKET).key("fairlead/a b+c/model.tar.gz"));
    assertThat(got.asByteArray()).isEqualTo(bytes);
    var tags = s3.getObjectTagging(r -> r.bucket(BUCKET).key("fairlead/a b+c/model.tar.gz"));
    assertThat(tags.tagSet().get(0).value()).isEqualTo("v");
    account.addObject(BUCKET, "fairlead/z", bytes);
    account.addObject(BUCKET, "other", bytes);
    ListObjectsV2Response first =
        s3.listObjectsV2(r -> r.bucket(BUCKET).prefix("fairlead/").maxKeys(1));
    ListObjectsV2Response second = s3.listObjectsV2(r -> r.bucket(BUCKET)
        .prefix("fairlead/")
        .maxKeys(1)
        .continuationToken(first.nextContinuationToken()));
    assertThat(first.contents().get(0).key()).isEqualTo("fairlead/a b+c/model.tar.gz");
    assertThat(second.contents().get(0).key()).isEqualTo("fairlead/z");
    assertThat(second.isTruncated()).isFalse();
    s3.deleteObject(r -> r.bucket(BUCKET).key("fairlead/a b+c/model.tar.gz"));
    s3.deleteObject(r -> r.bucket(BUCKET).key("fairlead/a b+c/model.tar.gz"));
    assertThat(account.remains())
        .containsExactly("s3://artifacts/fairlead/z", "s3://artifacts/other");
  }

  @Test
  void aScalableTargetMovesCapacityAndGoesWithItsPolicies() {
    serve(variant("blue", "m1", 1));
    String resource = "endpoint/e/variant/blue";

    scaling.registerScalableTarget(r -> r.serviceNamespace("sagemaker")
        .resourceId(resource)
        .scalableDimension("sagemaker:variant:DesiredInstanceCount")
        .minCapacity(2)
        .maxCapacity(4));
    scaling.putScalingPolicy(r -> r.serviceNamespace("sagemaker")
        .resourceId(resource)
        .scalableDimension("sagemaker:variant:DesiredInstanceCount")
        .policyName("p")
        .policyType("TargetTrackingScaling")
        .targetTrackingScalingPolicyConfiguration(c -> c.targetValue(70.0)
            .predefinedMetricSpecification(
                m -> m.predefinedMetricType("SageMakerVariantInvocationsPerInstance"))));

    assertThat(variants("e").get("blue").currentInstanceCount()).isEqualTo(2);
    assertThat(account.remains())
        .contains("scalable-target/" + resource, "scaling-policy/" + resource + "/p");
    var targets =
        scaling.describeScalableTargets(r -> r.serviceNamespace("sagemaker").resourceIds(resource));
    assertThat(targets.scalableTargets().get(0).maxCapacity()).isEqualTo(4);
    var policies =
        scaling.describeScalingPolicies(r -> r.serviceNamespace("sagemaker").resourceId(resource));
    assertThat(policies
            .scalingPolicies()
            .get(0)
            .targetTrackingScalingPolicyConfiguration()
            .targetValue())
        .isEqualTo(70.0);
    createConfig("c2", variant("green", "m1", 1));
    assertThat(refusal(
            () -> sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"))))
        .contains("An Application AutoScaling scalable target exists for variant blue");
    deregister(resource);
    assertThat(catchThrowable(() -> deregister(resource)))
        .isInstanceOf(ObjectNotFoundException.class);
    assertThat(account.remains()).noneMatch(one -> one.startsWith("scal"));
    sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"));
  }

  // ---- words ----

  private void createModel(String name) {
    sageMaker.createModel(r -> r.modelName(name)
        .executionRoleArn(ROLE)
        .primaryContainer(c -> c.image("image:1").environment(Map.of("A", "b")))
        .tags(Tag.builder().key("made-by").value("test").build()));
    time.pass(Duration.ofSeconds(2));
  }

  private static ProductionVariant variant(String name, String model, double weight) {
    return ProductionVariant.builder()
        .variantName(name)
        .modelName(model)
        .instanceType("ml.m5.large")
        .initialInstanceCount(1)
        .initialVariantWeight((float) weight)
        .build();
  }

  private void createConfig(String name, ProductionVariant... variants) {
    sageMaker.createEndpointConfig(r -> r.endpointConfigName(name).productionVariants(variants));
    time.pass(Duration.ofSeconds(2));
  }

  private void createEndpoint(String name, String config) {
    sageMaker.createEndpoint(r -> r.endpointName(name).endpointConfigName(config));
    time.pass(Duration.ofSeconds(2));
  }

  private void serve(ProductionVariant... variants) {
    createModel("m1");
    createConfig("c1", variants);
    createEndpoint("e", "c1");
    time.pass(Duration.ofMinutes(3));
  }

  private DescribeEndpointResponse describe(String name) {
    return sageMaker.describeEndpoint(r -> r.endpointName(name));
  }

  private Map<String, ProductionVariantSummary> variants(String endpoint) {
    Map<String, ProductionVariantSummary> variants = new TreeMap<>();
    describe(endpoint).productionVariants().forEach(one -> variants.put(one.variantName(), one));
    return variants;
  }

  private InvokeEndpointResponse invoke(String endpoint) {
    return runtime.invokeEndpoint(request(endpoint).build());
  }

  private static InvokeEndpointRequest.Builder request(String endpoint) {
    return InvokeEndpointRequest.builder()
        .endpointName(endpoint)
        .contentType("application/json")
        .body(SdkBytes.fromUtf8String("[1]"));
  }

  private static DesiredWeightAndCapacity weight(String variant, double weight) {
    return DesiredWeightAndCapacity.builder()
        .variantName(variant)
        .desiredWeight((float) weight)
        .build();
  }

  private Map<String, Integer> countHundred() {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      counts.merge(invoke("e").invokedProductionVariant(), 1, Integer::sum);
    }
    return counts;
  }

  private void deregister(String resource) {
    scaling.deregisterScalableTarget(r -> r.serviceNamespace("sagemaker")
        .resourceId(resource)
        .scalableDimension("sagemaker:variant:DesiredInstanceCount"));
  }

  private static String refusal(ThrowingCallable call) {
    return error(call).awsErrorDetails().errorMessage();
  }

  private static AwsServiceException error(ThrowingCallable call) {
    AwsServiceException thrown = catchThrowableOfType(AwsServiceException.class, call);
    assertThat(thrown).isNotNull();
    return thrown;
  }
}
