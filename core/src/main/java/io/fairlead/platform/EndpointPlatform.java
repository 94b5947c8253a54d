package io.fairlead.platform;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import java.util.function.Function;

/**
 * A platform that serves containers behind named endpoints.
 *
 * <pre>{@code
 * package : ModelArtifact -> Container
 * deploy  : Container -> Endpoint
 * scale   : Endpoint x Scaling -> Endpoint
 * route   : Version x Version x Weight -> Version
 * }</pre>
 *
 * <p>Every operation says what there should be. Asking twice changes nothing; asking again after a failure, or after the
 * process died, goes on from what is there. Values are checked before the first remote call ({@link
 * io.fairlead.grammar.InvalidValueException}). A failed operation rolls back what it created and leaves what served before
 * serving.
 */
public interface EndpointPlatform extends Platform<Endpoint> {
  /**
   * Makes a container of a model, a runtime and dependencies.
   *
   * <p>Where the platform cannot read the model's files on this machine, they are hashed and uploaded, and the container
   * that comes out says where they lie now ({@code s3://...}, {@code gs://...}): no later operation needs the files.
   */
  Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies);

  /**
   * Puts a container into service as a variant of a public name.
   *
   * <p>The first variant of a name gets all requests, a further one none until {@link #route} gives it some. A variant
   * keeps its container: another container under the same variant is refused with kind {@code CONFLICT}. A container
   * that was not packaged is packaged first, and the endpoint that comes out has the one that comes of it.
   */
  Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing);

  /** Changes how much of a machine serves an endpoint; its share of the requests stays. */
  Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling);

  /**
   * Gives the candidate a share of the requests to the name that both versions have in common; the stable version keeps
   * the rest. Other variants of the name keep theirs.
   *
   * @param stable what gets the rest; the weight in it is not read
   * @param candidate what gets the weight; the weight in it is not read
   * @param weight the candidate's new share of all requests to the name
   * @return the candidate at its new weight
   */
  Operation<Version> route(Version stable, Version candidate, TrafficWeight weight);

  /**
   * Takes a variant out of service, with all that it really uses and nothing else does, whatever the value says.
   *
   * <p>Its share of the requests goes to the other variants in proportion to theirs; if they have none, that would leave
   * the name without an answer and is refused with kind {@code CONFLICT}. With the last variant, the name goes too.
   */
  @Override
  Operation<Endpoint> undeploy(Endpoint endpoint);

  /**
   * Finds out what operations would do, by reading only.
   *
   * <pre>{@code
   * Plan plan = cloud.preview(p -> p.deploy(container, scaling, routing));
   * }</pre>
   *
   * @param change calls one or more operations on the platform that it is given; each returns at once with the value
   *     that it would make
   * @return what all of them would do; where the platform cannot be read, what can be said without it
   */
  Plan preview(Function<? super EndpointPlatform, ? extends Operation<?>> change);
}
