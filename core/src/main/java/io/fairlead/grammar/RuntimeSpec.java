package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The runtime of a container.
 *
 * @param image the reference of the container image; empty if the platform chooses it or needs none
 * @param options options of single platforms, such as an execution role
 */
public record RuntimeSpec(Optional<String> image, Options<RuntimeOptions> options) {
  /** A runtime without an image: the platform chooses one, or needs none. */
  public static final RuntimeSpec NONE = new RuntimeSpec(Optional.empty(), Options.none());

  private static final int LONGEST_IMAGE = 255;

  public RuntimeSpec {
    requireNonNull(image, "image");
    requireNonNull(options, "options");
    Problems problems = Problems.in("RuntimeSpec");
    image.ifPresent(reference -> problems
        .check(
            !reference.isEmpty() && reference.chars().noneMatch(Character::isWhitespace),
            "image",
            "must not be empty or contain spaces; where there is none, leave it out",
            reference)
        .check(
            reference.length() <= LONGEST_IMAGE,
            "image",
            "must be at most " + LONGEST_IMAGE + " characters",
            reference));
    options.check(RuntimeOptions.class, problems);
    problems.throwIfAny();
  }

  public static RuntimeSpec of(String image) {
    return new RuntimeSpec(Optional.of(image), Options.none());
  }

  public RuntimeSpec with(RuntimeOptions option) {
    return new RuntimeSpec(image, options.with(option));
  }

  @Override
  public String toString() {
    return words().in("RuntimeSpec");
  }

  Words words() {
    return Words.none().add("image", image).addAll(options);
  }
}
