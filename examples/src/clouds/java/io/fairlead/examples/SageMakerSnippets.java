package io.fairlead.examples;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.AsyncInvocation;
import io.fairlead.sagemaker.AsyncRequest;
import io.fairlead.sagemaker.SageMakerArtifact;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerAutoscaling;
import io.fairlead.sagemaker.SageMakerAutoscaling.Metric;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerDataCapture;
import io.fairlead.sagemaker.SageMakerDependencies;
import io.fairlead.sagemaker.SageMakerInstances;
import io.fairlead.sagemaker.SageMakerInstances.RequestRouting;
import io.fairlead.sagemaker.SageMakerMultiModel;
import io.fairlead.sagemaker.SageMakerNetwork;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerReplacement;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.SageMakerResponse;
import io.fairlead.sagemaker.SageMakerRuntime;
import io.fairlead.sagemaker.SageMakerServerless;
import io.fairlead.sagemaker.SageMakerShadow;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The pieces of Java in docs/sagemaker.md, compiled; {@link SageMakerSnippetsTest} runs them. */
final class SageMakerSnippets {
  private SageMakerSnippets() {}

  static SageMakerPlatform open() {
    SageMakerPlatform sagemaker = new SageMakerProvider()
        .open(SageMakerConfig.of("us-east-1")
            .withExecutionRole("arn:aws:iam::123456789012:role/serving")
            .withArtifactBucket("my-models"));
    return sagemaker;
  }

  static Response life(SageMakerPlatform sagemaker) {
    Duration limit = Duration.ofMinutes(30);
    ModelArtifact model =
        ModelArtifact.of(URI.create("s3://my-models/bert/model.tar.gz")).named("bert");
    RuntimeSpec runtime = RuntimeSpec.of("123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1");
    Container container =
        sagemaker.packageModel(model, runtime, Dependencies.NONE).await(limit);

    Scaling one = Scaling.fixed("ml.m5.large", 1);
    Endpoint blue =
        sagemaker.deploy(container, one, new Routing("bert", "blue")).await(limit);
    Response answer = sagemaker.invoke(blue, Request.json("{\"inputs\":\"hello\"}"));

    sagemaker.undeployAll("bert").await(limit);
    return answer;
  }

  static ModelArtifact artifact(ModelArtifact model) {
    ModelArtifact bert = model.withMetadata(ModelMetadata.of("huggingface", "4.37")
        .with(SageMakerArtifact.pyVersion("py310").on("ml.g5.xlarge")));
    return bert;
  }

  static ModelArtifact registered() {
    ModelArtifact approved = ModelArtifact.of(
        URI.create("arn:aws:sagemaker:us-east-1:123456789012:model-package/bert/3"));
    return approved;
  }

  static Endpoint chat(SageMakerPlatform sagemaker, Duration limit) {
    ModelArtifact qwen = ModelArtifact.huggingFace("Qwen/Qwen3-4B", ModelTask.CHAT);
    Dependencies arguments = Dependencies.environment(Map.of("SM_VLLM_MAX_MODEL_LEN", "8192"));
    Container assistant =
        sagemaker.packageModel(qwen, RuntimeSpec.NONE, arguments).await(limit);
    Scaling onGpu = Scaling.fixed("ml.g5.2xlarge", 1);
    Endpoint chat =
        sagemaker.deploy(assistant, onGpu, new Routing("assistant", "blue")).await(limit);
    return chat;
  }

  static HttpRequest.Builder openAi(SageMakerPlatform sagemaker, Endpoint chat) {
    OpenAiAccess access = sagemaker.openAi(chat);
    HttpRequest.Builder asked =
        HttpRequest.newBuilder(URI.create(access.baseUrl() + "/chat/completions"));
    access.headers().forEach(asked::header);
    return asked;
  }

  static Dependencies dependencies() {
    Dependencies script = Dependencies.environment(Map.of("MAX_INPUT_LENGTH", "512"))
        .with(SageMakerDependencies.entryPoint("inference.py"));
    return script;
  }

