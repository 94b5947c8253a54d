package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The typed options of one part of the grammar, at most one of each type; the order in which they were added is
 * irrelevant.
 *
 * @param <P> the interface of the options of this part, such as {@link RuntimeOptions}
 * @param values the options, sorted by platform and type
 */
public record Options<P extends PlatformOptions>(List<P> values) {
  private static final Map<Class<? extends PlatformOptions>, String> PARTS = Map.of(
      ArtifactOptions.class,
      "ModelMetadata",
      RuntimeOptions.class,
      "RuntimeSpec",
      DependencyOptions.class,
      "Dependencies",
      ScalingOptions.class,
      "Scaling",
      RoutingOptions.class,
      "Routing",
      RequestOptions.class,
      "Request");

  private static final Options<?> NONE = new Options<>(List.of());

  public Options {
    values = sorted(List.copyOf(values));
    Problems problems = Problems.in("Options");
    Set<Class<?>> types = new HashSet<>();
    for (P value : values) {
      problems.check(
          types.add(value.getClass()),
          "values",
          "must hold each type once",
          value.getClass().getSimpleName());
    }
    problems.throwIfAny();
  }

  /** {@return the options by platform and type; most have one or none, for which no order is made} */
  private static <P extends PlatformOptions> List<P> sorted(List<P> values) {
    return values.size() < 2
        ? values
        : values.stream()
            .sorted(Comparator.<P, String>comparing(PlatformOptions::platform)
                .thenComparing(option -> option.getClass().getName()))
            .toList();
  }

  /** {@return no options} */
  @SuppressWarnings("unchecked") // It holds nothing of any type.
  public static <P extends PlatformOptions> Options<P> none() {
    return (Options<P>) NONE;
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // The array is only read.
  public static <P extends PlatformOptions> Options<P> of(P... values) {
    return new Options<>(List.of(values));
  }

  /**
   * {@return the part of the grammar that options of this type belong to, such as {@code Routing}; {@code Scaling or
   * Routing} where there are two}
   */
  public static String partOf(Class<? extends PlatformOptions> type) {
    return PARTS.entrySet().stream()
        .filter(part -> part.getKey().isAssignableFrom(type))
        .map(Map.Entry::getValue)
        .sorted()
        .collect(joining(" or "));
  }

  /** {@return a copy with {@code option}, which replaces one of the same type} */
  public Options<P> with(P option) {
    requireNonNull(option, "option");
    List<P> all = new ArrayList<>(values);
    all.removeIf(other -> other.getClass() == option.getClass());
    all.add(option);
    return new Options<>(all);
  }

  /** {@return the option of this type, if there is one} */
  public <T extends P> Optional<T> find(Class<T> type) {
    return values.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /** {@return the options of one platform} */
  public List<P> forPlatform(String platform) {
    return values.stream().filter(option -> option.platform().equals(platform)).toList();
  }

  /** Notes each option of another part, which the compiler does not detect after a raw type or a cast. */
  void check(Class<P> part, Problems problems) {
    for (PlatformOptions option : values) {
      if (!part.isInstance(option)) {
        String name = option.getClass().getSimpleName();
        problems.check(
            false,
            "options",
            "must be options of " + partOf(part) + ": " + name + " belongs to "
                + partOf(option.getClass()),
            name);
      }
    }
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
