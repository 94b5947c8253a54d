package io.fairlead.engine.internal.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.ModelSource;
import io.fairlead.provider.Sha256;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A model that is Java code.
 *
 * @param name the name of a function, or of a class that is a {@link io.fairlead.engine.ModelHandler}
 */
public record HandlerSource(String name) implements ModelSource {
  @Override
  public String digest() {
    return Sha256.of(("java:" + name).getBytes(UTF_8));
  }

  @Override
  public String fileName() {
    return name;
  }

  @Override
  public Optional<Path> path() {
    return Optional.empty();
  }

  @Override
  public byte[] head() {
    return new byte[0];
  }

  @Override
  public long size() {
    return 0;
  }

  @Override
  public long totalSize() {
    return 0;
  }

  @Override
  public byte[] bytes() {
    return new byte[0];
  }

  @Override
  public String toString() {
    return "'java:" + name + "'";
  }
}
