package io.fairlead.sagemaker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Scaling;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.SageMakerComponent;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerPlatform;
import io.fairlead.sagemaker.SageMakerProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** A process that asks one model once, and prints the answer. */
final class OnePlatformCall {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private OnePlatformCall() {}

  /**
   * Asks: {@code ENDPOINT invoke}, {@code ENDPOINT pieces} or {@code ENDPOINT stream}; gives access to an endpoint and to an
   * inference component: {@code ENDPOINT openai}; or manages: {@code ENDPOINT manage}.
   */
  public static void main(String[] args) {
    SageMakerConfig config = SageMakerConfig.of("us-east-1")
        .withEndpoint(URI.create(args[0]))
        .withCredentials(StaticCredentialsProvider.create(
            AwsBasicCredentials.create("AKIAEXAMPLE", "not-a-secret")));
    Request request = Request.json("{}");
    if (args[1].equals("invoke")) {
      try (EndpointPlatform platform = new SageMakerProvider().open(config)) {
        System.out.println(platform.invoke(ScriptedServer.ENDPOINT, request).text());
      }
      return;
    }
    if (args[1].equals("pieces")) {
      try (EndpointPlatform platform = new SageMakerProvider().open(config)) {
        platform.invokeStreaming(
            ScriptedServer.ENDPOINT, request, piece -> System.out.println(UTF_8.decode(piece)));
      }
      return;
    }
    if (args[1].equals("openai")) {
      Endpoint alone = ScriptedServer.ENDPOINT;
      Scaling shared = alone.scaling().with(SageMakerComponent.on("fleet", 4096));
      try (SageMakerPlatform platform = new SageMakerProvider().open(config)) {
        for (Scaling scaling : List.of(alone.scaling(), shared)) {
          OpenAiAccess access =
              platform.openAi(new Endpoint(alone.container(), scaling, alone.routing()));
          System.out.println(access.baseUrl().getPath() + " " + access.bearer().get());
        }
      }
      return;
    }
    if (args[1].equals("manage")) {
      try (EndpointPlatform platform = new SageMakerProvider().open(config)) {
        printFailure(() -> platform.list(LIMIT));
        printFailure(() -> platform.undeployAll("churn").await(LIMIT));
      }
      return;
    }
    SageMakerErrors errors = new SageMakerErrors(config);
    TimeSource time = TimeSource.system();
    RefusedCalls calls = new RefusedCalls(SageMakerProvider.ID, time, new Random(1));
    try (SageMakerClients clients = new SageMakerClients(config)) {
      SageMakerInvoker invoker = new SageMakerInvoker(
          clients,
          calls,
          errors,
          time,
          () -> new SageMakerStreaming(config, clients, calls, errors, time));
      DefaultSageMakerPlatform platform = new DefaultSageMakerPlatform(
          new InvokeOnlyPlatform(invoker),
          new AsyncInvocations(clients, calls, errors, time, config.callTimeout()),
          new OpenAiRoute(config, clients, errors, time),
          new SageMakerReach(config, clients, errors));
      try (platform) {
        printFailure(() -> platform.invokeStreaming(ScriptedServer.ENDPOINT, request, piece -> {}));
      }
    }
  }

  private static void printFailure(Runnable call) {
    try {
      call.run();
    } catch (ServingException e) {
      System.out.println(e.kind() + " " + e.getMessage());
    }
  }
}
