package io.fairlead.stateful.internal.features;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.grammar.ModelArtifact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest {
  private static final byte[] CONTENT = {1, 2, 3};

  @TempDir
  private Path folder;

  @Test
  void aFileOrTheOnlyOneInAFolderIsRead() throws IOException {
    Path file = Files.write(folder.resolve("model.ONNX"), CONTENT);
    Files.write(folder.resolve("labels.txt"), new byte[] {9});

    assertThat(ModelFile.read(ModelArtifact.of(file))).contains(CONTENT);
    assertThat(ModelFile.read(ModelArtifact.of(folder))).contains(CONTENT);
  }

  @Test
  void aModelOnTheClassPathIsRead() throws IOException {
    byte[] model = Files.readAllBytes(Path.of("src/test/resources/models/iris_lr.onnx"));

    assertThat(ModelFile.read(ModelArtifact.of(URI.create("classpath:models/iris_lr.onnx"))))
        .contains(model);
    assertThat(ModelFile.read(ModelArtifact.of(URI.create("classpath:models/none.onnx"))))
        .isEmpty();
  }

  @Test
  void aFolderWithSeveralModelsOrNoneHasNoFile() throws IOException {
    assertThat(ModelFile.read(ModelArtifact.of(folder))).isEmpty();

    Files.write(folder.resolve("a.onnx"), CONTENT);
    Files.write(folder.resolve("b.onnx"), CONTENT);

    assertThat(ModelFile.read(ModelArtifact.of(folder))).isEmpty();
  }

  @Test
  void otherFilesAndPlacesAreNotRead() throws IOException {
    Path text = Files.write(folder.resolve("model.txt"), CONTENT);

    assertThat(ModelFile.read(ModelArtifact.of(text))).isEmpty();
    assertThat(ModelFile.read(ModelArtifact.of(folder.resolve("missing.onnx")))).isEmpty();
    assertThat(ModelFile.read(ModelArtifact.of(URI.create("s3://bucket/model.onnx"))))
        .isEmpty();
    assertThat(ModelFile.read(ModelArtifact.of(URI.create("file://host/model.onnx"))))
        .isEmpty();
  }

  @Test
  void aFileThatIsTooLargeIsNotRead() throws IOException {
    ModelArtifact model = ModelArtifact.of(Files.write(folder.resolve("model.onnx"), CONTENT));

    assertThat(ModelFile.read(model, CONTENT.length)).contains(CONTENT);
    assertThat(ModelFile.read(model, CONTENT.length - 1)).isEmpty();
  }
}
