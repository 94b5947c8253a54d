package io.fairlead.vertex.standin;

import static java.util.stream.Collectors.toUnmodifiableMap;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The services with their methods; a method that is not here is UNIMPLEMENTED. */
final class Services {
  private static final String VERTEX = "google.cloud.aiplatform.v1.";
  private static final String PREDICTIONS = VERTEX + "PredictionService";

  private static final List<Service> ALL =
      List.of(models(), endpoints(), pools(), predictions(), garden(), jobs(), operations());
  private static final Map<String, Method<?>> METHODS = ALL.stream()
      .flatMap(service -> service.methods.stream())
      .collect(toUnmodifiableMap(
          method -> method.descriptor().getFullMethodName(), Function.identity()));

  private Services() {}

  /** {@return the services of a world, for a server} */
  static List<ServerServiceDefinition> all(World world) {
    return ALL.stream().map(service -> service.definition(world)).toList();
  }

  /** {@return what a call of a method is answered with; empty if there is to be no answer} */
  static Optional<Ended> answer(World world, String method, Object request, Metadata headers) {
    Method<?> known = METHODS.get(method);
    return known == null
        ? Optional.of(Ended.refused(
            Status.UNIMPLEMENTED.withDescription("Method not found: " + method), new Metadata()))
        : known.answer(world, request, headers);
  }

  private static Service models() {
    Service service = new Service(VERTEX + "ModelService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "UploadModel",
        UploadModelRequest.getDefaultInstance(),
        started,
        (project, request) -> project.models().upload(request));
    service.read(
        "GetModel",
        GetModelRequest.getDefaultInstance(),
        Model.getDefaultInstance(),
        (project, request) -> project.models().get(request));
    service.read(
        "ListModels",
        ListModelsRequest.getDefaultInstance(),
        ListModelsResponse.getDefaultInstance(),
        (project, request) -> project.models().list(request));
    service.read(
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
    return service;
  }

  private static Service endpoints() {
    Service service = new Service(VERTEX + "EndpointService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "CreateEndpoint",
        CreateEndpointRequest.getDefaultInstance(),
        started,
        (project, request) -> project.endpoints().create(request));
    service.read(
        "GetEndpoint",
        GetEndpointRequest.getDefaultInstance(),
        Endpoint.getDefaultInstance(),
        (project, request) -> project.endpoints().get(request));
    service.read(
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
    return service;
  }

  private static Service pools() {
    Service service = new Service(VERTEX + "DeploymentResourcePoolService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "CreateDeploymentResourcePool",
        CreateDeploymentResourcePoolRequest.getDefaultInstance(),
        started,
        (project, request) -> project.pools().create(request));
    service.read(
        "GetDeploymentResourcePool",
        GetDeploymentResourcePoolRequest.getDefaultInstance(),
        DeploymentResourcePool.getDefaultInstance(),
        (project, request) -> project.pools().get(request));
    service.read(
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
    return service;
  }

  static boolean isPrediction(MethodDescriptor<?, ?> method) {
    return PREDICTIONS.equals(method.getServiceName());
  }

  private static Service predictions() {
    Service service = new Service(PREDICTIONS);
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
    return service;
  }

  private static Service garden() {
    Service service = new Service(VERTEX + "ModelGardenService");
    service.read(
        "GetPublisherModel",
        GetPublisherModelRequest.getDefaultInstance(),
        PublisherModel.getDefaultInstance(),
        Project::publisherModel);
    return service;
  }

  private static Service jobs() {
    Service service = new Service(VERTEX + "JobService");
    Message started = Operation.getDefaultInstance();
    service.add(
        "CreateModelDeploymentMonitoringJob",
        CreateModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        ModelDeploymentMonitoringJob.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().create(request));
    service.read(
        "GetModelDeploymentMonitoringJob",
        GetModelDeploymentMonitoringJobRequest.getDefaultInstance(),
        ModelDeploymentMonitoringJob.getDefaultInstance(),
        (project, request) -> project.monitoringJobs().get(request));
    service.read(
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
    return service;
  }

  private static Service operations() {
    Service service = new Service("google.longrunning.Operations");
    service.add(
        MethodType.UNARY,
        "GetOperation",
        GetOperationRequest.getDefaultInstance(),
        Operation.getDefaultInstance(),
        new Polling());
    service.read(
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
    return service;
  }

  private static final class Service {
    private final String name;
    private final List<Method<?>> methods = new ArrayList<>();

    Service(String name) {
      this.name = name;
    }

    /** Adds a method that changes nothing: of its calls, a copy of a project does none again but that it was called. */
    <Q extends Message> void read(
        String method, Q request, Message response, BiFunction<Project, Q, Message> answer) {
      add(MethodType.UNARY, method, request, response, new Reading<>(answer));
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
      methods.add(new Method<>(descriptor, method, begun));
    }

    ServerServiceDefinition definition(World world) {
      ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(name);
      methods.forEach(method -> method.addTo(definition, world));
      return definition.build();
    }
  }

  private record Reading<Q extends Message>(BiFunction<Project, Q, Message> answer)
      implements Project.Begun<Q> {
    @Override
    public Supplier<Answer> begin(Project project, Q request, Metadata headers) {
      Answer said = Answer.of(answer.apply(project, request));
      return () -> said;
    }

    @Override
    public void again(Project copy, Q request, Metadata headers) {}
  }

  /** A poll changes nothing but that it was one. */
  private static final class Polling implements Project.Begun<GetOperationRequest> {
    @Override
    public Supplier<Answer> begin(Project project, GetOperationRequest request, Metadata headers) {
      Answer said = Answer.of(project.operations().get(request));
      return () -> said;
    }

    @Override
    public void again(Project copy, GetOperationRequest request, Metadata headers) {
      copy.operations().polled(request.getName());
    }
  }

  /** How a call ended: with an answer, or refused. */
  record Ended(Answer answer, Metadata trailers) {
    static Ended refused(Status status, Metadata trailers) {
      return new Ended(new Answer(new Metadata(), List.of(), status), trailers);
    }
  }

  private record Method<Q extends Message>(
      MethodDescriptor<Q, Message> descriptor, String name, Project.Begun<Q> begun) {
    void addTo(ServerServiceDefinition.Builder definition, World world) {
      definition.addMethod(descriptor, new Handler<>(world, this));
    }

    Optional<Ended> answer(World world, Object asked, Metadata headers) {
      try {
        @SuppressWarnings("unchecked") // the SDK has the method of this name for it
        Q request = (Q) asked;
        return world
            .of(headers)
            .projectOf(request)
            .begin(name, request, headers, begun)
            .map(later -> new Ended(later.get(), new Metadata()));
      } catch (StatusRuntimeException e) {
        Metadata trailers = e.getTrailers();
        return Optional.of(
            Ended.refused(e.getStatus(), trailers == null ? new Metadata() : trailers));
      } catch (RuntimeException e) {
        StringWriter trace = new StringWriter();
        e.printStackTrace(new PrintWriter(trace, true));
        return Optional.of(Ended.refused(
            Status.UNIMPLEMENTED.withDescription("The stand-in failed: " + trace), new Metadata()));
      }
    }
  }

  private record Handler<Q extends Message>(World world, Method<Q> method)
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
            method.answer(world, request, headers).ifPresent(ended -> send(call, ended));
          }
        }
      };
    }

    private static void send(ServerCall<?, Message> call, Ended ended) {
      Answer answer = ended.answer();
      if (!answer.messages().isEmpty()) {
        call.sendHeaders(answer.headers());
        answer.messages().forEach(call::sendMessage);
      }
      call.close(answer.end(), ended.trailers());
    }
  }
}
