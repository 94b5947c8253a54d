package io.fairlead.vertex.standin;

import com.google.api.HttpBody;
import com.google.cloud.aiplatform.v1.CreateDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.CreateEndpointRequest;
import com.google.cloud.aiplatform.v1.CreateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.DeleteEndpointRequest;
import com.google.cloud.aiplatform.v1.DeleteModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.DeleteModelRequest;
import com.google.cloud.aiplatform.v1.DeleteModelVersionRequest;
import com.google.cloud.aiplatform.v1.DeployModelRequest;
import com.google.cloud.aiplatform.v1.DeploymentResourcePool;
import com.google.cloud.aiplatform.v1.Endpoint;
import com.google.cloud.aiplatform.v1.GetDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.GetEndpointRequest;
import com.google.cloud.aiplatform.v1.GetModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.GetModelRequest;
import com.google.cloud.aiplatform.v1.GetPublisherModelRequest;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsRequest;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsResponse;
import com.google.cloud.aiplatform.v1.ListEndpointsRequest;
import com.google.cloud.aiplatform.v1.ListEndpointsResponse;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsRequest;
import com.google.cloud.aiplatform.v1.ListModelDeploymentMonitoringJobsResponse;
import com.google.cloud.aiplatform.v1.ListModelVersionsRequest;
import com.google.cloud.aiplatform.v1.ListModelVersionsResponse;
import com.google.cloud.aiplatform.v1.ListModelsRequest;
import com.google.cloud.aiplatform.v1.ListModelsResponse;
import com.google.cloud.aiplatform.v1.MergeVersionAliasesRequest;
import com.google.cloud.aiplatform.v1.Model;
import com.google.cloud.aiplatform.v1.ModelDeploymentMonitoringJob;
import com.google.cloud.aiplatform.v1.MutateDeployedModelRequest;
import com.google.cloud.aiplatform.v1.PauseModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.PredictRequest;
import com.google.cloud.aiplatform.v1.PredictResponse;
import com.google.cloud.aiplatform.v1.PublisherModel;
import com.google.cloud.aiplatform.v1.RawPredictRequest;
import com.google.cloud.aiplatform.v1.ResumeModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.StreamRawPredictRequest;
import com.google.cloud.aiplatform.v1.UndeployModelRequest;
import com.google.cloud.aiplatform.v1.UpdateDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointLongRunningRequest;
import com.google.cloud.aiplatform.v1.UpdateEndpointRequest;
import com.google.cloud.aiplatform.v1.UpdateModelDeploymentMonitoringJobRequest;
import com.google.cloud.aiplatform.v1.UpdateModelRequest;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.longrunning.CancelOperationRequest;
import com.google.longrunning.DeleteOperationRequest;
import com.google.longrunning.GetOperationRequest;
import com.google.longrunning.ListOperationsRequest;
import com.google.longrunning.ListOperationsResponse;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The services with their methods; a method that is not here is UNIMPLEMENTED. */
final class Services {
  private static final String VERTEX = "google.cloud.aiplatform.v1.";
  private static final String PREDICTIONS = VERTEX + "PredictionService";

  private Services() {}

  static List<ServerServiceDefinition> all(World world) {
    return List.of(
        models(world),
        endpoints(world),
        pools(world),
        predictions(world),
        garden(world),
        jobs(world),
        operations(world));
  }

  private static ServerServiceDefinition models(World world) {
    Service service = new Service(world, VERTEX + "ModelService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "UploadModel",
        UploadModelRequest.getDefaultInstance(),
        started,
        (project, request) -> project.models().upload(request));
    service.add(
        "GetModel",
        GetModelRequest.getDefaultInstance(),
        Model.getDefaultInstance(),
        (project, request) -> project.models().get(request));
    service.add(
        "ListModels",
        ListModelsRequest.getDefaultInstance(),
        ListModelsResponse.getDefaultInstance(),
        (project, request) -> project.models().list(request));
    service.add(
        "ListModelVersions",
        ListModelVersionsRequest.getDefaultInstance(),
        ListModelVersionsResponse.getDefaultInstance(),
        (project, request) -> project.models().versions(request));
    service.add(
        "UpdateModel",
        UpdateModelRequest.getDefaultInstance(),
        Model.getDefaultInstance(),
        (project, request) -> project.models().update(request));
    service.add(
        "MergeVersionAliases",
        MergeVersionAliasesRequest.getDefaultInstance(),
        Model.getDefaultInstance(),
        (project, request) -> project.models().mergeAliases(request));
    service.add(
        "DeleteModel",
        DeleteModelRequest.getDefaultInstance(),
        started,
        (project, request) -> project.models().delete(request));
    service.add(
        "DeleteModelVersion",
        DeleteModelVersionRequest.getDefaultInstance(),
        started,
        (project, request) -> project.models().deleteVersion(request));
    return service.build();
  }

