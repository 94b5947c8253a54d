package io.fairlead.serverless.comparison;

import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.serverless.HttpSettings;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** MiniLM as a function that answers over HTTP, in a process of its own. */
public final class FunctionServer {
  private FunctionServer() {}

  /** Serves until it is killed: {@code MODEL CACHE PORT THREADS}. */
  public static void main(String[] args) throws InterruptedException {
    ServerlessConfig config = ServerlessConfig.DEFAULT
        .withCacheFolder(Path.of(args[1]))
        .withHttp(HttpSettings.DEFAULT.withAddress(
            HttpSettings.DEFAULT.host(), Integer.parseInt(args[2])));
    try (ServerlessPlatform platform = new ServerlessProvider().open(config)) {
      ModelFunction function = InProcess.function(
          MiniLm.NAME,
          ModelArtifact.of(Path.of(args[0])),
          ServerlessOptions.DEFAULT.withThreads(Integer.parseInt(args[3])));
      platform
          .deploy(function.artifact(), FunctionLimits.DEFAULT.withColdStart(ColdStart.EAGER))
          .await(Duration.ofMinutes(1));
      new CountDownLatch(1).await();
    }
  }
}
