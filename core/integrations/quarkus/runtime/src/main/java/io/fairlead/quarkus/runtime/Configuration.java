package io.fairlead.quarkus.runtime;

import io.fairlead.config.ConfigNode;
import io.fairlead.config.ConfigNode.Text;
import io.fairlead.config.ConfigReader;
import io.fairlead.config.ConfigSchema;
import io.fairlead.config.Property;
import io.fairlead.config.PropertyType;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.NameIterator;
import io.smallrye.config.SmallRyeConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.spi.ConfigSource;

/** The properties of an application below {@code fairlead}. */
public final class Configuration {
  private static final String ROOT = "fairlead";
  private static final String ENVIRONMENT = "EnvConfigSource";
  private static final String SYSTEM_PROPERTIES = "SysPropConfigSource";
  private static final Pattern INDEXED = Pattern.compile("(.+?)((?:\\[\\d{1,6}])+)");
  private static final Pattern PROFILE = Pattern.compile("^%[^.]*\\.");

  /** The groups with names of the user's own in them. */
  private static final Map<String, List<Property>> NAMED = Map.of(
      "platforms", ConfigSchema.PLATFORMS,
      "endpoints", ConfigSchema.ENDPOINTS,
      "functions", ConfigSchema.FUNCTIONS);

  /** The other groups. */
  private static final Map<String, List<Property>> SINGLE = Map.of(
      "start", ConfigSchema.START,
      "health", ConfigSchema.HEALTH,
      "observations", ConfigSchema.OBSERVATIONS);

  private final SmallRyeConfig config;
  /** The properties, each with its path below the root. */
  private final Map<String, List<String>> paths = new TreeMap<>();

  private final ConfigNode.Builder tree = new ConfigNode.Builder();
  private final Map<String, String> unresolved = new TreeMap<>();

  private Configuration(SmallRyeConfig config) {
    this.config = config;
    Set<String> names = new TreeSet<>();
    for (ConfigSource source : config.getConfigSources()) {
      // What SmallRye makes of the names of environment variables is a guess.
      if (!source.getName().startsWith(ENVIRONMENT)) {
        source
            .getPropertyNames()
            .forEach(name -> names.add(PROFILE.matcher(name).replaceFirst("")));
      }
    }
    for (String name : names) {
      // SmallRye has a list as one text, too, and the name of another profile has no value.
      if (name.startsWith(ROOT + ".")
          && !names.contains(name + "[0]")
          && config.getConfigValue(name).getConfigSourceName() != null) {
        paths.put(name, path(name));
      }
    }
  }

  private static List<String> path(String name) {
    List<String> path = new ArrayList<>();
    NameIterator segments = new NameIterator(name);
    segments.next();
    while (segments.hasNext()) {
      String segment = segments.getNextSegment();
      Matcher indexed = INDEXED.matcher(segment);
      if (indexed.matches()) {
        path.add(indexed.group(1));
        path.addAll(List.of(indexed.group(2).split("(?<=])")));
      } else {
        path.add(segment);
      }
      segments.next();
    }
    return path;
  }

  /** {@return a reader of all of it, which has noted what cannot be resolved} */
  public static ConfigReader read(SmallRyeConfig config) {
    Configuration configuration = new Configuration(config);
    configuration.paths.forEach((name, path) -> configuration.put(path, name));
    configuration.putEnvironment();
    return configuration.reader();
  }

  /**
   * {@return a reader of what is known when the application is built: all names, and the ids of the platforms}
   *
   * <p>All else may have its value only where the application runs.
   */
  public static ConfigReader readNames(SmallRyeConfig config) {
    Configuration configuration = new Configuration(config);
    for (String group : NAMED.keySet()) {
      for (String name : configuration.namesIn(group)) {
        configuration.tree.put(List.of(group, name), new Text("", "", false));
      }
    }
    configuration.paths.forEach((name, path) -> {
      if (path.size() == 3 && path.get(0).equals("platforms") && path.get(2).equals("id")) {
        configuration.put(path, name);
      }
    });
    return configuration.reader();
  }

  private Set<String> namesIn(String group) {
    Set<String> names = new TreeSet<>();
    for (List<String> path : paths.values()) {
      if (path.size() > 1 && path.get(0).equals(group)) {
        names.add(path.get(1));
      }
    }
    return names;
  }

  private ConfigReader reader() {
    ConfigReader reader = new ConfigReader(ROOT, tree.build());
    unresolved.forEach((name, why) -> reader.problems().add(name, "cannot be resolved: " + why));
    return reader;
  }

  private void put(List<String> path, String name) {
    ConfigValue value = config.getConfigValue(name);
    if (!value.getProblems().isEmpty()) {
      unresolved.put(name, value.getProblems().get(0).getMessage());
    }
    String source = String.valueOf(value.getConfigSourceName());
    // Of the environment variables and of -D nobody knows which are meant for this library.
    boolean ambient = source.startsWith(ENVIRONMENT) || source.startsWith(SYSTEM_PROPERTIES);
    String text = value.getValue() == null ? "" : value.getValue();
    tree.put(path, new Text(text, Origin.of(value, name), ambient));
  }

  /** Adds what only the environment has of groups that are known. */
  private void putEnvironment() {
    SINGLE.forEach((group, properties) -> putEnvironment(List.of(group), properties));
    NAMED.forEach((group, properties) ->
        namesIn(group).forEach(name -> putEnvironment(List.of(group, name), properties)));
  }

  private void putEnvironment(List<String> group, List<Property> properties) {
    for (Property property : properties) {
      List<String> path = below(group, property.name());
      String name = name(path);
      if (property.type() == PropertyType.MAP) {
        putEnvironment(path, name);
      } else if (!paths.containsKey(name) && config.getConfigValue(name).getValue() != null) {
        put(path, name);
      }
    }
  }

  /** Adds the names and values of a map, of which those of {@code environment} are names of variables themselves. */
  private void putEnvironment(List<String> map, String name) {
    String before = variable(name) + "_";
    for (String variable : config.getPropertyNames()) {
      if (variable.startsWith(before)) {
        String key = variable.substring(before.length());
        boolean isVariable = map.get(map.size() - 1).equals("environment");
        put(
            below(map, isVariable ? key : key.toLowerCase(Locale.ROOT).replace('_', '-')),
            variable);
      }
    }
  }

  private static List<String> below(List<String> group, String name) {
    List<String> path = new ArrayList<>(group);
    path.add(name);
    return path;
  }

  private static String name(List<String> path) {
    StringBuilder name = new StringBuilder(ROOT);
    for (String segment : path) {
      boolean isPlain =
          segment.chars().allMatch(c -> Character.isLetterOrDigit(c) || "-_".indexOf(c) >= 0);
      name.append('.').append(isPlain ? segment : '"' + segment + '"');
    }
    return name.toString();
  }

  /** {@return the name of the environment variable of a property, by the rule of MicroProfile Config} */
  private static String variable(String name) {
    return name.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
  }
}
