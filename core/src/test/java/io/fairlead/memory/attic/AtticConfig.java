package io.fairlead.memory.attic;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.time.Duration;
import java.util.Optional;

// guide: config
/**
 * The settings of the platform {@code attic}.
 *
 * @param region its region
 * @param callTimeout the timeout of one call
 * @param client the caller's own client, which the caller closes; empty to create one
 */
record AtticConfig(String region, Duration callTimeout, Optional<Attic> client) {
  AtticConfig {
    requireNonNull(region, "region");
    requireNonNull(client, "client");
    Problems.in("AtticConfig")
        .check(!region.isBlank(), "region", "must not be blank", region)
        .check(
            callTimeout.compareTo(Duration.ZERO) > 0,
            "callTimeout",
            "must be more than 0",
            callTimeout)
        .throwIfAny();
  }

  static AtticConfig of(String region) {
    return new AtticConfig(region, Duration.ofSeconds(30), Optional.empty());
  }

  AtticConfig withCallTimeout(Duration newCallTimeout) {
    return new AtticConfig(region, newCallTimeout, client);
  }

  AtticConfig withClient(Attic newClient) {
    return new AtticConfig(region, callTimeout, Optional.of(newClient));
  }
}
// guide end
