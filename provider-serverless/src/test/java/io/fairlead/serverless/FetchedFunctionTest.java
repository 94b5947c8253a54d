package io.fairlead.serverless;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.engine.Download;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FetchedFunctionTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Request ROW = Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}");

  @TempDir
  private Path folder;

  @Test
  void aModelFromElsewhereIsFetchedByWhatIsConfiguredForItsScheme() throws IOException {
    byte[] model = resource("iris_lr.onnx");
    ServerlessConfig config = config()
        .withFetcher("s3", (location, etag) -> Download.of(new ByteArrayInputStream(model)));
    ModelArtifact artifact =
        ModelArtifact.of(URI.create("s3://models/iris.onnx")).named("iris");
    try (ServerlessPlatform platform = new ServerlessProvider().open(config)) {
      ModelFunction function = platform.deploy(artifact, FunctionLimits.DEFAULT).await(LIMIT);

      assertThat(platform.invoke(function, ROW).text()).contains("\"label\":0");

      ModelArtifact apart =
          artifact.with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS));
      platform.deploy(apart, FunctionLimits.DEFAULT).await(LIMIT);
      assertThat(platform.invoke(function, ROW).text()).contains("\"label\":0");
    }
  }

  @Test
  void withoutAFetcherNothingIsFetched() {
    ModelArtifact artifact =
        ModelArtifact.of(URI.create("s3://models/iris.onnx")).named("iris");
    try (ServerlessPlatform platform = new ServerlessProvider().open(config())) {
      assertThatThrownBy(() -> platform.deploy(artifact, FunctionLimits.DEFAULT).await(LIMIT))
          .isInstanceOf(ServingException.class)
          .hasMessageContaining("s3");
    }
  }

  @Test
  void aFunctionNeverAnswersByAnotherModelThanTheOneThatWasDeployed() throws IOException {
    Path file = folder.resolve("model.onnx");
    Files.write(file, resource("iris_lr.onnx"));
    ModelArtifact artifact = ModelArtifact.of(file).named("iris");
    try (ServerlessPlatform platform = new ServerlessProvider().open(config())) {
      ModelFunction function = platform.deploy(artifact, FunctionLimits.DEFAULT).await(LIMIT);
      Files.write(file, resource("iris_rf.onnx"));

      assertThatThrownBy(() -> platform.invoke(function, ROW))
          .isInstanceOfSatisfying(
              ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
          .hasMessageContaining("deploy it again");

      platform.deploy(artifact, FunctionLimits.DEFAULT).await(LIMIT);
      assertThat(platform.invoke(function, ROW).text()).contains("label");
    }
  }

  private ServerlessConfig config() {
    return ServerlessConfig.DEFAULT.withCacheFolder(folder.resolve("cache"));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = FetchedFunctionTest.class.getResourceAsStream("/models/" + name)) {
      return in.readAllBytes();
    }
  }
}
