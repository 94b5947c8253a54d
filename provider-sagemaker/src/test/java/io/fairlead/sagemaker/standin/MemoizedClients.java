package io.fairlead.sagemaker.standin;

import io.fairlead.contract.Faults;
import io.fairlead.sagemaker.standin.Memo.Caller;
import java.util.Set;
import java.util.function.Function;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.services.applicationautoscaling.ApplicationAutoScalingClient;
import software.amazon.awssdk.services.applicationautoscaling.model.DeleteScalingPolicyRequest;
import software.amazon.awssdk.services.applicationautoscaling.model.DeleteScalingPolicyResponse;
import software.amazon.awssdk.services.applicationautoscaling.model.DeregisterScalableTargetRequest;
import software.amazon.awssdk.services.applicationautoscaling.model.DeregisterScalableTargetResponse;
import software.amazon.awssdk.services.applicationautoscaling.model.DescribeScalableTargetsRequest;
import software.amazon.awssdk.services.applicationautoscaling.model.DescribeScalableTargetsResponse;
import software.amazon.awssdk.services.applicationautoscaling.model.DescribeScalingPoliciesRequest;
import software.amazon.awssdk.services.applicationautoscaling.model.DescribeScalingPoliciesResponse;
import software.amazon.awssdk.services.applicationautoscaling.model.PutScalingPolicyRequest;
import software.amazon.awssdk.services.applicationautoscaling.model.PutScalingPolicyResponse;
import software.amazon.awssdk.services.applicationautoscaling.model.RegisterScalableTargetRequest;
import software.amazon.awssdk.services.applicationautoscaling.model.RegisterScalableTargetResponse;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Request;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.sagemaker.SageMakerClient;
import software.amazon.awssdk.services.sagemaker.model.AddTagsRequest;
import software.amazon.awssdk.services.sagemaker.model.AddTagsResponse;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.CreateInferenceComponentRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.CreateModelRequest;
import software.amazon.awssdk.services.sagemaker.model.CreateModelResponse;
import software.amazon.awssdk.services.sagemaker.model.DeleteEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DeleteEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DeleteEndpointRequest;
import software.amazon.awssdk.services.sagemaker.model.DeleteEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DeleteInferenceComponentRequest;
import software.amazon.awssdk.services.sagemaker.model.DeleteInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.DeleteModelRequest;
import software.amazon.awssdk.services.sagemaker.model.DeleteModelResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointConfigResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeInferenceComponentRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeModelPackageRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeModelPackageResponse;
import software.amazon.awssdk.services.sagemaker.model.DescribeModelRequest;
import software.amazon.awssdk.services.sagemaker.model.DescribeModelResponse;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointConfigsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointConfigsResponse;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListEndpointsResponse;
import software.amazon.awssdk.services.sagemaker.model.ListInferenceComponentsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListInferenceComponentsResponse;
import software.amazon.awssdk.services.sagemaker.model.ListModelsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListModelsResponse;
import software.amazon.awssdk.services.sagemaker.model.ListTagsRequest;
import software.amazon.awssdk.services.sagemaker.model.ListTagsResponse;
import software.amazon.awssdk.services.sagemaker.model.UpdateEndpointRequest;
import software.amazon.awssdk.services.sagemaker.model.UpdateEndpointResponse;
import software.amazon.awssdk.services.sagemaker.model.UpdateEndpointWeightsAndCapacitiesRequest;
import software.amazon.awssdk.services.sagemaker.model.UpdateEndpointWeightsAndCapacitiesResponse;
import software.amazon.awssdk.services.sagemaker.model.UpdateInferenceComponentRequest;
import software.amazon.awssdk.services.sagemaker.model.UpdateInferenceComponentResponse;
import software.amazon.awssdk.services.sagemaker.model.UpdateInferenceComponentRuntimeConfigRequest;
import software.amazon.awssdk.services.sagemaker.model.UpdateInferenceComponentRuntimeConfigResponse;
import software.amazon.awssdk.services.sagemakerruntime.SageMakerRuntimeClient;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointAsyncRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointAsyncResponse;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointRequest;
import software.amazon.awssdk.services.sagemakerruntime.model.InvokeEndpointResponse;

