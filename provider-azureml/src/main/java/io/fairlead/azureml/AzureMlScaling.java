package io.fairlead.azureml;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.ScalingOptions;
import io.fairlead.spi.Settings;
import java.time.Duration;
import java.util.Optional;

/** Azure ML's options of a deployment's capacity for requests, for {@link io.fairlead.grammar.Scaling#with}. */
public final class AzureMlScaling extends Settings<AzureMlScaling.Draft> implements ScalingOptions {
  private static final Duration LONGEST_REQUEST = Duration.ofMinutes(3);

  /** Azure ML's own limits: one request at a time for each instance, of 5 seconds at most. */
  public static final AzureMlScaling DEFAULT = new AzureMlScaling(new Draft());

  static final class Draft extends Settings.Draft {
    Optional<Integer> maxConcurrentRequests = Optional.empty();
    Optional<Duration> requestTimeout = Optional.empty();
  }

  private AzureMlScaling(Draft draft) {
    super(draft);
    Problems problems = Problems.in("AzureMlScaling");
    draft.maxConcurrentRequests.ifPresent(requests ->
        problems.check(requests >= 1, "maxConcurrentRequests", "must be 1 or more", requests));
    draft.requestTimeout.ifPresent(timeout -> problems.check(
        timeout.toMillis() >= 1
            && timeout.equals(Duration.ofMillis(timeout.toMillis()))
            && timeout.compareTo(LONGEST_REQUEST) <= 0,
        "requestTimeout",
        "must be whole milliseconds, 1 or more, and at most 3 minutes",
        timeout));
    problems.throwIfAny();
  }

  /** {@return how many requests an instance gets at the same time; by default 1} */
  public Optional<Integer> maxConcurrentRequests() {
    return draft().maxConcurrentRequests;
  }

  /** {@return how long the container may take for a request, at most 3 minutes; by default 5 seconds} */
  public Optional<Duration> requestTimeout() {
    return draft().requestTimeout;
  }

  /** {@return a copy in which an instance gets so many requests at the same time} */
  public AzureMlScaling withMaxConcurrentRequests(int requests) {
    return new AzureMlScaling(with(draft -> draft.maxConcurrentRequests = Optional.of(requests)));
  }

  /** {@return a copy in which the container may take so long for a request} */
  public AzureMlScaling withRequestTimeout(Duration timeout) {
    return new AzureMlScaling(with(draft -> draft.requestTimeout = Optional.of(timeout)));
  }

  @Override
  public String platform() {
    return AzureMlProvider.ID;
  }
}
