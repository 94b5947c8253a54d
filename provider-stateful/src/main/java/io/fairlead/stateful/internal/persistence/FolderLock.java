package io.fairlead.stateful.internal.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The lock of a folder that one process at a time may write. The operating system releases it when the process ends,
 * however it ends.
 */
final class FolderLock implements Closeable {
  private static final String NAME = "lock";

  // On Windows, nobody else can read what is locked; who has the lock is told before it.
  private static final long LOCKED = Long.MAX_VALUE - 1;
  private static final int OWNER = 100;

  // Closing a file releases each lock that the process has on it (POSIX, fcntl), so none that is
  // locked is opened again.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private FolderLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Locks a folder.
   *
   * @param folder the existing folder
   * @throws IOException with a sentence that says who has it, if another has
   */
  static FolderLock acquire(Path folder, InstantSource clock) throws IOException {
    Path real = folder.toRealPath();
    if (!HELD.add(real)) {
      throw inUse(folder, "this process");
    }
    try {
      return new FolderLock(real, locked(folder, real.resolve(NAME), clock));
    } catch (IOException | RuntimeException | Error e) {
      HELD.remove(real);
      throw e;
    }
  }

  // The lock is released with its channel.
  @SuppressWarnings("resource")
  private static FileChannel locked(Path folder, Path file, InstantSource clock)
      throws IOException {
    FileChannel channel = FileChannel.open(
        file, Set.of(CREATE, READ, WRITE, NOFOLLOW_LINKS), DiskWriting.owned("rw-------"));
    try {
      FileLock lock = channel.tryLock(LOCKED, 1, false);
      if (lock == null) {
        throw inUse(folder, owner(channel));
      }
    } catch (OverlappingFileLockException e) {
      // This class, loaded by another class loader, has it; closing the channel would release that
      // lock.
      throw inUse(folder, "this process");
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
    tellOwner(channel, clock);
    return channel;
  }

  private static void tellOwner(FileChannel channel, InstantSource clock) {
    String owner = "process " + ProcessHandle.current().pid() + " since " + clock.instant();
    try {
      // What was written before is as long.
      byte[] bytes = String.format(Locale.ROOT, "%-" + OWNER + "s", owner).getBytes(UTF_8);
      channel.write(ByteBuffer.wrap(bytes), 0);
    } catch (IOException e) {
      // On a full disk, it is locked all the same.
    }
  }

  private static String owner(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(OWNER);
    channel.read(bytes, 0);
    String owner = new String(bytes.array(), 0, bytes.position(), UTF_8).strip();
    return owner.startsWith("process ") ? owner : "another process";
  }

  private static IOException inUse(Path folder, String owner) {
    return new IOException("The snapshot folder " + folder + " is in use by " + owner
        + ", and has one writer at a time: close it there, or give another folder.");
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(folder);
    }
  }
}
