package io.fairlead.config;

import static io.fairlead.config.ConfigProblems.under;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.json.internal.OptionTypes;
import io.fairlead.json.internal.TreeReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Reads the options of platforms: below the platform's id each option by its type, such as {@code sagemaker.autoscaling}
 * for {@code SageMakerAutoscaling}.
 */
final class OptionsReader {
  private final ConfigProblems problems;
  private final OptionTypes types = OptionTypes.ofThisThread();
  /** By the plain id of the platform, and its option's name. */
  private final Map<String, Map<String, Class<? extends PlatformOptions>>> byName = new TreeMap<>();

  OptionsReader(ConfigProblems problems) {
    this.problems = problems;
    types.all().forEach((name, type) -> {
      // Those of a request are given with it.
      if (!RequestOptions.class.isAssignableFrom(type)) {
        String platform = name.substring(0, name.indexOf('.'));
        byName
            .computeIfAbsent(platform, key -> new TreeMap<>())
            .put(shortName(platform, type), type);
      }
    });
  }

  /** {@return the name of an option in a configuration, such as {@code data-capture}} */
  static String shortName(String platform, Class<?> type) {
    String name = type.getSimpleName();
    if (name.length() > platform.length()
        && name.substring(0, platform.length()).equalsIgnoreCase(platform)) {
      name = name.substring(platform.length());
    }
    return hyphenated(name);
  }

  /** {@return a name of Java as it is written in a configuration} */
  static String hyphenated(String name) {
    return name.replaceAll("(?<=.)([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /** {@return the constants of an enum as they are written in a configuration} */
  static List<String> constants(Class<?> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(each -> ((Enum<?>) each).name().replace('_', '-').toLowerCase(Locale.ROOT))
        .toList();
  }

  /** {@return the option types by the id of the platform, and the option's name} */
  Map<String, Map<String, Class<? extends PlatformOptions>>> byName() {
    return byName;
  }

  /** {@return the options of this group that are for one of these parts} */
  List<PlatformOptions> read(
      ConfigNode.Group group, String path, List<Class<? extends PlatformOptions>> parts) {
    List<PlatformOptions> options = new ArrayList<>();
    group.members().forEach((platform, node) -> {
      Map<String, Class<? extends PlatformOptions>> known = byName.get(platform);
      if (known != null) {
        GroupReader.groupOf(node, under(path, platform), problems)
            .members()
            .forEach((name, option) ->
                read(option, under(under(path, platform), name), name, known, parts, options));
      } else if (!node.ambient()) {
        problems.add(
            under(path, platform),
            "must be the id of a platform that has options and is on the class path"
                + Nearest.orAll(platform, byName.keySet()));
      }
    });
    return options;
  }

  private void read(
      ConfigNode node,
      String path,
      String name,
      Map<String, Class<? extends PlatformOptions>> known,
      List<Class<? extends PlatformOptions>> parts,
      List<PlatformOptions> options) {
    Class<? extends PlatformOptions> type = known.entrySet().stream()
        .filter(each -> ConfigNode.plain(each.getKey()).equals(ConfigNode.plain(name))
            || each.getValue().getSimpleName().equals(name))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
    if (type == null) {
      if (!node.ambient()) {
        problems.add(path, "is not an option" + Nearest.orAll(name, known.keySet()));
      }
      return;
    }
    if (parts.stream().noneMatch(part -> part.isAssignableFrom(type))) {
      problems.add(
          path,
          "is an option of " + Options.partOf(type) + ", and is given where there are "
              + parts.stream().map(Options::partOf).collect(Collectors.joining(", ")) + " only");
      return;
    }
    try {
      Object tree =
          node instanceof ConfigNode.Text text && text.value().isBlank() ? Map.of() : plain(node);
      options.add(TreeReader.readConfiguration(tree, type, types));
    } catch (InvalidValueException e) {
      problems.add(
          e,
          field -> field.isEmpty() || field.equals("JSON") ? path : under(path, hyphenated(field)));
    }
  }

  private static Object plain(ConfigNode node) {
    if (node instanceof ConfigNode.Group group) {
      Map<String, Object> members = new LinkedHashMap<>();
      group.members().forEach((name, member) -> members.put(name, plain(member)));
      return members;
    }
    if (node instanceof ConfigNode.Elements elements) {
      return elements.values().stream().map(OptionsReader::plain).toList();
    }
    return ((ConfigNode.Text) node).value();
  }
}
