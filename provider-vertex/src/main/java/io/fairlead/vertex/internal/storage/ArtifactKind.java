package io.fairlead.vertex.internal.storage;

import com.google.cloud.storage.Blob;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.internal.storage.ArtifactFiles.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Uploads of local files to the artifact bucket, as a directory under the hash of their content.
 *
 * <p>A directory that lacks files is one whose upload was interrupted; the next upload adds them.
 */
public final class ArtifactKind implements ResourceKind<ArtifactSpec> {
  /** The owner tag, in the metadata of each object. */
  private static final String RUN = "fairlead-run";

  private static final Pattern OBJECT =
      Pattern.compile("(" + ArtifactSpec.FOLDER + "[0-9a-f]{64})/.+", Pattern.DOTALL);

  private final ArtifactBucket bucket;

  /** Creates the kind for the bucket of a configuration. */
  public ArtifactKind(VertexConfig config, StorageClient client) {
    this.bucket =
        new ArtifactBucket(config.artifactBucket().orElse(""), config.encryptionKey(), client);
  }

  @Override
  public KindName<ArtifactSpec> id() {
    return ArtifactSpec.KIND;
  }

  @Override
  public Observed<ArtifactSpec> read(String key, Look look) {
    List<Blob> objects = look.once(List.of("objects", key), () -> bucket.list(key + "/"));
    if (objects.isEmpty()) {
      return Observed.absent();
    }
    Observed<ArtifactSpec> seen = Observed.ready(new ArtifactSpec(files(key, objects)));
    return areManaged(objects) ? seen.madeBy(runs(objects)) : seen.asForeign();
  }

  private static ArtifactFiles files(String key, List<Blob> objects) {
    Map<String, Digest> files = new HashMap<>();
    for (Blob object : objects) {
      files.put(
          object.getName().substring(key.length() + 1),
          new Digest(object.getSize(), String.valueOf(object.getCrc32c())));
    }
    return ArtifactFiles.stored(files);
  }

  private static boolean areManaged(Collection<Blob> objects) {
    return objects.stream().allMatch(object -> metadata(object).containsKey(RUN));
  }

  /** {@return the runs that uploaded it; several if they did at the same time} */
  private static String runs(List<Blob> objects) {
    TreeSet<String> runs = new TreeSet<>();
    objects.forEach(object -> runs.add(String.valueOf(metadata(object).get(RUN))));
    return String.join("+", runs);
  }

  private static Map<String, String> metadata(Blob object) {
    Map<String, String> metadata = object.getMetadata();
    return metadata == null ? Map.of() : metadata;
  }

  @Override
  public Accepted create(String key, ArtifactSpec desired, OwnerTag owner) {
    upload(key, desired.files(), desired.files().digests(), owner.run(), Map.of());
    return Accepted.VISIBLE;
  }

  /** Uploads the missing files, with the owner tag of the run that started it. */
  @Override
  public Accepted update(String key, Observed<ArtifactSpec> current, ArtifactSpec desired) {
    Map<String, Long> generations = new HashMap<>();
    bucket
        .list(key + "/")
        .forEach(object -> generations.put(object.getName(), object.getGeneration()));
    ArtifactFiles stored = current.value().orElseThrow().files();
    upload(
        key,
        desired.files(),
        desired.files().missingIn(stored),
        current.run().orElseThrow(),
        generations);
    return Accepted.VISIBLE;
  }

  private void upload(
      String key,
      ArtifactFiles files,
      SortedMap<String, Digest> missing,
      String run,
      Map<String, Long> generations) {
    missing.keySet().forEach(name -> {
      String object = key + "/" + name;
      bucket.upload(
          object, files.local(), name, Map.of(RUN, run), generations.getOrDefault(object, 0L));
    });
  }

  @Override
  public Accepted delete(String key, Observed<ArtifactSpec> current, Set<ResourceRef> going) {
    bucket.list(key + "/").stream()
        .filter(object -> metadata(object).containsKey(RUN))
        .forEach(bucket::delete);
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list(Look look) {
    if (!bucket.isNamed()) {
      return List.of();
    }
    SortedMap<String, List<Blob>> byKey = new TreeMap<>();
    for (Blob object : bucket.list(ArtifactSpec.FOLDER)) {
      Matcher matcher = OBJECT.matcher(object.getName());
      if (matcher.matches()) {
        byKey.computeIfAbsent(matcher.group(1), key -> new ArrayList<>()).add(object);
      }
    }
    List<Listed> listed = new ArrayList<>();
    byKey.forEach((key, objects) -> {
      if (areManaged(objects)) {
        listed.add(listed(key, objects));
      }
    });
    return listed;
  }

  private static Listed listed(String key, List<Blob> objects) {
    Instant newest = objects.stream()
        .map(object -> object.getCreateTimeOffsetDateTime().toInstant())
        .max(Instant::compareTo)
        .orElseThrow();
    return Listed.of(new ResourceRef(ArtifactSpec.KIND.name(), key), newest);
  }

  /** Additional files in a directory are ignored; the desired ones have to be in it. */
  @Override
  public boolean matches(ArtifactSpec desired, ArtifactSpec actual) {
    return desired.files().missingIn(actual.files()).isEmpty();
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
