package io.fairlead.config;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Redacted;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** A collector of the mistakes in a configuration, which reports them together. */
public final class ConfigProblems {
  private static final int LONGEST_VALUE_SHOWN = 100;
  /** What is shorter may be part of any sentence, and is no secret. */
  private static final int SHORTEST_SECRET = 4;

  private final Set<ConfigProblem> found = new LinkedHashSet<>();
  /** By plain path. */
  private final Map<String, String> origins = new LinkedHashMap<>();
  /** Plain paths of which the value has no further mistake. */
  private final Set<String> settled = new HashSet<>();
  /** By the value that is not shown, the longest first: what is shown in its place. */
  private final Map<String, String> hidden =
      new TreeMap<>(Comparator.comparing(String::length).reversed().thenComparing(value -> value));

  /**
   * Creates a collector for a configuration.
   *
   * @param root the name of the root in messages, such as {@code fairlead}; empty if it has none
   */
  public ConfigProblems(String root, ConfigNode.Group tree) {
    note(root, tree);
  }

  private ConfigProblems(ConfigProblems other) {
    found.addAll(other.found);
    origins.putAll(other.origins);
    settled.addAll(other.settled);
    hidden.putAll(other.hidden);
  }

  /** {@return a collector of its own with the mistakes so far} */
  ConfigProblems copy() {
    return new ConfigProblems(this);
  }

  private void note(String path, ConfigNode node) {
    origins.put(ConfigNode.plain(path), node.origin());
    if (node instanceof ConfigNode.Group group) {
      group.members().forEach((name, member) -> note(under(path, name), member));
    } else if (node instanceof ConfigNode.Elements elements) {
      for (int i = 0; i < elements.values().size(); i++) {
        note(path + "[" + i + "]", elements.values().get(i));
      }
    }
  }

  static String under(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** Notes a mistake of a value, after which no other one of it is noted. */
  void addLast(String property, String rule) {
    add(property, rule);
    settled.add(ConfigNode.plain(property));
  }

  /** Has a value never shown: in its place is what refers to it, such as {@code ${TOKEN}}. */
  void hide(String value, String reference) {
    if (!value.isEmpty()) {
      hidden.put(value, reference);
    }
  }

  private void note(String property, String rule, String value) {
    if (!settled.contains(ConfigNode.plain(property))) {
      found.add(new ConfigProblem(property, shown(rule), shown(value), origin(property)));
    }
  }

  private String shown(String text) {
    String shown = text;
    for (Map.Entry<String, String> each : hidden.entrySet()) {
      String value = each.getKey();
      if (value.length() >= SHORTEST_SECRET) {
        shown = shown.replace(value, each.getValue());
      } else if (shown.equals(value) || shown.equals('"' + value + '"')) {
        shown = each.getValue();
      }
    }
    return shown;
  }

  /** Notes a mistake of a property's name, whatever its value is. */
  void addName(String property, String rule) {
    found.add(new ConfigProblem(property, shown(rule), "", origin(property)));
  }

  /** Notes a mistake whose value is not shown. */
  public void add(String property, String rule) {
    note(property, rule, "");
  }

  /** Notes a mistake. */
  public void add(String property, String rule, Object value) {
    String text = Redacted.text(shown(String.valueOf(value)));
    if (text.length() > LONGEST_VALUE_SHOWN) {
      text = text.substring(0, LONGEST_VALUE_SHOWN) + "... (" + text.length() + " characters)";
    }
    note(property, rule, value instanceof CharSequence ? '"' + text + '"' : text);
  }

  /**
   * Notes the problems of a value that was made from properties.
   *
   * @param property the property that a field of the value comes from
   */
  public void add(InvalidValueException invalid, UnaryOperator<String> property) {
    invalid.problems().forEach(problem -> {
      note(property.apply(problem.field()), problem.rule(), problem.value());
    });
  }

  /** {@return whether a mistake was noted} */
  public boolean any() {
    return !found.isEmpty();
  }

  /** {@return the mistakes so far, in the order in which they were found} */
  public List<ConfigProblem> found() {
    return new ArrayList<>(found);
  }

  /**
   * Ends the check.
   *
   * @throws InvalidConfigurationException if a mistake was noted
   */
  public void throwIfAny() {
    if (any()) {
      throw new InvalidConfigurationException(found());
    }
  }

  /** {@return where a property is, or the nearest group that it would be in, which may be the whole} */
  private String origin(String property) {
    String path = ConfigNode.plain(property);
    String exact = origins.get(path);
    while (exact == null && path.lastIndexOf('.') > 0) {
      path = path.substring(0, path.lastIndexOf('.'));
      exact = origins.get(path);
    }
    return exact == null ? origins.getOrDefault("", "") : exact;
  }
}
