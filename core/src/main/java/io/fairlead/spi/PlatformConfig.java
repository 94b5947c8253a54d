package io.fairlead.spi;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.Durations;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The settings of a platform as text, read strictly.
 *
 * <p>A provider reads each key that it knows, then calls {@link #done()}, which reports all invalid, missing and
 * unknown keys together. Values never appear in messages or in {@link #toString()}, except invalid ones that are not
 * secret.
 *
 * <p>A key may be written as in Java, {@code callTimeout}, or as in configuration files, {@code call-timeout}.
 */
public final class PlatformConfig {
  private static final Pattern HYPHEN = Pattern.compile("(?<=[a-z0-9])-([a-z0-9])");

  private final Map<String, String> values;
  private final Set<String> given;
  private final ClassLoader classLoader;
  private final Set<String> known = new TreeSet<>();
  private final Problems problems;

  public PlatformConfig(String platform, Map<String, String> values, ClassLoader classLoader) {
    this.values = new TreeMap<>();
    this.given = new TreeSet<>(values.keySet());
    this.classLoader = requireNonNull(classLoader, "classLoader");
    this.problems = Problems.in("configuration of platform '" + platform + "'");
    // Sorted, so that the same settings have the same message.
    new TreeMap<>(Map.copyOf(values))
        .forEach((key, value) -> problems.check(
            this.values.put(camelCase(key), value) == null,
            key,
            "must be given once: it is there with hyphens and with capitals"));
  }

  private static String camelCase(String key) {
    return HYPHEN.matcher(key).replaceAll(letter -> letter.group(1).toUpperCase(Locale.ROOT));
  }

  /** {@return the class loader through which the platform was opened} */
  public ClassLoader classLoader() {
    return classLoader;
  }

  /** {@return a setting that may be absent} */
  public Optional<String> text(String key) {
    known.add(key);
    return Optional.ofNullable(values.get(camelCase(key)));
  }

  /** {@return a required setting; an empty text if it is missing, which {@link #done()} reports} */
  public String requiredText(String key, String meaning) {
    Optional<String> value = text(key).filter(text -> !text.isBlank());
    problems.check(value.isPresent(), key, "must be given: it is " + meaning);
    return value.orElse("");
  }

  /**
   * {@return the settings below a key, such as {@code over.region} below {@code over}, by the rest of their keys as they
   * were given}
   *
   * <p>For what the provider passes on: it counts as known, whatever it is.
   */
  public Map<String, String> below(String key) {
    String prefix = key + ".";
    Map<String, String> found = new TreeMap<>();
    values.forEach((name, value) -> {
      if (name.startsWith(prefix)) {
        known.add(name);
        found.put(name.substring(prefix.length()), value);
      }
    });
    return found;
  }

  /** {@return a setting that is a duration, such as {@code 90s}, {@code 10m}, {@code 2h} or {@code PT1M30S}} */
  public Optional<Duration> duration(String key) {
    return parsed(
        key, "must be a duration above 0, such as 90s, 10m or 2h", PlatformConfig::parseDuration);
  }

  /** {@return a setting that is a whole number} */
  public Optional<Integer> integer(String key) {
    return parsed(key, "must be a whole number", Integer::valueOf);
  }

  /** {@return a setting that is {@code true} or {@code false}} */
  public Optional<Boolean> flag(String key) {
    return parsed(key, "must be true or false", text -> switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    });
  }

  /** {@return a setting that is an absolute URI} */
  public Optional<URI> uri(String key) {
    return parsed(key, "must be a URI with a scheme", PlatformConfig::parseUri, text -> {
      // These have a password or a signature, which must not be in a message.
      return text.indexOf('@') < 0 && text.indexOf('?') < 0;
    });
  }

  /** {@return a setting that the provider parses; the parser throws IllegalArgumentException if it is invalid} */
  public <T> Optional<T> parsed(String key, String rule, Function<String, T> parser) {
    return parsed(key, rule, parser, text -> true);
  }

  private <T> Optional<T> parsed(
      String key, String rule, Function<String, T> parser, Predicate<String> mayBeShown) {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(parser.apply(text.get()));
    } catch (InvalidValueException e) {
      // The value's own rule says more.
      note(e, field -> key);
      return Optional.empty();
    } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
      if (mayBeShown.test(text.get())) {
        problems.check(false, key, rule, text.get());
      } else {
        problems.check(false, key, rule);
      }
      return Optional.empty();
    }
  }

  /**
   * {@return the value that settings are made into; empty if that is invalid, which {@link #done()} reports}
   *
   * <p>So that all problems are reported together: those of the texts, and those of the values.
   *
   * @param keys the settings by the names of the value's fields, where the two differ
   * @param value creates the value, and throws {@link InvalidValueException}
   */
  public <T> Optional<T> built(Map<String, String> keys, Supplier<T> value) {
    try {
      return Optional.of(value.get());
    } catch (InvalidValueException e) {
      note(e, field -> keys.getOrDefault(field, field));
      return Optional.empty();
    }
  }

  private void note(InvalidValueException invalid, UnaryOperator<String> key) {
    // A value that could not be read has its default here, and its problem already.
    Set<String> unread = problems.found().stream().map(Problem::field).collect(Collectors.toSet());
    invalid.problems().forEach(problem -> {
      String named = key.apply(problem.field());
      if (!unread.contains(named)) {
        problems.add(new Problem(named, problem.rule(), problem.value()));
      }
    });
  }

  /**
   * Reports all problems; called after all settings were read.
   *
   * @throws InvalidValueException if a setting is invalid, missing or unknown
   */
  public void done() {
    Set<String> names = known.stream().map(PlatformConfig::camelCase).collect(Collectors.toSet());
    for (String key : given) {
      problems.check(
          names.contains(camelCase(key)),
          key,
          "is not a setting; there "
              + (known.isEmpty() ? "are none" : "are: " + String.join(", ", known)));
    }
    problems.throwIfAny();
  }

  @Override
  public String toString() {
    return "PlatformConfig" + given;
  }

  private static URI parseUri(String text) {
    URI uri = URI.create(text);
    if (!uri.isAbsolute()) {
      throw new IllegalArgumentException(text);
    }
    return uri;
  }

  private static Duration parseDuration(String text) {
    Duration duration = Durations.parse(text);
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException(text);
    }
    return duration;
  }
}
