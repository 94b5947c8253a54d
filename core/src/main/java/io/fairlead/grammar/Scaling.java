package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * How much of a machine serves a container.
 *
 * @param instanceType the platform's name of a machine type; empty where there is nothing to choose
 * @param count how many instances to begin with, from {@code min} to {@code max}
 * @param min the least instances, 0 or more; not every platform can go to 0
 * @param max the most instances, 1 or more; equal to {@code min} for a fixed number
 * @param options what one platform alone knows of scaling
 */
public record Scaling(
    String instanceType, int count, int min, int max, Options<ScalingOptions> options) {
  public Scaling {
    requireNonNull(instanceType, "instanceType");
    requireNonNull(options, "options");
    Problems problems = Problems.in("Scaling")
        .check(
            instanceType.chars().noneMatch(Character::isWhitespace),
            "instanceType",
            "must not contain spaces",
            instanceType)
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

  /** {@return a number of instances that does not change by itself} */
  public static Scaling fixed(String instanceType, int count) {
    return new Scaling(instanceType, count, count, count, Options.none());
  }

  /** {@return a number of instances that the platform chooses by load, beginning with the least, but with one} */
  public static Scaling between(String instanceType, int min, int max) {
    return new Scaling(instanceType, Math.max(min, 1), min, max, Options.none());
  }

  /** {@return whether the platform may change the number of instances} */
  public boolean isAutomatic() {
    return min < max;
  }

  public Scaling with(ScalingOptions option) {
    return new Scaling(instanceType, count, min, max, options.with(option));
  }
}
