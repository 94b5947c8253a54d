package io.fairlead.config;

import static io.fairlead.config.ConfigProblems.under;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The environment variables that the texts of a configuration refer to, as {@code ${NAME}}. With one more dollar sign
 * before it, it is no reference.
 */
final class EnvironmentReferences {
  private static final Pattern REFERENCE = Pattern.compile("\\$(\\$\\{)|\\$\\{([^}]*)(}?)");
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private final Function<String, @Nullable String> environment;
  private final ConfigProblems problems;

  EnvironmentReferences(Function<String, @Nullable String> environment, ConfigProblems problems) {
    this.environment = environment;
    this.problems = problems;
  }

  /** {@return the same with the values of the variables, which no message shows} */
  ConfigNode.Group resolved(ConfigNode.Group group) {
    return resolved(group, "");
  }

  private ConfigNode.Group resolved(ConfigNode.Group group, String path) {
    Map<String, ConfigNode> members = new LinkedHashMap<>();
    group.members().forEach((name, member) -> members.put(name, node(member, under(path, name))));
    return new ConfigNode.Group(members, group.origin());
  }

  private ConfigNode node(ConfigNode node, String path) {
    if (node instanceof ConfigNode.Group group) {
      return resolved(group, path);
    }
    if (node instanceof ConfigNode.Elements elements) {
      List<ConfigNode> values = new ArrayList<>();
      for (ConfigNode each : elements.values()) {
        values.add(node(each, path + "[" + values.size() + "]"));
      }
      return new ConfigNode.Elements(values, elements.origin());
    }
    ConfigNode.Text text = (ConfigNode.Text) node;
    return new ConfigNode.Text(resolved(text.value(), path), text.origin(), text.ambient());
  }

  private String resolved(String text, String path) {
    StringBuilder resolved = new StringBuilder();
    Matcher reference = REFERENCE.matcher(text);
    while (reference.find()) {
      reference.appendReplacement(resolved, Matcher.quoteReplacement(replacement(reference, path)));
    }
    return reference.appendTail(resolved).toString();
  }

  private String replacement(Matcher reference, String path) {
    if (reference.group(1) != null) {
      return reference.group(1);
    }
    String whole = reference.group();
    String name = reference.group(2);
    if (reference.group(3).isEmpty() || !NAME.matcher(name).matches()) {
      problems.addLast(
          path,
          "must refer to an environment variable as ${NAME}, of letters, digits and _; a ${ that is meant as it is"
              + " is written $${");
      return whole;
    }
    String value = environment.apply(name);
    if (value == null) {
      problems.addLast(path, "refers to the environment variable " + name + ", which is not set");
      return whole;
    }
    problems.hide(value, whole);
    problems.hide(value.trim(), whole);
    return value;
  }
}
