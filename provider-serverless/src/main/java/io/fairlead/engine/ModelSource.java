package io.fairlead.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an artifact's weights turned out to be: a file, a folder, a resource of the class path, or Java code.
 *
 * <p>Its string is where it is and its size, to begin a sentence with.
 */
public interface ModelSource {
  /** {@return a name for messages and answers: that of the file without its extension} */
  String name();

  /** {@return the name of the file or folder, with its extension} */
  String fileName();

  /** {@return a hash over all that the model is made of, as 64 hexadecimal digits} */
  String digest();

  /** {@return where the file or folder is; empty for what is not on disk by itself} */
  Optional<Path> path();

  /** {@return the first bytes of the file, at most 1024; none for Java code} */
  byte[] head();

  /** {@return the length of the file; 0 for Java code} */
  long size();

  /**
   * {@return all bytes of the file}
   *
   * @throws IOException if they cannot be read
   */
  byte[] bytes() throws IOException;
}
