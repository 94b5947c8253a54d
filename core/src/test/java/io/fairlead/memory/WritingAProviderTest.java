package io.fairlead.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That {@code docs/writing-a-provider.md} shows code that is compiled, and tested by the contracts. */
class WritingAProviderTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = ROOT.resolve("docs/writing-a-provider.md");
  private static final Path SOURCES = Path.of("src/test/java/io/fairlead/memory");
  private static final Pattern SHOWN = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern MARKED =
      Pattern.compile("// guide: [a-z ]+\n(.*?)// guide end", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");

  @Test
  void thePiecesOfJavaInThePageAreThoseThatAreMarkedInTheSources() throws IOException {
    List<String> shown = pieces(SHOWN, Files.readString(PAGE));
    List<String> marked;
    try (Stream<Path> sources = Files.walk(SOURCES)) {
      marked = sources
          .filter(source -> source.toString().endsWith(".java"))
          .flatMap(source -> pieces(MARKED, read(source)).stream())
          .toList();
    }

    assertThat(shown).hasSizeGreaterThan(5).containsExactlyInAnyOrderElementsOf(marked);
  }

  @Test
  void everyLinkInThePageLeadsToAFile() throws IOException {
    List<String> links = LINK.matcher(Files.readString(PAGE))
        .results()
        .map(link -> link.group(1))
        .toList();

    assertThat(links)
        .allSatisfy(link -> assertThat(PAGE.resolveSibling(link).normalize()).exists());
  }

  @Test
  void theContractIsWhereThePageSaysThatItIs() throws IOException {
    String page = Files.readString(PAGE);
    String pom = Files.readString(ROOT.resolve("core/pom.xml"));

    assertThat(page)
        .contains("<artifactId>fairlead-core</artifactId>")
        .contains("<type>test-jar</type>")
        .contains("<classifier>contract</classifier>");
    assertThat(pom)
        .contains("<artifactId>fairlead-core</artifactId>")
        .contains("<goal>test-jar</goal>")
        .contains("<classifier>contract</classifier>");
  }

  private static List<String> pieces(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map(piece -> piece.group(1).replaceAll("\\s+", " ").trim())
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
