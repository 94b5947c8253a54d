package io.fairlead.serverless.pool;

import io.fairlead.grammar.Problems;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What all pools share: memory, and how many instances may be starting at a time.
 *
 * <p>Pools get their turns one after the other, and one that has no instance yet before one that wants a further one, so
 * that a burst at one function does not keep another from starting. Where memory is short, the instance that has been
 * idle for the longest goes; if none is idle and somebody has no instance at all, the pool with the most gives one up.
 */
public final class Budget {
  private final long memoryBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicInteger dispatches = new AtomicInteger();

  // Guarded by the lock.
  private final Set<Pool<?>> pools = new HashSet<>();
  private final Map<Pool<?>, Deque<Request>> waiting = new LinkedHashMap<>();
  private long freeBytes;
  private long promisedBytes;
  private int freeStarts;

  /**
   * Makes a budget.
   *
   * @param memoryBytes the most memory that instances may count together, in bytes
   * @param starts how many instances may be starting at a time
   */
  public Budget(long memoryBytes, int starts) {
    Problems.in("Budget")
        .check(memoryBytes >= 1, "memoryBytes", "must be 1 or more", memoryBytes)
        .check(starts >= 1, "starts", "must be 1 or more", starts)
        .throwIfAny();
    this.memoryBytes = memoryBytes;
    this.freeBytes = memoryBytes;
    this.freeStarts = starts;
  }

  /** {@return the most memory that instances may count together, in bytes} */
  public long memoryBytes() {
    return memoryBytes;
  }

  /** {@return what of the memory no instance counts} */
  public long freeBytes() {
    lock.lock();
    try {
      return freeBytes;
    } finally {
      lock.unlock();
    }
  }

  /** A pool's wish for an instance. */
  static final class Request {
    private final Pool<?> pool;
    private final long bytes;
    private final boolean first;
    private final Runnable granted;

    /**
     * Makes a wish.
     *
     * @param first whether the pool has no other instance
     * @param granted is called when the memory and the start are the pool's
     */
    Request(Pool<?> pool, long bytes, boolean first, Runnable granted) {
      this.pool = pool;
      this.bytes = bytes;
      this.first = first;
      this.granted = granted;
    }
  }

  void add(Pool<?> pool) {
    lock.lock();
    try {
      pools.add(pool);
    } finally {
      lock.unlock();
    }
  }

  void remove(Pool<?> pool) {
    lock.lock();
    try {
      pools.remove(pool);
      waiting.remove(pool);
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  void ask(Request request) {
    lock.lock();
    try {
      waiting.computeIfAbsent(request.pool, pool -> new ArrayDeque<>()).add(request);
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /** Takes back a wish, and tells whether it had not been granted. */
  boolean withdraw(Request request) {
    lock.lock();
    try {
      Deque<Request> wishes = waiting.get(request.pool);
      if (wishes == null || !wishes.remove(request)) {
        return false;
      }
      if (wishes.isEmpty()) {
        waiting.remove(request.pool);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Gives back a start; the memory stays the pool's. */
  void startEnded() {
    lock.lock();
    try {
      freeStarts++;
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /**
   * Gives back memory.
   *
   * @param givenUp whether that was asked for by {@link Pool#giveUp}
   */
  void release(long bytes, boolean givenUp) {
    lock.lock();
    try {
      freeBytes += bytes;
      if (givenUp) {
        promisedBytes -= bytes;
      }
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /** Grants what can be granted. What is called from here may come back to here: then the first of them goes on. */
  private void dispatch() {
    if (dispatches.getAndIncrement() > 0) {
      return;
    }
    int seen = 1;
    do {
      grantAll();
      seen = dispatches.addAndGet(-seen);
    } while (seen > 0);
  }

  private void grantAll() {
    while (true) {
      Request granted;
      Request blocked = null;
      lock.lock();
      try {
        granted = freeStarts == 0 ? null : take();
        if (granted == null && freeStarts > 0) {
          blocked = mostUrgent();
        }
      } finally {
        lock.unlock();
      }
      if (granted != null) {
        granted.granted.run();
      } else if (blocked == null || !makeRoom(blocked)) {
        return;
      }
    }
  }

  /** The next wish that fits, taken out; its pool goes to the end of the line. */
  private @Nullable Request take() {
    Request found = null;
    for (Deque<Request> wishes : waiting.values()) {
      Request wish = wishes.getFirst();
      if (wish.bytes <= freeBytes && (found == null || (wish.first && !found.first))) {
        found = wish;
      }
    }
    if (found != null) {
      freeStarts--;
      freeBytes -= found.bytes;
      Deque<Request> wishes = waiting.remove(found.pool);
      if (wishes != null) {
        wishes.removeFirst();
        if (!wishes.isEmpty()) {
          waiting.put(found.pool, wishes);
        }
      }
    }
    return found;
  }

  private @Nullable Request mostUrgent() {
    Request found = null;
    for (Deque<Request> wishes : waiting.values()) {
      Request wish = wishes.getFirst();
      if (found == null || (wish.first && !found.first)) {
        found = wish;
      }
    }
    return found;
  }

  /** Lets others give up memory for a wish, and tells whether it is worth another look now. */
  private boolean makeRoom(Request wish) {
    List<Pool<?>> others;
    lock.lock();
    try {
      if (freeBytes + promisedBytes >= wish.bytes) {
        return freeBytes >= wish.bytes;
      }
      others = new ArrayList<>(pools);
    } finally {
      lock.unlock();
    }
    others.remove(wish.pool);
    Pool<?> idlest = null;
    long idleSince = Long.MAX_VALUE;
    Pool<?> largest = null;
    int most = 1;
    for (Pool<?> pool : others) {
      long since = pool.idleSince();
      if (since < idleSince) {
        idlest = pool;
        idleSince = since;
      }
      int live = pool.live();
      if (live > most) {
        largest = pool;
        most = live;
      }
    }
    if (idlest != null) {
      return give(idlest, true);
    }
    return wish.first && largest != null && give(largest, false);
  }

  private boolean give(Pool<?> pool, boolean idle) {
    // Promised before: it may be given back before the pool says what it gives up.
    long bytes = pool.instanceBytes();
    lock.lock();
    try {
      promisedBytes += bytes;
    } finally {
      lock.unlock();
    }
    if (pool.giveUp(idle)) {
      return true;
    }
    lock.lock();
    try {
      promisedBytes -= bytes;
    } finally {
      lock.unlock();
    }
    return false;
  }
}
