package io.fairlead.contract;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A request to a model or a stand-in that is kept waiting until a test releases it. */
public final class Held {
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /** Makes one that no request has reached. */
  public Held() {}

  /** Waits until the request is there. */
  public void awaitArrival() {
    await(arrived, "no request came");
  }

  /** Lets the request be answered. */
  public void release() {
    released.countDown();
  }

  /** Waits, where the request is answered, until it may be. */
  public void hold() {
    arrived.countDown();
    await(released, "nobody released the request");
  }

  private static void await(CountDownLatch latch, String otherwise) {
    boolean done;
    try {
      done = latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    if (!done) {
      throw new IllegalStateException(otherwise + " within 30 seconds");
    }
  }
}
