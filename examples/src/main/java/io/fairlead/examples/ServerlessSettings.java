package io.fairlead.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the example of functions does for how long.
 *
 * @param loads one after the other
 * @param idleTimeout after which the function has no instance
 * @param rest how long it is looked at without an instance, and with the one that came back
 * @param curl the program; empty if this machine has none
 */
record ServerlessSettings(
    List<Load> loads, Duration idleTimeout, Duration rest, Optional<Path> curl) {
  /**
   * Callers that ask again as soon as they are answered.
   *
   * @param callers how many
   * @param time for how long
   */
  record Load(int callers, Duration time) {}

  ServerlessSettings {
    loads = List.copyOf(loads);
  }

  /** {@return what takes about ten seconds in all} */
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
