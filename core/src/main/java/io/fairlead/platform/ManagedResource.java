package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/**
 * A resource on a platform that is managed by Fairlead, which is known by its owner tag.
 *
 * @param kind its kind there, such as {@code endpoint} or {@code model}
 * @param name its name there
 * @param deployment the public name that it was created for, unless several may share it
 * @param createdAt its creation time, by the platform's clock
 * @param orphan whether no deployment uses it
 */
public record ManagedResource(
    String kind, String name, Optional<String> deployment, Instant createdAt, boolean orphan) {
  public ManagedResource {
    requireNonNull(kind, "kind");
    requireNonNull(name, "name");
    requireNonNull(deployment, "deployment");
    requireNonNull(createdAt, "createdAt");
  }

  @Override
  public String toString() {
    return kind + " " + name;
  }
}
