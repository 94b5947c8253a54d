package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.config.DeploymentFile;
import io.fairlead.config.DeploymentReader;
import io.fairlead.config.OpenPlatforms;
import io.fairlead.engine.ChatModelHandler;
import io.fairlead.engine.ExecutionProvider;
import io.fairlead.engine.StreamingModelHandler;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.Version;
import io.fairlead.json.GrammarJson;
import io.fairlead.language.ChatResponse;
import io.fairlead.language.TokenUsage;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.CallEvidence;
import io.fairlead.platform.Description;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.PlatformCheck;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.ProbeEvidence;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Guard;
import io.fairlead.rollout.Rollout;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import io.fairlead.stateful.CacheAnswer;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.RedisLevel;
import io.fairlead.stateful.Stateful;
import io.fairlead.stateful.StatefulConfig;
import io.fairlead.stateful.StatefulRequest;
import io.fairlead.yaml.YamlFile;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The pieces of Java in docs, compiled; {@link DocBlocksTest} finds them here, and {@link DocSnippetsTest} runs them. */
final class DocSnippets {
  private DocSnippets() {}

  static List<Object> operations(
      EndpointPlatform cloud, Container container, Scaling scaling, Routing routing) {
    Operation<Endpoint> deploying =
        cloud.deploy(container, scaling, routing).onProgress(System.out::println);
    Endpoint blue = deploying.await(Duration.ofMinutes(30));

    Plan plan = cloud.preview(p -> p.deploy(container, scaling, routing));
    return List.of(blue, plan);
  }

  static Operation<Version> rollout(EndpointPlatform platform, Endpoint blue, Endpoint green) {
    CallEvidence calls = new CallEvidence();
    EndpointPlatform cloud = calls.watch(platform);

    Rollout rollout = Rollout.guardedBy(
            Guard.maxFailures(0.02), Guard.maxSlower(0.05, Duration.ofMillis(800)))
        .step(5, Duration.ofMinutes(10))
        .step(25, Duration.ofMinutes(30))
        .step(100, Duration.ofHours(1));

    Evidence probes = new ProbeEvidence(platform, Request.json("{\"inputs\": \"a boat\"}"), 20);
    Evidence both = calls.and(probes);
    return cloud.rollOut(blue, green, rollout, both);
  }

  static Version promoted(
      EndpointPlatform cloud, Endpoint blue, Endpoint green, Rollout rollout, CallEvidence calls) {
    Version promoted = cloud
        .rollOut(blue, green, rollout, calls)
        .onProgress(System.out::println)
        .await(Duration.ofHours(6));
    return promoted;
  }

  static void toANewVersion(
      EndpointPlatform cloud, Endpoint blue, Endpoint green, CallEvidence calls) {
    Rollout rollout = Rollout.guardedBy(Guard.maxFailures(0.02))
        .step(10, Duration.ofMinutes(10))
        .step(100, Duration.ofHours(1));
    cloud.rollOut(blue, green, rollout, calls).await(Duration.ofHours(3));
  }

  static Endpoint deploymentFile() {
    DeploymentReader reader = YamlFile.deployment(Path.of("sentiment.yaml"));
    try (OpenPlatforms open =
        new OpenPlatforms(reader.platform().stream().toList(), reader.problems())) {
      DeploymentFile file = reader.read();
      EndpointPlatform platform = (EndpointPlatform) open.get(file.platform().name());
      Endpoint endpoint = (Endpoint) file.value();
      return platform
          .deploy(endpoint.container(), endpoint.scaling(), endpoint.routing())
          .await(file.limit());
    }
  }

  static Endpoint readingBack(EndpointPlatform cloud) {
    Description<Endpoint> there =
        cloud.describe("ask", "blue", Duration.ofSeconds(10)).orElseThrow();
    Endpoint blue = there.value().orElseThrow(); // another process can scale, route and undeploy it
    there.location().console(); // its page in the cloud's console
    return blue;
  }

  static PlatformCheck checking() {
    PlatformCheck check = Platforms.check("sagemaker", Map.of("region", "us-east-1"));
    System.out.println(check); // a line for each question, with what to do where the answer is no
    return check;
  }

  static Map.Entry<ModelFunction, Plan> functions(
      FunctionPlatform functions, ModelArtifact model, ModelArtifact better, Duration limit) {
    ModelFunction ask =
        functions.deploy(model.named("ask"), FunctionLimits.DEFAULT).await(limit);
    Plan plan = functions.preview(p -> p.deploy(better.named("ask"), FunctionLimits.DEFAULT));
    return Map.entry(ask, plan);
  }

  static EndpointPlatform local() {
    EndpointPlatform local = Platforms.open("local", EndpointPlatform.class);
    return local;
  }

  @SuppressWarnings("MustBeClosedChecker")
  static Map.Entry<EndpointPlatform, ModelArtifact> functions() {
    EndpointPlatform local = new LocalProvider()
        .open(LocalConfig.DEFAULT.withFunction(
            "echo", request -> Response.of(request.body(), request.contentType())));
    ModelArtifact echo = ModelArtifact.of(URI.create("java:echo"));
    return Map.entry(local, echo);
  }

