package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * A listener to what is done with a platform, for metrics and traces; {@link Platforms#observed} attaches it.
 *
 * <p>It returns soon, and what it throws is ignored. It never gets a request, an answer or a setting.
 */
@FunctionalInterface
public interface PlatformListener {
  /**
   * An invocation begins, or an operation, on the caller's thread.
   *
   * @return who is told how it goes on
   */
  Running started(Call call);

  /**
   * An invocation or operation that begins.
   *
   * @param platform the name that the platform was given when it was observed
   * @param verb what it is, such as {@code invoke}, {@code deploy} or {@code package}
   * @param name the public name that it is about; empty if it is about no single one
   * @param variant the variant that it is about, or that was asked for, if there is one
   * @param streaming whether it is an invocation whose answer is streamed
   */
  record Call(
      String platform, String verb, String name, Optional<String> variant, boolean streaming) {
    public Call {
      requireNonNull(platform, "platform");
      requireNonNull(verb, "verb");
      requireNonNull(name, "name");
      requireNonNull(variant, "variant");
    }

    /** {@return whether it is an invocation, and no operation} */
    public boolean isInvocation() {
      return verb.equals("invoke");
    }
  }

  /** A call that has begun: it returns, once, and ends, once, in this order. */
  interface Running {
    /** The one that nobody is interested in. */
    Running IGNORED = new Running() {};

    /** The method returns or throws, on the thread on which it began; an operation goes on from here. */
    default void returned() {}

    /** It has ended: an invocation on the caller's thread, an operation on any. */
    default void ended(Ended end) {}
  }

  /**
   * How a call has ended.
   *
   * @param variant the variant that answered or failed, or that was asked for, if known
   * @param failure why it failed; empty if it did not
   * @param duration the time from its beginning to its end
   */
  record Ended(Optional<String> variant, Optional<ErrorKind> failure, Duration duration) {
    public Ended {
      requireNonNull(variant, "variant");
      requireNonNull(failure, "failure");
      requireNonNull(duration, "duration");
    }

    /** {@return {@code success}, or the kind of the failure in lower case} */
    public String outcome() {
      return failure.map(kind -> kind.name().toLowerCase(Locale.ROOT)).orElse("success");
    }
  }
}
