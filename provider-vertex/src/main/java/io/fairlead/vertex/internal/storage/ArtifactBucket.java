package io.fairlead.vertex.internal.storage;

import static java.util.Objects.requireNonNull;

import com.google.api.gax.paging.Page;
import com.google.cloud.BaseServiceException;
import com.google.cloud.WriteChannel;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.Storage.BlobSourceOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.BlobWriteOption;
import com.google.cloud.storage.StorageException;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.Pages;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.internal.storage.ArtifactFiles.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The calls on the artifact bucket.
 *
 * <p>An object is created completely or not at all: each upload has a checksum, and Cloud Storage rejects other
 * bytes. Uploads are conditional on the object's generation, so that none replaces another's.
 */
final class ArtifactBucket {
  /** Larger files are sent in parts, each of which is sent again if its answer is lost. */
  static final int LARGEST_PART = 16 << 20;

  private static final int BUFFER = 1 << 20;
  private static final long NONE = 0;
  private static final String CONTENT_TYPE = "application/octet-stream";

  private final String bucket;
  private final StorageClient client;
  /** The encryption key of uploads; empty for the bucket's own. */
  private final Optional<String> encryptionKey;

  ArtifactBucket(String bucket, Optional<String> encryptionKey, StorageClient client) {
    this.bucket = bucket;
    this.encryptionKey = encryptionKey;
    this.client = client;
  }

  /** {@return whether the settings have a bucket} */
  boolean isNamed() {
    return !bucket.isEmpty();
  }

  /** {@return all objects whose names have a prefix; none if the bucket does not exist} */
  List<Blob> list(String prefix) {
    try {
      return Pages.all(
          VertexProvider.ID,
          "the objects at " + uri(prefix),
          token -> page(prefix, Objects.requireNonNullElse(token, "")),
          page -> {
            List<Blob> objects = new ArrayList<>();
            page.getValues().forEach(objects::add);
            return objects;
          },
          Page::getNextPageToken);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  private Page<Blob> page(String prefix, String token) {
    // Not a constant, so that invocations load no classes of Cloud Storage.
    BlobListOption fields = BlobListOption.fields(
        BlobField.NAME,
        BlobField.SIZE,
        BlobField.CRC32C,
        BlobField.GENERATION,
        BlobField.METADATA,
        BlobField.TIME_CREATED);
    return client.call(
        "List " + uri(prefix),
        storage -> storage.list(
            bucket, BlobListOption.prefix(prefix), fields, BlobListOption.pageToken(token)));
  }

  /** Deletes the listed generation of an object; one that has replaced it since is kept. */
  void delete(Blob listed) {
    String what = "Delete " + uri(listed.getName());
    BlobId id = BlobId.of(bucket, listed.getName());
    BlobSourceOption asListed = BlobSourceOption.generationMatch(listed.getGeneration());
    unlessOvertaken(what, storage -> storage.delete(id, asListed));
  }

  /**
   * Uploads a file of a model, unless another process has written the same object since it was read.
   *
   * @param replaced the generation of the object to replace; 0 if there is none
   */
  void upload(
      String name, LocalModel model, String file, Map<String, String> metadata, long replaced) {
    LocalModel.Entry entry = requireNonNull(model.entries().get(file), file);
    String what = "Upload " + entry.path() + " to " + uri(name);
    BlobInfo object = BlobInfo.newBuilder(bucket, name)
        .setContentType(CONTENT_TYPE)
        .setMetadata(metadata)
        .setCrc32c(Digest.of(entry).crc32c())
        .build();
    try {
      if (entry.size() > LARGEST_PART) {
        unlessOvertaken(
            what,
            storage -> inParts(client.ofParts(storage), what, object, model.open(file), replaced));
      } else {
        byte[] bytes = bytes(model.open(file));
        unlessOvertaken(what, storage -> atOnce(storage, object, bytes, replaced));
      }
    } catch (ServingException e) {
      throw e.kind() == ErrorKind.NOT_FOUND ? noBucket(e) : e;
    }
  }

  private void atOnce(Storage storage, BlobInfo object, byte[] bytes, long replaced) {
    List<BlobTargetOption> options = new ArrayList<>(List.of(
        BlobTargetOption.disableGzipContent(),
        replaced == NONE
            ? BlobTargetOption.doesNotExist()
            : BlobTargetOption.generationMatch(replaced)));
    encryptionKey.map(BlobTargetOption::kmsKeyName).ifPresent(options::add);
    storage.create(object, bytes, options.toArray(BlobTargetOption[]::new));
  }

  private static byte[] bytes(InputStream file) {
    try (file) {
      return file.readAllBytes();
    } catch (IOException e) {
      throw neverThrown(e);
    }
  }

  private void inParts(
      Storage storage, String what, BlobInfo object, InputStream file, long replaced) {
    byte[] buffer = new byte[BUFFER];
    try (file) {
      // Closing it creates the object, so it is closed only when all is sent.
      List<BlobWriteOption> options = new ArrayList<>(List.of(
          BlobWriteOption.crc32cMatch(),
          BlobWriteOption.disableGzipContent(),
          replaced == NONE
              ? BlobWriteOption.doesNotExist()
              : BlobWriteOption.generationMatch(replaced)));
      encryptionKey.map(BlobWriteOption::kmsKeyName).ifPresent(options::add);
      WriteChannel parts = storage.writer(object, options.toArray(BlobWriteOption[]::new));
      parts.setChunkSize(LARGEST_PART);
      for (int length = file.read(buffer); length > 0; length = file.read(buffer)) {
        if (Thread.currentThread().isInterrupted()) {
          throw StorageErrors.interrupted(what, null);
        }
        send(parts, ByteBuffer.wrap(buffer, 0, length));
      }
      finish(parts);
    } catch (IOException e) {
      throw neverThrown(e);
    }
  }

  /** Not expected: failures of a model's file are ServingExceptions. */
  private static IllegalStateException neverThrown(IOException e) {
    return new IllegalStateException("a model's file threw " + e, e);
  }

  private static void send(WriteChannel parts, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        parts.write(bytes);
      }
    } catch (IOException e) {
      throw answer(e);
    }
  }

  private static void finish(WriteChannel parts) {
    try {
      parts.close();
    } catch (IOException e) {
      throw answer(e);
    }
  }

  /** {@return the service's exception that a channel has wrapped in an IOException} */
  private static BaseServiceException answer(IOException e) {
    return e.getCause() instanceof BaseServiceException answer
        ? answer
        : StorageException.translate(e);
  }

  /** Makes a conditional change. If the condition no longer holds, the reconciler's next read will show it. */
  private void unlessOvertaken(String what, Consumer<Storage> change) {
    client.call(what, storage -> {
      try {
        change.accept(storage);
      } catch (BaseServiceException e) {
        if (!StorageErrors.isOvertaken(e)) {
          throw e;
        }
      }
      return bucket;
    });
  }

  /** A failure that is not retryable: a retry does not create the bucket. */
  private ServingException noBucket(ServingException e) {
    return new ServingException(
        VertexProvider.ID,
        ErrorKind.INVALID,
        e.getMessage() + ". Create the bucket " + bucket + " first, in the region to serve in",
        e);
  }

  private String uri(String name) {
    return "gs://" + bucket + "/" + name;
  }
}
