package io.fairlead.serverless.internal.pool;

import io.fairlead.grammar.Problems;
import io.fairlead.serverless.internal.pool.Pool.Choice;
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
 * The memory and the concurrent starts that all pools share.
 *
 * <p>Requests are granted round robin over the pools, and those for the first instance of a pool come first, so that a
 * burst on one function does not starve another. When memory is short, the instance that has been idle for the longest
 * is reclaimed; if none is idle and a pool has no instance at all, the pool with the most instances gives one up, and
 * where each has but one, that which has had it for the longest, after a slice of time: so none waits for ever for one
 * that is always busy. Requests that are due to a prediction take only memory that no other request waits for.
 */
public final class Budget {
  private final long memoryBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicInteger dispatches = new AtomicInteger();

  // Guarded by the lock.
  private final Set<Pool<?>> pools = new LinkedHashSet<>();
  private final Map<Pool<?>, Deque<Request>> waiting = new LinkedHashMap<>();
  private long freeBytes;
  private long reclaimingBytes;
  private int freeStarts;

  /** Whether any request waits; written under the lock. */
  private volatile boolean hasWaiting;

  /**
   * Creates a budget.
   *
   * @param memoryBytes the memory that all instances may take together, in bytes
   * @param starts the number of instances that may be starting at a time
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

  /** {@return the memory that all instances may take together, in bytes} */
  public long memoryBytes() {
    return memoryBytes;
  }

  /** {@return the memory that no instance takes, in bytes} */
  public long freeBytes() {
    lock.lock();
    try {
      return freeBytes;
    } finally {
      lock.unlock();
    }
  }

  boolean hasFree(long bytes) {
    return freeBytes() >= bytes;
  }

  /** A pool's request for an instance. */
  static final class Request {
    private final Pool<?> pool;
    private final long bytes;
    private final boolean first;
    private final @Nullable Pool<?> predecessor;
    private final long patience;
    private final Runnable granted;

    /**
     * Creates a request.
     *
     * @param first whether the pool has no other instance
     * @param predecessor the pool that this one replaces, whose last instance may be reclaimed for it
     * @param patience the longest time that another pool's last instance is kept from it although others are busy
     * @param granted called when the pool has been given the memory and a start
     */
    Request(
        Pool<?> pool,
        long bytes,
        boolean first,
        @Nullable Pool<?> predecessor,
        long patience,
        Runnable granted) {
      this.pool = pool;
      this.bytes = bytes;
      this.first = first;
      this.predecessor = predecessor;
      this.patience = patience;
      this.granted = granted;
    }
  }