/**
 * Clients of AWS's services at an account, memoized: what the SDK makes of a request, and of an answer, it makes once
 * in a JVM, by clients that all accounts share.
 *
 * <p>A request that was not made before goes through the SDK, and so do an answer that did not come before, every
 * fault, and what is streamed. Each call is named, broken and answered as one of {@link BrokenHttpClient} is. They
 * have the operations that Fairlead uses.
 */
public final class MemoizedClients {
  private static final Memo MEMO = new Memo();

  private final Caller caller;

  /** Makes the clients of somebody to whose calls these faults happen. */
  public MemoizedClients(Account account, Faults faults) {
    this.caller = new Caller(account, faults);
  }

  /** {@return the HTTP client of the clients that are shared; nothing has to close it} */
  public static SdkHttpClient http() {
    return MEMO;
  }

  /** {@return a client by one that is shared; nothing has to close it} */
  public SageMakerClient controlPlane(SageMakerClient shared) {
    return new ControlPlaneClient(shared, caller);
  }

  /** {@return the same for inference} */
  public SageMakerRuntimeClient runtime(SageMakerRuntimeClient shared) {
    return new RuntimeClient(shared, caller);
  }

  /** {@return the same for S3} */
  public S3Client s3(S3Client shared) {
    return new ObjectClient(shared, caller);
  }

  /** {@return the same for Application Auto Scaling} */
  public ApplicationAutoScalingClient autoScaling(ApplicationAutoScalingClient shared) {
    return new ScalingClient(shared, caller);
  }

  /** SageMaker's control plane. */
  private record ControlPlaneClient(SageMakerClient shared, Caller caller)
      implements SageMakerClient {
    @Override
    public AddTagsResponse addTags(AddTagsRequest request) {
      return MEMO.call(caller, request, shared::addTags);
    }

    @Override
    public CreateEndpointResponse createEndpoint(CreateEndpointRequest request) {
      return MEMO.call(caller, request, shared::createEndpoint);
    }

    @Override
    public CreateEndpointConfigResponse createEndpointConfig(CreateEndpointConfigRequest request) {
      return MEMO.call(caller, request, shared::createEndpointConfig);
    }

    @Override
    public CreateInferenceComponentResponse createInferenceComponent(
        CreateInferenceComponentRequest request) {
      return MEMO.call(caller, request, shared::createInferenceComponent);
    }

    @Override
    public CreateModelResponse createModel(CreateModelRequest request) {
      return MEMO.call(caller, request, shared::createModel);
    }

    @Override
    public DeleteEndpointResponse deleteEndpoint(DeleteEndpointRequest request) {
      return MEMO.call(caller, request, shared::deleteEndpoint);
    }

    @Override
    public DeleteEndpointConfigResponse deleteEndpointConfig(DeleteEndpointConfigRequest request) {
      return MEMO.call(caller, request, shared::deleteEndpointConfig);
    }

    @Override
    public DeleteInferenceComponentResponse deleteInferenceComponent(
        DeleteInferenceComponentRequest request) {
      return MEMO.call(caller, request, shared::deleteInferenceComponent);
    }

    @Override
    public DeleteModelResponse deleteModel(DeleteModelRequest request) {
      return MEMO.call(caller, request, shared::deleteModel);
    }

    @Override
    public DescribeEndpointResponse describeEndpoint(DescribeEndpointRequest request) {
      return MEMO.call(caller, request, shared::describeEndpoint);
    }

    @Override
    public DescribeEndpointConfigResponse describeEndpointConfig(
        DescribeEndpointConfigRequest request) {
      return MEMO.call(caller, request, shared::describeEndpointConfig);
    }

    @Override
    public DescribeInferenceComponentResponse describeInferenceComponent(
        DescribeInferenceComponentRequest request) {
      return MEMO.call(caller, request, shared::describeInferenceComponent);
    }

    @Override
    public DescribeModelResponse describeModel(DescribeModelRequest request) {
      return MEMO.call(caller, request, shared::describeModel);
    }

    @Override
    public DescribeModelPackageResponse describeModelPackage(DescribeModelPackageRequest request) {
      return MEMO.call(caller, request, shared::describeModelPackage);
    }

    @Override
    public ListEndpointConfigsResponse listEndpointConfigs(ListEndpointConfigsRequest request) {
      return MEMO.call(caller, request, shared::listEndpointConfigs);
    }

    @Override
    public ListEndpointsResponse listEndpoints(ListEndpointsRequest request) {
      return MEMO.call(caller, request, shared::listEndpoints);
    }

    @Override
    public ListInferenceComponentsResponse listInferenceComponents(
        ListInferenceComponentsRequest request) {
      return MEMO.call(caller, request, shared::listInferenceComponents);
    }

    @Override
    public ListModelsResponse listModels(ListModelsRequest request) {
      return MEMO.call(caller, request, shared::listModels);
    }

    @Override
    public ListTagsResponse listTags(ListTagsRequest request) {
      return MEMO.call(caller, request, shared::listTags);
    }

    @Override
    public UpdateEndpointResponse updateEndpoint(UpdateEndpointRequest request) {
      return MEMO.call(caller, request, shared::updateEndpoint);
    }

    @Override
    public UpdateEndpointWeightsAndCapacitiesResponse updateEndpointWeightsAndCapacities(
        UpdateEndpointWeightsAndCapacitiesRequest request) {
      return MEMO.call(caller, request, shared::updateEndpointWeightsAndCapacities);
    }

    @Override
    public UpdateInferenceComponentResponse updateInferenceComponent(
        UpdateInferenceComponentRequest request) {
      return MEMO.call(caller, request, shared::updateInferenceComponent);
    }

    @Override
    public UpdateInferenceComponentRuntimeConfigResponse updateInferenceComponentRuntimeConfig(
        UpdateInferenceComponentRuntimeConfigRequest request) {
      return MEMO.call(caller, request, shared::updateInferenceComponentRuntimeConfig);
    }

    @Override
    public String serviceName() {
      return shared.serviceName();
    }

    @Override
    public void close() {}
  }

