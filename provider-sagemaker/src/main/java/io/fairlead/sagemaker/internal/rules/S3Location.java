package io.fairlead.sagemaker.internal.rules;

/**
 * An object in S3.
 *
 * @param bucket its bucket
 * @param key its key, not URL-encoded
 */
public record S3Location(String bucket, String key) {
  public static final String RULE = "must be s3://, a bucket and a key, of at most 1024 characters";

  private static final String SCHEME = "s3://";
  private static final int LONGEST = 1024;

  public static boolean isObject(String text) {
    int slash = slash(text);
    return slash > SCHEME.length() && slash < text.length() - 1 && text.length() <= LONGEST;
  }

  /** {@return the location in a text that {@link #isObject}} */
  public static S3Location of(String text) {
    int slash = slash(text);
    return new S3Location(text.substring(SCHEME.length(), slash), text.substring(slash + 1));
  }

  private static int slash(String text) {
    return text.startsWith(SCHEME) ? text.indexOf('/', SCHEME.length()) : -1;
  }
}
