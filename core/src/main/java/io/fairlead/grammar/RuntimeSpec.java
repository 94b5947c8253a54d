package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * What a container runs on.
 *
 * @param image the container image's reference; empty where the platform chooses it or needs none
 * @param options what one platform alone knows of a runtime, such as its execution role
 */
public record RuntimeSpec(String image, Options<RuntimeOptions> options) {
  /** No image: the platform chooses, or needs none. */
  public static final RuntimeSpec NONE = new RuntimeSpec("", Options.none());

  public RuntimeSpec {
    requireNonNull(image, "image");
    requireNonNull(options, "options");
    Problems problems = Problems.in("RuntimeSpec")
        .check(
            image.chars().noneMatch(Character::isWhitespace),
            "image",
            "must not contain spaces",
            image)
        .check(image.length() <= 255, "image", "must be at most 255 characters", image);
    options.check(RuntimeOptions.class, problems);
    problems.throwIfAny();
  }

  public static RuntimeSpec of(String image) {
    return new RuntimeSpec(image, Options.none());
  }

  public RuntimeSpec with(RuntimeOptions option) {
    return new RuntimeSpec(image, options.with(option));
  }
}
