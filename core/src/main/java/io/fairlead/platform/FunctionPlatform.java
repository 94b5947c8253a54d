package io.fairlead.platform;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import java.net.URI;

/**
 * A platform that serves models as functions: no container, no endpoint, scaled by the invocations themselves.
 *
 * <pre>{@code
 * deploy : ModelArtifact -> Function
 * invoke : Function -> Response
 * }</pre>
 */
public interface FunctionPlatform extends Platform<ModelFunction> {
  /**
   * Makes a model callable under its metadata's name. Deploying the same again changes nothing; deploying something else
   * under the same name replaces it without losing an invocation.
   */
  Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits);

  /**
   * {@return where the function answers over HTTP}
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if it is not deployed
   */
  URI url(ModelFunction function);
}
