package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FirstStepsTest {
  @Test
  void runInJshell() throws Exception {
    assumeTrue(
        Files.exists(Path.of(System.getProperty("java.home"), "bin", "jshell")),
        "this Java has no jshell");
    try (Child child = Child.ofJdk(
            "jshell",
            "--class-path",
            Child.classPath(),
            "-R--enable-native-access=ALL-UNNAMED",
            "jshell/first-steps.jsh",
            "-")
        .typing("System.out.println(local.preview(p -> p.undeploy(green)))\n/exit\n")) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out())
          .containsSubsequence(
              "ask/blue READY 90%",
              "ask/green READY 10%", "served by blue", "To go on", "delete variant ask/green")
          .doesNotContain("Error", "|");
    }
  }
}
