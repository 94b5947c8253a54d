package io.fairlead.platform;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/**
 * A platform that serves models as functions, without containers and endpoints, and scales them by their invocations.
 *
 * <pre>{@code
 * deploy : ModelArtifact -> Function
 * invoke : Function -> Response
 * }</pre>
 *
 * <p>Operations are declarative and idempotent: an operation says what should exist, and the platform is reconciled
 * with that. The same operation again changes nothing; after a failure, or after the process died, it resumes. Values
 * are checked before the first remote call ({@link io.fairlead.grammar.InvalidValueException}). A failed operation
 * rolls back what it created and changed, and what served before serves on.
 *
 * <p>A function has no variants: a {@link Request#pinnedTo pinned} request is an {@link IllegalArgumentException}.
 */
public interface FunctionPlatform extends Platform<ModelFunction> {
  /**
   * Deploys a model as a function under the name in its metadata.
   *
   * <p>Another model or other limits under the same name are an update in place: the old function answers until the new
   * one can, no invocation is lost, and the old one serves on if the update fails or is cancelled.
   *
   * @return the operation, whose result is the function
   */
  Operation<ModelFunction> deploy(ModelArtifact artifact, FunctionLimits limits);

  /**
   * {@return the URL at which the function answers over HTTP}
   *
   * @throws io.fairlead.error.ServingException of kind {@code NOT_FOUND} if it is not deployed
   */
  URI url(ModelFunction function);

  /**
   * Describes a function as it is deployed: its value, its state and where it is.
   *
   * <p>The value in the description, deployed, would change nothing.
   *
   * @param name the name of the function
   * @param limit the time after which it fails with kind {@code TIMEOUT}, more than 0
   * @return the description; empty if the function is not deployed
   */
  Optional<Description<ModelFunction>> describe(String name, Duration limit);

  /** Plans operations as {@link #preview(Duration, Function)} does, and reads the platform for at most a minute. */
  default Plan preview(Function<? super FunctionPlatform, ? extends Operation<?>> change) {
    return preview(READ_LIMIT, change);
  }

  /**
   * Plans operations without running them, by read-only calls.
   *
   * <pre>{@code
   * Plan plan = functions.preview(p -> p.deploy(artifact, limits));
   * }</pre>
   *
   * <p>A platform that does not answer, or that there are no credentials for, is not asked again: the plan then says
   * why, and what the operations would create if it is absent.
   *
   * @param limit the time for reading the platform, more than 0, after which no further call is made; what is not read
   *     then is in the plan as {@code UNKNOWN}
   * @param change calls one or more operations on the platform that it is given, each of which ends at once with its
   *     result and is planned on what the earlier ones would leave; that platform does not invoke models
   * @return the plan of all of them; a resource that cannot be read is in it as {@code UNKNOWN}, one at which an
   *     operation would fail as {@code REFUSE}
   */
  Plan preview(Duration limit, Function<? super FunctionPlatform, ? extends Operation<?>> change);
}
