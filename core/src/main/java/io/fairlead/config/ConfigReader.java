package io.fairlead.config;

import static io.fairlead.config.ConfigProblems.under;
import static java.util.Objects.requireNonNull;

import io.fairlead.config.StartSettings.OnFailure;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A reader of the configuration of an application: platforms, endpoints and functions by name, and what is done with
 * them.
 *
 * <p>It reads strictly, and notes every mistake in {@link #problems()}: whoever reads ends with {@link
 * ConfigProblems#throwIfAny}. Nothing is opened and nobody is called.
 */
public final class ConfigReader {
  private static final List<String> GROUPS = List.of(
      "platforms", "endpoints", "functions", "start", "health", "observations", "problem-details");

  private final String root;
  private final ConfigNode.Group tree;
  private final ConfigProblems problems;

  /**
   * Creates a reader.
   *
   * @param root the name of the root in messages, such as {@code fairlead}
   */
  public ConfigReader(String root, ConfigNode.Group tree) {
    this.root = requireNonNull(root, "root");
    this.tree = requireNonNull(tree, "tree");
    this.problems = new ConfigProblems(root, tree);
    tree.members().forEach((name, node) -> {
      if (GROUPS.stream().map(ConfigNode::plain).noneMatch(ConfigNode.plain(name)::equals)) {
        GroupReader.unknown(root, node, name, GROUPS, problems);
      }
    });
  }

  /** {@return the mistakes so far} */
  public ConfigProblems problems() {
    return problems;
  }

  /** {@return the names of the platforms, in the order of the configuration} */
  public Set<String> platformNames() {
    return group("platforms").members().keySet();
  }

  /** {@return the names of the endpoints, in the order of the configuration} */
  public Set<String> endpointNames() {
    return group("endpoints").members().keySet();
  }

  /** {@return the names of the functions, in the order of the configuration} */
  public Set<String> functionNames() {
    return group("functions").members().keySet();
  }

  /**
   * {@return the platforms whose providers are on the class path, by name}
   *
   * @param own the names of platforms that the application has itself, whose properties are not read
   */
  public Map<String, DeclaredPlatform> platforms(Set<String> own) {
    Map<String, Class<? extends Platform<?>>> types = Platforms.types();
    Map<String, DeclaredPlatform> platforms = new LinkedHashMap<>();
    group("platforms").members().forEach((name, node) -> {
      String path = under(under(root, "platforms"), name);
      if (!own.contains(name)) {
        platform(path, name, node, types).ifPresent(platform -> platforms.put(name, platform));
      }
    });
    return platforms;
  }

  private Optional<DeclaredPlatform> platform(
      String path, String name, ConfigNode node, Map<String, Class<? extends Platform<?>>> types) {
    GroupReader given = new GroupReader(node, path, ConfigSchema.PLATFORMS, problems);
    Optional<String> id = given.text("id");
    Map<String, String> settings = given.map("settings");
    Class<? extends Platform<?>> type = types.get(id.orElse(name));
    if (type == null) {
      problems.add(
          id.isPresent() ? given.path("id") : path,
          "must be the id of a platform" + Nearest.platform(id.orElse(name), types.keySet()),
          id.orElse(name));
      return Optional.empty();
    }
    return Optional.of(new DeclaredPlatform(path, name, id.orElse(name), type, settings));
  }

  /**
   * {@return the endpoints and functions, in the order of the configuration}
   *
   * @param types the types of the platforms that there are, by name
   */
  public List<Declared<?>> served(Map<String, Class<?>> types) {
    Map<String, Class<?>> platforms = new LinkedHashMap<>(types);
    // One that is wrong is one mistake, and no second one where it is used.
    platformNames().forEach(name -> platforms.putIfAbsent(name, Platform.class));
    List<Declared<?>> served = new ArrayList<>();
    ServedReader reader = new ServedReader(problems);
    group("endpoints").members().forEach((name, node) -> {
      String path = under(under(root, "endpoints"), name);
      GroupReader given = new GroupReader(node, path, ConfigSchema.ENDPOINTS, problems);
      Optional<String> platform = platform(given, platforms, EndpointPlatform.class);
      boolean deploy = given.flag("deploy-at-start").orElse(false);
      Optional<Endpoint> value = reader.endpoint(name, given);
      if (platform.isPresent() && value.isPresent()) {
        served.add(new Declared<>(name, platform.get(), Endpoint.class, value.get(), deploy));
      }
    });
    group("functions").members().forEach((name, node) -> {
      String path = under(under(root, "functions"), name);
      GroupReader given = new GroupReader(node, path, ConfigSchema.FUNCTIONS, problems);
      Optional<String> platform = platform(given, platforms, FunctionPlatform.class);
      boolean deploy = given.flag("deploy-at-start").orElse(false);
      Optional<ModelFunction> value = reader.function(name, given);
      if (platform.isPresent() && value.isPresent()) {
        served.add(new Declared<>(name, platform.get(), ModelFunction.class, value.get(), deploy));
      }
    });
    return served;
  }

  private Optional<String> platform(
      GroupReader given, Map<String, Class<?>> platforms, Class<?> type) {
    Optional<String> named = given.text("platform");
    List<String> serving = platforms.entrySet().stream()
        .filter(each -> type.isAssignableFrom(each.getValue()) || each.getValue() == Platform.class)
        .map(Map.Entry::getKey)
        .toList();
    String there = serving.isEmpty()
        ? "there is none that serves "
            + (type == EndpointPlatform.class ? "endpoints" : "functions") + ", which "
            + under(root, "platforms") + " would have"
        : "there are: " + String.join(", ", serving);
    String path = given.path("platform");
    if (named.isEmpty()) {
      if (serving.size() != 1) {
        problems.add(path, "must be given: " + there);
        return Optional.empty();
      }
      return Optional.of(serving.get(0));
    }
    Class<?> found = platforms.get(named.get());
    if (found == null) {
      problems.add(
          path,
          "must be the name of a platform" + Nearest.orAll(named.get(), serving),
          named.get());
      return Optional.empty();
    }
    if (!serving.contains(named.get())) {
      problems.add(
          path,
          "must be the name of a platform of type " + type.getSimpleName()
              + ", and this one is of type " + found.getSimpleName() + "; " + there,
          named.get());
      return Optional.empty();
    }
    return named;
  }

  /** {@return what is done with what is deployed at start} */
  public StartSettings start() {
    GroupReader given =
        new GroupReader(group("start"), under(root, "start"), ConfigSchema.START, problems);
    StartSettings byDefault = StartSettings.DEFAULT;
    return new StartSettings(
        given.duration("limit").orElse(byDefault.limit()),
        given.name("on-failure", OnFailure.class).orElse(byDefault.onFailure()));
  }

  /** {@return how the health is read} */
  public HealthSettings health() {
    GroupReader given =
        new GroupReader(group("health"), under(root, "health"), ConfigSchema.HEALTH, problems);
    HealthSettings byDefault = HealthSettings.DEFAULT;
    return new HealthSettings(
        given.duration("interval").orElse(byDefault.interval()),
        given.duration("limit").orElse(byDefault.limit()));
  }

  /** {@return whether invocations and operations are observed} */
  public boolean isObserved() {
    return new GroupReader(
            group("observations"), under(root, "observations"), ConfigSchema.OBSERVATIONS, problems)
        .flag("enabled")
        .orElse(true);
  }

  /** {@return whether the failure of a platform is answered as a problem detail} */
  public boolean hasProblemDetails() {
    return new GroupReader(
            group("problem-details"),
            under(root, "problem-details"),
            ConfigSchema.PROBLEM_DETAILS,
            problems)
        .flag("enabled")
        .orElse(true);
  }

  private ConfigNode.Group group(String name) {
    return tree.members().entrySet().stream()
        .filter(each -> ConfigNode.plain(each.getKey()).equals(ConfigNode.plain(name)))
        .map(each -> GroupReader.groupOf(each.getValue(), under(root, name), problems))
        .reduce(ConfigNode.Group.EMPTY, ConfigNode.Group::orElse);
  }
}
