package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Whether a platform is closed, and the refusal of calls to it in one wording. */
public final class Closed {
  private final String platform;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Makes the mark of a platform that is open. */
  public Closed(String platform) {
    this.platform = requireNonNull(platform, "platform");
  }

  /**
   * Marks the platform as closed.
   *
   * @return whether it was open
   */
  public boolean close() {
    return closed.compareAndSet(false, true);
  }

  /** {@return whether it is closed} */
  public boolean isClosed() {
    return closed.get();
  }

  /**
   * Makes sure that the platform is open.
   *
   * @param what what is to be done, after "to", such as {@code invoke bert}
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if it is closed
   */
  public void check(String what) {
    if (closed.get()) {
      throw refusal(platform, what);
    }
  }

  /**
   * {@return that a platform is closed}
   *
   * @param platform the id of the platform
   * @param what what was to be done, after "to", such as {@code invoke bert}
   */
  public static ServingException refusal(String platform, String what) {
    return new ServingException(
        platform,
        ErrorKind.CANCELLED,
        "Platform '" + platform + "' is closed: open it again to " + what + ".");
  }
}
