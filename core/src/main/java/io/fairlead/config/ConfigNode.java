package io.fairlead.config;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A part of a configuration: a text, a list, or a group of parts by name; with the place that it is from. */
public sealed interface ConfigNode {
  /** {@return the place in words, such as {@code application.yml, line 7}; empty if it is unknown} */
  String origin();

  /**
   * {@return whether it is from where other programs have their own names, too, such as environment variables}
   *
   * <p>Such a name is no mistake if it is unknown.
   */
  boolean ambient();

  /** A text, which may be a secret. */
  record Text(String value, String origin, boolean ambient) implements ConfigNode {
    public Text {
      requireNonNull(value, "value");
      requireNonNull(origin, "origin");
    }

    /** {@return the place, without the text} */
    @Override
    public String toString() {
      return "Text[" + origin + "]";
    }
  }

  /** A list. */
  record Elements(List<ConfigNode> values, String origin) implements ConfigNode {
    public Elements {
      values = List.copyOf(values);
      requireNonNull(origin, "origin");
    }

    @Override
    public boolean ambient() {
      return values.stream().allMatch(ConfigNode::ambient);
    }
  }

  /**
   * A group of parts.
   *
   * @param members by name, in the order of the configuration
   */
  record Group(Map<String, ConfigNode> members, String origin) implements ConfigNode {
    /** A group without members. */
    public static final Group EMPTY = new Group(Map.of(), "");

    public Group {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
      requireNonNull(origin, "origin");
    }

    @Override
    public boolean ambient() {
      return !members.isEmpty() && members.values().stream().allMatch(ConfigNode::ambient);
    }

    /**
     * {@return this group, with what {@code other} has in addition}
     *
     * <p>A list is that of one of the two. A name may have hyphens in one and capitals in the other.
     */
    public Group orElse(Group other) {
      Map<String, ConfigNode> all = new LinkedHashMap<>();
      Map<String, ConfigNode> mine = new LinkedHashMap<>(members);
      other.members.forEach((name, theirs) -> {
        String same = mine.containsKey(name) ? name : sameAs(name, mine.keySet(), other);
        ConfigNode own = same == null ? null : mine.remove(same);
        ConfigNode value = own instanceof Group group && theirs instanceof Group more
            ? group.orElse(more)
            : own == null ? theirs : own;
        // As it is written in a file, where the other is the name of an environment variable.
        all.put(own == null || same == null || own.ambient() ? name : same, value);
      });
      all.putAll(mine);
      return new Group(all, origin.isEmpty() ? other.origin : origin);
    }

    private static @Nullable String sameAs(String name, Set<String> names, Group other) {
      return names.stream()
          .filter(each -> plain(each).equals(plain(name)) && !other.members.containsKey(each))
          .findFirst()
          .orElse(null);
    }
  }

  /** {@return a name without hyphens and capitals: those that are equal mean the same} */
  static String plain(String name) {
    return name.replace("-", "").toLowerCase(Locale.ROOT);
  }

  /** A builder of a group from paths, such as {@code endpoints}, {@code ask}, {@code packages}, {@code [0]}. */
  final class Builder {
    private static final Pattern INDEX = Pattern.compile("\\[\\d{1,6}\\]");

    private final Map<String, Object> members = new LinkedHashMap<>();

    /** Creates a builder of an empty group. */
    public Builder() {}

    /**
     * Adds a text.
     *
     * @param path the names from the root, where an index of a list is written {@code [0]}
     */
    public Builder put(List<String> path, Text text) {
      requireNonNull(text, "text");
      Map<String, Object> group = members;
      for (String name : path.subList(0, path.size() - 1)) {
        group = below(group, name);
      }
      group.put(path.get(path.size() - 1), text);
      return this;
    }

    @SuppressWarnings("unchecked") // Only maps of this kind are in it.
    private static Map<String, Object> below(Map<String, Object> group, String name) {
      Object there = group.get(name);
      if (there instanceof Map<?, ?> map) {
        return (Map<String, Object>) map;
      }
      Map<String, Object> made = new LinkedHashMap<>();
      group.put(name, made);
      return made;
    }

    public Group build() {
      return group(members);
    }

    private static Group group(Map<String, Object> members) {
      Map<String, ConfigNode> built = new LinkedHashMap<>();
      members.forEach((name, member) -> built.put(name, node(member)));
      return new Group(built, origin(built.values()));
    }

    private static ConfigNode node(Object member) {
      if (member instanceof Text text) {
        return text;
      }
      Map<String, Object> below = new LinkedHashMap<>();
      ((Map<?, ?>) member).forEach((name, value) -> below.put((String) name, value));
      if (below.keySet().stream().allMatch(name -> INDEX.matcher(name).matches())) {
        TreeMap<Integer, ConfigNode> sorted = new TreeMap<>();
        below.forEach((index, value) ->
            sorted.put(Integer.valueOf(index.substring(1, index.length() - 1)), node(value)));
        return new Elements(new ArrayList<>(sorted.values()), origin(sorted.values()));
      }
      return group(below);
    }

    private static String origin(Iterable<ConfigNode> members) {
      for (ConfigNode member : members) {
        return member.origin();
      }
      return "";
    }
  }
}
