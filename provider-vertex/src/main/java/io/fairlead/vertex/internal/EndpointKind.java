package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.BigQueryDestination;
import com.google.cloud.aiplatform.v1.ClientConnectionConfig;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.PredictRequestResponseLoggingConfig;
import com.google.cloud.aiplatform.v1.PrivateServiceConnectConfig;
import com.google.cloud.aiplatform.v1.UpdateEndpointLongRunningRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Accepted;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexEndpoint.Access;
import io.fairlead.vertex.VertexLogging;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Endpoints: what carries the public name, which is their id. All variants share one, and it goes with the last. */
final class EndpointKind extends VertexKind<EndpointSpec> {
  static final String NAME = "endpoint";

  private final EndpointCalls endpoints;

  EndpointKind(VertexNames names, VertexCalls calls, EndpointCalls endpoints) {
    super(NAME, names, calls);
    this.endpoints = endpoints;
  }

  @Override
  public Observed<EndpointSpec> read(String id) {
    return endpoints
        .find(id)
        .map(endpoint -> VertexTags.marked(Observed.ready(value(endpoint)), endpoint.getLabelsMap())
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
    java.time.Duration timeout =
        VertexTimes.duration(endpoint.getClientConnectionConfig().getInferenceTimeout());
    if (access != Access.SHARED && !timeout.isZero()) {
      reached = reached.withInferenceTimeout(timeout);
    }
    PredictRequestResponseLoggingConfig logging = endpoint.getPredictRequestResponseLoggingConfig();
    return new EndpointSpec(
        reached,
        logging.getEnabled()
            ? Optional.of(new VertexLogging(
                logging.getSamplingRate(),
                Optional.of(logging.getBigqueryDestination().getOutputUri())
                    .filter(table -> !table.isEmpty())))
            : Optional.empty());
  }

  @Override
  public Accepted create(String id, EndpointSpec desired, OwnerTag mark) {
    VertexEndpoint access = desired.access();
    Endpoint.Builder endpoint = Endpoint.newBuilder()
        .setDisplayName(id)
        .putAllLabels(VertexTags.of(mark))
        .setDedicatedEndpointEnabled(access.access() == Access.DEDICATED);
    if (access.access() == Access.PRIVATE_SERVICE_CONNECT) {
      endpoint.setPrivateServiceConnectConfig(PrivateServiceConnectConfig.newBuilder()
          .setEnablePrivateServiceConnect(true)
          .addAllProjectAllowlist(access.allowedProjects()));
    }
    if (access.inferenceTimeout().isPresent()) {
      endpoint.setClientConnectionConfig(connection(access));
    }
    desired
        .logging()
        .ifPresent(logging -> endpoint.setPredictRequestResponseLoggingConfig(config(logging)));
    return calls.make(
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
        .setInferenceTimeout(
            VertexTimes.proto(access.inferenceTimeout().orElse(java.time.Duration.ZERO)))
        .build();
  }

  private static PredictRequestResponseLoggingConfig config(VertexLogging logging) {
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
    if (!isLoggedAs(desired, actual)) {
      calls.call(
          "Set the logging of endpoint " + id,
          calls.clients().endpoints().updateEndpointCallable(),
          UpdateEndpointRequest.newBuilder()
              .setEndpoint(Endpoint.newBuilder()
                  .setName(names.endpoint(id))
                  .setEtag(current.revision().orElse(""))
                  .setPredictRequestResponseLoggingConfig(desired
                      .logging()
                      .map(EndpointKind::config)
                      .orElseGet(PredictRequestResponseLoggingConfig::getDefaultInstance)))
              .setUpdateMask(
                  FieldMask.newBuilder().addPaths("predict_request_response_logging_config"))
              .build());
    }
    if (actual.access().inferenceTimeout().equals(desired.access().inferenceTimeout())) {
      return Accepted.VISIBLE;
    }
    return calls.begin(
        "Set the inference timeout of endpoint " + id,
        calls.clients().endpoints().updateEndpointLongRunningCallable(),
        UpdateEndpointLongRunningRequest.newBuilder()
            .setEndpoint(Endpoint.newBuilder()
                .setName(names.endpoint(id))
                // Required in every endpoint that has no mask beside it.
                .setDisplayName(id)
                .setClientConnectionConfig(connection(desired.access())))
            .build());
  }

  @Override
  public Accepted delete(String id, Observed<EndpointSpec> current) {
    try {
      return calls.begin(
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

  /** What people deployed to it by hand stays, and waiting for them to end it could take for ever. */
  private void refuseIfOthersUse(String id) {
    String others = endpoints.find(id).stream()
        .flatMap(endpoint -> endpoint.getDeployedModelsList().stream())
        .filter(model -> DeployedModelName.variant(model).isEmpty())
        .map(model -> model.getId() + " (" + model.getDisplayName() + ")")
        .collect(Collectors.joining(", "));
    if (!others.isEmpty()) {
      throw refusal("Endpoint " + id
          + " has deployed models that were not made by this library: undeploy them yourself first: "
          + others);
    }
  }

  @Override
  public List<Listed> list() {
    return endpoints.list().stream()
        .map(endpoint -> new Listed(
            new ResourceRef(NAME, VertexNames.id(endpoint.getName())),
            endpoint.getLabelsOrDefault(VertexTags.DEPLOYMENT, ""),
            VertexTimes.instant(endpoint.getCreateTime()),
            Observed.Status.READY,
            "",
            false,
            List.of(),
            Optional.empty()))
        .toList();
  }

  @Override
  public boolean matches(EndpointSpec desired, EndpointSpec actual) {
    return desired.access().equals(actual.access()) && isLoggedAs(desired, actual);
  }

  /** Where no table is asked for, Vertex AI makes one and says which. */
  private static boolean isLoggedAs(EndpointSpec desired, EndpointSpec actual) {
    if (desired.logging().isEmpty() || actual.logging().isEmpty()) {
      return desired.logging().equals(actual.logging());
    }
    VertexLogging wanted = desired.logging().get();
    VertexLogging given = actual.logging().get();
    return wanted.samplingRate() == given.samplingRate()
        && (wanted.table().isEmpty() || wanted.table().equals(given.table()));
  }

  @Override
  public Optional<String> cannotUpdate(EndpointSpec actual, EndpointSpec desired) {
    boolean same = actual.access().access() == desired.access().access()
        && actual.access().allowedProjects().equals(desired.access().allowedProjects());
    return same
        ? Optional.empty()
        : Optional.of(
            "is reached otherwise (" + actual.access().access()
                + "), which cannot be changed: deploy under another name, or undeploy its variants first");
  }
}
