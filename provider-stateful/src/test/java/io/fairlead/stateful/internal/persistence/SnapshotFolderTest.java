package io.fairlead.stateful.internal.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fairlead.stateful.internal.cache.AnswerStore.Entry;
import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.Restored;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import io.fairlead.stateful.internal.persistence.SnapshotFolder.Written;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotFolderTest {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-11-29T12:00:00Z"));

  @TempDir
  Path parent;

  private final FailingWriting writing = new FailingWriting();
  private final Map<CacheKey, CachedAnswer> read = new HashMap<>();

  private Path folder() {
    return parent.resolve("snapshots/bert");
  }

  private SnapshotFolder open() throws IOException {
    return SnapshotFolder.open(folder(), "bert", "lru 4GB", writing, CLOCK);
  }

  private Restored restore(SnapshotFolder folder) {
    read.clear();
    return folder.restore(entry -> read.put(entry.key(), entry.answer()));
  }

  private static State state(long epoch) {
    return new State(epoch, Entries.DIGEST, "{\"hits\":" + epoch + "}");
  }

  private void assertRead(int from, int to) {
    assertThat(read).hasSize(to - from);
    for (Entry entry : Entries.range(from, to)) {
      assertThat(read).containsKey(entry.key());
      Entries.assertEqual(read.get(entry.key()), entry.answer());
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void whatWasAppendedIsRestored() throws IOException {
    Written last;
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 50), state(1));
      last = folder.append(Entries.range(50, 80), state(2));
    }

    try (SnapshotFolder folder = open()) {
      Restored restored = restore(folder);

      assertRead(0, 80);
      assertThat(restored.state()).contains(state(2));
      assertThat(restored.snapshotId()).isEqualTo(last.snapshotId());
      assertThat(restored.policy()).isEqualTo("lru 4GB");
      assertThat(restored.digests()).containsExactly(Entries.DIGEST);
      assertThat(restored.entries()).isEqualTo(80);
      assertThat(restored.dropped()).isZero();
      assertThat(restored.warnings()).isEmpty();
    }
  }

  @Test
  void aNewFolderIsEmpty() throws IOException {
    try (SnapshotFolder folder = open()) {
      Restored restored = restore(folder);

      assertThat(restored.state()).isEmpty();
      assertThat(restored.snapshotId()).isEmpty();
      assertThat(restored.entries()).isZero();
      assertThat(restored.warnings()).isEmpty();
    }
  }

  @Test
  void compactingReplacesAllThatWasThere() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 50), state(1));
      folder.compact(Entries.range(40, 60), state(2));
      folder.append(Entries.range(60, 70), state(3));

      assertThat(names())
          .containsExactly("base-0000000001.snapshot", "delta-0000000001-000001.snapshot", "lock");
    }

    try (SnapshotFolder folder = open()) {
      assertThat(restore(folder).state()).contains(state(3));
      assertRead(40, 70);
      folder.compact(Entries.range(0, 5), state(4));
      assertThat(names()).containsExactly("base-0000000002.snapshot", "lock");
    }

    try (SnapshotFolder folder = open()) {
      assertThat(restore(folder).state()).contains(state(4));
      assertRead(0, 5);
    }
  }

  @Test
  void theLaterEntryOfAKeyIsReadLater() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.compact(List.of(Entries.entry(1, "v1", 10)), state(1));
      folder.append(List.of(Entries.entry(1, "v2", 10)), state(2));
    }

    try (SnapshotFolder folder = open()) {
      assertThat(restore(folder).digests()).containsExactlyInAnyOrder("v1", "v2");
      assertThat(read.get(Entries.key(1)).modelDigest()).isEqualTo("v2");
    }
  }

  @Test
  void aCycleWithoutChangesWritesNothing() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 5), state(1));
    }
    try (SnapshotFolder folder = open()) {
      Restored restored = restore(folder);
      long before = writing.writtenBytes;

      Written written = folder.append(List.of(), state(1));

      assertThat(writing.writtenBytes).isEqualTo(before);
      assertThat(written).isEqualTo(new Written(restored.snapshotId(), 0, 0));
    }
  }

  @Test
  void eachCompletedCycleIsASnapshotWithAnIdOfItsOwn() throws IOException {
    List<String> ids = new ArrayList<>();
    for (int round = 0; round < 3; round++) {
      try (SnapshotFolder folder = open()) {
        String last = restore(folder).snapshotId();
        assertThat(last).isEqualTo(round == 0 ? "" : ids.get(ids.size() - 1));
        ids.add(folder.append(List.of(), state(10L * round + 1)).snapshotId());
        ids.add(folder.append(List.of(), state(10L * round + 2)).snapshotId());
        ids.add(folder.compact(List.of(), state(10L * round + 3)).snapshotId());
        ids.add(folder.append(List.of(), state(10L * round + 4)).snapshotId());
      }
    }
    assertThat(ids).hasSize(12).doesNotHaveDuplicates();
  }

  /** An entry of 256 bytes takes 400 in a cache: its overhead there is 144. */
  @ParameterizedTest
  @ValueSource(ints = {16, 256, 4096})
  void aCycleWritesLittleMoreThanTheChangedEntries(int length) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (int number = 1; number <= 1000; number++) {
      CachedAnswer answer = new CachedAnswer(
          Entries.bytes(number, length), "application/json", null, Entries.DIGEST, 1, 2, null);
      entries.add(new Entry(Entries.key(number), answer));
    }
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 1000), state(1));
      long before = writing.writtenBytes;

      Written written = folder.append(entries, state(2));

      assertThat(written.bytes()).isEqualTo(writing.writtenBytes - before);
      assertThat(written.entries()).isEqualTo(1000);
      long inEntries = 1000L * (length + 16 + 32 + "application/json".length() + 16);
      assertThat(written.bytes()).isBetween(inEntries, inEntries * 12 / 10);
      assertThat(written.bytes()).isLessThan(1000L * (length + 144));
    }
  }

  @Test
  void aCycleEndsWhenItIsOnTheDisk() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 5), state(1));
      assertThat(writing.forces).isEqualTo(1);
      folder.append(Entries.range(5, 6), state(1));
      assertThat(writing.forces).isEqualTo(2);
      folder.compact(Entries.range(0, 6), state(1));
      assertThat(writing.forces).isEqualTo(3);
    }
  }

  @Test
  void compactionIsDueWhenTheDeltaIsLargerThanTheBase() throws IOException {
    try (SnapshotFolder folder = open()) {
      assertThat(folder.isCompactionDue()).isFalse();
      folder.compact(Entries.range(0, 1000), state(1));
      assertThat(folder.isCompactionDue()).isFalse();
      folder.append(Entries.range(0, 900), state(1));
      assertThat(folder.isCompactionDue()).isFalse();
    }
    try (SnapshotFolder folder = open()) {
      assertThat(folder.isCompactionDue()).isFalse();
      folder.append(Entries.range(0, 200), state(2));
      assertThat(folder.isCompactionDue()).isTrue();
      folder.compact(Entries.range(0, 1000), state(3));
      assertThat(folder.isCompactionDue()).isFalse();
    }
  }

  @Test
  void compactionIsDueWhenThereAreManyDeltas() throws IOException {
    for (int round = 0; round < 32; round++) {
      try (SnapshotFolder folder = open()) {
        assertThat(folder.isCompactionDue()).isFalse();
        folder.append(Entries.range(round, round + 1), state(round));
      }
    }
    try (SnapshotFolder folder = open()) {
      folder.append(List.of(), state(99));
      assertThat(folder.isCompactionDue()).isTrue();
      restore(folder);
      assertRead(0, 32);
    }
  }

  @Test
  void entriesThatAreLargerThanAnyBufferAreRestored() throws IOException {
    Entry large = Entries.entry(1, Entries.DIGEST, 3_000_000);
    try (SnapshotFolder folder = open()) {
      folder.append(List.of(Entries.entry(2), large, Entries.entry(3)), state(1));
    }

    try (SnapshotFolder folder = open()) {
      assertThat(restore(folder).entries()).isEqualTo(3);
      Entries.assertEqual(read.get(large.key()), large.answer());
    }
  }

  @Test
  void aSecondWriterIsToldWhoHasTheFolder() throws IOException {
    try (SnapshotFolder folder = open()) {
      assertThatIOException()
          .isThrownBy(this::open)
          .withMessage("The snapshot folder " + folder()
              + " is in use by this process, and has one writer at a time: close it there, or"
              + " give another folder.");
      folder.append(Entries.range(0, 5), state(1));
    }
    open().close();
  }

  @Test
  void aFolderThatIsClosedTwiceIsFree() throws IOException {
    SnapshotFolder first = open();
    first.close();
    try (SnapshotFolder second = open()) {
      first.close();
      assertThatIOException().isThrownBy(this::open).withMessageContaining("in use");
      assertThatIOException()
          .isThrownBy(() -> first.append(List.of(), state(1)))
          .withMessage("The snapshot folder " + folder() + " is closed.");
      assertThat(second).hasToString("snapshot of bert in " + folder());
    }
  }

  @Test
  void theFolderOfAnotherContainerIsRefused() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 5), state(1));
    }
    List<String> before = names();

    assertThatIOException()
        .isThrownBy(() -> SnapshotFolder.open(folder(), "gpt", ""))
        .withMessageContaining(folder().toString())
        .withMessageContaining("container 'bert', not of 'gpt'");

    assertThat(names()).isEqualTo(before);
    try (SnapshotFolder folder = open()) {
      restore(folder);
      assertRead(0, 5);
    }
  }

  @Test
  void aFolderThatCannotBeCreatedIsToldWithItsPath() throws IOException {
    Files.createFile(parent.resolve("snapshots"));

    assertThatIOException()
        .isThrownBy(this::open)
        .withMessageStartingWith("The snapshot folder " + folder() + " cannot be opened: ");
  }

  @Test
  void filesAreForTheirOwnerOnly() throws IOException {
    assumeThat(parent.getFileSystem().supportedFileAttributeViews()).contains("posix");
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 5), state(1));
      folder.append(Entries.range(5, 9), state(2));

      assertThat(permissions(folder())).isEqualTo("rwx------");
      assertThat(names()).hasSize(3);
      for (String name : names()) {
        assertThat(permissions(folder().resolve(name))).as(name).isEqualTo("rw-------");
      }
    }
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void whatAKilledProcessWasWritingIsDeleted() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 5), state(1));
    }
    Path left = folder().resolve("base-0000000002.snapshot.temporary");
    Files.copy(folder().resolve("base-0000000001.snapshot"), left);
    Path other = Files.createFile(folder().resolve("notes.txt"));

    try (SnapshotFolder folder = open()) {
      assertThat(left).doesNotExist();
      assertThat(other).exists();
      assertThat(restore(folder).warnings()).isEmpty();
    }
  }

  @Test
  void filesBeforeTheLastBaseAreNotRestored() throws IOException {
    Path kept = parent.resolve("copy");
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 5), state(1));
      Files.copy(folder().resolve("base-0000000001.snapshot"), kept);
      folder.compact(Entries.range(5, 9), state(2));
    }
    Files.copy(kept, folder().resolve("base-0000000001.snapshot"));

    try (SnapshotFolder folder = open()) {
      restore(folder);
      assertRead(5, 9);
      assertThat(names()).containsExactly("base-0000000002.snapshot", "lock");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 100, 300, 900})
  void aDiskThatIsFullLeavesTheCycleBefore(long freeBytes) throws IOException {
    for (boolean failsToTruncate : new boolean[] {false, true}) {
      try (SnapshotFolder folder = open()) {
        folder.compact(Entries.range(0, 10), state(1));
        folder.append(Entries.range(10, 20), state(2));
        writing.freeBytes = freeBytes;
        writing.failsToTruncate = failsToTruncate;

        assertUnwritten(
            () -> folder.append(Entries.range(100, 130), state(3)), "No space left on device");
        assertUnwritten(
            () -> folder.compact(Entries.range(200, 230), state(4)), "No space left on device");

        restore(folder);
        assertThat(read).containsKey(Entries.key(19)).doesNotContainKey(Entries.key(200));
        writing.freeBytes = Long.MAX_VALUE;
        folder.append(Entries.range(20, 30), state(5));
      } finally {
        writing.freeBytes = Long.MAX_VALUE;
      }

      try (SnapshotFolder folder = open()) {
        Restored restored = restore(folder);
        assertThat(restored.state()).contains(state(5));
        for (Entry entry : Entries.range(0, 30)) {
          Entries.assertEqual(read.get(entry.key()), entry.answer());
        }
        if (!failsToTruncate) {
          assertRead(0, 30);
          assertThat(restored.warnings()).isEmpty();
        }
      }
    }
  }

  private void assertUnwritten(ThrowingCycle cycle, String reason) {
    assertThatIOException()
        .isThrownBy(cycle::run)
        .withMessage("The snapshot in " + folder()
            + " could not be written, and the one before is kept: " + reason + ".");
  }

  private interface ThrowingCycle {
    void run() throws IOException;
  }

  @Test
  void aRenamingThatFailsLeavesTheBaseBefore() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 10), state(1));
      writing.failsToRename = true;

      assertUnwritten(
          () -> folder.compact(Entries.range(100, 110), state(2)), "Device or resource busy");

      assertThat(names()).containsExactly("base-0000000001.snapshot", "lock");
      folder.append(Entries.range(10, 20), state(3));
    }

    try (SnapshotFolder folder = open()) {
      assertThat(restore(folder).state()).contains(state(3));
      assertRead(0, 20);
    }
  }

  @Test
  void aFolderWithoutAccessLeavesWhatWasThere() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 10), state(1));
      writing.failsToCreate = true;

      assertUnwritten(() -> folder.append(Entries.range(10, 20), state(2)), "access is denied");
      assertUnwritten(() -> folder.compact(Entries.range(10, 20), state(2)), "access is denied");

      restore(folder);
      assertRead(0, 10);
    }
  }

  @Test
  void aDiskThatDoesNotKeepWhatItTookEndsTheDelta() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 10), state(1));
      writing.failsToForce = true;
      assertUnwritten(() -> folder.append(Entries.range(90, 99), state(2)), "Input/output error");
      writing.failsToForce = false;
      folder.append(Entries.range(10, 20), state(3));

      assertThat(names())
          .containsExactly(
              "delta-0000000000-000001.snapshot", "delta-0000000000-000002.snapshot", "lock");
      restore(folder);
      assertRead(0, 20);
    }
  }

  /** The new base is what a reader finds, if it is on the disk; if not, the old one has to be there. */
  @Test
  void aBaseWhoseNameMayNotBeOnTheDiskReplacesNothing() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 10), state(1));
      writing.failsToForceFolder = true;
      assertUnwritten(() -> folder.compact(Entries.range(0, 20), state(2)), "Input/output error");
      assertThat(names()).contains("base-0000000001.snapshot", "base-0000000002.snapshot");
      writing.failsToForceFolder = false;

      folder.append(Entries.range(20, 30), state(3));

      restore(folder);
      assertRead(0, 30);
      folder.compact(Entries.range(0, 30), state(4));
      assertThat(names()).containsExactly("base-0000000003.snapshot", "lock");
    }
  }

  @Test
  void entriesThatCannotBeIteratedAbandonTheCycle() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 10), state(1));
      List<Entry> broken = new ArrayList<>(Entries.range(50, 60));
      broken.add(null);

      assertThatThrownBy(() -> folder.append(broken, state(2)))
          .isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> folder.compact(broken, state(2)))
          .isInstanceOf(NullPointerException.class);

      folder.append(Entries.range(10, 12), state(3));
      assertThat(restore(folder).state()).contains(state(3));
      assertRead(0, 12);
      assertThat(names()).noneMatch(name -> name.endsWith(".temporary"));
    }
  }

  @Test
  void filesOfALaterFormatAreKeptAndNotRead() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.compact(Entries.range(0, 10), state(1));
      folder.append(Entries.range(10, 20), state(1));
    }
    Path base = folder().resolve("base-0000000001.snapshot");
    try (RandomAccessFile file = new RandomAccessFile(base.toFile(), "rw")) {
      file.seek(8);
      file.writeInt(SnapshotFormat.VERSION + 1);
    }
    byte[] later = Files.readAllBytes(base);

    try (SnapshotFolder folder = open()) {
      Restored restored = restore(folder);

      assertRead(10, 20);
      assertThat(restored.warnings())
          .containsExactly(base + " was written by a later version of this library, and is ignored;"
              + " it is kept as base-0000000001.snapshot.kept.");
      folder.compact(Entries.range(0, 3), state(2));
      assertThat(names())
          .containsExactly("base-0000000001.snapshot.kept", "base-0000000002.snapshot", "lock");
      assertThat(folder().resolve("base-0000000001.snapshot.kept")).hasBinaryContent(later);
    }
  }

  @Test
  void whatIsNoSnapshotIsIgnoredWithAWarning() throws IOException {
    try (SnapshotFolder folder = open()) {
      folder.append(Entries.range(0, 10), state(1));
    }
    Files.write(folder().resolve("base-0000000007.snapshot"), Entries.bytes(1, 500));
    Files.createFile(folder().resolve("delta-0000000003-000001.snapshot"));
    Files.createDirectory(folder().resolve("base-0000000009.snapshot"));
    Files.createSymbolicLink(
        folder().resolve("base-0000000008.snapshot"), folder().resolve("nothing"));

    try (SnapshotFolder folder = open()) {
      Restored restored = restore(folder);

      assertRead(0, 10);
      assertThat(restored.state()).contains(state(1));
      assertThat(restored.warnings()).hasSize(4);
      folder.compact(Entries.range(0, 12), state(2));
      assertThat(names()).contains("base-0000000010.snapshot");
    }
    try (SnapshotFolder folder = open()) {
      restore(folder);
      assertRead(0, 12);
    }
  }

  /** Wherever damage makes a reader look, the bytes of an answer or a request are no frame. */
  @Test
  void whatLooksLikeAnEntryInsideAnotherIsNone() throws IOException {
    byte[] planted = AnswerCodec.encode(Entries.key(777), Entries.entry(777).answer());
    SnapshotFormat.Header guessed = new SnapshotFormat.Header(0, "bert", 1, Entries.DIGEST, "");
    byte[] body = ByteBuffer.allocate(9 + planted.length)
        .putInt(1 + planted.length)
        .putInt(SnapshotFormat.frameCheck(guessed, 0, 1 + planted.length))
        .put(SnapshotFormat.ANSWER)
        .put(planted)
        .array();
    CachedAnswer answer =
        new CachedAnswer(body, "application/json", null, Entries.DIGEST, 1, 2, null);
    try (SnapshotFolder folder = open()) {
      folder.append(List.of(new Entry(Entries.key(1), answer)), state(1));
    }
    Path delta = folder().resolve("delta-0000000000-000001.snapshot");
    byte[] bytes = Files.readAllBytes(delta);
    int frame =
        SnapshotFormat.HEADER_START + ByteBuffer.wrap(bytes).getInt(SnapshotFormat.PREAMBLE);

    for (int length = 0; length < bytes.length - frame; length++) {
      ByteBuffer.wrap(bytes).putInt(frame, length);
      Files.write(delta, bytes, StandardOpenOption.WRITE);
      try (SnapshotReader reader = new SnapshotReader(delta)) {
        assertThat(reader.header()).isNotNull();
        reader.read(reader.header(), new AnswerCodec(), new NoneOf(Entries.key(777)));
      }
    }
  }

  private record NoneOf(CacheKey key) implements SnapshotReader.Visitor {
    @Override
    public void answer(Entry entry) {
      assertThat(entry.key()).isNotEqualTo(key);
    }

    @Override
    public void state(State state) {}

    @Override
    public void damaged(long position) {}

    @Override
    public void torn(long position, long bytes) {}

    @Override
    public void unreadable(long position, long bytes) {}
  }

  @Test
  void aPolicyOfAnyLengthIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SnapshotFolder.open(folder(), "bert", "x".repeat(70_000)))
        .withMessage("container and policy must have at most 65536 bytes together");
  }
}
