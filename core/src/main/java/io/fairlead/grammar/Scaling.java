package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The machine type and number of instances that serve a container.
 *
 * @param instanceType the platform's name of the machine type, if there is a choice
 * @param count the initial number of instances, from {@code min} to {@code max}
 * @param min the minimum number of instances, 0 or more; not every platform scales to zero
 * @param max the maximum number of instances, 1 or more; equal to {@code min} for a fixed number
 * @param options options of single platforms
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

  /** {@return a fixed number of instances, without a machine type} */
  public static Scaling fixed(int count) {
    return new Scaling(Optional.empty(), count, count, count, Options.none());
  }

  /** {@return a fixed number of instances} */
  public static Scaling fixed(String instanceType, int count) {
    return new Scaling(Optional.of(instanceType), count, count, count, Options.none());
  }

  /** {@return a number of instances that follows the load, initially {@code min} or 1, whichever is more} */
  public static Scaling between(String instanceType, int min, int max) {
    return new Scaling(Optional.of(instanceType), Math.max(min, 1), min, max, Options.none());
  }

  /** {@return a number of instances that follows the load, without a machine type, initially {@code min} or 1} */
  public static Scaling between(int min, int max) {
    return new Scaling(Optional.empty(), Math.max(min, 1), min, max, Options.none());
  }

  /** {@return a copy with another initial number of instances} */
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

  @Override
  public String toString() {
    return words().in("Scaling");
  }

  /** Such as {@code 2 x ml.g5.xlarge}, or {@code 0 to 4 instances, initially 1}. */
  Words words() {
    String number = isAutomatic() ? min + " to " + max : String.valueOf(max);
    String instances = max == 1 && !isAutomatic() ? " instance" : " instances";
    return Words.of(number + instanceType.map(type -> " x " + type).orElse(instances))
        .add(isAutomatic() && count != Math.max(min, 1), "initially " + count)
        .addAll(options);
  }
}
