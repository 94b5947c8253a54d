package io.fairlead.sagemaker.internal.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.provider.LocalModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives are read by the {@code tar} of the system, which knows nothing of how they were written. */
class ModelArchiveTest {
  @TempDir
  private Path temp;

  @Test
  void aFileIsTheOnlyOneInItsArchive() throws Exception {
    Path file = write("model.onnx", "weights");

    assertThat(unpacked(archive(file, Optional.empty())))
        .containsExactly(Map.entry("model.onnx", "weights"));
  }

  @Test
  void aFoldersFilesAreAtTheRootAndItsCodeUnderCode() throws Exception {
    write("model/config.json", "{}");
    write("model/tokenizer/vocab.txt", "a b c");
    write("source/inference.py", "def model_fn(): pass");
    write("source/lib/util.py", "pass");

    assertThat(unpacked(archive(path("model"), Optional.of(path("source")))))
        .containsExactly(
            Map.entry("code/inference.py", "def model_fn(): pass"),
            Map.entry("code/lib/util.py", "pass"),
            Map.entry("config.json", "{}"),
            Map.entry("tokenizer/vocab.txt", "a b c"));
  }

  @Test
  void aFileMayHaveCodeThatIsAFile() throws Exception {
    Path model = write("model.bin", "w");
    Path code = write("elsewhere/inference.py", "pass");

    assertThat(unpacked(archive(model, Optional.of(code))))
        .containsOnlyKeys("code/inference.py", "model.bin");
  }

  @Test
  void filesOfAnySizeAreWhole() throws Exception {
    Map<String, String> written = new TreeMap<>();
    Random random = new Random(7);
    for (int size : new int[] {0, 1, 511, 512, 513, 1024, 65_535, 65_536, 65_537, 300_000}) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      String text = HexFormat.of().formatHex(bytes).substring(0, size);
      write("model/" + size + ".bin", text);
      written.put(size + ".bin", text);
    }

