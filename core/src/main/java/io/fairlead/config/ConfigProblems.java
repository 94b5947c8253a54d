package io.fairlead.config;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Redacted;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A collector of the mistakes in a configuration, which reports them together. */
public final class ConfigProblems {
  private static final int LONGEST_VALUE_SHOWN = 100;

  private final Set<ConfigProblem> found = new LinkedHashSet<>();
  /** By plain path. */
  private final Map<String, String> origins = new LinkedHashMap<>();

  /**
   * Creates a collector for a configuration.
   *
   * @param root the name of the root in messages, such as {@code fairlead}; empty if it has none
   */
  public ConfigProblems(String root, ConfigNode.Group tree) {
    note(root, tree);
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

  /** Notes a mistake whose value is not shown. */
  public void add(String property, String rule) {
    found.add(new ConfigProblem(property, rule, "", origin(property)));
  }

  /** Notes a mistake. */
  public void add(String property, String rule, Object value) {
    String text = Redacted.text(String.valueOf(value));
    if (text.length() > LONGEST_VALUE_SHOWN) {
      text = text.substring(0, LONGEST_VALUE_SHOWN) + "... (" + text.length() + " characters)";
    }
    found.add(new ConfigProblem(
        property, rule, value instanceof CharSequence ? '"' + text + '"' : text, origin(property)));
  }

  /**
   * Notes the problems of a value that was made from properties.
   *
   * @param property the property that a field of the value comes from
   */
  public void add(InvalidValueException invalid, UnaryOperator<String> property) {
    invalid.problems().forEach(problem -> {
      String name = property.apply(problem.field());
      found.add(new ConfigProblem(name, problem.rule(), problem.value(), origin(name)));
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

  /** {@return where a property is, or the nearest group that it would be in} */
  private String origin(String property) {
    String path = ConfigNode.plain(property);
    String exact = origins.get(path);
    while (exact == null && path.lastIndexOf('.') > 0) {
      path = path.substring(0, path.lastIndexOf('.'));
      exact = origins.get(path);
    }
    return exact == null ? "" : exact;
  }
}
