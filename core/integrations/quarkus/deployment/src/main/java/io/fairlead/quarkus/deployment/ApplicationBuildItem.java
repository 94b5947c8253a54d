package io.fairlead.quarkus.deployment;

import io.fairlead.quarkus.runtime.Application;
import io.quarkus.builder.item.SimpleBuildItem;
import io.quarkus.runtime.RuntimeValue;

/** The application's platforms, endpoints and functions, as they will be when it runs. */
final class ApplicationBuildItem extends SimpleBuildItem {
  private final RuntimeValue<Application> value;

  ApplicationBuildItem(RuntimeValue<Application> value) {
    this.value = value;
  }

  RuntimeValue<Application> value() {
    return value;
  }
}
