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
 * A holder of a platform's clients: each is created once, when it is first needed, and all are closed together.
 *
 * <p>They are closed in reverse order, so that a client is closed before the connections that it shares with others. If
 * the creation of a client fails, what it had registered is closed at once. After {@link #close} no client is created
 * or returned. Safe for concurrent use.
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
  /** The registrations of the clients that are being created, the innermost first. */
  private final Deque<List<AutoCloseable>> making = new ArrayDeque<>();

  private volatile boolean closed;

  /** Creates a holder without clients. */
  public ClientHolder(String platform) {
    this.platform = requireNonNull(platform, "platform");
  }

  /**
   * Registers an object that is closed with this holder, and returns it.
   *
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if this holder is closed; the object is closed then
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
   * Checks that this holder is open.
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

  /** Returns the client, and creates it first if needed, one thread at a time. */
  <T> T make(Lazy<T> lazy) throws Exception {
    lock.lock();
    try {
      checkOpen();
      T known = lazy.known();
      return known != null ? known : createAndRegister(lazy);
    } finally {
      lock.unlock();
    }
  }

  private <T> T createAndRegister(Lazy<T> lazy) throws Exception {
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
   * Closes all registered objects, the last first, even if one fails to close or the thread is interrupted.
   *
   * @throws IllegalStateException if one could not be closed
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
          "A client of platform '" + platform + "' could not be closed: " + failure, failure);
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
      // Only now: with the flag set, the other clients would not wait until they have ended.
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
