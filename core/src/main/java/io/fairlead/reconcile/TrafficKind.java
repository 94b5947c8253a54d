package io.fairlead.reconcile;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;

/** The kind of resource that traffic weights are. */
record TrafficKind(String platform, TrafficSetting setting) implements ResourceKind<Traffic> {
  @Override
  public KindName<Traffic> id() {
    return TrafficSetting.KIND;
  }

  @Override
  public Observed<Traffic> read(String name, Look look) {
    return setting.read(name, look);
  }

  /** The resource with the public name was deleted since. */
  @Override
  public Accepted create(String name, Traffic desired, OwnerTag owner) {
    throw new ServingException(
        platform,
        ErrorKind.NOT_FOUND,
        "There is no endpoint " + name + " to set traffic weights of");
  }

  @Override
  public Accepted update(String name, Observed<Traffic> current, Traffic desired) {
    return setting.write(name, current, desired);
  }

  @Override
  public Outcome poll(String operation) {
    return setting.poll(operation);
  }

  @Override
  public boolean matches(Traffic desired, Traffic actual) {
    return setting.matches(desired, actual);
  }
}
