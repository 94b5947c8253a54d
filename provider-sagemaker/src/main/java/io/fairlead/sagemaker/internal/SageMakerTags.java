package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Pages;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerProvider;
import java.io.Serial;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.sagemaker.model.ListTagsResponse;
import software.amazon.awssdk.services.sagemaker.model.Tag;

/** The owner tags; a resource without them is foreign. */
final class SageMakerTags {
  static final String DEPLOYMENT = "fairlead-deployment";
  static final String RUN = "fairlead-run";
  /** A tag of an endpoint configuration: the run that created each of its variants, {@code fairlead-run/blue}. */
  static final String RUN_OF_VARIANT = "fairlead-run/";

  /**
   * A tag of an endpoint configuration: the time at which another run than its creator's claimed it, or the epoch if
   * no run is about to use it.
   */
  static final String CLAIMED = "fairlead-claimed";

  /**
   * The prefix of tags of an endpoint configuration, before the name of each model that a variant of its endpoint
   * has, or had. The value is the key of the model's upload, if it has one.
   */
  private static final String MODEL = "fairlead-model/";

  private static final int MOST_MODELS = 20;

  /** A tag of an inference component: its variant. */
  static final String VARIANT = "fairlead-variant";
  /** A tag of a fleet and its configurations: the fleet's name. */
  static final String FLEET = "fairlead-fleet";

  private static final int MOST_KNOWN = 10_000;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final TimeSource time;
  private final ReentrantLock lock = new ReentrantLock();

  /** The tags of resources, by their ARNs; a cache of those that were used last. */
  private final Map<String, Known> known = new LinkedHashMap<>(16, 0.75f, true) {
    @Serial
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
      return size() > MOST_KNOWN;
    }
  };

  private record Known(Instant createdAt, Map<String, String> tags) {}

  SageMakerTags(SageMakerClients clients, SageMakerErrors errors, TimeSource time) {
    this.clients = clients;
    this.errors = errors;
    this.time = time;
  }

  static Map<String, String> of(OwnerTag owner) {
    return Map.of(DEPLOYMENT, owner.deployment(), RUN, owner.run());
  }

  /** {@return the variants of a configuration} */
  static Set<String> variants(Map<String, String> resourceTags) {
    return resourceTags.keySet().stream()
        .filter(tag -> tag.startsWith(RUN_OF_VARIANT))
        .map(tag -> tag.substring(RUN_OF_VARIANT.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** {@return the models that a configuration's tags name, and their uploads} */
  static List<ResourceRef> models(Map<String, String> resourceTags) {
    List<ResourceRef> models = new ArrayList<>();
    resourceTags.forEach((tag, artifact) -> {
      if (tag.startsWith(MODEL)) {
        models.add(new ResourceRef(SageMakerKinds.MODEL.name(), tag.substring(MODEL.length())));
        if (!artifact.isEmpty()) {
          models.add(new ResourceRef(SageMakerKinds.ARTIFACT.name(), artifact));
        }
      }
    });
    return models;
  }

  /**
   * Adds the models of a configuration to its tags.
   *
   * @param resourceTags its tags, including those of the configuration that it replaces
   * @param models the names of the models that its variants have, with the keys of their uploads, which may be empty
   */
  static void remember(Map<String, String> resourceTags, Map<String, String> models) {
    models.forEach((model, artifact) ->
        resourceTags.merge(MODEL + model, artifact, (before, now) -> now.isEmpty() ? before : now));
    List<String> earlier = resourceTags.keySet().stream()
        .filter(tag -> tag.startsWith(MODEL))
        .filter(tag -> !models.containsKey(tag.substring(MODEL.length())))
        .sorted()
        .toList();
    // AWS allows 50 tags.
    earlier.stream().skip(MOST_MODELS).forEach(resourceTags::remove);
  }

  static List<Tag> list(Map<String, String> tags) {
    List<Tag> list = new ArrayList<>();
    tags.forEach((key, value) -> list.add(Tag.builder().key(key).value(value).build()));
    return list;
  }

  static boolean areManaged(Map<String, String> tags) {
    return tags.containsKey(RUN);
  }

  /**
   * {@return the tags of a resource at its creation, read once; later ones may be missing}
   *
   * <p>The owner tag is written at the creation and does not change; of a configuration's tags, only those of the
   * runs change. A resource without an owner tag is foreign for good once AWS's settling time has passed.
   *
   * @throws ServingException of kind {@code NOT_FOUND} if it was deleted meanwhile: without tags it would look foreign
   */
  Map<String, String> ofCreation(String arn, Instant createdAt) {
    lock.lock();
    try {
      Known last = known.get(arn);
      if (last != null && last.createdAt().equals(createdAt)) {
        return last.tags();
      }
    } finally {
      lock.unlock();
    }
    Map<String, String> tags = Map.copyOf(ofPresent(arn));
    if (areManaged(tags) || isSettled(createdAt)) {
      lock.lock();
      try {
        known.put(arn, new Known(createdAt, tags));
      } finally {
        lock.unlock();
      }
    }
    return tags;
  }

  /** {@return the same for a listed resource; none if it was deleted meanwhile} */
  Map<String, String> ofListed(String arn, Instant createdAt) {
    try {
      return ofCreation(arn, createdAt);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return Map.of();
      }
      throw e;
    }
  }

  /** Adds tags to a resource, or changes their values. */
  void add(String what, String arn, Map<String, String> added) {
    errors.call(
        "Tag " + what,
        () ->
            clients.controlPlane().addTags(request -> request.resourceArn(arn).tags(list(added))));
    lock.lock();
    try {
      known.computeIfPresent(arn, (key, before) -> {
        Map<String, String> all = new HashMap<>(before.tags());
        all.putAll(added);
        return new Known(before.createdAt(), Map.copyOf(all));
      });
    } finally {
      lock.unlock();
    }
  }

  /**
   * {@return whether the settling time has passed since the creation, so that it is visible everywhere and its
   * creator has used it}
   */
  boolean isSettled(Instant createdAt) {
    return createdAt.plus(RetryPolicy.DEFAULT.settling()).isBefore(time.now());
  }

  /** {@return the current time, as the value of a tag} */
  String now() {
    return time.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** {@return all tags of a resource; none if it does not exist} */
  Map<String, String> read(String arn) {
    try {
      return ofPresent(arn);
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return Map.of();
      }
      throw e;
    }
  }

  private Map<String, String> ofPresent(String arn) {
    List<Tag> found = Pages.all(
        SageMakerProvider.ID,
        "the tags of " + arn,
        token -> errors.call(
            "List the tags of " + arn,
            () -> clients
                .controlPlane()
                .listTags(request -> request.resourceArn(arn).nextToken(token))),
        ListTagsResponse::tags,
        ListTagsResponse::nextToken);
    Map<String, String> tags = new HashMap<>();
    found.forEach(tag -> tags.put(tag.key(), tag.value()));
    return tags;
  }
}
