package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatefulExampleTest {
  @TempDir
  Path folder;

  private int run(Printed printed, String... arguments) {
    return new StatefulExample(printed.terminal, 1).run(List.of(arguments), folder);
  }

  @Test
  void answersFromTheCacheReplacesAVersionWithoutAStaleAnswerAndRestartsWarm() {
    Printed printed = Printed.toAFile();

    assertThat(run(printed)).isZero();

    String text = printed.text();
    assertThat(text)
        .containsSubsequence(
            "bit-identical",
            "✓ deploy    first",
            "The model alone takes",
            "Mon 16:00  █",
            "Tue 00:00  █",
            "Tue 08:00  █",
            "28,800 requests took",
            "light           ██████████████",
            "✓ update    retrained",
            "Stale answers: 0",
            "That platform is closed.",
            "✓ deploy    its folder",
            "called for 0 of 2,000 requests.",
            "✓ deploy    empty folder");
    assertThat(numbers(text, "(\\d+)%\\s+0%\\s+\\1%"))
        .hasSize(3)
        .allSatisfy(hits -> assertThat(hits).isGreaterThan(80));
    assertThat(numbers(text, "got ([\\d,]+) answers of the first")).allMatch(one -> one > 0);
    assertThat(numbers(text, "differ for ([\\d,]+) of")).allMatch(one -> one > 1900);
    assertThat(numbers(text, "called for (\\d+) of 2,000 requests"))
        .last()
        .satisfies(one -> assertThat(one).isGreaterThan(50));
    assertThat(printed.lines()).last().asString().contains("nothing left");
    assertThat(text).doesNotContain("\u001b").doesNotContain("\r");
  }

  private static List<Integer> numbers(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    List<Integer> numbers = matcher
        .results()
        .map(found -> Integer.valueOf(found.group(1).replace(",", "")))
        .toList();
    assertThat(numbers).as(pattern + " in " + text).isNotEmpty();
    return numbers;
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 80})
  void fitsTheTerminal(int columns) {
    Printed watched = Printed.watched(columns);

    assertThat(run(watched)).isZero();

    List<String> seen = Stream.of(watched.text().split("\n"))
        .map(line -> line.substring(line.lastIndexOf('\r') + 1).replaceAll("\u001b\\[\\d*[mK]", ""))
        .toList();
    assertThat(seen).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(columns));
    assertThat(watched.text()).containsPattern("\u001b\\[2m  Mon 15:\\d\\d  █+");
  }

  @Test
  void aModelThatCannotBeWrittenIsAFailure() throws Exception {
    Printed printed = Printed.inAscii();
    Files.createDirectory(folder.resolve("first.onnx"));
    Files.createFile(folder.resolve("first.onnx/there"));

    assertThat(run(printed)).isEqualTo(1);

    assertThat(printed.lines()).last().asString().startsWith("no ");
    assertThat(printed.text()).matches("\\p{ASCII}*");
  }

  @Test
  void anArgumentIsAnsweredWithTheUsage() {
    Printed printed = Printed.toAFile();

    assertThat(run(printed, "model.onnx")).isEqualTo(2);

    assertThat(printed.lines()).singleElement().asString().contains("examples/run stateful");
  }

  @Test
  void theSameReadingsComeEachTimeAndHardlyAnyTwice() {
    Sensors sensors = new Sensors(20, 1);
    Sensors same = new Sensors(20, 1);
    List<String> readings =
        Stream.generate(() -> sensors.next().text()).limit(20 * 60).toList();

    assertThat(readings)
        .isEqualTo(Stream.generate(() -> same.next().text()).limit(20 * 60).toList());
    assertThat(readings.stream().distinct().count()).isGreaterThan(20 * 60 * 99 / 100);
    assertThat(sensors.time()).isEqualTo("Mon 09:00");
  }
}