  void remove(Pool<?> pool) {
    lock.lock();
    try {
      pools.remove(pool);
      waiting.remove(pool);
      hasWaiting = !waiting.isEmpty();
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  void request(Request request) {
    lock.lock();
    try {
      pools.add(request.pool);
      waiting.computeIfAbsent(request.pool, pool -> new ArrayDeque<>()).add(request);
      hasWaiting = true;
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /** {@return whether any request waits, for which an idle instance could be reclaimed} */
  boolean hasWaiting() {
    return hasWaiting;
  }

  /** Withdraws a request, and returns whether it had not been granted yet; if so, {@link #dispatch} has to follow. */
  boolean withdraw(Request request) {
    lock.lock();
    try {
      Deque<Request> requests = waiting.get(request.pool);
      if (requests == null || !requests.remove(request)) {
        return false;
      }
      if (requests.isEmpty()) {
        waiting.remove(request.pool);
      }
      hasWaiting = !waiting.isEmpty();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Releases a start; the pool keeps the memory. */
  void releaseStart() {
    lock.lock();
    try {
      freeStarts++;
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /**
   * Releases memory.
   *
   * @param reclaimed whether the instance was stopped by {@link Pool#reclaim}
   */
  void release(long bytes, boolean reclaimed) {
    lock.lock();
    try {
      freeBytes += bytes;
      if (reclaimed) {
        reclaimingBytes -= bytes;
      }
    } finally {
      lock.unlock();
    }
    dispatch();
  }

  /** Grants all requests that can be granted. Callbacks may call this again: then the outermost call goes on. */
  void dispatch() {
    if (dispatches.getAndIncrement() > 0) {
      return;
    }
    int seen = 1;
    do {
      try {
        grantAll();
      } catch (RuntimeException | Error e) {
        // No memory for a thread, for example: the next call goes on.
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
        granted = freeStarts == 0 ? null : takeNext();
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

  /** Removes and returns the next request that fits; its pool moves to the end of the round. */
  private @Nullable Request takeNext() {
    Request found = null;
    boolean onlyPredicted = waiting.keySet().stream().allMatch(Pool::isPrewarming);
    for (Deque<Request> requests : waiting.values()) {
      Request request = requests.getFirst();
      if (request.bytes <= freeBytes
          && (onlyPredicted || !request.pool.isPrewarming())
          && (found == null || (request.first && !found.first))) {
        found = request;
      }
    }
    if (found != null) {
      freeStarts--;
      freeBytes -= found.bytes;
      Deque<Request> requests = waiting.remove(found.pool);
      if (requests != null) {
        requests.removeFirst();
        if (!requests.isEmpty()) {
          waiting.put(found.pool, requests);
        }
      }
      hasWaiting = !waiting.isEmpty();
    }
    return found;
  }

  private List<Request> byUrgency() {
    return waiting.values().stream()
        .map(Deque::getFirst)
        .filter(request -> !request.pool.isPrewarming())
        .sorted(Comparator.comparing(request -> !request.first))
        .toList();
  }

  /** Reclaims memory for the first request for which there is enough, and returns whether to try to grant it now. */
  private boolean makeRoom(List<Request> blocked) {
    for (Request request : blocked) {
      long free;
      long missing;
      List<Pool<?>> others;
      lock.lock();
      try {
        free = freeBytes;
        missing = request.bytes - freeBytes - reclaimingBytes;
        others = new ArrayList<>(pools);
      } finally {
        lock.unlock();
      }
      if (missing <= 0) {
        return free >= request.bytes;
      }
      others.remove(request.pool);
      if (makeRoom(request, missing, others)) {
        return true;
      }
      if (!request.first) {
        request.pool.memoryExhausted();
      }
    }
    return false;
  }

  private boolean makeRoom(Request request, long missing, List<Pool<?>> others) {
    Pool<?> predecessor = request.first ? request.predecessor : null;
    Pool<?> longestIdle = null;
    long idleSince = Long.MAX_VALUE;
    Pool<?> largest = null;
    int most = 1;
    Pool<?> longestReady = null;
    long readySince = Long.MAX_VALUE;
    long nextSliceEnd = Long.MAX_VALUE;
    long spare = 0;
    long now = request.pool.now();
    for (Pool<?> pool : others) {
      Pool.Reclaimable its = pool.reclaimable();
      if (its.idleSince() < idleSince) {
        longestIdle = pool;
        idleSince = its.idleSince();
      }
      if (its.ready() > most) {
        largest = pool;
        most = its.ready();
      }
      long sliceEnd = request.first ? its.sliceEnd(request.patience) : Long.MAX_VALUE;
      boolean hasHadItsSlice = sliceEnd <= now;
      if (hasHadItsSlice && its.readySince() < readySince) {
        longestReady = pool;
        readySince = its.readySince();
      } else if (!hasHadItsSlice) {
        nextSliceEnd = Math.min(nextSliceEnd, sliceEnd);
      }
      int count = pool == predecessor || hasHadItsSlice
          ? its.ready()
          : (request.first ? Math.max(its.idle(), its.ready() - 1) : its.idle());
      spare += count * pool.instanceBytes();
    }
    if (spare < missing) {
      // Reclaiming all of it would still not be enough.
      if (nextSliceEnd < Long.MAX_VALUE) {
        request.pool.askAgainAt(nextSliceEnd);
      }
      return false;
    }
    if (longestIdle != null && reclaim(longestIdle, Choice.IDLE)) {
      return true;
    }
    if (!request.first) {
      return false;
    }
    return (largest != null && reclaim(largest, Choice.ONE_OF_SEVERAL))
        || (predecessor != null && reclaim(predecessor, Choice.ANY))
        || (longestReady != null && reclaim(longestReady, Choice.ANY));
  }

  private boolean reclaim(Pool<?> pool, Choice which) {
    // Counted first: the memory may be released before reclaim returns.
    long bytes = pool.instanceBytes();
    lock.lock();
    try {
      reclaimingBytes += bytes;
    } finally {
      lock.unlock();
    }
    if (pool.reclaim(which)) {
      return true;
    }
    lock.lock();
    try {
      reclaimingBytes -= bytes;
    } finally {
      lock.unlock();
    }
    return false;
  }
}
