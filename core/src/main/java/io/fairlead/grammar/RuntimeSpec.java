package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

/**
 * What a container runs on.
 *
 * @param image the container image's reference; empty where the platform chooses it or needs none
 * @param options what one platform alone knows of a runtime, such as its execution role
 */
public record RuntimeSpec(String image, Options options) {
  /** No image: the platform chooses, or needs none. */
  public static final RuntimeSpec NONE = new RuntimeSpec("", Options.NONE);

  public RuntimeSpec {
    requireNonNull(image, "image");
    requireNonNull(options, "options");
    Problems.in("RuntimeSpec")
        .check(
            image.chars().noneMatch(Character::isWhitespace),
            "image",
            "must not contain spaces",
            image)
        .check(image.length() <= 255, "image", "must be at most 255 characters", image)
        .throwIfAny();
  }

  public static RuntimeSpec of(String image) {
    return new RuntimeSpec(image, Options.NONE);
  }

  public RuntimeSpec with(PlatformOptions option) {
    return new RuntimeSpec(image, options.with(option));
  }
}
