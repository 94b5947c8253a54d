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
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;

/**
 * Endpoint configurations. They are created with variants.
 *
 * <p>Their tags name the models that the variants of the public name have, and had, so that an interrupted undeploy
 * can be resumed.
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
    if (endpoints.isDeleted(name)) {
      return Observed.absent();
    }
    return endpoints
        .findConfiguration(name, look)
        .map(found -> {
          Observed<Configuration> seen = Observed.ready(new Configuration(name));
          return SageMakerTags.areManaged(endpoints.tagsOf(found, look)) ? seen : seen.asForeign();
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
      Map<String, String> resourceTags =
          tags.ofListed(summary.endpointConfigArn(), summary.creationTime());
      if (SageMakerTags.areManaged(resourceTags)) {
        listed.add(Listed.of(
                new ResourceRef(SageMakerKinds.CONFIGURATION.name(), summary.endpointConfigName()),
                summary.creationTime())
            .deployment(resourceTags.getOrDefault(SageMakerTags.DEPLOYMENT, ""))
            .remembers(SageMakerTags.models(resourceTags)));
      }
    }
    return listed;
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
