package io.fairlead.sagemaker.internal;

/**
 * A multipart upload that has not been completed.
 *
 * @param key the key of the object that it is to become
 * @param id S3's name for it
 */
record Upload(String key, String id) {
  private static final String SEPARATOR = "?uploadId=";

  /** {@return the upload of a {@link #name}} */
  static Upload of(String name) {
    int at = name.indexOf(SEPARATOR);
    return new Upload(name.substring(0, at), name.substring(at + SEPARATOR.length()));
  }

  /** {@return its name among all uploads} */
  String name() {
    return key + SEPARATOR + id;
  }
}
