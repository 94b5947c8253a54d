package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * A listener to what is done with a platform, for metrics and traces; {@link Platforms#observed} attaches it.
 *
 * <p>It is called on the caller's or the operation's thread and returns soon. What it throws is ignored. It never gets a
 * request, an answer or a setting.
 */
public interface PlatformListener {
  /** An invocation has ended. */
  default void invoked(Invocation invocation) {}

  /** An operation has ended, or could not be started. */
  default void operated(Operated operation) {}

  /**
   * An invocation that has ended.
   *
   * @param platform the name that the platform was given when it was observed
   * @param name the public name of what was invoked
   * @param variant the variant that answered or failed, or that was asked for, if known
   * @param streaming whether the answer was streamed
   * @param failure why there is no answer; empty if there is one
   * @param duration the time until it ended
   */
  record Invocation(
      String platform,
      String name,
      Optional<String> variant,
      boolean streaming,
      Optional<ErrorKind> failure,
      Duration duration) {
    public Invocation {
      requireNonNull(platform, "platform");
      requireNonNull(name, "name");
      requireNonNull(variant, "variant");
      requireNonNull(failure, "failure");
      requireNonNull(duration, "duration");
    }

    /** {@return {@code success}, or the kind of the failure in lower case} */
    public String outcome() {
      return PlatformListener.outcome(failure);
    }
  }

  /**
   * An operation that has ended.
   *
   * @param platform the name that the platform was given when it was observed
   * @param verb the operation, such as {@code deploy} or {@code package}
   * @param failure why it failed; empty if it did not
   * @param duration the time from its call to its end
   */
  record Operated(String platform, String verb, Optional<ErrorKind> failure, Duration duration) {
    public Operated {
      requireNonNull(platform, "platform");
      requireNonNull(verb, "verb");
      requireNonNull(failure, "failure");
      requireNonNull(duration, "duration");
    }

    /** {@return {@code success}, or the kind of the failure in lower case} */
    public String outcome() {
      return PlatformListener.outcome(failure);
    }
  }

  private static String outcome(Optional<ErrorKind> failure) {
    return failure.map(kind -> kind.name().toLowerCase(Locale.ROOT)).orElse("success");
  }
}
