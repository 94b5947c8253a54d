package io.fairlead.sagemaker.internal;

import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problems;
import io.fairlead.sagemaker.internal.rules.TagRules;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The user's tags: those of the platform's settings, and those from a model's metadata, which are its labels, and its
 * framework with its version.
 *
 * <p>All resources of the model have them. Where several variants share a resource, such as an endpoint, the first
 * value of each key of a model is kept, so that two variants with different values do not alternate it.
 *
 * @param tags the tags; unmodifiable
 * @param ofSettings the keys of those that the platform's settings alone have; unmodifiable
 */
record UserTags(SortedMap<String, String> tags, Set<String> ofSettings) {
  static final UserTags NONE = new UserTags(Collections.emptySortedMap(), Set.of());

  private static final String FRAMEWORK = "framework";
  private static final String FRAMEWORK_VERSION = "framework-version";

  private static final Pattern NOT_ALLOWED = Pattern.compile("[^\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]");

  UserTags {
    tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
    ofSettings = Set.copyOf(ofSettings);
  }

  /** {@return the user's tags among a resource's: all but the library's and AWS's own} */
  static UserTags among(Map<String, String> tags) {
    SortedMap<String, String> users = new TreeMap<>(tags);
    users.keySet().removeIf(TagRules::isReserved);
    return new UserTags(users, Set.of());
  }

  /**
   * {@return the tags of the platform's settings, and those from a model's metadata, which take precedence}
   *
   * @param warnings gets a warning for each value that has to be written differently
   */
  static UserTags of(
      Map<String, String> settings,
      ModelMetadata metadata,
      List<String> warnings,
      Problems problems) {
    SortedMap<String, String> tags = new TreeMap<>(settings);
    Set<String> ofModel = new HashSet<>(Set.of(FRAMEWORK, FRAMEWORK_VERSION, ModelTask.TAG));
    metadata
        .framework()
        .ifPresent(name -> tags.put(FRAMEWORK, allowed(name, TagRules.LONGEST_VALUE)));
    metadata
        .version()
        .ifPresent(
            version -> tags.put(FRAMEWORK_VERSION, allowed(version, TagRules.LONGEST_VALUE)));
    metadata.task().ifPresent(task -> tags.put(ModelTask.TAG, task.id()));
    Set<String> own = new HashSet<>(settings.keySet());
    own.addAll(metadata.labels().keySet());
    problems.check(
        own.size() <= TagRules.MOST,
        "artifact.metadata.labels",
        "must be at most " + TagRules.MOST
            + " together with the tags of the platform's settings, which is what SageMaker has room for",
        own.size());
    metadata.labels().forEach((label, value) -> {
      problems.check(
          !TagRules.isReserved(label),
          "artifact.metadata.labels",
          "must not have keys that begin with " + TagRules.OWN + " or " + TagRules.RESERVED
              + ", which are the library's and AWS's own",
          label);
      String key = allowed(label, TagRules.LONGEST_KEY);
      String written = allowed(value, TagRules.LONGEST_VALUE);
      tags.put(key, written);
      ofModel.add(key);
      if (!key.equals(label) || !written.equals(value)) {
        warnings.add("label " + label + "=" + value + " is written as " + key + "=" + written
            + ": tags of AWS have letters, digits, spaces and _.:/=+-@");
      }
    });
    Set<String> ofSettings = new HashSet<>(settings.keySet());
    ofSettings.removeAll(ofModel);
    return new UserTags(tags, ofSettings);
  }

  private static String allowed(String text, int longest) {
    String allowed = NOT_ALLOWED.matcher(text).replaceAll("-");
    return allowed.length() <= longest ? allowed : allowed.substring(0, longest);
  }

  /** {@return these tags without those of the platform's settings} */
  UserTags without(Map<String, String> settings) {
    SortedMap<String, String> others = new TreeMap<>(tags);
    others.entrySet().removeAll(settings.entrySet());
    return new UserTags(others, Set.of());
  }

  /** {@return metadata that have these tags: the inverse of {@link #of}} */
  ModelMetadata metadata() {
    Map<String, String> labels = new TreeMap<>(tags);
    Optional<String> framework = Optional.ofNullable(labels.remove(FRAMEWORK));
    Optional<String> version = Optional.ofNullable(labels.remove(FRAMEWORK_VERSION));
    Optional<ModelTask> task = ModelTask.takeFrom(labels);
    return new ModelMetadata(Optional.empty(), framework, version, task, labels, Options.none());
  }

  /** {@return these tags, with the other ones' values where both have the key and the settings do not} */
  UserTags withValuesOf(UserTags others) {
    SortedMap<String, String> all = new TreeMap<>(tags);
    all.replaceAll(
        (key, value) -> ofSettings.contains(key) ? value : others.tags.getOrDefault(key, value));
    return new UserTags(all, ofSettings);
  }

  boolean areIn(UserTags others) {
    return others.tags.entrySet().containsAll(tags.entrySet());
  }

  boolean isEmpty() {
    return tags.isEmpty();
  }
}
