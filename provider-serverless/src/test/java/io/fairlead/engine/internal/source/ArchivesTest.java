package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Fingerprints;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.provider.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ArchivesTest {
  private static final Archives.Limits SMALL = new Archives.Limits(5, 1 << 20, 2 << 20);

  @TempDir
  Path folder;

  private Path cache;
  private Engine engine;

  @BeforeEach
  void open() {
    cache = folder.resolve("cache");
    engine = new Engine("local", Map.of(), cache, 0, getClass().getClassLoader());
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.tar.gz", "model.tgz", "model.tar", "model.zip", "model.bin"})
  void aModelInAnArchiveAnswersAsTheModelItself(String name) throws IOException {
    byte[] model = bytes("iris_lr.onnx");
    Path archive = write(
        name,
        name.endsWith(".zip")
            ? zip(Map.of("iris.onnx", model))
            : name.endsWith(".tar")
                ? new Tar().file("iris.onnx", model).bytes()
                : new Tar().file("iris.onnx", model).gzipped());

    LeasedModel leased = engine.load(ModelArtifact.of(archive));

    assertThat(leased.name()).isEqualTo("iris");
    assertThat(leased.digest()).isEqualTo(engine.digest(Models.artifact("iris_lr.onnx")));
    assertThat(leased.invoke(Request.json(Models.IRIS_REQUEST)).text()).contains("probabilities");
  }

  @Test
  void oneFolderAroundAllAndWhatMacOsAddsAreNoMatter() throws IOException {
    Path archive = write(
        "model.tar.gz",
        new Tar()
            .folder("./")
            .folder("./iris-1.0/")
            .file("./iris-1.0/._model.onnx", new byte[163])
            .file("./iris-1.0/model.onnx", bytes("iris_lr.onnx"))
            .file("./iris-1.0/README.md", "iris".getBytes(UTF_8))
            .gzipped());

    assertThat(engine.load(ModelArtifact.of(archive)).name()).isEqualTo("model");
  }

  /** As the Finder of macOS compresses a folder. */
  @ParameterizedTest
  @ValueSource(strings = {"", "model/"})
  void theSecondFolderOfACompressedOneIsNoMatter(String top) throws IOException {
    Path archive = write(
        "model.zip",
        zip(Map.of(
            top + "iris.onnx",
            bytes("iris_lr.onnx"),
            top + ".DS_Store",
            new byte[20],
            top + "._iris.onnx",
            new byte[163],
            "__MACOSX/" + top + "._iris.onnx",
            new byte[163],
            "__MACOSX/._model",
            new byte[163])));

    assertThat(engine.load(ModelArtifact.of(archive)).name()).isEqualTo("iris");
  }

  @Test
  void filesBesideTheModelBelongToIt() throws IOException {
    OnnxFile graph = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .output("y", OnnxFile.FLOAT, 2)
        .external("w", "weights.bin", 2)
        .node("Add", List.of("x", "w"), List.of("y"));
    Path archive = write(
        "model.tar.gz",
        new Tar()
            .file("model.onnx", graph.bytes())
            .file("weights.bin", new byte[8])
            .gzipped());

    LeasedModel model = engine.load(ModelArtifact.of(archive));

    assertThat(model
            .invoke(
                Request.json(
                    "{\"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"FP32\", \"data\": [1, 2]}]}"))
            .text())
        .contains("[1.0,2.0]");
  }

  @Test
  void anArchiveOnTheClassPathIsUnpackedToo() throws Exception {
    Path jar = write(
        "models.jar", zip(Map.of("m/model.zip", zip(Map.of("iris.onnx", bytes("iris_lr.onnx"))))));

    try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        Engine mine = new Engine("local", Map.of(), cache, 0, loader)) {
      LeasedModel model = mine.load(ModelArtifact.of(URI.create("classpath:m/model.zip")));

      assertThat(model.name()).isEqualTo("iris");
    }
  }

  @Test
  void aFileInGzipIsThatFile() throws IOException {
    Path file = write("iris.onnx.gz", gzip(bytes("iris_lr.onnx")));

    assertThat(engine.load(ModelArtifact.of(file)).name()).isEqualTo("iris");
  }

  @Test
  void aPickleInAnArchiveIsRefusedByWhereItIs() throws IOException {
    Path archive =
        write("model.tar.gz", new Tar().file("model.pkl", bytes("model.pkl")).gzipped());

    ServingException e = failure(archive);

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageStartingWith("'" + archive + "!/model.pkl' (1296 bytes) is a Python pickle");
  }

  @Test
  void anArchiveWithoutAModelIsRefusedWithWhatIsInIt() throws IOException {
    Path archive = write("model.zip", zip(Map.of("a/README.md", new byte[1])));

    assertThat(failure(archive))
        .hasMessage(
            "Folder '" + archive
                + "!/a' holds no .onnx file, but README.md: put model.onnx there, or give the file itself.");
  }

  @Test
  void anArchiveOfPytorchIsNotUnpacked() {
    assertThat(failure(Models.path("digits_sd.pth"))).hasMessageContaining("state_dict");
    assertThat(cache.resolve("archives")).doesNotExist();
  }

  @Test
  void anArchiveIsUnpackedOnce() throws IOException {
    Path archive =
        write("model.tar.gz", new Tar().file("iris.onnx", bytes("iris_lr.onnx")).gzipped());
    engine.digest(ModelArtifact.of(archive));
    Path unpacked = unpacked().get(0);
    FileTime written = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
    Files.setLastModifiedTime(unpacked.resolve("content/iris.onnx"), written);

    try (Engine another = new Engine("local", Map.of(), cache, 0, getClass().getClassLoader())) {
      another.digest(ModelArtifact.of(archive));
    }

    assertThat(unpacked()).hasSize(1);
    assertThat(Files.getLastModifiedTime(unpacked.resolve("content/iris.onnx"))).isEqualTo(written);
  }

  @Test
  void whatWasTakenFromTheCacheComesBack() throws IOException {
    Path archive =
        write("model.tar.gz", new Tar().file("iris.onnx", bytes("iris_lr.onnx")).gzipped());
    String digest = engine.digest(ModelArtifact.of(archive));
    Files.delete(unpacked().get(0).resolve("content/iris.onnx"));

    assertThat(engine.digest(ModelArtifact.of(archive))).isEqualTo(digest);
    assertThat(unpacked()).hasSize(1);
  }

  @Test
  void callersAtTheSameTimeUnpackItOnceAndAllSucceed() throws Exception {
    Path archive =
        write("model.tar.gz", new Tar().file("iris.onnx", bytes("iris_lr.onnx")).gzipped());
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<String>> digests = Stream.generate(() -> callers.submit(() -> {
            start.await();
            // Each is a process of its own as far as the cache goes.
            try (Engine own =
                new Engine("local", Map.of(), cache, 0, getClass().getClassLoader())) {
              return own.digest(ModelArtifact.of(archive));
            }
          }))
          .limit(8)
          .toList();
      start.countDown();

      for (Future<String> digest : digests) {
        assertThat(digest.get()).isEqualTo(Sha256.of(bytes("iris_lr.onnx")));
      }
      assertThat(unpacked()).hasSize(1);
    } finally {
      callers.shutdownNow();
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = """
      ../evil.onnx,        leads out of it
      a/../../evil.onnx,   leads out of it
      a/../b.onnx,         leads out of it
      /etc/evil.onnx,      is no relative path
      C:/evil.onnx,        is no relative path
      a\\..\\evil.onnx,    is no relative path
      a:stream,            is no relative path
      a/CON.onnx,          is no name that all file systems take
      a/b./c.onnx,         is no name that all file systems take
      a?b.onnx,            is no name that all file systems take
      """)
  void aNameThatIsNotSafeRefusesTheArchiveAndWritesNothing(String name, String why)
      throws IOException {
    Path tar = write(
        "a.tar",
        new Tar()
            .file("model.onnx", bytes("iris_lr.onnx"))
            .file(name, new byte[1])
            .bytes());
    Path zip = write("a.zip", zip(Map.of(name, new byte[1])));

    for (Path archive : List.of(tar, zip)) {
      ServingException e = failure(archive);

      assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(e)
          .hasMessageStartingWith("'" + archive + "' (")
          .hasMessageContaining("'" + name + "' in it " + why);
    }
    assertThat(unpacked()).isEmpty();
    assertThat(folder.resolve("evil.onnx")).doesNotExist();
    assertThat(cache.resolve("evil.onnx")).doesNotExist();
    assertThat(cache.resolve("archives/evil.onnx")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"1, a hard link", "2, a symbolic link", "3, a device", "6, a pipe", "S, a sparse file"
  })
  void whatIsNeitherFileNorFolderRefusesTheArchive(char type, String what) throws IOException {
    Path archive =
        write("a.tar", new Tar().entry("model.onnx", type, new byte[0]).bytes());

    assertThat(failure(archive))
        .hasMessageContaining("'model.onnx' in it is")
        .hasMessageContaining(what);
    assertThat(unpacked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "model.onnx,  model.onnx",
    "model.onnx,  ./model.onnx",
    "model.onnx,  MODEL.onnx",
    "a/x,         A/y",
    "a,           a/x",
    "a/x,         a",
    "\u00e4.onnx, a\u0308.onnx",
  })
  void twoThatAreOneOnSomeFileSystemRefuseTheArchive(String one, String other) throws IOException {
    Path archive =
        write("a.tar", new Tar().file(one, new byte[1]).file(other, new byte[1]).bytes());

    assertThat(failure(archive)).hasMessageContaining("in it has the same name as '");
    assertThat(unpacked()).isEmpty();
  }

  @Test
  void aFolderMayBeNamedMoreThanOnce() throws IOException {
    Path archive = write(
        "a.tar",
        new Tar()
            .folder("a/")
            .folder("a/")
            .file("a/model.onnx", bytes("iris_lr.onnx"))
            .bytes());

    assertThat(engine.load(ModelArtifact.of(archive)).name()).isEqualTo("model");
  }

  @Test
  void moreEntriesThanTheLimitRefuseTheArchive() throws IOException {
    Tar tar = new Tar();
    for (int i = 0; i < 6; i++) {
      tar.file("f" + i, new byte[0]);
    }

    assertThat(unpackingFailure(write("a.tar", tar.bytes())))
        .hasMessageContaining("it holds more than 5 files and folders");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tar.gz", "zip", "gz", "tail"})
  void aBombStopsAtTheLimitAndNotAfter(String kind) throws IOException {
    byte[] zeros = new byte[64 << 20];
    Path archive = write(
        "a." + kind,
        switch (kind) {
          case "tar.gz" -> new Tar().file("model.onnx", zeros).gzipped();
          case "zip" -> zip(Map.of("model.onnx", zeros));
          case "gz" -> gzip(zeros);
          default -> {
            byte[] tar = new Tar().file("model.onnx", new byte[1]).bytes();
            yield gzip(Arrays.copyOf(tar, tar.length + zeros.length));
          }
        });

    assertThat(unpackingFailure(archive)).hasMessageContaining("it holds more than 1048576 bytes");
    assertThat(unpacked()).isEmpty();
  }

  @Test
  void whatGrowsBeyondAllProportionIsABombWhateverTheLimit() {
    Archives.Limits limits = Archives.Limits.DEFAULT;

    assertThat(limits.bytes(1_000)).isEqualTo(256L << 20);
    assertThat(limits.bytes(1L << 30)).isEqualTo(limits.bytes());
    assertThat(limits.bytes(10L << 20)).isEqualTo(2_000L << 20);
  }

  @Test
  void anArchiveThatWasCutOffAnywhereIsRefusedAndLeavesNothing() throws IOException {
    byte[] whole = new Tar()
        .file("model.onnx", bytes("iris_lr.onnx"))
        .file("README.md", new byte[700])
        .gzipped();
    byte[] tar = new Tar().file("model.onnx", bytes("iris_lr.onnx")).bytes();
    byte[] zip = zip(Map.of("model.onnx", bytes("iris_lr.onnx")));
    for (byte[] original : List.of(whole, tar, zip)) {
      for (int length = 300;
          length < original.length - (original == tar ? 1_024 : 0);
          length += 37) {
        Path archive = write("model.bin", Arrays.copyOf(original, length));

        ServingException e = failure(archive);

        assertThat(e.kind()).as("%d of %d", length, original.length).isEqualTo(ErrorKind.INVALID);
      }
    }
    assertThat(unpacked()).isEmpty();
  }

  @Test
  void noChangeOfAnArchiveDoesMoreThanRefuseIt() throws IOException {
    Random random = new Random(7);
    byte[] tar = new Tar()
        .file("a/model.onnx", bytes("iris_lr.onnx"))
        .pax("a/" + "long".repeat(40), new byte[10])
        .bytes();
    byte[] zip = zip(Map.of("model.onnx", bytes("iris_lr.onnx")));
    for (int i = 0; i < 150; i++) {
      byte[] changed = (i % 2 == 0 ? tar : zip).clone();
      for (int j = 0; j < 4; j++) {
        changed[4 + random.nextInt(changed.length - 4)] = (byte) random.nextInt(256);
      }
      Path archive = write("model.bin", changed);

      try {
        engine.digest(ModelArtifact.of(archive));
      } catch (ServingException e) {
        assertThat(e.kind()).isIn(ErrorKind.INVALID, ErrorKind.NOT_FOUND, ErrorKind.UNSUPPORTED);
      }
    }
    assertThat(unpacked()).noneMatch(path -> path.toString().endsWith(".part"));
  }

  @Test
  void longNamesOfPosixAndOfGnuAreRead() throws IOException {
    String name = "folder/".repeat(20) + "model.onnx";
    byte[] model = bytes("iris_lr.onnx");
    for (Tar tar : List.of(new Tar().pax(name, model), new Tar().gnu(name, model))) {
      Path archive = write("model.tar", tar.bytes());

      assertThat(engine.load(ModelArtifact.of(archive)).name()).isEqualTo("model");
    }
  }

  @Test
  void aLongNameIsCheckedLikeAShortOne() throws IOException {
    for (Tar tar : List.of(
        new Tar().pax("../evil.onnx", new byte[1]), new Tar().gnu("../evil.onnx", new byte[1]))) {
      assertThat(failure(write("model.tar", tar.bytes()))).hasMessageContaining("leads out of it");
    }
  }

  @Test
  void whatWasNotUsedForLongGoesWhenAllTakeMoreThanTheyMay() throws IOException {
    Archives archives = new Archives(cache, SMALL, new Failures("local"));
    Path first = unpack(archives, "first", 900_000);
    Path second = unpack(archives, "second", 900_000);
    Instant old = Instant.now().minus(Duration.ofDays(2));
    Files.setLastModifiedTime(first.getParent(), FileTime.from(old));

    Path third = unpack(archives, "third", 900_000);

    assertThat(first).doesNotExist();
    assertThat(second.resolve("second")).exists();
    assertThat(third.resolve("third")).exists();
  }

  @Test
  void whatAKilledProcessLeftGoesOnceItIsOld() throws IOException {
    Path old = Files.createDirectories(cache.resolve("archives/abc.1.part"));
    Path now = Files.createDirectories(cache.resolve("archives/def.2.part"));
    Files.write(now.resolve("file"), new byte[1]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(1))));

    engine.digest(ModelArtifact.of(
        write("a.tar", new Tar().file("model.onnx", bytes("iris_lr.onnx")).bytes())));

    assertThat(old).doesNotExist();
    assertThat(now).exists();
  }

  @Test
  void aCacheFolderThatCannotBeWrittenIsSaid() throws IOException {
    Path archive = write("a.tar", new Tar().file("model.onnx", new byte[1]).bytes());
    Files.writeString(cache, "no folder");

    ServingException e = failure(archive);

    assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE);
    assertThat(e)
        .hasMessageContaining("cannot be unpacked into '" + cache.resolve("archives") + "'");
  }

  private Path unpack(Archives archives, String name, int size) throws IOException {
    byte[] content = new byte[size];
    new Random(name.hashCode()).nextBytes(content);
    return archives.unpacked(
        file(write(name + ".tar", new Tar().file(name, content).bytes())));
  }

  private ServingException unpackingFailure(Path archive) throws IOException {
    Archives archives = new Archives(cache.resolve("archives"), SMALL, new Failures("local"));
    ModelFile file = file(archive);
    return catchThrowableOfType(ServingException.class, () -> archives.unpacked(file));
  }

  private static ModelFile file(Path path) throws IOException {
    return ModelFile.onDisk(path, path.toString(), new Fingerprints(DiskCache.NONE));
  }

  private ServingException failure(Path archive) {
    return catchThrowableOfType(
        ServingException.class, () -> engine.load(ModelArtifact.of(archive)));
  }

  private List<Path> unpacked() throws IOException {
    Path archives = cache.resolve("archives");
    if (!Files.exists(archives)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(archives)) {
      return all.filter(Files::isDirectory).toList();
    }
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] bytes(String model) throws IOException {
    return Files.readAllBytes(Models.path(model));
  }

  static byte[] zip(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  /** Writes tar files, also such as no tool would. */
  private static final class Tar {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Tar file(String name, byte[] content) {
      return entry(name, '0', content);
    }

    Tar folder(String name) {
      return entry(name, '5', new byte[0]);
    }

    Tar pax(String name, byte[] content) {
      int length = " path=".length() + name.getBytes(UTF_8).length + 1;
      int digits = String.valueOf(length + 2).length();
      String record = (length + digits) + " path=" + name + "\n";
      return entry("PaxHeaders/x", 'x', record.getBytes(UTF_8)).entry("short", '0', content);
    }

    Tar gnu(String name, byte[] content) {
      return entry("././@LongLink", 'L', (name + "\0").getBytes(UTF_8))
          .entry("short", '0', content);
    }

    Tar entry(String name, char type, byte[] content) {
      byte[] header = new byte[512];
      put(header, 0, name);
      put(header, 100, "0000644\0");
      put(header, 124, String.format("%011o", content.length));
      put(header, 148, "        ");
      header[156] = (byte) type;
      put(header, 257, "ustar\00000");
      int sum = 0;
      for (byte b : header) {
        sum += b & 0xff;
      }
      put(header, 148, String.format("%06o\0 ", sum));
      out.writeBytes(header);
      out.writeBytes(content);
      out.writeBytes(new byte[(512 - content.length % 512) % 512]);
      return this;
    }

    private static void put(byte[] header, int offset, String text) {
      byte[] bytes = text.getBytes(text.chars().allMatch(c -> c < 128) ? US_ASCII : UTF_8);
      System.arraycopy(bytes, 0, header, offset, bytes.length);
    }

    byte[] bytes() {
      byte[] entries = out.toByteArray();
      return Arrays.copyOf(entries, entries.length + 1024);
    }

    byte[] gzipped() throws IOException {
      return gzip(bytes());
    }
  }
}