    assertThat(unpacked(archive("model"))).isEqualTo(written);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 99, 100, 101, 155, 200, 255})
  void namesOfAnyLengthAreWhole(int length) throws Exception {
    String name = "n".repeat(length);
    write("model/" + name, "short path");
    write("model/f/" + name, "longer path");
    write("model/" + "d".repeat(200) + "/" + "e".repeat(200) + "/" + name, "long path");

    assertThat(unpacked(archive("model")))
        .containsOnly(
            Map.entry(name, "short path"),
            Map.entry("f/" + name, "longer path"),
            Map.entry("d".repeat(200) + "/" + "e".repeat(200) + "/" + name, "long path"));
  }

  /** A record's length counts its own digits, of which there is one more from 100 and from 1000 on. */
  @Test
  void extendedHeadersOfAnyLengthAreWhole() throws Exception {
    for (int length : new int[] {85, 88, 89, 90, 91, 92, 93, 980, 988, 989, 990, 991, 992, 993}) {
      String path = "é" + "n".repeat(length - 2);

      String listed =
          output(TarGzWriter.headers(path, 0, false), "tar", "--quoting-style=literal", "-tf", "-");

      assertThat(listed.strip()).as("length %d", length).isEqualTo(path);
    }
  }

  @Test
  void namesOfAnyScriptAreWhole() throws Exception {
    assumeThat(System.getProperty("sun.jnu.encoding")).isEqualToIgnoringCase("UTF-8");
    write("model/größe 模型 🙂.bin", "w");

    assertThat(unpacked(archive("model"))).containsOnlyKeys("größe 模型 🙂.bin");
  }

  @Test
  void executableFilesStaySoAndNoOtherModeCounts() throws Exception {
    Path script = write("model/serve.sh", "#!/bin/sh");
    Path weights = write("model/weights.bin", "w");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    assertThat(weights.toFile().setReadOnly()).isTrue();

    List<String> listed = List.of(
        output(bytes(archive("model")), "tar", "--numeric-owner", "-tvzf", "-").split("\n"));

    assertThat(listed).hasSize(2);
    assertThat(listed.get(0))
        .startsWith("-rwxr-xr-x 0/0")
        .contains("1980-01-01")
        .endsWith("serve.sh");
    assertThat(listed.get(1)).startsWith("-rw-r--r-- 0/0").endsWith("weights.bin");
  }

  @Test
  void aFileOfMoreThan8GibHasItsSizeInAnExtendedHeader() throws Exception {
    byte[] header = TarGzWriter.headers("weights.bin", 9L << 30, false);

    String listed = output(header, "tar", "--numeric-owner", "-tvf", "-");

    assertThat(listed).contains(String.valueOf(9L << 30)).contains("weights.bin");
    assertThat(TarGzWriter.headers("weights.bin", (8L << 30) - 1, false))
        .hasSize(TarGzWriter.BLOCK);
    assertThat(
            output(TarGzWriter.headers("weights.bin", (8L << 30) - 1, false), "tar", "-tvf", "-"))
        .contains(String.valueOf((8L << 30) - 1));
  }

  @Test
  void whatGetsSmallerIsCompressedAndWeightsAreNot() throws Exception {
    byte[] random = new byte[500_000];
    new Random(3).nextBytes(random);
    Files.createDirectories(path("model"));
    Files.write(path("model/a.bin"), random);
    write("model/b.txt", "tokens ".repeat(100_000));
    Files.write(path("model/c.bin"), random);
    write("model/d.txt", "tokens ".repeat(100_000));

    assertThat(bytes(archive("model"))).hasSizeBetween(1_000_000, 1_030_000);
    assertThat(unpackedBytes(archive("model")))
        .hasSize(4)
        .hasEntrySatisfying("a.bin", bytes -> assertThat(bytes).isEqualTo(random))
        .hasEntrySatisfying("b.txt", bytes -> assertThat(bytes).hasSize(700_000))
        .hasEntrySatisfying("c.bin", bytes -> assertThat(bytes).isEqualTo(random))
        .hasEntrySatisfying("d.txt", bytes -> assertThat(bytes).hasSize(700_000));
  }

  @Test
  void equalFilesMakeEqualBytes() throws Exception {
    for (String name : List.of("one", "two")) {
      List<String> files = name.equals("one") ? List.of("a", "b/c", "d") : List.of("d", "b/c", "a");
      for (String file : files) {
        Path path = write(name + "/" + file, "content of " + file);
        Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(name.hashCode())));
      }
    }

    assertThat(bytes(archive("one"))).isEqualTo(bytes(archive("two")));
  }

  @Test
  void aPackedModelIsTakenAsItIs() throws Exception {
    write("model/weights.bin", "w");
    Path packed = path("anything");
    output(new byte[0], "tar", "-C", path("model").toString(), "-czf", packed.toString(), ".");

    ModelArchive archive = archive(packed, Optional.of(packed));

    assertThat(bytes(archive)).isEqualTo(Files.readAllBytes(packed));
    assertThat(archive.sizeAtMost()).isGreaterThanOrEqualTo(Files.size(packed));
  }

  @Test
  void whatItWritesIsAPackedModel() throws Exception {
    write("model/weights.bin", "w");
    Path packed = Files.write(path("model.tar.gz"), bytes(archive("model")));

    assertThat(bytes(archive(packed, Optional.empty()))).isEqualTo(Files.readAllBytes(packed));
  }

  @ParameterizedTest
  @ValueSource(strings = {"other", "longer than before", ""})
  void aFileThatChangesAfterTheHashIsAConflict(String content) throws Exception {
    write("model/a", "first");
    write("model/b", "first");
    ModelArchive archive = archive("model");
    write("model/b", content);

    assertThatFails(ErrorKind.CONFLICT, () -> bytes(archive), "was changed while");
  }

  @Test
  void aPackedModelThatChangesAfterTheHashIsAConflict() throws Exception {
    write("model/a", "first");
    byte[] bytes = bytes(archive("model"));
    Path packed = Files.write(path("model.tar.gz"), bytes);
    ModelArchive archive = archive(packed, Optional.empty());
    bytes[bytes.length - 1]++;
    Files.write(packed, bytes);

    assertThatFails(ErrorKind.CONFLICT, () -> bytes(archive), "was changed while");
  }

  @Test
  void aFileThatIsGoneIsAConflict() throws Exception {
    write("model/a", "first");
    ModelArchive archive = archive("model");
    Files.delete(path("model/a"));

    assertThatFails(ErrorKind.CONFLICT, () -> bytes(archive), "was changed while");
  }

  @Test
  void aFileThatShrinksWhileItIsReadLeavesNoWholeArchive() throws Exception {
    byte[] large = new byte[4_000_000];
    new Random(1).nextBytes(large);
    Path file = Files.write(path("large.bin"), large);
    ModelArchive archive = archive(file, Optional.empty());
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    OutputStream shrinking = new OutputStream() {
      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        written.write(bytes, offset, length);
        if (written.size() > 1_000_000) {
          try {
            Files.write(file, new byte[] {1});
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      }
    };

    assertThatFails(ErrorKind.CONFLICT, () -> archive.writeTo(shrinking), "was changed while");
    assertThat(written.size()).isGreaterThan(1_000_000);
    assertThatThrownBy(() ->
            new GZIPInputStream(new ByteArrayInputStream(written.toByteArray())).readAllBytes())
        .isInstanceOf(IOException.class);
  }

  @Test
  void whatTheStreamThrowsComesOut() throws Exception {
    IOException full = new IOException("disk full");
    OutputStream broken = new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw full;
      }
    };

    write("model/a", "first");
    assertThatThrownBy(() -> archive("model").writeTo(broken)).isSameAs(full);
  }

  @Test
  void itNeverExceedsWhatItSays() throws Exception {
    byte[] random = new byte[3_000_000];
    new Random(1).nextBytes(random);
    Files.createDirectories(path("model"));
    Files.write(path("model/random"), random);
    for (int i = 0; i < 200; i++) {
      write("model/" + "é".repeat(100) + i, "");
    }

    assertThat((long) bytes(archive("model")).length)
        .isLessThan(archive("model").sizeAtMost());
  }

  private ModelArchive archive(String name) {
    return archive(path(name), Optional.empty());
  }

  private static ModelArchive archive(Path weights, Optional<Path> code) {
    return new ModelArchive(read(weights, code));
  }

  private static LocalModel read(Path weights, Optional<Path> code) {
    return new LocalModel.Source(
            weights,
            code,
            LocalModel.Rules.of("sagemaker")
                .withCodeFolder("code")
                .withExecutableBits()
                .withTarGz())
        .read((bytes, of) -> {});
  }

  private Path path(String name) {
    return temp.resolve(name);
  }

  private Path write(String name, String content) throws IOException {
    Path file = path(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static byte[] bytes(ModelArchive archive) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archive.writeTo(out);
    return out.toByteArray();
  }

  private Map<String, String> unpacked(ModelArchive archive) throws Exception {
    Map<String, String> texts = new TreeMap<>();
    unpackedBytes(archive).forEach((name, bytes) -> texts.put(name, new String(bytes, UTF_8)));
    return texts;
  }

  private Map<String, byte[]> unpackedBytes(ModelArchive archive) throws Exception {
    Path target = Files.createTempDirectory(temp, "unpacked");
    assertThat(output(bytes(archive), "tar", "-C", target.toString(), "-xzf", "-"))
        .isEmpty();
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(target)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(target.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  /** Runs a program, and gives what it printed to both outputs. */
  private String output(byte[] input, String... command) throws Exception {
    Path stdin = Files.write(Files.createTempFile(temp, "in", ""), input);
    Process process = new ProcessBuilder(command)
        .redirectInput(stdin.toFile())
        .redirectErrorStream(true)
        .start();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return printed;
  }

  private static void assertThatFails(ErrorKind kind, ThrowingCallable call, String... parts) {
    assertThatExceptionOfType(ServingException.class).isThrownBy(call).satisfies(e -> {
      assertThat(e.kind()).isEqualTo(kind);
      assertThat(e.platform()).isEqualTo("sagemaker");
      assertThat(e.getMessage()).contains(parts);
    });
  }
}
