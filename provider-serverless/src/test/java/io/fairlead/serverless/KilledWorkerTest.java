package io.fairlead.serverless;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.serverless.internal.process.Handlers;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class KilledWorkerTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir
  private Path folder;

  @Test
  @Timeout(120)
  void aFunctionWhoseProcessWasKilledAtADeadlineAnswersFromANewOne() throws Exception {
    try (ServerlessPlatform platform =
        new ServerlessProvider().open(ServerlessConfig.DEFAULT.withCacheFolder(folder))) {
      ModelArtifact artifact = ModelArtifact.of(
              URI.create("java:" + Handlers.Obedient.class.getName()))
          .named("obedient");
      ModelFunction function = platform
          .deploy(
              artifact.withMetadata(artifact
                  .metadata()
                  .with(ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS))),
              FunctionLimits.DEFAULT.withMemory("512MB").withTimeout(LIMIT))
          .await(LIMIT);
      Set<ProcessHandle> before = children();
      platform.invoke(function, text("echo"));
      Set<ProcessHandle> workers = children();
      workers.removeAll(before);

      assertThatExceptionOfType(ServingException.class)
          .isThrownBy(() -> platform.invoke(
              function,
              text("hang " + folder.resolve("hangs")).withTimeout(Duration.ofMillis(300))))
          .extracting(ServingException::kind)
          .isEqualTo(ErrorKind.TIMEOUT);

      for (ProcessHandle worker : workers) {
        worker.onExit().get(1, TimeUnit.MINUTES);
      }
      assertThat(platform.invoke(function, text("echo")).text()).isEqualTo("echo");
    }
  }

  private static Set<ProcessHandle> children() {
    return ProcessHandle.current().children().collect(Collectors.toSet());
  }

  private static Request text(String text) {
    return Request.of(text.getBytes(UTF_8), "text/plain");
  }
}
