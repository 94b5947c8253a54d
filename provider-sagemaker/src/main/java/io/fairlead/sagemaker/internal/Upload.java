package io.fairlead.sagemaker.internal;

/**
 * A multipart upload that has not been completed.
 *
 * @param key the key of the object that it creates
 * @param id its id at S3
 */
record Upload(String key, String id) {
  private static final String SEPARATOR = "?uploadId=";

  /** {@return the upload with a {@link #name}} */
  static Upload of(String name) {
    int at = name.indexOf(SEPARATOR);
    return new Upload(name.substring(0, at), name.substring(at + SEPARATOR.length()));
  }

  /** {@return its name as a resource} */
  String name() {
    return key + SEPARATOR + id;
  }
}
