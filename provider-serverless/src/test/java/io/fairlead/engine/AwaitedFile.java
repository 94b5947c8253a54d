package io.fairlead.engine;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A file that another process will create: waiting for it leaves that process the processor. */
public final class AwaitedFile {
  private static final long POLL_MILLIS = 100;

  private AwaitedFile() {}

  /**
   * Waits until a file is there.
   *
   * @param comes whether it still may come
   */
  public static void await(Path file, BooleanSupplier comes)
      throws IOException, InterruptedException {
    try (WatchService created = file.getFileSystem().newWatchService()) {
      file.toAbsolutePath().getParent().register(created, ENTRY_CREATE);
      while (Files.notExists(file) && comes.getAsBoolean()) {
        WatchKey key = created.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (key != null) {
          key.pollEvents();
          key.reset();
        }
      }
    }
  }
}
