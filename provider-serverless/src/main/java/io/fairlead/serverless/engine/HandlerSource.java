package io.fairlead.serverless.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;

/**
 * A model that is Java code.
 *
 * @param name the name of a function, or of a class that is a {@link io.fairlead.serverless.ModelHandler}
 */
record HandlerSource(String name) implements ModelSource {
  @Override
  public String digest() {
    return Sha256.of(("java:" + name).getBytes(UTF_8));
  }

  @Override
  public ServingException refusal(Failures failures) {
    return failures.failure(
        ErrorKind.UNSUPPORTED, "'java:" + name + "' cannot be run here: no engine runs Java code");
  }
}
