package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problems;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The tags of resources: the owner tag, without which a resource is foreign, and those of the user. */
final class AzureMlTags {
  /** The prefix of the names of the library's own tags. */
  static final String PREFIX = "fairlead-";

  static final String DEPLOYMENT = PREFIX + "deployment";
  static final String RUN = PREFIX + "run";

  /** A tag of an endpoint: {@link io.fairlead.reconcile.RolledBack}. */
  static final String ROLLED_BACK = PREFIX + "rolled-back";

  /** The prefix of the names of the tags that evaluation rules are kept as. */
  static final String EVALUATION = "evaluation-";

  private static final String FRAMEWORK = "framework";
  private static final String FRAMEWORK_VERSION = "framework_version";

  private AzureMlTags() {}

  static SortedMap<String, String> of(OwnerTag owner) {
    SortedMap<String, String> tags = new TreeMap<>();
    tags.put(DEPLOYMENT, owner.deployment());
    tags.put(RUN, owner.run());
    return tags;
  }

  static boolean areManaged(Map<String, String> tags) {
    return tags.containsKey(RUN);
  }

  /** {@return the state that was read, with its owner tag, or as foreign} */
  static <T> Observed<T> withOwner(Observed<T> seen, Map<String, String> tags) {
    String run = tags.get(RUN);
    return run == null ? seen.asForeign() : seen.madeBy(run);
  }

  /** {@return the tags of a resource that are not the library's own} */
  static SortedMap<String, String> users(Map<String, String> tags) {
    SortedMap<String, String> users = new TreeMap<>(tags);
    users.keySet().removeIf(name -> name.startsWith(PREFIX));
    return users;
  }

  /** {@return the library's own tags of a resource} */
  static SortedMap<String, String> own(Map<String, String> tags) {
    SortedMap<String, String> own = new TreeMap<>(tags);
    own.keySet().removeIf(name -> !name.startsWith(PREFIX));
    return own;
  }

  /** {@return the owner tag alone} */
  static SortedMap<String, String> owner(Map<String, String> tags) {
    SortedMap<String, String> owner = new TreeMap<>(tags);
    owner.keySet().removeIf(name -> !name.equals(DEPLOYMENT) && !name.equals(RUN));
    return owner;
  }

  /** {@return the tags from a model's metadata: its own, its framework, and those of the settings that it lacks} */
  static SortedMap<String, String> users(
      ModelMetadata metadata, Map<String, String> settings, Problems problems) {
    SortedMap<String, String> tags = new TreeMap<>(settings);
    metadata.framework().ifPresent(name -> tags.put(FRAMEWORK, name));
    metadata.version().ifPresent(version -> tags.put(FRAMEWORK_VERSION, version));
    metadata.task().ifPresent(task -> tags.put(ModelTask.TAG, task.id()));
    tags.putAll(metadata.labels());
    AzureMlConfig.checkTags("artifact.metadata.labels", tags, problems);
    tags.keySet()
        .forEach(name -> problems.check(
            !name.startsWith(EVALUATION),
            "artifact.metadata.labels",
            "must not have names that begin with " + EVALUATION
                + ", which the rules of AzureMlRouting have as tags",
            name));
    return tags;
  }

  /** {@return metadata that have these tags, apart from those of the settings: the inverse of {@link #users}} */
  static ModelMetadata metadata(Map<String, String> users, Map<String, String> settings) {
    Map<String, String> labels = new TreeMap<>(users);
    labels.entrySet().removeAll(settings.entrySet());
    Optional<String> framework = Optional.ofNullable(labels.remove(FRAMEWORK));
    Optional<String> version = Optional.ofNullable(labels.remove(FRAMEWORK_VERSION));
    Optional<ModelTask> task = ModelTask.takeFrom(labels);
    return new ModelMetadata(Optional.empty(), framework, version, task, labels, Options.none());
  }
}
