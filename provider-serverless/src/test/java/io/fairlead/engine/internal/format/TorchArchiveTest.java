package io.fairlead.engine.internal.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.engine.Datatype;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.format.TorchArchive.Signature;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TorchArchiveTest {
  @TempDir
  Path folder;

  @Test
  void torchscriptIsToldFromWeightsAndFromAPickledModule() {
    assertThat(format("digits_ts.pt")).isEqualTo(ModelFormat.TORCHSCRIPT);
    assertThat(format("digits_sd.pth")).isEqualTo(ModelFormat.PYTORCH);
    assertThat(format("digits_module.pth")).isEqualTo(ModelFormat.PYTORCH);
  }

  @Test
  void anArchiveThatWasCutOffFailsAsInvalid() throws IOException {
    byte[] whole = Files.readAllBytes(Models.path("digits_ts.pt"));
    try (Engine engine = Models.engine()) {
      for (int part = 1; part < 10; part++) {
        byte[] rest = Arrays.copyOf(whole, whole.length * part / 10);
        Path file = Files.write(folder.resolve("model.pt"), rest);

        ServingException e =
            catchThrowableOfType(ServingException.class, () -> engine.load(ModelArtifact.of(file)));

        assertThat(e.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(e)
            .hasMessage(
                "'" + file + "' (" + rest.length
                    + " bytes) is a PyTorch archive that is cut off: fetch it again and compare its size and SHA-256.");
      }
    }
  }

  @Test
  void theSignatureOfAModelIsInItsCode() throws IOException {
    Signature signature =
        TorchArchive.signature(((ModelFiles) Models.source("digits_ts.pt")).weights());

    assertThat(signature)
        .isEqualTo(
            new Signature(List.of(new TensorSpec("input", Datatype.FP32, List.of())), 1, true));
  }

  @Test
  void aSignatureHasTheTensorsThatMustBeThere() throws IOException {
    Signature signature = Signature.of("""
        class Other(Module):
          def forward(self: Other,
            y: Tensor) -> Tensor:
            return y
        class Net(Module):
          __parameters__ = []
          def forward(self: __torch__.Net,
            input_ids: Tensor,
            scale: Tensor,
            mask: Optional[Tensor]=None,
            flags: Dict[str, int]={}) -> Tuple[Tensor, Tensor]:
            return (input_ids, scale)
        """, "Net");

    assertThat(signature)
        .isEqualTo(new Signature(
            List.of(
                new TensorSpec("input_ids", Datatype.INT64, List.of()),
                new TensorSpec("scale", Datatype.FP32, List.of())),
            2,
            false));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      xs: List[Tensor]) -> Tensor          | its parameter 'xs' is a List[Tensor], and a request has tensors alone
      x: Tensor) -> Dict[str, Tensor]      | it returns a Dict[str, Tensor], and an answer has a tensor or a tuple of tensors
      x: Tensor) -> Tuple[Tensor, int]     | it returns a Tuple[Tensor, int], and
      x: Tensor                            | its method forward does not end
      """)
  void aSignatureThatARequestCannotMeetSaysWhy(String signature, String why) {
    String code =
        "class Net(Module):\n  def forward(self: Net,\n    " + signature + ":\n    pass\n";

    assertThatThrownBy(() -> Signature.of(code, "Net"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(why);
  }

  @Test
  void aClassWithoutForwardDoesNotBorrowThatOfTheNext() {
    String code =
        "class Net(Module):\n  pass\nclass B(Module):\n  def forward(self: B) -> Tensor:\n";

    assertThatThrownBy(() -> Signature.of(code, "Net"))
        .hasMessage("its class Net has no method forward");
    assertThatThrownBy(() -> Signature.of(code, "C")).hasMessageContaining("class C has no");
  }

  @Test
  void aModelMaySayItsTypesAndShapes() throws IOException {
    Signature signature = new Signature(
        List.of(
            new TensorSpec("x", Datatype.FP32, List.of()),
            new TensorSpec("n", Datatype.FP32, List.of())),
        1,
        true);

    Signature declared = signature.declared("x: FP64[-1, 4]\n\nn: INT64\n");

    assertThat(declared.inputs())
        .containsExactly(
            new TensorSpec("x", Datatype.FP64, List.of(-1L, 4L)),
            new TensorSpec("n", Datatype.INT64, List.of()));
    assertThatThrownBy(() -> signature.declared("z: FP32")).hasMessageContaining("names 'z'");
    assertThatThrownBy(() -> signature.declared("x: FLOAT[1]"))
        .hasMessageContaining("a type or shape for 'x' that does not exist");
    assertThatThrownBy(() -> signature.declared("x = 4")).hasMessageContaining("'x = 4'");
  }

  @Test
  void anExtraFileIsReadFromTheArchive() throws IOException {
    Path file = folder.resolve("model.pt");
    try (var from = new ZipFile(Models.path("digits_ts.pt").toFile());
        var to = new ZipOutputStream(Files.newOutputStream(file))) {
      for (var entry : from.stream().toList()) {
        to.putNextEntry(new ZipEntry(entry.getName()));
        from.getInputStream(entry).transferTo(to);
      }
      to.putNextEntry(new ZipEntry("digits_ts/extra/inputs.txt"));
      to.write("input: FP32[-1, 1, 8, 8]".getBytes(UTF_8));
    }
    ModelFiles model = (ModelFiles) Models.sources().resolve(ModelArtifact.of(file));

    assertThat(TorchArchive.signature(model.weights()).inputs())
        .containsExactly(new TensorSpec("input", Datatype.FP32, List.of(-1L, 1L, 8L, 8L)));
  }

  private static ModelFormat format(String name) {
    return ((ModelFiles) Models.source(name)).format();
  }
}
