package io.fairlead.vertex.internal;

import io.fairlead.provider.ContentName;
import io.fairlead.provider.Fingerprint;
import io.fairlead.vertex.VertexConfig;
import java.util.regex.Pattern;

/**
 * The names of resources. They are chosen here, so that creates are idempotent: a retry meets the resource of the
 * first attempt.
 *
 * <p>Answers name the project by its number, whatever requests contained, so names are compared by their last part
 * only.
 */
final class VertexNames {
  /** The prefix of all ids that are derived here. */
  static final String PREFIX = ContentName.PREFIX;

  private static final Pattern NUMBERED = Pattern.compile("^projects/[0-9]+/");
  private static final ContentName MODEL_ID = new ContentName(63, true);
  private static final long SMALLEST_TEN_DIGITS = 1_000_000_000L;
  private static final long TEN_DIGITS = 9_000_000_000L;

  private final String parent;

  VertexNames(VertexConfig config) {
    this.parent = "projects/" + config.project() + "/locations/" + config.location();
  }

  /** {@return the full name of the location, the parent of all resources} */
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

  /** {@return whether two names are equal, where one may have the project's id and the other its number} */
  static boolean areSameInAnyProject(String one, String other) {
    boolean areBothIdsOrNumbers =
        NUMBERED.matcher(one).find() == NUMBERED.matcher(other).find();
    return areBothIdsOrNumbers
        ? one.equals(other)
        : withoutProject(one).equals(withoutProject(other));
  }

  private static String withoutProject(String name) {
    return name.replaceFirst("^projects/[^/]+/", "");
  }

  /** {@return the id of a model, the same for the same content} */
  static String of(String readable, String... content) {
    return MODEL_ID.of(readable, content);
  }

  static boolean isMadeHere(String id) {
    return MODEL_ID.isMadeHere(id);
  }

  /** {@return the id of a variant's deployed model: ten digits, the maximum of Vertex AI} */
  static String deployedModelId(String path) {
    long hash = Long.parseUnsignedLong(Fingerprint.of(path), 16);
    return String.valueOf(SMALLEST_TEN_DIGITS + Long.remainderUnsigned(hash, TEN_DIGITS));
  }
}
