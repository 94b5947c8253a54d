package io.fairlead.vertex.internal;

import io.fairlead.provider.Fingerprint;
import io.fairlead.vertex.VertexConfig;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Names of resources: chosen here, so that a request that is made again meets what the first one made.
 *
 * <p>Answers name the project by its number, whatever requests called it, so names are compared by their last part alone.
 */
final class VertexNames {
  /** What all ids that are made here begin with. */
  static final String PREFIX = "fairlead-";

  private static final int LONGEST_PART = 36;
  private static final Pattern NOT_ALLOWED = Pattern.compile("[^a-z0-9]+");
  private static final Pattern MADE_HERE = Pattern.compile(PREFIX + "([a-z0-9-]*-)?[0-9a-f]{16}");
  private static final long SMALLEST_TEN_DIGITS = 1_000_000_000L;
  private static final long TEN_DIGITS = 9_000_000_000L;

  private final String parent;

  VertexNames(VertexConfig config) {
    this.parent = "projects/" + config.project() + "/locations/" + config.location();
  }

  /** {@return the location that everything is in} */
  String parent() {
    return parent;
  }

  String model(String id) {
    return parent + "/models/" + id;
  }

  String endpoint(String id) {
    return parent + "/endpoints/" + id;
  }

  String pool(String id) {
    return parent + "/deploymentResourcePools/" + id;
  }

  /** {@return the last part of a resource's name, without a version} */
  static String id(String name) {
    String last = name.substring(name.lastIndexOf('/') + 1);
    int at = last.indexOf('@');
    return at < 0 ? last : last.substring(0, at);
  }

  /** {@return an id of at most 63 small letters, digits and hyphens, the same for the same content} */
  static String of(String readable, String... content) {
    String part = NOT_ALLOWED.matcher(readable.toLowerCase(Locale.ROOT)).replaceAll("-");
    part = part.substring(0, Math.min(part.length(), LONGEST_PART)).replaceAll("^-+|-+$", "");
    return PREFIX + (part.isEmpty() ? "" : part + "-") + Fingerprint.of(content);
  }

  static boolean isMadeHere(String id) {
    return MADE_HERE.matcher(id).matches();
  }

  /** {@return the id that a variant's deployed model has: ten digits, as many as Vertex AI takes} */
  static String deployedModelId(String path) {
    long hash = Long.parseUnsignedLong(Fingerprint.of(path), 16);
    return String.valueOf(SMALLEST_TEN_DIGITS + Long.remainderUnsigned(hash, TEN_DIGITS));
  }
}
