package io.fairlead.stateful.internal.prefetch;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A first-order Markov model of which key follows which within a session: for each key at most two successors with
 * counts that age, in 29 bytes.
 *
 * <p>Of a key's successors it keeps the frequent ones as Misra and Gries do ("Finding repeated elements", 1982): one that
 * is not kept takes a unit off the weaker, and replaces it when nothing is left of it. Counts are halved when their sum
 * reaches {@value #AGED_AT}, so that what was usual once is forgotten. Keys are known by their {@linkplain TagTable#tag
 * tags}. Keys that are seldom followed give way to others when the bytes are used up.
 */
final class SuccessorModel {
  /** Requests without a session: those of one model are one sequence. */
  static final long NO_SESSION = 0;

  /** At how many transitions the counts of a key are halved. */
  static final int AGED_AT = 16;

  private static final int BYTES_PER_KEY = TagTable.BYTES_PER_SLOT + 2 * Long.BYTES + Integer.BYTES;
  private static final int BYTES_PER_SESSION = TagTable.BYTES_PER_SLOT + Long.BYTES;

  private final TagTable keys;
  private final long[] first;
  private final long[] second;
  // From the lowest byte: how often the first followed, how often the second, and how often any.
  private final int[] counts;

  private final TagTable sessions;
  private final long[] last;
  private final AtomicLong lastWithoutSession = new AtomicLong();

  /**
   * Creates a model.
   *
   * @param maximumBytes what it takes, of which an eighth is for the sessions
   */
  SuccessorModel(long maximumBytes) {
    long sessionBytes = maximumBytes / 8;
    keys = new TagTable(TagTable.slots(maximumBytes - sessionBytes, BYTES_PER_KEY));
    first = new long[keys.length()];
    second = new long[keys.length()];
    counts = new int[keys.length()];
    sessions = new TagTable(TagTable.slots(sessionBytes, BYTES_PER_SESSION));
    last = new long[sessions.length()];
  }

  /** {@return what it takes on the heap} */
  long bytes() {
    return (long) keys.length() * BYTES_PER_KEY
        + (long) sessions.length() * BYTES_PER_SESSION
        + 2 * TagTable.FIXED_BYTES;
  }

  /** {@return the key that was before this one in the session; 0 if it is the first} */
  long advance(long session, long key) {
    if (session == NO_SESSION) {
      return lastWithoutSession.getAndSet(key);
    }
    long tag = TagTable.tag(session);
    ReentrantLock lock = sessions.lock(tag);
    lock.lock();
    try {
      int claimed = sessions.claim(tag);
      int slot = claimed < 0 ? ~claimed : claimed;
      long previous = claimed < 0 ? 0 : last[slot];
      last[slot] = key;
      return previous;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Learns that a key followed another. A key that follows itself tells nothing: its answer is cached.
   *
   * @return the class of the prediction that it would follow again; -1 if that is not predicted
   */
  int learn(long previous, long key) {
    if (previous == key) {
      return -1;
    }
    ReentrantLock lock = keys.lock(previous);
    lock.lock();
    try {
      int slot = keys.claim(previous);
      if (slot < 0) {
        slot = ~slot;
        first[slot] = key;
        second[slot] = 0;
        counts[slot] = pack(1, 0, 1);
      } else {
        count(slot, key);
      }
      int count = first[slot] == key
          ? ofFirst(counts[slot])
          : second[slot] == key ? ofSecond(counts[slot]) : 0;
      return count == 0 ? -1 : PrefetchGate.classOf(count, ofAny(counts[slot]));
    } finally {
      lock.unlock();
    }
  }

  private void count(int slot, long key) {
    int ofFirst = ofFirst(counts[slot]);
    int ofSecond = ofSecond(counts[slot]);
    int ofAny = ofAny(counts[slot]) + 1;
    if (first[slot] == key) {
      ofFirst++;
    } else if (second[slot] == key) {
      ofSecond++;
    } else if (ofSecond <= 1) {
      second[slot] = key;
      ofSecond = 1;
    } else {
      ofSecond--;
    }
    if (ofSecond > ofFirst) {
      second[slot] = first[slot];
      first[slot] = key;
      int swapped = ofFirst;
      ofFirst = ofSecond;
      ofSecond = swapped;
    }
    counts[slot] = ofAny < AGED_AT
        ? pack(ofFirst, ofSecond, ofAny)
        : pack(ofFirst / 2, ofSecond / 2, ofAny / 2);
  }

  private static int pack(int ofFirst, int ofSecond, int ofAny) {
    return ofFirst | (ofSecond << 8) | (ofAny << 16);
  }

  private static int ofFirst(int packed) {
    return packed & 0xff;
  }

  private static int ofSecond(int packed) {
    return (packed >>> 8) & 0xff;
  }

  private static int ofAny(int packed) {
    return packed >>> 16;
  }

  /** {@return what is known to follow a key, the more frequent first; at most two} */
  List<Successor> successors(long key) {
    ReentrantLock lock = keys.lock(key);
    lock.lock();
    try {
      int slot = keys.find(key);
      if (slot < 0) {
        return List.of();
      }
      int ofFirst = ofFirst(counts[slot]);
      int ofSecond = ofSecond(counts[slot]);
      int ofAny = ofAny(counts[slot]);
      if (ofFirst == 0) {
        return List.of();
      }
      Successor likeliest = new Successor(first[slot], ofFirst, ofAny);
      return ofSecond == 0
          ? List.of(likeliest)
          : List.of(likeliest, new Successor(second[slot], ofSecond, ofAny));
    } finally {
      lock.unlock();
    }
  }

  /**
   * A key that follows another.
   *
   * @param key its tag
   * @param count how often it followed
   * @param transitions how often any key followed
   */
  record Successor(long key, int count, int transitions) {}
}
