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
import io.fairlead.rollout.Evidence;
import io.fairlead.rollout.Rollout;
import java.time.Duration;
import java.util.Optional;
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
 * <p>Operations are declarative and idempotent: an operation says what should exist, and the platform is reconciled
 * with that. The same operation again changes nothing; after a failure, or after the process died, it resumes. Values
 * are checked before the first remote call ({@link io.fairlead.grammar.InvalidValueException}). A failed operation
 * rolls back what it created and changed, and what served before serves on. Each operation may fail with any {@link
 * io.fairlead.error.ErrorKind}; those that say something of the arguments are named below.
 */
public interface EndpointPlatform extends Platform<Endpoint> {
  /**
   * Packages a model, a runtime and dependencies as a container, without serving it.
   *
   * <p>If the model is in files of this machine that the platform cannot read, they are hashed and uploaded, and the
   * resulting container has their new location ({@code s3://...}, {@code gs://...}): no later operation needs the
   * files. The container is an orphan until it is deployed.
   *
   * @return the operation, whose result is the container to deploy
   */
  Operation<Container> packageModel(
      ModelArtifact artifact, RuntimeSpec runtime, Dependencies dependencies);

  /**
   * Deploys a container as a variant of a public name, and succeeds when the variant is ready.
   *
   * <p>The first variant of a name gets all requests, a further one none until {@link #route} gives it some. If the
   * variant exists, its scaling is updated and its traffic weight stays; another container under the same variant is
   * refused with kind {@code CONFLICT}, so deploy it under another variant and route. A container that was not packaged
   * is packaged first.
   *
   * @return the operation, whose result is the endpoint with the packaged container
   */
  Operation<Endpoint> deploy(Container container, Scaling scaling, Routing routing);

  /**
   * Changes the scaling of a deployed variant in place; its traffic weight stays. Kind {@code NOT_FOUND} if the variant
   * is not deployed.
   *
   * @param endpoint the variant; the scaling in it is not read
   * @param scaling the new scaling
   * @return the operation, whose result is the endpoint with the new scaling
   */
  Operation<Endpoint> scale(Endpoint endpoint, Scaling scaling);

  /**
   * Sets the traffic split between two deployed variants of a public name: the candidate gets {@code weight} percent of
   * all requests to the name, and the stable version what remains of the two. The weights of other variants stay.
   *
   * <p>Kind {@code NOT_FOUND} if one of the two is not deployed; {@code CONFLICT} if other variants have so much that
   * {@code weight} is not available.
   *
   * @param stable the version that gets the rest; the weight in it is not read
   * @param candidate another variant of the same name; the weight in it is not read
   * @param weight the candidate's new share of all requests to the name, in whole percent
   * @return the operation, whose result is the candidate with its new weight
   */
  Operation<Version> route(Version stable, Version candidate, TrafficWeight weight);

  /**
   * Moves the requests of a public name to a new version in steps, as long as the guards find it good: {@link #route}
   * for each, and a look at the evidence in between.
   *
   * <p>It fails with kind
   *
   * <ul>
   *   <li>{@code MODEL_FAILED} if a guard refuses the candidate: the stable version gets its requests back, and the message
   *       has the counts. The candidate is marked on the platform, until it is undeployed.
   *   <li>{@code TIMEOUT} if too little was seen of the candidate: it gets no more requests, unless the rollout {@linkplain
   *       Rollout.Undecided#HOLD holds} it, or it had this weight when the rollout was called.
   *   <li>{@code CONFLICT} if somebody else changed the traffic of the two meanwhile, which then stays as they left it; and
   *       at once if other variants leave less than the last step's weight, or if this candidate was {@linkplain
   *       Rollout#onceMore() rolled back before}.
   * </ul>
   *
   * <p>A cancelled rollout, and one that fails otherwise, leaves the candidate the weight that it had before. Where the
   * platform does not answer, a rollback is tried again for a day, and any other change for an hour.
   *
   * <p>It runs in this process, for as long as its steps bake; other operations on the name may run meanwhile, and its
   * rollback does not wait for them. If the process dies, the weights stay as they are, and nobody watches: call it again,
   * from any machine. It goes on at the first step that has not less than the candidate, and bakes it anew.
   *
   * @param stable the version that gets the rest of the two
   * @param candidate another variant of the same name, deployed
   * @param rollout the steps, one or more, and the guards
   * @param evidence where the guards look
   * @return the operation, whose result is the candidate with the weight of the last step
   */
  Operation<Version> rollOut(
      Endpoint stable, Endpoint candidate, Rollout rollout, Evidence evidence);

  /**
   * Deletes a variant with the resources that it uses on the platform, whatever the value says, and that nothing else
   * uses.
   *
   * <p>Its traffic weight is divided among the other variants in proportion to theirs. If other variants exist and all
   * have weight 0, requests to the name would not be answered, and it is refused with kind {@code CONFLICT}. With the
   * last variant, the name is deleted too.
   */
  @Override
  Operation<Endpoint> undeploy(Endpoint endpoint);

  /**
   * Describes a variant as it is deployed, by whatever process: its value, its state and where it is.
   *
   * <p>The value in the description, deployed, would change nothing; with it, another process scales, routes and
   * undeploys what it did not deploy. Only this variant is read, not the whole {@link #list}.
   *
   * @param name the public name
   * @param variant the variant
   * @param limit the time after which it fails with kind {@code TIMEOUT}, more than 0
   * @return the description; empty if the variant is not deployed, or not managed by Fairlead
   */
  Optional<Description<Endpoint>> describe(String name, String variant, Duration limit);

  /** Plans operations as {@link #preview(Duration, Function)} does, and reads the platform for at most a minute. */
  default Plan preview(Function<? super EndpointPlatform, ? extends Operation<?>> change) {
    return preview(READ_LIMIT, change);
  }

  /**
   * Plans operations without running them, by read-only calls.
   *
   * <pre>{@code
   * Plan plan = cloud.preview(p -> p.deploy(container, scaling, routing));
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
  Plan preview(Duration limit, Function<? super EndpointPlatform, ? extends Operation<?>> change);
}
