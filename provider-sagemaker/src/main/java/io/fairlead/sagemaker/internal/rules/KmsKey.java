package io.fairlead.sagemaker.internal.rules;

import java.util.regex.Pattern;

/** AWS's rule for keys of its Key Management Service, which encrypt what SageMaker stores. */
public final class KmsKey {
  public static final String RULE =
      "must be the id, alias or ARN of a KMS key, such as alias/serving or arn:aws:kms:us-east-1:123456789012:key/...";

  private static final Pattern KEY = Pattern.compile("[a-zA-Z0-9:/_-]{1,2048}");

  private KmsKey() {}

  public static boolean isKey(String text) {
    return KEY.matcher(text).matches();
  }
}
