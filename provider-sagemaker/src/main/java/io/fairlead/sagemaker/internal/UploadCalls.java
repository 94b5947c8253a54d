package io.fairlead.sagemaker.internal;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsRequest;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.ListPartsRequest;
import software.amazon.awssdk.services.s3.model.ListPartsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.Part;

/**
 * The calls on incomplete multipart uploads, in progress or left behind: S3 bills their parts, but does not list them
 * as objects.
 *
 * <p>Only the process that started an upload knows its id, so uploads that were left behind are found by their keys.
 */
final class UploadCalls {
  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final String bucket;

  UploadCalls(SageMakerClients clients, SageMakerErrors errors, String bucket) {
    this.clients = clients;
    this.errors = errors;
    this.bucket = bucket;
  }

  /** {@return the uploads of all keys with a prefix} */
  List<MultipartUpload> list(String prefix) {
    List<MultipartUpload> all = new ArrayList<>();
    @Nullable String key = null;
    @Nullable String id = null;
    boolean more;
    do {
      ListMultipartUploadsRequest request = ListMultipartUploadsRequest.builder()
          .bucket(bucket)
          .prefix(prefix)
          .keyMarker(key)
          .uploadIdMarker(id)
          .build();
      ListMultipartUploadsResponse page = errors.call(
          "List the multipart uploads to s3://" + bucket + "/" + prefix,
          () -> clients.s3().listMultipartUploads(request));
      all.addAll(page.uploads());
      key = page.nextKeyMarker();
      id = page.nextUploadIdMarker();
      more = Boolean.TRUE.equals(page.isTruncated());
    } while (more);
    return all;
  }

  /** {@return the time of an upload's last part: a process that is still uploading sends one every few minutes} */
  Instant lastActive(MultipartUpload upload) {
    Instant last = upload.initiated();
    @Nullable Integer marker = null;
    boolean more;
    do {
      ListPartsRequest request = ListPartsRequest.builder()
          .bucket(bucket)
          .key(upload.key())
          .uploadId(upload.uploadId())
          .partNumberMarker(marker)
          .build();
      ListPartsResponse page = unlessGone(
          "List the parts of an upload to s3://" + bucket + "/" + upload.key(),
          () -> clients.s3().listParts(request));
      if (page == null) {
        return last;
      }
      for (Part part : page.parts()) {
        last = part.lastModified() != null && part.lastModified().isAfter(last)
            ? part.lastModified()
            : last;
      }
      marker = page.nextPartNumberMarker();
      more = Boolean.TRUE.equals(page.isTruncated());
    } while (more);
    return last;
  }

  /** Aborts all uploads of a key. */
  void abortAll(String key) {
    for (MultipartUpload upload : list(key)) {
      if (upload.key().equals(key)) {
        abort(new Upload(key, upload.uploadId()));
      }
    }
  }

  void abort(Upload upload) {
    unlessGone(
        "Abort an upload to s3://" + bucket + "/" + upload.key(),
        () -> clients
            .s3()
            .abortMultipartUpload(
                request -> request.bucket(bucket).key(upload.key()).uploadId(upload.id())));
  }

  private <T> @Nullable T unlessGone(String what, Supplier<T> call) {
    try {
      return call.get();
    } catch (SdkException e) {
      // By its code: a catch of S3's own exception would load S3's classes with this class.
      boolean isGone = e instanceof AwsServiceException answer
          && SageMakerErrors.code(answer).equals("NoSuchUpload");
      if (isGone) {
        return null;
      }
      throw errors.failure(what, e);
    }
  }
}
