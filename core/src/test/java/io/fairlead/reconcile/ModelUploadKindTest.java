package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.ObjectStore;
import io.fairlead.provider.UploadKeys;
import io.fairlead.provider.UploadedFiles.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelUploadKindTest {
  private static final KindName<ModelUpload> ID = new KindName<>("upload", ModelUpload.class);
  private static final UploadKeys KEYS = new UploadKeys("fairlead/", 32);
  private static final OwnerTag RUN_1 = new OwnerTag("", "run-1");

  @TempDir
  private Path folder;

  private final MemoryStore store = new MemoryStore();
  private final ModelUploadKind kind = new ModelUploadKind(ID, KEYS, store);

  @BeforeEach
  void write() throws IOException {
    Files.createDirectories(folder.resolve("sub"));
    Files.write(folder.resolve("weights.bin"), new byte[] {1, 2, 3});
    Files.writeString(folder.resolve("sub/config.json"), "{}");
  }

  @Test
  void aModelIsAFolderOfItsFiles() {
    LocalModel model = model();

    kind.create(key(model), desired(model), RUN_1);

    assertThat(store.objects)
        .containsOnlyKeys(key(model) + "/sub/config.json", key(model) + "/weights.bin");
    assertThat(store.bytes(key(model) + "/weights.bin")).containsExactly(1, 2, 3);
    Observed<ModelUpload> seen = read(model);
    assertThat(seen.run()).contains("run-1");
    assertThat(seen.foreign()).isFalse();
    assertThat(seen.value()).contains(desired(model));
    assertThat(desired(model).files()).hasToString("2 files of 5 bytes");
  }

  @Test
  void whatIsNotThereIsAbsent() {
    assertThat(read(model()).status()).isEqualTo(Observed.Status.ABSENT);
    assertThat(kind.list(new Look())).isEmpty();
  }

  @Test
  void anUploadThatBreaksIsResumedWithTheMissingFilesAndTheRunThatStartedIt() {
    LocalModel model = model();
    store.failAt(2);
    assertThatThrownBy(() -> kind.create(key(model), desired(model), RUN_1))
        .isInstanceOf(ServingException.class);
    Observed<ModelUpload> part = read(model);
    assertThat(kind.matches(desired(model), part.value().orElseThrow())).isFalse();
    store.uploads.clear();

    kind.update(key(model), part, desired(model));

    assertThat(store.uploads).containsExactly(key(model) + "/weights.bin");
    assertThat(read(model).value()).contains(desired(model));
    assertThat(read(model).run()).contains("run-1");
  }

  @Test
  void anObjectWithOtherBytesIsReplaced() {
    LocalModel model = model();
    kind.create(key(model), desired(model), RUN_1);
    store.put(key(model) + "/weights.bin", new byte[] {7, 7, 7}, Optional.of("run-1"));

    kind.update(key(model), read(model), desired(model));

    assertThat(store.bytes(key(model) + "/weights.bin")).containsExactly(1, 2, 3);
  }

  @Test
  void anotherObjectInAFolderDoesNotMatterToItsContentButMakesItForeign() {
    LocalModel model = model();
    kind.create(key(model), desired(model), RUN_1);
    store.put(key(model) + "/notes.txt", new byte[] {9}, Optional.empty());

    Observed<ModelUpload> seen = read(model);

    assertThat(kind.matches(desired(model), seen.value().orElseThrow())).isTrue();
    assertThat(seen.foreign()).isTrue();
    assertThat(kind.list(new Look())).isEmpty();
    kind.delete(key(model), seen, Set.of());
    assertThat(store.objects).containsOnlyKeys(key(model) + "/notes.txt");
  }

  @Test
  void twoProcessesThatUploadAtOnceMakeOneUploadOfBoth() {
    LocalModel model = model();
    store.before(
        key(model) + "/weights.bin",
        () -> kind.create(key(model), desired(model), new OwnerTag("", "run-2")));

    kind.create(key(model), desired(model), RUN_1);

    assertThat(store.objects).hasSize(2);
    assertThat(read(model).value()).contains(desired(model));
    assertThat(read(model).run()).contains("run-1+run-2");
  }

  @Test
  void whatHasReplacedAnObjectSinceItWasListedIsNotDeleted() {
    LocalModel model = model();
    kind.create(key(model), desired(model), RUN_1);
    String weights = key(model) + "/weights.bin";
    store.before(weights, () -> store.put(weights, new byte[] {8}, Optional.of("run-2")));

    kind.delete(key(model), read(model), Set.of());

    assertThat(store.objects).containsOnlyKeys(weights);
    assertThat(store.bytes(weights)).containsExactly(8);
  }

  @Test
  void uploadsAreListedByKeyWithTheTimeOfTheirNewestFile() throws IOException {
    LocalModel one = model();
    kind.create(key(one), desired(one), RUN_1);
    Files.writeString(folder.resolve("third"), "3");
    LocalModel two = model();
    kind.create(key(two), desired(two), RUN_1);
    store.put("fairlead/notes.txt", new byte[] {9}, Optional.of("run-1"));
    store.put("models/bert", new byte[] {9}, Optional.of("run-1"));

    assertThat(kind.list(new Look()))
        .containsExactlyInAnyOrder(
            Listed.of(new ResourceRef("upload", key(one)), Instant.ofEpochSecond(2)),
            Listed.of(new ResourceRef("upload", key(two)), Instant.ofEpochSecond(5)));
  }

  @Test
  void withoutAStoreNothingIsListed() {
    LocalModel model = model();
    kind.create(key(model), desired(model), RUN_1);
    store.configured = false;

    assertThat(kind.list(new Look())).isEmpty();
  }

  @Test
  void oneLookListsAFolderOnce() {
    Look look = new Look();
    LocalModel model = model();

    kind.read(key(model), look);
    kind.read(key(model), look);

    assertThat(store.lists).isEqualTo(1);
  }

  private Observed<ModelUpload> read(LocalModel model) {
    return kind.read(key(model), new Look());
  }

  private LocalModel model() {
    return new LocalModel.Source(folder, Optional.empty(), LocalModel.Rules.of("attic"))
        .read((bytes, of) -> {});
  }

  private static String key(LocalModel model) {
    return KEYS.of(model.sha256());
  }

  private static ModelUpload desired(LocalModel model) {
    return ModelUpload.of(model, MemoryStore::digest);
  }

  /** A store in memory; each object that is stored is a second newer than the one before. */
  private static final class MemoryStore implements ObjectStore {
    private final Map<String, Stored> objects = new TreeMap<>();
    private final Map<String, byte[]> bytes = new TreeMap<>();
    private final List<String> uploads = new ArrayList<>();
    private final Map<String, Runnable> before = new TreeMap<>();
    private boolean configured = true;
    private int lists;
    private int stored;
    private int failing;

    static Digest digest(LocalModel.Entry file) {
      return new Digest(file.size(), Integer.toHexString(file.crc32c()));
    }

    byte[] bytes(String name) {
      return Optional.ofNullable(bytes.get(name)).orElseThrow();
    }

    void failAt(int upload) {
      failing = upload;
    }

    /** Does something just before the next change of an object is made. */
    void before(String name, Runnable action) {
      before.put(name, action);
    }

    void put(String name, byte[] content, Optional<String> run) {
      hold(name, new Digest(content.length, "other"), content, run);
    }

    private void hold(String name, Digest digest, byte[] content, Optional<String> run) {
      stored++;
      objects.put(name, new Stored(name, digest, "r" + stored, run, Instant.ofEpochSecond(stored)));
      bytes.put(name, content);
    }

    @Override
    public boolean isConfigured() {
      return configured;
    }

    @Override
    public List<Stored> list(String prefix) {
      lists++;
      return objects.values().stream()
          .filter(object -> object.name().startsWith(prefix))
          .toList();
    }

    @Override
    public void upload(
        String name, LocalModel model, String file, String run, Optional<Stored> replaced) {
      if (--failing == 0) {
        throw new ServingException("attic", ErrorKind.UNAVAILABLE, "broken");
      }
      uploads.add(name);
      change(
          name,
          replaced,
          () -> hold(
              name,
              digest(Optional.ofNullable(model.entries().get(file)).orElseThrow()),
              content(model.open(file)),
              Optional.of(run)));
    }

    @Override
    public void delete(Stored listed) {
      change(listed.name(), Optional.of(listed), () -> objects.remove(listed.name()));
    }

    private void change(String name, Optional<Stored> expected, Runnable change) {
      Optional.ofNullable(before.remove(name)).ifPresent(Runnable::run);
      if (Optional.ofNullable(objects.get(name)).equals(expected)) {
        change.run();
      }
    }

    private static byte[] content(InputStream file) {
      try (file) {
        return file.readAllBytes();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }
}
