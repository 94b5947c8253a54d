package io.fairlead.serverless.internal.pool;

import org.jspecify.annotations.Nullable;

/**
 * One invocation on its way through a {@link Pool}: it waits, is granted a slot of an instance, runs, and gives the slot
 * back; or it is refused.
 *
 * <p>Used once. Its methods are called outside of all locks, by whoever made the slot free, and have to be short.
 *
 * @param <I> what an instance is
 */
public abstract class Ticket<I> {
  /** How far it is. */
  enum State {
    NEW,
    WAITING,
    RUNNING,
    ENDED
  }

  private final long deadline;

  /** The pool that it is in, from the time at which it waits or runs. */
  volatile @Nullable Pool<I> pool;

  volatile boolean cancelled;

  // All guarded by the pool's lock.
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
   * Makes a ticket.
   *
   * @param deadline when its time is up, on the pool's clock
   */
  protected Ticket(long deadline) {
    this.deadline = deadline;
  }

  final long deadline() {
    return deadline;
  }

  /**
   * Gives back the slot: what ran in it has really ended.
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

  /** Lets it go because its caller has gone: if it waits, it is refused; if it runs, it runs on. */
  public final void cancel() {
    // Before the pool is looked up: whoever takes it over meanwhile sees this, or this sees the new
    // pool.
    cancelled = true;
    Pool<I> waitsIn = pool;
    if (waitsIn != null) {
      waitsIn.cancel(this);
    }
  }

  /**
   * Is called when it may run. {@link #release} has to follow when it has really ended, even if it was refused
   * meanwhile because its time was up.
   */
  protected abstract void granted(I instance);

  /** Is called at most once: it is not going to run, or its time is up while it runs. */
  protected abstract void refused(Refusal refusal);
}
