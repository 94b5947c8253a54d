package io.fairlead.vertex.internal.storage;

import static java.util.Objects.requireNonNull;

import com.google.api.gax.paging.Page;
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
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore;
import io.fairlead.provider.Pages;
import io.fairlead.provider.UploadedFiles.Digest;
import io.fairlead.vertex.VertexProvider;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The artifact bucket, whose revisions are the generations of objects.
 *
 * <p>An object is created completely or not at all: each upload has a checksum, and Cloud Storage rejects other
 * bytes.
 */
final class ArtifactBucket implements ObjectStore {
  /** Larger files are sent in parts, each of which is sent again if its answer is lost. */
  static final int LARGEST_PART = 16 << 20;

  /** The owner tag, in the metadata of each object. */
  private static final String RUN = "fairlead-run";

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

  @Override
  public boolean isConfigured() {
    return !bucket.isEmpty();
  }

  @Override
  public List<Stored> list(String prefix) {
    try {
      return Pages.all(
          VertexProvider.ID,
          "the objects at " + uri(prefix),
          token -> page(prefix, Objects.requireNonNullElse(token, "")),
          page -> {
            List<Stored> objects = new ArrayList<>();
            page.getValues().forEach(object -> objects.add(stored(object)));
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

  private static Stored stored(Blob object) {
    Map<String, String> metadata = object.getMetadata();
    return new Stored(
        object.getName(),
        new Digest(object.getSize(), String.valueOf(object.getCrc32c())),
        String.valueOf(object.getGeneration()),
        Optional.ofNullable(metadata == null ? null : metadata.get(RUN)),
        object.getCreateTimeOffsetDateTime().toInstant());
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
    return client
        .calls()
        .call(
            "List " + uri(prefix),
            storage -> storage.list(
                bucket, BlobListOption.prefix(prefix), fields, BlobListOption.pageToken(token)));
  }

  @Override
  public void delete(Stored listed) {
    String what = "Delete " + uri(listed.name());
    BlobId id = BlobId.of(bucket, listed.name());
    BlobSourceOption asListed = BlobSourceOption.generationMatch(generation(listed));
    client.calls().unlessOvertaken(what, storage -> storage.delete(id, asListed));
  }

  private static long generation(Stored listed) {
    return Long.parseLong(listed.revision());
  }

  @Override
  public void upload(
      String name, LocalModel model, String file, String run, Optional<Stored> replaced) {
    LocalModel.Entry entry = requireNonNull(model.entries().get(file), file);
    String what = "Upload " + entry.path() + " to " + uri(name);
    BlobInfo object = BlobInfo.newBuilder(bucket, name)
        .setContentType(CONTENT_TYPE)
        .setMetadata(Map.of(RUN, run))
        .setCrc32c(Artifacts.digest(entry).checksum())
        .build();
    try {
      if (entry.size() > LARGEST_PART) {
        client
            .calls()
            .unlessOvertaken(
                what, storage -> inParts(storage, what, object, model.open(file), replaced));
      } else {
        byte[] bytes = bytes(model.open(file));
        client.calls().unlessOvertaken(what, storage -> atOnce(storage, object, bytes, replaced));
      }
    } catch (ServingException e) {
      throw e.kind() == ErrorKind.NOT_FOUND ? noBucket(e) : e;
    }
  }

  private void atOnce(Storage storage, BlobInfo object, byte[] bytes, Optional<Stored> replaced) {
    List<BlobTargetOption> options = new ArrayList<>(List.of(
        BlobTargetOption.disableGzipContent(),
        replaced
            .map(old -> BlobTargetOption.generationMatch(generation(old)))
            .orElseGet(BlobTargetOption::doesNotExist)));
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
      Storage storage, String what, BlobInfo object, InputStream file, Optional<Stored> replaced) {
    try (file) {
      List<BlobWriteOption> options = new ArrayList<>(List.of(
          BlobWriteOption.crc32cMatch(),
          BlobWriteOption.disableGzipContent(),
          replaced
              .map(old -> BlobWriteOption.generationMatch(generation(old)))
              .orElseGet(BlobWriteOption::doesNotExist)));
      encryptionKey.map(BlobWriteOption::kmsKeyName).ifPresent(options::add);
      WriteChannel parts =
          client.calls().ofParts(storage).writer(object, options.toArray(BlobWriteOption[]::new));
      parts.setChunkSize(LARGEST_PART);
      ObjectParts.write(what, file, parts);
    } catch (IOException e) {
      throw neverThrown(e);
    }
  }

  /** Not expected: failures of a model's file are ServingExceptions. */
  private static IllegalStateException neverThrown(IOException e) {
    return new IllegalStateException("a model's file threw " + e, e);
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
