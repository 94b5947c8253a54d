package io.fairlead.serverless;

import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/** A process that serves a text model and a small one over HTTP until its input ends; prints the URL of the small one. */
final class SmallServer {
  private SmallServer() {}

  /** Serves: {@code CACHE}. */
  public static void main(String[] args) throws Exception {
    try (ServerlessPlatform platform =
        new ServerlessProvider().open(ServerlessConfig.DEFAULT.withCacheFolder(Path.of(args[0])))) {
      FunctionLimits limits =
          FunctionLimits.DEFAULT.withColdStart(ColdStart.EAGER).withTimeout(Duration.ofSeconds(20));
      platform
          .deploy(
              ModelArtifact.of(URI.create("classpath:all-minilm-l6-v2-q.onnx")).named("texts"),
              limits)
          .await(Duration.ofMinutes(2));
      System.out.println(platform.url(platform
          .deploy(
              ModelArtifact.of(URI.create("classpath:models/iris_lr.onnx")).named("iris"), limits)
          .await(Duration.ofMinutes(2))));
      while (System.in.read() >= 0) {
        // Until its parent has ended, or closes it.
      }
    }
  }
}
