package io.fairlead.sagemaker.internal;

import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.OwnerTag;
import java.io.Serial;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import software.amazon.awssdk.services.sagemaker.model.ListTagsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListTagsResponse;
import software.amazon.awssdk.services.sagemaker.model.Tag;

/** The tags that tell whose something is; what has none of them is never touched. */
final class SageMakerTags {
  static final String DEPLOYMENT = "fairlead-deployment";
  static final String RUN = "fairlead-run";
  /** On an endpoint configuration: which operation brought each of its variants, {@code fairlead-run/blue}. */
  static final String RUN_OF_VARIANT = "fairlead-run/";

  /** On an endpoint configuration: since when a run wants it that did not make it, or the epoch for what nobody wants. */
  static final String CLAIMED = "fairlead-claimed";

  /** On an inference component: the variant that it is. */
  static final String VARIANT = "fairlead-variant";
  /** On a fleet and its configurations: its name. */
  static final String FLEET = "fairlead-fleet";

  private static final int MOST_KNOWN = 10_000;

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final TimeSource time;
  private final ReentrantLock lock = new ReentrantLock();

  /** What was written at the creation of something, by its ARN; those that were asked for last. */
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

  static Map<String, String> of(OwnerTag mark) {
    return Map.of(DEPLOYMENT, mark.deployment(), RUN, mark.run());
  }

  static List<Tag> list(Map<String, String> tags) {
    List<Tag> list = new ArrayList<>();
    tags.forEach((key, value) -> list.add(Tag.builder().key(key).value(value).build()));
    return list;
  }

  static boolean areOurs(Map<String, String> tags) {
    return tags.containsKey(RUN);
  }

  /**
   * {@return the tags that something was made with, read once; those that came later may be missing}
   *
   * <p>Whose something is is written with its creation and does not change while it is there; of what a configuration says,
   * only the runs do. What has no mark of ours is somebody else's for good once AWS has had the time to show its tags.
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
    Map<String, String> tags = Map.copyOf(read(arn));
    if (areOurs(tags) || isSettled(createdAt)) {
      lock.lock();
      try {
        known.put(arn, new Known(createdAt, tags));
      } finally {
        lock.unlock();
      }
    }
    return tags;
  }

  /** {@return whether something was made so long ago that AWS shows it everywhere, and who made it has used it} */
  boolean isSettled(Instant createdAt) {
    return createdAt.plus(RetryPolicy.DEFAULT.settling()).isBefore(time.now());
  }

  /** {@return the time, as it is written into a tag} */
  String now() {
    return time.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** {@return all tags of something; none if it is not there} */
  Map<String, String> read(String arn) {
    Map<String, String> tags = new HashMap<>();
    String token = null;
    do {
      ListTagsRequest request =
          ListTagsRequest.builder().resourceArn(arn).nextToken(token).build();
      ListTagsResponse page = errors
          .find("List the tags of " + arn, () -> clients.controlPlane().listTags(request))
          .orElse(null);
      if (page == null) {
        return Map.of();
      }
      page.tags().forEach(tag -> tags.put(tag.key(), tag.value()));
      token = page.nextToken();
    } while (token != null);
    return tags;
  }
}
