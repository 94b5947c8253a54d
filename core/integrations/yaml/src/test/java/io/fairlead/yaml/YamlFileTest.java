package io.fairlead.yaml;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.config.ConfigNode;
import io.fairlead.config.ConfigNode.Elements;
import io.fairlead.config.ConfigNode.Group;
import io.fairlead.config.ConfigNode.Text;
import io.fairlead.config.DeploymentReader;
import io.fairlead.config.InvalidConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlFileTest {
  @TempDir
  Path folder;

  private static Group read(String text) {
    return YamlFile.read(text.getBytes(UTF_8), "ask.yaml");
  }

  private static Map<String, String> texts(Group group) {
    return group.members().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, each -> ((Text) each.getValue()).value()));
  }

  @Test
  void eachPartHasItsPlace() {
    Group root = read("""
        # a comment
        platform: local

        endpoint:
          name: "ask"
          packages:
            - numpy
            - torch
          environment: {A: b, C: }
        """);

    assertThat(root.origin()).isEqualTo("ask.yaml");
    assertThat(root.members().get("platform").origin()).isEqualTo("ask.yaml, line 2, column 11");
    Group endpoint = (Group) root.members().get("endpoint");
    assertThat(endpoint.origin()).isEqualTo("ask.yaml, line 4, column 1");
    assertThat(endpoint.members().keySet()).containsExactly("name", "packages", "environment");
    Elements packages = (Elements) endpoint.members().get("packages");
    assertThat(packages.origin()).isEqualTo("ask.yaml, line 6, column 3");
    assertThat(packages.values())
        .extracting(ConfigNode::origin)
        .containsExactly("ask.yaml, line 7, column 7", "ask.yaml, line 8, column 7");
    Group environment = (Group) endpoint.members().get("environment");
    assertThat(texts(environment)).isEqualTo(Map.of("A", "b", "C", ""));
    assertThat(environment.members().get("C").origin()).isEqualTo("ask.yaml, line 9, column 23");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no",
        "NO",
        "on",
        "yes",
        "true",
        "~",
        "null",
        "1e3",
        "0o7",
        "0x1F",
        "010",
        "4.10",
        "1_000",
        "12:30",
        "2026-01-01",
        ".inf",
        "=",
        "-1",
        "5$",
        "a#b"
      })
  void aScalarIsTheTextThatIsWritten(String text) {
    assertThat(texts(read("a: " + text + "\n"))).isEqualTo(Map.of("a", text));
    assertThat(texts(read("a: '" + text + "'\n"))).isEqualTo(Map.of("a", text));
    assertThat(texts(read("{a: \"" + text + "\"}"))).isEqualTo(Map.of("a", text));
  }

  @Test
  void aTextMayHaveSeveralLines() {
    assertThat(texts(read("a: |\n  one\n  two\nb: >-\n  one\n  two\n")))
        .isEqualTo(Map.of("a", "one\ntwo\n", "b", "one two"));
  }

  @Test
  void theMarkOfTheByteOrderAndTheLineEndsOfWindowsAreAllowed() {
    Group root = read("\uFEFFa: 1\r\nb: 2\r\n");

    assertThat(texts(root)).isEqualTo(Map.of("a", "1", "b", "2"));
    assertThat(root.members().get("b").origin()).isEqualTo("ask.yaml, line 2, column 4");
  }

  static List<Arguments> refused() {
    return List.of(
        Arguments.of("", "It is empty: it begins with platform:, in ask.yaml"),
        Arguments.of("# nothing\n", "It is empty: it begins with platform:, in ask.yaml"),
        Arguments.of("---\n", "It is empty: it begins with platform:, in ask.yaml, line 2"),
        Arguments.of(
            "- a\n", "It must have properties, such as platform: local, in ask.yaml, line 1"),
        Arguments.of("platform local\n", "It must have properties"),
        Arguments.of(
            "a: 1\nb: 2\na: 3\n",
            "a is given twice: in line 1, too, in ask.yaml, line 3, column 1"),
        Arguments.of(
            "g:\n  a: 1\n  a: 1\n", "a is given twice: in line 2, too, in ask.yaml, line 3"),
        Arguments.of(
            "a: &x 1\n",
            "Anchors, which begin with &, are not read: write the value out, in ask.yaml, line 1"),
        Arguments.of("a: &x [1]\n", "Anchors, which begin with &"),
        Arguments.of("&x a: 1\n", "Anchors, which begin with &"),
        Arguments.of(
            "a: 1\nb: *x\n",
            "Aliases, which begin with *, are not read: write the value out, in ask.yaml, line 2"),
        Arguments.of("a: !!int 1\n", "Tags, which begin with !, are not read"),
        Arguments.of("a: !x {b: c}\n", "Tags, which begin with !, are not read"),
        Arguments.of("<<: {a: 1}\n", "<< is not read: write the properties out"),
        Arguments.of("a: 1\n---\nb: 2\n", "A second document begins here"),
        Arguments.of(
            "a:\n\tb: 1\n",
            "There is a tab where YAML allows spaces only: indent with spaces, in ask.yaml, line 2, column 1"),
        Arguments.of(
            "a:\n   b: 1\n  c: 2\n",
            "The indentation does not fit: names of one group begin in the same column, in ask.yaml, line 3, column 3"),
        Arguments.of("a: 1\n  b: 2\n", "A name is not expected here: check the indentation"),
        Arguments.of("a: b: c\n", "A name is not expected here"),
        Arguments.of("a:1\nb: 2\n", "A name is not expected here"),
        Arguments.of(
            "a: @b\n",
            "A text that begins with @ must be in quotes, in ask.yaml, line 1, column 4"),
        Arguments.of(
            "a: 'open\n", "It is not YAML: while scanning a quoted scalar, found unexpected end"),
        Arguments.of("a: [1, 2\n", "It is not YAML: while parsing a flow sequence"),
        Arguments.of("? [a]\n: b\n", "A name must be a text on one line, in ask.yaml, line 1"),
        Arguments.of(
            "a: 1\nb: \u0001\n",
            "The character U+0001 is not allowed in YAML, in ask.yaml, line 2"),
        Arguments.of("%YAML 9.0\n---\na: 1\n", "It is not YAML"),
        Arguments.of("a: " + "[".repeat(40), "It is more than 32 levels deep, in ask.yaml, line 1"),
        Arguments.of("a: " + "{b: ".repeat(100_000), "It is more than 32 levels deep"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatIsRefusedIsSaidWithTheLine(String text, String sentence) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(InvalidConfigurationException.class)
        .hasMessageStartingWith(sentence);
  }

  @Test
  void otherEncodingsAreRefused() {
    assertThatThrownBy(() -> YamlFile.read("a: 1".getBytes(UTF_16), "ask.yaml"))
        .hasMessage("It is in UTF-16: save it as UTF-8, in ask.yaml");
    assertThatThrownBy(
            () -> YamlFile.read(new byte[] {'a', ':', '\n', ' ', (byte) 0xE4}, "ask.yaml"))
        .hasMessage("It is not in UTF-8, in which it has to be saved, in ask.yaml, line 2");
  }

  @Test
  void aFileMayHaveAMegabyteAndNoMore() throws IOException {
    String most = "a: " + "x".repeat(YamlFile.LARGEST - 3);
    Path file = folder.resolve("large.yaml");

    Files.writeString(file, most);
    assertThat(texts(YamlFile.read(file)).get("a")).hasSize(YamlFile.LARGEST - 3);
    Files.writeString(file, most + "x");
    assertThatThrownBy(() -> YamlFile.read(file))
        .hasMessage("It is larger than 1048576 bytes, in " + file);
  }

  @Test
  void aFileThatCannotBeReadIsAMistake() {
    assertThatThrownBy(() -> YamlFile.read(folder))
        .hasMessage("It is a folder, and not a file, in " + folder);
    assertThatThrownBy(() -> YamlFile.read(folder.resolve("none.yaml")))
        .hasMessage("There is no such file: " + folder.resolve("none.yaml"));
  }

  @Test
  void aDeploymentIsReadWithItsFolderAndItsVariables() throws IOException {
    Path file = Files.writeString(folder.resolve("ask.yaml"), """
        platform: nowhere
        endpoint:
          name: ask
          modle: ${MODEL}
          instances: ${INSTANCES}
        """);
    DeploymentReader reader = YamlFile.deployment(file, Map.of("INSTANCES", "many")::get);

    assertThat(reader.deployment()).isEmpty();
    assertThat(reader.problems().found())
        .extracting(Object::toString)
        .anySatisfy(each -> assertThat(each)
            .isEqualTo("endpoint.modle is not a property: did you mean model?, in " + file
                + ", line 4, column 10"))
        .anySatisfy(each -> assertThat(each)
            .isEqualTo("endpoint.instances must be a whole number (got \"${INSTANCES}\"), in "
                + file + ", line 5, column 14"));
  }
}
