package io.fairlead.vertex.standin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.HttpBody;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcCallContext;
import com.google.api.gax.grpc.GrpcResponseMetadata;
import com.google.api.gax.rpc.ApiException;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.ServerStream;
import com.google.api.gax.rpc.StatusCode.Code;
import com.google.api.gax.rpc.TransportChannel;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.api.gax.rpc.UnaryCallable;
import com.google.cloud.NoCredentials;
import com.google.cloud.aiplatform.v1.AutoscalingMetricSpec;
import com.google.cloud.aiplatform.v1.CreateDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.CreateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DedicatedResources;
import com.google.cloud.aiplatform.v1.DeleteDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.DeleteModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteModelRequest;
import com.google.cloud.aiplatform.v1.DeleteModelVersionRequest;
import com.google.cloud.aiplatform.v1.DeployModelOperationMetadata;
import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.DeploymentResourcePool;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceClient;
import com.google.cloud.aiplatform.v1.DeploymentResourcePoolServiceSettings;
import com.google.cloud.aiplatform.v1.DeploymentStage;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.EndpointServiceClient;
import com.google.cloud.aiplatform.v1.EndpointServiceSettings;
import com.google.cloud.aiplatform.v1.EnvVar;
import com.google.cloud.aiplatform.v1.GetDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.GetModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.GetModelRequest;
import com.google.cloud.aiplatform.v1.JobServiceClient;
import com.google.cloud.aiplatform.v1.JobServiceSettings;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsResponse;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsRequest;
import com.google.cloud.aiplatform.v1.ListModelEvaluationsRequest;
import com.google.cloud.aiplatform.v1.ListModelVersionsRequest;
import com.google.cloud.aiplatform.v1.ListModelsRequest;
import com.google.cloud.aiplatform.v1.MachineSpec;
import com.google.cloud.aiplatform.v1.MergeVersionAliasesRequest;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.ModelContainerSpec;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringObjectiveConfig;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringScheduleConfig;
import com.google.cloud.aiplatform.v1.ModelServiceClient;
import com.google.cloud.aiplatform.v1.ModelServiceSettings;
import com.google.cloud.aiplatform.v1.MutateDeployedModelRequest;
import com.google.cloud.aiplatform.v1.PredictRequest;
import com.google.cloud.aiplatform.v1.PredictResponse;
import com.google.cloud.aiplatform.v1.PredictionServiceClient;
import com.google.cloud.aiplatform.v1.PredictionServiceSettings;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.cloud.aiplatform.v1.SamplingStrategy;
import com.google.cloud.aiplatform.v1.StreamRawPredictRequest;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import com.google.cloud.aiplatform.v1.UpdateDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.cloud.aiplatform.v1.UpdateModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelResponse;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.StorageException;
import com.google.cloud.storage.StorageOptions;
import com.google.longrunning.CancelOperationRequest;
import com.google.longrunning.DeleteOperationRequest;
import com.google.longrunning.GetOperationRequest;
import com.google.longrunning.ListOperationsRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Value;
import com.google.protobuf.util.Durations;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.Held;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StandInTest {
  private static final AtomicInteger PROJECTS = new AtomicInteger();
  private static final String IMAGE = "us-docker.pkg.dev/someone/images/server:1";
  private static final TransportChannel CHANNEL = channel();
  private static final Clients CLIENTS = new Clients(FixedTransportChannelProvider.create(CHANNEL));

  private final VirtualTime time = new VirtualTime();
  private final String id = "stand-in-" + PROJECTS.incrementAndGet();
  private final Project project = StandIn.project(id, time);
  private final String parent = "projects/" + id + "/locations/us-central1";
  private final String answered = "projects/" + project.number() + "/locations/us-central1";

  /** The SDK's own clients. */
  private static final class Clients {
    final ModelServiceClient models;
    final EndpointServiceClient endpoints;
    final DeploymentResourcePoolServiceClient pools;
    final PredictionServiceClient predictions;
    final JobServiceClient jobs;

    Clients(TransportChannelProvider transport) {
      NoCredentialsProvider nobody = NoCredentialsProvider.create();
      try {
        models = ModelServiceClient.create(ModelServiceSettings.newBuilder()
            .setTransportChannelProvider(transport)
            .setCredentialsProvider(nobody)
            .build());
        endpoints = EndpointServiceClient.create(EndpointServiceSettings.newBuilder()
            .setTransportChannelProvider(transport)
            .setCredentialsProvider(nobody)
            .build());
        pools = DeploymentResourcePoolServiceClient.create(
            DeploymentResourcePoolServiceSettings.newBuilder()
                .setTransportChannelProvider(transport)
                .setCredentialsProvider(nobody)
                .build());
        predictions = PredictionServiceClient.create(PredictionServiceSettings.newBuilder()
            .setTransportChannelProvider(transport)
            .setCredentialsProvider(nobody)
            .build());
        jobs = JobServiceClient.create(JobServiceSettings.newBuilder()
            .setTransportChannelProvider(transport)
            .setCredentialsProvider(nobody)
            .build());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void close() {
      List.of(models, endpoints, pools, predictions, jobs).forEach(client -> {
        try {
          client.close();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      });
    }
  }

  private static TransportChannel channel() {
    try {
      return EndpointServiceSettings.defaultGrpcTransportProviderBuilder()
          .setEndpoint(StandIn.endpoint())
          .setChannelConfigurator(builder -> builder.usePlaintext())
          .build()
          .withHeaders(EndpointServiceSettings.defaultApiClientHeaderProviderBuilder()
              .build()
              .getHeaders())
          .getTransportChannel();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  void close() {
    project.close();
  }

  @AfterAll
  static void closeClients() {
    CLIENTS.close();
    CHANNEL.shutdownNow();
  }

  // ---- the way through ----

  @Test
  void aModelIsUploadedDeployedScaledAskedUndeployedAndDeleted() {
    upload("m");
    createEndpoint("e");
    deploy("e", "11", "m", Map.of("0", 100));

    assertThat(project.remains()).containsExactly("deployed-model/e/11", "endpoint/e", "model/m@1");
    PredictResponse said = predict("e");
    assertThat(said.getPredictions(0).getStringValue()).isEqualTo("hi");
    assertThat(said.getDeployedModelId()).isEqualTo("11");
    assertThat(said.getModel()).isEqualTo(answered + "/models/m");
    assertThat(said.getModelVersionId()).isEqualTo("1");
    assertThat(said.getModelDisplayName()).isEqualTo("m");

    done(call(CLIENTS.endpoints.mutateDeployedModelCallable(), scaling("e", "11", 2, 3)));
    DedicatedResources resources = endpoint("e").getDeployedModels(0).getDedicatedResources();
    assertThat(resources.getMinReplicaCount()).isEqualTo(2);
    assertThat(resources.getMaxReplicaCount()).isEqualTo(3);
    assertThat(resources.getMachineSpec().getMachineType()).isEqualTo("n1-standard-4");
    assertThat(endpoint("e").getDeployedModels(0).getStatus().getAvailableReplicaCount())
        .isEqualTo(2);

    undeploy("e", "11");
    deleteEndpoint("e");
    time.pass(Duration.ofMinutes(3));
    deleteModel("m");
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void whatIsSaidCarriesTheNumberAndWhatIsAskedMayCarryEither() {
    Operation uploading =
        call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build());

    assertThat(uploading.getName()).startsWith(answered + "/models/m/operations/");
    done(uploading);
    assertThat(model("m").getName()).isEqualTo(answered + "/models/m");
    assertThat(call(
                CLIENTS.models.getModelCallable(),
                GetModelRequest.newBuilder().setName(answered + "/models/m").build())
            .getDisplayName())
        .isEqualTo("m");
    String byId = uploading.getName().replace(project.number(), id);
    assertThat(operation(byId).getDone()).isTrue();
  }

  @Test
  void projectsSeeNothingOfEachOtherAndAnUnknownOneIsDenied() {
    upload("m");

    try (Project other = StandIn.project(id + "-other", time)) {
      assertThat(other.remains()).isEmpty();
      assertThat(other.calls()).isEmpty();
    }
    ApiException denied = refusal(() -> call(
        CLIENTS.endpoints.getEndpointCallable(),
        GetEndpointRequest.newBuilder()
            .setName("projects/nobody/locations/us-central1/endpoints/e")
            .build()));
    assertThat(denied.getStatusCode().getCode()).isEqualTo(Code.PERMISSION_DENIED);
    assertThat(denied).hasMessageContaining("(or it may not exist)");
  }

  @Test
  void aMethodThatItDoesNotHaveIsUnimplemented() {
    assertRefused(
        Code.UNIMPLEMENTED,
        "",
        () -> call(
            CLIENTS.models.listModelEvaluationsCallable(),
            ListModelEvaluationsRequest.newBuilder()
                .setParent(parent + "/models/m")
                .build()));
  }

  @Test
  void callsAreKnownWithTheirMessagesAndTheHeadersThatRouteThem() {
    upload("m");

    assertThat(project.calls()).containsExactly("UploadModel", "GetOperation");
    assertThat(project.requests("UploadModel", UploadModelRequest.class).get(0).getModelId())
        .isEqualTo("m");
    Map<String, String> headers = project.headers("UploadModel").get(0);
    assertThat(headers.get("x-goog-request-params"))
        .isEqualTo("parent=projects%2F" + id + "%2Flocations%2Fus-central1");
    assertThat(headers.get("x-goog-api-client")).contains("gapic/");
    project.forgetCalls();
    assertThat(project.calls()).isEmpty();
  }

  // ---- operations ----

  @Test
  void anOperationIsUnderWayForItsTimeTellsItsStageAndHasItsEffectAtItsEnd()
      throws InvalidProtocolBufferException {
    upload("m");
    createEndpoint("e");

    Operation deploying = startDeploy("e", "11", "m", Map.of("0", 100));

    List<DeploymentStage> stages = new ArrayList<>();
    for (int minute = 0; minute < 10; minute++) {
      Operation now = operation(deploying.getName());
      assertThat(now.getDone()).isFalse();
      stages.add(stage(now));
      assertThat(endpoint("e").getDeployedModelsCount()).isZero();
      time.pass(Duration.ofMinutes(1));
    }
    assertThat(stages)
        .startsWith(DeploymentStage.STARTING_DEPLOYMENT)
        .contains(DeploymentStage.GETTING_CONTAINER_IMAGE)
        .endsWith(DeploymentStage.FINISHING_UP)
        .isSorted();
    Operation end = operation(deploying.getName());
    assertThat(end.getDone()).isTrue();
    assertThat(end.hasResponse()).isTrue();
    assertThat(stage(end)).isEqualTo(DeploymentStage.SUCCESSFULLY_DEPLOYED);
    assertThat(endpoint("e").getTrafficSplitMap()).isEqualTo(Map.of("11", 100));
  }

  @Test
  void anOperationThatFailsTellsTheStageAndHasNoEffect() throws InvalidProtocolBufferException {
    upload("m");
    createEndpoint("e");
    project.failOperation(
        "DeployModel",
        Status.Code.FAILED_PRECONDITION,
        "Model server never became ready.",
        DeploymentStage.STARTING_MODEL_SERVER);

    Operation failed = end(startDeploy("e", "11", "m", Map.of("0", 100)));

    assertThat(failed.getError().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION.value());
    assertThat(failed.getError().getMessage()).isEqualTo("Model server never became ready.");
    assertThat(stage(failed)).isEqualTo(DeploymentStage.STARTING_MODEL_SERVER);
    assertThat(project.remains()).containsExactly("endpoint/e", "model/m@1");
    deploy("e", "11", "m", Map.of("0", 100));
  }

  @Test
  void anOperationCanTakeAsLongAsATestSaysOrForEverAndBeCancelled() {
    upload("m");
    createEndpoint("e");
    project.duration("DeployModel", Duration.ofMinutes(40));
    Operation slow = startDeploy("e", "11", "m", Map.of("0", 100));
    time.pass(Duration.ofMinutes(39));
    assertThat(operation(slow.getName()).getDone()).isFalse();
    time.pass(Duration.ofMinutes(1));
    assertThat(operation(slow.getName()).getDone()).isTrue();

    project.neverEnds("DeployModel");
    Operation endless = startDeploy("e", "12", "m", Map.of("0", 10, "11", 90));
    time.pass(Duration.ofDays(1));
    assertThat(operation(endless.getName()).getDone()).isFalse();
    call(
        CLIENTS.endpoints.getOperationsClient().cancelOperationCallable(),
        CancelOperationRequest.newBuilder().setName(endless.getName()).build());
    assertThat(operation(endless.getName()).getError().getCode())
        .isEqualTo(Status.Code.CANCELLED.value());
    assertThat(endpoint("e").getTrafficSplitMap()).isEqualTo(Map.of("11", 100));
  }

  @Test
  void operationsOfALocationOrAResourceAreListedAndForgotten() {
    Operation uploading = upload("m");
    createEndpoint("e");
    Operation deploying = startDeploy("e", "11", "m", Map.of("0", 100));

    assertThat(operations(parent, "")).hasSize(3).contains(uploading.getName());
    assertThat(operations(parent + "/endpoints/e", "done=false"))
        .containsExactly(deploying.getName());
    assertRefused(Code.FAILED_PRECONDITION, "still running", () -> forget(deploying.getName()));
    forget(uploading.getName());
    assertRefused(Code.NOT_FOUND, "is not found", () -> operation(uploading.getName()));
  }

  @Test
  void pollingFailsOnceForEachOperation() {
    project.pollingFailsOnce();
    Operation uploading =
        call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build());

    assertRefused(
        Code.INTERNAL, "Internal error encountered.", () -> operation(uploading.getName()));
    assertThat(operation(uploading.getName()).getDone()).isFalse();
  }

  @Test
  void nothingElseMayHappenToAnEndpointWhileAnOperationIsUnderWayOnIt() {
    upload("m");
    createEndpoint("e");
    deploy("e", "11", "m", Map.of("0", 100));
    Operation deploying = startDeploy("e", "12", "m", Map.of("0", 0, "11", 100));

    for (ThrowingCallable other : List.<ThrowingCallable>of(
        () -> startDeploy("e", "13", "m", Map.of("0", 0, "11", 100)),
        () -> startUndeploy("e", "11", Map.of()),
        () -> call(CLIENTS.endpoints.mutateDeployedModelCallable(), scaling("e", "11", 2, 2)),
        () -> deleteEndpoint("e"))) {
      assertRefused(
          Code.FAILED_PRECONDITION,
          "There are other operations running on the resource \"" + answered
              + "/endpoints/e\". Operation(s) are: " + deploying.getName(),
          other);
    }
    route("e", "", Map.of("11", 100));
  }

  // ---- what is refused ----

  @Test
  void everyRequiredFieldThatIsNotSetIsNamedAtOnce() {
    ApiException refused = refusal(() -> call(
        CLIENTS.models.uploadModelCallable(),
        UploadModelRequest.newBuilder()
            .setParent(parent)
            .setModel(Model.newBuilder()
                .setContainerSpec(
                    ModelContainerSpec.newBuilder().addEnv(EnvVar.newBuilder().setName("A"))))
            .build()));

    assertThat(refused.getStatusCode().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(refused.getErrorDetails().getBadRequest().getFieldViolationsList())
        .extracting(violation -> violation.getField())
        .containsExactlyInAnyOrder(
            "model.display_name",
            "model.container_spec.image_uri",
            "model.container_spec.env[0].value");
    assertThat(refused).hasMessageContaining("1.Field: model.");
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void anUpdateNeedsAMaskAndOnlyWhatThatNames() {
    createEndpoint("e");

    assertRefused(
        Code.INVALID_ARGUMENT,
        "Field: update_mask; Message: Required field is not set.",
        () -> call(
            CLIENTS.endpoints.updateEndpointCallable(),
            UpdateEndpointRequest.newBuilder()
                .setEndpoint(Endpoint.newBuilder().setName(parent + "/endpoints/e"))
                .build()));
    Endpoint updated = call(
        CLIENTS.endpoints.updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(
                Endpoint.newBuilder().setName(parent + "/endpoints/e").putLabels("owner", "me"))
            .setUpdateMask(mask("labels"))
            .build());
    assertThat(updated.getDisplayName()).isEqualTo("e");
    assertThat(updated.getLabelsMap()).isEqualTo(Map.of("owner", "me"));
  }

  @Test
  void aNameOfSomethingElseIsRefused() {
    assertRefused(
        Code.INVALID_ARGUMENT,
        "Invalid resource name: " + parent + "/models/m",
        () -> call(
            CLIENTS.endpoints.getEndpointCallable(),
            GetEndpointRequest.newBuilder().setName(parent + "/models/m").build()));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "Invalid resource name: m",
        () -> call(
            CLIENTS.endpoints.deployModelCallable(),
            deployOf("e", "11", "m", Map.of()).toBuilder()
                .setDeployedModel(DeployedModel.newBuilder().setModel("m"))
                .build()));
  }

  @Test
  void idsLabelsAliasesImagesAndEnvironmentsHaveTheirRules() {
    List<UploadModelRequest.Builder> wrong = List.of(
        uploadOf("M"),
        uploadOf("m").setModel(modelOf("x".repeat(129))),
        uploadOf("m").setModel(modelOf("m").putLabels("Upper", "case")),
        uploadOf("m").setModel(modelOf("m").putLabels("key", "Value")),
        uploadOf("m").setModel(modelOf("m").addVersionAliases("1")),
        uploadOf("m").setModel(modelOf("m").setArtifactUri("s3://bucket/model")),
        uploadOf("m").setModel(modelOf("m").clearContainerSpec()),
        uploadOf("m")
            .setModel(modelWith(
                ModelContainerSpec.newBuilder().setImageUri("docker.io/library/server:1"))),
        uploadOf("m")
            .setModel(modelWith(ModelContainerSpec.newBuilder()
                .setImageUri(IMAGE)
                .addEnv(EnvVar.newBuilder().setName("AIP_MODE").setValue("x")))),
        uploadOf("m")
            .setModel(modelWith(ModelContainerSpec.newBuilder()
                .setImageUri(IMAGE)
                .addEnv(EnvVar.newBuilder().setName("a-b").setValue("x")))),
        uploadOf("m")
            .setModel(modelWith(ModelContainerSpec.newBuilder()
                .setImageUri(IMAGE)
                .setDeploymentTimeout(
                    com.google.protobuf.Duration.newBuilder().setSeconds(7201)))));

    for (UploadModelRequest.Builder request : wrong) {
      assertRefused(
          Code.INVALID_ARGUMENT,
          "List of found errors",
          () -> call(CLIENTS.models.uploadModelCallable(), request.build()));
    }
    for (String endpointId : List.of("E", "1234567890", "0", "-e", "e-")) {
      assertRefused(Code.INVALID_ARGUMENT, "endpoint_id", () -> createEndpoint(endpointId));
    }
    assertRefused(Code.INVALID_ARGUMENT, "deployment_resource_pool_id", () -> createPool("1-pool"));
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void whatHasAnIdAlreadyIsNotMadeAgainNotEvenWhileItComes() {
    Operation uploading =
        call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build());
    assertRefused(
        Code.ALREADY_EXISTS,
        "Model " + answered + "/models/m already exists.",
        () -> call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build()));
    done(uploading);
    assertRefused(
        Code.ALREADY_EXISTS,
        "already exists",
        () -> call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build()));

    Operation creating = startCreateEndpoint("e");
    assertRefused(Code.NOT_FOUND, "Endpoint", () -> endpoint("e"));
    assertRefused(Code.ALREADY_EXISTS, "endpoints/e", () -> startCreateEndpoint("e"));
    done(creating);
    assertRefused(Code.ALREADY_EXISTS, "endpoints/e", () -> startCreateEndpoint("e"));

    Operation deploying = startDeploy("e", "11", "m", Map.of("0", 100));
    assertRefused(
        Code.ALREADY_EXISTS,
        "DeployedModel 11",
        () -> startDeploy("e", "11", "m", Map.of("0", 100)));
    done(deploying);
    assertRefused(
        Code.ALREADY_EXISTS,
        "DeployedModel 11",
        () -> startDeploy("e", "11", "m", Map.of("0", 100)));

    createPool("p");
    assertRefused(Code.ALREADY_EXISTS, "deploymentResourcePools/p", () -> createPool("p"));
  }

  @Test
  void whatIsGivenNoIdGetsANumber() {
    Operation creating = call(
        CLIENTS.endpoints.createEndpointCallable(),
        CreateEndpointRequest.newBuilder()
            .setParent(parent)
            .setEndpoint(Endpoint.newBuilder().setDisplayName("e"))
            .build());
    done(creating);

    assertThat(project.remains()).singleElement().asString().matches("endpoint/\\d+");
  }

  @Test
  void replicasMachinesAndMetricsHaveTheirRules() {
    upload("m");
    createEndpoint("e");

    for (DedicatedResources wrong : List.of(
        dedicated(1, 1).clearMachineSpec().build(),
        dedicated(0, 1).build(),
        dedicated(3, 2).build(),
        dedicated(1, 2).setRequiredReplicaCount(2).build(),
        dedicated(1, 2)
            .setMachineSpec(
                MachineSpec.newBuilder().setMachineType("n1-standard-4").setAcceleratorCount(1))
            .build(),
        dedicated(1, 2)
            .addAutoscalingMetricSpecs(metric("accelerator/duty_cycle", 60))
            .build(),
        dedicated(1, 2)
            .addAutoscalingMetricSpecs(metric("memory/bytes_used", 60))
            .build(),
        dedicated(1, 2)
            .addAutoscalingMetricSpecs(metric("cpu/utilization", 101))
            .build())) {
      assertRefused(
          Code.INVALID_ARGUMENT,
          "dedicated_resources",
          () -> call(
              CLIENTS.endpoints.deployModelCallable(),
              DeployModelRequest.newBuilder()
                  .setEndpoint(parent + "/endpoints/e")
                  .setDeployedModel(DeployedModel.newBuilder()
                      .setModel(parent + "/models/m")
                      .setDedicatedResources(wrong))
                  .build()));
    }
    assertRefused(
        Code.INVALID_ARGUMENT,
        "DEDICATED_RESOURCES and SHARED_RESOURCES only",
        () -> call(
            CLIENTS.endpoints.deployModelCallable(),
            DeployModelRequest.newBuilder()
                .setEndpoint(parent + "/endpoints/e")
                .setDeployedModel(DeployedModel.newBuilder().setModel(parent + "/models/m"))
                .build()));
  }

  // ---- models and versions ----

  @Test
  void aModelHasVersionsOfWhichOneIsTheDefault() throws InvalidProtocolBufferException {
    upload("m");
    Operation second = end(call(
        CLIENTS.models.uploadModelCallable(),
        UploadModelRequest.newBuilder()
            .setParent(parent)
            .setParentModel(parent + "/models/m")
            .setModel(modelOf("second").addVersionAliases("canary"))
            .build()));

    UploadModelResponse made = second.getResponse().unpack(UploadModelResponse.class);
    assertThat(made.getModelVersionId()).isEqualTo("2");
    assertThat(made.getModel()).isEqualTo(answered + "/models/m");
    assertThat(model("m").getVersionId()).isEqualTo("1");
    assertThat(model("m").getVersionAliasesList()).containsExactly("default");
    assertThat(model("m@canary").getVersionId()).isEqualTo("2");
    assertThat(versions("m")).containsExactly("1", "2");

    Model moved = mergeAliases("m@2", "default", "-canary");
    assertThat(moved.getVersionAliasesList()).containsExactly("default");
    assertThat(model("m").getVersionId()).isEqualTo("2");
    assertThat(model("m@1").getVersionAliasesList()).isEmpty();
    assertRefused(Code.NOT_FOUND, "models/m@canary", () -> model("m@canary"));
    assertRefused(
        Code.INVALID_ARGUMENT, "default cannot be removed", () -> mergeAliases("m@2", "-default"));

    assertRefused(Code.FAILED_PRECONDITION, "default version", () -> deleteVersion("m@2"));
    deleteVersion("m@1");
    assertRefused(Code.FAILED_PRECONDITION, "use DeleteModel", () -> deleteVersion("m@2"));
    deleteModel("m");
    assertThat(project.remains()).isEmpty();
  }

  @Test
  void aModelIsUpdatedByMaskAndEtag() {
    upload("m");
    Model before = model("m");
    UpdateModelRequest update = UpdateModelRequest.newBuilder()
        .setModel(Model.newBuilder()
            .setName(before.getName())
            .setEtag(before.getEtag())
            .putLabels("owner", "me"))
        .setUpdateMask(mask("labels"))
        .build();

    assertThat(call(CLIENTS.models.updateModelCallable(), update).getLabelsMap())
        .isEqualTo(Map.of("owner", "me"));
    assertRefused(Code.ABORTED, "etag", () -> call(CLIENTS.models.updateModelCallable(), update));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "Unsupported path: artifact_uri",
        () -> call(
            CLIENTS.models.updateModelCallable(),
            UpdateModelRequest.newBuilder()
                .setModel(Model.newBuilder().setName(before.getName()))
                .setUpdateMask(mask("artifact_uri"))
                .build()));
  }

  @Test
  void aModelIsNotDeletedWhileItIsDeployedNorForMinutesAfterwards() {
    upload("m");
    createEndpoint("e");
    Operation deploying = startDeploy("e", "11", "m", Map.of("0", 100));
    String refusal = "The Model \"" + answered
        + "/models/m@1\" is deployed or being deployed at the following Endpoint(s): ";

    assertRefused(
        Code.FAILED_PRECONDITION, refusal + answered + "/endpoints/e", () -> deleteModel("m"));
    done(deploying);
    assertRefused(Code.FAILED_PRECONDITION, refusal, () -> deleteModel("m"));
    assertThat(model("m").getDeployedModels(0).getDeployedModelId()).isEqualTo("11");
    undeploy("e", "11");
    assertRefused(Code.FAILED_PRECONDITION, refusal, () -> deleteModel("m"));
    time.pass(Duration.ofMinutes(3));
    deleteModel("m");
    assertThat(project.remains()).containsExactly("endpoint/e");
  }

  // ---- traffic ----

  @Test
  void requestsAreDividedExactlyByTheSplit() {
    serveTwo();

    assertThat(countHundred("e")).isEqualTo(Map.of("11", 90, "12", 10));
    route("e", "", Map.of("11", 67, "12", 33));
    assertThat(countHundred("e")).isEqualTo(Map.of("11", 67, "12", 33));
    route("e", "", Map.of("12", 100));
    assertThat(countHundred("e")).isEqualTo(Map.of("12", 100));
  }

  @Test
  void aSplitIsWholeAndOfWhatIsDeployed() {
    serveTwo();

    assertRefused(
        Code.INVALID_ARGUMENT, "add up to 100", () -> route("e", "", Map.of("11", 90, "12", 9)));
    assertRefused(
        Code.INVALID_ARGUMENT, "add up to 100", () -> route("e", "", Map.of("11", 110, "12", -10)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "The following DeployedModel ID(s) [0] do not exist.",
        () -> route("e", "", Map.of("11", 90, "0", 10)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "The following DeployedModel ID(s) [0] do not exist.",
        () -> startUndeploy("e", "12", Map.of("11", 100, "0", 0)));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "[13] do not exist",
        () -> startDeploy("e", "14", "m", Map.of("0", 50, "13", 50)));
    assertThat(endpoint("e").getTrafficSplitMap()).isEqualTo(Map.of("11", 90, "12", 10));
  }

  @Test
  void anEndpointWithoutASplitAnswersNothing() {
    upload("m");
    createEndpoint("e");
    deploy("e", "11", "m", Map.of());

    assertThat(endpoint("e").getTrafficSplitMap()).isEmpty();
    assertRefused(
        Code.FAILED_PRECONDITION,
        "Endpoint " + answered + "/endpoints/e doesn't have traffic_split.",
        () -> predict("e"));
    route("e", "", Map.of("11", 100));
    assertThat(predict("e").getDeployedModelId()).isEqualTo("11");
  }

  @Test
  void aRouteWithAnOldEtagIsAbortedAndOneWithoutOverwrites() {
    serveTwo();
    String etag = endpoint("e").getEtag();

    Endpoint routed = route("e", etag, Map.of("11", 80, "12", 20));

    assertThat(routed.getEtag()).isNotEqualTo(etag);
    assertRefused(
        Code.ABORTED,
        "does not match the current one",
        () -> route("e", etag, Map.of("11", 70, "12", 30)));
    assertThat(endpoint("e").getTrafficSplitMap()).isEqualTo(Map.of("11", 80, "12", 20));
    route("e", "", Map.of("11", 70, "12", 30));
    assertThat(endpoint("e").getTrafficSplitMap()).isEqualTo(Map.of("11", 70, "12", 30));
  }

  @Test
  void whatHasTrafficIsUndeployedOnlyWithASplitThatTakesItAwayOrAsTheLast() {
    serveTwo();

    assertRefused(
        Code.FAILED_PRECONDITION, "has traffic", () -> startUndeploy("e", "12", Map.of()));
    assertRefused(
        Code.NOT_FOUND,
        "The following DeployedModel ID(s) [13] do not exist.",
        () -> startUndeploy("e", "13", Map.of()));
    done(startUndeploy("e", "12", Map.of("11", 100)));
    assertThat(endpoint("e").getTrafficSplitMap()).isEqualTo(Map.of("11", 100));
    assertRefused(
        Code.FAILED_PRECONDITION, "it has deployed or being-deployed", () -> deleteEndpoint("e"));
    undeploy("e", "11");
    assertThat(endpoint("e").getTrafficSplitMap()).isEmpty();
    deleteEndpoint("e");
  }

  // ---- scale ----

  @Test
  void onlyReplicasMetricsAndLoggingCanBeMutated() {
    upload("m");
    createEndpoint("e");
    deploy("e", "11", "m", Map.of("0", 100));
    MutateDeployedModelRequest scaling = scaling("e", "11", 2, 2);

    for (String path : List.of(
        "dedicated_resources",
        "dedicated_resources.machine_spec",
        "dedicatedResources.minReplicaCount",
        "model",
        "service_account")) {
      assertRefused(
          Code.INVALID_ARGUMENT,
          "Unsupported path: " + path,
          () -> call(
              CLIENTS.endpoints.mutateDeployedModelCallable(),
              scaling.toBuilder().setUpdateMask(mask(path)).build()));
    }
    assertRefused(
        Code.INVALID_ARGUMENT,
        "must be at least min_replica_count, which is 2, but is 1",
        () -> call(
            CLIENTS.endpoints.mutateDeployedModelCallable(),
            scaling.toBuilder()
                .setUpdateMask(mask("dedicated_resources.min_replica_count"))
                .build()));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "deployed_model.id",
        () -> call(
            CLIENTS.endpoints.mutateDeployedModelCallable(),
            scaling.toBuilder()
                .setDeployedModel(scaling.getDeployedModel().toBuilder().clearId())
                .build()));
  }

  @Test
  void moreThanTheQuotaIsRefusedAtOnceAndWhatIsOutOfStockAtTheEnd() {
    upload("m");
    createEndpoint("e");
    project.quota("n1-standard-4", 2);
    deploy("e", "11", "m", Map.of("0", 100));

    assertRefused(
        Code.RESOURCE_EXHAUSTED,
        "The following quota metrics exceed quota limits:",
        () -> call(CLIENTS.endpoints.mutateDeployedModelCallable(), scaling("e", "11", 1, 3)));
    done(call(CLIENTS.endpoints.mutateDeployedModelCallable(), scaling("e", "11", 1, 2)));
    assertRefused(
        Code.RESOURCE_EXHAUSTED,
        "quota",
        () -> startDeploy("e", "12", "m", Map.of("0", 0, "11", 100)));

    project.quota("n1-standard-4", 100);
    project.outOfStock("n1-standard-4");
    Operation failed = end(startDeploy("e", "12", "m", Map.of("0", 0, "11", 100)));
    assertThat(failed.getError().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
    assertThat(failed.getError().getMessage())
        .contains("Machine type temporarily unavailable")
        .doesNotContain("quota");
    assertThat(countHundred("e")).isEqualTo(Map.of("11", 100));
    project.inStock("n1-standard-4");
    deploy("e", "12", "m", Map.of("0", 0, "11", 100));
  }

  // ---- pools and monitoring ----

  @Test
  void aPoolIsSharedByEndpointsAndGoesAfterTheLastOfThem() {
    upload("m");
    createPool("p");
    assertThat(pool("p").getDedicatedResources().getMinReplicaCount()).isEqualTo(1);
    for (String endpointId : List.of("e", "f")) {
      createEndpoint(endpointId);
      done(call(
          CLIENTS.endpoints.deployModelCallable(),
          DeployModelRequest.newBuilder()
              .setEndpoint(parent + "/endpoints/" + endpointId)
              .setDeployedModel(DeployedModel.newBuilder()
                  .setId("11")
                  .setModel(parent + "/models/m@1")
                  .setSharedResources(parent + "/deploymentResourcePools/p"))
              .putTrafficSplit("0", 100)
              .build()));
    }

    assertThat(predict("f").getDeployedModelId()).isEqualTo("11");
    assertThat(endpoint("e").getDeployedModels(0).getSharedResources())
        .isEqualTo(answered + "/deploymentResourcePools/p");
    done(call(
        CLIENTS.pools.updateDeploymentResourcePoolCallable(),
        UpdateDeploymentResourcePoolRequest.newBuilder()
            .setDeploymentResourcePool(DeploymentResourcePool.newBuilder()
                .setName(parent + "/deploymentResourcePools/p")
                .setDedicatedResources(dedicated(1, 4)))
            .setUpdateMask(mask("dedicated_resources.max_replica_count"))
            .build()));
    assertThat(pool("p").getDedicatedResources().getMaxReplicaCount()).isEqualTo(4);
    undeploy("e", "11");
    assertRefused(
        Code.FAILED_PRECONDITION,
        "deployed models at " + answered + "/endpoints/f",
        this::deletePool);
    undeploy("f", "11");
    deletePool();
    assertRefused(Code.NOT_FOUND, "deploymentResourcePools/p", () -> pool("p"));
    assertThat(call(
                CLIENTS.pools.listDeploymentResourcePoolsCallable(),
                ListDeploymentResourcePoolsRequest.newBuilder()
                    .setParent(parent)
                    .build())
            .getDeploymentResourcePoolsList())
        .isEmpty();
  }

  @Test
  void aMonitoringJobWatchesADeployedModelAndOutlivesItsEndpoint() {
    upload("m");
    createEndpoint("e");
    deploy("e", "11", "m", Map.of("0", 100));
    assertRefused(
        Code.INVALID_ARGUMENT, "is not deployed to the endpoint: 12", () -> createJob("12"));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "logging_sampling_strategy",
        () -> call(
            CLIENTS.jobs.createModelDeploymentMonitoringJobCallable(),
            CreateModelDeploymentMonitoringJobRequest.newBuilder()
                .setParent(parent)
                .setModelDeploymentMonitoringJob(
                    jobOf("11").toBuilder().clearLoggingSamplingStrategy())
                .build()));

    ModelDeploymentMonitoringJob job = createJob("11");

    assertThat(endpoint("e").getModelDeploymentMonitoringJob()).isEqualTo(job.getName());
    assertThat(call(
                CLIENTS.jobs.getModelDeploymentMonitoringJobCallable(),
                GetModelDeploymentMonitoringJobRequest.newBuilder()
                    .setName(job.getName())
                    .build())
            .getEndpoint())
        .isEqualTo(answered + "/endpoints/e");
    assertThat(call(
                CLIENTS.jobs.listModelDeploymentMonitoringJobsCallable(),
                ListModelDeploymentMonitoringJobsRequest.newBuilder()
                    .setParent(parent)
                    .setFilter("display_name=\"watch\"")
                    .build())
            .getModelDeploymentMonitoringJobsCount())
        .isEqualTo(1);
    undeploy("e", "11");
    deleteEndpoint("e");
    assertThat(project.remains()).contains("monitoring-job/" + job.getName().replaceAll(".*/", ""));
    done(call(
        CLIENTS.jobs.deleteModelDeploymentMonitoringJobCallable(),
        DeleteModelDeploymentMonitoringJobRequest.newBuilder()
            .setName(job.getName())
            .build()));
    assertThat(project.remains()).containsExactly("model/m@1");
  }

  // ---- lists, and what others made ----

  @Test
  void listsComeInPagesAndFilteredByLabelsAndNames() {
    project.pageSize(2);
    for (String endpointId : List.of("a", "b", "c")) {
      createEndpoint(endpointId);
    }
    project.addEndpoint("foreign");

    ListEndpointsRequest mine = ListEndpointsRequest.newBuilder()
        .setParent(parent)
        .setFilter("labels.owner=test AND labels.name:*")
        .build();
    ListEndpointsResponse first = call(CLIENTS.endpoints.listEndpointsCallable(), mine);
    ListEndpointsResponse second = call(
        CLIENTS.endpoints.listEndpointsCallable(),
        mine.toBuilder().setPageToken(first.getNextPageToken()).build());

    assertThat(first.getEndpointsList())
        .extracting(Endpoint::getDisplayName)
        .containsExactly("a", "b");
    assertThat(second.getEndpointsList()).extracting(Endpoint::getDisplayName).containsExactly("c");
    assertThat(second.getNextPageToken()).isEmpty();
    assertThat(call(
                CLIENTS.endpoints.listEndpointsCallable(),
                mine.toBuilder().setFilter("display_name=\"foreign\"").build())
            .getEndpointsCount())
        .isEqualTo(1);
    assertRefused(
        Code.INVALID_ARGUMENT,
        "Invalid filter",
        () -> call(
            CLIENTS.endpoints.listEndpointsCallable(),
            mine.toBuilder().setFilter("labels owner").build()));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "Page token is invalid",
        () -> call(
            CLIENTS.endpoints.listEndpointsCallable(),
            mine.toBuilder().setPageToken("x").build()));
  }

  @Test
  void whatOthersMadeHasNoLabelsAndIsThere() {
    project.addModel("foreign-model");
    project.addEndpoint("foreign", "foreign-model");
    project.addPool("foreign-pool");

    assertThat(project.remains())
        .hasSize(4)
        .contains("endpoint/foreign", "model/foreign-model@1", "pool/foreign-pool");
    assertThat(endpoint("foreign").getLabelsMap()).isEmpty();
    assertThat(project.endpoint("foreign")).isEqualTo(endpoint("foreign"));
    assertThat(predict("foreign").getModelDisplayName()).isEqualTo("foreign-model");
    assertThat(call(
                CLIENTS.models.listModelsCallable(),
                ListModelsRequest.newBuilder().setParent(parent).build())
            .getModelsCount())
        .isEqualTo(1);
    assertThat(call(
                CLIENTS.models.listModelsCallable(),
                ListModelsRequest.newBuilder()
                    .setParent(parent.replace("us-central1", "europe-west4"))
                    .build())
            .getModelsCount())
        .isZero();
  }

  // ---- predictions ----

  @Test
  void aRawPredictionSaysInItsHeadersWhoAnsweredAlsoThroughFaults() {
    serveTwo();
    Clients through = new Clients(StandIn.transport(Faults.none()));

    for (Clients clients : List.of(CLIENTS, through)) {
      GrpcResponseMetadata said = new GrpcResponseMetadata();
      HttpBody body =
          clients.predictions.rawPredictCallable().call(raw("e"), said.addHandlers(context()));

      assertThat(body.getData().toStringUtf8()).isEqualTo("{\"a\":1}");
      assertThat(body.getContentType()).isEqualTo("application/json");
      assertThat(said.getMetadata().get(header("x-vertex-ai-endpoint-id"))).isEqualTo("e");
      assertThat(said.getMetadata().get(header("x-vertex-ai-deployed-model-id")))
          .isEqualTo("11");
    }
    through.close();
  }

  private static Metadata.Key<String> header(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  @Test
  void aStreamComesInPartsAndMayBreak() {
    serveTwo();
    project.streamInParts(List.of("one".getBytes(UTF_8), "two".getBytes(UTF_8)));

    assertThat(stream("e")).containsExactly("one", "two");
    project.breakNextStream(Status.Code.UNAVAILABLE, "the container went away");
    assertRefused(Code.UNAVAILABLE, "the container went away", () -> stream("e"));
    assertThat(stream("e")).containsExactly("one", "two");
  }

  @Test
  void aDedicatedEndpointHasItsHostLateAndWantsItsHeader() {
    upload("m");
    call(
        CLIENTS.endpoints.createEndpointCallable(),
        CreateEndpointRequest.newBuilder()
            .setParent(parent)
            .setEndpointId("e")
            .setEndpoint(
                Endpoint.newBuilder().setDisplayName("e").setDedicatedEndpointEnabled(true))
            .build());
    time.pass(Duration.ofSeconds(20));
    assertThat(endpoint("e").getDedicatedEndpointDns()).isEmpty();
    deploy("e", "11", "m", Map.of("0", 100));

    assertThat(endpoint("e").getDedicatedEndpointDns())
        .isEqualTo("e.us-central1-" + project.number() + ".prediction.vertexai.goog");
    assertRefused(
        Code.FAILED_PRECONDITION,
        "cannot be accessed through the shared Vertex AI domain",
        () -> predict("e"));
    assertThat(CLIENTS
            .predictions
            .predictCallable()
            .call(
                prediction("e", "hi"),
                context().withExtraHeaders(Map.of("x-vertex-ai-endpoint-id", List.of("e"))))
            .getDeployedModelId())
        .isEqualTo("11");
  }

  @Test
  void whatIsTooLargeOrNoValueIsNotPredicted() {
    serveTwo();

    assertRefused(
        Code.INVALID_ARGUMENT,
        "Request payload size exceeds the limit: 1500000 bytes.",
        () -> call(CLIENTS.predictions.predictCallable(), prediction("e", "x".repeat(1_500_000))));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "A Value must have one of its kinds set.",
        () -> call(
            CLIENTS.predictions.predictCallable(),
            PredictRequest.newBuilder()
                .setEndpoint(parent + "/endpoints/e")
                .addInstances(Value.getDefaultInstance())
                .build()));
    assertRefused(
        Code.INVALID_ARGUMENT,
        "Field: instances; Message: Required field is not set.",
        () -> call(
            CLIENTS.predictions.predictCallable(),
            PredictRequest.newBuilder().setEndpoint(parent + "/endpoints/e").build()));
  }

  @Test
  void aPredictionCanBeHeld() {
    serveTwo();
    Held held = project.holdPrediction();

    CompletableFuture<PredictResponse> answer = CompletableFuture.supplyAsync(() -> predict("e"));
    held.awaitArrival();

    assertThat(answer).isNotDone();
    held.release();
    assertThat(answer.join().getDeployedModelId()).isEqualTo("11");
  }

  // ---- failure scenarios ----

  @Test
  void theNextCallOfAMethodFailsAndDoesNothing() {
    project.failNext("UploadModel", Status.Code.UNAVAILABLE, "try again", Duration.ofMillis(1500));
    project.failNext("UploadModel", Status.Code.INTERNAL, "Internal error encountered.");

    ApiException first =
        refusal(() -> call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build()));
    assertThat(first.getStatusCode().getCode()).isEqualTo(Code.UNAVAILABLE);
    assertThat(Durations.toMillis(first.getErrorDetails().getRetryInfo().getRetryDelay()))
        .isEqualTo(1500);
    assertRefused(
        Code.INTERNAL,
        "Internal error",
        () -> call(CLIENTS.models.uploadModelCallable(), uploadOf("m").build()));
    upload("m");
  }

  @Test
  void aMethodThatNeverAnswersRunsIntoTheDeadlineAndDoesNothing() {
    project.neverAnswers("CreateEndpoint");

    ApiException late = refusal(() -> CLIENTS
        .endpoints
        .createEndpointCallable()
        .call(
            createOf("e"),
            GrpcCallContext.createDefault().withTimeoutDuration(Duration.ofMillis(200))));

    assertThat(late.getStatusCode().getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
    project.answersAgain("CreateEndpoint");
    createEndpoint("e");
  }

  @Test
  void everyCallCanBeThrottledOnceAndCredentialsExpire() {
    project.throttleEveryCallOnce();
    ApiException throttled = refusal(() -> createEndpoint("e"));
    assertThat(throttled.getStatusCode().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertThat(throttled).hasMessageContaining("Quota exceeded for quota metric");
    assertThat(throttled.getErrorDetails().getRetryInfo().getRetryDelay().getSeconds())
        .isEqualTo(1);
    startCreateEndpoint("e");

    project.expireFromCall(3);
    assertRefused(Code.UNAUTHENTICATED, "invalid authentication credentials", () -> endpoint("e"));
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aFaultReachesTheCallerAsVertexOrTheNetworkWouldSayIt(Fault fault) {
    Clients broken = new Clients(StandIn.transport(Faults.at("vertex", 1, fault)));

    Throwable thrown =
        catchThrowable(() -> call(broken.endpoints.createEndpointCallable(), createOf("e")));
    time.pass(Duration.ofMinutes(1));

    if (fault == Fault.KILLED_BEFORE || fault == Fault.KILLED_AFTER) {
      assertThat(thrown).isInstanceOf(Error.class);
      assertThat(thrown.getCause()).isInstanceOf(ProcessKilled.class);
    } else {
      Code code = ((ApiException) thrown).getStatusCode().getCode();
      assertThat(code)
          .isEqualTo(
              switch (fault) {
                case THROTTLED -> Code.RESOURCE_EXHAUSTED;
                case UNAVAILABLE, CUT_BEFORE, CUT_AFTER -> Code.UNAVAILABLE;
                case TIMEOUT_AFTER -> Code.DEADLINE_EXCEEDED;
                case CONFLICT -> Code.ABORTED;
                case DENIED -> Code.UNAUTHENTICATED;
                default -> throw new AssertionError(fault);
              });
      assertThat(thrown).hasMessageContaining("at call 1, CreateEndpoint e");
    }
    boolean wasDone =
        List.of(Fault.CUT_AFTER, Fault.TIMEOUT_AFTER, Fault.KILLED_AFTER).contains(fault);
    assertThat(project.remains().contains("endpoint/e")).isEqualTo(wasDone);
    broken.close();
  }

  @Test
  void brokenClientsShareAConnectionKeepTheirHeadersAndNameTheirCalls() {
    Faults faults = Faults.none();
    Clients first = new Clients(StandIn.transport(Faults.none()));
    Clients second = new Clients(StandIn.transport(faults));
    first.close();

    Operation uploading =
        call(second.models.uploadModelCallable(), uploadOf("m").build());
    call(
        second.models.getOperationsClient().getOperationCallable(),
        GetOperationRequest.newBuilder().setName(uploading.getName()).build());
    call(
        second.models.listModelsCallable(),
        ListModelsRequest.newBuilder().setParent(parent).build());
    time.pass(Duration.ofMinutes(1));
    call(
        second.models.getModelCallable(),
        GetModelRequest.newBuilder().setName(parent + "/models/m").build());

    assertThat(faults.calls())
        .containsExactly(
            "UploadModel m",
            "GetOperation " + uploading.getName().replaceAll(".*/", ""),
            "ListModels",
            "GetModel m");
    assertThat(project.headers("GetModel").get(0).get("x-goog-request-params"))
        .isEqualTo("name=projects%2F" + id + "%2Flocations%2Fus-central1%2Fmodels%2Fm");
    assertThat(project.headers("GetModel").get(0)).containsKey("x-goog-api-client");
    second.close();
  }

  @Test
  void whatTheServiceRefusesPassesThroughTheFaultsAsItIs() {
    Clients through = new Clients(StandIn.transport(Faults.none()));

    ApiException refused = refusal(() -> call(
        through.models.uploadModelCallable(),
        UploadModelRequest.newBuilder().setParent(parent).build()));

    assertThat(refused.getErrorDetails().getBadRequest().getFieldViolations(0).getField())
        .isEqualTo("model");
    through.close();
  }

  // ---- Cloud Storage ----

  @Test
  void objectsAreStoredListedReadAndDeleted() throws IOException {
    project.addBucket(id + "-artifacts");
    byte[] bytes = "model of 1 MB ".repeat(80_000).getBytes(UTF_8);
    Storage storage = storage();
    BlobInfo info = BlobInfo.newBuilder(id + "-artifacts", "fairlead/a b+c/model.bin")
        .setMetadata(Map.of("run", "r1"))
        .build();

    storage.create(info, bytes, BlobTargetOption.doesNotExist());
    storage.createFrom(
        BlobInfo.newBuilder(id + "-artifacts", "fairlead/z").build(),
        new ByteArrayInputStream(bytes),
        256 * 1024);

    Blob stored = storage.get(BlobId.of(id + "-artifacts", "fairlead/a b+c/model.bin"));
    assertThat(stored.getMetadata()).isEqualTo(Map.of("run", "r1"));
    assertThat(stored.getSize()).isEqualTo(bytes.length);
    assertThat(storage.readAllBytes(stored.getBlobId())).isEqualTo(bytes);
    assertThat(project.object(id + "-artifacts", "fairlead/z")).isEqualTo(bytes);
    StorageException exists = catchThrowableOfType(
        StorageException.class, () -> storage.create(info, bytes, BlobTargetOption.doesNotExist()));
    assertThat(exists.getCode()).isEqualTo(412);
    project.pageSize(1);
    List<String> names = new ArrayList<>();
    storage
        .list(id + "-artifacts", BlobListOption.prefix("fairlead/"))
        .iterateAll()
        .forEach(blob -> names.add(blob.getName()));
    assertThat(names).containsExactly("fairlead/a b+c/model.bin", "fairlead/z");
    assertThat(storage.delete(stored.getBlobId())).isTrue();
    assertThat(storage.delete(stored.getBlobId())).isFalse();
    assertThat(project.remains()).containsExactly("gs://" + id + "-artifacts/fairlead/z");
  }

  @Test
  void storageFailsAsATestSaysAndKnowsOnlyItsBuckets() {
    project.addBucket(id + "-artifacts");
    Storage storage = storage();
    project.failNext("storage.objects.get", Status.Code.PERMISSION_DENIED, "no access");

    StorageException denied = catchThrowableOfType(
        StorageException.class, () -> storage.get(BlobId.of(id + "-artifacts", "a")));
    StorageException unknown = catchThrowableOfType(
        StorageException.class,
        () -> storage.create(BlobInfo.newBuilder("nobodys", "a").build(), new byte[1]));

    assertThat(denied.getCode()).isEqualTo(403);
    assertThat(denied).hasMessageContaining("no access");
    assertThat(unknown.getCode()).isEqualTo(404);
    assertThat(unknown).hasMessageContaining("The specified bucket does not exist.");
    assertThat(storage.get(BlobId.of(id + "-artifacts", "a"))).isNull();
    assertThat(project.calls()).containsExactly("storage.objects.get", "storage.objects.get");
  }

  private static Storage storage() {
    return StorageOptions.http()
        .setHost(StandIn.storage().toString())
        .setProjectId("any")
        .setCredentials(NoCredentials.getInstance())
        .build()
        .getService();
  }

  // ---- words ----

  private static Duration limit() {
    return Duration.ofSeconds(30);
  }

  private static GrpcCallContext context() {
    return GrpcCallContext.createDefault().withTimeoutDuration(limit());
  }

  private static <Q, A> A call(UnaryCallable<Q, A> callable, Q request) {
    return callable.call(request, context());
  }

  private static ApiException refusal(ThrowingCallable call) {
    return catchThrowableOfType(ApiException.class, call);
  }

  private static void assertRefused(Code code, String message, ThrowingCallable call) {
    ApiException refused = refusal(call);
    assertThat(refused).isNotNull();
    assertThat(refused).hasMessageContaining(message);
    assertThat(refused.getStatusCode().getCode()).isEqualTo(code);
  }

  private Operation operation(String name) {
    return call(
        CLIENTS.endpoints.getOperationsClient().getOperationCallable(),
        GetOperationRequest.newBuilder().setName(name).build());
  }

  private Operation end(Operation operation) {
    time.pass(Duration.ofMinutes(40));
    Operation ended = operation(operation.getName());
    assertThat(ended.getDone()).isTrue();
    return ended;
  }

  private void done(Operation operation) {
    assertThat(end(operation).hasError()).isFalse();
  }

  private List<String> operations(String of, String filter) {
    return call(
            CLIENTS.endpoints.getOperationsClient().listOperationsCallable(),
            ListOperationsRequest.newBuilder().setName(of).setFilter(filter).build())
        .getOperationsList()
        .stream()
        .map(Operation::getName)
        .toList();
  }

  private static void forget(String name) {
    call(
        CLIENTS.endpoints.getOperationsClient().deleteOperationCallable(),
        DeleteOperationRequest.newBuilder().setName(name).build());
  }

  private static DeploymentStage stage(Operation operation) throws InvalidProtocolBufferException {
    return operation.getMetadata().unpack(DeployModelOperationMetadata.class).getDeploymentStage();
  }

  private static FieldMask mask(String... paths) {
    return FieldMask.newBuilder().addAllPaths(List.of(paths)).build();
  }

  private static Model.Builder modelOf(String displayName) {
    return modelWith(ModelContainerSpec.newBuilder().setImageUri(IMAGE))
        .setDisplayName(displayName);
  }

  private static Model.Builder modelWith(ModelContainerSpec.Builder container) {
    return Model.newBuilder().setDisplayName("m").setContainerSpec(container);
  }

  private UploadModelRequest.Builder uploadOf(String modelId) {
    return UploadModelRequest.newBuilder()
        .setParent(parent)
        .setModelId(modelId)
        .setModel(modelOf(modelId));
  }

  private Operation upload(String modelId) {
    Operation operation =
        call(CLIENTS.models.uploadModelCallable(), uploadOf(modelId).build());
    done(operation);
    return operation;
  }

  private Model model(String name) {
    return call(
        CLIENTS.models.getModelCallable(),
        GetModelRequest.newBuilder().setName(parent + "/models/" + name).build());
  }

  private List<String> versions(String modelId) {
    return call(
            CLIENTS.models.listModelVersionsCallable(),
            ListModelVersionsRequest.newBuilder()
                .setName(parent + "/models/" + modelId)
                .build())
        .getModelsList()
        .stream()
        .map(Model::getVersionId)
        .toList();
  }

  private Model mergeAliases(String version, String... aliases) {
    return call(
        CLIENTS.models.mergeVersionAliasesCallable(),
        MergeVersionAliasesRequest.newBuilder()
            .setName(parent + "/models/" + version)
            .addAllVersionAliases(List.of(aliases))
            .build());
  }

  private void deleteVersion(String version) {
    done(call(
        CLIENTS.models.deleteModelVersionCallable(),
        DeleteModelVersionRequest.newBuilder()
            .setName(parent + "/models/" + version)
            .build()));
  }

  private void deleteModel(String modelId) {
    done(call(
        CLIENTS.models.deleteModelCallable(),
        DeleteModelRequest.newBuilder().setName(parent + "/models/" + modelId).build()));
  }

  private CreateEndpointRequest createOf(String endpointId) {
    return CreateEndpointRequest.newBuilder()
        .setParent(parent)
        .setEndpointId(endpointId)
        .setEndpoint(Endpoint.newBuilder()
            .setDisplayName(endpointId)
            .putLabels("owner", "test")
            .putLabels("name", "any"))
        .build();
  }

  private Operation startCreateEndpoint(String endpointId) {
    return call(CLIENTS.endpoints.createEndpointCallable(), createOf(endpointId));
  }

  private void createEndpoint(String endpointId) {
    done(startCreateEndpoint(endpointId));
  }

  private Endpoint endpoint(String endpointId) {
    return call(
        CLIENTS.endpoints.getEndpointCallable(),
        GetEndpointRequest.newBuilder()
            .setName(parent + "/endpoints/" + endpointId)
            .build());
  }

  private void deleteEndpoint(String endpointId) {
    done(call(
        CLIENTS.endpoints.deleteEndpointCallable(),
        DeleteEndpointRequest.newBuilder()
            .setName(parent + "/endpoints/" + endpointId)
            .build()));
  }

  private static DedicatedResources.Builder dedicated(int min, int max) {
    return DedicatedResources.newBuilder()
        .setMachineSpec(MachineSpec.newBuilder().setMachineType("n1-standard-4"))
        .setMinReplicaCount(min)
        .setMaxReplicaCount(max);
  }

  private static AutoscalingMetricSpec.Builder metric(String name, int target) {
    return AutoscalingMetricSpec.newBuilder()
        .setMetricName("aiplatform.googleapis.com/prediction/online/" + name)
        .setTarget(target);
  }

  private DeployModelRequest deployOf(
      String endpointId, String deployedId, String model, Map<String, Integer> split) {
    return DeployModelRequest.newBuilder()
        .setEndpoint(parent + "/endpoints/" + endpointId)
        .setDeployedModel(DeployedModel.newBuilder()
            .setId(deployedId)
            .setModel(parent + "/models/" + model)
            .setDedicatedResources(dedicated(1, 1)))
        .putAllTrafficSplit(split)
        .build();
  }

  private Operation startDeploy(
      String endpointId, String deployedId, String model, Map<String, Integer> split) {
    return call(
        CLIENTS.endpoints.deployModelCallable(), deployOf(endpointId, deployedId, model, split));
  }

  private void deploy(
      String endpointId, String deployedId, String model, Map<String, Integer> split) {
    done(startDeploy(endpointId, deployedId, model, split));
  }

  private void serveTwo() {
    upload("m");
    createEndpoint("e");
    deploy("e", "11", "m", Map.of("0", 100));
    deploy("e", "12", "m", Map.of("0", 10, "11", 90));
  }

  private Operation startUndeploy(
      String endpointId, String deployedId, Map<String, Integer> split) {
    return call(
        CLIENTS.endpoints.undeployModelCallable(),
        UndeployModelRequest.newBuilder()
            .setEndpoint(parent + "/endpoints/" + endpointId)
            .setDeployedModelId(deployedId)
            .putAllTrafficSplit(split)
            .build());
  }

  /** As many minutes as undeploying takes, and no more. */
  private void undeploy(String endpointId, String deployedId) {
    Operation undeploying = startUndeploy(endpointId, deployedId, Map.of());
    time.pass(Duration.ofMinutes(2));
    assertThat(operation(undeploying.getName()).hasResponse()).isTrue();
  }

  private MutateDeployedModelRequest scaling(
      String endpointId, String deployedId, int min, int max) {
    return MutateDeployedModelRequest.newBuilder()
        .setEndpoint(parent + "/endpoints/" + endpointId)
        .setDeployedModel(DeployedModel.newBuilder()
            .setId(deployedId)
            .setDedicatedResources(
                DedicatedResources.newBuilder().setMinReplicaCount(min).setMaxReplicaCount(max)))
        .setUpdateMask(
            mask("dedicated_resources.min_replica_count", "dedicated_resources.max_replica_count"))
        .build();
  }

  private Endpoint route(String endpointId, String etag, Map<String, Integer> split) {
    return call(
        CLIENTS.endpoints.updateEndpointCallable(),
        UpdateEndpointRequest.newBuilder()
            .setEndpoint(Endpoint.newBuilder()
                .setName(parent + "/endpoints/" + endpointId)
                .setEtag(etag)
                .putAllTrafficSplit(split))
            .setUpdateMask(mask("traffic_split"))
            .build());
  }

  private PredictRequest prediction(String endpointId, String instance) {
    return PredictRequest.newBuilder()
        .setEndpoint(parent + "/endpoints/" + endpointId)
        .addInstances(Value.newBuilder().setStringValue(instance))
        .build();
  }

  private PredictResponse predict(String endpointId) {
    return call(CLIENTS.predictions.predictCallable(), prediction(endpointId, "hi"));
  }

  private Map<String, Integer> countHundred(String endpointId) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < 100; i++) {
      counts.merge(predict(endpointId).getDeployedModelId(), 1, Integer::sum);
    }
    return counts;
  }

  private RawPredictRequest raw(String endpointId) {
    return RawPredictRequest.newBuilder()
        .setEndpoint(parent + "/endpoints/" + endpointId)
        .setHttpBody(HttpBody.newBuilder()
            .setContentType("application/json")
            .setData(ByteString.copyFromUtf8("{\"a\":1}")))
        .build();
  }

  private List<String> stream(String endpointId) {
    ServerStream<HttpBody> stream = CLIENTS
        .predictions
        .streamRawPredictCallable()
        .call(
            StreamRawPredictRequest.newBuilder()
                .setEndpoint(parent + "/endpoints/" + endpointId)
                .build(),
            context());
    List<String> parts = new ArrayList<>();
    stream.forEach(part -> parts.add(part.getData().toStringUtf8()));
    return parts;
  }

  private void createPool(String poolId) {
    done(call(
        CLIENTS.pools.createDeploymentResourcePoolCallable(),
        CreateDeploymentResourcePoolRequest.newBuilder()
            .setParent(parent)
            .setDeploymentResourcePoolId(poolId)
            .setDeploymentResourcePool(
                DeploymentResourcePool.newBuilder().setDedicatedResources(dedicated(1, 1)))
            .build()));
  }

  private DeploymentResourcePool pool(String poolId) {
    return call(
        CLIENTS.pools.getDeploymentResourcePoolCallable(),
        GetDeploymentResourcePoolRequest.newBuilder()
            .setName(parent + "/deploymentResourcePools/" + poolId)
            .build());
  }

  private void deletePool() {
    done(call(
        CLIENTS.pools.deleteDeploymentResourcePoolCallable(),
        DeleteDeploymentResourcePoolRequest.newBuilder()
            .setName(parent + "/deploymentResourcePools/p")
            .build()));
  }

  private ModelDeploymentMonitoringJob jobOf(String deployedId) {
    return ModelDeploymentMonitoringJob.newBuilder()
        .setDisplayName("watch")
        .setEndpoint(parent + "/endpoints/e")
        .addModelDeploymentMonitoringObjectiveConfigs(
            ModelDeploymentMonitoringObjectiveConfig.newBuilder().setDeployedModelId(deployedId))
        .setModelDeploymentMonitoringScheduleConfig(
            ModelDeploymentMonitoringScheduleConfig.newBuilder()
                .setMonitorInterval(com.google.protobuf.Duration.newBuilder().setSeconds(3600)))
        .setLoggingSamplingStrategy(SamplingStrategy.newBuilder()
            .setRandomSampleConfig(
                SamplingStrategy.RandomSampleConfig.newBuilder().setSampleRate(0.5)))
        .build();
  }

  private ModelDeploymentMonitoringJob createJob(String deployedId) {
    return call(
        CLIENTS.jobs.createModelDeploymentMonitoringJobCallable(),
        CreateModelDeploymentMonitoringJobRequest.newBuilder()
            .setParent(parent)
            .setModelDeploymentMonitoringJob(jobOf(deployedId))
            .build());
  }
}
