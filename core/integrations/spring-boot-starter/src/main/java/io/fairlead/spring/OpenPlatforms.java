package io.fairlead.spring;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import io.fairlead.spring.FairleadProperties.PlatformProperties;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The platforms of an application, opened together, so that all mistakes in their settings are reported together.
 *
 * <p>Opening makes no remote call. They are closed with the application's beans, after its web server has drained.
 */
final class OpenPlatforms implements AutoCloseable {
  private static final Pattern KNOWN_KEYS = Pattern.compile("is not a setting; there are: (.*)");

  private final Map<String, Platform<?>> open = new LinkedHashMap<>();

  /**
   * Opens platforms.
   *
   * @param problems where each that cannot be opened is noted
   * @throws InvalidPropertiesException if there is a problem, this one's or an earlier one; then none is open
   */
  OpenPlatforms(Map<String, Opening> openings, PropertyProblems problems) {
    openings.forEach((name, opening) -> open(name, opening, problems));
    if (problems.any()) {
      close();
    }
    problems.throwIfAny();
  }

  /**
   * What it takes to open a platform.
   *
   * @param type the type of the platform's provider
   */
  record Opening(String id, Class<? extends Platform<?>> type, PlatformProperties properties) {}

  private void open(String name, Opening opening, PropertyProblems problems) {
    String under = "fairlead.platforms." + name;
    try {
      open.put(
          name,
          Platforms.open(opening.id(), opening.type(), opening.properties().settings()));
    } catch (InvalidValueException e) {
      for (Problem problem : e.problems()) {
        problems.add(
            under + ".settings" + (problem.field().isEmpty() ? "" : "." + problem.field()),
            rule(problem) + (problem.value().isEmpty() ? "" : " (got " + problem.value() + ")"));
      }
    } catch (ServingException e) {
      problems.add(under, "cannot be opened: " + e.getMessage());
    }
  }

  private static String rule(Problem problem) {
    Matcher known = KNOWN_KEYS.matcher(problem.rule());
    return known.matches()
        ? "is not a setting"
            + Nearest.orAll(
                problem.field().replace("-", ""), Arrays.asList(known.group(1).split(", ")))
        : problem.rule();
  }

  /** {@return the open platform of a name} */
  Platform<?> get(String name) {
    Platform<?> platform = open.get(name);
    if (platform == null) {
      throw new IllegalStateException("Platform '" + name + "' is not open.");
    }
    return platform;
  }

  @Override
  public void close() {
    List.copyOf(open.values()).forEach(Platform::close);
  }
}
