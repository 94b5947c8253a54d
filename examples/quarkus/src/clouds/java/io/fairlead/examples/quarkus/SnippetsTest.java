package io.fairlead.examples.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SnippetsTest {
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void everyPieceOfJavaInThePageIsCompiled() throws IOException {
    String compiled = squeezed(
        Files.readString(Path.of("src/clouds/java/io/fairlead/examples/quarkus/Snippets.java")));
    List<String> pieces = JAVA.matcher(Files.readString(Path.of("../../docs/quarkus.md")))
        .results()
        .map(piece -> squeezed(piece.group(1)))
        .toList();

    assertThat(pieces).isNotEmpty().allSatisfy(piece -> assertThat(compiled).contains(piece));
  }

  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }
}
