package io.fairlead.sagemaker.internal;

import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.provider.RefusedCalls;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import java.net.URI;
import java.time.Duration;
import java.util.Random;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** A process that asks one model once, and prints the answer. */
final class OnePlatformCall {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private OnePlatformCall() {}

  /** Asks: {@code ENDPOINT invoke} or {@code ENDPOINT stream}; or manages: {@code ENDPOINT manage}. */
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
