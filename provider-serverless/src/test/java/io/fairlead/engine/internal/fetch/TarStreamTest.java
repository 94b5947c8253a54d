package io.fairlead.engine.internal.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.engine.internal.format.TarReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class TarStreamTest {
  private static TarStream.Entry entry(String name, String content) {
    byte[] bytes = content.getBytes(UTF_8);
    return new TarStream.Entry(name, bytes.length, () -> new ByteArrayInputStream(bytes));
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    String longName = "folder/" + "name-of-öt-characters-".repeat(20) + ".json";
    List<TarStream.Entry> entries = List.of(
        entry("model.onnx", "m".repeat(512)),
        entry("empty", ""),
        entry(longName, "{}"),
        entry("a".repeat(99), "one"),
        entry("b".repeat(100), "two"),
        entry("c".repeat(101), "three"));

    byte[] tar = new TarStream(entries).readAllBytes();

    assertThat(tar).hasSize((int) TarStream.length(entries));
    assertThat(TarReader.isTar(tar)).isTrue();
    Map<String, String> read = new TreeMap<>();
    TarReader reader = new TarReader(new ByteArrayInputStream(tar));
    while (reader.next()) {
      read.put(reader.name(), new String(reader.content().readAllBytes(), UTF_8));
    }
    assertThat(read)
        .hasSize(6)
        .containsEntry("model.onnx", "m".repeat(512))
        .containsEntry("empty", "")
        .containsEntry(longName, "{}")
        .containsEntry("c".repeat(101), "three");
  }

  @Test
  void aFileOfManyGigabytesHasItsSize() throws IOException {
    long size = 20L << 30;
    List<TarStream.Entry> entries =
        List.of(new TarStream.Entry("large", size, InputStream::nullInputStream));

    TarReader reader =
        new TarReader(new ByteArrayInputStream(new TarStream(entries).readNBytes(512)));

    assertThat(reader.next()).isTrue();
    assertThat(TarStream.length(entries)).isEqualTo(size + 3 * 512);
    assertThatThrownBy(() -> reader.content().readNBytes(1)).isInstanceOf(IOException.class);
  }

  @Test
  void aFileIsOpenedWhenItIsReached() throws IOException {
    List<String> opened = new ArrayList<>();
    TarStream tar = new TarStream(List.of(
        new TarStream.Entry("a", 1, () -> {
          opened.add("a");
          return new ByteArrayInputStream(new byte[1]);
        }),
        new TarStream.Entry("b", 1, () -> {
          opened.add("b");
          throw new IOException("b is gone");
        })));

    assertThat(tar.readNBytes(513)).hasSize(513);
    assertThat(opened).containsExactly("a");
    assertThatThrownBy(tar::readAllBytes).hasMessage("b is gone");
  }
}
