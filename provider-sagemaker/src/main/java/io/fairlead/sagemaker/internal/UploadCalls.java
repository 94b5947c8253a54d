package io.fairlead.sagemaker.internal;

import io.fairlead.provider.Pages;
import io.fairlead.sagemaker.SageMakerProvider;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
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

  /** Where the next page of uploads begins: S3 has two markers. */
  private static final char BETWEEN_MARKERS = '\n';

  /** {@return the uploads of all keys with a prefix} */
  List<MultipartUpload> list(String prefix) {
    return Pages.all(
        SageMakerProvider.ID,
        "the multipart uploads to s3://" + bucket + "/" + prefix,
        token -> errors.call(
            "List the multipart uploads to s3://" + bucket + "/" + prefix,
            () -> clients.s3().listMultipartUploads(from(token, prefix))),
        ListMultipartUploadsResponse::uploads,
        page -> Boolean.TRUE.equals(page.isTruncated())
            ? page.nextKeyMarker() + BETWEEN_MARKERS + page.nextUploadIdMarker()
            : null);
  }

  private ListMultipartUploadsRequest from(@Nullable String token, String prefix) {
    int between = token == null ? 0 : token.lastIndexOf(BETWEEN_MARKERS);
    return ListMultipartUploadsRequest.builder()
        .bucket(bucket)
        .prefix(prefix)
        .keyMarker(token == null ? null : token.substring(0, between))
        .uploadIdMarker(token == null ? null : token.substring(between + 1))
        .build();
  }

  /** {@return the time of an upload's last part: a process that is still uploading sends one every few minutes} */
  Instant lastActive(MultipartUpload upload) {
    List<Part> parts = Pages.all(
        SageMakerProvider.ID,
        "the parts of an upload to s3://" + bucket + "/" + upload.key(),
        token -> partsFrom(token, upload),
        ListPartsResponse::parts,
        page -> Boolean.TRUE.equals(page.isTruncated())
            ? String.valueOf(page.nextPartNumberMarker())
            : null);
    return parts.stream()
        .map(Part::lastModified)
        .filter(Objects::nonNull)
        .reduce(upload.initiated(), (one, other) -> other.isAfter(one) ? other : one);
  }

  private ListPartsResponse partsFrom(@Nullable String token, MultipartUpload upload) {
    ListPartsRequest request = ListPartsRequest.builder()
        .bucket(bucket)
        .key(upload.key())
        .uploadId(upload.uploadId())
        .partNumberMarker(token == null ? null : Integer.valueOf(token))
        .build();
    ListPartsResponse page = unlessGone(
        "List the parts of an upload to s3://" + bucket + "/" + upload.key(),
        () -> clients.s3().listParts(request));
    return page == null ? ListPartsResponse.builder().build() : page;
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
