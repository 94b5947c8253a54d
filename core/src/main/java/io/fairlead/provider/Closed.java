package io.fairlead.provider;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;

/** The refusal of calls to a platform that was closed. */
public final class Closed {
  private Closed() {}

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
