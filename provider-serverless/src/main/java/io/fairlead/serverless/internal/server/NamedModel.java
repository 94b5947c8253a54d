package io.fairlead.serverless.internal.server;

import io.fairlead.grammar.ModelArtifact;
import java.net.URI;
import java.nio.file.Path;

/**
 * A model to serve.
 *
 * @param name the name of its function
 * @param location the location of its files
 */
record NamedModel(String name, URI location) {
  private static final int LONGEST = 63;

  static NamedModel of(String file, Path path) {
    return new NamedModel(nameOf(file), path.toUri());
  }

  ModelArtifact artifact() {
    return ModelArtifact.of(location).named(name);
  }

  /** {@return the name of a function for the name of a file or folder, of which the extension is left out} */
  static String nameOf(String file) {
    String name = file.replaceFirst("(?i)(\\.tar)?\\.[a-z]+$", "")
        .replaceAll("[^A-Za-z0-9]+", "-")
        .replaceFirst("^-", "");
    name = name.substring(0, Math.min(LONGEST, name.length())).replaceFirst("-$", "");
    return name.isEmpty() ? "model" : name;
  }
}
