package io.fairlead.serverless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.ExecutionProvider;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Problem;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.Request;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the options of a function do to its model, in this JVM and in a worker. */
final class FunctionOptionsTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final ServerlessConfig config =
      ServerlessConfig.DEFAULT.withCacheFolder(Models.cacheFolder());

  @ParameterizedTest
  @EnumSource(Isolation.class)
  void theModelGetsTheProvidersAndTheSettings(Isolation isolation) throws Exception {
    ServerlessOptions options = ServerlessOptions.DEFAULT
        .withIsolation(isolation)
        .withExecutionProvider(ExecutionProvider.of("CPU"))
        .withSessionSetting("session.set_denormal_as_zero", "1");
    try (ServerlessPlatform platform = new ServerlessProvider().open(config)) {
      ModelFunction there = deployed(platform, options);
      assertThat(platform.invoke(there, Request.json(Models.IRIS_REQUEST)).text())
          .contains("\"label\"");
      ModelFunction missing =
          deployed(platform, options.withExecutionProvider(ExecutionProvider.of("CUDA")));

      ServingException e = catchThrowableOfType(
          ServingException.class,
          () -> platform.invoke(missing, Request.json(Models.IRIS_REQUEST)));

      assertThat(e.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
      assertThat(e).hasMessageContaining("the execution provider CUDA, and ONNX Runtime here has");
    }
  }

  @Test
  void theyAreInTheJsonOfAFunction() {
    ServerlessOptions options = ServerlessOptions.DEFAULT
        .withExecutionProvider(ExecutionProvider.of("CUDA").with("device_id", "1"))
        .withSessionSetting("session.set_denormal_as_zero", "1");
    ModelFunction function = new ModelFunction(
        Models.artifact("iris_lr.onnx").named("iris").with(options), FunctionLimits.DEFAULT);

    ModelFunction read = GrammarJson.read(GrammarJson.write(function), ModelFunction.class);

    assertThat(read).isEqualTo(function);
    assertThat(options.sessionSettings()).isEqualTo(Map.of("session.set_denormal_as_zero", "1"));
  }

  @Test
  void aSettingThatDecidesWhatIsLoadedIsRefused() {
    InvalidValueException e = catchThrowableOfType(
        InvalidValueException.class,
        () -> ServerlessOptions.DEFAULT.withSessionSetting("session.load_model_format", "ORT"));

    assertThat(e.problems()).extracting(Problem::field).containsExactly("sessionSettings");
  }

  @Test
  void theMetadataSaysWhetherRequestsAreBatched() throws Exception {
    try (ServerlessPlatform platform = new ServerlessProvider().open(config)) {
      ModelFunction iris = deployed(platform, ServerlessOptions.DEFAULT.withMaxBatch(8));

      assertThat(metadata(platform.url(iris))).contains("\"parameters\":{\"batching\":\"on\"}");
      platform.invoke(iris, Request.json(Models.IRIS_REQUEST));
      assertThat(metadata(platform.url(iris))).contains("\"parameters\":{\"batching\":\"on\"}");

      ModelFunction alone = deployed(platform, ServerlessOptions.DEFAULT);
      assertThat(metadata(platform.url(alone))).doesNotContain("batching");
    }
  }

  private static ModelFunction deployed(ServerlessPlatform platform, ServerlessOptions options) {
    return platform
        .deploy(Models.artifact("iris_lr.onnx").named("iris").with(options), FunctionLimits.DEFAULT)
        .await(LIMIT);
  }

  private static String metadata(URI url) throws Exception {
    URI model = URI.create(url.toString().replaceFirst("/infer$", ""));
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(model).build(), BodyHandlers.ofString())
        .body();
  }
}
