package io.fairlead.spring;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.platform.PlatformListener.Call;
import io.fairlead.platform.PlatformListener.Ended;
import io.micrometer.observation.Observation;
import java.util.Optional;

/** What is known of an invocation or operation that is observed: neither its request nor its answer. */
public final class PlatformObservationContext extends Observation.Context {
  private final Call call;
  private volatile Optional<String> variant;
  private volatile String outcome = PlatformObservationConvention.NONE;

  PlatformObservationContext(Call call) {
    this.call = requireNonNull(call, "call");
    this.variant = call.variant();
  }

  /** {@return what was called} */
  public Call call() {
    return call;
  }

  /** {@return the variant that answered or failed, or else the one that was asked for, if known} */
  public Optional<String> variant() {
    return variant;
  }

  /** {@return {@code success}, or the {@link ErrorKind} in lower case; {@code none} until it has ended} */
  public String outcome() {
    return outcome;
  }

  void ended(Ended end) {
    variant = end.variant();
    outcome = end.outcome();
  }
}
