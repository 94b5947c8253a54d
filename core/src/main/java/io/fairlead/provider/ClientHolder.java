package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The clients of a platform: each is made once, when it is first needed, and all are closed together.
 *
 * <p>Closing goes in reverse, so that a client is closed before the connections that it shares with others. What is
 * registered while a client is made that then cannot be made is closed at once. After {@link #close} nothing is made, and
 * nothing that was made is handed out.
 *
 * <pre>{@code
 * final class AtticClients implements AutoCloseable {
 *   private final ClientHolder holder = new ClientHolder("attic");
 *   private final Lazy<AtticClient> client = new Lazy<>(holder) {
 *     protected AtticClient make() {
 *       return holder.closeLater(AtticClient.create());
 *     }
 *   };
 * }
 * }</pre>
 */
public final class ClientHolder implements AutoCloseable {
  private final String platform;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<AutoCloseable> kept = new ArrayList<>();
  /** What the clients that are being made have registered, the innermost first. */
  private final Deque<List<AutoCloseable>> making = new ArrayDeque<>();

  private volatile boolean closed;

  /** Makes a holder without clients. */
  public ClientHolder(String platform) {
    this.platform = requireNonNull(platform, "platform");
  }

  /**
   * Registers something that is closed with this holder, and returns it.
   *
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if this holder is closed; what was given is closed then
   */
  public <T extends AutoCloseable> T closeLater(T made) {
    requireNonNull(made, "made");
    lock.lock();
    try {
      if (!closed) {
        (making.isEmpty() ? kept : making.peek()).add(made);
        return made;
      }
    } finally {
      lock.unlock();
    }
    ServingException refusal = refusal();
    addSuppressed(refusal, closeAll(List.of(made)));
    throw refusal;
  }

  /**
   * Makes sure that this holder is open.
   *
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if it is closed
   */
  public void checkOpen() {
    if (closed) {
      throw refusal();
    }
  }

  private ServingException refusal() {
    return Closed.refusal(platform, "call it");
  }

  String platform() {
    return platform;
  }

  /** Makes what is not made yet; called with no more than one thread inside. */
  <T> T make(Lazy<T> lazy) throws Exception {
    lock.lock();
    try {
      checkOpen();
      T known = lazy.known();
      return known != null ? known : makeAnew(lazy);
    } finally {
      lock.unlock();
    }
  }

  private <T> T makeAnew(Lazy<T> lazy) throws Exception {
    List<AutoCloseable> registered = new ArrayList<>();
    making.push(registered);
    T made;
    try {
      made = lazy.makeAndKeep();
    } catch (Throwable e) {
      making.pop();
      addSuppressed(e, closeAll(registered));
      throw e;
    }
    making.pop();
    kept.addAll(registered);
    return made;
  }

  /**
   * Closes all that was registered, the last first, also if something cannot be closed or the thread is interrupted.
   *
   * @throws IllegalStateException if something could not be closed
   */
  @Override
  public void close() {
    List<AutoCloseable> open;
    lock.lock();
    try {
      closed = true;
      open = List.copyOf(kept);
      kept.clear();
    } finally {
      lock.unlock();
    }
    Throwable failure = closeAll(open);
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure != null) {
      throw new IllegalStateException(
          "A client of platform '" + platform + "' did not close: " + failure, failure);
    }
  }

  /** {@return the first failure, with the others suppressed in it} */
  private static @Nullable Throwable closeAll(List<AutoCloseable> open) {
    Throwable failure = null;
    boolean interrupted = false;
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (Throwable e) {
        if (failure == null) {
          failure = e;
        } else {
          addSuppressed(failure, e);
        }
      }
    }
    if (interrupted) {
      // Only now: with the flag set, nothing else would wait until it has ended.
      Thread.currentThread().interrupt();
    }
    return failure;
  }

  private static void addSuppressed(Throwable failure, @Nullable Throwable further) {
    if (further != null && further != failure) {
      failure.addSuppressed(further);
    }
  }
}
