package io.fairlead.stateful.internal;

import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.json.GrammarJson;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.internal.cache.AnswerStore;
import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.persistence.SnapshotFolder;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.Restored;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What outlives the process of one container's state: its epoch and digest, and the answers in its cache.
 *
 * <p>It never stops a container from serving: what cannot be read or written is told, and the cache is cold.
 */
final class StateFolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StateFolder.class);

  private final String container;
  private final Path path;
  private final String policy;
  private final Events events;
  private final ReentrantLock lock = new ReentrantLock();

  /** Null if it could not be opened, or is closed. */
  private @Nullable SnapshotFolder folder;

  /** Whether the next cycle replaces what is stored. */
  private boolean replacing;

  private StateFolder(
      String container, Path path, String policy, Events events, @Nullable SnapshotFolder folder) {
    this.container = container;
    this.path = path;
    this.policy = policy;
    this.events = events;
    this.folder = folder;
  }

  /** {@return the folder of a container, below the folder of all} */
  static StateFolder open(Path all, String container, StatePolicy policy, Events events) {
    Path path = all.resolve(container);
    String shown = policy.caching().eviction() + " " + policy.caching().cacheBytes();
    SnapshotFolder folder = null;
    try {
      Files.createDirectories(all);
      folder = SnapshotFolder.open(path, container, shown);
    } catch (IOException e) {
      events.tell(
          container,
          CacheEvent.Kind.SNAPSHOT,
          "the state is kept in memory only: " + e.getMessage(),
          Map.of());
    }
    return new StateFolder(container, path, shown, events, folder);
  }

  /**
   * What was stored, but for the answers.
   *
   * @param digest the digest of the version that served
   * @param state its state, with the id of the snapshot
   */
  record Stored(String digest, ModelState state) {}

  /** {@return what was stored; empty if nothing was that can be read} */
  Optional<Stored> restore() {
    Restored restored = read(entry -> {});
    if (restored == null || restored.state().isEmpty()) {
      return Optional.empty();
    }
    SnapshotFolder.State state = restored.state().get();
    ModelState read;
    try {
      read = GrammarJson.read(state.json(), ModelState.class);
    } catch (IllegalArgumentException e) {
      log.warn("The state in {} is not used: {}", path, e.getMessage());
      return Optional.empty();
    }
    ModelState stored = new ModelState(
        new ModelState.Cache(restored.snapshotId(), state.epoch()),
        read.warmWeights(),
        read.dynamicConfig());
    return Optional.of(new Stored(state.digest(), stored));
  }

  /** Passes the answers on, one after the other, the oldest first: all of them together are as large as the cache. */
  void restoreInto(Consumer<? super Entry> answers) {
    Restored restored = read(entry -> {
      entry.answer().markSaved();
      answers.accept(entry);
    });
    if (restored != null && restored.entries() > 0) {
      events.tell(
          container,
          CacheEvent.Kind.SNAPSHOT,
          "a snapshot was restored" + (restored.dropped() == 0 ? "" : ", without what is damaged"),
          Map.of(
              "entries", (double) restored.entries(),
              "dropped", (double) restored.dropped()));
    }
  }

  private @Nullable Restored read(Consumer<Entry> answers) {
    lock.lock();
    try {
      return folder == null ? null : folder.restore(answers);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes what has changed since the last time, or everything.
   *
   * @param store the answers; null if there are none
   * @param may whether an answer may be written now
   * @param digest the digest of the version that serves
   */
  void save(
      UpdateStrategy.Type type,
      @Nullable AnswerStore store,
      Predicate<? super CachedAnswer> may,
      String digest,
      ModelState modelState) {
    lock.lock();
    try {
      if (folder != null) {
        save(folder, type, store, may, digest, modelState);
      }
    } finally {
      lock.unlock();
    }
  }

  private void save(
      SnapshotFolder open,
      UpdateStrategy.Type type,
      @Nullable AnswerStore store,
      Predicate<? super CachedAnswer> may,
      String digest,
      ModelState modelState) {
    boolean removed = !Files.isDirectory(path);
    boolean all = replacing || removed || type == UpdateStrategy.Type.FULL;
    SnapshotFolder.State state =
        new SnapshotFolder.State(modelState.epoch(), digest, GrammarJson.write(modelState));
    List<Entry> entries = new ArrayList<>();
    if (store != null) {
      store.forEach((key, answer) -> {
        if (may.test(answer)) {
          entries.add(new Entry(key, answer));
        }
      });
    }
    List<Entry> changed =
        entries.stream().filter(entry -> !entry.answer().isSaved()).toList();
    try {
      SnapshotFolder to = removed ? openAnew(open) : open;
      Written written =
          all || to.isCompactionDue() ? to.compact(entries, state) : to.append(changed, state);
      replacing &= !all;
      changed.forEach(entry -> entry.answer().markSaved());
      if (written.entries() > 0) {
        log.debug("{}: {} entries written, {} bytes", to, written.entries(), written.bytes());
      }
    } catch (IOException e) {
      events.tell(
          container,
          CacheEvent.Kind.SNAPSHOT,
          "a snapshot could not be written, and the one before is kept: " + e.getMessage(),
          Map.of());
    }
  }

  /** Has the next cycle replace what is stored, which has more in it than it may have. */
  void replaceSoon() {
    lock.lock();
    try {
      replacing = true;
    } finally {
      lock.unlock();
    }
  }

  /** Others have removed the folder: what is added to its files reaches no reader, and fails with no error. */
  private SnapshotFolder openAnew(SnapshotFolder removed) throws IOException {
    removed.close();
    Path all = path.getParent();
    if (all != null) {
      Files.createDirectories(all);
    }
    SnapshotFolder opened = SnapshotFolder.open(path, container, policy);
    folder = opened;
    events.tell(
        container,
        CacheEvent.Kind.SNAPSHOT,
        "the folder of the state was removed by others, and is written anew",
        Map.of());
    return opened;
  }

  /** Removes what was stored, and the folder. */
  void delete() {
    lock.lock();
    try {
      close();
      deleteFiles(path);
    } catch (IOException e) {
      events.tell(
          container,
          CacheEvent.Kind.SNAPSHOT,
          "the stored state in " + path + " could not be removed: " + e.getMessage(),
          Map.of());
    } finally {
      lock.unlock();
    }
  }

  /** Removes what another process has stored of a container, unless it is at work there. */
  static void delete(Path all, String container, Events events) {
    Path path = all.resolve(container);
    if (!Files.isDirectory(path)) {
      return;
    }
    try {
      SnapshotFolder.open(path, container, "").close();
      deleteFiles(path);
    } catch (IOException e) {
      events.tell(
          container,
          CacheEvent.Kind.SNAPSHOT,
          "the stored state in " + path + " is left: " + e.getMessage(),
          Map.of());
    }
  }

  private static void deleteFiles(Path path) throws IOException {
    try (Stream<Path> files = Files.exists(path) ? Files.walk(path) : Stream.empty()) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (folder != null) {
        folder.close();
        folder = null;
      }
    } finally {
      lock.unlock();
    }
  }
}
