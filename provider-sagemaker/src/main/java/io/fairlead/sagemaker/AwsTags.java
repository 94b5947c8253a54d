package io.fairlead.sagemaker;

import io.fairlead.reconcile.Mark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.sagemaker.model.ListTagsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListTagsResponse;
import software.amazon.awssdk.services.sagemaker.model.Tag;

/** The tags that tell whose something is; what has none of them is never touched. */
final class AwsTags {
  static final String DEPLOYMENT = "fairlead-deployment";
  static final String RUN = "fairlead-run";
  /** On an endpoint configuration: which operation brought each of its variants, {@code fairlead-run/blue}. */
  static final String RUN_OF_VARIANT = "fairlead-run/";

  /** On an inference component: the variant that it is. */
  static final String VARIANT = "fairlead-variant";
  /** On a fleet and its configurations: its name. */
  static final String FLEET = "fairlead-fleet";

  private final AwsClients clients;
  private final SageMakerErrors errors;

  AwsTags(AwsClients clients, SageMakerErrors errors) {
    this.clients = clients;
    this.errors = errors;
  }

  static Map<String, String> of(Mark mark) {
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
