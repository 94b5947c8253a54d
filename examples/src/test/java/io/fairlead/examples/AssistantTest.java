package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AssistantTest {
  private static final Path TEXTS = Pages.ROOT.resolve("examples/assistant");

  private final Printed printed = Printed.toAFile();
  private final Assistant assistant = new Assistant(printed.terminal, TEXTS);

  @TempDir
  Path folder;

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      Where do I leave my car?      | Parking is behind the hotel
      When can I eat in the morning? | Breakfast is from seven
      Is there an instrument to play? | a piano in the library
      """)
  void findsByMeaningAndAnswersFromTheText(String question, String answer) {
    assertThat(assistant.run(List.of(question))).isZero();

    assertThat(printed.text()).contains("Read 5 texts of ", "\n" + question + "\n", answer);
  }

  @Test
  void asksTheModelThatAFileDeclares() throws IOException {
    Path file = Files.writeString(folder.resolve("chat.yaml"), """
        platform: local
        endpoint:
          name: chat
          model: java:io.fairlead.examples.Models$Chatty
        """);

    assertThat(assistant.run(List.of("--model", file.toString(), "When is breakfast?")))
        .isZero();
    assertThat(printed.text()).contains("  I have read what was found.");
  }

  @Test
  void aFailureOfTheModelIsASentence() throws IOException {
    Path file = Files.writeString(folder.resolve("chat.yaml"), """
        platform: local
        endpoint:
          name: chat
          model: java:io.fairlead.examples.Models$Failing
        """);

    assertThat(assistant.run(List.of("--model", file.toString()))).isEqualTo(1);
    assertThat(printed.text()).contains("the second layer is not a number");
  }

  @Test
  void anUnknownOptionIsAnsweredWithTheUsage() {
    assertThat(assistant.run(List.of("--modle", "a.yaml"))).isEqualTo(2);
    assertThat(printed.lines()).singleElement().asString().startsWith("examples/run assistant");
  }

  @Test
  void aFolderThatIsNotThereIsNoQuestion() {
    String missing = folder.resolve("missing").toString();

    assertThat(assistant.run(List.of(missing, "When is breakfast?"))).isEqualTo(2);
    assertThat(printed.lines()).containsExactly("There is no such folder: " + missing);
  }

  @Test
  void aFolderWithoutTextsIsRefused() {
    assertThat(assistant.run(List.of(folder.toString()))).isEqualTo(1);
    assertThat(printed.text()).contains("has no texts");
  }
}
