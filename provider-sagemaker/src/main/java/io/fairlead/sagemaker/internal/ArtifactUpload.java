package io.fairlead.sagemaker.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.archive.ModelArchive;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Uploads of archives to S3 while they are packed: in one pass, without a temporary file, with one part in memory.
 *
 * <p>An archive that fits in one part is one {@code PutObject}. A larger one is a multipart upload, which is aborted
 * after a failure, because its parts would be billed without being listed in the bucket. The object is created
 * completely or not at all.
 */
final class ArtifactUpload {
  private static final int SMALLEST_PART = 16 << 20;

  private static final int MOST_PARTS = 10_000;
  private static final int LARGEST_PART = 1 << 30;
  private static final int MEBIBYTE = 1 << 20;
  private static final int FIRST_BUFFER = 1 << 16;
  private static final String CONTENT_TYPE = "application/gzip";
  private static final int SENDS_OF_A_PART = 3;
  private static final int SLOWEST_BYTES_PER_SECOND = 50_000;
  private static final Duration LONGEST_COMPLETION = Duration.ofMinutes(10);

  private final S3Client s3;
  private final Optional<String> kmsKey;
  private final int smallestPart;

  ArtifactUpload(S3Client s3, Optional<String> kmsKey) {
    this(s3, kmsKey, SMALLEST_PART);
  }

  /**
   * Creates uploads.
   *
   * @param kmsKey the KMS key that encrypts them; by default the bucket's
   */
  ArtifactUpload(S3Client s3, Optional<String> kmsKey, int smallestPart) {
    this.s3 = requireNonNull(s3, "s3");
    this.kmsKey = kmsKey;
    this.smallestPart = smallestPart;
  }

  /**
   * Writes an object, and replaces an existing one.
   *
   * @param metadata the object's metadata, without the prefix {@code x-amz-meta-}
   * @return whether it took one call only
   * @throws SdkException the failure of a call to S3; after a lost answer the object may exist nevertheless
   * @throws ServingException if the archive's files cannot be read, or are more than 10 TiB
   */
  boolean upload(String bucket, String key, ModelArchive archive, Map<String, String> metadata) {
    Parts parts = new Parts(bucket, key, metadata, partSize(archive.sizeAtMost(), smallestPart));
    try {
      archive.writeTo(parts);
      return parts.complete();
    } catch (IOException e) {
      parts.abort(e);
      throw new UncheckedIOException(e);
    } catch (Throwable e) {
      parts.abort(e);
      throw e;
    }
  }

  private @Nullable ServerSideEncryption encryption() {
    return kmsKey.isPresent() ? ServerSideEncryption.AWS_KMS : null;
  }

  /** {@return the size of all parts but the last, with which S3's limit of 10,000 parts is kept} */
  static int partSize(long sizeAtMost, int smallest) {
    long needed = (sizeAtMost + MOST_PARTS - 1) / MOST_PARTS;
    long whole = (needed + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
    if (whole > LARGEST_PART) {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.INVALID,
          "The model has " + sizeAtMost + " bytes, more than can be uploaded: " + MOST_PARTS
              + " parts of 1 GiB. Upload it by other means, and give its s3:// URI.");
    }
    return (int) Math.max(smallest, whole);
  }

  /** A stream that collects bytes, and sends a part when it is full and more bytes follow. */
  private final class Parts extends OutputStream {
    private final String bucket;
    private final String key;
    private final Map<String, String> metadata;
    private final int partSize;
    private final List<CompletedPart> sent = new ArrayList<>();
    private byte[] buffer = new byte[FIRST_BUFFER];
    private int length;
    private @Nullable String uploadId;

    Parts(String bucket, String key, Map<String, String> metadata, int partSize) {
      this.bucket = bucket;
      this.key = key;
      this.metadata = metadata;
      this.partSize = partSize;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
      int from = offset;
      int left = count;
      while (left > 0) {
        if (length == partSize) {
          sendPart();
        }
        int taken = Math.min(left, partSize - length);
        if (length + taken > buffer.length) {
          int size = (int) Math.min(partSize, Math.max(2L * buffer.length, length + taken));
          buffer = Arrays.copyOf(buffer, size);
        }
        System.arraycopy(bytes, from, buffer, length, taken);
        length += taken;
        from += taken;
        left -= taken;
      }
    }

    boolean complete() {
      if (uploadId == null) {
        s3.putObject(
            request -> request
                .bucket(bucket)
                .key(key)
                .metadata(metadata)
                .contentType(CONTENT_TYPE)
                .serverSideEncryption(encryption())
                .ssekmsKeyId(kmsKey.orElse(null))
                .overrideConfiguration(call -> call.apiCallTimeout(timeFor(length))),
            body());
        return true;
      }
      sendPart();
      s3.completeMultipartUpload(request -> request
          .bucket(bucket)
          .key(key)
          .uploadId(uploadId)
          .multipartUpload(upload -> upload.parts(sent))
          .overrideConfiguration(call -> call.apiCallTimeout(LONGEST_COMPLETION)));
      return false;
    }

    /** Aborts the upload; a failure of that is added to the first one as suppressed. */
    void abort(Throwable failure) {
      if (uploadId == null) {
        return;
      }
      // With the flag set, the SDK would not send the call.
      boolean interrupted = Thread.interrupted();
      try {
        s3.abortMultipartUpload(request -> request.bucket(bucket).key(key).uploadId(uploadId));
      } catch (Throwable e) {
        failure.addSuppressed(e);
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private void sendPart() {
      if (uploadId == null) {
        uploadId = s3.createMultipartUpload(request -> request
                .bucket(bucket)
                .key(key)
                .metadata(metadata)
                .contentType(CONTENT_TYPE)
                .serverSideEncryption(encryption())
                .ssekmsKeyId(kmsKey.orElse(null))
                .checksumAlgorithm(ChecksumAlgorithm.CRC32))
            .uploadId();
      }
      int number = sent.size() + 1;
      UploadPartResponse answer = sendPart(number, 1);
      sent.add(CompletedPart.builder()
          .partNumber(number)
          .eTag(answer.eTag())
          .checksumCRC32(answer.checksumCRC32())
          .build());
      length = 0;
    }

    /** Retries a part at once: it is still in memory, while a retry of the upload would send all parts again. */
    private UploadPartResponse sendPart(int number, int send) {
      try {
        return s3.uploadPart(
            request -> request
                .bucket(bucket)
                .key(key)
                .uploadId(uploadId)
                .partNumber(number)
                .checksumAlgorithm(ChecksumAlgorithm.CRC32)
                .overrideConfiguration(call -> call.apiCallTimeout(timeFor(length))),
            body());
      } catch (SdkException e) {
        if (send == SENDS_OF_A_PART || !isPassing(e)) {
          throw e;
        }
        return sendPart(number, send + 1);
      }
    }

    private RequestBody body() {
      byte[] bytes = buffer;
      int count = length;
      return RequestBody.fromContentProvider(
          () -> new ByteArrayInputStream(bytes, 0, count), count, CONTENT_TYPE);
    }
  }

  /** {@return whether the same call may succeed at once: the connection broke, or the service itself failed} */
  private static boolean isPassing(SdkException e) {
    if (e instanceof AwsServiceException answer) {
      return answer.statusCode() >= 500;
    }
    return e.retryable() || e.getCause() instanceof IOException;
  }

  private static Duration timeFor(int bytes) {
    return Duration.ofSeconds(60 + bytes / SLOWEST_BYTES_PER_SECOND);
  }
}
