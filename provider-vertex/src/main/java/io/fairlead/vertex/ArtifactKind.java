package io.fairlead.vertex;

import com.google.api.gax.paging.Page;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.Storage.BlobWriteOption;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Mark;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Started;
import io.fairlead.vertex.LocalFiles.LocalFile;
import io.fairlead.vertex.LocalFiles.StoredFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files of this machine, uploaded to the artifact bucket below the hash of their content, as many objects as files.
 *
 * <p>An upload that did not come to its end has some of them, and what is missing is added when the same is deployed
 * again.
 */
final class ArtifactKind implements ResourceKind<ArtifactKind.Artifact> {
  static final String NAME = "artifact";
  /** In the metadata of an object. */
  private static final String RUN = "fairlead-run";

  private static final String FOLDER = "fairlead/";
  private static final Pattern KEY = Pattern.compile(FOLDER + "[0-9a-f]{64}");
  private static final Pattern DIRECTORY = Pattern.compile("gs://[^/]+/(" + KEY.pattern() + ")/?");
  private static final Pattern OBJECT = Pattern.compile("(" + KEY.pattern() + ")/.+");
  /** What is sent at a time: a smaller file in one call, a larger one in parts, of which one that is lost is sent again. */
  private static final int PART = 16 << 20;

  private final StorageClient storage;
  private final String bucket;
  private final LocalFiles.Cache cache = new LocalFiles.Cache();

  /**
   * An upload.
   *
   * @param key its key, which has the hash of its content
   * @param files what is there, or should be
   * @param local where it is on this machine; empty where it is read
   */
  record Artifact(
      String key, SortedMap<String, StoredFile> files, SortedMap<String, LocalFile> local) {
    @Override
    public String toString() {
      return key + " (" + files.size() + " files)";
    }
  }

  ArtifactKind(VertexConfig config, StorageClient storage) {
    this.storage = storage;
    this.bucket = config.artifactBucket();
  }

  /** {@return what a model's files on this machine come to} */
  Artifact local(Path weights, Optional<Path> code) {
    LocalFiles local = cache.of(weights, code);
    SortedMap<String, StoredFile> files = new TreeMap<>();
    local.files().forEach((name, file) -> files.put(name, file.stored()));
    return new Artifact(
        FOLDER + local.hash(), Collections.unmodifiableSortedMap(files), local.files());
  }

  /** {@return the key of an upload of ours, from the directory that a model names} */
  static Optional<String> keyOf(String directory) {
    Matcher matcher = DIRECTORY.matcher(directory);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Observed<Artifact> read(String key) {
    SortedMap<String, StoredFile> files = new TreeMap<>();
    Optional<String> run = Optional.empty();
    boolean foreign = false;
    for (Blob blob : blobs(key + "/")) {
      files.put(
          blob.getName().substring(key.length() + 1),
          new StoredFile(blob.getSize(), String.valueOf(blob.getCrc32c())));
      String mark = mark(blob);
      foreign |= mark.isEmpty();
      run = run.or(() -> Optional.of(mark));
    }
    if (files.isEmpty()) {
      return Observed.absent();
    }
    Observed<Artifact> seen =
        Observed.ready(new Artifact(key, files, Collections.emptySortedMap()));
    return foreign ? seen.asForeign() : run.map(seen::madeBy).orElse(seen);
  }

  private static String mark(Blob blob) {
    Map<String, String> metadata = blob.getMetadata();
    return metadata == null ? "" : metadata.getOrDefault(RUN, "");
  }

  private List<Blob> blobs(String prefix) {
    return storage.call("List gs://" + bucket + "/" + prefix, client -> {
      List<Blob> blobs = new ArrayList<>();
      Page<Blob> page = client.list(
          bucket,
          BlobListOption.prefix(prefix),
          BlobListOption.fields(
              BlobField.NAME,
              BlobField.SIZE,
              BlobField.CRC32C,
              BlobField.METADATA,
              BlobField.TIME_CREATED));
      page.iterateAll().forEach(blobs::add);
      return blobs;
    });
  }

  @Override
  public Started create(String key, Artifact desired, Mark mark) {
    upload(key, desired, Collections.emptySortedMap(), mark.run());
    return Started.ACCEPTED;
  }

  @Override
  public Started update(String key, Observed<Artifact> current, Artifact desired) {
    upload(key, desired, current.value().orElseThrow().files(), current.run().orElseThrow());
    return Started.ACCEPTED;
  }

  private void upload(
      String key, Artifact desired, SortedMap<String, StoredFile> there, String run) {
    desired.local().forEach((name, file) -> {
      if (file.stored().equals(there.get(name))) {
        return;
      }
      BlobInfo object = BlobInfo.newBuilder(BlobId.of(bucket, key + "/" + name))
          .setCrc32c(file.stored().crc32c())
          .setMetadata(Map.of(RUN, run))
          .build();
      storage.call(
          "Upload " + file.path() + " to gs://" + bucket + "/" + object.getName(),
          client -> file.stored().size() <= PART
              ? client.create(object, LocalFiles.unchanged(file))
              : client.createFrom(object, file.path(), PART, BlobWriteOption.crc32cMatch()));
    });
  }

  @Override
  public Started delete(String key, Observed<Artifact> current) {
    for (String name : current.value().orElseThrow().files().keySet()) {
      storage.call(
          "Delete gs://" + bucket + "/" + key + "/" + name,
          client -> client.delete(BlobId.of(bucket, key + "/" + name)));
    }
    return Started.ACCEPTED;
  }

  @Override
  public List<Listed> list() {
    if (bucket.isEmpty()) {
      return List.of();
    }
    SortedMap<String, Instant> newest = new TreeMap<>();
    for (Blob blob : blobs(FOLDER)) {
      Matcher matcher = OBJECT.matcher(blob.getName());
      if (matcher.matches() && !mark(blob).isEmpty()) {
        newest.merge(
            matcher.group(1),
            blob.getCreateTimeOffsetDateTime().toInstant(),
            (one, other) -> one.isAfter(other) ? one : other);
      }
    }
    return newest.entrySet().stream()
        .map(upload -> new Listed(
            new ResourceRef(NAME, upload.getKey()),
            "",
            upload.getValue(),
            Observed.Status.READY,
            "",
            false,
            List.of(),
            Optional.empty()))
        .toList();
  }

  /** More than what is wanted does no harm. */
  @Override
  public boolean matches(Artifact desired, Artifact actual) {
    return actual.files().entrySet().containsAll(desired.files().entrySet());
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
