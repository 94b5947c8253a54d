package io.fairlead.sagemaker.internal;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.sagemaker.SageMakerProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Archives of files of this machine, each read once for as long as its files keep their size and time. */
final class LocalArchives {
  private final Map<List<Path>, Stamped> known = new ConcurrentHashMap<>();

  private record Stamped(List<String> stamp, ModelArchive archive) {}

  ModelArchive of(Path weights, Optional<Path> code) {
    List<Path> paths = Stream.concat(Stream.of(weights), code.stream()).toList();
    List<String> stamp = stamp(paths);
    Stamped last = known.get(paths);
    if (last != null && last.stamp().equals(stamp)) {
      return last.archive();
    }
    ModelArchive archive = ModelArchive.of(weights, code);
    known.put(paths, new Stamped(stamp, archive));
    return archive;
  }

  private static List<String> stamp(List<Path> paths) {
    return paths.stream()
        .flatMap(path -> {
          try (Stream<Path> files = Files.exists(path) ? Files.walk(path) : Stream.empty()) {
            return files.sorted().map(LocalArchives::stamp).toList().stream();
          } catch (IOException e) {
            throw unreadable(path, e);
          }
        })
        .toList();
  }

  private static String stamp(Path file) {
    try {
      return file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static ServingException unreadable(Path path, IOException e) {
    return new ServingException(
        SageMakerProvider.ID,
        ErrorKind.INVALID,
        "The artifact " + path + " cannot be read: " + e.getMessage(),
        e);
  }
}
