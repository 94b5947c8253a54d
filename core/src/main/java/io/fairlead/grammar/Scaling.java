package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * How much of a machine serves a container.
 *
 * @param instanceType the platform's name of a machine type, where there is one to choose
 * @param count how many instances to begin with, from {@code min} to {@code max}
 * @param min the least instances, 0 or more; not every platform can go to 0
 * @param max the most instances, 1 or more; equal to {@code min} for a fixed number
 * @param options what one platform alone knows of scaling
 */
public record Scaling(
    Optional<String> instanceType, int count, int min, int max, Options<ScalingOptions> options) {
  public Scaling {
    requireNonNull(instanceType, "instanceType");
    requireNonNull(options, "options");
    Problems problems = Problems.in("Scaling")
        .check(
            instanceType.filter(Scaling::isNoType).isEmpty(),
            "instanceType",
            "must not be empty or contain spaces; where there is none to choose, leave it out",
            instanceType.orElse(""))
        .check(min >= 0, "min", "must be 0 or more", min)
        .check(max >= 1, "max", "must be 1 or more", max)
        .check(min <= max, "min", "must not be more than max, which is " + max, min)
        .check(
            min > max || (count >= min && count <= max),
            "count",
            "must be from min to max, which are " + min + " and " + max,
            count);
    options.check(ScalingOptions.class, problems);
    problems.throwIfAny();
  }

  private static boolean isNoType(String instanceType) {
    return instanceType.isEmpty() || instanceType.chars().anyMatch(Character::isWhitespace);
  }

  /** {@return a number of instances that does not change by itself, where there is no machine type to choose} */
  public static Scaling fixed(int count) {
    return new Scaling(Optional.empty(), count, count, count, Options.none());
  }

  /** {@return a number of instances that does not change by itself} */
  public static Scaling fixed(String instanceType, int count) {
    return new Scaling(Optional.of(instanceType), count, count, count, Options.none());
  }

  /** {@return a number of instances that the platform chooses by load, beginning with the least, but with one} */
  public static Scaling between(String instanceType, int min, int max) {
    return new Scaling(Optional.of(instanceType), Math.max(min, 1), min, max, Options.none());
  }

  /** {@return a number of instances that the platform chooses by load, where there is no machine type to choose} */
  public static Scaling between(int min, int max) {
    return new Scaling(Optional.empty(), Math.max(min, 1), min, max, Options.none());
  }

  /** {@return the same, beginning with another number of instances} */
  public Scaling withCount(int newCount) {
    return new Scaling(instanceType, newCount, min, max, options);
  }

  /** {@return whether the platform may change the number of instances} */
  public boolean isAutomatic() {
    return min < max;
  }

  public Scaling with(ScalingOptions option) {
    return new Scaling(instanceType, count, min, max, options.with(option));
  }
}
