package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every page is found from the index, and every word of the pages is in the glossary once. */
class IndexTest {
  private static final Path DOCS = Path.of("docs");
  private static final String GLOSSARY = Pages.text(DOCS.resolve("glossary.md"));
  private static final Pattern ENTRY =
      Pattern.compile("^\\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE);

  @Test
  void everyPageIsInTheIndex() {
    String index = Pages.text(DOCS.resolve("README.md"));
    List<String> pages = Pages.all().stream()
        .filter(page -> DOCS.equals(page.getParent()) && !page.endsWith("README.md"))
        .map(page -> page.getFileName().toString())
        .toList();

    assertThat(pages)
        .hasSizeGreaterThan(15)
        .allSatisfy(page ->
            assertThat(index).containsPattern("\\(" + Pattern.quote(page) + "(#[^)]*)?\\)"));
  }

  @Test
  void everyDecisionIsInTheListOfDecisions() {
    String list = Pages.text(DOCS.resolve("decisions/README.md"));

    assertThat(Pages.all().stream()
            .filter(page -> page.toString().matches(".*decisions/\\d{4}-.*"))
            .map(page -> page.getFileName().toString()))
        .isNotEmpty()
        .allSatisfy(decision -> assertThat(list).contains("(" + decision + ")"));
  }

  @Test
  void everyWordIsExplainedOnceAndLeadsToWhereItIsUsed() {
    List<String> words = ENTRY
        .matcher(GLOSSARY.substring(0, GLOSSARY.indexOf("## Words of others")))
        .results()
        .filter(entry -> !entry.group(1).matches("word|-+"))
        .peek(entry -> assertThat(entry.group(2)).as(entry.group(1)).contains("]"))
        .flatMap(entry -> List.of(entry.group(1).split(", ")).stream())
        .toList();

    assertThat(words).hasSizeGreaterThan(80).doesNotHaveDuplicates();
  }

  @Test
  void noPageUsesAWordOfOthers() {
    String others = GLOSSARY.substring(GLOSSARY.indexOf("| others say |"));
    List<String> words = ENTRY
        .matcher(others)
        .results()
        .map(entry -> entry.group(1))
        .filter(group -> !group.matches("others say|-+"))
        .flatMap(group -> List.of(group.split(", ")).stream())
        .toList();

    assertThat(words).hasSizeGreaterThan(10);
    assertThat(Pages.all())
        .filteredOn(page -> !page.endsWith("glossary.md"))
        .allSatisfy(page -> assertThat(prose(page))
            .doesNotContainPattern("(?i)\\b(" + String.join("|", words) + ")(s|ed|ing)?\\b"));
  }

  /** {@return a page without its code} */
  private static String prose(Path page) {
    return Pages.text(page).replaceAll("(?s)```.*?```|`[^`]*`", "");
  }

  /** A link to a place in the glossary is made of a word, which the glossary has. */
  @Test
  void everyLinkIntoTheGlossaryIsOfAWordThatItHas() {
    Pattern link = Pattern.compile("\\[([^]]+)]\\([a-z./]*glossary\\.md#[^)]*\\)");
    List<String> linked = Pages.all().stream()
        .flatMap(page -> link.matcher(Pages.text(page)).results())
        .map(found -> found.group(1).replaceAll("s$", ""))
        .toList();

    assertThat(linked)
        .isNotEmpty()
        .allSatisfy(
            word -> assertThat(GLOSSARY).containsPattern("\\| [^|]*\\b" + word + "\\b[^|]* \\|"));
  }
}