  static StreamingModelHandler counter() {
    StreamingModelHandler counter = (request, pieces) -> {
      for (int i = 1; i <= 3; i++) {
        pieces.accept(ByteBuffer.wrap((i + "\n").getBytes(UTF_8)));
      }
      return Response.of(new byte[0], "text/plain");
    };
    return counter;
  }

  static ChatModelHandler parrot() {
    ChatModelHandler parrot = (question, pieces) -> {
      String last = question.messages().get(question.messages().size() - 1).content();
      for (String word : last.split("(?<= )", -1)) {
        pieces.accept(word);
      }
      return ChatResponse.of("").withUsage(new TokenUsage(last.length(), last.length()));
    };
    return parrot;
  }

  static Response pieces(EndpointPlatform platform, Endpoint blue, StringBuilder shown) {
    Response rest = platform.invokeStreaming(
        blue, Request.json("\"count to three\""), piece -> shown.append(UTF_8.decode(piece)));
    return rest;
  }

  static List<Endpoint> grammar() {
    ModelArtifact bert = ModelArtifact.huggingFace("google-bert/bert-base-uncased")
        .withMetadata(ModelMetadata.of("huggingface", "4.37").withName("bert"));
    RuntimeSpec runtime = RuntimeSpec.of("763104351884.dkr.ecr.us-east-1.amazonaws.com/bert:1");
    Dependencies dependencies = Dependencies.environment(Map.of("MAX_INPUT_LENGTH", "512"));
    Scaling scaling = Scaling.between("ml.g5.xlarge", 1, 4);
    Endpoint endpoint = new Endpoint(
        new Container(bert, runtime, dependencies), scaling, new Routing("bert", "blue"));

    String json = GrammarJson.write(endpoint);
    Endpoint same = GrammarJson.read(json, Endpoint.class);
    return List.of(endpoint, same);
  }

  static void withState(EndpointPlatform local, Endpoint blue, Duration limit) {
    StatefulConfig config = StatefulConfig.DEFAULT.withDeterministicModels();
    try (CachingPlatform stateful = Stateful.over(local, config)) {
      StatefulContainer ask = stateful.attach(blue, StatePolicy.of("64MB")).await(limit);
      Request request = Request.texts("Which food lasts?");
      for (int i = 0; i < 2; i++) {
        Response answer = stateful.cacheForward(ask, request);
        System.out.println(CacheAnswer.of(answer).source());
      }
    } // MODEL, then CACHE_EXACT
  }

  static List<Object> state() {
    Request request = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}")
        .with(StatefulRequest.DEFAULT.withScope("tenant-7").withSession("alice"));
    StatefulConfig config =
        StatefulConfig.DEFAULT.withSecondLevel(RedisLevel.at(URI.create("redis://localhost:6379")));
    return List.of(request, config);
  }

  static ModelArtifact options() {
    ModelArtifact model = ModelArtifact.of(Path.of("iris.onnx"))
        .named("iris")
        .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS).withMaxQueue(100));
    return model;
  }

  static ModelArtifact texts() {
    ModelArtifact model = ModelArtifact.of(Path.of("e5/onnx/model.onnx"));
    ModelArtifact queries = model.withMetadata(
        ModelMetadata.NONE.withLabels(Map.of("prompt", "query", "pooling", "mean")));
    return queries;
  }

  static ModelArtifact gpu() {
    ModelArtifact model = ModelArtifact.of(Path.of("bert.onnx"))
        .named("bert")
        .with(ServerlessOptions.DEFAULT.withExecutionProvider(
            ExecutionProvider.of("CUDA").with("device_id", "0")));
    return model;
  }

  /** Runs where there is an {@code iris.onnx}. */
  static final class FirstFunction {
    private FirstFunction() {}

    public static void main(String[] args) {
      try (ServerlessPlatform functions = Platforms.open("serverless", ServerlessPlatform.class)) {
        ModelArtifact model = ModelArtifact.of(Path.of("iris.onnx")).named("iris");
        ModelFunction iris =
            functions.deploy(model, FunctionLimits.DEFAULT).await(Duration.ofMinutes(1));
        Response answer =
            functions.invoke(iris, Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"));
        System.out.println(answer.text() + " at " + functions.url(iris));
      }
    }
  }

  /** What a cloud's container runs. */
  static final class ModelServer {
    private ModelServer() {}

    public static void main(String[] args) throws InterruptedException {
      HttpSettings http = System.getenv("AIP_HTTP_PORT") == null
          ? HttpSettings.forSageMaker()
          : HttpSettings.forVertex(System.getenv());
      ServerlessPlatform platform =
          new ServerlessProvider().open(ServerlessConfig.DEFAULT.withHttp(http));
      Runtime.getRuntime().addShutdownHook(new Thread(platform::close));

      Path model = Path.of(args.length > 0 ? args[0] : "/opt/ml/model");
      FunctionLimits limits = FunctionLimits.DEFAULT.withColdStart(ColdStart.EAGER);
      platform.deploy(ModelArtifact.of(model).named("model"), limits).await(Duration.ofMinutes(4));
      System.out.println("ready");
      Thread.currentThread().join(); // the platform's threads are daemons
    }
  }
}
