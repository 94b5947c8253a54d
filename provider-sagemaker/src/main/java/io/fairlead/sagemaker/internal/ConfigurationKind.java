package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Accepted;
import io.fairlead.sagemaker.SageMakerProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.sagemaker.model.EndpointConfigSummary;

/** Endpoint configurations as what may be left behind; variants make them, and take them along. */
final class ConfigurationKind implements ResourceKind<Configuration> {
  static final String NAME = "endpoint-configuration";

  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final SageMakerTags tags;
  private final EndpointCalls endpoints;

  ConfigurationKind(
      SageMakerClients clients,
      SageMakerErrors errors,
      SageMakerTags tags,
      EndpointCalls endpoints) {
    this.clients = clients;
    this.errors = errors;
    this.tags = tags;
    this.endpoints = endpoints;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Observed<Configuration> read(String name) {
    return errors
        .find(
            "Describe endpoint configuration " + name,
            () -> clients
                .controlPlane()
                .describeEndpointConfig(request -> request.endpointConfigName(name)))
        .map(found -> {
          Observed<Configuration> seen = Observed.ready(new Configuration(name));
          return SageMakerTags.areOurs(endpoints.tagsOf(found)) ? seen : seen.asForeign();
        })
        .orElseGet(Observed::absent);
  }

  @Override
  public Accepted create(String name, Configuration desired, OwnerTag mark) {
    throw new ServingException(
        SageMakerProvider.ID,
        ErrorKind.UNSUPPORTED,
        "Endpoint configuration " + name + " comes with its variants");
  }

  @Override
  public Accepted update(String name, Observed<Configuration> current, Configuration desired) {
    throw new ServingException(
        SageMakerProvider.ID,
        ErrorKind.UNSUPPORTED,
        "Endpoint configuration " + name + " cannot be changed: they are immutable");
  }

  @Override
  public Accepted delete(String name, Observed<Configuration> current) {
    endpoints.deleteConfiguration(name);
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list() {
    List<Listed> listed = new ArrayList<>();
    for (EndpointConfigSummary summary : endpoints.summaries(SageMakerNames.PREFIX)) {
      Map<String, String> marks =
          tags.ofCreation(summary.endpointConfigArn(), summary.creationTime());
      if (SageMakerTags.areOurs(marks)) {
        listed.add(new Listed(
            new ResourceRef(NAME, summary.endpointConfigName()),
            marks.getOrDefault(SageMakerTags.DEPLOYMENT, ""),
            summary.creationTime(),
            Observed.Status.READY,
            "",
            false,
            List.of(),
            Optional.empty()));
      }
    }
    return listed;
  }
}