  private static ServerServiceDefinition endpoints(World world) {
    Service service = new Service(world, VERTEX + "EndpointService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "CreateEndpoint",
        CreateEndpointRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().create(request));
    service.add(
        "GetEndpoint",
        GetEndpointRequest.getDefaultInstance(),
        Endpoint.getDefaultInstance(),
        (project, request) -> project.endpoints().get(request));
    service.add(
        "ListEndpoints",
        ListEndpointsRequest.getDefaultInstance(),
        ListEndpointsResponse.getDefaultInstance(),
        (project, request) -> project.endpoints().list(request));
    service.add(
        "UpdateEndpoint",
        UpdateEndpointRequest.getDefaultInstance(),
        Endpoint.getDefaultInstance(),
        (project, request) -> project.endpoints().update(request));
    service.add(
        "UpdateEndpointLongRunning",
        UpdateEndpointLongRunningRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().reconnect(request));
    service.add(
        "DeleteEndpoint",
        DeleteEndpointRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().delete(request));
    service.add(
        "DeployModel",
        DeployModelRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().deploy(request));
    service.add(
        "UndeployModel",
        UndeployModelRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().undeploy(request));
    service.add(
        "MutateDeployedModel",
        MutateDeployedModelRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().mutate(request));
    return service.build();
  }

  private static ServerServiceDefinition pools(World world) {
    Service service = new Service(world, VERTEX + "DeploymentResourcePoolService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "CreateDeploymentResourcePool",
        CreateDeploymentResourcePoolRequest.getDefaultInstance(),
        started,
        (project, request) -> project.pools().create(request));
    service.add(
        "GetDeploymentResourcePool",
        GetDeploymentResourcePoolRequest.getDefaultInstance(),
        DeploymentResourcePool.getDefaultInstance(),
        (project, request) -> project.pools().get(request));
    service.add(
        "ListDeploymentResourcePools",
        ListDeploymentResourcePoolsRequest.getDefaultInstance(),
        ListDeploymentResourcePoolsResponse.getDefaultInstance(),
        (project, request) -> project.pools().list(request));
    service.add(
        "UpdateDeploymentResourcePool",
        UpdateDeploymentResourcePoolRequest.getDefaultInstance(),
        started,
        (project, request) -> project.pools().update(request));
    service.add(
        "DeleteDeploymentResourcePool",
        DeleteDeploymentResourcePoolRequest.getDefaultInstance(),
        started,
        (project, request) -> project.pools().delete(request));
    return service.build();
  }

  static boolean isPrediction(MethodDescriptor<?, ?> method) {
    return PREDICTIONS.equals(method.getServiceName());
  }

  private static ServerServiceDefinition predictions(World world) {
    Service service = new Service(world, PREDICTIONS);
    service.add(
        MethodType.UNARY,
        "Predict",
        PredictRequest.getDefaultInstance(),
        PredictResponse.getDefaultInstance(),
        (project, request, headers) -> project.predictions().predict(request, headers));
    service.add(
        MethodType.UNARY,
        "RawPredict",
        RawPredictRequest.getDefaultInstance(),
        HttpBody.getDefaultInstance(),
        (project, request, headers) -> project.predictions().raw(request, headers));
    service.add(
        MethodType.SERVER_STREAMING,
        "StreamRawPredict",
        StreamRawPredictRequest.getDefaultInstance(),
        HttpBody.getDefaultInstance(),
        (project, request, headers) -> project.predictions().stream(request, headers));
    return service.build();
  }

  private static ServerServiceDefinition garden(World world) {
    Service service = new Service(world, VERTEX + "ModelGardenService");
    service.add(
        "GetPublisherModel",
        GetPublisherModelRequest.getDefaultInstance(),
        PublisherModel.getDefaultInstance(),
        Project::publisherModel);
    return service.build();
  }

