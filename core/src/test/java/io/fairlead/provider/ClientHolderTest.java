package io.fairlead.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.THROWABLE;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientHolderTest {
  private final ClientHolder holder = new ClientHolder("attic");
  private final List<String> events = new ArrayList<>();

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  /** A client that notes when it is made and closed. */
  private record Client(String name, List<String> events) implements AutoCloseable {
    @Override
    public void close() {
      events.add("close " + name);
    }
  }

  private Client client(String name) {
    events.add("make " + name);
    return holder.closeLater(new Client(name, events));
  }

  private <T> Lazy<T> lazy(Callable<T> making) {
    return new Lazy<>(holder) {
      @Override
      protected T make() throws Exception {
        return making.call();
      }
    };
  }

  @Test
  void aClientIsMadeOnceAndOnlyWhenItIsNeeded() {
    Lazy<Client> client = lazy(() -> client("one"));
    assertThat(events).isEmpty();

    Client first = client.get();

    assertThat(client.get()).isSameAs(first);
    assertThat(events).containsExactly("make one");
  }

  @Test
  void clientsAreClosedInReverseAndOnce() {
    Lazy<Client> channel = lazy(() -> client("channel"));
    Lazy<Client> client = lazy(() -> {
      channel.get();
      return client("client");
    });
    client.get();

    holder.close();
    holder.close();

    assertThat(events)
        .containsExactly("make channel", "make client", "close client", "close channel");
  }

  @Test
  void whatTheCallerGaveIsNotClosed() {
    Client given = new Client("given", events);
    Lazy<Client> client = lazy(() -> given);

    assertThat(client.get()).isSameAs(given);
    holder.close();

    assertThat(events).isEmpty();
  }

  @Test
  void nothingIsMadeOrHandedOutAfterClose() {
    Lazy<Client> made = lazy(() -> client("made"));
    Lazy<Client> other = lazy(() -> client("other"));
    made.get();
    holder.close();
    events.clear();

    assertThatIsClosed(made::get);
    assertThatIsClosed(other::get);
    assertThatIsClosed(holder::checkOpen);
    assertThat(events).isEmpty();
  }

  @Test
  void whatIsRegisteredAfterCloseIsClosedAtOnce() {
    holder.close();

    assertThatIsClosed(() -> client("late"));
    assertThat(events).containsExactly("make late", "close late");
  }

  @Test
  void aClientThatIsBeingMadeWhileItIsClosedIsClosedToo() throws Exception {
    CountDownLatch making = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Lazy<Client> client = lazy(() -> {
      making.countDown();
      goOn.await();
      return client("slow");
    });
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Client> got = threads.submit(client::get);
      making.await();
      Future<?> closed = threads.submit(holder::close);
      goOn.countDown();

      got.get(10, TimeUnit.SECONDS);
      closed.get(10, TimeUnit.SECONDS);
    } finally {
      threads.shutdownNow();
    }
    assertThat(events).containsExactly("make slow", "close slow");
  }

  @Test
  void manyThreadsGetTheSameClient() {
    Lazy<Client> client = lazy(() -> client("one"));
    List<CompletableFuture<Client>> all = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      all.add(CompletableFuture.supplyAsync(client::get));
    }

    assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    assertThat(events).containsExactly("make one");
  }

  @Test
  void aClientThatCannotBeMadeIsTriedAnewAndLeavesNothingOpen() {
    List<Exception> failures = new ArrayList<>(List.of(new IOException("no route")));
    Lazy<Client> channel = lazy(() -> client("channel"));
    Lazy<Client> client = lazy(() -> {
      channel.get();
      client("pool");
      if (!failures.isEmpty()) {
        throw failures.remove(0);
      }
      return client("client");
    });

    assertThatExceptionOfType(ServingException.class).isThrownBy(client::get).satisfies(e -> {
      assertThat(e.kind()).isEqualTo(ErrorKind.UNKNOWN);
      assertThat(e.platform()).isEqualTo("attic");
      assertThat(e).hasMessageContaining("no route").hasCauseInstanceOf(IOException.class);
    });
    assertThat(events).containsExactly("make channel", "make pool", "close pool");

    client.get();
    events.clear();
    holder.close();
    assertThat(events).containsExactly("close client", "close pool", "close channel");
  }

  @Test
  void aProviderWordsWhatIsCheckedAndTheRestIsThrownAsItIs() {
    IllegalArgumentException wrong = new IllegalArgumentException("wrong");
    Lazy<Client> client = new Lazy<>(holder) {
      @Override
      protected Client make() throws IOException {
        throw new IOException("no credentials");
      }

      @Override
      protected RuntimeException failure(Exception cause) {
        return new ServingException("attic", ErrorKind.UNAUTHORIZED, "log in", cause);
      }
    };

    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(client::get)
        .returns(ErrorKind.UNAUTHORIZED, ServingException::kind);
    assertThatThrownBy(lazy(() -> {
          throw wrong;
        })::get)
        .isSameAs(wrong);
  }

  @Test
  void anInterruptWhileAClientIsMadeIsKept() {
    Lazy<Client> client = lazy(() -> {
      throw new InterruptedException();
    });

    assertThatExceptionOfType(ServingException.class).isThrownBy(client::get);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void anInterruptIsKeptAndTheOthersAreClosedWithoutIt() {
    holder.closeLater(() -> events.add("interrupted: " + Thread.currentThread().isInterrupted()));
    holder.closeLater(() -> {
      throw new InterruptedException();
    });

    holder.close();

    assertThat(events).containsExactly("interrupted: false");
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void allAreClosedAndTheFirstFailureIsThrownWithTheOthers() {
    Client first = client("first");
    holder.closeLater(() -> {
      throw new IOException("second");
    });
    holder.closeLater(() -> {
      throw new IllegalStateException("third");
    });
    events.clear();

    assertThatIllegalStateException()
        .isThrownBy(holder::close)
        .withMessageContaining("A client of platform 'attic' could not be closed")
        .havingCause()
        .withMessage("third")
        .extracting(e -> e.getSuppressed()[0], THROWABLE)
        .hasMessage("second");
    assertThat(events).containsExactly("close " + first.name());
  }

  @Test
  void anErrorOfAClientIsThrownAsItIs() {
    AssertionError error = new AssertionError();
    holder.closeLater(() -> {
      throw error;
    });

    assertThatThrownBy(holder::close).isSameAs(error);
  }

  private static void assertThatIsClosed(ThrowingCallable call) {
    assertThatExceptionOfType(ServingException.class).isThrownBy(call).satisfies(e -> {
      assertThat(e.kind()).isEqualTo(ErrorKind.CANCELLED);
      assertThat(e).hasMessage("Platform 'attic' is closed: open it again to call it.");
    });
  }
}
