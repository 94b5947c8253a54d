package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.Pages;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.internal.rules.TagRules;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
   * has, or had. The value is a number, by which the oldest is found, and the key of the model's upload, if it has one.
   */
  private static final String MODEL = "fairlead-model/";

  private static final Pattern MODELS_VALUE = Pattern.compile("(?:(\\d{1,9})(?: |$))?(.*)");

  /** AWS allows 50 tags, of which one is left for that of a claim. */
  private static final int MOST = 49;

  private static final int MOST_EARLIER_MODELS = 20;

  /** A tag of an endpoint: {@link io.fairlead.reconcile.RolledBack}. */
  static final String ROLLED_BACK = "fairlead-rolled-back";

  /** A tag of an inference component: its variant. */
  static final String VARIANT = "fairlead-variant";
  /** A tag of a fleet and its configurations: the fleet's name. */
  static final String FLEET = "fairlead-fleet";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final TimeSource time;

  /** The tags of resources, by their ARNs. */
  private final RecentlyUsed<Known> known = new RecentlyUsed<>();

  /** The same of those that this process has just created, with the times by its own clock. */
  private final RecentlyUsed<Known> created = new RecentlyUsed<>();

  private record Known(Instant createdAt, Map<String, String> tags) {
    boolean isAbout(Instant time) {
      return Duration.between(createdAt, time).abs().compareTo(RetryPolicy.DEFAULT.settling()) < 0;
    }
  }

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

  /**
   * What a tag says of a model.
   *
   * @param number the higher, the later a variant had the model; 0 if the tag has none
   * @param artifact the key of its upload; empty if it has none
   */
  private record Remembered(int number, String artifact) {
    static Remembered of(String value) {
      Matcher parts = MODELS_VALUE.matcher(value);
      return parts.matches() && parts.group(1) != null
          ? new Remembered(Integer.parseInt(parts.group(1)), parts.group(2))
          : new Remembered(0, value);
    }

    String value() {
      return artifact.isEmpty() ? String.valueOf(number) : number + " " + artifact;
    }
  }

  private static Map<String, Remembered> remembered(Map<String, String> resourceTags) {
    Map<String, Remembered> models = new TreeMap<>();
    resourceTags.forEach((tag, value) -> {
      if (tag.startsWith(MODEL)) {
        models.put(tag.substring(MODEL.length()), Remembered.of(value));
      }
    });
    return models;
  }

  /** {@return the models that a configuration's tags name, and their uploads} */
  static List<ResourceRef> models(Map<String, String> resourceTags) {
    List<ResourceRef> models = new ArrayList<>();
    remembered(resourceTags).forEach((model, said) -> {
      models.add(new ResourceRef(SageMakerKinds.MODEL.name(), model));
      if (!said.artifact().isEmpty()) {
        models.add(new ResourceRef(SageMakerKinds.ARTIFACT.name(), said.artifact()));
      }
    });
    return models;
  }

  /**
   * Adds the models of a configuration to its tags, and removes the oldest of those that no variant has any more, if
   * there are many.
   *
   * @param resourceTags its tags, including those of the configuration that it replaces
   * @param models the names of the models that its variants have, with the keys of their uploads, which may be empty
   */
  static void remember(Map<String, String> resourceTags, Map<String, String> models) {
    Map<String, Remembered> before = remembered(resourceTags);
    int number = 1 + before.values().stream().mapToInt(Remembered::number).max().orElse(0);
    models.forEach((model, artifact) -> {
      Remembered known = before.remove(model);
      String key = known != null && artifact.isEmpty() ? known.artifact() : artifact;
      resourceTags.put(MODEL + model, new Remembered(number, key).value());
    });
    int users = UserTags.among(resourceTags).tags().size();
    int others = resourceTags.size() - before.size() - users;
    // Room for as many tags of users as there may be, because they can be added later.
    int room = MOST - others - Math.max(users, TagRules.MOST);
    before.entrySet().stream()
        .sorted((one, other) ->
            Integer.compare(other.getValue().number(), one.getValue().number()))
        .skip(Math.max(0, Math.min(room, MOST_EARLIER_MODELS)))
        .forEach(old -> resourceTags.remove(MODEL + old.getKey()));
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
    Optional<Known> last = known.get(arn).filter(one -> one.createdAt().equals(createdAt));
    if (last.isPresent()) {
      return last.get().tags();
    }
    Map<String, String> tags =
        createdHere(arn, createdAt).orElseGet(() -> Map.copyOf(ofPresent(arn)));
    if (areManaged(tags) || isSettled(createdAt)) {
      known.put(arn, new Known(createdAt, tags));
    }
    return tags;
  }

  /** Notes the tags with which this process has just created a resource, so that they need not be read. */
  void noteCreation(String arn, Map<String, String> resourceTags) {
    created.put(arn, new Known(time.now(), Map.copyOf(resourceTags)));
  }

  private Optional<Map<String, String>> createdHere(String arn, Instant createdAt) {
    Optional<Known> here = created.get(arn).filter(one -> one.isAbout(createdAt));
    created.remove(arn);
    return here.map(Known::tags);
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
    known.change(arn, before -> {
      Map<String, String> all = new HashMap<>(before.tags());
      all.putAll(added);
      return new Known(before.createdAt(), Map.copyOf(all));
    });
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
