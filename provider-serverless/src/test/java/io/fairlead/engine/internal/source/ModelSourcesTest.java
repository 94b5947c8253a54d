package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnxruntime.OrtSession;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Engines;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.OnnxFile;
import io.fairlead.engine.internal.file.DiskCache;
import io.fairlead.engine.internal.file.Stamp;
import io.fairlead.engine.internal.onnx.OnnxCache;
import io.fairlead.engine.internal.onnx.OnnxEngine;
import io.fairlead.engine.internal.onnx.OnnxLibrary;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.Upkeep;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelSourcesTest {
  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aFolderIsTheOnnxFileInIt() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), folder.resolve("some.onnx"));
    Files.writeString(folder.resolve("README.md"), "iris");

    LeasedModel model = engine.load(ModelArtifact.of(folder));

    assertThat(model.name()).isEqualTo("some");
  }

  @Test
  void aFolderWithSeveralIsTheOneCalledModel() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    Files.copy(Models.path("iris_rf.onnx"), folder.resolve("another.onnx"));

    LeasedModel model = engine.load(ModelArtifact.of(folder));

    assertThat(model.digest()).isEqualTo(engine.digest(Models.artifact("iris_lr.onnx")));
  }

  @Test
  void aFolderWithSeveralOfOtherNamesIsRefused() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), folder.resolve("a.onnx"));
    Files.copy(Models.path("iris_rf.onnx"), folder.resolve("b.onnx"));

    ServingException e = failure(folder.toUri());

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessage("Folder '" + folder
            + "' holds 2 models, a.onnx, b.onnx: give the one to load, or name it model.onnx.");
  }

  @Test
  void aFolderWithoutAModelIsRefusedWithWhatIsInIt() throws IOException {
    Files.writeString(folder.resolve("README.md"), "nothing here");

    ServingException e = failure(folder.toUri());

    assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(e)
        .hasMessage(
            "Folder '" + folder
                + "' holds no .onnx file, but README.md: put model.onnx there, or give the file itself.");
  }

  @Test
  void aFolderWithTheModelInAnotherIsRefusedWithThat() throws IOException {
    Files.createDirectory(folder.resolve("onnx"));

    assertThat(failure(folder.toUri()))
        .hasMessageContaining("only a folder 'onnx': give the model in that");
  }

  @Test
  void aFileThatIsMissingFailsAsNotFound() {
    Path missing = folder.resolve("iris.onnx");

    ServingException e = failure(missing.toUri());

    assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(e)
        .hasMessage("There is no file '" + missing
            + "': check the path, and that this process sees that file system.");
  }

  @Test
  void anEmptyFileFailsAsInvalid() throws IOException {
    Path empty = Files.createFile(folder.resolve("iris.onnx"));

    ServingException e = failure(empty.toUri());

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessage("'" + empty
            + "' (0 bytes) is empty: a copy or download of it did not finish, so fetch it again.");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 100, 442})
  void aFileThatWasCutOffFailsAsInvalid(int length) throws IOException {
    byte[] whole = Files.readAllBytes(Models.path("iris_lr.onnx"));
    Path part = Files.write(folder.resolve("iris.onnx"), Arrays.copyOf(whole, length));

    ServingException e = failure(part.toUri());

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageStartingWith(
            "'" + part + "' (" + length + " bytes) is not a whole ONNX model (it ")
        .hasMessageEndingWith(
            "): it is of another format, or a copy of it was cut off; fetch it again and compare its size and"
                + " SHA-256.");
    assertThatThrownBy(() -> engine.check(ModelArtifact.of(part))).hasMessage(e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(textBlock = """
      \\x80\\x04\\x95,                          UNSUPPORTED, a Python pickle,       trustedPickle
      PK\\x03\\x04xxnet/data.pklFB,             INVALID,     a PyTorch archive that is cut off, fetch it again
      \\x40\\x00\\x00\\x00\\x00\\x00\\x00\\x00{"w":{, UNSUPPORTED, a safetensors file, optimum-cli export onnx
      GGUF\\x03,                                UNSUPPORTED, a GGUF file,           optimum-cli export onnx
      \\x89HDF,                                 UNSUPPORTED, an HDF5 file,          tf2onnx
      \\x1c\\x00\\x00\\x00TFL3,                 UNSUPPORTED, a TensorFlow Lite,     tf2onnx
      BZh9,                                     INVALID,     a compressed archive,  unpack it
      version https://git-lfs.github.com/spec,  INVALID,     a Git LFS pointer,     git lfs pull
      <!DOCTYPE html>,                          INVALID,     a web page,            look at it
      """)
  void aFileOfAnotherFormatIsRefusedByNameWithWhatToDo(
      String beginning, ErrorKind kind, String name, String remedy) throws IOException {
    Path file = Files.write(folder.resolve("model.onnx"), unescaped(beginning));

    ServingException e = failure(file.toUri());

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e)
        .hasMessageStartingWith("'" + file + "' (")
        .hasMessageContaining("bytes) is " + name);
    assertThat(e).hasMessageContaining(remedy);
  }

  private static byte[] unescaped(String text) {
    return Pattern.compile("\\\\x(..)")
        .matcher(text)
        .replaceAll(match ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 16))))
        .getBytes(ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource({
    "s3://models/iris.onnx?X-Amz-Signature=secret, s3://models/iris.onnx?(not shown), is not on this machine, Download it first",
    "https://host/iris.onnx,                       https://host/iris.onnx, is not on this machine, Download it first",
    "hf://org/name,                                hf://org/name, is on the Hugging Face hub, hf download",
  })
  void anotherSchemeIsRefusedWithThoseThereAre(
      URI weights, String shown, String what, String remedy) {
    ServingException e = failure(weights);

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageStartingWith("'" + shown + "' " + what)
        .hasMessageContaining(
            "file: (a file or folder), classpath: (a resource) or java: (a function or class)")
        .hasMessageContaining(remedy);
    assertThat(e.getMessage()).doesNotContain("secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:iris.onnx", "file://host/iris.onnx", "file:///iris.onnx?version=2"})
  void aFileUriThatIsNoPathIsRefused(URI weights) {
    ServingException e = failure(weights);

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e).hasMessageContaining("is no location of a file on this machine");
  }

  @Test
  void aModelOnTheClassPathIsFoundByItsName() {
    LeasedModel relative =
        engine.load(ModelArtifact.of(URI.create("classpath:models/iris_lr.onnx")));
    LeasedModel absolute =
        engine.load(ModelArtifact.of(URI.create("classpath:/models/iris_lr.onnx")));

    assertThat(relative.digest()).isEqualTo(engine.digest(Models.artifact("iris_lr.onnx")));
    assertThat(absolute.digest()).isEqualTo(relative.digest());
    assertThat(relative.name()).isEqualTo("iris_lr");
  }

  @Test
  void aModelInAJarNeedsNoFile() {
    ModelArtifact minilm = Models.MINILM;

    String digest = engine.digest(minilm);

    assertThat(digest).hasSize(64);
    assertThat(engine.load(minilm).digest()).isEqualTo(digest);
  }

  @Test
  void aResourceThatIsMissingFailsAsNotFound() {
    ServingException e = failure(URI.create("classpath:models/none.onnx"));

    assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND);
    assertThat(e)
        .hasMessageStartingWith(
            "There is no resource 'models/none.onnx' on the class path: check the name");
  }

  @Test
  void theLabelTokenizerThatNamesNothingFailsAsNotFound() {
    for (URI weights :
        new URI[] {Models.path("iris_lr.onnx").toUri(), URI.create("classpath:models/iris_lr.onnx")
        }) {
      for (String name :
          new String[] {"words.json", "classpath:words.json", "file:///words.json"}) {
        ModelArtifact artifact = labelled(weights, name);

        assertThatThrownBy(() -> engine.load(artifact))
            .isInstanceOfSatisfying(
                ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
            .hasMessageContaining("words.json'")
            .hasMessageContaining("which the label 'tokenizer' names");
      }
    }
  }

  @Test
  void anOperatorThatThereIsNotFailsWithItsName() {
    OnnxFile model = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 1)
        .output("y", OnnxFile.FLOAT, 1)
        .node("NoSuchOperator", List.of("x"), List.of("y"));

    ServingException e = failure(Models.write(folder, "model.onnx", model).weights());

    assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(e)
        .hasMessageContaining("is no model that ONNX Runtime can run (ONNX Runtime says")
        .hasMessageContaining("NoSuchOperator");
  }

  @Test
  void anOpsetOfTheFutureFailsAsUnsupported() {
    OnnxFile model = new OnnxFile()
        .opset(99)
        .input("x", OnnxFile.FLOAT, 1)
        .output("y", OnnxFile.FLOAT, 1)
        .node("Identity", List.of("x"), List.of("y"));

    ServingException e = failure(Models.write(folder, "model.onnx", model).weights());

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e).hasMessageEndingWith("export it with an older opset.");
  }

  @Test
  void aFileThatChangesBetweenItsDigestAndItsLoadIsNotServedUnderThatDigest() throws IOException {
    Path file = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    ModelFiles files = (ModelFiles) Models.sources().resolve(ModelArtifact.of(file));
    Files.write(file, Files.readAllBytes(Models.path("iris_rf.onnx")));

    Failures failures = new Failures("local");
    Engines engines = new Engines(
        List.of(new OnnxEngine(
            Models.cacheFolder(), new OnnxCache(DiskCache.NONE), new Upkeep("upkeep"), failures)),
        getClass().getClassLoader(),
        Models.cacheFolder(),
        failures);

    assertThatThrownBy(() -> engines.open(files, LoadOptions.DEFAULT))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT))
        .hasMessageContaining("changed while it was being loaded");
  }

  @Test
  void aChangeThatKeepsSizeAndTimeIsNoticed() throws IOException {
    Path file = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    ModelFiles files = (ModelFiles) Models.sources().resolve(ModelArtifact.of(file));
    Optional<String> before = Stamp.of(file).map(Stamp::text);
    assumeThat(before).isPresent();
    FileTime modified = Files.getLastModifiedTime(file);
    // The times of some file systems only change every few milliseconds.
    do {
      Files.write(file, new byte[(int) files.size()]);
      Files.setLastModifiedTime(file, modified);
    } while (Stamp.of(file).map(Stamp::text).equals(before));

    assertThatThrownBy(() -> files.checkUnchanged(new Failures("local")))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT));
  }

  @Test
  void aTokenizerThatChangesMeanwhileIsNoticed() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), "{}");
    ModelFiles files = (ModelFiles) Models.sources().resolve(ModelArtifact.of(folder));
    files.checkUnchanged(new Failures("local"));

    Files.writeString(tokenizer, "{\"other\": 1}");

    assertThatThrownBy(() -> files.checkUnchanged(new Failures("local")))
        .hasMessageContaining("tokenizer.json' (2 bytes) changed while it was being loaded");
  }

  @Test
  void aFileThatMayNotBeReadFailsAsUnauthorized() throws IOException {
    Path file = Files.copy(Models.path("iris_lr.onnx"), folder.resolve("model.onnx"));
    assumeThat(file.toFile().setReadable(false, false)).isTrue();
    assumeThat(Files.isReadable(file)).as("not for root").isFalse();

    ServingException e = failure(file.toUri());

    assertThat(e.kind()).isEqualTo(ErrorKind.UNAUTHORIZED);
    assertThat(e).hasMessageContaining("may not be read by this process");
  }

  @Test
  void aModelOfAnotherFormatIsFoundInItsFolder() throws IOException {
    Files.copy(Models.path("model.pkl"), folder.resolve("churn.pkl"));
    Files.writeString(folder.resolve("README.md"), "churn");

    assertThat(failure(folder.toUri()))
        .hasMessageStartingWith(
            "'" + folder.resolve("churn.pkl") + "' (1296 bytes) is a Python pickle");
  }

  @Test
  void aModelInTheFormatOfOnnxRuntimeIsToldByItsBytes() throws Exception {
    Path file = folder.resolve("iris.bin");
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizedModelFilePath(file.toString());
      options.addConfigEntry("session.save_model_format", "ORT");
      OnnxLibrary.environment(Models.cacheFolder())
          .createSession(Models.path("iris_lr.onnx").toString(), options)
          .close();
    }
    Request request = Request.json(Models.IRIS_REQUEST);
    String expected = engine
        .load(Models.artifact("iris_lr.onnx").named("iris"))
        .invoke(request)
        .text();

    String answer = engine.load(ModelArtifact.of(file)).invoke(request).text();

    assertThat(answer).isEqualTo(expected);
    byte[] whole = Files.readAllBytes(file);
    for (int part = 1; part < 20; part++) {
      Path rest = Files.write(
          folder.resolve("rest" + part), Arrays.copyOf(whole, whole.length * part / 20));
      assertThat(failure(rest.toUri()).kind()).isEqualTo(ErrorKind.INVALID);
    }
  }

  @Test
  void weightsInOtherFilesAreNotLookedForInAJar() throws Exception {
    OnnxFile graph = new OnnxFile()
        .input("x", OnnxFile.FLOAT, 2)
        .output("y", OnnxFile.FLOAT, 2)
        .external("w", "weights.bin", 2)
        .node("Add", List.of("x", "w"), List.of("y"));
    Path jar = folder.resolve("models.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry("model.onnx"));
      out.write(graph.bytes());
    }
    try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        Engine mine = new Engine("local", Map.of(), Models.cacheFolder(), loader)) {
      assertThatThrownBy(() -> mine.load(ModelArtifact.of(URI.create("classpath:model.onnx"))))
          .hasMessageContaining(
              "keeps its weights in other files, weights.bin, which only works in a folder");
    }
  }

  @Test
  void bothLocationsOfATokenizerAreFoundBesideTheModel() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), folder.resolve("iris.onnx"));
    String none = engine.digest(ModelArtifact.of(folder));
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    String general = engine.digest(ModelArtifact.of(folder));
    Files.writeString(folder.resolve("iris-tokenizer.json"), "{\"own\": 1}");

    String own = engine.digest(ModelArtifact.of(folder));

    assertThat(own).isNotEqualTo(general).isNotEqualTo(none);
    assertThat(engine.digest(labelled(folder.toUri(), "tokenizer.json"))).isEqualTo(general);
  }

  @Test
  void aTokenizerDoesNotDisturbAModelThatTakesNoTexts() throws IOException {
    Files.copy(Models.path("iris_lr.onnx"), folder.resolve("iris.onnx"));
    Files.writeString(folder.resolve("tokenizer.json"), "not even JSON");

    LeasedModel model = engine.load(ModelArtifact.of(folder));

    assertThat(model.invoke(Request.json(Models.IRIS_REQUEST)).text()).contains("probabilities");
  }

  @Test
  void aTokenizerThatIsNoUriIsRefused() {
    ModelArtifact artifact = labelled(Models.path("iris_lr.onnx").toUri(), "file:///a b");

    assertThatThrownBy(() -> engine.load(artifact))
        .isInstanceOfSatisfying(
            ServingException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
        .hasMessageStartingWith("The label 'tokenizer' names 'file:///a b', which is no URI");
  }

  private static ModelArtifact labelled(URI weights, String tokenizer) {
    return ModelArtifact.of(weights)
        .withMetadata(ModelMetadata.NONE.withLabels(Map.of("tokenizer", tokenizer)));
  }

  private ServingException failure(URI weights) {
    return catchThrowableOfType(
        ServingException.class, () -> engine.load(ModelArtifact.of(weights)));
  }
}
