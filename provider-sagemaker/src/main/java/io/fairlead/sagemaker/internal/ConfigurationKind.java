package io.fairlead.sagemaker.internal;

import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;

/**
 * Endpoint configurations as what carries a public name beside the endpoint itself: variants make them.
 *
 * <p>Their tags say which models the name's variants have, and had, so that a removal that was cut off is resumed.
 */
final class ConfigurationKind implements ResourceKind<Configuration> {
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;

  ConfigurationKind(SageMakerTags tags, EndpointCalls endpoints) {
    this.tags = tags;
    this.endpoints = endpoints;
  }

  @Override
  public KindName<Configuration> id() {
    return SageMakerKinds.CONFIGURATION;
  }

  @Override
  public Observed<Configuration> read(String name, Look look) {
    return endpoints
        .findConfiguration(name, look)
        .map(found -> {
          Observed<Configuration> seen = Observed.ready(new Configuration(name));
          Map<String, String> marks = endpoints.tagsOf(found, look);
          return SageMakerTags.areOurs(marks) ? seen : seen.asForeign();
        })
        .orElseGet(Observed::absent);
  }

  @Override
  public Accepted delete(String name, Observed<Configuration> current, Set<ResourceRef> going) {
    endpoints.deleteConfiguration(name);
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list(Look look) {
    List<Listed> listed = new ArrayList<>();
    for (EndpointConfigSummary summary : endpoints.configurations(look)) {
      Map<String, String> marks =
          tags.ofCreation(summary.endpointConfigArn(), summary.creationTime());
      if (SageMakerTags.areOurs(marks)) {
        List<ResourceRef> models = SageMakerTags.models(marks);
        Listed entry = Listed.of(
                new ResourceRef(SageMakerKinds.CONFIGURATION.name(), summary.endpointConfigName()),
                summary.creationTime())
            .deployment(marks.getOrDefault(SageMakerTags.DEPLOYMENT, ""))
            .remembers(models);
        listed.add(
            isAboutToBeUsed(summary, marks, look)
                ? entry
                    .asRoot()
                    .status(Observed.Status.CHANGING, "a deployment is about to use it")
                    .uses(models)
                : entry);
      }
    }
    return listed;
  }

  /** A deployment that is on its way has nothing else yet that tells of it and keeps its models. */
  private boolean isAboutToBeUsed(
      EndpointConfigSummary summary, Map<String, String> marks, Look look) {
    String endpoint = marks.getOrDefault(SageMakerTags.DEPLOYMENT, "");
    boolean isUsed = !endpoint.isEmpty()
        && endpoints
            .find(endpoint, look)
            .map(DescribeEndpointResponse::endpointConfigName)
            .filter(summary.endpointConfigName()::equals)
            .isPresent();
    // A claim comes later than the tags of its creation.
    return !isUsed
        && endpoints.isAboutToBeUsed(
            summary.creationTime(), endpoints.tagsOf(summary.endpointConfigArn(), look));
  }
}
