package io.fairlead.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Lazy;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.RefusedCalls.Refusals;
import io.fairlead.provider.RetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The pieces of {@code docs/writing-a-provider.md} about the toolbox, and that they do what the page says. */
class ToolboxGuideTest {
  private static final List<String> EVENTS = new ArrayList<>();

  private record Connections() implements AutoCloseable {
    @Override
    public void close() {
      EVENTS.add("connections closed");
    }
  }

  private record ShelfClient(Connections connections) implements AutoCloseable {
    @Override
    public void close() {
      EVENTS.add("client closed");
    }
  }

  private static final class BusyException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final boolean throttled;

    BusyException(boolean throttled) {
      super(throttled ? "too busy" : "connection reset");
      this.throttled = throttled;
    }
  }

  // guide: clients
  /** The attic's clients, over one connection pool. */
  static final class ShelfClients implements AutoCloseable {
    private final ClientHolder holder = new ClientHolder("attic");
    private final Lazy<Connections> connections = new Lazy<>(holder) {
      @Override
      protected Connections make() {
        return holder.closeLater(new Connections());
      }
    };
    private final Lazy<ShelfClient> shelves = new Lazy<>(holder) {
      @Override
      protected ShelfClient make() {
        return holder.closeLater(new ShelfClient(connections.get()));
      }
    };

    ShelfClient shelves() {
      return shelves.get();
    }

    @Override
    public void close() {
      holder.close();
    }
  }

  // guide end

  // guide: refusals
  /** The classification of the exceptions of the attic's client. */
  static final class BusyRefusals implements Refusals<BusyException> {
    @Override
    public Class<BusyException> type() {
      return BusyException.class;
    }

    @Override
    public Optional<RetryPolicy> policy(BusyException refusal) {
      // Not after a broken connection: the model may have received the request.
      return refusal.throttled ? Optional.of(RetryPolicy.DEFAULT) : Optional.empty();
    }

    @Override
    public ServingException failure(String what, BusyException failure) {
      ErrorKind kind = failure.throttled ? ErrorKind.THROTTLED : ErrorKind.UNAVAILABLE;
      return new ServingException(
          "attic", kind, what + " failed: " + failure.getMessage(), failure);
    }
  }

  // guide end

  @Test
  void clientsAreMadeOnceAndClosedBeforeWhatTheyShare() {
    EVENTS.clear();
    ShelfClients clients = new ShelfClients();

    assertThat(clients.shelves()).isSameAs(clients.shelves());
    clients.close();

    assertThat(EVENTS).containsExactly("client closed", "connections closed");
    assertThatExceptionOfType(ServingException.class).isThrownBy(clients::shelves);
  }

  @Test
  void aThrottledCallIsMadeAgainAndABrokenOneIsNot() {
    VirtualTime time = new VirtualTime();
    RefusedCalls calls = new RefusedCalls("attic", time, new Random(1));
    List<BusyException> failures = new ArrayList<>(List.of(new BusyException(true)));

    String answer = calls.call(
        "Invoke bert", Deadline.after(Duration.ofMinutes(1), time), new BusyRefusals(), left -> {
          if (!failures.isEmpty()) {
            throw failures.remove(0);
          }
          return "answer";
        });

    assertThat(answer).isEqualTo("answer");
    assertThatExceptionOfType(ServingException.class)
        .isThrownBy(() -> calls.call(
            "Invoke bert",
            Deadline.after(Duration.ofMinutes(1), time),
            new BusyRefusals(),
            left -> {
              throw new BusyException(false);
            }))
        .withMessage("Invoke bert failed: connection reset");
  }
}
