package io.fairlead.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelArtifactTest {
  private static final String NO_SCHEME = "must be a URI with a scheme, such as file:, s3: or gs:";
  private static final String NO_USER =
      "must not carry a user name or password: give them to the platform";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3://bucket/model.tar.gz",
        "gs://bucket/model",
        "file:///models/iris.onnx",
        "hf://org/name",
        "https://host.example/model?sig=a%20b",
        "azureml://registries/HuggingFace/models/bert/versions/1"
      })
  void aLocationIsAnyUriWithAScheme(String location) {
    URI uri = URI.create(location);

    assertThat(ModelArtifact.of(uri)).isEqualTo(new ModelArtifact(uri, uri, ModelMetadata.NONE));
  }

  @Test
  void bothLocationsAreReportedAtOnce() {
    assertThatThrownBy(
            () -> ModelArtifact.of(URI.create("model.pkl"), URI.create("https://me:hunter2@h/w")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage(
            "ModelArtifact: code " + NO_SCHEME + " (got \"model.pkl\"); weights " + NO_USER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://me:hunter2@host.example/w",
        "https://hunter2@host.example/w",
        "s3://me:hunter2@bucket_with_underscores/w",
        "//me:hunter2@host.example/w"
      })
  void aUserOrPasswordIsRefusedAndNeverRepeated(String location) {
    assertThatThrownBy(() -> ModelArtifact.of(URI.create(location)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("code " + NO_USER)
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void aQueryIsShownNeitherByToStringNorByAMessage() {
    URI signed = URI.create("https://host.example/w?sig=hunter2");

    assertThat(ModelArtifact.of(signed).toString())
        .isEqualTo("ModelArtifact[https://host.example/w?(not shown)]");
    assertThat(ModelArtifact.of(signed).weights()).isEqualTo(signed);
    assertThatThrownBy(() -> ModelArtifact.of(URI.create("w?sig=hunter2")))
        .hasMessageContaining("(got \"w?(not shown)\")")
        .hasMessageNotContaining("hunter2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"C:/models/m.onnx", "d:m.onnx", "file://C:/models/m.onnx"})
  void aPathWithADriveLetterIsToldFromAUri(String path) {
    assertThatThrownBy(() -> ModelArtifact.of(URI.create(path)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("use ModelArtifact.of(Path.of(..)) for files (got " + path + ")");
  }

  @Test
  void aLocalFileBecomesAnAbsoluteFileUri() {
    ModelArtifact artifact = ModelArtifact.of(Path.of("models/../iris.onnx"));

    assertThat(artifact.code())
        .isEqualTo(artifact.weights())
        .isEqualTo(Path.of("iris.onnx").toAbsolutePath().toUri())
        .hasScheme("file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"google-bert/bert-base-uncased", "meta-llama/Llama-3.1_8B", "a/b", "0/1"})
  void aModelOfTheHubIsNamedByOrganisationAndName(String id) {
    ModelArtifact artifact = ModelArtifact.huggingFace(id);

    assertThat(artifact.code()).isEqualTo(artifact.weights()).isEqualTo(URI.create("hf://" + id));
    assertThat(artifact.metadata().framework()).contains("huggingface");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bert",
        "org/",
        "/name",
        "a/b/c",
        "a/../b",
        "org/na me",
        "hf://a/b",
        "-a/b",
        "a/.b"
      })
  void anyOtherIdOfTheHubIsRefused(String id) {
    assertThatThrownBy(() -> ModelArtifact.huggingFace(id))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("ModelArtifact: id must be a hub id of the form org/name (got \"" + id + "\")");
  }

  @Test
  void metadataAndNameAreReplacedInACopy() {
    ModelArtifact plain = ModelArtifact.huggingFace("org/name");

    assertThat(plain.named("bert").metadata())
        .isEqualTo(ModelMetadata.of("huggingface").withName("bert"));
    assertThat(plain.withMetadata(SampleValues.METADATA).metadata())
        .isEqualTo(SampleValues.METADATA);
    assertThat(plain.metadata().name()).isEmpty();
  }

  @Test
  void anOptionIsAddedToTheMetadata() {
    ArtifactOptions option = () -> "somewhere";

    ModelArtifact artifact = ModelArtifact.huggingFace("org/name").named("bert").with(option);

    assertThat(artifact.metadata().options().forPlatform("somewhere")).containsExactly(option);
    assertThat(artifact.metadata().name()).contains("bert");
  }
}
