package io.fairlead.sagemaker.standin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.Held;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.applicationautoscaling.model.ConcurrentUpdateException;
import software.amazon.awssdk.services.applicationautoscaling.model.ObjectNotFoundException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.Alarm;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DesiredWeightAndCapacity;
import software.amazon.awssdk.services.sagemaker.model.EndpointSummary;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointsResponse;
import software.amazon.awssdk.services.sagemaker.model.ListTagsResponse;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariant;
import software.amazon.awssdk.services.sagemaker.model.ProductionVariantSummary;
import software.amazon.awssdk.services.sagemaker.model.ResourceLimitExceededException;
import software.amazon.awssdk.services.sagemaker.model.Tag;
import software.amazon.awssdk.services.sagemaker.model.VariantProperty;
import software.amazon.awssdk.services.sagemaker.model.VariantPropertyType;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeAsyncClient;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointAsyncResponse;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointResponse;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointWithResponseStreamResponseHandler;
import software.amazon.awssdk.services.sagemakerruntime.model.ModelErrorException;
import software.amazon.awssdk.services.sagemakerruntime.model.ModelNotReadyException;
import software.amazon.awssdk.services.sagemakerruntime.model.ModelStreamErrorException;
import software.amazon.awssdk.services.sagemakerruntime.model.ServiceUnavailableException;

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
    assertThat(describe("e").hasProductionVariants()).isFalse();
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

  // ---- endpoints that do not come ----

  @Test
  void anUpdateThatFailsIsInServiceAgainWithTheOldConfigurationAndMaybeWithoutAReason() {
    serve(variant("blue", "m1", 1));
    createConfig("c2", variant("blue", "m1", 1), variant("green", "m1", 0));
    account.failEndpoint("e", "");

    sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"));
    time.pass(Duration.ofMinutes(2));

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("InService");
    assertThat(describe("e").endpointConfigName()).isEqualTo("c1");
    assertThat(describe("e").failureReason()).isNull();
    account.failEndpoint("e", "no capacity");
    sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"));
    time.pass(Duration.ofMinutes(2));
    assertThat(describe("e").failureReason()).isEqualTo("no capacity");
    sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"));
    assertThat(describe("e").failureReason()).isNull();
    time.pass(Duration.ofMinutes(2));
    assertThat(describe("e").endpointConfigName()).isEqualTo("c2");
  }

  @Test
  void aGuardedUpdateThatFailsRollsBackOrIsStuckBetween() {
    serve(variant("blue", "m1", 1));
    createConfig("c2", variant("blue", "m1", 1));
    Runnable update = () -> sageMaker.updateEndpoint(r -> r.endpointName("e")
        .endpointConfigName("c2")
        .deploymentConfig(d -> d.autoRollbackConfiguration(
                a -> a.alarms(Alarm.builder().alarmName("errors").build()))
            .blueGreenUpdatePolicy(b -> b.terminationWaitInSeconds(60)
                .trafficRoutingConfiguration(t -> t.type("CANARY")
                    .waitIntervalInSeconds(300)
                    .canarySize(c -> c.type("CAPACITY_PERCENT").value(10))))));
    account.failEndpoint("e", "an alarm went off");

    update.run();
    assertThat(comingStatus()).isEqualTo("Creating");
    time.pass(Duration.ofMinutes(1));
    assertThat(comingStatus()).isEqualTo("ActivatingTraffic");
    time.pass(Duration.ofMinutes(6));
    assertThat(comingStatus()).isEqualTo("Baking");
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Updating");
    time.pass(Duration.ofMinutes(1));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("RollingBack");
    assertThat(refusal(update::run)).startsWith("Cannot update in-progress endpoint");
    time.pass(Duration.ofMinutes(1));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("InService");
    assertThat(describe("e").endpointConfigName()).isEqualTo("c1");
    assertThat(describe("e").lastDeploymentConfig().autoRollbackConfiguration().alarms())
        .hasSize(1);

    account.failRollback("e", "an alarm went off");
    update.run();
    time.pass(Duration.ofMinutes(9));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("UpdateRollbackFailed");
    assertThat(invoke("e").invokedProductionVariant()).isEqualTo("blue");
    sageMaker.deleteEndpoint(r -> r.endpointName("e"));
  }

  private String comingStatus() {
    return describe("e")
        .pendingDeploymentSummary()
        .productionVariants()
        .get(0)
        .variantStatus()
        .get(0)
        .statusAsString();
  }

  @Test
  void anEndpointThatFailedCanOnlyBeDeleted() {
    createModel("m1");
    createConfig("c1", variant("blue", "m1", 1));
    account.failEndpoint("e", "The container did not pass the ping health check.");
    createEndpoint("e", "c1");
    assertThat(refusal(() -> sageMaker.deleteEndpoint(r -> r.endpointName("e"))))
        .startsWith("Cannot update in-progress endpoint \"arn:");
    time.pass(Duration.ofMinutes(3));

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Failed");
    assertThat(describe("e").failureReason()).contains("ping health check");
    assertThat(refusal(
            () -> sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c1"))))
        .startsWith("Cannot update endpoint");
    assertThat(refusal(() -> invoke("e")))
        .isEqualTo("Endpoint e of account 123456789012 not found.");
    assertThat(refusal(() -> createEndpoint("E", "c1")))
        .startsWith("Cannot create already existing endpoint");
    sageMaker.deleteEndpoint(r -> r.endpointName("e"));
    time.pass(Duration.ofMinutes(1));
    assertThat(account.remains()).containsExactly("endpoint-config/c1", "model/m1");
  }

  @Test
  void anEndpointWhoseModelDataIsMissingFailsWithItsPlace() {
    sageMaker.createModel(r -> r.modelName("m1")
        .primaryContainer(c -> c.image("image:1").modelDataUrl("s3://artifacts/m.tar.gz")));
    createConfig("c1", variant("blue", "m1", 1));
    createEndpoint("e", "c1");
    time.pass(Duration.ofMinutes(3));

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Failed");
    assertThat(describe("e").failureReason()).contains("s3://artifacts/m.tar.gz");
  }

  @Test
  void anEndpointThatLosesItsConfigurationOnTheWayHangsForAnHour() {
    createModel("m1");
    createConfig("c1", variant("blue", "m1", 1));
    createEndpoint("e", "c1");
    sageMaker.deleteEndpointConfig(r -> r.endpointConfigName("c1"));

    time.pass(Duration.ofMinutes(59));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Creating");
    time.pass(Duration.ofMinutes(1));
    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Failed");
  }

  @Test
  void anEndpointThatIsNeverReadyStaysAsItIs() {
    createModel("m1");
    createConfig("c1", variant("blue", "m1", 1));
    account.neverReady("e");
    createEndpoint("e", "c1");

    time.pass(Duration.ofDays(2));

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("Creating");
  }

  @Test
  void anEndpointThatIsMaintainedServesAndIsNotChanged() {
    serve(variant("blue", "m1", 1));
    account.systemUpdate("e", Duration.ofMinutes(5));

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("SystemUpdating");
    assertThat(invoke("e").invokedProductionVariant()).isEqualTo("blue");
    assertThat(refusal(() -> setWeight("blue", 2)))
        .startsWith("Cannot update in-progress endpoint");
    time.pass(Duration.ofMinutes(5));
    setWeight("blue", 2);
  }

  @Test
  void moreInstancesThanTheQuotaHasAreRefusedInAwssWords() {
    account.resourceLimit("ml.m5.large", 1);
    serve(variant("blue", "m1", 1));
    createConfig("c2", variant("blue", "m1", 1));

    assertThat(catchThrowable(
            () -> sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"))))
        .isInstanceOf(ResourceLimitExceededException.class)
        .hasMessageContaining(
            "The account-level service limit 'ml.m5.large for endpoint usage' is 1"
                + " Instances, with current utilization of 1 Instances and a request delta of 1"
                + " Instances. Please use AWS Service Quotas");
    assertThat(catchThrowable(
            () -> sageMaker.updateEndpointWeightsAndCapacities(r -> r.endpointName("e")
                .desiredWeightsAndCapacities(DesiredWeightAndCapacity.builder()
                    .variantName("blue")
                    .desiredInstanceCount(3)
                    .build()))))
        .hasMessageContaining("a request delta of 2 Instances");
  }

  // ---- updates ----

  @Test
  void anUpdateResetsWeightsAndCountsUnlessTheyAreRetained() {
    serve(variant("blue", "m1", 1), variant("green", "m1", 0));
    sageMaker.updateEndpointWeightsAndCapacities(r -> r.endpointName("e")
        .desiredWeightsAndCapacities(DesiredWeightAndCapacity.builder()
            .variantName("blue")
            .desiredWeight(3f)
            .desiredInstanceCount(5)
            .build()));
    assertThat(variants("e").get("blue").variantStatus().get(0).statusAsString())
        .isEqualTo("Updating");
    time.pass(Duration.ofMinutes(1));
    createConfig("c2", variant("blue", "m1", 1), variant("red", "m1", 2));

    sageMaker.updateEndpoint(
        r -> r.endpointName("e").endpointConfigName("c2").retainAllVariantProperties(true));
    time.pass(Duration.ofMinutes(2));
    assertThat(variants("e").get("blue").currentWeight()).isEqualTo(3f);
    assertThat(variants("e").get("blue").currentInstanceCount()).isEqualTo(5);
    assertThat(variants("e").get("red").currentWeight()).isEqualTo(2f);

    sageMaker.updateEndpoint(r -> r.endpointName("e")
        .endpointConfigName("c1")
        .retainAllVariantProperties(true)
        .excludeRetainedVariantProperties(VariantProperty.builder()
            .variantPropertyType(VariantPropertyType.DESIRED_WEIGHT)
            .build()));
    time.pass(Duration.ofMinutes(2));
    assertThat(variants("e").get("blue").currentWeight()).isEqualTo(1f);
    assertThat(variants("e").get("blue").currentInstanceCount()).isEqualTo(5);

    sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"));
    time.pass(Duration.ofMinutes(2));
    assertThat(variants("e").get("blue").currentInstanceCount()).isEqualTo(1);
  }

  @Test
  void weightsOfAVariantThatIsNotThereAreRefused() {
    serve(variant("blue", "m1", 1));

    assertThat(refusal(() -> setWeight("pink", 2)))
        .isEqualTo("The variant name(s) \"pink\" is/are not present within endpoint configuration"
            + " \"c1\".");
  }

  @Test
  void aFailedChangeOfWeightsLeavesThemAsTheyWere() {
    serve(variant("blue", "m1", 1));
    account.failEndpoint("e", "InsufficientInstanceCapacity");

    setWeight("blue", 7);
    time.pass(Duration.ofMinutes(1));

    assertThat(describe("e").endpointStatusAsString()).isEqualTo("InService");
    assertThat(describe("e").failureReason()).isEqualTo("InsufficientInstanceCapacity");
    assertThat(variants("e").get("blue").desiredWeight()).isEqualTo(1f);
  }

  @Test
  void aServerlessVariantScalesByItsConcurrency() {
    serve(ProductionVariant.builder()
        .variantName("blue")
        .modelName("m1")
        .serverlessConfig(c -> c.memorySizeInMB(2048).maxConcurrency(5))
        .build());

    sageMaker.updateEndpointWeightsAndCapacities(r -> r.endpointName("e")
        .desiredWeightsAndCapacities(DesiredWeightAndCapacity.builder()
            .variantName("blue")
            .serverlessUpdateConfig(u -> u.maxConcurrency(9).provisionedConcurrency(2))
            .build()));
    time.pass(Duration.ofMinutes(1));

    ProductionVariantSummary blue = variants("e").get("blue");
    assertThat(blue.currentServerlessConfig().maxConcurrency()).isEqualTo(9);
    assertThat(blue.currentServerlessConfig().memorySizeInMB()).isEqualTo(2048);
    assertThat(blue.currentInstanceCount()).isNull();
    createConfig("c2", variant("blue", "m1", 1));
    assertThat(refusal(
            () -> sageMaker.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c2"))))
        .contains("between instances and serverless");
  }

  @Test
  void onlyOneVariantsCapacityIsChangedByACall() {
    serve(variant("blue", "m1", 1), variant("green", "m1", 1));

    assertThat(refusal(() -> sageMaker.updateEndpointWeightsAndCapacities(r -> r.endpointName("e")
            .desiredWeightsAndCapacities(
                DesiredWeightAndCapacity.builder()
                    .variantName("blue")
                    .desiredInstanceCount(2)
                    .build(),
                DesiredWeightAndCapacity.builder()
                    .variantName("green")
                    .desiredInstanceCount(2)
                    .build()))))
        .contains("only one variant");
  }

  // ---- what is refused ----

  @Test
  void allThatARequestBreaksIsSaidAtOnceInAwssWords() {
    assertThat(refusal(() -> sageMaker.createEndpoint(r -> r.endpointName("my_endpoint"))))
        .isEqualTo("2 validation errors detected: Value 'my_endpoint' at 'endpointName' failed to"
            + " satisfy constraint: Member must satisfy regular expression pattern:"
            + " [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value null at 'endpointConfigName' failed to"
            + " satisfy constraint: Member must not be null");
    createModel("m1");
    ProductionVariant huge = variant("blue", "m1", 1)
        .copy(v -> v.instanceType("ml.m5.huge").initialInstanceCount(0).volumeSizeInGB(513));
    assertThat(refusal(() -> createConfig("c", huge)))
        .startsWith("3 validation errors detected: ")
        .contains("Value 'ml.m5.huge' at 'productionVariants.1.member.instanceType' failed to"
            + " satisfy constraint: Member must satisfy enum value set: [")
        .contains(
            "Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy"
                + " constraint: Member must have value greater than or equal to 1")
        .contains("Value '513' at 'productionVariants.1.member.volumeSizeInGB'");
    assertThat(error(() -> createConfig("c")).awsErrorDetails().errorCode())
        .isEqualTo("ValidationException");
  }

  @Test
  void configurationsThatContradictThemselvesAreRefused() {
    createModel("m1");
    ProductionVariant blue = variant("blue", "m1", 1);
    ProductionVariant serverless = ProductionVariant.builder()
        .variantName("s")
        .modelName("m1")
        .serverlessConfig(c -> c.memorySizeInMB(2048).maxConcurrency(5))
        .build();

    assertThat(refusal(() -> createConfig("c", blue, blue))).contains("unique");
    assertThat(refusal(() -> createConfig("c", blue, serverless))).contains("not supported");
    assertThat(refusal(() -> createConfig(
            "c",
            serverless.copy(
                s -> s.serverlessConfig(c -> c.memorySizeInMB(2000).maxConcurrency(5))))))
        .contains("MemorySizeInMB");
    assertThat(refusal(() -> createConfig("c", serverless.copy(s -> s.initialInstanceCount(1)))))
        .contains("must not be there");
    assertThat(refusal(() -> createConfig(
            "c",
            serverless.copy(s -> s.serverlessConfig(
                c -> c.memorySizeInMB(2048).maxConcurrency(5).provisionedConcurrency(6))))))
        .contains("ProvisionedConcurrency");
    assertThat(refusal(() -> createConfig("c", blue.copy(b -> b.modelName(null)))))
        .contains("ExecutionRoleArn");
    assertThat(refusal(
            () -> createConfig("c", blue, blue.copy(b -> b.variantName("x").modelName(null)))))
        .contains("ModelName");
    assertThat(refusal(() -> createConfig("c", blue.copy(b -> b.instanceType((String) null)))))
        .contains("InstanceType");
    assertThat(refusal(() -> createConfig("c", blue.copy(b -> b.modelName("other")))))
        .startsWith("Could not find model \"arn:");
    assertThat(refusal(() -> sageMaker.createEndpointConfig(r -> r.endpointConfigName("c")
            .productionVariants(blue, blue.copy(b -> b.variantName("x")))
            .shadowProductionVariants(blue.copy(b -> b.variantName("y"))))))
        .contains("exactly one production variant");
    assertThat(account.remains()).containsExactly("model/m1");
  }

  @Test
  void modelsThatContradictThemselvesAreRefused() {
    assertThat(refusal(() -> sageMaker.createModel(r -> r.modelName("m"))))
        .contains("PrimaryContainer or Containers");
    assertThat(refusal(() -> sageMaker.createModel(
            r -> r.modelName("m").primaryContainer(c -> c.environment(Map.of("1A", "x"))))))
        .contains("primaryContainer.environment");
    assertThat(refusal(() -> sageMaker.createModel(r -> r.modelName("m")
            .primaryContainer(c -> c.image("i")
                .modelDataUrl("s3://b/k")
                .modelDataSource(d -> d.s3DataSource(
                    x -> x.s3Uri("s3://b/k/").s3DataType("S3Prefix").compressionType("None")))))))
        .contains("not both");
    createModel("m");
    assertThat(refusal(() -> createModel("m"))).startsWith("Cannot create already existing model");
    assertThat(account.remains()).containsExactly("model/m");
  }

  // ---- what is made is seen late ----

  @Test
  void whatIsNewIsListedAtOnceAndDescribedAfterTwoSeconds() {
    sageMaker.createModel(r -> r.modelName("m1").primaryContainer(c -> c.image("i")));

    assertThat(refusal(() -> sageMaker.describeModel(r -> r.modelName("m1"))))
        .startsWith("Could not find model");
    assertThat(sageMaker.listModels(r -> r.nameContains("M")).models()).hasSize(1);
    time.pass(Duration.ofSeconds(2));
    assertThat(
            sageMaker.describeModel(r -> r.modelName("m1")).primaryContainer().image())
        .isEqualTo("i");
  }

  @Test
  void whatIsHiddenIsNotFoundWhereItIsNamedEither() {
    account.describeDelay(Duration.ZERO);
    account.hideAfterCreate("model", 2);
    account.hideAfterCreate("endpoint-config", Duration.ofSeconds(30));
    createModel("m1");
    ThrowingCallable config = () -> sageMaker.createEndpointConfig(
        r -> r.endpointConfigName("c1").productionVariants(variant("blue", "m1", 1)));

    assertThat(refusal(config)).startsWith("Could not find model");
    assertThat(refusal(config)).startsWith("Could not find model");
    createConfig("c1", variant("blue", "m1", 1));
    assertThat(refusal(() -> createEndpoint("e", "c1")))
        .startsWith("Could not find endpoint configuration");
    time.pass(Duration.ofSeconds(28));
    createEndpoint("e", "c1");
  }

  // ---- lists and tags ----

  @Test
  void endpointsAreListedInPagesTheNewestFirst() {
    createModel("m1");
    createConfig("c1", variant("blue", "m1", 1));
    for (String name : List.of("a-1", "b", "a-2", "a-3")) {
      createEndpoint(name, "c1");
    }

    ListEndpointsResponse first =
        sageMaker.listEndpoints(r -> r.nameContains("a-").maxResults(2));
    ListEndpointsResponse second = sageMaker.listEndpoints(
        r -> r.nameContains("a-").maxResults(2).nextToken(first.nextToken()));

    assertThat(first.endpoints())
        .extracting(EndpointSummary::endpointName)
        .containsExactly("a-3", "a-2");
    assertThat(second.endpoints()).extracting(EndpointSummary::endpointName).containsExactly("a-1");
    assertThat(second.nextToken()).isNull();
    assertThat(sageMaker.listEndpointConfigs().endpointConfigs()).hasSize(1);
    assertThat(sageMaker
            .listEndpoints(r -> r.creationTimeBefore(time.now().minusSeconds(5))
                .sortBy("Name")
                .sortOrder("Ascending"))
            .endpoints())
        .extracting(EndpointSummary::endpointName)
        .containsExactly("a-1", "b");
    assertThat(sageMaker.listEndpoints(r -> r.statusEquals("InService")).endpoints())
        .isEmpty();
  }

  @Test
  void tagsAreAddedListedInPagesAndDeleted() {
    createModel("m1");
    String arn = sageMaker.describeModel(r -> r.modelName("m1")).modelArn();
    account.tagsPerPage(1);

    sageMaker.addTags(
        r -> r.resourceArn(arn).tags(Tag.builder().key("k").value("v").build()));
    ListTagsResponse first = sageMaker.listTags(r -> r.resourceArn(arn));
    ListTagsResponse second =
        sageMaker.listTags(r -> r.resourceArn(arn).nextToken(first.nextToken()));
    sageMaker.deleteTags(r -> r.resourceArn(arn).tagKeys("made-by"));

    assertThat(first.tags()).extracting(Tag::key).containsExactly("made-by");
    assertThat(second.tags()).extracting(Tag::key).containsExactly("k");
    assertThat(second.nextToken()).isNull();
    assertThat(account.tags("model/m1")).isEqualTo(Map.of("k", "v"));
  }

  @Test
  void whatOthersMadeHasNoTagsAndServes() {
    account.addModel("theirs");
    account.addEndpointConfig("theirs", "theirs", "their-variant");
    account.addEndpoint("theirs", "theirs");
    account.addScalableTarget("theirs", "their-variant", 1, 3);

    assertThat(describe("theirs").endpointStatusAsString()).isEqualTo("InService");
    assertThat(invoke("theirs").invokedProductionVariant()).isEqualTo("their-variant");
    assertThat(account.tags("endpoint/theirs")).isEmpty();
    assertThat(account.remains())
        .containsExactlyInAnyOrder(
            "model/theirs",
            "endpoint-config/theirs",
            "endpoint/theirs",
            "scalable-target/endpoint/theirs/variant/their-variant");
    account.mayDeregisterScalableTargets(false);
    assertThat(refusal(() -> sageMaker.deleteEndpoint(r -> r.endpointName("theirs"))))
        .contains("does not have application-autoscaling:DeregisterScalableTarget");
    account.mayDeregisterScalableTargets(true);
    sageMaker.deleteEndpoint(r -> r.endpointName("theirs"));
    assertThat(account.remains()).noneMatch(one -> one.startsWith("scalable-target/"));
  }

  // ---- inference components ----

  @Test
  void aComponentServesScalesAndKeepsItsEndpoint() {
    createModel("m1");
    sageMaker.createEndpointConfig(r -> r.endpointConfigName("c1")
        .executionRoleArn(ROLE)
        .productionVariants(variant("all", "m1", 1).copy(v -> v.modelName(null))));
    createEndpoint("e", "c1");
    time.pass(Duration.ofMinutes(3));

    sageMaker.createInferenceComponent(r -> r.inferenceComponentName("i")
        .endpointName("e")
        .variantName("all")
        .specification(
            s -> s.modelName("m1").computeResourceRequirements(c -> c.minMemoryRequiredInMb(512)))
        .runtimeConfig(c -> c.copyCount(1)));
    time.pass(Duration.ofMinutes(1));
    assertThat(refusal(() -> invoke("e"))).contains("Inference Component");
    assertThat(runtime
            .invokeEndpoint(request("e").inferenceComponentName("i").build())
            .body()
            .asUtf8String())
        .isEqualTo("[1]");
    sageMaker.updateInferenceComponentRuntimeConfig(
        r -> r.inferenceComponentName("i").desiredRuntimeConfig(c -> c.copyCount(3)));
    time.pass(Duration.ofMinutes(1));
    var described = sageMaker.describeInferenceComponent(r -> r.inferenceComponentName("i"));
    assertThat(described.inferenceComponentStatusAsString()).isEqualTo("InService");
    assertThat(described.runtimeConfig().currentCopyCount()).isEqualTo(3);
    assertThat(
            sageMaker.listInferenceComponents(r -> r.endpointNameEquals("e")).inferenceComponents())
        .hasSize(1);
    assertThat(refusal(() -> sageMaker.deleteEndpoint(r -> r.endpointName("e"))))
        .contains("inference components");
    sageMaker.deleteInferenceComponent(r -> r.inferenceComponentName("i"));
    time.pass(Duration.ofMinutes(1));
    sageMaker.deleteEndpoint(r -> r.endpointName("e"));
  }

  // ---- S3 ----

  @Test
  void anObjectIsUploadedInPartsOrGivenUp() {
    account.addBucket(BUCKET);
    byte[] part = new byte[5 << 20];
    String id = s3.createMultipartUpload(
            r -> r.bucket(BUCKET).key("big").metadata(Map.of("run", "r1")))
        .uploadId();
    List<CompletedPart> parts = new ArrayList<>();
    for (int number = 1; number <= 2; number++) {
      int current = number;
      String etag = s3.uploadPart(
              r -> r.bucket(BUCKET).key("big").uploadId(id).partNumber(current),
              RequestBody.fromBytes(part))
          .eTag();
      parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
    }

    assertThat(account.remains()).containsExactly("multipart-upload/artifacts/big");
    assertThat(s3.listMultipartUploads(r -> r.bucket(BUCKET)).uploads()).hasSize(1);
    s3.completeMultipartUpload(
        r -> r.bucket(BUCKET).key("big").uploadId(id).multipartUpload(m -> m.parts(parts)));
    assertThat(account.remains()).containsExactly("s3://artifacts/big");
    assertThat(account.object(BUCKET, "big")).hasSize(10 << 20);
    assertThat(account.metadata(BUCKET, "big")).isEqualTo(Map.of("run", "r1"));

    String other = s3.createMultipartUpload(r -> r.bucket(BUCKET).key("big")).uploadId();
    s3.abortMultipartUpload(r -> r.bucket(BUCKET).key("big").uploadId(other));
    assertThat(catchThrowable(
            () -> s3.abortMultipartUpload(r -> r.bucket(BUCKET).key("big").uploadId(other))))
        .isInstanceOf(NoSuchUploadException.class);
  }

  @Test
  void whatIsNotStoredIsNotFound() {
    account.addBucket(BUCKET);

    assertThat(catchThrowable(() -> s3.headObject(r -> r.bucket(BUCKET).key("k"))))
        .isInstanceOf(NoSuchKeyException.class);
    assertThat(catchThrowable(() -> s3.getObjectAsBytes(r -> r.bucket(BUCKET).key("k"))))
        .isInstanceOf(NoSuchKeyException.class);
    assertThat(catchThrowable(
            () -> s3.putObject(r -> r.bucket("none").key("k"), RequestBody.fromString("x"))))
        .isInstanceOf(NoSuchBucketException.class);
    assertThat(catchThrowable(() -> s3.headBucket(r -> r.bucket("none"))))
        .isInstanceOf(NoSuchBucketException.class);
  }

  @Test
  void objectsAreDeletedTogetherAndListedByFolder() {
    account.addObject(BUCKET, "a/1", new byte[1]);
    account.addObject(BUCKET, "a/2", new byte[1]);
    account.addObject(BUCKET, "b", new byte[1]);

    assertThat(s3.listObjectsV2(r -> r.bucket(BUCKET).delimiter("/")).commonPrefixes())
        .extracting(CommonPrefix::prefix)
        .containsExactly("a/");
    s3.deleteObjects(r -> r.bucket(BUCKET)
        .delete(d -> d.objects(
            ObjectIdentifier.builder().key("a/1").build(),
            ObjectIdentifier.builder().key("a/2").build())));
    assertThat(account.remains()).containsExactly("s3://artifacts/b");
  }

  @Test
  void aBodyThatWasChangedOnTheWayIsRefused() {
    account.addBucket(BUCKET);

    assertThat(refusal(() -> s3.putObject(
            r -> r.bucket(BUCKET).key("k").checksumCRC32("AAAAAA=="), RequestBody.fromString("x"))))
        .contains("did not match");
    assertThat(account.remains()).isEmpty();
  }

  @Test
  void aRefusedHeadTellsOnlyItsStatus() {
    account.addBucket(BUCKET);
    account.expireFromCall(1);

    S3Exception refusal = catchThrowableOfType(
        S3Exception.class, () -> s3.headObject(r -> r.bucket(BUCKET).key("k")));

    assertThat(refusal.statusCode()).isEqualTo(400);
    assertThat(refusal.toString()).doesNotContainIgnoringCase("token");
  }

  @Test
  void anObjectThatIsThereIsNotOverwrittenByWhoAsksForThat() {
    account.addObject(BUCKET, "k", new byte[] {1});

    S3Exception refusal = catchThrowableOfType(
        S3Exception.class,
        () -> s3.putObject(
            r -> r.bucket(BUCKET).key("k").ifNoneMatch("*"), RequestBody.fromString("x")));

    assertThat(refusal.statusCode()).isEqualTo(412);
    assertThat(account.object(BUCKET, "k")).containsExactly(1);
  }

  // ---- inference ----

  @Test
  void anInvocationReachesTheVariantItIsPinnedToWithItsHeaders() {
    serve(variant("blue", "m1", 1), variant("green", "m1", 0));

    InvokeEndpointResponse answer = runtime.invokeEndpoint(request("e")
        .targetVariant("green")
        .inferenceId("id-1")
        .customAttributes("trace=1")
        .sessionId("NEW_SESSION")
        .accept("text/plain")
        .build());

    assertThat(answer.invokedProductionVariant()).isEqualTo("green");
    assertThat(answer.contentType()).isEqualTo("text/plain");
    assertThat(answer.customAttributes()).isEqualTo("trace=1");
    assertThat(answer.newSessionId()).contains("; Expires=");
    Invocation reached = account.invocations().get(0);
    assertThat(reached.variant()).isEqualTo("green");
    assertThat(reached.model()).isEqualTo("m1");
    assertThat(reached.body().asUtf8String()).isEqualTo("[1]");
    assertThat(reached.headers())
        .containsEntry("Inference-Id", "id-1")
        .containsEntry("Content-Type", "application/json");
    assertThat(
            error(() -> runtime.invokeEndpoint(request("e").targetVariant("red").build()))
                .awsErrorDetails()
                .errorCode())
        .isEqualTo("ValidationError");
  }

  @Test
  void aContainerAnswersAsTheTestWantsOrFails() {
    serve(variant("blue", "m1", 1));
    account.answerWith(invocation -> ("by " + invocation.variant()).getBytes(UTF_8));
    assertThat(invoke("e").body().asUtf8String()).isEqualTo("by blue");

    account.failNextInvocation(AwsError.model(500, "out of memory", "arn:logs"));
    ModelErrorException failed = catchThrowableOfType(ModelErrorException.class, () -> invoke("e"));
    assertThat(failed.statusCode()).isEqualTo(424);
    assertThat(failed.originalStatusCode()).isEqualTo(500);
    assertThat(failed.originalMessage()).isEqualTo("out of memory");
    assertThat(failed.logStreamArn()).isEqualTo("arn:logs");
    account.failNextInvocation(AwsError.modelNotReady());
    assertThat(catchThrowable(() -> invoke("e"))).isInstanceOf(ModelNotReadyException.class);
    account.failNextInvocation(AwsError.unavailable());
    assertThat(catchThrowable(() -> invoke("e"))).isInstanceOf(ServiceUnavailableException.class);
    account.failNextInvocation(AwsError.throttledInHeader());
    AwsServiceException throttled = error(() -> invoke("e"));
    assertThat(throttled.statusCode()).isEqualTo(400);
    assertThat(throttled.awsErrorDetails().errorCode()).isEqualTo("ThrottlingException");
    assertThat(throttled.isThrottlingException()).isTrue();
    assertThat(account.invocations()).hasSize(1);
  }

  @Test
  void aSlowContainerAnswersWhenTheTestSaysSoAndKeepsNobodyElseWaiting()
      throws InterruptedException, ExecutionException {
    serve(variant("blue", "m1", 1));
    Held held = account.holdNextInvocation();

    CompletableFuture<InvokeEndpointResponse> slow =
        CompletableFuture.supplyAsync(() -> invoke("e"));
    held.awaitArrival();
    assertThat(invoke("e").invokedProductionVariant()).isEqualTo("blue");
    assertThat(slow).isNotDone();
    held.release();

    assertThat(slow.get().invokedProductionVariant()).isEqualTo("blue");
  }

  @Test
  void anAsynchronousInvocationIsAnsweredInS3() {
    createModel("m1");
    sageMaker.createEndpointConfig(r -> r.endpointConfigName("c1")
        .productionVariants(variant("blue", "m1", 1))
        .asyncInferenceConfig(a ->
            a.outputConfig(o -> o.s3OutputPath("s3://out/ok/").s3FailurePath("s3://out/failed"))));
    createEndpoint("e", "c1");
    time.pass(Duration.ofMinutes(3));
    account.addObject("in", "request", "[2]".getBytes(UTF_8));
    account.addBucket("out");

    InvokeEndpointAsyncResponse accepted =
        runtime.invokeEndpointAsync(r -> r.endpointName("e").inputLocation("s3://in/request"));
    assertThat(accepted.inferenceId()).isNotEmpty();
    assertThat(account.remains()).noneMatch(one -> one.startsWith("s3://out"));
    time.pass(Duration.ofSeconds(10));
    assertThat(account.remains()).contains(accepted.outputLocation());
    String key = accepted.outputLocation().substring("s3://out/".length());
    assertThat(new String(account.object("out", key), UTF_8)).isEqualTo("[2]");

    account.failNextInvocation(AwsError.model(400, "bad input", "arn:logs"));
    InvokeEndpointAsyncResponse failing =
        runtime.invokeEndpointAsync(r -> r.endpointName("e").inputLocation("s3://in/request"));
    time.pass(Duration.ofSeconds(10));
    assertThat(account.remains())
        .contains(failing.failureLocation())
        .doesNotContain(failing.outputLocation());
    assertThat(refusal(() -> invoke("e"))).contains("asynchronous");
  }

  @Test
  void aStreamComesInPartsAndMayBreak() {
    serve(variant("blue", "m1", 1));
    account.streamInParts(List.of("one ".getBytes(UTF_8), "two".getBytes(UTF_8)));
    StringBuilder text = new StringBuilder();
    StringBuilder variant = new StringBuilder();

    stream(text, variant);
    assertThat(text).hasToString("one two");
    assertThat(variant).hasToString("blue");

    account.breakNextStream("StreamBroken", "the container went away");
    assertThat(catchThrowable(() -> stream(text, variant)))
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(ModelStreamErrorException.class, e -> {
          assertThat(e.errorCode()).isEqualTo("StreamBroken");
          assertThat(e).hasMessageContaining("the container went away");
        });
    assertThat(text).hasToString("one twoone two");
  }

  private void stream(StringBuilder text, StringBuilder variant) {
    try (SageMakerRuntimeAsyncClient async = SageMakerRuntimeAsyncClient.builder()
        .endpointOverride(StandIn.endpoint())
        .region(Region.EU_WEST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(key, "secret")))
        .overrideConfiguration(c -> c.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build()) {
      async
          .invokeEndpointWithResponseStream(
              r -> r.endpointName("e").body(SdkBytes.fromUtf8String("[1]")),
              InvokeEndpointWithResponseStreamResponseHandler.builder()
                  .onResponse(response -> variant.append(response.invokedProductionVariant()))
                  .subscriber(InvokeEndpointWithResponseStreamResponseHandler.Visitor.builder()
                      .onPayloadPart(part -> text.append(part.bytes().asUtf8String()))
                      .build())
                  .build())
          .join();
    }
  }

  // ---- who asks, and how often ----

  @Test
  void aKeyThatIsUnknownOrExpiredIsRefusedByEachService() {
    account.addBucket(BUCKET);
    assertThat(account.calls()).isEmpty();
    account.expireFromCall(2);
    sageMaker.listModels();

    for (ThrowingCallable call : oneCallOfEach()) {
      assertThat(error(call).awsErrorDetails().errorCode()).startsWith("ExpiredToken");
    }
    assertThat(account.calls())
        .containsExactly(
            "ListModels",
            "ListModels",
            "DescribeScalableTargets",
            "ListObjectsV2",
            "InvokeEndpoint");

    account.close();
    for (ThrowingCallable call : oneCallOfEach()) {
      assertThat(error(call).awsErrorDetails().errorCode())
          .isIn("UnrecognizedClientException", "InvalidAccessKeyId");
    }
  }

  private List<ThrowingCallable> oneCallOfEach() {
    return List.of(
        sageMaker::listModels,
        () -> scaling.describeScalableTargets(r -> r.serviceNamespace("sagemaker")),
        () -> s3.listObjectsV2(r -> r.bucket(BUCKET)),
        () -> invoke("e"));
  }

  @Test
  void everyCallIsThrottledOnceOrFailsAsTheTestWants() {
    account.throttleEveryCallOnce();
    assertThat(error(sageMaker::listModels).isThrottlingException()).isTrue();
    sageMaker.listModels();

    account.failNext("ListModels", AwsError.of(400, "AccessDeniedException", "not allowed"));
    assertThat(error(sageMaker::listModels))
        .hasMessageContaining("not allowed")
        .extracting(e -> e.awsErrorDetails().errorCode())
        .isEqualTo("AccessDeniedException");
    sageMaker.listModels();
  }

  @Test
  void accountsDoNotSeeEachOther() {
    createModel("m1");
    try (Account other = StandIn.account(key + "B", time)) {
      assertThat(other.remains()).isEmpty();
      other.addModel("m1");
      assertThat(other.tags("model/m1")).isEmpty();
    }
    assertThat(account.tags("model/m1")).isNotEmpty();
  }

  // ---- calls that break ----

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"CUT_AFTER", "TIMEOUT_AFTER"})
  void aCallMayBeDoneAndItsAnswerLost(Fault fault) {
    Faults faults = Faults.at("sagemaker", 1, fault);
    SageMakerClient broken = client(SageMakerClient.builder(), new BrokenHttpClient(HTTP, faults));

    Throwable thrown = catchThrowable(
        () -> broken.createModel(r -> r.modelName("m1").primaryContainer(c -> c.image("i"))));

    assertThat(thrown)
        .isInstanceOf(SdkClientException.class)
        .hasCauseInstanceOf(
            fault == Fault.CUT_AFTER ? SocketException.class : SocketTimeoutException.class);
    assertThat(account.remains()).containsExactly("model/m1");
    assertThat(faults.calls()).containsExactly("CreateModel m1");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"THROTTLED", "UNAVAILABLE", "CONFLICT", "DENIED"})
  void aCallMayBeRefusedInTheWordsOfItsService(Fault fault) {
    SdkHttpClient http = new BrokenHttpClient(HTTP, Faults.from("sagemaker", 1, fault));
    SageMakerClient control = client(SageMakerClient.builder(), http);
    ApplicationAutoScalingClient autoScaling = client(ApplicationAutoScalingClient.builder(), http);
    S3Client objects = client(S3Client.builder(), http);
    SageMakerRuntimeClient inference = client(SageMakerRuntimeClient.builder(), http);
    account.addBucket(BUCKET);

    AwsServiceException fromControl =
        error(() -> control.updateEndpoint(r -> r.endpointName("e").endpointConfigName("c")));
    AwsServiceException fromScaling =
        error(() -> autoScaling.describeScalableTargets(r -> r.serviceNamespace("sagemaker")));
    AwsServiceException fromS3 =
        error(() -> objects.putObject(r -> r.bucket(BUCKET).key("k"), RequestBody.fromString("x")));
    AwsServiceException fromRuntime =
        error(() -> inference.invokeEndpoint(request("e").build()));
    List<AwsServiceException> all = List.of(fromControl, fromScaling, fromS3, fromRuntime);

    String word = switch (fault) {
      case THROTTLED -> "rate exceeded";
      case UNAVAILABLE -> "service unavailable";
      case CONFLICT -> "another operation is in progress";
      default -> "the token has expired";
    };
    assertThat(all).allSatisfy(e -> assertThat(e).hasMessageContaining(word));
    if (fault == Fault.THROTTLED) {
      assertThat(all).allMatch(AwsServiceException::isThrottlingException);
    }
    if (fault == Fault.UNAVAILABLE) {
      assertThat(all).allMatch(e -> e.statusCode() == 503);
    }
    if (fault == Fault.CONFLICT) {
      assertThat(fromControl.awsErrorDetails().errorMessage())
          .startsWith("Cannot update in-progress endpoint");
      assertThat(fromScaling).isInstanceOf(ConcurrentUpdateException.class);
      assertThat(fromS3.awsErrorDetails().errorCode()).isEqualTo("OperationAborted");
    }
    if (fault == Fault.DENIED) {
      assertThat(all).allMatch(e -> e.awsErrorDetails().errorCode().startsWith("ExpiredToken"));
    }
    assertThat(account.calls()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"KILLED_BEFORE", "KILLED_AFTER"})
  void theEndOfTheProcessComesOutOfTheSdkAsItIs(Fault fault) {
    account.addBucket(BUCKET);
    SdkHttpClient http = new BrokenHttpClient(HTTP, Faults.from("sagemaker", 1, fault));
    SageMakerClient control = client(SageMakerClient.builder(), http);
    S3Client objects = client(S3Client.builder(), http);
    SageMakerRuntimeClient inference = client(SageMakerRuntimeClient.builder(), http);
    List<ThrowingCallable> calls = List.of(
        () -> control.createModel(r -> r.modelName("m1").primaryContainer(c -> c.image("i"))),
        () -> objects.putObject(r -> r.bucket(BUCKET).key("k"), RequestBody.fromString("x")),
        () -> inference.invokeEndpoint(request("e").build()));

    for (ThrowingCallable call : calls) {
      assertThat(catchThrowable(call)).isInstanceOf(ProcessKilled.class);
    }

    assertThat(account.remains()).hasSize(fault == Fault.KILLED_AFTER ? 2 : 0);
  }

  @Test
  void lostAnswersLeaveNoConnectionBehind() {
    try (SdkHttpClient two = ApacheHttpClient.builder().maxConnections(2).build()) {
      SageMakerClient broken = client(
          SageMakerClient.builder(),
          new BrokenHttpClient(two, Faults.from("sagemaker", 1, Fault.CUT_AFTER)));
      for (int i = 0; i < 10; i++) {
        assertThat(catchThrowable(broken::listModels)).hasCauseInstanceOf(SocketException.class);
      }
    }
    assertThat(account.calls()).hasSize(10);
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

  private void setWeight(String variant, double weight) {
    sageMaker.updateEndpointWeightsAndCapacities(
        r -> r.endpointName("e").desiredWeightsAndCapacities(weight(variant, weight)));
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
