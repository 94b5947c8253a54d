package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReadmeExampleTest {
  private static final Path README = Path.of("../README.md");
  private static final Path SOURCE =
      Path.of("src/main/java/io/fairlead/examples/ReadmeExample.java");

  @Test
  void isInTheReadmeWordForWord() throws Exception {
    assumeTrue(Files.exists(README), "there is no README.md yet");
    String source = Files.readString(SOURCE);
    String begin = "// README begin\n";
    String example = source
        .substring(source.indexOf(begin) + begin.length(), source.indexOf("    // README end"))
        .replaceAll("(?m)^ {4}", "");

    assertThat(Files.readString(README)).contains("```java\n" + example + "```");
  }

  @Test
  void runs() throws Exception {
    try (Child child = Child.java(ReadmeExample.class)) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out().lines())
          .hasSize(2)
          .first()
          .asString()
          .matches("Response\\[\\d+ bytes of application/json, served by blue]");
      assertThat(child.out().lines()).last().isEqualTo("[]");
    }
  }
}
