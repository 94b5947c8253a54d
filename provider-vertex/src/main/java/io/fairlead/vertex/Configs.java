package io.fairlead.vertex;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The rules that the free configurations share. */
final class Configs {
  private Configs() {}

  /** Sorted, so that the same configuration always prints and travels in the same order. */
  static SortedMap<String, String> sorted(Map<String, String> config, String field) {
    return Collections.unmodifiableSortedMap(
        new TreeMap<>(Map.copyOf(requireNonNull(config, field))));
  }

  static void check(Problems problems, String field, Map<String, String> config) {
    for (String key : config.keySet()) {
      problems.check(!key.isBlank(), field, "must not have a blank key", key);
    }
  }
}
