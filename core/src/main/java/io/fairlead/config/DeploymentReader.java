package io.fairlead.config;

import static io.fairlead.config.ConfigProblems.under;
import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A reader of a file for one deployment, whatever format it is written in: {@code platform}, {@code settings}, {@code
 * endpoint} or {@code function}, and {@code limit}.
 *
 * <p>It reads strictly, and notes every mistake in {@link #problems()}. Nothing is opened and nobody is called. {@link
 * OpenPlatforms} adds the mistakes in the settings:
 *
 * <pre>{@code
 * DeploymentReader reader = new DeploymentReader(tree, folder, System::getenv);
 * try (OpenPlatforms open = new OpenPlatforms(reader.platform().stream().toList(), reader.problems())) {
 *   DeploymentFile file = reader.deployment().orElseThrow();
 *   ...
 * }
 * }</pre>
 */
public final class DeploymentReader {
  /** What is read in place of a name that is not given, for the other mistakes. */
  private static final String NO_NAME = "name";

  private final ConfigProblems problems;
  private final String group;
  private final Optional<DeclaredPlatform> platform;
  private final Optional<DeploymentFile> deployment;

  /**
   * Reads a file.
   *
   * @param folder the folder of the file, in which its relative paths are
   * @param environment the values of the environment variables that texts may refer to as {@code ${NAME}}; null for one
   *     that is not set
   */
  public DeploymentReader(
      ConfigNode.Group tree, Path folder, Function<String, @Nullable String> environment) {
    this(tree, folder, environment, Platforms.types());
  }

  DeploymentReader(
      ConfigNode.Group tree,
      Path folder,
      Function<String, @Nullable String> environment,
      Map<String, Class<? extends Platform<?>>> types) {
    requireNonNull(folder, "folder");
    requireNonNull(environment, "environment");
    problems = new ConfigProblems("", tree);
    ConfigNode.Group resolved = new EnvironmentReferences(environment, problems).resolved(tree);
    GroupReader given = new GroupReader(resolved, "", ConfigSchema.DEPLOYMENT, problems);
    platform = platform(given, types);
    GroupReader endpoint = given.below("endpoint", ConfigSchema.DEPLOYMENT_ENDPOINT);
    GroupReader function = given.below("function", ConfigSchema.DEPLOYMENT_FUNCTION);
    checkWhich(given);
    ServedReader served = new ServedReader(problems, Optional.of(folder));
    group = given.has("function") ? "function" : "endpoint";
    Optional<? extends Served> value =
        given.has("function") ? served.function(name(function), function) : Optional.empty();
    if (given.has("endpoint")) {
      value = served.endpoint(name(endpoint), endpoint);
    }
    Optional<TrafficWeight> traffic = traffic(endpoint);
    Duration limit = given.duration("limit").orElse(DeploymentFile.DEFAULT_LIMIT);
    deployment = problems.any() || platform.isEmpty() || value.isEmpty()
        ? Optional.empty()
        : Optional.of(new DeploymentFile(platform.get(), value.get(), traffic, limit));
  }

  /** {@return the mistakes so far} */
  public ConfigProblems problems() {
    return problems;
  }

  /** {@return the platform; empty if it cannot be made} */
  public Optional<DeclaredPlatform> platform() {
    return platform;
  }

  /** {@return the deployment; empty if there is a mistake} */
  public Optional<DeploymentFile> deployment() {
    return deployment;
  }

  /**
   * {@return the deployment}
   *
   * @throws InvalidConfigurationException if there is a mistake, with all of them
   */
  public DeploymentFile read() {
    problems.throwIfAny();
    return deployment.orElseThrow();
  }

  /**
   * {@return the mistakes that a platform found in the endpoint or function, each at its property}
   *
   * <p>A platform checks a value by rules of its own before the first remote call, and names the fields of the grammar.
   */
  public InvalidConfigurationException located(InvalidValueException invalid) {
    ConfigProblems all = problems.copy();
    all.add(invalid, field -> under(group, ServedReader.property(field)));
    return new InvalidConfigurationException(all.found());
  }

  private Optional<DeclaredPlatform> platform(
      GroupReader given, Map<String, Class<? extends Platform<?>>> all) {
    Map<String, String> settings = given.map("settings");
    Map<String, Class<? extends Platform<?>>> types = new TreeMap<>(all);
    types.values().removeIf(type -> !servesEndpoints(type) && !servesFunctions(type));
    Optional<String> id = given.text("platform");
    if (id.isEmpty()) {
      problems.add(
          given.path("platform"),
          "must be given: it is the id of a platform, such as local"
              + Nearest.orAll("", types.keySet()));
      return Optional.empty();
    }
    Class<? extends Platform<?>> type = types.get(id.get());
    if (type == null) {
      problems.add(
          given.path("platform"),
          "must be the id of a platform that serves endpoints or functions"
              + (all.containsKey(id.get())
                  ? ", which this one does not"
                  : Nearest.platform(id.get(), types.keySet())),
          id.get());
      return Optional.empty();
    }
    return Optional.of(new DeclaredPlatform("", id.get(), id.get(), type, settings));
  }

  private static boolean servesEndpoints(Class<?> type) {
    return EndpointPlatform.class.isAssignableFrom(type);
  }

  private static boolean servesFunctions(Class<?> type) {
    return FunctionPlatform.class.isAssignableFrom(type);
  }

  private void checkWhich(GroupReader given) {
    boolean endpoint = given.has("endpoint");
    if (platform.isEmpty()) {
      if (endpoint == given.has("function")) {
        problems.add(
            "", "There must be either endpoint or function" + (endpoint ? ", and not both" : ""));
      }
      return;
    }
    String id = platform.get().id();
    boolean endpoints = servesEndpoints(platform.get().type());
    String right = endpoints ? "endpoint" : "function";
    String wrong = endpoints ? "function" : "endpoint";
    if (given.has(wrong)) {
      problems.add(
          given.path(wrong),
          "must not be given, because " + id + " serves " + right + "s: write " + right
              + (given.has(right) ? " only" : " in its place"));
    } else if (!given.has(right)) {
      problems.add(given.path(right), "must be given, because " + id + " serves " + right + "s");
    }
  }

  private String name(GroupReader given) {
    if (!given.isGroup()) {
      return NO_NAME;
    }
    return given.text("name").orElseGet(() -> {
      problems.add(
          given.path("name"), "must be given: it is the public name, by which it is invoked");
      return NO_NAME;
    });
  }

  private Optional<TrafficWeight> traffic(GroupReader endpoint) {
    return endpoint.integer("traffic").flatMap(percent -> {
      try {
        return Optional.of(TrafficWeight.percent(percent));
      } catch (InvalidValueException e) {
        problems.add(e, field -> endpoint.path("traffic"));
        return Optional.empty();
      }
    });
  }
}
