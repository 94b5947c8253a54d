package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.BigQueryDestination;
import com.google.cloud.aiplatform.v1.ClientConnectionConfig;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.EncryptionSpec;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.PredictRequestResponseLoggingConfig;
import com.google.cloud.aiplatform.v1.PrivateServiceConnectConfig;
import com.google.cloud.aiplatform.v1.UpdateEndpointLongRunningRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexEndpoint.Access;
import io.fairlead.vertex.VertexLogging;
import io.fairlead.vertex.internal.values.DeployedModelName;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Endpoints. The id is the public name. All variants share one, which is deleted with the last.
 *
 * <p>Its labels contain the resources that each of its variants uses, see {@link VariantLabels}.
 */
final class EndpointKind extends VertexKind<EndpointSpec> {
  private final EndpointCalls endpoints;
  private final LabelRoom room;

  EndpointKind(VertexNames names, VertexCalls calls, EndpointCalls endpoints, LabelRoom room) {
    super(EndpointSpec.KIND, names, calls);
    this.endpoints = endpoints;
    this.room = room;
  }

  @Override
  public Observed<EndpointSpec> read(String id, Look look) {
    return endpoints
        .find(id, look)
        .map(endpoint -> VertexTags.withOwner(
                Observed.ready(value(endpoint)), endpoint.getLabelsMap())
            .withRevision(endpoint.getEtag()))
        .orElseGet(Observed::absent);
  }

  private static EndpointSpec value(Endpoint endpoint) {
    Access access = endpoint.hasPrivateServiceConnectConfig()
        ? Access.PRIVATE_SERVICE_CONNECT
        : endpoint.getDedicatedEndpointEnabled() ? Access.DEDICATED : Access.SHARED;
    VertexEndpoint reached = switch (access) {
      case SHARED -> VertexEndpoint.shared();
      case DEDICATED -> VertexEndpoint.dedicated();
      case PRIVATE_SERVICE_CONNECT ->
        VertexEndpoint.privateServiceConnect(endpoint
            .getPrivateServiceConnectConfig()
            .getProjectAllowlistList()
            .toArray(String[]::new));
    };
    Duration timeout =
        VertexTimes.duration(endpoint.getClientConnectionConfig().getInferenceTimeout());
    if (access != Access.SHARED && !timeout.isZero()) {
      reached = reached.withInferenceTimeout(timeout);
    }
    PredictRequestResponseLoggingConfig logging = endpoint.getPredictRequestResponseLoggingConfig();
    SortedMap<String, String> labels = new TreeMap<>(endpoint.getLabelsMap());
    labels.keySet().removeAll(Set.of(VertexTags.DEPLOYMENT, VertexTags.RUN));
    return new EndpointSpec(
        reached,
        logging.getEnabled()
            ? new VertexLogging(
                logging.getSamplingRate(),
                Optional.of(logging.getBigqueryDestination().getOutputUri())
                    .filter(table -> !table.isEmpty()))
            : EndpointSpec.NOT_LOGGED,
        labels,
        endpoint.getEncryptionSpec().getKmsKeyName());
  }

  @Override
  public Accepted create(String id, EndpointSpec desired, OwnerTag owner) {
    VertexEndpoint access = desired.access();
    Endpoint.Builder endpoint = Endpoint.newBuilder()
        .setDisplayName(id)
        .putAllLabels(desired.labels())
        .putAllLabels(VertexTags.of(owner))
        .setDedicatedEndpointEnabled(access.access() == Access.DEDICATED);
    if (!desired.encryptionKey().isEmpty()) {
      endpoint.setEncryptionSpec(
          EncryptionSpec.newBuilder().setKmsKeyName(desired.encryptionKey()));
    }
    if (access.access() == Access.PRIVATE_SERVICE_CONNECT) {
      endpoint.setPrivateServiceConnectConfig(PrivateServiceConnectConfig.newBuilder()
          .setEnablePrivateServiceConnect(true)
          .addAllProjectAllowlist(access.allowedProjects()));
    }
    if (access.inferenceTimeout().isPresent()) {
      endpoint.setClientConnectionConfig(connection(access));
    }
    if (desired.logging().samplingRate() > 0) {
      endpoint.setPredictRequestResponseLoggingConfig(config(desired.logging()));
    }
    return calls.create(
        "Create endpoint " + id,
        calls.clients().endpoints().createEndpointCallable(),
        CreateEndpointRequest.newBuilder()
            .setParent(names.parent())
            .setEndpointId(id)
            .setEndpoint(endpoint)
            .build(),
        names.endpoint(id));
  }

  private static ClientConnectionConfig connection(VertexEndpoint access) {
    return ClientConnectionConfig.newBuilder()
        .setInferenceTimeout(VertexTimes.proto(access.inferenceTimeout().orElse(Duration.ZERO)))
        .build();
  }

  private static PredictRequestResponseLoggingConfig config(VertexLogging logging) {
    if (logging.samplingRate() == 0) {
      return PredictRequestResponseLoggingConfig.getDefaultInstance();
    }
    PredictRequestResponseLoggingConfig.Builder config =
        PredictRequestResponseLoggingConfig.newBuilder()
            .setEnabled(true)
            .setSamplingRate(logging.samplingRate());
    logging
        .table()
        .ifPresent(table ->
            config.setBigqueryDestination(BigQueryDestination.newBuilder().setOutputUri(table)));
    return config.build();
  }

