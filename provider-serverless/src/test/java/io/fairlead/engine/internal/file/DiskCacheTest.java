package io.fairlead.engine.internal.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskCacheTest {
  @TempDir
  Path folder;

  @Test
  void theEntriesThatWereUsedLastStayWithinTheLimit() throws IOException {
    DiskCache cache = new DiskCache(folder, 25);
    for (String name : List.of("a", "b")) {
      cache.tryKeep(name, part -> Files.write(part, new byte[10]));
      Files.setLastModifiedTime(
          folder.resolve(name), FileTime.fromMillis(name.equals("a") ? 1 : 2));
    }
    cache.find("a");

    cache.tryKeep("c", part -> Files.write(part, new byte[10]));

    assertThat(files(folder))
        .extracting(Path::getFileName)
        .map(Path::toString)
        .containsExactly("a", "c");
  }

  @Test
  void aFileLargerThanTheLimitIsNotKept() {
    DiskCache cache = new DiskCache(folder, 25);
    cache.tryKeep("a", part -> Files.write(part, new byte[10]));

    boolean kept = cache.tryKeep("large", part -> Files.write(part, new byte[26]));

    assertThat(kept).isFalse();
    assertThat(files(folder)).containsExactly(folder.resolve("a"));
  }

  @Test
  void whatFailsToBeWrittenLeavesNothing() {
    DiskCache cache = new DiskCache(folder, 25);

    boolean kept = cache.tryKeep("a", part -> {
      Files.write(part, new byte[10]);
      throw new IOException("No space left on device");
    });

    assertThat(kept).isFalse();
    assertThat(files(folder)).isEmpty();
  }

  @Test
  void whatAKilledProcessLeftIsDeleted() throws IOException {
    DiskCache cache = new DiskCache(folder, 25);
    Path old = Files.createFile(folder.resolve("old.part"));
    Path recent = Files.createFile(folder.resolve("recent.part"));
    Files.setLastModifiedTime(old, FileTime.fromMillis(0));

    cache.tryKeep("a", part -> Files.write(part, new byte[10]));

    assertThat(files(folder)).containsExactly(folder.resolve("a"), recent);
  }

  @Test
  void aCacheThatKeepsNothingWritesNothing() {
    assertThat(DiskCache.NONE.keepsAnything()).isFalse();
    assertThat(DiskCache.NONE.tryKeep("a", part -> Files.write(part, new byte[1])))
        .isFalse();
    assertThat(DiskCache.NONE.find("a")).isEmpty();
  }

  @Test
  void aFolderAppearsWholeAndReplacesTheOneBefore() throws IOException {
    DiskCache cache = new DiskCache(folder, 25);
    cache.keepFolder("a", part -> Files.write(part.resolve("old"), new byte[1]));

    Path kept = cache.keepFolder("a", part -> {
      Files.write(Files.createDirectory(part.resolve("content")).resolve("new"), new byte[40]);
      assertThat(cache.entry("a").resolve("old")).exists();
    });

    assertThat(kept).isEqualTo(folder.resolve("a"));
    assertThat(files(kept)).containsExactly(kept.resolve("content"));
    assertThat(files(folder)).containsExactly(kept);
  }

  @Test
  void aFolderThatFailsToBeWrittenLeavesTheOneBefore() throws IOException {
    DiskCache cache = new DiskCache(folder, 25);
    cache.keepFolder("a", part -> Files.write(part.resolve("old"), new byte[1]));

    assertThatThrownBy(() -> cache.keepFolder("a", part -> {
          Files.write(part.resolve("new"), new byte[1]);
          throw new IOException("No space left on device");
        }))
        .hasMessage("No space left on device");

    assertThat(files(folder)).containsExactly(folder.resolve("a"));
    assertThat(folder.resolve("a/old")).exists();
  }

  @Test
  void whatWasFoundLatelyStaysWhateverItTakes() throws IOException {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    InstantSource clock = now::get;
    DiskCache cache = new DiskCache(folder, 25, Duration.ofHours(1), clock);
    for (String key : List.of("a", "b", "c")) {
      cache.keepFolder(key, part -> Files.write(part.resolve("file"), new byte[20]));
    }
    assertThat(files(folder)).hasSize(3);

    now.set(now.get().plus(Duration.ofHours(2)));
    cache.touch("b");
    cache.keepFolder("d", part -> Files.write(part.resolve("file"), new byte[20]));

    assertThat(files(folder)).containsExactly(folder.resolve("b"), folder.resolve("d"));
  }

  @Test
  void aLockIsNoEntry() throws IOException {
    DiskCache cache = new DiskCache(folder, 25);
    FolderLock.holding(
        folder, "a", () -> cache.tryKeep("a", part -> Files.write(part, new byte[25])));

    cache.tryKeep("b", part -> Files.write(part, new byte[25]));

    assertThat(files(folder)).containsExactly(folder.resolve("b"), folder.resolve("lock"));
  }

  @Test
  void aRemovedEntryIsNotFound() {
    DiskCache cache = new DiskCache(folder, 25);
    cache.tryKeep("a", part -> Files.write(part, new byte[1]));
    assertThat(cache.find("a")).isPresent();

    cache.remove("a");

    assertThat(cache.find("a")).isEmpty();
    cache.remove("a");
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
