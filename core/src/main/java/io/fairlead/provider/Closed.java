package io.fairlead.provider;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.concurrent.atomic.AtomicBoolean;

/** The closed flag of a platform, and the exception for calls after close. */
public final class Closed {
  private final String platform;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Creates the flag of an open platform. */
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
   * Checks that the platform is open.
   *
   * @param what the call, worded to follow "to", such as {@code invoke bert}
   * @throws ServingException of kind {@link ErrorKind#CANCELLED} if it is closed
   */
  public void check(String what) {
    if (closed.get()) {
      throw refusal(platform, what);
    }
  }

  /**
   * {@return the exception for a call to a closed platform}
   *
   * @param platform the id of the platform
   * @param what the call, worded to follow "to", such as {@code invoke bert}
   */
  public static ServingException refusal(String platform, String what) {
    return new ServingException(
        platform,
        ErrorKind.CANCELLED,
        "Platform '" + platform + "' is closed: open it again to " + what + ".");
  }
}
