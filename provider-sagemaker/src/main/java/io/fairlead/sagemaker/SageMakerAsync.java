package io.fairlead.sagemaker;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RoutingOptions;

/**
 * An endpoint whose requests and answers lie in S3, for {@link
 * io.fairlead.grammar.Routing#with}; asked by {@link SageMakerPlatform#invokeAsync}.
 *
 * <p>It holds for all variants of the public name and for as long as that is deployed. Bodies may have a gigabyte and
 * take an hour.
 *
 * @param outputPath the S3 prefix for answers, such as {@code s3://bucket/answers/}
 * @param failurePath the S3 prefix for what went wrong; empty for none
 * @param maxConcurrencyPerInstance the most requests that one instance is sent at a time, 1 to 1000; 0 for what SageMaker
 *     finds best
 * @param successTopic the ARN of the SNS topic that is told of answers; may be empty
 * @param errorTopic the ARN of the SNS topic that is told of failures; may be empty
 */
public record SageMakerAsync(
    String outputPath,
    String failurePath,
    int maxConcurrencyPerInstance,
    String successTopic,
    String errorTopic)
    implements RoutingOptions {
  private static final int MOST_CONCURRENCY = 1000;
  private static final int LONGEST_URI = 1024;

  public SageMakerAsync {
    Problems.in("SageMakerAsync")
        .check(isPrefix(outputPath), "outputPath", "must be an s3:// prefix", outputPath)
        .check(
            failurePath.isEmpty() || isPrefix(failurePath),
            "failurePath",
            "must be an s3:// prefix, or empty",
            failurePath)
        .check(
            maxConcurrencyPerInstance >= 0 && maxConcurrencyPerInstance <= MOST_CONCURRENCY,
            "maxConcurrencyPerInstance",
            "must be from 1 to " + MOST_CONCURRENCY + ", or 0",
            maxConcurrencyPerInstance)
        .check(isTopic(successTopic), "successTopic", "must be an SNS topic's ARN", successTopic)
        .check(isTopic(errorTopic), "errorTopic", "must be an SNS topic's ARN", errorTopic)
        .throwIfAny();
  }

  private static boolean isPrefix(String uri) {
    return uri.length() <= LONGEST_URI && uri.matches("s3://[^/\\s]+(/\\S*)?");
  }

  private static boolean isTopic(String arn) {
    return arn.isEmpty() || arn.matches("arn:aws[a-z-]*:sns:[a-z0-9-]*:[0-9]{12}:[A-Za-z0-9_.-]+");
  }

  /** {@return answers under an S3 prefix, and nothing else said} */
  public static SageMakerAsync to(String outputPath) {
    return new SageMakerAsync(outputPath, "", 0, "", "");
  }

  public SageMakerAsync withFailurePath(String path) {
    return new SageMakerAsync(
        outputPath, path, maxConcurrencyPerInstance, successTopic, errorTopic);
  }

  public SageMakerAsync withMaxConcurrencyPerInstance(int most) {
    return new SageMakerAsync(outputPath, failurePath, most, successTopic, errorTopic);
  }

  public SageMakerAsync withTopics(String success, String error) {
    return new SageMakerAsync(outputPath, failurePath, maxConcurrencyPerInstance, success, error);
  }

  @Override
  public String platform() {
    return SageMakerProvider.ID;
  }
}
