package io.fairlead.serverless.engine;

import org.jspecify.annotations.Nullable;

/** A system property that a library reads, set for as long as it takes, unless the user has set it. */
final class Setting {
  private final String name;
  private final boolean set;

  Setting(String name, @Nullable String value) {
    this.name = name;
    this.set = value != null && System.getenv(name) == null && System.getProperty(name) == null;
    if (set && value != null) {
      System.setProperty(name, value);
    }
  }

  void restore() {
    if (set) {
      System.clearProperty(name);
    }
  }
}
