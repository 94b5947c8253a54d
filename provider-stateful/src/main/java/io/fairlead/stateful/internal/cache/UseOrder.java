package io.fairlead.stateful.internal.cache;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A linked list of entries from the least to the most recently used one, which knows its bytes. */
final class UseOrder {
  private @Nullable Tracked oldest;
  private @Nullable Tracked newest;
  private long bytes;

  long bytes() {
    return bytes;
  }

  /** {@return the least recently used entry; null if there is none} */
  @Nullable
  Tracked oldest() {
    return oldest;
  }

  void add(Tracked entry) {
    bytes += entry.bytes;
    link(entry);
  }

  void remove(Tracked entry) {
    bytes -= entry.bytes;
    unlink(entry);
  }

  /** Makes an entry the most recently used one. */
  void renew(Tracked entry) {
    if (entry != newest) {
      unlink(entry);
      link(entry);
    }
  }

  /** Takes note that an entry of the list has changed its bytes by so many. */
  void resized(int difference) {
    bytes += difference;
  }

  /** Passes each entry on, the most recently used one first. */
  void newestFirst(Consumer<? super Tracked> action) {
    for (Tracked entry = newest; entry != null; entry = entry.previous) {
      action.accept(entry);
    }
  }

  /** Passes each entry on, the least recently used one first. */
  void oldestFirst(Consumer<? super Tracked> action) {
    for (Tracked entry = oldest; entry != null; entry = entry.next) {
      action.accept(entry);
    }
  }

  private void link(Tracked entry) {
    entry.previous = newest;
    entry.next = null;
    if (newest == null) {
      oldest = entry;
    } else {
      newest.next = entry;
    }
    newest = entry;
  }

  private void unlink(Tracked entry) {
    Tracked previous = entry.previous;
    Tracked next = entry.next;
    if (previous == null) {
      oldest = next;
    } else {
      previous.next = next;
    }
    if (next == null) {
      newest = previous;
    } else {
      next.previous = previous;
    }
    entry.previous = null;
    entry.next = null;
  }
}
