package io.fairlead.reconcile;

/**
 * The traffic weights of public names on a platform: how they are read and written.
 *
 * <p>They are a setting of the resource that has the public name, and are neither created nor deleted nor listed by
 * themselves; the core makes a {@link ResourceKind} of it.
 */
public interface TrafficSetting {
  /** The kind of the traffic weights of a public name; the name of the resource is the public name. */
  KindName<Traffic> KIND = new KindName<>("traffic", Traffic.class);

  /** {@return the weights of a public name; absent if the name does not exist} */
  Observed<Traffic> read(String name, Look look);

  /**
   * Writes the weights of a public name.
   *
   * @param current the state that was read last; the write is conditional on its revision where the platform has one
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if the name does not exist, or lacks a variant
   *     with a weight
   */
  Accepted write(String name, Observed<Traffic> current, Traffic desired);

  /** {@return the status of the operation that a write started} */
  default Outcome poll(String operation) {
    return Outcome.succeeded();
  }

  /** {@return whether the actual weights are the desired ones} */
  default boolean matches(Traffic desired, Traffic actual) {
    return desired.equals(actual);
  }
}
