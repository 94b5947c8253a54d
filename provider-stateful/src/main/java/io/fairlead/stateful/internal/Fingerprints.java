package io.fairlead.stateful.internal;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.provider.Fingerprint;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is seen of a model that serves, without reading it: equal for equal values, as long as the files on this machine
 * have not been written.
 *
 * <p>A model whose files are replaced in place, and that is deployed again beneath with the same value, is another one.
 */
final class Fingerprints {
  /** A folder with more files is known by so many of them. */
  private static final int MOST_FILES = 1000;

  private Fingerprints() {}

  /**
   * {@return the fingerprint of a value as it was described}
   *
   * @param json the value
   */
  static String of(ModelArtifact artifact, String json) {
    return Fingerprint.of(json, stamps(artifact.weights()), stamps(artifact.code()));
  }

  private static String stamps(URI location) {
    if (!"file".equalsIgnoreCase(location.getScheme())) {
      return Digests.elsewhere(location);
    }
    try (Stream<Path> files = Files.walk(Path.of(location))) {
      return files
          .sorted()
          .limit(MOST_FILES)
          .map(Fingerprints::stamp)
          .collect(Collectors.joining());
    } catch (IOException | IllegalArgumentException | SecurityException e) {
      return "unreadable";
    }
  }

  private static String stamp(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return file.getFileName() + " " + attributes.size() + " "
          + attributes.lastModifiedTime().toMillis() + " " + attributes.fileKey() + "\n";
    } catch (IOException e) {
      return file.getFileName() + " unreadable\n";
    }
  }
}
