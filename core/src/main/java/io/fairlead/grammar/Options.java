package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Typed options, at most one of each type; the order in which they were added makes no difference.
 *
 * @param values the options, sorted by platform and type
 */
public record Options(List<PlatformOptions> values) {
  private static final Comparator<PlatformOptions> ORDER = Comparator.comparing(
          PlatformOptions::platform)
      .thenComparing(option -> option.getClass().getName());

  /** No options. */
  public static final Options NONE = new Options(List.of());

  public Options {
    values = List.copyOf(values).stream().sorted(ORDER).toList();
    Problems problems = Problems.in("Options");
    Set<Class<?>> types = new HashSet<>();
    for (PlatformOptions value : values) {
      problems.check(
          types.add(value.getClass()),
          "values",
          "must hold each type once",
          value.getClass().getSimpleName());
    }
    problems.throwIfAny();
  }

  public static Options of(PlatformOptions... values) {
    return new Options(List.of(values));
  }

  /** {@return these options with {@code option} added, in the place of one of the same type if there is one} */
  public Options with(PlatformOptions option) {
    requireNonNull(option, "option");
    List<PlatformOptions> all = new ArrayList<>(values);
    all.removeIf(other -> other.getClass() == option.getClass());
    all.add(option);
    return new Options(all);
  }

  /** {@return the option of this type} */
  public <T extends PlatformOptions> Optional<T> find(Class<T> type) {
    return values.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /** {@return the options that are for one platform} */
  public List<PlatformOptions> forPlatform(String platform) {
    return values.stream().filter(option -> option.platform().equals(platform)).toList();
  }
}
