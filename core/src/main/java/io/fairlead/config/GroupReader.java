package io.fairlead.config;

import static io.fairlead.config.ConfigProblems.under;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.provider.Durations;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A strict reader of one group: what is not in its list of properties is a mistake. */
final class GroupReader {
  private final String path;
  private final Map<String, Property> properties = new LinkedHashMap<>();
  private final Map<String, ConfigNode> members = new LinkedHashMap<>();
  private final ConfigProblems problems;
  private final boolean isGroup;

  GroupReader(ConfigNode node, String path, List<Property> properties, ConfigProblems problems) {
    this.path = path;
    this.problems = problems;
    properties.forEach(property -> this.properties.put(property.name(), property));
    isGroup = node instanceof ConfigNode.Group || isBlank(node);
    groupOf(node, path, problems).members().forEach(this::add);
  }

  /** {@return a node as a group: nothing is an empty one, and a text or a list is a mistake} */
  static ConfigNode.Group groupOf(ConfigNode node, String path, ConfigProblems problems) {
    if (node instanceof ConfigNode.Group group) {
      return group;
    }
    if (!isBlank(node)) {
      problems.add(path, "must have properties below it, and no value of its own");
    }
    return ConfigNode.Group.EMPTY;
  }

  /** Notes a name that is not among the right ones. */
  static void unknown(
      String path, ConfigNode node, String name, List<String> names, ConfigProblems problems) {
    if (!node.ambient()) {
      problems.addName(under(path, name), "is not a property" + Nearest.orAll(name, names));
    }
  }

  private void add(String name, ConfigNode node) {
    Optional<String> property = properties.keySet().stream()
        .filter(each -> ConfigNode.plain(each).equals(ConfigNode.plain(name)))
        .findFirst();
    if (property.isEmpty()) {
      unknown(path, node, name, List.copyOf(properties.keySet()), problems);
    } else if (members.putIfAbsent(property.get(), node) != null) {
      problems.add(
          under(path, name), "must be given once: it is there with hyphens and with capitals");
    }
  }

  /** {@return whether it is a group at all: what is none has no properties that could be missing} */
  boolean isGroup() {
    return isGroup;
  }

  /** {@return the path of this group} */
  String path() {
    return path;
  }

  /** {@return the path of a property of this group} */
  String path(String property) {
    return under(path, property);
  }

  /** {@return whether a name is that of a property that may be given here} */
  boolean knows(String property) {
    return properties.containsKey(property);
  }

  /** {@return whether a property is given, whatever it is} */
  boolean has(String property) {
    return members.containsKey(property);
  }

  /** {@return the reader of the group that a property is} */
  GroupReader below(String property, List<Property> known) {
    ConfigNode node = members.getOrDefault(property, ConfigNode.Group.EMPTY);
    return new GroupReader(node, path(property), known, problems);
  }

  Optional<String> text(String name) {
    return parsed(name, text -> text);
  }

  Optional<Integer> integer(String name) {
    return parsed(name, Integer::valueOf);
  }

  Optional<Boolean> flag(String name) {
    return parsed(name, text -> switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    });
  }

  /** {@return a duration, which is more than 0} */
  Optional<Duration> duration(String name) {
    return parsed(name, text -> {
      Duration duration = Durations.parse(text);
      if (duration.isZero() || duration.isNegative()) {
        throw new IllegalArgumentException(text);
      }
      return duration;
    });
  }

  /** {@return a size in bytes} */
  Optional<Long> size(String name) {
    return parsed(
        name, text -> FunctionLimits.DEFAULT.withMemory(text).memoryBytes().orElseThrow());
  }

  <E extends Enum<E>> Optional<E> name(String name, Class<E> type) {
    return parsed(
        name,
        text -> Arrays.stream(type.getEnumConstants())
            .filter(each ->
                ConfigNode.plain(each.name().replace('_', '-')).equals(ConfigNode.plain(text)))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(text)));
  }

  List<String> texts(String name) {
    ConfigNode node = members.get(name);
    List<String> texts = new ArrayList<>();
    if (node instanceof ConfigNode.Elements elements) {
      for (ConfigNode each : elements.values()) {
        if (each instanceof ConfigNode.Text text) {
          texts.add(text.value().trim());
        } else {
          problems.add(path(name) + "[" + texts.size() + "]", "must be a text");
        }
      }
    } else if (node instanceof ConfigNode.Text text) {
      Arrays.stream(text.value().split(",", -1))
          .map(String::trim)
          .filter(each -> !each.isEmpty())
          .forEach(texts::add);
    } else if (node != null) {
      problems.add(path(name), rule(name));
    }
    return texts;
  }

  /** {@return texts by name, such as environment variables: a group below is one name with a dot} */
  Map<String, String> map(String name) {
    Map<String, String> texts = new LinkedHashMap<>();
    ConfigNode node = members.get(name);
    if (node instanceof ConfigNode.Group group) {
      flatten(group, "", name, texts);
    } else if (node != null && !isBlank(node)) {
      problems.add(path(name), rule(name));
    }
    return texts;
  }

  private void flatten(
      ConfigNode.Group group, String before, String property, Map<String, String> texts) {
    group.members().forEach((name, member) -> {
      String whole = under(before, name);
      if (member instanceof ConfigNode.Text text) {
        texts.put(whole, text.value());
      } else if (member instanceof ConfigNode.Group below) {
        flatten(below, whole, property, texts);
      } else {
        problems.add(under(path(property), whole), "must be a text");
      }
    });
  }

  /** {@return the group of a property; empty if it is not given} */
  ConfigNode.Group group(String name) {
    ConfigNode node = members.get(name);
    return node == null ? ConfigNode.Group.EMPTY : groupOf(node, path(name), problems);
  }

  private <T> Optional<T> parsed(String name, Function<String, T> parser) {
    ConfigNode node = members.get(name);
    if (node == null || isBlank(node)) {
      return Optional.empty();
    }
    if (!(node instanceof ConfigNode.Text text)) {
      problems.add(path(name), rule(name) + ", and nothing is below it");
      return Optional.empty();
    }
    String value = text.value().trim();
    try {
      return Optional.of(parser.apply(value));
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      problems.add(path(name), rule(name), value);
    }
    return Optional.empty();
  }

  private String rule(String name) {
    Property property = properties.get(name);
    if (property == null) {
      throw new IllegalArgumentException(name + " is not in the list of properties");
    }
    return property.rule();
  }

  private static boolean isBlank(ConfigNode node) {
    return node instanceof ConfigNode.Text text && text.value().isBlank();
  }
}
