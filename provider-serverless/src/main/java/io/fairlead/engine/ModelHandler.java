package io.fairlead.engine;

import io.fairlead.platform.Request;
import io.fairlead.platform.Response;

/**
 * A model as plain Java code.
 *
 * <pre>{@code
 * ModelHandler greeter = request -> Response.json("\"hello, " + request.text() + "\"");
 * }</pre>
 *
 * <p>It is either registered under a name or a public class with a public constructor without parameters; an artifact
 * refers to it as {@code java:NAME}. One handler serves all callers concurrently, on their threads, so it has to be
 * thread-safe. At a request's deadline the thread is interrupted. A handler that was created from its class and is
 * {@link AutoCloseable} is closed when the model is released.
 */
@FunctionalInterface
public interface ModelHandler {
  /**
   * {@return the response to a request}
   *
   * @throws Exception any failure; the caller gets it as the cause of a {@code MODEL_FAILED}. A {@link
   *     io.fairlead.error.ServingException} and an {@link io.fairlead.grammar.InvalidValueException} are passed on
   *     unchanged
   */
  Response handle(Request request) throws Exception;
}
