package io.fairlead.platform;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import java.net.URI;
import java.util.function.Function;

/**
 * A platform that serves models as functions: no container, no endpoint, scaled by the invocations themselves.
 *
 * <pre>{@code
 * deploy : ModelArtifact -> Function
 * invoke : Function -> Response
 * }</pre>
 *
 * <p>Every operation says what there should be. Asking twice changes nothing; asking again after a failure, or after the
 * process died, goes on from what is there. Values are checked before the first remote call ({@link
 * io.fairlead.grammar.InvalidValueException}). A failed operation takes back what it made and leaves what served before
 * serving.
 */
public interface FunctionPlatform extends Platform<ModelFunction> {
  /**
   * Makes a model callable under its metadata's name.
   *
   * <p>Another model or other limits under the same name replace what serves there in place, without losing an
   * invocation; what served goes on if that fails.
   */
  Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits);

  /**
   * {@return where the function answers over HTTP}
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if it is not deployed
   */
  URI url(ModelFunction function);

  /**
   * Finds out what operations would do, by reading only.
   *
   * <pre>{@code
   * Plan plan = functions.preview(p -> p.deploy(artifact, limits));
   * }</pre>
   *
   * @param change calls one or more operations on the platform that it is given; each returns at once with the value
   *     that it would make
   * @return what all of them would do; where the platform cannot be read, what can be said without it
   */
  Plan preview(Function<? super FunctionPlatform, ? extends Operation<?>> change);
}
