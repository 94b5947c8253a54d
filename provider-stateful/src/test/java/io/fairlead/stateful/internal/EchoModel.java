package io.fairlead.stateful.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.ModelHandler;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A model that answers with its name and the request, counts, and can be held. */
final class EchoModel implements ModelHandler {
  private final String name;
  private final AtomicInteger calls = new AtomicInteger();
  private volatile @Nullable CountDownLatch hold;
  private volatile CountDownLatch entered = new CountDownLatch(1);

  EchoModel(String name) {
    this.name = name;
  }

  @Override
  public Response handle(Request request) throws InterruptedException {
    calls.incrementAndGet();
    entered.countDown();
    CountDownLatch held = hold;
    if (held != null && request.text().contains("held")) {
      held.await();
    }
    return answer(request.text());
  }

  Response answer(String request) {
    return Response.of((name + " says " + request).getBytes(UTF_8), "text/plain");
  }

  /** {@return what lets go of all requests with "held" in them} */
  CountDownLatch hold() {
    CountDownLatch latch = new CountDownLatch(1);
    entered = new CountDownLatch(1);
    hold = latch;
    return latch;
  }

  void awaitEntered() throws InterruptedException {
    entered.await();
  }

  int calls() {
    return calls.get();
  }
}
