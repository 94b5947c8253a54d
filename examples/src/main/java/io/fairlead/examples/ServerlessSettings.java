package io.fairlead.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The durations and the load of the functions example.
 *
 * @param loads the loads, one after another
 * @param idleTimeout the idle time after which the function is scaled to zero
 * @param rest the time to show it without an instance, and after the cold start
 * @param curl the curl program; empty if this machine has none
 */
record ServerlessSettings(
    List<Load> loads, Duration idleTimeout, Duration rest, Optional<Path> curl) {
  /**
   * A number of callers that invoke the function in a loop.
   *
   * @param callers the number of callers
   * @param time the duration
   */
  record Load(int callers, Duration time) {}

  ServerlessSettings {
    loads = List.copyOf(loads);
  }

  /** {@return the defaults, about ten seconds in all} */
  static ServerlessSettings usual() {
    return new ServerlessSettings(
        List.of(
            new Load(1, Duration.ofMillis(1500)),
            new Load(4, Duration.ofMillis(1500)),
            new Load(16, Duration.ofMillis(2500)),
            new Load(1, Duration.ofMillis(2500))),
        Duration.ofMillis(1500),
        Duration.ofMillis(500),
        program("curl"));
  }

  private static Optional<Path> program(String name) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
