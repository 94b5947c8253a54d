package io.fairlead.stateful.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.reconcile.CompositeOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigestsTest {
  @TempDir
  private Path folder;

  private final CompositeOperations operations =
      new CompositeOperations("stateful", new VirtualTime(), Duration.ofHours(1));

  @AfterEach
  void close() {
    operations.close();
  }

  private String digest(ModelArtifact artifact, String runtime, ClassLoader classPath) {
    return operations
        .run("read", "model", steps -> {
          Thread.currentThread().setContextClassLoader(classPath);
          return Digests.of(artifact, runtime, steps);
        })
        .await(Duration.ofSeconds(30));
  }

  private String digest(ModelArtifact artifact) {
    return digest(artifact, "", getClass().getClassLoader());
  }

  private Path file(String name, String content) {
    try {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void ofFilesItIsTheirContentWhereverTheyAre() {
    String one = digest(ModelArtifact.of(file("a/model.onnx", "weights")));

    assertThat(one).matches("[0-9a-f]{64}");
    assertThat(digest(ModelArtifact.of(file("b/model.onnx", "weights")))).isEqualTo(one);
    assertThat(digest(ModelArtifact.of(file("b/model.onnx", "weightz")))).isNotEqualTo(one);
  }

  @Test
  void metadataAndRuntimeArePartOfAVersion() {
    ModelArtifact artifact = ModelArtifact.of(file("model.onnx", "weights"));

    assertThat(digest(artifact.named("a"))).isNotEqualTo(digest(artifact.named("b")));
    assertThat(digest(artifact, "one", getClass().getClassLoader()))
        .isNotEqualTo(digest(artifact, "two", getClass().getClassLoader()));
  }

  @Test
  void ofWhatIsOnTheClassPathItIsTheContent() throws IOException {
    ModelArtifact artifact = ModelArtifact.of(URI.create("classpath:model.onnx"));
    try (URLClassLoader before = classPath("before", "weights");
        URLClassLoader same = classPath("same", "weights");
        URLClassLoader after = classPath("after", "others")) {
      String digest = digest(artifact, "", before);

      assertThat(digest(artifact, "", same)).isEqualTo(digest);
      assertThat(digest(artifact, "", after)).isNotEqualTo(digest);
    }
  }

  private URLClassLoader classPath(String name, String content) throws MalformedURLException {
    Path there = file(name + "/model.onnx", content).getParent();
    return new URLClassLoader(new URL[] {there.toUri().toURL()}, null);
  }

  @Test
  void ofWhatLiesElsewhereItIsTheLocationAndWhatTheStateSays() {
    ModelArtifact artifact = ModelArtifact.of(URI.create("s3://models/one.tar.gz"));
    String digest = digest(artifact);
    String stated = "0".repeat(64);

    assertThat(digest(artifact)).isEqualTo(digest);
    assertThat(digest(ModelArtifact.of(URI.create("s3://models/two.tar.gz")))).isNotEqualTo(digest);
    assertThat(Digests.ofVersion(digest, ModelState.COLD.withDigest(stated)))
        .isNotEqualTo(Digests.ofVersion(digest, ModelState.COLD));
  }
}
