package io.fairlead.sagemaker.standin;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An invocation that a test answers when it wants. */
public final class Held {
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  Held() {}

  /** Waits until the request has come. */
  public void awaitArrival() {
    await(arrived);
  }

  /** Lets the container answer. */
  public void release() {
    released.countDown();
  }

  void hold() {
    arrived.countDown();
    await(released);
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nothing came within 30 seconds");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
