package io.fairlead.stateful.internal;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.reconcile.CompositeOperations.Steps;
import io.fairlead.spi.Reachable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The platform that is wrapped, as the wrapper sees it: names, what serves under them, and how that is replaced. */
interface Host extends AutoCloseable {
  /** {@return the id of the wrapped platform} */
  String id();

  /** {@return what says whether the wrapped platform answers; empty if it is in this process} */
  Optional<Reachable> reachable();

  /** {@return whether requests to a name may be divided among several variants} */
  boolean hasVariants();

  Response invoke(Served served, Request request);

  Response invokeStreaming(Served served, Request request, Consumer<? super ByteBuffer> pieces);

  /**
   * {@return whether it can serve such a thing}
   *
   * @param served an endpoint or a function
   */
  boolean serves(Served served);

  /**
   * {@return what serves under a name, by a look at the wrapped platform}
   *
   * @param known what served at the last look, so that not everything there has to be listed again
   * @throws io.fairlead.error.ServingException if it cannot be read within the limit
   */
  List<Serving> look(String name, List<Serving> known, Duration limit);

  /**
   * What serves under a name.
   *
   * @param variant the variant; null on a platform without variants
   * @param weight its share of the name's requests, in percent
   * @param state its state
   * @param fingerprint equal for equal models, runtimes and dependencies
   * @param served its value
   */
  record Serving(
      @Nullable String variant,
      int weight,
      Deployment.State state,
      String fingerprint,
      Served served) {}

  /** Checks that it was said what models are deployed with. */
  void checkMayDeploy();

  /**
   * {@return what serves a model, deployed beside what serves under the name already}
   *
   * <p>Where there are variants, it gets no requests yet, unless it is the first.
   *
   * @param digest the digest of the model version, from which the variant's name is made
   */
  Served deploy(Steps steps, ModelArtifact artifact, String digest);

  /** {@return the variant's name for a digest; null on a platform without variants} */
  @Nullable
  String variantOf(String digest);

  /** {@return whether a variant was deployed by this module, whatever process it was in} */
  boolean isOurs(Serving serving);

  /**
   * {@return whether what serves was deployed by this module as the version of a digest}
   *
   * @param digest the digest of a model version
   */
  boolean isVersion(Serving serving, String digest);

  /** Sends all requests of a name to what was deployed, and none to what served before. */
  void promote(Steps steps, Served newer, Served older);

  /** {@return the operation that undoes a promotion} */
  Operation<?> demoting(Served newer, Served older);

  /** Removes what was deployed before. */
  void retire(Steps steps, Served older);

  /**
   * {@return the operation that undoes a deploy}
   *
   * @param newer what was deployed
   * @param older what it was deployed to replace; null if there was nothing
   */
  Operation<?> undoing(Served newer, @Nullable Served older);

  /** {@return the operation that removes everything under a name} */
  Operation<List<ManagedResource>> undeployAll(String name);

  List<Deployment> list(Duration limit);

  Optional<Deployment> status(Served served, Duration limit);

  List<ManagedResource> inventory(Duration limit);

  Operation<List<ManagedResource>> sweep(Duration minimumAge);

  /** Closes the wrapped platform, if it was opened for this one. */
  @Override
  void close();
}
