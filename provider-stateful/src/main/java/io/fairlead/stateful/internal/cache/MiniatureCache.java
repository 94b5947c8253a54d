package io.fairlead.stateful.internal.cache;

import org.jspecify.annotations.Nullable;

/** A cache of hashes without answers, which tells what a policy would hit. Not safe for concurrent use. */
final class MiniatureCache {
  private static final int FIRST_LENGTH = 256;

  private final WindowTinyLfu policy;

  /** A hash table with chained entries. */
  private @Nullable Entry[] table = new Entry[FIRST_LENGTH];

  private int size;

  MiniatureCache(FrequencySketch sketch, long maximum, double share) {
    policy = new WindowTinyLfu(sketch, maximum, share);
  }

  private static final class Entry extends Tracked {
    private final long hash;
    private @Nullable Entry chained;

    private Entry(long hash, int bytes) {
      this.hash = hash;
      this.bytes = bytes;
    }

    @Override
    long hash() {
      return hash;
    }
  }

  /** {@return whether it is a hit; if not, it is added} */
  boolean use(long hash, int bytes) {
    Entry entry = find(hash);
    if (entry != null) {
      policy.used(entry);
      return true;
    }
    if (bytes <= policy.maximum()) {
      Entry added = new Entry(hash, bytes);
      insert(added);
      policy.added(added);
      evictWhatIsTooMuch();
    }
    return false;
  }

  /** Makes it smaller: removes the entries whose hashes have a bit of a mask, and takes fewer bytes from now on. */
  void shrink(long maximum, long mask) {
    for (Entry head : table) {
      Entry entry = head;
      while (entry != null) {
        Entry next = entry.chained;
        if ((entry.hash & mask) != 0) {
          evict(entry);
        }
        entry = next;
      }
    }
    policy.maximum(maximum);
    evictWhatIsTooMuch();
  }

  private void evictWhatIsTooMuch() {
    while (policy.bytes() > policy.maximum()) {
      evict((Entry) policy.victim());
    }
  }

  private void evict(Entry entry) {
    policy.removed(entry);
    int place = place(entry.hash);
    Entry before = null;
    for (Entry at = table[place]; at != entry && at != null; at = at.chained) {
      before = at;
    }
    if (before == null) {
      table[place] = entry.chained;
    } else {
      before.chained = entry.chained;
    }
    size--;
  }

  private @Nullable Entry find(long hash) {
    Entry entry = table[place(hash)];
    while (entry != null && entry.hash != hash) {
      entry = entry.chained;
    }
    return entry;
  }

  private void insert(Entry entry) {
    if (size == table.length) {
      @Nullable Entry[] old = table;
      table = new Entry[2 * old.length];
      for (Entry head : old) {
        Entry moved = head;
        while (moved != null) {
          Entry next = moved.chained;
          link(moved);
          moved = next;
        }
      }
    }
    link(entry);
    size++;
  }

  private void link(Entry entry) {
    int place = place(entry.hash);
    entry.chained = table[place];
    table[place] = entry;
  }

  /** The upper bits, as the lower ones of what is sampled are all the same. */
  private int place(long hash) {
    return (int) (hash >>> 32) & (table.length - 1);
  }
}
