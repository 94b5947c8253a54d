package io.fairlead.stateful.internal.features;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.provider.ClassLoaders;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The ONNX file of an artifact that is on this machine, or on the class path. */
public final class ModelFile {
  /** The most bytes of a file that is read; the cells of a larger ensemble are too fine to be of use. */
  public static final int MOST_BYTES = 64 << 20;

  private static final String ONNX = ".onnx";

  private ModelFile() {}

  /** {@return the content of the artifact's weights, if they are one .onnx file, or a folder with exactly one} */
  public static Optional<byte[]> read(ModelArtifact artifact) {
    return read(artifact, MOST_BYTES);
  }

  static Optional<byte[]> read(ModelArtifact artifact, int mostBytes) {
    if ("classpath".equalsIgnoreCase(artifact.weights().getScheme())) {
      return onClassPath(artifact.weights().getSchemeSpecificPart(), mostBytes);
    }
    try {
      Optional<Path> file = path(artifact.weights()).flatMap(ModelFile::onnxIn);
      return file.isPresent() ? content(file.get(), mostBytes) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<byte[]> onClassPath(String name, int mostBytes) {
    if (!name.toLowerCase(Locale.ROOT).endsWith(ONNX)) {
      return Optional.empty();
    }
    try (InputStream in = ClassLoaders.ofThread(ModelFile.class).getResourceAsStream(name)) {
      return in == null ? Optional.empty() : content(in, mostBytes);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Path> path(URI location) {
    if (!"file".equalsIgnoreCase(location.getScheme())) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(location));
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      return Optional.empty();
    }
  }

  private static Optional<Path> onnxIn(Path path) {
    if (!Files.isDirectory(path)) {
      return isOnnx(path) ? Optional.of(path) : Optional.empty();
    }
    try (Stream<Path> files = Files.list(path)) {
      List<Path> models = files.filter(ModelFile::isOnnx).limit(2).toList();
      return models.size() == 1 ? Optional.of(models.get(0)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static boolean isOnnx(Path file) {
    Path name = file.getFileName();
    return name != null
        && name.toString().toLowerCase(Locale.ROOT).endsWith(ONNX)
        && Files.isRegularFile(file);
  }

  private static Optional<byte[]> content(Path file, int mostBytes) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return content(in, mostBytes);
    }
  }

  private static Optional<byte[]> content(InputStream in, int mostBytes) throws IOException {
    byte[] content = in.readNBytes(mostBytes);
    return in.read() < 0 ? Optional.of(content) : Optional.empty();
  }
}
