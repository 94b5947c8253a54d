package io.fairlead.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The resolved weights of an artifact: a file, a folder, a class path resource, or Java code.
 *
 * <p>Its string is its location and its size, for the start of a message.
 */
public interface ModelSource {
  /** {@return the name for messages and responses: that of the file without its extension} */
  String name();

  /** {@return the name of the file or folder, with its extension} */
  String fileName();

  /** {@return the digest of all files of the model, as 64 hexadecimal digits} */
  String digest();

  /** {@return the path of the file or folder; empty if it is not a file of its own on disk} */
  Optional<Path> path();

  /** {@return the first bytes of the file, at most 1024; none for Java code} */
  byte[] head();

  /** {@return the length of the file; 0 for Java code} */
  long size();

  /** {@return the length of all files of the model together; 0 for Java code} */
  long totalSize();

  /**
   * {@return all bytes of the file}
   *
   * @throws IOException if they cannot be read
   */
  byte[] bytes() throws IOException;
}