  /** Its runtime. */
  private record RuntimeClient(SageMakerRuntimeClient shared, Caller caller)
      implements SageMakerRuntimeClient {
    @Override
    public InvokeEndpointResponse invokeEndpoint(InvokeEndpointRequest request) {
      return MEMO.call(caller, request, shared::invokeEndpoint);
    }

    @Override
    public InvokeEndpointAsyncResponse invokeEndpointAsync(InvokeEndpointAsyncRequest request) {
      return MEMO.call(caller, request, shared::invokeEndpointAsync);
    }

    @Override
    public String serviceName() {
      return shared.serviceName();
    }

    @Override
    public void close() {}
  }

  /** Scalable targets and their policies. */
  private record ScalingClient(ApplicationAutoScalingClient shared, Caller caller)
      implements ApplicationAutoScalingClient {
    @Override
    public DeleteScalingPolicyResponse deleteScalingPolicy(DeleteScalingPolicyRequest request) {
      return MEMO.call(caller, request, shared::deleteScalingPolicy);
    }

    @Override
    public DeregisterScalableTargetResponse deregisterScalableTarget(
        DeregisterScalableTargetRequest request) {
      return MEMO.call(caller, request, shared::deregisterScalableTarget);
    }

    @Override
    public DescribeScalableTargetsResponse describeScalableTargets(
        DescribeScalableTargetsRequest request) {
      return MEMO.call(caller, request, shared::describeScalableTargets);
    }

    @Override
    public DescribeScalingPoliciesResponse describeScalingPolicies(
        DescribeScalingPoliciesRequest request) {
      return MEMO.call(caller, request, shared::describeScalingPolicies);
    }

    @Override
    public PutScalingPolicyResponse putScalingPolicy(PutScalingPolicyRequest request) {
      return MEMO.call(caller, request, shared::putScalingPolicy);
    }

    @Override
    public RegisterScalableTargetResponse registerScalableTarget(
        RegisterScalableTargetRequest request) {
      return MEMO.call(caller, request, shared::registerScalableTarget);
    }

    @Override
    public String serviceName() {
      return shared.serviceName();
    }

    @Override
    public void close() {}
  }

  /** Objects, uploads and lists of them. */
  private static final class ObjectClient extends DelegatingS3Client {
    private static final Set<Class<?>> STREAMED =
        Set.of(GetObjectRequest.class, PutObjectRequest.class, UploadPartRequest.class);

    private final Caller caller;

    ObjectClient(S3Client shared, Caller caller) {
      super(shared);
      this.caller = caller;
    }

    @Override
    protected <T extends S3Request, R> R invokeOperation(T request, Function<T, R> operation) {
      return STREAMED.contains(request.getClass())
          ? MEMO.stream(caller, request, operation)
          : MEMO.call(caller, request, operation);
    }

    @Override
    public void close() {}
  }
}
