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
 * names it as {@code java:NAME}. One handler answers all callers, on their threads and at the same time, so it has to be
 * safe for that. When a request's time is up, the thread is interrupted. A handler that was made from its class and is
 * {@link AutoCloseable} is closed when nobody holds the model any longer.
 */
@FunctionalInterface
public interface ModelHandler {
  /**
   * {@return the answer to a request}
   *
   * @throws Exception whatever goes wrong; the caller sees it as the cause of a failure of kind {@code MODEL_FAILED}. A
   *     {@link io.fairlead.error.ServingException} and an {@link io.fairlead.grammar.InvalidValueException} pass
   *     unchanged
   */
  Response handle(Request request) throws Exception;
}
