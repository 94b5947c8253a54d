package io.fairlead.engine.internal.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PickleTest {
  @TempDir
  Path folder;

  private final Engine engine = Models.engine();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void theClassesAreThoseThatPythonFindsInTheirOrder() throws IOException {
    Pickle pickle = read(bytes("model.pkl"));

    assertThat(pickle.isComplete()).isTrue();
    assertThat(pickle.globals())
        .containsExactly(
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.StandardScaler",
            "numpy.core.multiarray.scalar",
            "numpy.dtype",
            "numpy.core.multiarray._reconstruct",
            "numpy.ndarray",
            "sklearn.linear_model._logistic.LogisticRegression");
  }

  @Test
  void anArchiveOfPytorchIsReadInside() throws IOException {
    Pickle weights = read(bytes("digits_sd.pth"));
    Pickle module = read(bytes("digits_module.pth"));

    assertThat(weights.isComplete()).isTrue();
    assertThat(weights.globals())
        .containsExactly(
            "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.FloatStorage");
    assertThat(module.isComplete()).isTrue();
    assertThat(module.globals())
        .contains("torch.nn.modules.container.Sequential", "torch.nn.modules.linear.Linear");
  }

  @ParameterizedTest
  @CsvSource(textBlock = """
      protocol 0,                     cos\\nsystem\\n(S'id'\\ntR.,                            os.system
      INST,                           (S'id'\\nios\\nsystem\\n.,                              os.system
      strings on the stack,           \\x80\\x04\\x8c\\x02os\\x8c\\x06system\\x93.,           os.system
      strings from the memo,          \\x80\\x04\\x8c\\x06system\\x940\\x8c\\x02os\\x940Nh\\x01h\\x00\\x93.,  os.system
      memo by number,                 \\x80\\x04X\\x02\\x00\\x00\\x00osr\\x09\\x00\\x00\\x000U\\x04nameq\\x010j\\x09\\x00\\x00\\x00g1\\n\\x93., os.name
      an unused string between,       \\x80\\x04\\x8c\\x02os\\x8c\\x06system\\x8c\\x03red0\\x93.,  os.system
      a duplicate,                    \\x80\\x04\\x8c\\x02os2\\x93.,                           os.os
      an escaped string,              \\x80\\x04S'\\\\x6fs'\\nV\\\\u0073ystem\\n\\x93.,       os.system
      an extension,                   \\x80\\x02\\x82\\x07.,                                  copyreg.extension 7
      a memo that is written twice,   \\x80\\x04\\x8c\\x02osq\\x00q\\x000\\x8c\\x06system\\x940h\\x00h\\x01\\x93., os.system
      a second pickle,                \\x80\\x02N.\\x80\\x02cos\\nsystem\\n.,                 os.system
      """)
  void aNameIsFoundHoweverItIsSaid(String how, String pickle, String name) throws IOException {
    Pickle read = read(unescaped(pickle));

    assertThat(read.globals()).as(how).containsExactly(name);
    assertThat(read.isComplete()).isTrue();
  }

  @Test
  void aNameThatIsComputedMakesTheReadingIncomplete() throws IOException {
    Pickle read = read(unescaped("\\x80\\x04\\x8c\\x02osN\\x93."));

    assertThat(read.globals()).isEmpty();
    assertThat(read.isComplete()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 100, 700, 1295})
  void aPickleThatWasCutOffNamesWhatItBeginsWith(int length) throws IOException {
    byte[] whole = bytes("model.pkl");

    Pickle pickle = read(Arrays.copyOf(whole, length));

    assertThat(pickle.isComplete()).isFalse();
    assertThat(pickle.globals())
        .isEqualTo(read(whole).globals().subList(0, pickle.globals().size()));
  }

  @Test
  @Timeout(60)
  void noChangeOfAPickleDoesMoreThanEndTheReading() throws IOException {
    Random random = new Random(20_24);
    for (byte[] original :
        List.of(bytes("model.pkl"), inside("digits_sd"), inside("digits_module"))) {
      for (int i = 0; i < 5_000; i++) {
        byte[] changed = Arrays.copyOf(original, random.nextInt(original.length) + 1);
        for (int j = random.nextInt(12); j > 0; j--) {
          changed[random.nextInt(Math.min(changed.length, 3_000))] = (byte) random.nextInt(256);
        }

        Pickle pickle = read(changed);

        assertThat(pickle.globals()).hasSizeLessThanOrEqualTo(1_000);
      }
    }
    byte[] archive = bytes("digits_sd.pth");
    for (int i = 0; i < 200; i++) {
      byte[] changed = archive.clone();
      for (int j = 0; j < 20; j++) {
        changed[changed.length - 1 - random.nextInt(900)] = (byte) random.nextInt(256);
      }

      assertThat(read(changed).globals()).hasSizeLessThanOrEqualTo(3);
    }
    for (int i = 0; i < 20_000; i++) {
      byte[] garbage = new byte[random.nextInt(300)];
      random.nextBytes(garbage);

      assertThat(read(garbage).globals()).hasSizeLessThanOrEqualTo(garbage.length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"(", "N", "\\x8c\\x10", "\\x82\\x01", "2", "N\\x94"})
  void aPickleOfOneOpcodeWithoutEndIsLeftInBoundedTimeAndMemory(String opcode) throws IOException {
    byte[] unit = unescaped(opcode);
    long[] given = {0};
    InputStream endless = new InputStream() {
      @Override
      public int read() {
        return unit[(int) (given[0]++ % unit.length)] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        for (int i = 0; i < length; i++) {
          bytes[offset + i] = (byte) read();
        }
        return length;
      }
    };

    long begun = System.nanoTime();
    Pickle pickle = Pickle.read(endless);

    assertThat(pickle.isComplete()).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void aLengthBeyondTheFileIsNotBelieved() throws IOException {
    assertThat(read(unescaped("\\x80\\x04\\x8d\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x7f"))
            .isComplete())
        .isFalse();
    assertThat(read(unescaped("\\x80\\x04B\\xff\\xff\\xff\\xff")).isComplete()).isFalse();
  }

  @Test
  void aFailureOfTheFileItselfIsNotTakenForItsEnd() {
    InputStream broken = new InputStream() {
      @Override
      public int read() throws IOException {
        throw new IOException("disk on fire");
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        return read();
      }
    };

    assertThatThrownBy(() -> Pickle.read(broken)).hasMessage("disk on fire");
  }

  @Test
  void aPipelineIsRefusedWithItsClassesAndTheCommandThatConvertsIt() throws IOException {
    ServingException e = refusal("model.pkl", bytes("model.pkl"));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageStartingWith("'" + folder.resolve("model.pkl")
            + "' (1296 bytes) is a Python pickle, and loading a pickle runs whatever code is in it, so it is not loaded"
            + " here. It names sklearn.pipeline.Pipeline, sklearn.preprocessing._data.StandardScaler,"
            + " sklearn.linear_model._logistic.LogisticRegression, numpy.core.multiarray.scalar")
        .hasMessageContaining("and 1 more. Convert it to ONNX where it was made: python3 -c \"")
        .hasMessageContaining("skl2onnx.to_onnx(")
        .hasMessageContaining("\" model.pkl model.onnx.")
        .hasMessageContaining("option trustedPickle");
  }

  @Test
  void theNameOfTheFileIsNoDecision() throws IOException {
    ServingException e = refusal("it's $(id).onnx", bytes("rf.pkl"));

    assertThat(e)
        .hasMessageContaining("names sklearn.ensemble._forest.RandomForestClassifier")
        .hasMessageContaining("\" 'it'\\''s $(id).onnx' 'it'\\''s $(id).onnx'.");
  }

  @Test
  void weightsOfPytorchAreRefusedAsSuch() throws IOException {
    ServingException e = refusal("net.pth", bytes("digits_sd.pth"));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining("weights without a model (a state_dict)")
        .hasMessageContaining("net.load_state_dict(torch.load('net.pth', map_location='cpu'))")
        .hasMessageContaining("torch.onnx.export(net, torch.zeros(1, ...), 'net.onnx')")
        .hasMessageContaining("torch.jit.trace(net, torch.zeros(1, ...)).save('net.pt')");
  }

  @Test
  void aModuleOfPytorchIsRefusedWithItsClasses() throws IOException {
    ServingException e = refusal("net.pth", bytes("digits_module.pth"));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining("names torch.nn.modules.container.Sequential")
        .hasMessageContaining("a whole module")
        .hasMessageContaining("\" net.pth net.onnx");
  }

  @ParameterizedTest
  @CsvSource({
    "cxgboost.sklearn\\nXGBClassifier\\n., m.save_model(sys.argv[2])\" m.pkl m.ubj",
    "'clightgbm.sklearn\\nLGBMClassifier\\n.', '''booster_'', m).save_model(sys.argv[2])\" m.pkl m.txt'",
    "cacme.models\\nChurn\\n., the exporter of the library",
  })
  void otherLibrariesHaveTheirOwnWayOut(String pickle, String remedy) throws IOException {
    assertThat(refusal("m.pkl", unescaped("\\x80\\x02" + pickle))).hasMessageContaining(remedy);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCompressedPickleIsReadThroughItsCompression(boolean gzip) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = gzip ? new GZIPOutputStream(bytes) : new DeflaterOutputStream(bytes)) {
      out.write(bytes("rf.pkl"));
    }

    assertThat(refusal("rf.joblib", bytes.toByteArray()))
        .hasMessageContaining("names sklearn.ensemble._forest.RandomForestClassifier")
        .hasMessageContaining("\" rf.joblib rf.onnx");
  }

  @Test
  void anEvilPickleIsNotRunAndSaidToBeEvil() throws IOException {
    Path witness = folder.resolve("witness");

    ServingException e =
        refusal("model.pkl", unescaped("cos\\nsystem\\n(S'touch " + witness + "'\\ntR."));

    assertThat(e.kind()).isEqualTo(ErrorKind.UNSUPPORTED);
    assertThat(e)
        .hasMessageContaining("It names os.system. Of these, os.system is dangerous")
        .hasMessageContaining("do not load the file anywhere");
    assertThat(e.getMessage()).doesNotContain("touch").doesNotContain("trustedPickle");
    assertThat(witness).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "os.system, true",
    "posix.system, true",
    "builtins.eval, true",
    "__builtin__.exec, true",
    "subprocess.Popen, true",
    "sklearn.utils.os.system, true",
    "builtins.set, false",
    "sklearn.pipeline.Pipeline, false",
    "acme.os_models.Churn, false",
    "collections.OrderedDict, false",
  })
  void whatNoModelNeedsIsDangerous(String global, boolean dangerous) {
    assertThat(PickleRefusal.isDangerous(global)).isEqualTo(dangerous);
  }

  private ServingException refusal(String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    return catchThrowableOfType(ServingException.class, () -> engine.load(ModelArtifact.of(file)));
  }

  private static byte[] inside(String archive) throws IOException {
    try (ZipFile zip = new ZipFile(Models.path(archive + ".pth").toFile())) {
      return zip.getInputStream(zip.getEntry(archive + "/data.pkl")).readAllBytes();
    }
  }

  private static Pickle read(byte[] bytes) throws IOException {
    return Pickle.read(new ByteArrayInputStream(bytes));
  }

  private static byte[] bytes(String model) throws IOException {
    return Files.readAllBytes(Models.path(model));
  }

  /** The escapes \n, \\ and \xHH. */
  private static byte[] unescaped(String text) {
    StringBuilder bytes = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) != '\\') {
        bytes.append(text.charAt(i));
      } else if (text.charAt(++i) == 'x') {
        bytes.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.append(text.charAt(i) == 'n' ? '\n' : text.charAt(i));
      }
    }
    return bytes.toString().getBytes(ISO_8859_1);
  }
}
