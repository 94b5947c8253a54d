package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Problems;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.Request;
import io.fairlead.provider.TimeSource;
import io.fairlead.sagemaker.SageMakerAsync;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.sagemaker.SageMakerProvider;
import io.fairlead.sagemaker.SageMakerRequest;
import io.fairlead.sagemaker.internal.credentials.BearerTokens;
import io.fairlead.sagemaker.internal.images.ModelServer;
import java.net.URI;
import java.time.Duration;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/**
 * Access to endpoints by the route of SageMaker's runtime that passes chats on to the container as they are.
 *
 * <p>AWS's documentation, "Invoke endpoints with OpenAI-compatible APIs": the route has {@code /chat/completions} only,
 * takes a bearer token only, and names an inference component in its path.
 */
final class OpenAiRoute {
  private static final Request ANY = Request.json("{}");
  private static final Duration SHORTEST = Duration.ofMinutes(1);

  private final SageMakerConfig config;
  private final SageMakerClients clients;
  private final SageMakerErrors errors;
  private final TimeSource time;

  OpenAiRoute(
      SageMakerConfig config, SageMakerClients clients, SageMakerErrors errors, TimeSource time) {
    this.config = config;
    this.clients = clients;
    this.errors = errors;
    this.time = time;
  }

  OpenAiAccess access(Endpoint endpoint, Duration tokenLife) {
    Container container = endpoint.container();
    ModelTask task = container.artifact().metadata().task().orElse(ModelTask.CHAT);
    Problems.in("OpenAiAccess")
        .check(
            task == ModelTask.CHAT,
            "endpoint.container.artifact.metadata.task",
            "must be " + ModelTask.CHAT.id()
                + ": SageMaker's route for clients of OpenAI's API has chats only. Use invoke",
            task.id())
        .check(
            endpoint.routing().options().find(SageMakerAsync.class).isEmpty(),
            "endpoint.routing.options",
            "must not have SageMakerAsync, whose requests and answers are in S3")
        .check(
            tokenLife.compareTo(SHORTEST) >= 0 && tokenLife.compareTo(BearerTokens.LONGEST) <= 0,
            "tokenLife",
            "must be between 1 minute and 12 hours, the longest that SageMaker accepts",
            tokenLife)
        .throwIfAny();
    InvocationTarget target = InvocationTarget.of(endpoint, ANY, SageMakerRequest.DEFAULT);
    String component =
        target.component() == null ? "" : "/inference-components/" + target.component();
    BearerTokens tokens =
        new BearerTokens(() -> credentials(endpoint), config.region(), tokenLife, time);
    return new OpenAiAccess(
        URI.create(DeployedEndpoints.runtimeUrl(config) + "/endpoints/" + target.endpoint()
            + component + "/openai/v1"),
        new WhileOpen(tokens),
        ModelServer.servedName(container.dependencies().environment(), usualName(endpoint)));
  }

  /** {@return the name of the model in the container, where its environment has none: what was mapped, or is served as} */
  private static String usualName(Endpoint endpoint) {
    URI weights = endpoint.container().artifact().weights();
    return "hf".equals(weights.getScheme())
        ? weights.getAuthority() + weights.getPath()
        : ModelServer.MODEL_FOLDER;
  }

  private AwsCredentials credentials(Endpoint endpoint) {
    AwsCredentials found = errors.call(
        "Making a bearer token for endpoint '" + endpoint.name() + "'",
        () -> clients.resolveCredentials(config.callTimeout()));
    if (found.accessKeyId() == null) {
      throw new ServingException(
          SageMakerProvider.ID,
          ErrorKind.UNAUTHORIZED,
          "Making a bearer token for endpoint '" + endpoint.name()
              + "' failed: the credentials are anonymous. Tried " + config.identity() + ".");
    }
    return found;
  }

  /** Tokens as long as the platform is open. */
  private final class WhileOpen implements Supplier<String> {
    private final BearerTokens tokens;

    WhileOpen(BearerTokens tokens) {
      this.tokens = tokens;
    }

    @Override
    public String get() {
      clients.checkOpen();
      return tokens.get();
    }
  }
}
