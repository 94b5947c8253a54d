package io.fairlead.spring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** An application that is started twice in one JVM, as by DevTools. */
class RestartTest {
  private static final Path IRIS = Path.of("../../../examples/src/test/resources/iris.onnx");

  @Test
  void modelsAreFoundAnewNativeLibrariesStayAndNothingIsLeft() throws Exception {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            // Else what Spring caches softly would stay until the memory is short.
            "-XX:SoftRefLRUPolicyMSPerMB=0",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.springframework.boot.logging.LoggingSystem=none",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            Restarts.class.getName(),
            IRIS.toAbsolutePath().normalize().toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    try {
      String out = new String(process.getInputStream().readAllBytes(), UTF_8);

      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(out.lines())
          .containsExactly(
              "found anew: true",
              "native: true",
              "found anew: true",
              "native: true",
              "collected: true, true");
    } finally {
      process.destroyForcibly();
    }
  }
}
