package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What a sentence of the library advises is there: the artifact to add, the method to call.
 *
 * <p>It reads the texts in the sources of all modules, so that a name that is changed in one place cannot stay in
 * another.
 */
class AdviceTest {
  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\\n]|\\\\.)*)\"");
  private static final Pattern ARTIFACT =
      Pattern.compile("\\b([a-z]+(?:\\.[a-z0-9]+)+:[a-z][a-z0-9-]+)");
  private static final Pattern MEMBER = Pattern.compile("\\b([A-Z][A-Za-z]+)\\.([a-z]\\w+)");
  private static final Pattern WITHER = Pattern.compile("\\b(with[A-Z]\\w+)");

  private static final Map<String, String> CLASSES = Pages.files("java").stream()
      .filter(AdviceTest::isOfALibrary)
      .collect(Collectors.toMap(
          file -> file.getFileName().toString().replace(".java", ""), Pages::read, String::concat));

  private static boolean isOfALibrary(Path file) {
    String path = Pages.ROOT.relativize(file).toString();
    return path.contains("src/main/java") && !path.startsWith("examples");
  }

  /** {@return the texts of more than a word in all sources, each whole where it is written in several pieces} */
  private static Stream<String> sentences() {
    return CLASSES.values().stream()
        .map(source -> source.replaceAll("\"\\s*\\+\\s*\"", ""))
        .flatMap(source -> LITERAL.matcher(source).results())
        .map(found -> found.group(1))
        .filter(text -> text.contains(" "));
  }

  private static Set<String> found(Pattern pattern) {
    return sentences()
        .flatMap(sentence -> pattern.matcher(sentence).results())
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void anArtifactToAddIsOneThatTheBuildResolves() {
    List<String> poms = new Poms().known();

    assertThat(found(ARTIFACT))
        .contains("software.amazon.awssdk:netty-nio-client", "ai.djl.huggingface:tokenizers")
        .allSatisfy(one -> assertThat(poms).anyMatch(known -> known.startsWith(one)));
  }

  @Test
  void aMethodToCallIsInItsClass() {
    assertThat(found(MEMBER)).hasSizeGreaterThan(10).allSatisfy(member -> {
      String[] parts = member.split("\\.", -1);
      if (CLASSES.containsKey(parts[0])) {
        assertThat(CLASSES.get(parts[0])).containsPattern("\\b" + parts[1] + "\\b");
      }
    });
  }

  @Test
  void aMethodThatChangesASettingIsInAClass() {
    String all = String.join("\n", CLASSES.values());

    assertThat(found(WITHER))
        .hasSizeGreaterThan(5)
        .allSatisfy(name -> assertThat(all).contains(name + "("));
  }
}
