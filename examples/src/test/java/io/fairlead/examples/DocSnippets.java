package io.fairlead.examples;

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
import io.fairlead.json.GrammarJson;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Response;
import io.fairlead.serverless.LocalConfig;
import io.fairlead.serverless.LocalProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The pieces of Java in docs, compiled; {@link DocSnippetsTest} finds each of them here and runs these methods. */
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
}
