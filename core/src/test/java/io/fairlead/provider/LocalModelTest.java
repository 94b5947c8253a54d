package io.fairlead.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.provider.LocalModel.Entry;
import io.fairlead.provider.LocalModel.Listener;
import io.fairlead.provider.LocalModel.Rules;
import io.fairlead.provider.LocalModel.Source;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.zip.CRC32C;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalModelTest {
  private static final Rules BESIDE = Rules.of("attic");
  private static final Rules IN_CODE = BESIDE.withCodeFolder("code");
  private static final Listener IGNORED = (bytes, of) -> {};

  @TempDir
  private Path temp;

  // ---- the source ----

  @Test
  void aSourceTouchesNoFileAndIsEqualByWhatItSays() {
    Source source = new Source(path("gone"), Optional.of(path("gone too")), IN_CODE);

    assertThat(source)
        .isEqualTo(new Source(path("gone"), Optional.of(path("gone too")), IN_CODE))
        .isNotEqualTo(new Source(path("gone"), Optional.of(path("gone too")), BESIDE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/code", "code/", "a/b", ".", "..", ".hidden"})
  void aCodeFolderIsTheNameOfOneFolder(String folder) {
    assertThatExceptionOfType(InvalidValueException.class)
        .isThrownBy(() -> BESIDE.withCodeFolder(folder))
        .withMessageContaining("codeFolder");
  }

  @Test
  void aNameMayHaveOneByteAtLeast() {
    assertThatExceptionOfType(InvalidValueException.class)
        .isThrownBy(() -> BESIDE.withLongestName(0))
        .withMessageContaining("longestName");
  }

  // ---- what belongs to a model ----

  @Test
  void aFileIsInTheModelUnderItsOwnName() throws Exception {
    Path file = write("model.onnx", "weights");

    assertThat(contents(read(file, BESIDE))).containsExactly(Map.entry("model.onnx", "weights"));
  }

  @Test
  void aFoldersFilesAreUnderTheirPathsAndItsCodeInTheCodeFolder() throws Exception {
    write("model/config.json", "{}");
    write("model/tokenizer/vocab.txt", "a b c");
    write("source/inference.py", "def model_fn(): pass");
    write("source/lib/util.py", "pass");

    assertThat(contents(read(path("model"), path("source"), IN_CODE)))
        .containsExactly(
            Map.entry("code/inference.py", "def model_fn(): pass"),
            Map.entry("code/lib/util.py", "pass"),
            Map.entry("config.json", "{}"),
            Map.entry("tokenizer/vocab.txt", "a b c"));
    assertThat(contents(read(path("model"), path("source"), BESIDE)))
        .containsOnlyKeys("inference.py", "lib/util.py", "config.json", "tokenizer/vocab.txt");
  }

  @Test
  void aFileMayHaveCodeThatIsAFile() throws Exception {
    Path model = write("model.bin", "w");
    Path code = write("elsewhere/inference.py", "pass");

    assertThat(contents(read(model, code, IN_CODE)))
        .containsOnlyKeys("code/inference.py", "model.bin");
    assertThat(contents(read(model, code, BESIDE))).containsOnlyKeys("inference.py", "model.bin");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"model", "model/code", "model/code/inference.py", "model/link", "other/../model"})
  void codeThatIsInItsPlaceAlreadyIsNotAddedAgain(String code) throws Exception {
    write("model/code/inference.py", "pass");
    write("model/weights.bin", "w");
    Files.createDirectory(path("other"));
    Files.createSymbolicLink(path("model/link"), Path.of("code"));

    for (Rules rules : List.of(IN_CODE, BESIDE)) {
      assertThat(contents(read(path("model"), path(code), rules)))
          .containsOnlyKeys("code/inference.py", "link/inference.py", "weights.bin");
    }
  }

  @Test
  void codeElsewhereInTheWeightsIsAddedToTheCodeFolderIfThereIsOne() throws Exception {
    write("model/src/inference.py", "pass");
    write("model/weights.bin", "w");

    assertThat(contents(read(path("model"), path("model/src"), IN_CODE)))
        .containsOnlyKeys("code/inference.py", "src/inference.py", "weights.bin");
    assertThat(contents(read(path("model"), path("model/src"), BESIDE)))
        .containsOnlyKeys("src/inference.py", "weights.bin");
  }

  @Test
  void twoFilesOfOneNameAreRefusedWithThePathsOfBoth() throws Exception {
    Path one = write("model/code/inference.py", "one");
    Path two = write("source/inference.py", "two");

    assertThatFails(
        ErrorKind.INVALID,
        () -> read(path("model"), path("source"), IN_CODE),
        "two files code/inference.py, " + one + " of the weights and " + two + " of the code",
        "Rename or remove one of them.");
  }

  @Test
  void hiddenFilesAndCachesStayOut() throws Exception {
    write("model/weights.bin", "w");
    write("model/.git/config", "x");
    write("model/.DS_Store", "x");
    write("model/.env", "SECRET=1");
    write("model/code/__pycache__/inference.cpython-310.pyc", "x");
    write("model/code/inference.py", "pass");
    Files.createSymbolicLink(path("model/.link"), path("nowhere"));

    assertThat(contents(read(path("model"), BESIDE)))
        .containsOnlyKeys("code/inference.py", "weights.bin");
  }

  @Test
  void aHiddenFileThatIsTheModelBelongsToIt() throws Exception {
    assertThat(contents(read(write(".model", "w"), BESIDE))).containsOnlyKeys(".model");
  }

  @Test
  void aFolderWithoutFilesIsRefused() throws Exception {
    Files.createDirectories(path("model/empty"));
    write("model/.gitkeep", "");

    assertThatFails(
        ErrorKind.INVALID,
        () -> read(path("model"), BESIDE),
        path("model") + " has no file in it, not counting hidden ones and __pycache__");
  }

  @Test
  void linksInsideTheFolderAreFollowed() throws Exception {
    write("model/blobs/1", "weights");
    Files.createSymbolicLink(path("model/weights.bin"), Path.of("blobs/1"));
    Files.createSymbolicLink(path("model/again"), Path.of("blobs"));
    Files.createSymbolicLink(path("link"), path("model"));

    assertThat(contents(read(path("link"), BESIDE)))
        .containsExactly(
            Map.entry("again/1", "weights"),
            Map.entry("blobs/1", "weights"),
            Map.entry("weights.bin", "weights"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../secret", "../model-2", ".."})
  void linksOutOfTheFolderAreRefused(String target) throws Exception {
    write("model/weights.bin", "w");
    write("secret", "s");
    write("model-2/weights.bin", "w");
    Files.createSymbolicLink(path("model/link"), Path.of(target));

    assertThatFails(
        ErrorKind.INVALID, () -> read(path("model"), BESIDE), "model/link leads out of", "cp -rL");
  }

  @Test
  void linksInACircleAndToNowhereAreRefused() throws Exception {
    write("model/weights.bin", "w");
    Path link = Files.createSymbolicLink(path("model/link"), Path.of("."));
    assertThatFails(ErrorKind.INVALID, () -> read(path("model"), BESIDE), "in which it is itself");

    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("gone"));
    assertThatFails(ErrorKind.INVALID, () -> read(path("model"), BESIDE), "is broken");

    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("link"));
    assertThatFails(ErrorKind.INVALID, () -> read(path("model"), BESIDE), "is broken");
  }

  @Test
  void aSpecialFileIsRefused() throws Exception {
    write("model/weights.bin", "w");
    assumeThat(
            new ProcessBuilder("mkfifo", path("model/pipe").toString()).start().waitFor())
        .isZero();

    for (String model : List.of("model", "model/pipe")) {
      assertThatFails(
          ErrorKind.INVALID,
          () -> read(path(model), BESIDE.withTarGz()),
          "neither a regular file nor a folder");
    }
  }

  @Test
  void filesThatAreNotThereAreOnlyNeededToDeploy() {
    assertThatFails(
        ErrorKind.INVALID, () -> read(path("gone"), BESIDE), "gone do not exist", "undeploy");
  }

  @Test
  void codeThatIsNotThereIsRefused() throws Exception {
    Path weights = write("model.bin", "w");

    assertThatFails(
        ErrorKind.INVALID, () -> read(weights, path("gone"), BESIDE), "gone do not exist");
  }

  @Test
  void aFileThatMayNotBeReadIsTheCallersToMend() throws Exception {
    Path file = write("model/weights.bin", "w");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeThat(Files.isReadable(file)).isFalse();

    assertThatFails(
        ErrorKind.INVALID,
        () -> read(path("model"), BESIDE),
        file.toString(),
        "Grant read access to it.");
  }

  // ---- names ----

  @Test
  void aNameOfMoreBytesThanThePlatformTakesIsRefused() throws Exception {
    write("model/code/é.txt", "");

    assertThat(contents(read(path("model"), BESIDE.withLongestName(11))))
        .containsOnlyKeys("code/é.txt");
    assertThatFails(
        ErrorKind.INVALID,
        () -> read(path("model"), BESIDE.withLongestName(10)),
        path("model/code/é.txt").toString(),
        "attic takes at most 10 bytes, and it has 11. Rename it.");
  }

  @Test
  void theCodeFolderCountsInTheLengthOfAName() throws Exception {
    Path weights = write("model.bin", "");
    Path code = write("source/inference.py", "");

    assertThatFails(
        ErrorKind.INVALID,
        () -> read(weights, code, IN_CODE.withLongestName(16)),
        "at most 16 bytes, and it has 17");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb", "a\tb", "a\u007fb"})
  void aNameWithControlCharactersIsRefused(String name) throws Exception {
    write("model/" + name, "");

    assertThatFails(ErrorKind.INVALID, () -> read(path("model"), BESIDE), "control characters");
  }

  // ---- archives ----

  @Test
  void aTarGzIsTheWholeModelWhereThePlatformTakesThem() throws Exception {
    Path packed = packed("anything");

    LocalModel model = read(packed, packed, IN_CODE.withTarGz());

    assertThat(model.isTarGz()).isTrue();
    assertThat(model.entries()).containsOnlyKeys("model.tar.gz");
    assertThat(bytes(model, "model.tar.gz")).isEqualTo(Files.readAllBytes(packed));
    assertThat(read(packed, IN_CODE).isTarGz()).isFalse();
    assertThat(read(packed, IN_CODE).entries()).containsOnlyKeys("anything");
  }

  @Test
  void theNameOfATarGzDoesNotCount() throws Exception {
    Path one = packed("one.tar.gz");
    Path two = Files.copy(one, path("two"));

    assertThat(read(one, BESIDE.withTarGz())).isEqualTo(read(two, BESIDE.withTarGz()));
  }

  @Test
  void codeCannotBeAddedToATarGz() throws Exception {
    Path packed = packed("model.tar.gz");
    Path code = write("inference.py", "pass");

    assertThatFails(
        ErrorKind.INVALID,
        () -> read(packed, code, IN_CODE.withTarGz()),
        "is packed already",
        "Put the code into the archive under code/");
  }

  @Test
  void theNameDoesNotMakeATarGz() throws Exception {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(new byte[2048]);
    }
    Map<String, byte[]> contents = Map.of(
        "text.tar.gz",
        "no gzip".getBytes(UTF_8),
        "empty.tar.gz",
        new byte[0],
        "zeros.tar.gz",
        gzip.toByteArray(),
        "cut.tar.gz",
        Arrays.copyOf(gzip.toByteArray(), 12),
        "magic.tar.gz",
        new byte[] {0x1f, (byte) 0x8b});
    for (Map.Entry<String, byte[]> content : contents.entrySet()) {
      Path file = Files.write(path(content.getKey()), content.getValue());

      LocalModel model = read(file, BESIDE.withTarGz());
      assertThat(model.isTarGz()).isFalse();
      assertThat(bytes(model, content.getKey())).isEqualTo(content.getValue());
    }
  }

  // ---- the hash ----

  /** Uploads of earlier versions are found by it. */
  @Test
  void theHashOfTheSameContentNeverChanges() throws Exception {
    write("model/a/b.txt", "hello");
    write("model/c.bin", "");

    assertThat(read(path("model"), BESIDE).sha256())
        .isEqualTo("05201be41419b776f9ba9e2f7e3d503eb56092bf799c10042a5762bfbcc57681");
  }

  @Test
  void equalContentsAreEqualModelsWhereverTheyAre() throws Exception {
    for (String name : List.of("one", "two")) {
      List<String> files = name.equals("one") ? List.of("a", "b/c", "d") : List.of("d", "b/c", "a");
      for (String file : files) {
        Path path = write(name + "/" + file, "content of " + file);
        Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(name.hashCode())));
      }
    }

    assertThat(read(path("one"), BESIDE))
        .isEqualTo(read(path("two"), BESIDE))
        .hasSameHashCodeAs(read(path("two"), BESIDE));
    assertThat(read(path("one"), BESIDE).sha256()).matches("[0-9a-f]{64}");
  }

  @Test
  void everythingThatIsInItIsInItsHash() throws Exception {
    Rules rules = BESIDE.withExecutableBits();
    Set<LocalModel> models = new HashSet<>();
    Path file = write("model/a", "xy");
    models.add(read(path("model"), rules));
    write("model/a", "xz");
    models.add(read(path("model"), rules));
    write("model/a", "x");
    write("model/b", "y");
    models.add(read(path("model"), rules));
    assertThat(file.toFile().setExecutable(true)).isTrue();
    models.add(read(path("model"), rules));
    Files.move(path("model/b"), path("model/c"));
    models.add(read(path("model"), rules));
    write("model/e/f", "");
    models.add(read(path("model"), rules));

    assertThat(models).hasSize(6);
  }

  @Test
  void executableBitsCountOnlyWhereThePlatformKeepsThem() throws Exception {
    Path script = write("model/serve.sh", "#!/bin/sh");
    LocalModel before = read(path("model"), BESIDE);
    assertThat(script.toFile().setExecutable(true)).isTrue();

    assertThat(read(path("model"), BESIDE)).isEqualTo(before);
    assertThat(read(path("model"), BESIDE).entries().get("serve.sh").executable())
        .isFalse();
    assertThat(read(path("model"), BESIDE.withExecutableBits())).isNotEqualTo(before);
    assertThat(read(path("model"), BESIDE.withExecutableBits())
            .entries()
            .get("serve.sh")
            .executable())
        .isTrue();
  }

  @Test
  void aFileHasTheChecksumsThatStoresAskFor() throws Exception {
    Path file = write("model.bin", "hello");
    CRC32C crc32c = new CRC32C();
    crc32c.update("hello".getBytes(UTF_8));

    assertThat(read(file, BESIDE).entries())
        .containsExactly(Map.entry(
            "model.bin",
            new Entry(
                file.toRealPath(),
                5,
                false,
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                (int) crc32c.getValue())));
  }

  @Test
  void aModelPrintsItsSizeAndHash() throws Exception {
    write("model/a", "abc");
    LocalModel one = read(path("model"), BESIDE);
    write("model/b", "d");

    assertThat(one).hasToString("1 file of 3 bytes, SHA-256 " + one.sha256());
    assertThat(read(path("model"), BESIDE).toString()).startsWith("2 files of 4 bytes");
  }

  // ---- progress ----

  @Test
  void progressIsInBytesOfAll() throws Exception {
    write("model/a", "a".repeat(100_000));
    write("model/b", "");
    write("model/c", "c".repeat(50));
    List<Long> told = new ArrayList<>();

    new Source(path("model"), Optional.empty(), BESIDE).read((bytes, of) -> {
      assertThat(of).isEqualTo(100_050);
      told.add(bytes);
    });

    assertThat(told).isSorted().startsWith(0L).contains(100_000L).endsWith(100_050L);
    assertThat(told.size()).isGreaterThan(3);
  }

  @Test
  void whatTheListenerThrowsEndsTheReading() throws Exception {
    write("model/a", "a".repeat(1_000_000));
    List<Long> told = new ArrayList<>();
    CancellationException cancelled = new CancellationException();

    assertThatThrownBy(
            () -> new Source(path("model"), Optional.empty(), BESIDE).read((bytes, of) -> {
              told.add(bytes);
              if (bytes > 100_000) {
                throw cancelled;
              }
            }))
        .isSameAs(cancelled);
    assertThat(told.get(told.size() - 1)).isLessThan(300_000L);
  }

  @Test
  void anInterruptedThreadStopsReading() throws Exception {
    write("model/a", "a");

    Thread.currentThread().interrupt();
    try {
      assertThatFails(ErrorKind.CANCELLED, () -> read(path("model"), BESIDE), "was interrupted");
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  // ---- bytes again ----

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 300_000})
  void filesOfAnySizeAreWhole(int size) throws Exception {
    byte[] content = new byte[size];
    new Random(7).nextBytes(content);
    Files.write(path("model.bin"), content);

    LocalModel model = read(path("model.bin"), BESIDE);

    assertThat(model.size()).isEqualTo(size);
    assertThat(bytes(model, "model.bin")).isEqualTo(content);
    assertThat(bytes(model, "model.bin")).isEqualTo(content);
  }

  @Test
  void bytesCanBeReadOneByOne() throws Exception {
    LocalModel model = read(write("model.bin", "a\u00ff"), BESIDE);

    try (InputStream in = model.open("model.bin")) {
      assertThat(in.read()).isEqualTo('a');
      assertThat(in.read(new byte[0])).isZero();
      assertThat(in.read()).isEqualTo(0xc3);
      assertThat(in.read()).isEqualTo(0xbf);
      assertThat(in.read()).isEqualTo(-1);
      assertThat(in.read(new byte[10])).isEqualTo(-1);
    }
  }

  @Test
  void thereIsNoOtherFile() throws Exception {
    LocalModel model = read(write("model.bin", "w"), BESIDE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.open("other.bin"))
        .withMessageContaining("other.bin");
  }

  @ParameterizedTest
  @CsvSource({"other", "longer than before", "''", "o"})
  void aFileThatChangedIsNeverHandedOnWhole(String content) throws Exception {
    write("model/a", "first");
    write("model/b", "first");
    LocalModel model = read(path("model"), BESIDE);
    write("model/b", content);
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    try (InputStream in = model.open("b")) {
      assertThatChanged(() -> in.transferTo(out));
    }
    assertThat(out.size()).isLessThan(content.length() + 1);
    assertThat(bytes(model, "a")).isEqualTo("first".getBytes(UTF_8));
  }

  @Test
  void theLastBytesOfAChangedFileAreKeptBack() throws Exception {
    Path file = write("model.bin", "a".repeat(10_000));
    LocalModel model = read(file, BESIDE);
    Files.writeString(file, "a".repeat(9_999) + "b");
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    try (InputStream in = model.open("model.bin")) {
      byte[] buffer = new byte[4_096];
      assertThatChanged(() -> {
        for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
          out.write(buffer, 0, length);
        }
      });
    }
    assertThat(out.size()).isEqualTo(8_192);
  }

  @Test
  void aFileThatIsGoneHasChanged() throws Exception {
    write("model/a", "first");
    LocalModel model = read(path("model"), BESIDE);
    Files.delete(path("model/a"));

    assertThatChanged(() -> model.open("a"));
  }

  @Test
  void aFileThatBecameALinkIsNotFollowed() throws Exception {
    Path file = write("model/weights.bin", "s");
    LocalModel model = read(path("model"), BESIDE);
    Files.delete(file);
    Files.createSymbolicLink(file, write("secret", "s"));

    assertThatChanged(() -> model.open("weights.bin"));
  }

  @Test
  void aFileThatShrinksOrGrowsWhileItIsHashedHasChanged() throws Exception {
    for (int size : new int[] {10, 400_000}) {
      Path file = path("large.bin");
      Files.write(file, new byte[300_000]);

      assertThatChanged(() -> new Source(file, Optional.empty(), BESIDE).read((bytes, of) -> {
        if (bytes == 0) {
          writeBytes(file, size);
        }
      }));
    }
  }

  private static void writeBytes(Path file, int size) {
    try {
      Files.write(file, new byte[size]);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static LocalModel read(Path weights, Rules rules) {
    return new Source(weights, Optional.empty(), rules).read(IGNORED);
  }

  private static LocalModel read(Path weights, Path code, Rules rules) {
    return new Source(weights, Optional.of(code), rules).read(IGNORED);
  }

  private Path path(String name) {
    return temp.resolve(name);
  }

  private Path write(String name, String content) throws IOException {
    Path file = path(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private Path packed(String name) throws Exception {
    write("packed/weights.bin", "w");
    Path packed = path(name);
    assertThat(new ProcessBuilder(
                "tar", "-C", path("packed").toString(), "-czf", packed.toString(), ".")
            .start()
            .waitFor())
        .isZero();
    return packed;
  }

  private static Map<String, String> contents(LocalModel model) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    for (String name : model.entries().keySet()) {
      contents.put(name, new String(bytes(model, name), UTF_8));
    }
    return contents;
  }

  private static byte[] bytes(LocalModel model, String name) throws IOException {
    try (InputStream in = model.open(name)) {
      return in.readAllBytes();
    }
  }

  private static void assertThatChanged(ThrowingCallable call) {
    assertThatExceptionOfType(ServingException.class).isThrownBy(call).satisfies(e -> {
      assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
      assertThat(e.retryable()).isFalse();
      assertThat(e).hasMessageContaining("was changed while the model was read. Deploy again");
    });
  }

  private static void assertThatFails(ErrorKind kind, ThrowingCallable call, String... parts) {
    assertThatExceptionOfType(ServingException.class).isThrownBy(call).satisfies(e -> {
      assertThat(e.kind()).isEqualTo(kind);
      assertThat(e.platform()).isEqualTo("attic");
      assertThat(e.getMessage()).contains(parts);
    });
  }
}
