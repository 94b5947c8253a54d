package io.fairlead.examples;

import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** The clean-up of an example: undeploys its variants after success or failure, and reports what is left. */
final class Removal {
  private final EndpointPlatform platform;
  private final String deployment;
  private final Duration limit;
  private final Set<String> orphansBefore;

  /** Creates the clean-up before the deployment, to distinguish its orphans from older ones. */
  Removal(EndpointPlatform platform, String deployment, Duration limit) {
    this.platform = platform;
    this.deployment = deployment;
    this.limit = limit;
    this.orphansBefore =
        platform.orphans().stream().map(ManagedResource::toString).collect(Collectors.toSet());
  }

  /**
   * Undeploys variants of one name. A variant with all traffic can only be undeployed last, so refused ones are
   * retried after the others.
   *
   * @param done called with each undeployed variant, and the time it took
   * @return the failures of the others
   */
  Map<Endpoint, RuntimeException> undeploy(
      List<Endpoint> endpoints, BiConsumer<Endpoint, Duration> done) {
    Map<Endpoint, RuntimeException> failures = new LinkedHashMap<>();
    List<Endpoint> there = new ArrayList<>(endpoints);
    for (int round = 0; round < 2 && !there.isEmpty(); round++) {
      failures.clear();
      for (Endpoint endpoint : List.copyOf(there)) {
        long begin = System.nanoTime();
        try {
          platform.undeploy(endpoint).await(limit);
          there.remove(endpoint);
          done.accept(endpoint, Duration.ofNanos(System.nanoTime() - begin));
        } catch (RuntimeException e) {
          failures.put(endpoint, e);
        }
      }
    }
    return failures;
  }

  /** {@return the remaining resources of this deployment, orphans included} */
  List<ManagedResource> left() {
    return platform.inventory().stream()
        .filter(one -> one.deployment().equals(Optional.of(deployment))
            || (one.orphan() && !orphansBefore.contains(one.toString())))
        .toList();
  }
}
