package io.fairlead.vertex.internal;

import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problems;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The labels of resources: the owner tag, without which a resource is foreign, and those of the user. */
final class VertexTags {
  /** The prefix of the keys of the library's own labels. */
  static final String PREFIX = "fairlead_";

  static final String DEPLOYMENT = PREFIX + "deployment";
  static final String RUN = PREFIX + "run";
  /** A label of an endpoint: {@link io.fairlead.reconcile.RolledBack}. */
  static final String ROLLED_BACK = PREFIX + "rolled_back";
  /** The list filter that finds all managed resources. */
  static final String FILTER = "labels." + RUN + ":*";

  private static final String FRAMEWORK = "framework";
  private static final String FRAMEWORK_VERSION = "framework_version";
  /** Vertex AI allows 64, of which the library needs some. */
  private static final int MOST = 24;

  private static final int LONGEST = 63;
  private static final Pattern NOT_ALLOWED = Pattern.compile("[^\\p{Ll}\\p{Lo}0-9_-]");

  private VertexTags() {}

  static Map<String, String> of(OwnerTag owner) {
    return Map.of(DEPLOYMENT, owner.deployment(), RUN, owner.run());
  }

  static boolean areManaged(Map<String, String> labels) {
    return labels.containsKey(RUN);
  }

  /** {@return the state that was read, with its owner tag, or as foreign} */
  static <T> Observed<T> withOwner(Observed<T> seen, Map<String, String> labels) {
    String run = labels.get(RUN);
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }

  /** {@return the user's labels among a resource's} */
  static SortedMap<String, String> users(Map<String, String> labels) {
    SortedMap<String, String> users = new TreeMap<>(labels);
    users.keySet().removeIf(key -> key.startsWith(PREFIX));
    return users;
  }

  /**
   * {@return the labels from a model's metadata: its own, its framework, and those of the configuration that it lacks}
   *
   * @param warnings gets a warning for each value that has to be written differently
   */
  static SortedMap<String, String> users(
      ModelMetadata metadata,
      Map<String, String> configured,
      List<String> warnings,
      Problems problems) {
    SortedMap<String, String> labels = new TreeMap<>();
    metadata.framework().ifPresent(name -> labels.put(FRAMEWORK, allowed(name)));
    metadata.version().ifPresent(version -> labels.put(FRAMEWORK_VERSION, allowed(version)));
    metadata.task().ifPresent(task -> labels.put(ModelTask.TAG, task.id()));
    metadata.labels().forEach((key, value) -> {
      String written = key(key);
      problems.check(
          !written.startsWith(PREFIX),
          "artifact.metadata.labels",
          "must not have keys that begin with " + PREFIX + ", which are the library's own",
          key);
      labels.put(written, allowed(value));
      if (!written.equals(key) || !allowed(value).equals(value)) {
        warnings.add(
            "label " + key + "=" + value + " is written as " + written + "=" + allowed(value)
                + ": labels of Google Cloud have lowercase letters, digits, underscores and hyphens");
      }
    });
    configured.forEach((key, value) -> labels.putIfAbsent(key, value));
    problems.check(
        labels.size() <= MOST,
        "artifact.metadata.labels",
        "must be at most " + MOST
            + " together with VertexConfig.labels, the framework, its version and the task",
        labels.size());
    return labels;
  }

  /**
   * {@return metadata that have these labels, apart from those of the platform's settings: the inverse of {@link #users}}
   */
  static ModelMetadata metadata(Map<String, String> users, Map<String, String> settings) {
    Map<String, String> labels = new TreeMap<>(users);
    labels.entrySet().removeAll(settings.entrySet());
    Optional<String> framework = Optional.ofNullable(labels.remove(FRAMEWORK));
    Optional<String> version = Optional.ofNullable(labels.remove(FRAMEWORK_VERSION));
    Optional<ModelTask> task = ModelTask.takeFrom(labels);
    return new ModelMetadata(Optional.empty(), framework, version, task, labels, Options.none());
  }

  private static String key(String text) {
    String key = allowed(text);
    return Character.isLetter(key.codePointAt(0)) ? key : allowed("label-" + text);
  }

  private static String allowed(String text) {
    String allowed = NOT_ALLOWED.matcher(text.toLowerCase(Locale.ROOT)).replaceAll("-");
    return allowed.length() <= LONGEST ? allowed : allowed.substring(0, LONGEST);
  }
}
