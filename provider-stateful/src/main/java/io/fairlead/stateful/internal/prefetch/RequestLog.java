package io.fairlead.stateful.internal.prefetch;

import io.fairlead.stateful.internal.cache.CacheKey;
import io.fairlead.stateful.internal.cache.CachedAnswer.RetainedRequest;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The requests that can be asked before they come: a map from keys to requests that outlives the answers, bounded by the
 * bytes that it takes.
 *
 * <p>When it is full, the oldest goes that was not predicted since the hand passed it (CLOCK: Corbató, "A Paging
 * Experiment with the Multics System", 1968). Scopes and content types are taken to be shared and are not counted.
 */
final class RequestLog {
  // A candidate, its key, its request and the head of its body.
  private static final int BYTES_PER_REQUEST = 24 + 32 + 24 + 16;
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

  /** Keeps a request, unless it is there or takes more than an eighth of a stripe. */
  void retain(long tag, CacheKey key, RetainedRequest request) {
    stripe(tag).retain(tag, key, request);
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

  /** A part of the log with its own lock: open addressing with linear probing, whose slots the hand goes round. */
  private static final class Stripe {
    private static final int BYTES_PER_SLOT = Long.BYTES + 4 + 1;
    private static final int FIXED_BYTES = 192;
    private static final int FIRST_SLOTS = 16;

    private final ReentrantLock lock = new ReentrantLock();
    private final long maximumBytes;
    private long[] tags = new long[FIRST_SLOTS];
    private @Nullable Candidate[] candidates = new Candidate[FIRST_SLOTS];
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
      return FIXED_BYTES + requestBytes + (long) tags.length * BYTES_PER_SLOT;
    }

    @Nullable
    Candidate find(long tag) {
      lock.lock();
      try {
        int slot = slotOf(tag);
        if (tags[slot] == 0) {
          return null;
        }
        predicted[slot] = true;
        return candidates[slot];
      } finally {
        lock.unlock();
      }
    }

    void retain(long tag, CacheKey key, RetainedRequest request) {
      long bytes = bytesOf(request);
      if (bytes > maximumBytes / 8) {
        return;
      }
      lock.lock();
      try {
        if (tags[slotOf(tag)] != 0) {
          return;
        }
        if (size + 1 > tags.length / 4 * 3) {
          grow();
        }
        while (size > 0 && (used() + bytes > maximumBytes || size + 1 > tags.length / 4 * 3)) {
          evict();
        }
        if (used() + bytes > maximumBytes) {
          return;
        }
        int slot = slotOf(tag);
        tags[slot] = tag;
        candidates[slot] = new Candidate(key, request);
        predicted[slot] = false;
        size++;
        requestBytes += bytes;
      } finally {
        lock.unlock();
      }
    }

    /** {@return the slot of a tag, or the free one where it belongs} */
    private int slotOf(long tag) {
      int slot = home(tag);
      while (tags[slot] != 0 && tags[slot] != tag) {
        slot = (slot + 1) & (tags.length - 1);
      }
      return slot;
    }

    private int home(long tag) {
      return (int) (tag >>> 32) & (tags.length - 1);
    }

    /** Doubles the slots, if that leaves half of the bytes to the requests. */
    private void grow() {
      if ((long) tags.length * 2 * BYTES_PER_SLOT > maximumBytes / 2) {
        return;
      }
      long[] oldTags = tags;
      @Nullable Candidate[] oldCandidates = candidates;
      boolean[] oldPredicted = predicted;
      tags = new long[oldTags.length * 2];
      candidates = new Candidate[tags.length];
      predicted = new boolean[tags.length];
      for (int old = 0; old < oldTags.length; old++) {
        if (oldTags[old] != 0) {
          int slot = slotOf(oldTags[old]);
          tags[slot] = oldTags[old];
          candidates[slot] = oldCandidates[old];
          predicted[slot] = oldPredicted[old];
        }
      }
    }

    private void evict() {
      while (true) {
        hand = hand & (tags.length - 1);
        if (tags[hand] != 0 && !predicted[hand]) {
          remove(hand);
          return;
        }
        predicted[hand] = false;
        hand++;
      }
    }

    /** Empties a slot and moves up those behind it that belong before (Knuth, TAOCP 3, 6.4, algorithm R). */
    private void remove(int removed) {
      Candidate candidate = candidates[removed];
      if (candidate != null) {
        requestBytes -= bytesOf(candidate.request());
      }
      size--;
      int mask = tags.length - 1;
      int free = removed;
      int slot = (free + 1) & mask;
      while (tags[slot] != 0) {
        if (((slot - home(tags[slot])) & mask) >= ((slot - free) & mask)) {
          tags[free] = tags[slot];
          candidates[free] = candidates[slot];
          predicted[free] = predicted[slot];
          free = slot;
        }
        slot = (slot + 1) & mask;
      }
      tags[free] = 0;
      candidates[free] = null;
      predicted[free] = false;
    }

    private static long bytesOf(RetainedRequest request) {
      return BYTES_PER_REQUEST + (request.body().length + 7L) / 8 * 8;
    }
  }
}
