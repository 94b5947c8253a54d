package io.fairlead.engine.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import ai.onnxruntime.OrtSession;
import io.fairlead.engine.Download;
import io.fairlead.engine.ModelFetcher;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.Proto;
import io.fairlead.engine.internal.onnx.OnnxLibrary;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a model file may say of other files, wherever the model comes from. */
@DisabledOnOs(OS.WINDOWS)
final class HostileModelTest {
  private static final String SECRET = "12345678";
  private static final Request REQUEST = Request.json(
      "{\"inputs\": [{\"name\": \"x\", \"shape\": [2], \"datatype\": \"FP32\", \"data\": [0, 0]}]}");

  @TempDir
  static Path folder;

  private static Path secret;
  private Path model;
  private Engine engine;

  @BeforeEach
  void open() throws IOException {
    secret = Files.writeString(folder.resolve("secret"), SECRET);
    model = Files.createTempDirectory(folder, "model");
    engine = engine(Models.class.getClassLoader());
  }

  private static Engine engine(ClassLoader loader) {
    ModelFetcher fetcher =
        (location, etag) -> Download.of(Files.newInputStream(Path.of(location.getPath())));
    return new Engine("local", Map.of(), Map.of("s3", fetcher), Models.cacheFolder(), 0, loader);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  /** A model that adds two constants to x, whose values are in a file. */
  private static byte[] adding(Proto graph) {
    byte[] whole = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .output("y", OnnxFile.FLOAT, 2)
        .node("Add", List.of("x", "w"), List.of("y"))
        .bytes();
    // A second graph, which protobuf merges with the first.
    return new Proto().raw(whole).message(7, graph).bytes();
  }

  private static Proto tensor(Proto... entries) {
    Proto tensor =
        new Proto().number(1, 2).number(2, OnnxFile.FLOAT).text(8, "w").number(14, 1);
    for (Proto entry : entries) {
      tensor.message(13, entry);
    }
    return tensor;
  }

  private static Proto dense(Proto tensor) {
    return new Proto().message(5, tensor);
  }

  private static Proto sparse(Proto values) {
    Proto indices =
        new Proto().number(1, 2).number(2, OnnxFile.INT64).number(7, 0).number(7, 1);
    return new Proto()
        .message(15, new Proto().message(1, values).message(2, indices).number(3, 2));
  }

  static Stream<Arguments> hostile() throws IOException {
    Path file = folder.resolve("secret");
    Proto absolute = Proto.entry("location", file.toString());
    Proto up = Proto.entry("location", "../secret");
    Proto marker = Proto.entry("location", "*/_ORT_MEM_ADDR_/*");
    Proto address = Proto.entry("offset", "4096");
    Proto length = Proto.entry("length", "8");
    return Stream.of(
        argumentSet("dense, absolute", adding(dense(tensor(absolute)))),
        argumentSet("dense, out of the folder", adding(dense(tensor(up)))),
        argumentSet("dense, an address", adding(dense(tensor(marker, address, length)))),
        argumentSet("sparse, absolute", adding(sparse(tensor(absolute)))),
        argumentSet("sparse, out of the folder", adding(sparse(tensor(up)))),
        argumentSet("sparse, an address", adding(sparse(tensor(marker, address, length)))),
        argumentSet(
            "value before key",
            adding(sparse(tensor(new Proto().text(2, file.toString()).text(1, "location"))))),
        argumentSet(
            "long numbers",
            adding(sparse(tensor(new Proto(5).text(1, "location").text(2, file.toString()))))));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aFileOnDiskIsRefused(byte[] bytes) throws IOException {
    Files.write(model.resolve("model.onnx"), bytes);

    refuse(ModelArtifact.of(model));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aFileInAnArchiveIsRefused(byte[] bytes) throws IOException {
    refuse(ModelArtifact.of(zip(Map.of("model.onnx", bytes, "secret", new byte[8]))));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aFileInAJarIsRefused(byte[] bytes) throws Exception {
    Path jar = zip(Map.of("m/model.onnx", bytes, "secret", new byte[8]));
    try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        Engine mine = engine(loader)) {
      refuse(mine, ModelArtifact.of(URI.create("classpath:m/model.onnx")));
    }
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aFileInAFolderOfTheClassPathIsRefused(byte[] bytes) throws Exception {
    Files.write(model.resolve("model.onnx"), bytes);
    try (var loader = new URLClassLoader(new URL[] {model.toUri().toURL()});
        Engine mine = engine(loader)) {
      refuse(mine, ModelArtifact.of(URI.create("classpath:model.onnx")));
    }
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void aFileOfAFetcherIsRefused(byte[] bytes) throws IOException {
    Path file = Files.write(model.resolve("model.onnx"), bytes);

    refuse(ModelArtifact.of(URI.create("s3:" + file)));
  }

  private void refuse(ModelArtifact artifact) {
    refuse(engine, artifact);
  }

  private static void refuse(Engine engine, ModelArtifact artifact) {
    ServingException e =
        catchThrowableOfType(ServingException.class, () -> engine.load(artifact).invoke(REQUEST));

    assertThat(e).isNotNull();
    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining("keeps its tensor 'w' in '")
        .hasMessageContaining(
            "save it again with its weights in it or beside it, and do not use it if you do not know who made it");
    assertThatThrownBy(() -> engine.check(artifact)).hasMessage(e.getMessage());
    assertThatThrownBy(() -> engine.digest(artifact)).hasMessage(e.getMessage());
    assertThat(engine.loadedModels()).isZero();
  }

  @Test
  void whatComesAsBytesHasNoOtherFile() throws Exception {
    byte[] bytes = adding(sparse(tensor(new Proto().text(2, "w.bin").text(1, "location"))));
    Path file = Files.write(model.resolve("model.onnx"), bytes);
    Files.write(model.resolve("w.bin"), OnnxFile.floats(1, 2));
    Path jar = zip(Map.of("model.onnx", bytes, "w.bin", OnnxFile.floats(1, 2)));

    assertThatThrownBy(() -> engine.load(ModelArtifact.of(URI.create("s3:" + file))))
        .hasMessageContaining("keeps its weights in other files, w.bin, which are not fetched");
    try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        Engine mine = engine(loader)) {
      assertThatThrownBy(() -> mine.load(ModelArtifact.of(URI.create("classpath:model.onnx"))))
          .hasMessageContaining(
              "keeps its weights in other files, w.bin, which only works in a folder");
    }
  }

  @ParameterizedTest
  @MethodSource("inTheFolder")
  void changedWeightsAreAnotherModel(byte[] bytes) throws IOException {
    Files.write(model.resolve("model.onnx"), bytes);
    Path weights = Files.write(model.resolve("w.bin"), OnnxFile.floats(1, 2));
    LeasedModel one = engine.load(ModelArtifact.of(model));
    // What is loaded stays mapped, so it is replaced and not overwritten.
    Files.move(
        Files.write(model.resolve("new.bin"), OnnxFile.floats(30, 40)),
        weights,
        StandardCopyOption.ATOMIC_MOVE);

    LeasedModel other = engine.load(ModelArtifact.of(model));

    assertThat(one.invoke(REQUEST).text()).contains("[1.0,2.0]");
    assertThat(other.invoke(REQUEST).text()).contains("[30.0,40.0]");
    assertThat(other.digest()).isNotEqualTo(one.digest());
  }

  @ParameterizedTest
  @MethodSource("inTheFolder")
  void anArchiveBringsItsFiles(byte[] bytes) throws IOException {
    Path archive = zip(Map.of("model.onnx", bytes, "w.bin", OnnxFile.floats(1, 2)));

    assertThat(engine.load(ModelArtifact.of(archive)).invoke(REQUEST).text()).contains("[1.0,2.0]");
  }

  static Stream<Arguments> inTheFolder() {
    Proto location = Proto.entry("location", "w.bin");
    Proto length = Proto.entry("length", "8");
    return Stream.of(
        argumentSet("dense", adding(dense(tensor(location, length)))),
        argumentSet("sparse", adding(sparse(tensor(location, length)))),
        argumentSet(
            "value before key",
            adding(sparse(tensor(new Proto().text(2, "w.bin").text(1, "location"), length)))),
        argumentSet(
            "long numbers",
            adding(sparse(tensor(new Proto(5).text(1, "location").text(2, "w.bin"), length)))));
  }

  @Test
  void aFileThatIsNotThereIsSaid() throws IOException {
    write("weights/w.bin");

    ServingException e = failure();

    assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(e)
        .hasMessageContaining("keeps weights in 'weights/w.bin', and there is no file '"
            + model.resolve("weights/w.bin") + "': put it there");
  }

  @Test
  void aFolderIsNoFile() throws IOException {
    write("w.bin");
    Files.createDirectory(model.resolve("w.bin"));

    assertThat(failure().kind()).isEqualTo(ErrorKind.NOT_FOUND);
  }

  @Test
  void aFileThatIsTooShortIsSaid() throws IOException {
    Proto tensor = tensor(
        Proto.entry("location", "w.bin"), Proto.entry("offset", "4"), Proto.entry("length", "8"));
    Files.write(model.resolve("model.onnx"), adding(dense(tensor)));
    Files.write(model.resolve("w.bin"), new byte[11]);

    ServingException e = failure();

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageStartingWith(
            "'" + model.resolve("w.bin") + "' (11 bytes) ends before the weights")
        .hasMessageContaining("which need 12 bytes");
  }

  @Test
  void aLinkOutOfTheFolderIsRefused() throws IOException {
    write("w.bin");
    Files.createSymbolicLink(model.resolve("w.bin"), secret);

    ServingException e = failure();

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining("has '" + model.resolve("w.bin")
            + "' beside it, a link that leads out of its folder, to '" + secret.toRealPath() + "'");
  }

  @Test
  void aFolderThatIsALinkOutOfTheFolderIsRefused() throws IOException {
    write("a/secret");
    Files.createSymbolicLink(model.resolve("a"), Path.of(".."));

    assertThat(failure()).hasMessageContaining("a link that leads out of its folder");
  }

  @Test
  void linksWithinTheFolderAreFollowed() throws IOException {
    write("a/w.bin");
    Path data = Files.createDirectory(model.resolve("..data"));
    Files.write(data.resolve("w.bin"), OnnxFile.floats(1, 2));
    Files.createSymbolicLink(model.resolve("a"), Path.of("..data"));

    assertThat(engine.load(ModelArtifact.of(model)).invoke(REQUEST).text()).contains("[1.0,2.0]");
  }

  @Test
  void aModelInTheCacheOfTheHuggingFaceHubIsFoundByItsLinks() throws IOException {
    Path blobs = Files.createDirectory(model.resolve("blobs"));
    Path snapshot = Files.createDirectories(model.resolve("snapshots/main"));
    Files.write(blobs.resolve("0a"), adding(dense(tensor(Proto.entry("location", "w.bin")))));
    Files.write(blobs.resolve("0b"), OnnxFile.floats(1, 2));
    Files.createSymbolicLink(snapshot.resolve("model.onnx"), Path.of("../../blobs/0a"));
    Files.createSymbolicLink(snapshot.resolve("w.bin"), Path.of("../../blobs/0b"));

    assertThat(engine.load(ModelArtifact.of(snapshot)).invoke(REQUEST).text())
        .contains("[1.0,2.0]");
  }

  @Test
  void aSavedModelHasNoLinkOutOfItsFolder() throws IOException {
    Files.writeString(model.resolve("saved_model.pb"), "graph");
    Path variables = Files.createDirectory(model.resolve("variables"));
    Files.createSymbolicLink(variables.resolve("variables.index"), secret);

    assertThatThrownBy(() -> engine.digest(ModelArtifact.of(model)))
        .hasMessageContaining("a link that leads out of its folder");
  }

  @Test
  void theDigestOfASavedModelIsOfAllItsFilesAndOfTheirNames() throws IOException {
    Files.writeString(model.resolve("saved_model.pb"), "graph");
    Path shared = Files.createDirectories(model.resolve("shared"));
    Path file = Files.writeString(shared.resolve("a"), "1");
    Files.createSymbolicLink(model.resolve("variables"), Path.of("shared"));
    String before = engine.digest(ModelArtifact.of(model));
    Files.writeString(file, "22");
    String changed = engine.digest(ModelArtifact.of(model));
    Files.move(model.resolve("variables"), model.resolve("assets"));

    String renamed = engine.digest(ModelArtifact.of(model));

    assertThat(changed).isNotEqualTo(before);
    assertThat(renamed).isNotEqualTo(changed);
  }

  @Test
  void aSavedModelInALoopOfLinksIsRefused() throws IOException {
    Files.writeString(model.resolve("saved_model.pb"), "graph");
    Files.createSymbolicLink(model.resolve("variables"), Path.of("."));

    assertThatThrownBy(() -> engine.digest(ModelArtifact.of(model)))
        .hasMessageContaining("or they are more than 32 deep");
  }

  @Test
  void aSavedModelWhoseLinksMultiplyIsRefused() throws IOException {
    Files.writeString(model.resolve("saved_model.pb"), "graph");
    for (int i = 0; i < 25; i++) {
      Path part = Files.createDirectory(model.resolve("part" + i));
      Path next = Path.of("..", "part" + (i + 1));
      if (i < 24) {
        Files.createSymbolicLink(part.resolve("a"), next);
        Files.createSymbolicLink(part.resolve("b"), next);
      }
    }

    assertThatThrownBy(() -> engine.digest(ModelArtifact.of(model)))
        .hasMessageContaining("has more than 10000 files and folders beside it");
  }

  @Test
  void aTokenizerThatIsALinkOutOfTheFolderIsRefused() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), model.resolve("model.onnx"));
    Files.createSymbolicLink(model.resolve("tokenizer.json"), secret);

    assertThat(failure()).hasMessageContaining("a link that leads out of its folder");
  }

  @Test
  void anExtensionDoesNotDecideHowAFileIsRead() throws IOException {
    Path file = model.resolve("model.ort");
    Files.write(file, adding(dense(tensor(Proto.entry("location", "w.bin")))));
    Files.write(model.resolve("w.bin"), OnnxFile.floats(1, 2));

    assertThat(engine.load(ModelArtifact.of(file)).invoke(REQUEST).text()).contains("[1.0,2.0]");
  }

  @Test
  void aModelThatBeginsLikeOneOfOnnxRuntimesFormatIsReadAsThat() throws IOException {
    byte[] bytes = new Proto()
        .text(2, "__ORTM")
        .raw(adding(sparse(tensor(Proto.entry("location", secret.toString())))))
        .bytes();
    Files.write(model.resolve("model.onnx"), bytes);

    ServingException e = failure();

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e.getMessage()).doesNotContain(SECRET);
  }

  @Test
  void aModelOfOnnxRuntimesFormatPassesTheCheck() throws Exception {
    Path file = model.resolve("iris.bin");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizedModelFilePath(file.toString());
      options.addConfigEntry("session.save_model_format", "ORT");
      OnnxLibrary.environment(Models.cacheFolder())
          .createSession(Models.path("iris_lr.onnx").toString(), options)
          .close();
    }

    assertThat(engine.check(ModelArtifact.of(file)).digest()).hasSize(64);
  }

  private void write(String location) throws IOException {
    Files.write(
        model.resolve("model.onnx"), adding(sparse(tensor(Proto.entry("location", location)))));
  }

  private ServingException failure() {
    return catchThrowableOfType(ServingException.class, () -> engine.load(ModelArtifact.of(model)));
  }

  private Path zip(Map<String, byte[]> files) throws IOException {
    Path file = model.resolve("archive.zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, byte[]> entry : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return file;
  }
}