  static List<RuntimeSpec> runtimes(String image) {
    RuntimeSpec inVpc = RuntimeSpec.of(image)
        .with(SageMakerRuntime.executionRole("arn:aws:iam::123456789012:role/bert"))
        .with(SageMakerNetwork.vpc(List.of("subnet-0a1b"), List.of("sg-0a1b")));
    RuntimeSpec ofMany = RuntimeSpec.of(image).with(new SageMakerMultiModel(true));
    return List.of(inVpc, ofMany);
  }

  static List<Scaling> scalings() {
    Scaling large = Scaling.fixed("ml.g5.xlarge", 2)
        .with(SageMakerInstances.DEFAULT
            .withRequestRouting(RequestRouting.LEAST_OUTSTANDING_REQUESTS)
            .withStartupTimeout(Duration.ofMinutes(10)));
    Scaling byLoad = Scaling.between("ml.m5.large", 1, 4)
        .with(SageMakerAutoscaling.keeping(Metric.INVOCATIONS_PER_INSTANCE, 600));
    Scaling serverless = Scaling.fixed(1).with(SageMakerServerless.of(2048, 20));
    Scaling byBacklog = Scaling.between("ml.g5.xlarge", 0, 4).with(SageMakerAutoscaling.backlog(5));
    return List.of(large, byLoad, serverless, byBacklog);
  }

  static List<Routing> routings() {
    Routing copies = new Routing("bert", "next").with(new SageMakerShadow(20));
    Routing recorded =
        new Routing("bert", "blue").with(SageMakerDataCapture.of(10, "s3://my-models/captured/"));
    Routing replaced = new Routing("bert", "blue")
        .with(SageMakerReplacement.canary(10, Duration.ofMinutes(10), "bert-errors"));
    Routing rolling = new Routing("bert", "blue")
        .with(SageMakerReplacement.rolling(25, Duration.ofMinutes(5), "bert-errors"));
    Routing inS3 = new Routing("summaries", "blue")
        .with(SageMakerAsync.to("s3://my-models/answers/")
            .withFailurePath("s3://my-models/failures/"));
    return List.of(copies, recorded, replaced, rolling, inS3);
  }

  static List<Endpoint> components(
      SageMakerPlatform sagemaker, Container container, Container other, Duration limit) {
    Scaling share = Scaling.fixed("ml.g5.2xlarge", 2)
        .with(SageMakerComponent.on("shared", 8192).withAccelerators(1).withFleetInstances(2));
    Endpoint bert =
        sagemaker.deploy(container, share, new Routing("bert", "blue")).await(limit);
    Endpoint clip = sagemaker.deploy(other, share, new Routing("clip", "blue")).await(limit);
    return List.of(bert, clip);
  }

  static List<Response> session(SageMakerPlatform sagemaker, Endpoint blue, Request request) {
    Response green = sagemaker.invoke(blue, request.pinnedTo("green"));

    SageMakerRequest begin = SageMakerRequest.DEFAULT.withSessionId(SageMakerRequest.NEW_SESSION);
    Response first = sagemaker.invoke(blue, request.with(begin));
    String session = first
        .find(SageMakerResponse.class)
        .orElseThrow()
        .newSession()
        .orElseThrow()
        .id();
    Response next =
        sagemaker.invoke(blue, request.with(SageMakerRequest.DEFAULT.withSessionId(session)));
    return List.of(green, next);
  }

  static Response async(SageMakerPlatform sagemaker, Endpoint summaries) {
    AsyncInvocation asked = sagemaker.invokeAsync(
        summaries, AsyncRequest.of("s3://my-models/questions/1.json", "application/json"));
    Response answer = sagemaker.awaitResult(asked, Duration.ofMinutes(15));
    return answer;
  }

  static void streaming(
      SageMakerPlatform sagemaker,
      Endpoint blue,
      Request request,
      Consumer<? super ByteBuffer> show) {
    sagemaker.invokeStreaming(blue, request, show);
  }
}
