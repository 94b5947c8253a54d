package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The requests that can be asked before they come: a map from keys to requests that outlives the answers, bounded by the
 * bytes that it takes.
 *
 * <p>While there is room it keeps each request. When it is full it takes those only that are worth more than others.
 * What was predicted since the hand passed it stays (CLOCK: Corbató, "A Paging Experiment with the Multics System",
 * 1968); of the rest goes what the hand comes to in the order of the keys' hashes: any, so that a stream that goes round
 * in more requests than it holds finds some. Scopes and content types are taken to be shared and are not counted.
 */
final class RequestLog {
  private static final long STRIPE_BYTES = 1 << 20;
  private static final int MOST_STRIPES = 16;

  private final Stripe[] stripes;

  RequestLog(long maximumBytes) {
    int count = (int) Math.min(MOST_STRIPES, Math.max(1, maximumBytes / STRIPE_BYTES));
    stripes = new Stripe[count];
    for (int i = 0; i < count; i++) {
      stripes[i] = new Stripe(maximumBytes / count);
    }
  }

  /**
   * Keeps a request, unless it is there already, or takes more than an eighth of a stripe.
   *
   * @param worthwhile whether others may go for it
   */
  void retain(long tag, CacheKey key, RetainedRequest request, boolean worthwhile) {
    stripe(tag).retain(tag, key, request, worthwhile);
  }

  /** {@return the request of a key that is predicted, which counts as a use; null if it is not there} */
  @Nullable
  Candidate find(long tag) {
    return stripe(tag).find(tag);
  }

  /** {@return what it takes on the heap} */
  long bytes() {
    long bytes = 0;
    for (Stripe stripe : stripes) {
      bytes += stripe.bytes();
    }
    return bytes;
  }

  private Stripe stripe(long tag) {
    return stripes[(int) (((tag & 0xffff_ffffL) * stripes.length) >>> 32)];
  }

  /**
   * A part of the log with its own lock: open addressing with linear probing, whose slots the hand goes round. Keys are
   * two numbers, not objects, which is a quarter of what a small request takes.
   */
  private static final class Stripe {
    private static final int BYTES_PER_SLOT = 2 * Long.BYTES + 4 + 1;
    // A request and the head of its body.
    private static final int BYTES_PER_REQUEST = 24 + 16;
    private static final int FIXED_BYTES = 256;
    private static final int FIRST_SLOTS = 16;

    private final ReentrantLock lock = new ReentrantLock();
    private final long maximumBytes;
    private long[] high = new long[FIRST_SLOTS];
    private long[] low = new long[FIRST_SLOTS];
    private @Nullable RetainedRequest[] requests = new RetainedRequest[FIRST_SLOTS];
    private boolean[] predicted = new boolean[FIRST_SLOTS];
    private int size;
    private int hand;
    private long requestBytes;

    Stripe(long maximumBytes) {
      this.maximumBytes = maximumBytes;
    }

    long bytes() {
      lock.lock();
      try {
        return used();
      } finally {
        lock.unlock();
      }
    }

    private long used() {
      return FIXED_BYTES + requestBytes + (long) requests.length * BYTES_PER_SLOT;
    }

    @Nullable
    Candidate find(long tag) {
      lock.lock();
      try {
        int slot = slotOf(tag);
        RetainedRequest request = requests[slot];
        if (request == null) {
          return null;
        }
        predicted[slot] = true;
        return new Candidate(new CacheKey(high[slot], low[slot]), request);
      } finally {
        lock.unlock();
      }
    }

    void retain(long tag, CacheKey key, RetainedRequest request, boolean worthwhile) {
      long bytes = bytesOf(request);
      if (bytes > maximumBytes / 8) {
        return;
      }
      lock.lock();
      try {
        if (requests[slotOf(tag)] != null) {
          return;
        }
        if (size == fullSize()) {
          grow();
        }
        while (size == fullSize() || used() + bytes > maximumBytes) {
          if (!worthwhile || size == 0) {
            return;
          }
          evict();
        }
        int slot = slotOf(tag);
        high[slot] = key.high();
        low[slot] = key.low();
        requests[slot] = request;
        predicted[slot] = false;
        size++;
        requestBytes += bytes;
      } finally {
        lock.unlock();
      }
    }

    private int fullSize() {
      return requests.length / 4 * 3;
    }

    /** {@return the slot of a tag, or the free one where it belongs} */
    private int slotOf(long tag) {
      int slot = home(tag);
      while (requests[slot] != null && tagAt(slot) != tag) {
        slot = (slot + 1) & (requests.length - 1);
      }
      return slot;
    }

    private int home(long tag) {
      return (int) (tag >>> 32) & (requests.length - 1);
    }

    private long tagAt(int slot) {
      return TagTable.tag(high[slot], low[slot]);
    }

    /** Doubles the slots, if that leaves half of the bytes to the requests. */
    private void grow() {
      if ((long) requests.length * 2 * BYTES_PER_SLOT > maximumBytes / 2) {
        return;
      }
      long[] oldHigh = high;
      long[] oldLow = low;
      @Nullable RetainedRequest[] oldRequests = requests;
      boolean[] oldPredicted = predicted;
      requests = new RetainedRequest[oldRequests.length * 2];
      high = new long[requests.length];
      low = new long[requests.length];
      predicted = new boolean[requests.length];
      for (int old = 0; old < oldRequests.length; old++) {
        if (oldRequests[old] != null) {
          int slot = slotOf(TagTable.tag(oldHigh[old], oldLow[old]));
          high[slot] = oldHigh[old];
          low[slot] = oldLow[old];
          requests[slot] = oldRequests[old];
          predicted[slot] = oldPredicted[old];
        }
      }
    }

    private void evict() {
      while (true) {
        hand &= requests.length - 1;
        RetainedRequest request = requests[hand];
        if (request != null && !predicted[hand]) {
          requestBytes -= bytesOf(request);
          remove(hand);
          return;
        }
        predicted[hand] = false;
        hand++;
      }
    }

    /** Empties a slot and moves up those behind it that belong before (Knuth, TAOCP 3, 6.4, algorithm R). */
    private void remove(int removed) {
      size--;
      int mask = requests.length - 1;
      int free = removed;
      int slot = (free + 1) & mask;
      while (requests[slot] != null) {
        if (((slot - home(tagAt(slot))) & mask) >= ((slot - free) & mask)) {
          high[free] = high[slot];
          low[free] = low[slot];
          requests[free] = requests[slot];
          predicted[free] = predicted[slot];
          free = slot;
        }
        slot = (slot + 1) & mask;
      }
      requests[free] = null;
      predicted[free] = false;
    }

    private static long bytesOf(RetainedRequest request) {
      return BYTES_PER_REQUEST + (request.body().length + 7L) / 8 * 8;
    }
  }
}
