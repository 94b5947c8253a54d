package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.RolledBack;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;

/** What rollouts of an endpoint have rolled back, which is a tag of it. */
final class RolledBackKind implements ResourceKind<RolledBack> {
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;

  RolledBackKind(SageMakerTags tags, EndpointCalls endpoints) {
    this.tags = tags;
    this.endpoints = endpoints;
  }

  @Override
  public KindName<RolledBack> id() {
    return RolledBack.KIND;
  }

  @Override
  public Observed<RolledBack> read(String name, Look look) {
    Optional<DescribeEndpointResponse> found =
        endpoints.find(name, look).filter(endpoint -> !endpoints.isFleet(endpoint));
    if (found.isEmpty()) {
      return Observed.absent();
    }
    // Not those of the creation, which are read once: another process may have written this one.
    Map<String, String> now = tags.read(found.get().endpointArn());
    Observed<RolledBack> seen =
        Observed.ready(RolledBack.ofTag(Optional.ofNullable(now.get(SageMakerTags.ROLLED_BACK))));
    return SageMakerTags.areManaged(now) ? seen : seen.asForeign();
  }

  @Override
  public Accepted update(String name, Observed<RolledBack> current, RolledBack desired) {
    DescribeEndpointResponse endpoint = endpoints
        .find(name)
        .orElseThrow(() -> new ServingException(
            SageMakerProvider.ID, ErrorKind.NOT_FOUND, "Endpoint " + name + " no longer exists"));
    endpoints.tag(endpoint, Map.of(SageMakerTags.ROLLED_BACK, desired.note()));
    return Accepted.VISIBLE;
  }
}
