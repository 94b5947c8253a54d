package io.fairlead.reconcile;

/**
 * How the traffic weights of a public name are read and written on a platform.
 *
 * <p>They are a setting of what carries the name, which is neither created nor deleted nor listed by itself; the core
 * makes a {@link ResourceKind} of it.
 */
public interface TrafficSetting {
  /** The kind of resource that traffic weights are; a resource of it is named by the public name. */
  KindName<Traffic> KIND = new KindName<>("traffic", Traffic.class);

  /** {@return the weights of a public name; absent if the name is} */
  Observed<Traffic> read(String name, Look look);

  /**
   * Writes the weights of a public name.
   *
   * @param current what was read last; the write is conditional on its revision where the platform has one
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if the name is gone, or lacks a variant with a
   *     weight
   */
  Accepted write(String name, Observed<Traffic> current, Traffic desired);

  /** {@return how far the operation is that a write began} */
  default Outcome poll(String operation) {
    return Outcome.succeeded();
  }

  /** {@return whether the weights that are there are those that should be} */
  default boolean matches(Traffic desired, Traffic actual) {
    return desired.equals(actual);
  }
}
