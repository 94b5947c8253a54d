package io.fairlead.grammar;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The files of a model: {@code ModelArtifact ::= (code, weights, metadata)}.
 *
 * <pre>{@code
 * ModelArtifact bert = ModelArtifact.of(URI.create("s3://models/bert/code.tar.gz"), URI.create("s3://models/bert/weights"))
 *     .withMetadata(ModelMetadata.of("huggingface", "4.37").withName("bert"));
 * }</pre>
 *
 * @param code the location of the code that runs the model; for a self-contained file, such as ONNX, the same as {@code
 *     weights}
 * @param weights the location of the weights
 * @param metadata the model's name, framework and labels
 */
public record ModelArtifact(URI code, URI weights, ModelMetadata metadata) {
  private static final Pattern HUB_ID = Pattern.compile("[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*");

  public ModelArtifact {
    requireNonNull(code, "code");
    requireNonNull(weights, "weights");
    requireNonNull(metadata, "metadata");
    Problems problems = Problems.in("ModelArtifact");
    checkLocation(problems, "code", code);
    checkLocation(problems, "weights", weights);
    problems.throwIfAny();
  }

  private static void checkLocation(Problems problems, String field, URI uri) {
    problems.check(
        uri.isAbsolute(),
        field,
        "must be a URI with a scheme, such as file:, s3: or gs:",
        Redacted.uri(uri));
    problems.check(
        !isOnDrive(uri),
        field,
        "must be a URI, and this is a path with a drive letter: use ModelArtifact.of(Path.of(..)) for files",
        uri);
    problems.check(
        !Names.hasUser(uri),
        field,
        "must not carry a user name or password: give them to the platform");
  }

  /** {@return whether a URI is a path of Windows, in which the drive letter passes for a scheme or a host} */
  private static boolean isOnDrive(URI uri) {
    String authority = String.valueOf(uri.getRawAuthority());
    return (uri.isAbsolute() && uri.getScheme().length() == 1)
        || ("file".equalsIgnoreCase(uri.getScheme()) && authority.matches("[A-Za-z]:"));
  }

  /** {@return an artifact whose code and weights are at one location: a single file, an archive or a folder} */
  public static ModelArtifact of(URI location) {
    return of(location, location);
  }

  public static ModelArtifact of(URI code, URI weights) {
    return new ModelArtifact(code, weights, ModelMetadata.NONE);
  }

  /** {@return an artifact in a local file or folder, which packaging uploads where the platform cannot read it} */
  public static ModelArtifact of(Path file) {
    return of(file.toAbsolutePath().normalize().toUri());
  }

  /**
   * {@return a model of the Hugging Face hub, as {@code hf://org/name}}
   *
   * @param id the model's id on the hub, {@code org/name}
   */
  public static ModelArtifact huggingFace(String id) {
    Problems.in("ModelArtifact")
        .check(HUB_ID.matcher(id).matches(), "id", "must be a hub id of the form org/name", id)
        .throwIfAny();
    return of(URI.create("hf://" + id)).withMetadata(ModelMetadata.of("huggingface"));
  }

  /**
   * {@return a model of the Hugging Face hub for a task, by which a platform chooses its container}
   *
   * @param id the model's id on the hub, {@code org/name}
   */
  public static ModelArtifact huggingFace(String id, ModelTask task) {
    return huggingFace(id).forTask(task);
  }

  /** {@return a copy with a task in its metadata} */
  public ModelArtifact forTask(ModelTask task) {
    return withMetadata(metadata.withTask(task));
  }

  public ModelArtifact withMetadata(ModelMetadata newMetadata) {
    return new ModelArtifact(code, weights, newMetadata);
  }

  /** {@return a copy with a name in its metadata} */
  public ModelArtifact named(String name) {
    return withMetadata(metadata.withName(name));
  }

  @Override
  public String toString() {
    return words().in("ModelArtifact");
  }

  Words words() {
    String at = Redacted.uri(weights);
    return Words.of(code.equals(weights) ? at : "code " + Redacted.uri(code) + ", weights " + at)
        .addAll(metadata.words());
  }

  /** {@return a copy with an option of one platform in its metadata} */
  public ModelArtifact with(ArtifactOptions option) {
    return withMetadata(metadata.with(option));
  }
}
