package io.fairlead.engine.internal.natives;

import org.jspecify.annotations.Nullable;

/** A system property for a library, set temporarily and only if the user has not set it. */
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
