package io.fairlead.sagemaker.internal.rules;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of a model in SageMaker's model registry, or one of AWS Marketplace, which names its image and its data.
 *
 * @param arn its ARN
 * @param region its region
 * @param name its name, with the version
 */
public record ModelPackage(String arn, String region, String name) {
  public static final String SCHEME = "arn";
  public static final String RULE =
      "must be the ARN of a model package, such as arn:aws:sagemaker:us-east-1:123456789012:model-package/bert/3";

  private static final Pattern ARN = Pattern.compile("arn:aws[a-z-]*:sagemaker:([a-z0-9-]{9,16}):"
      + "[0-9]{12}:model-package/([a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}(?:/[0-9]{1,9})?)");

  /** {@return the package with an ARN; empty if it is another text} */
  public static Optional<ModelPackage> of(String text) {
    Matcher arn = ARN.matcher(text);
    return arn.matches()
        ? Optional.of(new ModelPackage(text, arn.group(1), arn.group(2)))
        : Optional.empty();
  }
}
