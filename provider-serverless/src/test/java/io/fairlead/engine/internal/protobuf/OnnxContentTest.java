package io.fairlead.engine.internal.protobuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.Proto;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class OnnxContentTest {
  private static final String MARKER = "*/_ORT_MEM_ADDR_/*";

  @ParameterizedTest
  @MethodSource("places")
  void aFileIsFoundWhereverATensorIs(UnaryOperator<Proto> place) {
    OnnxContent content = content(place.apply(Proto.externalTensor("some/weights.bin")));

    assertThat(content).isEqualTo(files(Map.of("some/weights.bin", 0L)));
  }

  @ParameterizedTest
  @MethodSource("places")
  void aPathOfTheMachineIsRefusedWhereverATensorIs(UnaryOperator<Proto> place) {
    OnnxContent content = content(place.apply(Proto.externalTensor("/etc/passwd")));

    assertThat(content.refusal())
        .isEqualTo("keeps its tensor 'w' in '/etc/passwd', which is an absolute path");
  }

  static Stream<Arguments> places() {
    UnaryOperator<Proto> sparse = tensor -> new Proto().message(1, tensor);
    return Stream.of(
        place("initializer", tensor -> graph(new Proto().message(5, tensor))),
        place("sparse values", tensor -> graph(new Proto().message(15, sparse.apply(tensor)))),
        place(
            "sparse indices",
            tensor -> graph(new Proto().message(15, new Proto().message(2, tensor)))),
        place("attribute t", tensor -> attribute(new Proto().message(5, tensor))),
        place("attribute tensors", tensor -> attribute(new Proto().message(10, tensor))),
        place(
            "attribute sparse_tensor",
            tensor -> attribute(new Proto().message(22, sparse.apply(tensor)))),
        place(
            "attribute sparse_tensors",
            tensor -> attribute(new Proto().message(23, sparse.apply(tensor)))),
        place(
            "subgraph g",
            tensor -> attribute(new Proto().message(6, new Proto().message(5, tensor)))),
        place(
            "subgraph graphs",
            tensor -> attribute(new Proto().message(11, new Proto().message(5, tensor)))),
        place("subgraph of subgraphs", tensor -> {
          Proto graph = new Proto().message(5, tensor);
          for (int i = 0; i < 30; i++) {
            graph = new Proto().message(1, new Proto().message(5, new Proto().message(6, graph)));
          }
          return graph(graph);
        }),
        place(
            "function's node",
            tensor -> graph(new Proto())
                .message(
                    25,
                    new Proto()
                        .message(7, new Proto().message(5, new Proto().message(5, tensor))))),
        place(
            "function's attribute",
            tensor -> graph(new Proto())
                .message(25, new Proto().message(11, new Proto().message(5, tensor)))),
        place(
            "training's initialization",
            tensor -> graph(new Proto())
                .message(20, new Proto().message(1, new Proto().message(5, tensor)))),
        place(
            "training's algorithm",
            tensor -> graph(new Proto())
                .message(20, new Proto().message(2, new Proto().message(5, tensor)))));
  }

  private static Arguments place(String name, UnaryOperator<Proto> place) {
    return argumentSet(name, place);
  }

  private static Proto graph(Proto graph) {
    return new Proto().number(1, 8).message(7, graph);
  }

  private static Proto attribute(Proto attribute) {
    return graph(new Proto().message(1, new Proto().message(5, attribute)));
  }

  @ParameterizedTest
  @MethodSource("spellings")
  void aFileIsFoundHoweverItIsSpelled(Proto model) {
    assertThat(content(model)).isEqualTo(files(Map.of("w.bin", 12L)));
  }

  static Stream<Arguments> spellings() {
    Proto location = Proto.entry("location", "w.bin");
    Proto offset = Proto.entry("offset", "4");
    Proto length = Proto.entry("length", "8");
    Proto tensor = external(location, offset, length);
    return Stream.of(
        argumentSet("in order", initializer(tensor)),
        argumentSet(
            "the mark first",
            initializer(new Proto()
                .number(14, 1)
                .message(13, length)
                .message(13, offset)
                .message(13, location))),
        argumentSet(
            "value before key",
            initializer(
                external(new Proto().text(2, "w.bin").text(1, "location"), offset, length))),
        argumentSet(
            "a key and a value twice, of which the last counts",
            initializer(external(
                new Proto()
                    .text(1, "offset")
                    .text(2, "/etc/passwd")
                    .text(1, "location")
                    .text(2, "w.bin"),
                offset,
                length))),
        argumentSet(
            "the mark twice, of which the last counts",
            initializer(new Proto()
                .number(14, 0)
                .message(13, location)
                .message(13, offset)
                .message(13, length)
                .number(14, 1))),
        argumentSet(
            "the mark in 64 bits, of which the lower half counts",
            initializer(new Proto()
                .message(13, location)
                .message(13, offset)
                .message(13, length)
                .number(14, (7L << 32) | 1))),
        argumentSet("numbers of 5 bytes", wide(5)),
        argumentSet("numbers of 10 bytes", wide(10)),
        argumentSet(
            "unknown fields between",
            new Proto()
                .fourBytes(100)
                .message(
                    7,
                    new Proto()
                        .eightBytes(99)
                        .message(
                            5,
                            new Proto()
                                .text(98, "location")
                                .number(97, -1)
                                .raw(tensor.bytes())
                                .message(96, location)))),
        argumentSet(
            "two graphs, which are one",
            graph(new Proto().message(5, tensor)).message(7, new Proto().text(2, "more"))),
        argumentSet(
            "a tensor in two parts, which are one",
            attribute(new Proto()
                .message(5, new Proto().number(14, 1).message(13, location))
                .message(5, new Proto().message(13, offset).message(13, length)))),
        argumentSet(
            "sparse values in two parts, which are one",
            graph(new Proto()
                .message(
                    15,
                    new Proto()
                        .message(1, new Proto().message(13, location).message(13, length))
                        .message(1, new Proto().number(14, 1).message(13, offset))))));
  }

  private static Proto wide(int bytes) {
    Proto tensor = new Proto(bytes).number(14, 1);
    Map.of("location", "w.bin", "offset", "4", "length", "8")
        .forEach(
            (key, value) -> tensor.message(13, new Proto(bytes).text(1, key).text(2, value)));
    return new Proto(bytes).message(7, new Proto(bytes).message(5, tensor));
  }

  private static Proto external(Proto... entries) {
    Proto tensor = new Proto().number(14, 1);
    for (Proto entry : entries) {
      tensor.message(13, entry);
    }
    return tensor;
  }

  private static Proto initializer(Proto tensor) {
    return graph(new Proto().message(5, tensor));
  }

  @Test
  void aFileThatSeveralTensorsAreInNeedsTheSizeOfTheLast() {
    Proto graph = new Proto();
    for (int i : new int[] {100, 300, 200}) {
      graph.message(
          5,
          external(
              Proto.entry("location", "w.bin"),
              Proto.entry("offset", String.valueOf(i)),
              Proto.entry("length", "10"),
              Proto.entry("checksum", "da39a3")));
    }

    assertThat(content(graph(graph))).isEqualTo(files(Map.of("w.bin", 310L)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "//host/share",
        "../secret",
        "a/../../secret",
        "..",
        "a/..",
        "a//b",
        "a/",
        "/",
        "",
        ".",
        "C:\\secret",
        "C:secret",
        "c:/secret",
        "\\secret",
        "..\\secret",
        "a\\b",
        "\\\\host\\share",
        "w.bin:stream",
        "w\0.bin",
        "w\n.bin",
        "~\u007f",
        "w.bin ",
        "w.bin.",
        "nul",
        "COM1.bin",
        "a|b",
        "w?",
        MARKER,
        "*/_ORT_LE_MEM_ADDR_/*",
        "*",
        "a/*/b",
        "file:///etc/passwd",
        "\uFFFD"
      })
  void whatIsNoPathInTheFolderIsRefused(String location) {
    OnnxContent content = content(initializer(Proto.externalTensor(location)));

    assertThat(content.refusal()).startsWith("keeps its tensor 'w' in '");
    assertThat(content.externalFiles()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "w.bin",
        "./w.bin",
        "a/b/w.bin",
        "model.onnx_data",
        "model.onnx.data",
        "Gewichte für Öl.bin",
        "w..bin",
        "..w",
        "~",
        "%2e%2e"
      })
  void aPathInTheFolderIsTaken(String location) {
    assertThat(content(initializer(Proto.externalTensor(location))))
        .isEqualTo(files(Map.of(location, 0L)));
  }

  @Test
  void aNameThatIsNoUtf8IsRefused() {
    Proto location = new Proto().text(1, "location").bytes(2, new byte[] {'w', (byte) 0xc3});

    assertThat(content(initializer(external(location))).refusal()).endsWith("which is no UTF-8");
  }

  @Test
  void aNameThatIsTooLongIsRefused() {
    String part = "a".repeat(250) + "/";

    assertThat(content(initializer(Proto.externalTensor(part.repeat(4) + "b"))).refusal())
        .contains("which is no name that all file systems take");
    assertThat(content(initializer(Proto.externalTensor("a".repeat(5_000)))).refusal())
        .contains("says too much of the location");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      location=a location=b           | 1 | says the location of its external tensor '' twice
      offset=4                        | 1 | has no location for its external tensor ''
                                      | 1 | has no location for its external tensor ''
      location=w.bin                  | 0 | names a file for its tensor '', which is not marked as external
      location=/etc/passwd            | 0 | names a file for its tensor '', which is not marked as external
      offset=4                        | 0 | names a file for its tensor '', which is not marked as external
      location=w.bin                  | 2 | has 2 as the data location of its tensor '', which ONNX does not have
                                      | 2 | has 2 as the data location of its tensor '', which ONNX does not have
      location=w.bin offset=-4        | 1 | has '-4' as the offset of its external tensor '', which is no number of bytes
      location=w.bin offset=+4        | 1 | has '+4' as the offset of its external tensor '', which is no number of bytes
      location=w.bin offset=0x4       | 1 | has '0x4' as the offset of its external tensor '', which is no number of bytes
      location=w.bin length=          | 1 | has '' as the length of its external tensor '', which is no number of bytes
      location=w.bin length=٤         | 1 | has '٤' as the length of its external tensor '', which is no number of bytes
      location=w.bin length=9999999999999999999 | 1 | has '9999999999999999999' as the length of its external tensor '', which is no number of bytes
      location=w.bin offset=1 offset=1 | 1 | says the offset of its external tensor '' twice
      location=w.bin prepacked_1=k       | 1 | says 'prepacked_1' of the external tensor '', which is not of ONNX
      location=w.bin LOCATION=a       | 1 | says 'LOCATION' of the external tensor '', which is not of ONNX
      """, quoteCharacter = '"')
  void whatOnnxDoesNotHaveIsRefused(String entries, int location, String refusal) {
    Proto tensor = new Proto().number(14, location);
    for (String entry : entries == null ? new String[0] : entries.split(" ")) {
      String[] parts = entry.split("=", 2);
      tensor.message(13, Proto.entry(parts[0], parts[1]));
    }

    assertThat(content(initializer(tensor)).refusal()).isEqualTo(refusal);
  }

  @Test
  void manyFilesAreTooMany() {
    Proto graph = new Proto();
    for (int i = 0; i <= 10_000; i++) {
      graph.message(5, Proto.externalTensor("w" + i));
    }

    assertThat(content(graph(graph)).refusal())
        .isEqualTo("keeps its tensors in more than 10000 files");
  }

  @ParameterizedTest
  @MethodSource("damages")
  void whatIsNoWholeModelIsSaid(byte[] bytes, String defect) {
    assertThat(content(new Proto().raw(bytes)).defect()).isEqualTo(defect);
  }

  static Stream<Arguments> damages() {
    Proto graph = new Proto().message(5, Proto.externalTensor("/etc/passwd"));
    return Stream.of(
        damage("nothing", new Proto(), "it has no graph"),
        damage("no graph", new Proto().number(1, 8), "it has no graph"),
        damage(
            "a group", graph(graph).tag(50, 3).tag(50, 4), "a field is of no type that ONNX has"),
        damage(
            "a group in a graph",
            graph(new Proto().tag(5, 3).tag(5, 4)),
            "a field is of no type that ONNX has"),
        damage("an unknown type", graph(graph).tag(50, 6), "a field is of no type that ONNX has"),
        damage("the field 0", graph(graph).tag(0, 0).varint(0), "a field has no valid number"),
        damage(
            "a field beyond 32 bits",
            new Proto().tag((1L << 29) | 7, 2).varint(0),
            "a field has no valid number"),
        damage(
            "a graph that is a number",
            new Proto().number(7, 0),
            "a field is of another type than in ONNX"),
        damage(
            "a tensor that is a number",
            graph(new Proto().number(5, 0)),
            "a field is of another type than in ONNX"),
        damage(
            "a packed mark",
            initializer(new Proto().bytes(14, new byte[] {1})),
            "a field is of another type than in ONNX"),
        damage(
            "a key that is a number",
            initializer(external(new Proto().number(1, 0))),
            "a field is of another type than in ONNX"),
        damage(
            "a number without an end",
            new Proto().message(7, graph).tag(1, 0).raw(new byte[] {
              -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1
            }),
            "a number is too long"),
        damage(
            "a negative length",
            new Proto().tag(7, 2).varint(-1),
            "a field is longer than its message"),
        damage(
            "a length beyond its message",
            graph(new Proto().tag(5, 2).varint(3)),
            "a field is longer than its message"),
        damage(
            "a number beyond its message",
            graph(new Proto().tag(99, 0)),
            "a field is longer than its message"),
        damage(
            "a length beyond the file", new Proto().tag(7, 2).varint(3), "it ends within a field"),
        damage(
            "an unknown field beyond the file",
            graph(graph).tag(99, 2).varint(1L << 40),
            "it ends within a field"),
        damage("too deep", deep(101), "its messages are nested more than 100 deep"));
  }

  private static Arguments damage(String name, Proto model, String defect) {
    return argumentSet(name, model.bytes(), defect);
  }

  /** A model whose last graph is in some number of messages. */
  private static Proto deep(int depth) {
    Proto inner = new Proto().text(2, "innermost");
    int[] fields = {7, 1, 5, 6};
    for (int i = depth; i > 1; i--) {
      inner = new Proto().message(fields[(i - 2) % 3 + 1], inner);
    }
    return new Proto().message(7, inner);
  }

  @Test
  void aHundredMessagesInEachOtherAreReadAsByProtobuf() {
    assertThat(content(deep(100)).defect()).isEmpty();
  }

  @Test
  void aModelThatIsCutOffAnywhereIsSaid() {
    byte[] whole = wide(2).bytes();

    for (int length = 0; length < whole.length; length++) {
      assertThat(content(new Proto().raw(Arrays.copyOf(whole, length))).defect())
          .isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iris_lr.onnx",
        "iris_rf.onnx",
        "digits.onnx",
        "hog.onnx",
        "runaway.onnx",
        "bigop.onnx"
      })
  void modelsOfExportersAreWhole(String name) throws IOException {
    try (InputStream in = Files.newInputStream(Models.path(name))) {
      assertThat(OnnxContent.of(in)).isEqualTo(OnnxContent.SELF_CONTAINED);
    }
  }

  @Test
  void weightsOfGigabytesAreSkipped() throws IOException {
    long size = 5L << 30;
    byte[] begin = new Proto().tag(9, 2).varint(size).bytes();
    byte[] rest = Proto.externalTensor("w.bin").bytes();
    long tensor = begin.length + size + rest.length;
    byte[] outer = new Proto().tag(5, 2).varint(tensor).bytes();
    byte[] before = new Proto()
        .tag(7, 2)
        .varint(outer.length + tensor)
        .raw(outer)
        .raw(begin)
        .bytes();

    try (Gap in = new Gap(before, size, rest)) {
      assertThat(OnnxContent.of(in)).isEqualTo(files(Map.of("w.bin", 0L)));
      assertThat(in.read).isLessThan(1 << 20);
    }
  }

  /** A stream with zeros between two parts, which are skipped at no cost. */
  private static final class Gap extends InputStream {
    private final byte[] before;
    private final long zeros;
    private final byte[] after;
    private long at;
    private long read;

    Gap(byte[] before, long zeros, byte[] after) {
      this.before = before;
      this.zeros = zeros;
      this.after = after;
    }

    @Override
    public int read() {
      read++;
      long next = at++;
      if (next < before.length) {
        return before[(int) next] & 0xff;
      }
      long last = next - before.length - zeros;
      return last < 0 ? 0 : last < after.length ? after[(int) last] & 0xff : -1;
    }

    @Override
    public int read(byte[] to, int offset, int length) {
      int next = length == 0 ? -1 : read();
      if (next >= 0) {
        to[offset] = (byte) next;
      }
      return length == 0 ? 0 : next < 0 ? -1 : 1;
    }

    @Override
    public long skip(long count) {
      at += count;
      return count;
    }
  }

  private static OnnxContent content(Proto model) {
    try {
      return OnnxContent.of(new ByteArrayInputStream(model.bytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static OnnxContent files(Map<String, Long> files) {
    return new OnnxContent("", "", new TreeMap<>(files));
  }
}
