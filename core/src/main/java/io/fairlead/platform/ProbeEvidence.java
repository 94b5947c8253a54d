package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.Durations;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Observations;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * The evidence of requests that a rollout sends by itself, pinned to the candidate: it needs no users, who may not be there
 * at night.
 *
 * <pre>{@code
 * Evidence probes = new ProbeEvidence(cloud, Request.json("{\"inputs\": \"a boat\"}"), 20);
 * }</pre>
 *
 * <p>The requests are sent one after the other at each look of the rollout, on its thread, for at most the timeout of one:
 * of a candidate that hangs, a look sees one. Any failure is one of the candidate, apart from {@code CANCELLED}, {@code
 * THROTTLED} and {@code UNAUTHORIZED}, which say nothing of it and end the look. A platform that cannot pin requests
 * refuses the rollout before it begins.
 */
public final class ProbeEvidence implements Evidence {
  private static final Set<ErrorKind> SAYING_NOTHING =
      EnumSet.of(ErrorKind.CANCELLED, ErrorKind.THROTTLED, ErrorKind.UNAUTHORIZED);

  private final EndpointPlatform platform;
  private final Request request;
  private final int perLook;
  private final LongSupplier nanoTime;

  /**
   * Makes evidence of probes.
   *
   * @param platform the platform that serves the candidate; not one that {@link CallEvidence} watches, if both are used
   * @param request what is asked
   * @param perLook how often it is asked at each look, 1 or more
   */
  public ProbeEvidence(EndpointPlatform platform, Request request, int perLook) {
    this(platform, request, perLook, System::nanoTime);
  }

  ProbeEvidence(EndpointPlatform platform, Request request, int perLook, LongSupplier nanoTime) {
    this.platform = requireNonNull(platform, "platform");
    this.request = requireNonNull(request, "request");
    this.perLook = perLook;
    this.nanoTime = nanoTime;
    Problems.in("ProbeEvidence")
        .check(perLook >= 1, "perLook", "must be 1 or more", perLook)
        .throwIfAny();
  }

  @Override
  public Window open(Endpoint variant, SortedSet<Duration> limits) {
    Probes probes = new Probes(variant, limits);
    probes.probe();
    return probes;
  }

  private final class Probes implements Window {
    private final Endpoint variant;
    private final Request pinned;
    private final SortedSet<Duration> limits;
    private Observations sum = Observations.NONE;

    Probes(Endpoint variant, SortedSet<Duration> limits) {
      this.variant = variant;
      this.limits = limits;
      this.pinned = request.pinnedTo(variant.routing().variant());
    }

    @Override
    public Observations seen() {
      Observations before = sum;
      long begin = nanoTime.getAsLong();
      long longest = Durations.nanos(request.timeout());
      for (int i = 0; i < perLook && nanoTime.getAsLong() - begin < longest; i++) {
        try {
          probe();
        } catch (ServingException e) {
          if (sum.equals(before)) {
            throw e;
          }
          break;
        }
      }
      return sum;
    }

    private void probe() {
      long failures = 0;
      long begin = nanoTime.getAsLong();
      try {
        platform.invoke(variant, pinned);
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.UNSUPPORTED || SAYING_NOTHING.contains(e.kind())) {
          throw e;
        }
        failures = 1;
      }
      Duration took = Duration.ofNanos(nanoTime.getAsLong() - begin);
      SortedMap<Duration, Long> slower = new TreeMap<>();
      limits.forEach(limit -> slower.put(limit, took.compareTo(limit) > 0 ? 1L : 0L));
      sum = sum.plus(new Observations(1, failures, slower));
    }
  }

  @Override
  public String toString() {
    return "ProbeEvidence[" + perLook + " at each look]";
  }
}
