package io.fairlead.vertex.internal;

import com.google.cloud.storage.Blob;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Accepted;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.internal.ArtifactFiles.Digest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files of this machine, uploaded to the artifact bucket as a directory under the hash of their content.
 *
 * <p>A directory with some of its files is one whose upload ended early; what is missing is uploaded by the next.
 */
final class ArtifactKind implements ResourceKind<ArtifactSpec> {
  static final String NAME = "artifact";

  /** In the metadata of each object. */
  private static final String RUN = "fairlead-run";

  private static final String FOLDER = "fairlead/";
  private static final String KEY = FOLDER + "[0-9a-f]{64}";
  private static final Pattern OBJECT = Pattern.compile("(" + KEY + ")/.+", Pattern.DOTALL);
  private static final Pattern LOCATION = Pattern.compile("gs://[^/]+/(" + KEY + ")/?");

  private final ArtifactBucket bucket;
  private final LocalFiles local = new LocalFiles();

  ArtifactKind(VertexConfig config, StorageClient client) {
    this.bucket = new ArtifactBucket(config.artifactBucket().orElse(""), client);
  }

  /** {@return the directory that a model of this machine is to be uploaded to} */
  ArtifactSpec local(Path weights, Optional<Path> code) {
    LocalFiles.Directory directory = local.of(weights, code);
    return new ArtifactSpec(FOLDER + directory.hash(), directory.files());
  }

  /** {@return the key of an upload of ours, from where it is} */
  static Optional<String> keyOf(String artifactUri) {
    Matcher matcher = LOCATION.matcher(artifactUri);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Observed<ArtifactSpec> read(String key) {
    List<Blob> objects = bucket.list(key + "/");
    if (objects.isEmpty()) {
      return Observed.absent();
    }
    Observed<ArtifactSpec> seen = Observed.ready(new ArtifactSpec(key, files(key, objects)));
    return areOurs(objects) ? seen.madeBy(runs(objects)) : seen.asForeign();
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

  private static boolean areOurs(Collection<Blob> objects) {
    return objects.stream().allMatch(object -> metadata(object).containsKey(RUN));
  }

  /** {@return the runs that uploaded it, which are several if they did at the same time} */
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
  public Accepted create(String key, ArtifactSpec desired, OwnerTag mark) {
    upload(key, desired.files(), desired.files().digests(), mark.run(), Map.of());
    return Accepted.VISIBLE;
  }

  /** Uploads what is missing, for the run that began it. */
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
    missing.forEach((name, digest) -> {
      String object = key + "/" + name;
      bucket.upload(
          object, files.path(name), digest, Map.of(RUN, run), generations.getOrDefault(object, 0L));
    });
  }

  @Override
  public Accepted delete(String key, Observed<ArtifactSpec> current) {
    bucket.list(key + "/").stream()
        .filter(object -> metadata(object).containsKey(RUN))
        .forEach(bucket::delete);
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list() {
    if (!bucket.isNamed()) {
      return List.of();
    }
    SortedMap<String, List<Blob>> byKey = new TreeMap<>();
    for (Blob object : bucket.list(FOLDER)) {
      Matcher matcher = OBJECT.matcher(object.getName());
      if (matcher.matches()) {
        byKey.computeIfAbsent(matcher.group(1), key -> new ArrayList<>()).add(object);
      }
    }
    List<Listed> listed = new ArrayList<>();
    byKey.forEach((key, objects) -> {
      if (areOurs(objects)) {
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
    return new Listed(
        new ResourceRef(NAME, key),
        "",
        newest,
        Observed.Status.READY,
        "",
        false,
        List.of(),
        Optional.empty());
  }

  /** Others may add to a directory of ours what they like; what is to be in it has to be. */
  @Override
  public boolean matches(ArtifactSpec desired, ArtifactSpec actual) {
    return desired.files().missingIn(actual.files()).isEmpty();
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
