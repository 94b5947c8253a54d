package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.sagemaker.internal.rules.KmsKey;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * An asynchronous endpoint, whose requests and answers are in S3, for {@link io.fairlead.grammar.Routing#with};
 * invoked by {@link SageMakerPlatform#invokeAsync}.
 *
 * <p>It applies to all variants of the public name, and cannot be changed while the name is deployed. Bodies may have
 * 1 GB, and an invocation may take an hour.
 */
public final class SageMakerAsync extends Settings<SageMakerAsync.Draft> implements RoutingOptions {
  private static final int MOST_CONCURRENCY = 1000;
  private static final int LONGEST_URI = 1024;

  static final class Draft extends Settings.Draft {
    String outputPath = "";
    Optional<String> failurePath = Optional.empty();
    Optional<Integer> maxConcurrencyPerInstance = Optional.empty();
    Optional<String> successTopic = Optional.empty();
    Optional<String> errorTopic = Optional.empty();
    Optional<String> kmsKey = Optional.empty();
  }

  private SageMakerAsync(Draft draft) {
    super(draft);
    Problems problems = Problems.in("SageMakerAsync")
        .check(
            isPrefix(draft.outputPath), "outputPath", "must be an s3:// prefix", draft.outputPath);
    draft.failurePath.ifPresent(
        path -> problems.check(isPrefix(path), "failurePath", "must be an s3:// prefix", path));
    draft.maxConcurrencyPerInstance.ifPresent(most -> problems.check(
        most >= 1 && most <= MOST_CONCURRENCY,
        "maxConcurrencyPerInstance",
        "must be from 1 to " + MOST_CONCURRENCY,
        most));
    checkTopic("successTopic", draft.successTopic, problems);
    checkTopic("errorTopic", draft.errorTopic, problems);
    draft.kmsKey.ifPresent(key -> problems.check(KmsKey.isKey(key), "kmsKey", KmsKey.RULE, key));
    problems.throwIfAny();
  }

  private static boolean isPrefix(String uri) {
    return uri.length() <= LONGEST_URI && uri.matches("s3://[^/\\s]+(/\\S*)?");
  }

  private static void checkTopic(String field, Optional<String> topic, Problems problems) {
    topic.ifPresent(arn -> problems.check(
        arn.matches("arn:aws[a-z-]*:sns:[a-z0-9-]*:[0-9]{12}:[A-Za-z0-9_.-]+"),
        field,
        "must be an SNS topic's ARN",
        arn));
  }

  /** {@return an endpoint with answers under an S3 prefix and SageMaker's defaults} */
  public static SageMakerAsync to(String outputPath) {
    Draft draft = new Draft();
    draft.outputPath = outputPath;
    return new SageMakerAsync(draft);
  }

  /** {@return the S3 prefix for answers, such as {@code s3://bucket/answers/}} */
  public String outputPath() {
    return draft().outputPath;
  }

  /** {@return the S3 prefix for failures; by default they are not stored} */
  public Optional<String> failurePath() {
    return draft().failurePath;
  }

  /** {@return the maximum number of concurrent requests to one instance, 1 to 1000; by default SageMaker chooses it} */
  public Optional<Integer> maxConcurrencyPerInstance() {
    return draft().maxConcurrencyPerInstance;
  }

  /** {@return the ARN of the SNS topic that gets a notification of each answer} */
  public Optional<String> successTopic() {
    return draft().successTopic;
  }

  /** {@return the ARN of the SNS topic that gets a notification of each failure} */
  public Optional<String> errorTopic() {
    return draft().errorTopic;
  }

  /** {@return the KMS key that encrypts the answers; by default that of the bucket} */
  public Optional<String> kmsKey() {
    return draft().kmsKey;
  }

  public SageMakerAsync withKmsKey(String key) {
    return new SageMakerAsync(with(draft -> draft.kmsKey = Optional.of(key)));
  }

  public SageMakerAsync withFailurePath(String path) {
    return new SageMakerAsync(with(draft -> draft.failurePath = Optional.of(path)));
  }

  public SageMakerAsync withMaxConcurrencyPerInstance(int most) {
    return new SageMakerAsync(with(draft -> draft.maxConcurrencyPerInstance = Optional.of(most)));
  }

  public SageMakerAsync withSuccessTopic(String arn) {
    return new SageMakerAsync(with(draft -> draft.successTopic = Optional.of(arn)));
  }

  public SageMakerAsync withErrorTopic(String arn) {
    return new SageMakerAsync(with(draft -> draft.errorTopic = Optional.of(arn)));
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
