package io.fairlead.config;

import static io.fairlead.config.ConfigProblems.under;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Platforms;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Platforms of a configuration, opened together, so that all mistakes in their settings are reported together.
 *
 * <p>Opening makes no remote call.
 */
public final class OpenPlatforms implements AutoCloseable {
  private static final Pattern KNOWN_KEYS = Pattern.compile("is not a setting; there are: (.*)");

  private final Map<String, Platform<?>> open = new LinkedHashMap<>();

  /**
   * Opens platforms.
   *
   * @param problems where each that cannot be opened is noted
   * @throws InvalidConfigurationException if there is a problem, this one's or an earlier one; then none is open
   */
  public OpenPlatforms(Collection<DeclaredPlatform> platforms, ConfigProblems problems) {
    platforms.forEach(platform -> open(platform, problems));
    if (problems.any()) {
      close();
    }
    problems.throwIfAny();
  }

  private void open(DeclaredPlatform platform, ConfigProblems problems) {
    try {
      open.put(
          platform.name(), Platforms.open(platform.id(), platform.type(), platform.settings()));
    } catch (InvalidValueException e) {
      for (Problem problem : e.problems()) {
        String settings = under(platform.path(), "settings");
        problems.add(
            problem.field().isEmpty() ? settings : under(settings, problem.field()),
            rule(problem) + (problem.value().isEmpty() ? "" : " (got " + problem.value() + ")"));
      }
    } catch (ServingException e) {
      problems.add(
          platform.path().isEmpty() ? "platform" : platform.path(),
          "cannot be opened: " + e.getMessage());
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

  /**
   * {@return the open platform of a name}
   *
   * @throws IllegalStateException if there is none
   */
  public Platform<?> get(String name) {
    Platform<?> platform = open.get(name);
    if (platform == null) {
      throw new IllegalStateException("Platform '" + name + "' is not open.");
    }
    return platform;
  }

  /** Closes all of them; a platform that is closed already is no mistake. */
  @Override
  public void close() {
    List.copyOf(open.values()).forEach(Platform::close);
  }
}
