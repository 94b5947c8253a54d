package io.fairlead.vertex.standin;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A prediction that waits for the test. */
public final class Held {
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  Held() {}

  /** Returns when the request is there. */
  public void awaitArrival() {
    await(arrived, "no request came");
  }

  /** Lets the model answer it. */
  public void release() {
    released.countDown();
  }

  void waitHere() {
    arrived.countDown();
    await(released, "nobody released the prediction");
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
