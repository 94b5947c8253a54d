package io.fairlead.serverless.internal.pool;

import io.fairlead.grammar.Problems;
import io.fairlead.serverless.internal.pool.Pool.GiveUp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
  private final Set<Pool<?>> pools = new LinkedHashSet<>();
  private final Map<Pool<?>, Deque<Request>> waiting = new LinkedHashMap<>();
  private long freeBytes;
  private long promisedBytes;
  private int freeStarts;

  /** Whether somebody waits; written under the lock. */
  private volatile boolean awaited;

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
    private final @Nullable Pool<?> predecessor;
    private final Runnable granted;

    /**
     * Makes a wish.
     *
     * @param first whether the pool has no other instance
     * @param predecessor the pool that it is going to succeed, which gives up its last instance for it
     * @param granted is called when the memory and the start are the pool's
     */
    Request(
        Pool<?> pool, long bytes, boolean first, @Nullable Pool<?> predecessor, Runnable granted) {
      this.pool = pool;
      this.bytes = bytes;
      this.first = first;
      this.predecessor = predecessor;
      this.granted = granted;
    }
  }

  void remove(Pool<?> pool) {
    lock.lock();
    try {
      pools.remove(pool);
      waiting.remove(pool);
      awaited = !waiting.isEmpty();
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  void ask(Request request) {
    lock.lock();
    try {
      pools.add(request.pool);
      waiting.computeIfAbsent(request.pool, pool -> new ArrayDeque<>()).add(request);
      awaited = true;
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /** {@return whether somebody waits, who may be helped by an instance that can be given up} */
  boolean isAwaited() {
    return awaited;
  }

  /** Looks again for what can be granted: a wish that stood before others was taken back, or an instance can be given up. */
  void lookAgain() {
    dispatch();
  }

  /** Takes back a wish, and tells whether it had not been granted; {@link #lookAgain} has to follow if so. */
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
      awaited = !waiting.isEmpty();
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
      try {
        grantAll();
      } catch (RuntimeException | Error e) {
        // Without memory for a thread, say: the next one goes on.
        dispatches.set(0);
        throw e;
      }
      seen = dispatches.addAndGet(-seen);
    } while (seen > 0);
  }

  private void grantAll() {
    while (true) {
      Request granted;
      List<Request> blocked = List.of();
      lock.lock();
      try {
        granted = freeStarts == 0 ? null : take();
        if (granted == null && freeStarts > 0) {
          blocked = byUrgency();
        }
      } finally {
        lock.unlock();
      }
      if (granted != null) {
        granted.granted.run();
      } else if (!makeRoom(blocked)) {
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
      awaited = !waiting.isEmpty();
    }
    return found;
  }

  private List<Request> byUrgency() {
    return waiting.values().stream()
        .map(Deque::getFirst)
        .sorted(Comparator.comparing(wish -> !wish.first))
        .toList();
  }

  /** Lets others give up memory for the first wish that this can fulfil, and tells whether it is worth another look now. */
  private boolean makeRoom(List<Request> blocked) {
    for (Request wish : blocked) {
      long free;
      long missing;
      List<Pool<?>> others;
      lock.lock();
      try {
        free = freeBytes;
        missing = wish.bytes - freeBytes - promisedBytes;
        others = new ArrayList<>(pools);
      } finally {
        lock.unlock();
      }
      if (missing <= 0) {
        return free >= wish.bytes;
      }
      others.remove(wish.pool);
      if (makeRoom(wish, missing, others)) {
        return true;
      }
      if (!wish.first) {
        wish.pool.doWithout();
      }
    }
    return false;
  }

  private boolean makeRoom(Request wish, long missing, List<Pool<?>> others) {
    Pool<?> predecessor = wish.first ? wish.predecessor : null;
    Pool<?> idlest = null;
    long idleSince = Long.MAX_VALUE;
    Pool<?> largest = null;
    int most = 1;
    long spare = 0;
    for (Pool<?> pool : others) {
      Pool.Spare its = pool.spare();
      if (its.idleSince() < idleSince) {
        idlest = pool;
        idleSince = its.idleSince();
      }
      if (its.ready() > most) {
        largest = pool;
        most = its.ready();
      }
      int count = pool == predecessor
          ? its.ready()
          : (wish.first ? Math.max(its.idle(), its.ready() - 1) : its.idle());
      spare += count * pool.instanceBytes();
    }
    if (spare < missing) {
      // Then nobody gives up anything for nothing.
      return false;
    }
    if (idlest != null && give(idlest, GiveUp.AN_IDLE_ONE)) {
      return true;
    }
    if (!wish.first) {
      return false;
    }
    return (largest != null && give(largest, GiveUp.ONE_OF_SEVERAL))
        || (predecessor != null && give(predecessor, GiveUp.THE_LAST));
  }

  private boolean give(Pool<?> pool, GiveUp which) {
    // Promised before: it may be given back before the pool says what it gives up.
    long bytes = pool.instanceBytes();
    lock.lock();
    try {
      promisedBytes += bytes;
    } finally {
      lock.unlock();
    }
    if (pool.giveUp(which)) {
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