  @Override
  public Accepted update(String id, Observed<EndpointSpec> current, EndpointSpec desired) {
    EndpointSpec actual = current.value().orElseThrow();
    boolean logging = !actual.isLoggedAs(desired);
    boolean labels = !actual.labels().equals(desired.labels());
    if (logging || labels) {
      write(id, current, desired, logging, labels);
    }
    if (actual.hasTimeoutOf(desired)) {
      return Accepted.VISIBLE;
    }
    return calls.start(
        "Set the inference timeout of endpoint " + id,
        calls.clients().endpoints().updateEndpointLongRunningCallable(),
        UpdateEndpointLongRunningRequest.newBuilder()
            .setEndpoint(Endpoint.newBuilder()
                .setName(names.endpoint(id))
                // Required in an endpoint that is sent without a field mask.
                .setDisplayName(id)
                .setClientConnectionConfig(connection(desired.access())))
            .build());
  }

  private void write(
      String id,
      Observed<EndpointSpec> current,
      EndpointSpec desired,
      boolean logging,
      boolean labels) {
    Endpoint.Builder endpoint = Endpoint.newBuilder()
        .setName(names.endpoint(id))
        .setEtag(current.revision().orElse(""));
    List<String> paths = new ArrayList<>();
    if (logging) {
      endpoint.setPredictRequestResponseLoggingConfig(config(desired.logging()));
      paths.add("predict_request_response_logging_config");
    }
    if (labels) {
      endpoint
          .putAllLabels(withinLimit(id, desired.labels()))
          .putAllLabels(VertexTags.of(new OwnerTag(id, current.run().orElseThrow())));
      paths.add("labels");
    }
    calls.call(
        "Update endpoint " + id,
        calls.clients().endpoints().updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(endpoint)
            .setUpdateMask(FieldMask.newBuilder().addAllPaths(paths))
            .build());
  }

  private SortedMap<String, String> withinLimit(String id, SortedMap<String, String> labels) {
    return LabelRoom.isEnoughFor(labels)
        ? labels
        : room.fit(
            labels,
            endpoints
                .find(id)
                .orElseThrow(
                    () -> failure(ErrorKind.NOT_FOUND, "Endpoint " + id + " no longer exists")));
  }

  @Override
  public Accepted delete(String id, Observed<EndpointSpec> current, Set<ResourceRef> going) {
    try {
      return calls.start(
          "Delete endpoint " + id,
          calls.clients().endpoints().deleteEndpointCallable(),
          DeleteEndpointRequest.newBuilder().setName(names.endpoint(id)).build());
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.CONFLICT) {
        refuseIfOthersUse(id);
      }
      throw e;
    }
  }

  /** Models that were deployed by hand are kept, and waiting until they are undeployed could take for ever. */
  private void refuseIfOthersUse(String id) {
    String others = endpoints.find(id).stream()
        .flatMap(endpoint -> endpoint.getDeployedModelsList().stream())
        .filter(model -> DeployedModelName.variant(model).isEmpty())
        .map(model -> model.getId() + " (" + model.getDisplayName() + ")")
        .collect(Collectors.joining(", "));
    if (!others.isEmpty()) {
      throw refusal("Endpoint " + id
          + " has deployed models that are not managed by Fairlead: undeploy them yourself first: "
          + others);
    }
  }

  @Override
  public List<Listed> list(Look look) {
    return endpoints.list(look).stream().map(EndpointKind::listed).toList();
  }

  private static Listed listed(Endpoint endpoint) {
    Map<String, VariantLabels> variants = VariantLabels.of(endpoint.getLabelsMap());
    endpoint.getDeployedModelsList().forEach(deployed -> variants.remove(deployed.getId()));
    return Listed.of(
            new ResourceRef(EndpointSpec.KIND.name(), VertexNames.id(endpoint.getName())),
            VertexTimes.instant(endpoint.getCreateTime()))
        .deployment(endpoint.getLabelsOrDefault(VertexTags.DEPLOYMENT, ""))
        .remembers(variants.values().stream()
            .flatMap(labels -> labels.remembers().stream())
            .distinct()
            .toList());
  }

  @Override
  public boolean matches(EndpointSpec desired, EndpointSpec actual) {
    return actual.isAs(desired);
  }

  @Override
  public Optional<String> cannotUpdate(EndpointSpec actual, EndpointSpec desired) {
    if (!actual.isEncryptedAs(desired)) {
      return Optional.of("is encrypted with "
          + (actual.encryptionKey().isEmpty() ? "Google's own key" : actual.encryptionKey())
          + ", which cannot be changed: deploy under another name, or undeploy its variants first");
    }
    return actual.isWhere(desired)
        ? Optional.empty()
        : Optional.of(
            "has another network access (" + actual.access().access()
                + "), which cannot be changed: deploy under another name, or undeploy its variants first");
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