  private static ServerServiceDefinition jobs(World world) {
    Service service = new Service(world, VERTEX + "JobService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "CreateModelDeploymentMonitoringJob",
        CreateModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        ModelDeploymentMonitoringJob.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().create(request));
    service.add(
        "GetModelDeploymentMonitoringJob",
        GetModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        ModelDeploymentMonitoringJob.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().get(request));
    service.add(
        "ListModelDeploymentMonitoringJobs",
        ListModelDeploymentMonitoringJobsRequest.getDefaultInstance(),
        ListModelDeploymentMonitoringJobsResponse.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().list(request));
    service.add(
        "UpdateModelDeploymentMonitoringJob",
        UpdateModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        started,
        (project, request) -> project.monitoringJobs().update(request));
    service.add(
        "PauseModelDeploymentMonitoringJob",
        PauseModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        Empty.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().pause(request));
    service.add(
        "ResumeModelDeploymentMonitoringJob",
        ResumeModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        Empty.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().resume(request));
    service.add(
        "DeleteModelDeploymentMonitoringJob",
        DeleteModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        started,
        (project, request) -> project.monitoringJobs().delete(request));
    return service.build();
  }

  private static ServerServiceDefinition operations(World world) {
    Service service = new Service(world, "google.longrunning.Operations");
    service.add(
        "GetOperation",
        GetOperationRequest.getDefaultInstance(),
        Operation.getDefaultInstance(),
        (project, request) -> project.operations().get(request));
    service.add(
        "ListOperations",
        ListOperationsRequest.getDefaultInstance(),
        ListOperationsResponse.getDefaultInstance(),
        (project, request) -> project.operations().list(request));
    service.add(
        "CancelOperation",
        CancelOperationRequest.getDefaultInstance(),
        Empty.getDefaultInstance(),
        (project, request) -> project.operations().cancel(request));
    service.add(
        "DeleteOperation",
        DeleteOperationRequest.getDefaultInstance(),
        Empty.getDefaultInstance(),
        (project, request) -> project.operations().delete(request));
    return service.build();
  }

  private static final class Service {
    private final World world;
    private final String name;
    private final ServerServiceDefinition.Builder definition;

    Service(World world, String name) {
      this.world = world;
      this.name = name;
      this.definition = ServerServiceDefinition.builder(name);
    }

    <Q extends Message> void add(
        String method, Q request, Message response, BiFunction<Project, Q, Message> answer) {
      add(MethodType.UNARY, method, request, response, (project, asked, headers) -> {
        Answer said = Answer.of(answer.apply(project, asked));
        return () -> said;
      });
    }

    <Q extends Message> void add(
        MethodType type, String method, Q request, Message response, Project.Begun<Q> begun) {
      MethodDescriptor<Q, Message> descriptor = MethodDescriptor.<Q, Message>newBuilder()
          .setType(type)
          .setFullMethodName(MethodDescriptor.generateFullMethodName(name, method))
          .setRequestMarshaller(ProtoUtils.marshaller(request))
          .setResponseMarshaller(ProtoUtils.marshaller(response))
          .build();
      definition.addMethod(descriptor, new Handler<>(world, method, begun));
    }

    ServerServiceDefinition build() {
      return definition.build();
    }
  }

  private record Handler<Q extends Message>(World world, String method, Project.Begun<Q> begun)
      implements ServerCallHandler<Q, Message> {
    @Override
    public ServerCall.Listener<Q> startCall(ServerCall<Q, Message> call, Metadata headers) {
      call.request(2);
      return new ServerCall.Listener<>() {
        private @Nullable Q request;

        @Override
        public void onMessage(Q message) {
          request = message;
        }

        @Override
        public void onHalfClose() {
          if (request != null) {
            answer(call, headers, request);
          }
        }
      };
    }

    private void answer(ServerCall<Q, Message> call, Metadata headers, Q request) {
      Answer answer;
      try {
        Optional<Supplier<Answer>> later =
            world.of(headers).projectOf(request).begin(method, request, headers, begun);
        if (later.isEmpty()) {
          return;
        }
        answer = later.get().get();
      } catch (StatusRuntimeException e) {
        Metadata trailers = e.getTrailers();
        call.close(e.getStatus(), trailers == null ? new Metadata() : trailers);
        return;
      } catch (RuntimeException e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace, true));
        call.close(
            Status.UNIMPLEMENTED.withDescription("The stand-in failed: " + trace), new Metadata());
        return;
      }
      call.sendHeaders(answer.headers());
      answer.messages().forEach(call::sendMessage);
      call.close(answer.end(), new Metadata());
    }
  }
}
