package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import org.jspecify.annotations.Nullable;

/**
 * A value that is created once, when it is first needed, unless its {@link ClientHolder} is closed.
 *
 * <p>It is subclassed instead of given a lambda: linking a lambda loads the type that it returns, and the interface of
 * one vendor's client may have half a megabyte. After a failed creation, the next call tries again.
 */
public abstract class Lazy<T> {
  private final ClientHolder holder;
  private volatile @Nullable T made;

  protected Lazy(ClientHolder holder) {
    this.holder = requireNonNull(holder, "holder");
  }

  /** Creates the value, and registers what has to be closed with {@link ClientHolder#closeLater}. */
  protected abstract T make() throws Exception;

  /** {@return the exception for a checked exception of {@link #make}; by default of kind {@link ErrorKind#UNKNOWN}} */
  protected RuntimeException failure(Exception cause) {
    return new ServingException(
        holder.platform(),
        ErrorKind.UNKNOWN,
        "A client of platform '" + holder.platform() + "' cannot be created: " + cause,
        cause);
  }

  /**
   * {@return the value}
   *
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if the holder is closed
   */
  public final T get() {
    T known = made;
    if (known != null) {
      holder.checkOpen();
      return known;
    }
    try {
      return holder.make(this);
    } catch (RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(e);
    } catch (Exception e) {
      throw failure(e);
    }
  }

  final @Nullable T known() {
    return made;
  }

  final T makeAndKeep() throws Exception {
    T now = requireNonNull(make(), "make()");
    made = now;
    return now;
  }
}
