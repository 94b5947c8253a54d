package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.StandIn;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** The pieces of docs/sagemaker.md, at the stand-in. */
class SageMakerSnippetsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final String IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1";
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);

  private final Account account = StandIn.account("AKIASNIPPETS", new VirtualTime());
  private final SageMakerPlatform sagemaker = new SageMakerProvider()
      .open(SageMakerConfig.of("us-east-1")
          .withExecutionRole("arn:aws:iam::123456789012:role/serving")
          .withEndpoint(StandIn.endpoint())
          .withCredentials(StaticCredentialsProvider.create(
              AwsBasicCredentials.create("AKIASNIPPETS", "not-a-secret"))));

  SageMakerSnippetsTest() {
    account.durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    account.describeDelay(Duration.ZERO);
    account.asyncDuration(Duration.ZERO);
    account.addObject("my-models", "bert/model.tar.gz", new byte[1]);
  }

  @AfterEach
  void close() {
    sagemaker.close();
    account.close();
  }

  private static ModelArtifact model() {
    return ModelArtifact.of(URI.create("s3://my-models/bert/model.tar.gz")).named("bert");
  }

  private static Endpoint endpoint(
      ModelArtifact model,
      RuntimeSpec runtime,
      Dependencies dependencies,
      Scaling scaling,
      Routing routing) {
    return new Endpoint(new Container(model, runtime, dependencies), scaling, routing);
  }

  private Endpoint deploy(Routing routing) {
    Container container = sagemaker
        .packageModel(model(), RuntimeSpec.of(IMAGE), Dependencies.NONE)
        .await(LIMIT);
    return sagemaker.deploy(container, ONE, routing).await(LIMIT);
  }

  @Test
  void openingCallsNobody() {
    SageMakerSnippets.open().close();
  }

  @Test
  void theFirstPieceIsAWholeLife() {
    Response answer = SageMakerSnippets.life(sagemaker);

    assertThat(answer.text()).isEqualTo("{\"inputs\":\"hello\"}");
    assertThat(answer.variant()).hasValue("blue");
    assertThat(account.remains()).containsExactly("s3://my-models/bert/model.tar.gz");
  }

  @Test
  void everyOptionIsOneThatThePlatformTakes() {
    RuntimeSpec runtime = RuntimeSpec.of(IMAGE);
    Routing routing = new Routing("bert", "blue");
    List<Endpoint> endpoints = new ArrayList<>();
    endpoints.add(endpoint(
        SageMakerSnippets.artifact(model()),
        RuntimeSpec.NONE,
        Dependencies.NONE,
        Scaling.fixed("ml.g5.xlarge", 1),
        routing));
    endpoints.add(endpoint(model(), runtime, SageMakerSnippets.dependencies(), ONE, routing));
    account.addModelPackage(SageMakerSnippets.registered().weights().toString(), "Approved");
    endpoints.add(endpoint(
        SageMakerSnippets.registered(), RuntimeSpec.NONE, Dependencies.NONE, ONE, routing));
    ModelArtifact prefix = ModelArtifact.of(URI.create("s3://my-models/many/"));
    SageMakerSnippets.runtimes(IMAGE)
        .forEach(one -> endpoints.add(endpoint(prefix, one, Dependencies.NONE, ONE, routing)));
    Routing async = SageMakerSnippets.routings().get(4);
    SageMakerSnippets.scalings()
        .forEach(one -> endpoints.add(
            endpoint(model(), runtime, Dependencies.NONE, one, one.min() == 0 ? async : routing)));
    SageMakerSnippets.routings()
        .forEach(one -> endpoints.add(endpoint(model(), runtime, Dependencies.NONE, ONE, one)));

    Stream<Plan> plans = endpoints.stream()
        .map(one -> sagemaker.preview(
            platform -> platform.deploy(one.container(), one.scaling(), one.routing())));

    assertThat(plans).allSatisfy(plan -> assertThat(plan.warnings()).isEmpty());
    assertThat(account.calls()).doesNotContain("CreateModel");
  }

  @Test
  void aChatIsAskedByAClientThatKnowsNothingOfAws() {
    Endpoint chat = SageMakerSnippets.chat(sagemaker, LIMIT);
    HttpRequest asked = SageMakerSnippets.openAi(sagemaker, chat).build();

    assertThat(asked.uri())
        .hasToString(StandIn.endpoint() + "/endpoints/assistant/openai/v1/chat/completions");
    assertThat(asked.headers().firstValue("Authorization").orElseThrow())
        .startsWith("Bearer sagemaker-api-key-");
    sagemaker.undeploy(chat).await(LIMIT);
  }

  @Test
  void twoModelsShareAFleetThatGoesWithTheLastOfThem() {
    Container container = new Container(model(), RuntimeSpec.of(IMAGE), Dependencies.NONE);
    Container other =
        new Container(model().named("clip"), RuntimeSpec.of(IMAGE), Dependencies.NONE);

    List<Endpoint> both = SageMakerSnippets.components(sagemaker, container, other, LIMIT);

    assertThat(account.remains())
        .filteredOn(name -> name.startsWith("endpoint/"))
        .hasSize(1);
    assertThat(both)
        .allSatisfy(one ->
            assertThat(sagemaker.invoke(one, Request.json("{}")).variant()).hasValue("blue"));
    both.forEach(one -> sagemaker.undeploy(one).await(LIMIT));
    assertThat(account.remains()).containsExactly("s3://my-models/bert/model.tar.gz");
  }

  @Test
  void requestsAreAskedInSessionsAndThroughS3() {
    Endpoint blue = deploy(new Routing("bert", "blue"));
    deploy(new Routing("bert", "green"));

    List<Response> answers =
        SageMakerSnippets.session(sagemaker, blue, Request.json("{\"inputs\":\"hello\"}"));

    assertThat(answers.get(0).variant()).hasValue("green");
    assertThat(answers.get(1).text()).isEqualTo("{\"inputs\":\"hello\"}");

    account.addObject("my-models", "questions/1.json", "{\"inputs\":\"long\"}".getBytes(UTF_8));
    Endpoint summaries = deploy(SageMakerSnippets.routings().get(4));
    assertThat(SageMakerSnippets.async(sagemaker, summaries).text())
        .isEqualTo("{\"inputs\":\"long\"}");
  }
}
