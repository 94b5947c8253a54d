package io.fairlead.stateful.internal.persistence;

import io.fairlead.stateful.internal.persistence.SnapshotFolder.State;
import java.io.IOException;
import java.nio.file.Path;

/** A process that completes cycles until it is killed, and prints the number of each. */
final class SnapshotProcess {
  static final int ENTRIES_PER_CYCLE = 100;

  private SnapshotProcess() {}

  @SuppressWarnings("InfiniteLoopStatement")
  public static void main(String[] arguments) throws IOException {
    Path path = Path.of(arguments[0]);
    int cycle = Integer.parseInt(arguments[1]);
    try (SnapshotFolder folder = SnapshotFolder.open(path, "bert", "lru 4GB")) {
      while (true) {
        int end = (cycle + 1) * ENTRIES_PER_CYCLE;
        if (folder.isCompactionDue()) {
          folder.compact(Entries.range(0, end), state(cycle));
          say("compacted " + cycle);
        } else {
          folder.append(Entries.range(end - ENTRIES_PER_CYCLE, end), state(cycle));
          say("completed " + cycle);
        }
        cycle++;
      }
    }
  }

  static State state(int cycle) {
    return new State(cycle, Entries.DIGEST, "{}");
  }

  @SuppressWarnings("SystemOut")
  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
