package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import org.jspecify.annotations.Nullable;

/**
 * Something that is made once, when it is first asked for, unless its {@link ClientHolder} is closed.
 *
 * <p>It has subclasses and takes no lambda: linking a lambda loads the type that it returns, and the interface of one
 * vendor's client may have half a megabyte. What could not be made is made anew the next time.
 */
public abstract class Lazy<T> {
  private final ClientHolder holder;
  private volatile @Nullable T made;

  protected Lazy(ClientHolder holder) {
    this.holder = requireNonNull(holder, "holder");
  }

  /** Makes it; what is to be closed is registered by {@link ClientHolder#closeLater}. */
  protected abstract T make() throws Exception;

  /** {@return what is thrown where a checked exception ended {@link #make}; by default of kind {@link ErrorKind#UNKNOWN}} */
  protected RuntimeException failure(Exception cause) {
    return new ServingException(
        holder.platform(),
        ErrorKind.UNKNOWN,
        "A client of platform '" + holder.platform() + "' cannot be created: " + cause,
        cause);
  }

  /**
   * {@return it}
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
