package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.fairlead.stateful.internal.cache.AnswerStore;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder with the snapshot of one container's cache: a base file, and delta files with what changed since.
 *
 * <p>Each cycle of an incremental strategy {@linkplain #append appends} the changed entries to a delta, and
 * {@linkplain #compact compacts} all into a new base when that {@linkplain #isCompactionDue() is due}; a full strategy
 * compacts at each. A cycle that has returned is on the disk, and survives the end of the process and of the power. One
 * that failed leaves what was there before.
 *
 * <p>What is damaged is ignored with a warning, never restored, and never prevents the opening: each entry and each
 * state has a checksum. Files of a later format are renamed and kept. Entries that were evicted stay in the files until
 * the next compaction; whoever restores has to choose those of the models that it serves.
 *
 * <p>Folder and files are for their owner only, since requests may be retained in them. One process at a time has the
 * folder. Safe for concurrent use.
 */
public final class SnapshotFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFolder.class);
  private static final int MAX_POLICY = 1 << 16;

  /** Less than that is not worth a compaction. */
  private static final long MIN_DELTA_BYTES = 1 << 16;

  /** Each process begins a delta of its own. */
  private static final int MAX_DELTAS = 32;

  private final Path folder;
  private final String container;
  private final String policy;
  private final FileWriting writing;
  private final FolderLock folderLock;
  private final AnswerCodec codec = new AnswerCodec();
  private final SecureRandom random = new SecureRandom();
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final List<SnapshotFile> files;
  private final List<Path> obsolete;
  private final List<String> openingWarnings;
  private long generation;
  private int lastPart;
  private @Nullable SnapshotWriter delta;
  private long deltaStates;
  private @Nullable State lastState;
  private String snapshotId = "";
  private boolean closed;

  /**
   * What is kept beside the entries.
   *
   * @param epoch the epoch of the container's state
   * @param digest the digest of the model version that it serves
   * @param json statistics and the like, which only the owner understands
   */
  public record State(long epoch, String digest, String json) {
    /** Checks that nothing is null. */
    public State {
      requireNonNull(digest, "digest");
      requireNonNull(json, "json");
    }
  }

  /**
   * What one cycle wrote.
   *
   * @param snapshotId the id of the snapshot that the folder has now
   * @param entries how many entries were written
   * @param bytes how many bytes were written
   */
  public record Written(String snapshotId, long entries, long bytes) {}

  /**
   * What was read.
   *
   * @param state the state of the last completed cycle; empty if there is none
   * @param snapshotId the id of the snapshot; empty if there is none
   * @param policy the caching policy that it was written under, as text; empty if there is none
   * @param digests the digests of the models that answered
   * @param entries how many entries were read, including earlier ones of the same key
   * @param dropped how many damaged places were ignored, each an entry or a state, or the rest of a file
   * @param warnings what was ignored, as sentences
   */
  public record Restored(
      Optional<State> state,
      String snapshotId,
      String policy,
      Set<String> digests,
      long entries,
      long dropped,
      List<String> warnings) {
    /** Copies the collections. */
    public Restored {
      digests = Set.copyOf(digests);
      warnings = List.copyOf(warnings);
    }
  }

  private SnapshotFolder(
      Path folder,
      String container,
      String policy,
      FileWriting writing,
      FolderLock folderLock,
      FolderContent content) {
    this.folder = folder;
    this.container = container;
    this.policy = policy;
    this.writing = writing;
    this.folderLock = folderLock;
    this.files = content.files();
    this.obsolete = content.obsolete();
    this.openingWarnings = content.warnings();
    this.generation = content.lastGeneration();
    this.lastPart = content.lastPart();
  }

  /**
   * Opens a folder, and creates it if it does not exist.
   *
   * @param folder the folder, of this container alone
   * @param container the name of the container
   * @param policy the caching policy, as a short text, for whoever restores
   * @throws IOException with a sentence for the user if it cannot be read or written, is in use by another process, or
   *     holds the answers of another container
   */
  public static SnapshotFolder open(Path folder, String container, String policy)
      throws IOException {
    return open(folder, container, policy, new DiskWriting(), InstantSource.system());
  }

  static SnapshotFolder open(
      Path folder, String container, String policy, FileWriting writing, InstantSource clock)
      throws IOException {
    if (container.getBytes(UTF_8).length + policy.getBytes(UTF_8).length > MAX_POLICY) {
      throw new IllegalArgumentException(
          "container and policy must have at most " + MAX_POLICY + " bytes together");
    }
    FolderLock folderLock;
    try {
      Files.createDirectories(folder, DiskWriting.owned("rwx------"));
      folderLock = FolderLock.acquire(folder, clock);
    } catch (FileSystemException e) {
      throw unopened(folder, e);
    }
    try {
      FolderContent content = FolderContent.of(folder, container);
      return new SnapshotFolder(folder, container, policy, writing, folderLock, content);
    } catch (FileSystemException e) {
      folderLock.close();
      throw unopened(folder, e);
    } catch (IOException | RuntimeException | Error e) {
      folderLock.close();
      throw e;
    }
  }

  /**
   * Reads the snapshot. Nothing that is in the files makes it fail.
   *
   * @param entries takes each entry; where a key is read twice, the later one is the newer
   */
  public Restored restore(Consumer<AnswerStore.Entry> entries) {
    lock.lock();
    try {
      Restoring restoring = new Restoring(entries, codec, openingWarnings);
      for (SnapshotFile file : readable()) {
        restoring.read(file);
      }
      Restored restored = restoring.restored();
      lastState = restored.state().orElse(null);
      snapshotId = restored.snapshotId();
      restored.warnings().forEach(LOG::warn);
      return restored;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Completes a cycle: adds entries to the snapshot.
   *
   * <p>What it writes is what is in the entries, about 80 bytes for each, and some 200 bytes.
   *
   * @param changed what was added or replaced since the last completed cycle
   * @throws IOException with a sentence for the user; the snapshot is that of the last completed cycle then
   */
  public Written append(Collection<AnswerStore.Entry> changed, State state) throws IOException {
    lock.lock();
    try {
      checkOpen();
      if (changed.isEmpty() && state.equals(lastState)) {
        return new Written(snapshotId, 0, 0);
      }
      try {
        return appended(changed, state);
      } catch (IOException e) {
        abandonDelta();
        throw unwritten(e);
      } catch (RuntimeException | Error e) {
        abandonDelta();
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  private Written appended(Collection<AnswerStore.Entry> changed, State state) throws IOException {
    SnapshotWriter writer = delta;
    if (writer == null) {
      lastPart++;
      deltaStates = 0;
      writer = new SnapshotWriter(
          writing.create(folder.resolve(SnapshotFile.deltaName(generation, lastPart))),
          header(state));
      delta = writer;
    }
    long before = writer.forced();
    long entries = 0;
    for (AnswerStore.Entry entry : changed) {
      writer.answer(entry);
      entries++;
    }
    writer.state(state);
    writer.force();
    if (before == 0) {
      writing.forceFolder(folder);
    }
    deltaStates++;
    completed(state, SnapshotFile.id(generation, lastPart, deltaStates));
    return new Written(snapshotId, entries, writer.position() - before);
  }

  private void completed(State state, String id) {
    lastState = state;
    snapshotId = id;
  }

  /** Ends the delta with what is known to be on the disk; the next cycle begins another. */
  private void abandonDelta() {
    SnapshotWriter writer = delta;
    if (writer == null) {
      return;
    }
    SnapshotFile file = deltaFile(writer);
    delta = null;
    try {
      writer.abandon();
    } catch (IOException e) {
      // Whoever reads it drops the torn end.
      LOG.debug("{} was not cut off", file.path(), e);
    }
    if (file.bytes() > 0 || !delete(file.path())) {
      files.add(file);
    }
  }

  private SnapshotFile deltaFile(SnapshotWriter writer) {
    Path path = folder.resolve(SnapshotFile.deltaName(generation, lastPart));
    return new SnapshotFile(path, generation, lastPart, writer.forced());
  }

  /** {@return the files with completed cycles, in the order in which they were written} */
  private List<SnapshotFile> readable() {
    List<SnapshotFile> all = new ArrayList<>(files);
    if (delta != null && delta.forced() > 0) {
      all.add(deltaFile(delta));
    }
    return all;
  }

  /** {@return whether the deltas have become larger than the base, so that {@link #compact} is worth its cost} */
  public boolean isCompactionDue() {
    lock.lock();
    try {
      long baseBytes = 0;
      long deltaBytes = 0;
      int deltas = 0;
      for (SnapshotFile file : readable()) {
        if (file.isBase()) {
          baseBytes += file.bytes();
        } else {
          deltaBytes += file.bytes();
          deltas++;
        }
      }
      return deltaBytes > Math.max(baseBytes, MIN_DELTA_BYTES) || deltas > MAX_DELTAS;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Completes a cycle: replaces the snapshot.
   *
   * @param all all entries
   * @throws IOException with a sentence for the user; the snapshot is that of the last completed cycle then
   */
  public Written compact(Iterable<AnswerStore.Entry> all, State state) throws IOException {
    lock.lock();
    try {
      checkOpen();
      long next = generation + 1;
      Path base = folder.resolve(SnapshotFile.baseName(next));
      Path temporary = folder.resolve(SnapshotFile.temporaryName(next));
      long entries = 0;
      long bytes;
      boolean renamed = false;
      try {
        Files.deleteIfExists(temporary);
        try (SnapshotWriter writer = new SnapshotWriter(writing.create(temporary), header(state))) {
          for (AnswerStore.Entry entry : all) {
            writer.answer(entry);
            entries++;
          }
          writer.state(state);
          writer.force();
          bytes = writer.position();
        }
        writing.rename(temporary, base);
        renamed = true;
        // From here on, it is what a reader finds, with the deltas of its generation.
        adopt(new SnapshotFile(base, next, SnapshotFile.BASE, bytes));
        writing.forceFolder(folder);
      } catch (IOException e) {
        throw unwritten(e);
      } finally {
        if (!renamed) {
          delete(temporary);
        }
      }
      obsolete.removeIf(SnapshotFolder::delete);
      completed(state, SnapshotFile.id(next, SnapshotFile.BASE, 1));
      return new Written(snapshotId, entries, bytes);
    } finally {
      lock.unlock();
    }
  }

  private void adopt(SnapshotFile base) {
    abandonDelta();
    for (SnapshotFile file : files) {
      obsolete.add(file.path());
    }
    files.clear();
    files.add(base);
    generation = base.generation();
    lastPart = SnapshotFile.BASE;
  }

  private SnapshotFormat.Header header(State state) {
    return new SnapshotFormat.Header(
        random.nextLong(), container, state.epoch(), state.digest(), policy);
  }

  private void checkOpen() throws IOException {
    if (closed) {
      throw new IOException("The snapshot folder " + folder + " is closed.");
    }
  }

  private IOException unwritten(IOException e) {
    return new IOException(
        "The snapshot in " + folder + " could not be written, and the one before is kept: "
            + reason(e) + ".",
        e);
  }

  private static IOException unopened(Path folder, FileSystemException e) {
    return new IOException(
        "The snapshot folder " + folder + " cannot be opened: " + reason(e) + ".", e);
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException failed && failed.getReason() != null) {
      return failed.getReason();
    }
    if (e instanceof AccessDeniedException) {
      return "access is denied";
    }
    if (e instanceof NoSuchFileException) {
      return "it does not exist any more";
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /** Deletes a file as far as possible, and returns whether it is gone. */
  static boolean delete(Path file) {
    try {
      Files.deleteIfExists(file);
      return true;
    } catch (IOException e) {
      LOG.debug("{} could not be deleted", file, e);
      return false;
    }
  }

  /** Releases the folder. What was not in a completed cycle is lost. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      abandonDelta();
      folderLock.close();
    } catch (IOException e) {
      LOG.debug("The lock of {} was not closed", folder, e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return "snapshot of " + container + " in " + folder;
  }

  /** A restoration under way. */
  private static final class Restoring implements SnapshotReader.Visitor {
    private final Consumer<AnswerStore.Entry> consumer;
    private final AnswerCodec codec;
    private final List<String> warnings;
    private final Set<String> digests = new HashSet<>();
    private @Nullable State state;
    private String snapshotId = "";
    private String policy = "";
    private long entries;
    private long dropped;

    // Of the file that is being read.
    private long states;
    private long damaged;
    private String rest = "";

    Restoring(Consumer<AnswerStore.Entry> consumer, AnswerCodec codec, List<String> warnings) {
      this.consumer = consumer;
      this.codec = codec;
      this.warnings = new ArrayList<>(warnings);
    }

    void read(SnapshotFile file) {
      states = 0;
      damaged = 0;
      rest = "";
      try (SnapshotReader reader = new SnapshotReader(file.path())) {
        SnapshotFormat.Header header = reader.header();
        if (header == null) {
          damaged++;
        } else {
          policy = header.policy();
          reader.read(header, codec, this);
        }
      } catch (IOException e) {
        rest = "it could not be read (" + reason(e) + ")";
        dropped++;
      }
      if (states > 0) {
        snapshotId = SnapshotFile.id(file.generation(), file.part(), states);
      }
      dropped += damaged;
      if (damaged > 0) {
        warnings.add(file.path() + " is damaged in " + damaged + " places, which are ignored.");
      }
      if (!rest.isEmpty()) {
        warnings.add(file.path() + " is used up to where " + rest + ".");
      }
    }

    Restored restored() {
      return new Restored(
          Optional.ofNullable(state), snapshotId, policy, digests, entries, dropped, warnings);
    }

    @Override
    public void answer(AnswerStore.Entry entry) {
      entries++;
      digests.add(entry.answer().modelDigest());
      consumer.accept(entry);
    }

    @Override
    public void state(State read) {
      states++;
      state = read;
    }

    @Override
    public void damaged(long position) {
      damaged++;
    }

    @Override
    public void torn(long position, long bytes) {
      dropped++;
      rest = "its last " + bytes + " bytes are cut off";
    }

    @Override
    public void unreadable(long position, long bytes) {
      dropped++;
      rest = "it is damaged, " + bytes + " bytes before its end";
    }
  }
}
