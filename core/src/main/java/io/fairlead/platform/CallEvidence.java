package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.grammar.Endpoint;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Observations;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The evidence of what this application itself calls: each invocation through a platform that it {@linkplain #watch
 * watches} counts for the variant that answered it, or failed at it.
 *
 * <pre>{@code
 * CallEvidence calls = new CallEvidence();
 * EndpointPlatform cloud = calls.watch(Platforms.open("sagemaker", EndpointPlatform.class, settings));
 * cloud.rollOut(blue, green, rollout, calls);
 * }</pre>
 *
 * <p>A failure of the kinds {@code MODEL_FAILED}, {@code TIMEOUT}, {@code UNAVAILABLE} and {@code UNKNOWN} is one of the
 * variant. A request that nobody answered names none on a cloud: it counts as {@linkplain Observations#unattributed
 * unattributed}, and where there are many the candidate does not pass without {@link ProbeEvidence}, whose requests are
 * known to be its own. What was refused before the model was asked, such as with {@code THROTTLED}, counts as no request.
 * Safe for concurrent use.
 */
public final class CallEvidence implements Evidence, PlatformListener {
  private static final Set<ErrorKind> FAILURES = EnumSet.of(
      ErrorKind.MODEL_FAILED, ErrorKind.TIMEOUT, ErrorKind.UNAVAILABLE, ErrorKind.UNKNOWN);

  private final List<Count> windows = new CopyOnWriteArrayList<>();

  /** Makes evidence that watches no platform yet. */
  public CallEvidence() {}

  /** {@return the platform, whose invocations count from here on; closing it closes the platform} */
  public EndpointPlatform watch(EndpointPlatform platform) {
    return Platforms.observed(platform, platform.id(), this, EndpointPlatform.class);
  }

  @Override
  public Running started(Call call) {
    if (!call.isInvocation() || windows.isEmpty()) {
      return Running.IGNORED;
    }
    return new Running() {
      @Override
      public void ended(Ended end) {
        windows.forEach(window -> window.add(call.name(), end));
      }
    };
  }

  @Override
  public Window open(Endpoint variant, SortedSet<Duration> limits) {
    Count window = new Count(requireNonNull(variant, "variant"), limits);
    windows.add(window);
    return window;
  }

  /** The count of one variant's requests that have ended since it was opened. */
  private final class Count implements Window {
    private final Endpoint endpoint;
    private final SortedMap<Duration, AtomicLong> slower = new TreeMap<>();
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong unattributed = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();

    Count(Endpoint endpoint, SortedSet<Duration> limits) {
      this.endpoint = endpoint;
      limits.forEach(limit -> slower.put(limit, new AtomicLong()));
    }

    void add(String name, Ended end) {
      boolean failed = end.failure().map(FAILURES::contains).orElse(false);
      if (!name.equals(endpoint.name()) || (end.failure().isPresent() && !failed)) {
        return;
      }
      if (failed && end.variant().isEmpty()) {
        unattributed.incrementAndGet();
      }
      if (!end.variant().equals(Optional.of(endpoint.routing().variant()))) {
        return;
      }
      // Parts are never more than the whole, whoever reads meanwhile.
      requests.incrementAndGet();
      if (failed) {
        failures.incrementAndGet();
      }
      slower.forEach((limit, count) -> {
        if (end.duration().compareTo(limit) > 0) {
          count.incrementAndGet();
        }
      });
    }

    @Override
    public Observations seen() {
      SortedMap<Duration, Long> slow = new TreeMap<>();
      slower.forEach((limit, count) -> slow.put(limit, count.get()));
      long failed = failures.get();
      return new Observations(requests.get(), failed, unattributed.get(), slow);
    }

    @Override
    public void close() {
      windows.remove(this);
    }
  }

  @Override
  public String toString() {
    return "CallEvidence";
  }
}
