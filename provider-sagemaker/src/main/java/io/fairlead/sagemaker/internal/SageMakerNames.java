package io.fairlead.sagemaker.internal;

import io.fairlead.provider.Fingerprint;
import java.util.regex.Pattern;

/** Names that are derived from what they name: a part that people recognise and a fingerprint. */
final class SageMakerNames {
  /** What all names that are made here begin with, so that listing can ask for them alone. */
  static final String PREFIX = "fairlead-";

  private static final int LONGEST_PART = 36;
  private static final Pattern NOT_ALLOWED = Pattern.compile("[^a-zA-Z0-9]+");
  private static final Pattern MADE_HERE =
      Pattern.compile(PREFIX + "([a-zA-Z0-9-]*-)?[0-9a-f]{16}");

  private SageMakerNames() {}

  /** {@return a name of at most 63 letters, digits and hyphens, the same for the same content} */
  static String of(String readable, String... content) {
    return readablePart(readable) + Fingerprint.of(content);
  }

  /** {@return what all names for something begin with} */
  static String readablePart(String readable) {
    String part = NOT_ALLOWED.matcher(readable).replaceAll("-");
    part = part.substring(0, Math.min(part.length(), LONGEST_PART));
    part = part.replaceAll("^-+|-+$", "");
    return PREFIX + (part.isEmpty() ? "" : part + "-");
  }

  static boolean isMadeHere(String name) {
    return MADE_HERE.matcher(name).matches();
  }
}
