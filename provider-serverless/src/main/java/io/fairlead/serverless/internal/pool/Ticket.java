package io.fairlead.serverless.internal.pool;

import org.jspecify.annotations.Nullable;

/**
 * One invocation in a {@link Pool}: it waits, is granted a slot of an instance, runs, and releases the slot; or it is
 * refused.
 *
 * <p>Used once. Its methods are called outside of all locks, on the thread that freed the slot, and have to be short.
 *
 * @param <I> the type of the instances
 */
public abstract class Ticket<I> {
  /** The state of a ticket. */
  enum State {
    NEW,
    WAITING,
    RUNNING,
    ENDED
  }

  private final long deadline;

  /** The pool in which it waits or runs; null before. */
  volatile @Nullable Pool<I> pool;

  volatile boolean cancelled;

  // Guarded by the pool's lock.
  State state = State.NEW;
  Pool<I>.@Nullable Instance instance;
  long startedAt;
  boolean overdue;
  boolean stuck;

  @Nullable
  Ticket<I> previous;

  @Nullable
  Ticket<I> next;

  /**
   * Creates a ticket.
   *
   * @param deadline the deadline, on the pool's clock
   */
  protected Ticket(long deadline) {
    this.deadline = deadline;
  }

  final long deadline() {
    return deadline;
  }

  /**
   * Releases the slot, after the invocation has really ended.
   *
   * @throws IllegalStateException if it has none
   */
  public final void release() {
    Pool<I> granting = pool;
    if (granting == null) {
      throw new IllegalStateException("a ticket is released once, after it was granted");
    }
    granting.release(this);
  }

  /** Cancels it for its caller: if it waits, it is refused; if it runs, it runs on. */
  public final void cancel() {
    // Before the pool is read: either a pool that takes it over meanwhile sees this, or this sees
    // that pool.
    cancelled = true;
    Pool<I> waitsIn = pool;
    if (waitsIn != null) {
      waitsIn.cancel(this);
    }
  }

  /**
   * Starts the invocation on an instance. {@link #release} has to follow when it has really ended, even if it was
   * refused meanwhile because of its deadline.
   */
  protected abstract void granted(I instance);

  /** Reports that it will not run, or that its deadline has passed while it runs. Called at most once. */
  protected abstract void refused(Refusal refusal);
}
