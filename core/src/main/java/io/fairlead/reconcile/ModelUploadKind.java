package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.provider.ObjectStore;
import io.fairlead.provider.ObjectStore.Stored;
import io.fairlead.provider.UploadKeys;
import io.fairlead.provider.UploadedFiles;
import io.fairlead.provider.UploadedFiles.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Uploads of local models to a store of objects: each a folder under the hash of its content, file by file.
 *
 * <p>A folder that lacks files is one whose upload was interrupted; the next upload adds them. One that has an object
 * of somebody else is foreign.
 */
public final class ModelUploadKind implements ResourceKind<ModelUpload> {
  private final KindName<ModelUpload> id;
  private final UploadKeys keys;
  private final ObjectStore store;

  /**
   * Creates the kind of the uploads to a store.
   *
   * @param id the platform's name of an upload
   * @param keys the names of uploads
   */
  public ModelUploadKind(KindName<ModelUpload> id, UploadKeys keys, ObjectStore store) {
    this.id = requireNonNull(id, "id");
    this.keys = requireNonNull(keys, "keys");
    this.store = requireNonNull(store, "store");
  }

  @Override
  public KindName<ModelUpload> id() {
    return id;
  }

  @Override
  public Observed<ModelUpload> read(String key, Look look) {
    List<Stored> objects = look.once(List.of("objects", key), () -> store.list(folder(key)));
    if (objects.isEmpty()) {
      return Observed.absent();
    }
    Observed<ModelUpload> seen = Observed.ready(new ModelUpload(files(key, objects)));
    return areManaged(objects) ? seen.madeBy(runs(objects)) : seen.asForeign();
  }

  private static String folder(String key) {
    return key + "/";
  }

  private static UploadedFiles files(String key, List<Stored> objects) {
    Map<String, Digest> files = new HashMap<>();
    for (Stored object : objects) {
      files.put(object.name().substring(folder(key).length()), object.digest());
    }
    return UploadedFiles.stored(files);
  }

  private static boolean areManaged(List<Stored> objects) {
    return objects.stream().allMatch(object -> object.run().isPresent());
  }

  /** {@return the runs that uploaded it; several if they did at the same time} */
  private static String runs(List<Stored> objects) {
    TreeSet<String> runs = new TreeSet<>();
    objects.forEach(object -> object.run().ifPresent(runs::add));
    return String.join("+", runs);
  }

  @Override
  public Accepted create(String key, ModelUpload desired, OwnerTag owner) {
    upload(key, desired.files(), desired.files().digests(), owner.run(), Map.of());
    return Accepted.VISIBLE;
  }

  /** Uploads the missing files, with the owner tag of the run that started it. */
  @Override
  public Accepted update(String key, Observed<ModelUpload> current, ModelUpload desired) {
    Map<String, Stored> present = new HashMap<>();
    store.list(folder(key)).forEach(object -> present.put(object.name(), object));
    UploadedFiles stored = current.value().orElseThrow().files();
    upload(
        key,
        desired.files(),
        desired.files().missingIn(stored),
        current.run().orElseThrow(),
        present);
    return Accepted.VISIBLE;
  }

  private void upload(
      String key,
      UploadedFiles files,
      SortedMap<String, Digest> missing,
      String run,
      Map<String, Stored> present) {
    missing.keySet().forEach(file -> {
      String object = folder(key) + file;
      store.upload(object, files.local(), file, run, Optional.ofNullable(present.get(object)));
    });
  }

  @Override
  public Accepted delete(String key, Observed<ModelUpload> current, Set<ResourceRef> going) {
    store.list(folder(key)).stream()
        .filter(object -> object.run().isPresent())
        .forEach(store::delete);
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list(Look look) {
    if (!store.isConfigured()) {
      return List.of();
    }
    SortedMap<String, List<Stored>> byKey = new TreeMap<>();
    for (Stored object : store.list(keys.prefix())) {
      keys.ofObject(object.name())
          .ifPresent(
              key -> byKey.computeIfAbsent(key, none -> new ArrayList<>()).add(object));
    }
    List<Listed> listed = new ArrayList<>();
    byKey.forEach((key, objects) -> {
      if (areManaged(objects)) {
        listed.add(listed(key, objects));
      }
    });
    return listed;
  }

  /** {@return an upload with the time of its newest file, so that one in progress is not swept} */
  private Listed listed(String key, List<Stored> objects) {
    Instant newest =
        objects.stream().map(Stored::storedAt).max(Instant::compareTo).orElseThrow();
    return Listed.of(new ResourceRef(name(), key), newest);
  }

  /** Additional files in a folder are ignored; the desired ones have to be in it. */
  @Override
  public boolean matches(ModelUpload desired, ModelUpload actual) {
    return desired.files().missingIn(actual.files()).isEmpty();
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }

  @Override
  public boolean isNamedByContent() {
    return true;
  }
}
