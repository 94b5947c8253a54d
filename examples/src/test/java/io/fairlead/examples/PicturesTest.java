package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** The pictures of the pages are drawn from their sources, and the numbers in them are of a run. */
class PicturesTest {
  private static final Path FOLDER = Pages.ROOT.resolve("docs/pictures");
  private static final String AGAIN =
      "draw it again: java examples/src/test/java/io/fairlead/examples/Draw.java docs/pictures";

  static List<Path> sources() throws IOException {
    return Draw.sources(FOLDER);
  }

  @ParameterizedTest
  @MethodSource("sources")
  void isDrawnFromItsSource(Path source) throws IOException {
    assertThat(Files.readString(Draw.picture(source))).as(AGAIN).isEqualTo(Draw.svg(source));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void saysWhatItShowsToWhomCannotSeeIt(Path source) throws Exception {
    Document svg = DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(Draw.svg(source))));

    assertThat(svg.getElementsByTagName("title").item(0).getTextContent()).hasSizeGreaterThan(10);
    assertThat(svg.getElementsByTagName("desc").item(0).getTextContent()).hasSizeGreaterThan(100);
    assertThat(svg.getElementsByTagName("style").item(0).getTextContent())
        .contains("@media (prefers-color-scheme: dark)");
  }

  @Test
  void eachHasASourceAndIsInAPage() throws IOException {
    List<Path> drawn = sources().stream().map(Draw::picture).toList();
    List<Path> pictures;
    try (Stream<Path> files = Files.list(FOLDER)) {
      pictures = files.filter(file -> file.toString().endsWith(".svg")).toList();
    }
    String pages = Pages.all().stream().map(Pages::text).reduce("", String::concat);

    assertThat(pictures).hasSizeGreaterThanOrEqualTo(4).containsExactlyInAnyOrderElementsOf(drawn);
    assertThat(pictures)
        .allSatisfy(picture -> assertThat(pages)
            .containsPattern("!\\[[^]]{20,}]\\([a-z/]*pictures/" + picture.getFileName() + "\\)"));
  }

  @Test
  void theNumbersOfTheCanaryAreThoseOfARun() throws IOException {
    assertThat(Files.readString(FOLDER.resolve("canary.csv"))).isEqualTo(Canary.csv());
  }
}
