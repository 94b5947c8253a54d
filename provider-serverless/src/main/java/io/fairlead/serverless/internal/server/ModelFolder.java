package io.fairlead.serverless.internal.server;

import io.fairlead.engine.internal.file.Fingerprint;
import io.fairlead.engine.internal.format.ModelFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The models in a folder: the folder is one itself, or its files and subfolders are.
 *
 * <p>Subfolders of the layout NAME/VERSION/FILE, as Triton and TensorFlow Serving have it, give their latest version.
 */
final class ModelFolder {
  private static final String MODEL = "model.onnx";
  private static final String SAVED_MODEL = "saved_model.pb";
  private static final String ONNX = "onnx";
  private static final Set<ModelFormat> RUN_HERE =
      EnumSet.of(ModelFormat.ORT, ModelFormat.XGBOOST, ModelFormat.LIGHTGBM, ModelFormat.PYTORCH);
  private static final Set<String> ARCHIVES = Set.of(".tar", ".tar.gz", ".tgz", ".zip");

  private ModelFolder() {}

  /** {@return the models in a folder; the folder itself, for the engine to say what it lacks, if there are none} */
  static List<NamedModel> in(Path folder) throws IOException {
    String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    Optional<Path> own = itself(folder);
    if (own.isPresent()) {
      return List.of(NamedModel.of(name, own.get()));
    }
    List<NamedModel> found = new ArrayList<>();
    for (Path file : files(folder)) {
      found.add(NamedModel.of(String.valueOf(file.getFileName()), file));
    }
    for (Path child : list(folder)) {
      if (Files.isDirectory(child)) {
        one(child)
            .ifPresent(path -> found.add(NamedModel.of(child.getFileName() + ".folder", path)));
      }
    }
    return found.isEmpty() ? List.of(NamedModel.of(name, folder)) : found;
  }

  /** {@return where a folder has its only model, or the model of its latest version} */
  private static Optional<Path> one(Path folder) throws IOException {
    Optional<Path> own = itself(folder);
    if (own.isPresent()) {
      return own;
    }
    List<Path> files = files(folder);
    if (files.size() == 1) {
      return Optional.of(files.get(0));
    }
    Optional<Path> latest = list(folder).stream()
        .filter(Files::isDirectory)
        .filter(child -> child.getFileName().toString().matches("\\d{1,18}"))
        .max(
            Comparator.comparingLong(child -> Long.parseLong(child.getFileName().toString())));
    return latest.isPresent() ? one(latest.get()) : Optional.empty();
  }

  /** {@return the folder if it is a model itself, or its model if it is a copy of a repository with one in 'onnx'} */
  private static Optional<Path> itself(Path folder) {
    if (Files.isRegularFile(folder.resolve(MODEL))
        || Files.isRegularFile(folder.resolve(SAVED_MODEL))) {
      return Optional.of(folder);
    }
    Path inner = folder.resolve(ONNX).resolve(MODEL);
    return Files.isRegularFile(inner) ? Optional.of(inner) : Optional.empty();
  }

  /** {@return the files that are models: those of ONNX, and without one those of other formats} */
  private static List<Path> files(Path folder) throws IOException {
    List<Path> all = list(folder).stream().filter(Files::isRegularFile).toList();
    List<Path> onnx =
        all.stream().filter(file -> hasExtension(file, Set.of(".onnx"))).toList();
    return onnx.isEmpty()
        ? all.stream()
            .filter(file -> hasExtension(file, ARCHIVES) || isRunHere(file))
            .toList()
        : onnx;
  }

  private static boolean hasExtension(Path file, Set<String> extensions) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return extensions.stream().anyMatch(name::endsWith);
  }

  private static boolean isRunHere(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return RUN_HERE.contains(ModelFormat.of(in.readNBytes(Fingerprint.HEAD)));
    } catch (IOException e) {
      return false;
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    }
  }
}
