package io.fairlead.vertex.internal;

import com.google.api.gax.grpc.GrpcCallContext;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.PrivateServiceConnectConfig;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.internal.values.DeployedModelName;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** A project of its own at the stand-in, in which the endpoint {@code churn} serves variants, and what asks them. */
final class Serving implements AutoCloseable {
  static final Endpoint BLUE = endpoint("blue");

  private static final AtomicInteger PROJECTS = new AtomicInteger();

  final VirtualTime time = new VirtualTime();
  final Project project = StandIn.project("serving-" + PROJECTS.incrementAndGet(), time);
  final VertexConfig config = VertexConfig.of(project.id(), Project.LOCATION)
      .withPlaintextEndpoint(StandIn.endpoint())
      .withTransport(StandIn.transport(Faults.none()));
  final VertexClients clients = new VertexClients(config);
  final VertexNames names = new VertexNames(config);
  final VertexInvoker invoker = invoker(config, clients);

  Serving() {
    project.addModel("m");
    project.duration("CreateEndpoint", Duration.ZERO);
    project.duration("DeployModel", Duration.ZERO);
  }

  VertexInvoker invoker(VertexConfig of, VertexClients over) {
    return new VertexInvoker(
        of, over, new VertexErrors(VertexClients.identity(of)), names, time, new Random(1));
  }

  static Endpoint endpoint(String variant) {
    return new Endpoint(
        new Container(
            ModelArtifact.of(URI.create("gs://models/one/")), RuntimeSpec.NONE, Dependencies.NONE),
        Scaling.fixed("n1-standard-4", 1),
        new Routing("churn", variant));
  }

  /** Makes the endpoint with variants, of which the last has all requests. */
  Serving with(boolean dedicated, String... variants) {
    return with(
        com.google.cloud.aiplatform.v1.Endpoint.newBuilder().setDedicatedEndpointEnabled(dedicated),
        variants);
  }

  /** The same, by Private Service Connect. */
  Serving withPrivate(String... variants) {
    return with(
        com.google.cloud.aiplatform.v1.Endpoint.newBuilder()
            .setPrivateServiceConnectConfig(PrivateServiceConnectConfig.newBuilder()
                .setEnablePrivateServiceConnect(true)
                .addProjectAllowlist("other-project")),
        variants);
  }

  private Serving with(
      com.google.cloud.aiplatform.v1.Endpoint.Builder endpoint, String... variants) {
    call(
        clients.endpoints().createEndpointCallable(),
        CreateEndpointRequest.newBuilder()
            .setParent(names.parent())
            .setEndpointId("churn")
            .setEndpoint(endpoint.setDisplayName("churn"))
            .build());
    time.pass(Duration.ofSeconds(1));
    for (String variant : variants) {
      call(
          clients.endpoints().deployModelCallable(),
          DeployModelRequest.newBuilder()
              .setEndpoint(names.endpoint("churn"))
              .setDeployedModel(DeployedModel.newBuilder()
                  .setId(id(variant))
                  .setModel(names.model("m"))
                  .setDisplayName(DeployedModelName.displayName(variant, "run-1"))
                  .setDedicatedResources(DedicatedResources.newBuilder()
                      .setMachineSpec(MachineSpec.newBuilder().setMachineType("n1-standard-4"))
                      .setMinReplicaCount(1)))
              .putTrafficSplit("0", 100)
              .build());
      time.pass(Duration.ofSeconds(1));
    }
    project.forgetCalls();
    return this;
  }

  /** Divides the requests by variant. */
  void route(Map<String, Integer> percents) {
    var wanted = com.google.cloud.aiplatform.v1.Endpoint.newBuilder()
        .setName(names.endpoint("churn"))
        .setDisplayName("churn");
    percents.forEach((variant, percent) -> wanted.putTrafficSplit(id(variant), percent));
    call(
        clients.endpoints().updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(wanted)
            .setUpdateMask(FieldMask.newBuilder().addPaths("traffic_split"))
            .build());
    project.forgetCalls();
  }

  static String id(String variant) {
    return VertexNames.deployedModelId("churn/" + variant);
  }

  private static <Q, A> void call(com.google.api.gax.rpc.UnaryCallable<Q, A> callable, Q request) {
    callable.call(
        request, GrpcCallContext.createDefault().withTimeoutDuration(Duration.ofSeconds(30)));
  }

  @Override
  public void close() {
    clients.close();
    project.close();
  }
}
