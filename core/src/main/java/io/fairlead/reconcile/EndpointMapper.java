package io.fairlead.reconcile;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Routing;
import io.fairlead.provider.LocalModel;
import java.util.List;
import java.util.Set;

/**
 * A pure mapping from values of the grammar to the resources that represent them on a platform.
 *
 * <p>A mapper depends on the platform's configuration alone. Its methods make no remote call and read no file, and
 * check the platform's own rules: names, ranges, sums, combinations. The values that they receive have this platform's
 * options only. They report all problems together in an {@link io.fairlead.grammar.InvalidValueException}.
 *
 * <p>If a model is in files of this machine that the platform cannot read, the mapper names them ({@link
 * #localModels}); the core hashes them as the operation's first step, and goes on with the container whose artifact is
 * at the location of the upload ({@link #uploaded}). Packaging returns that container, so no later operation needs the
 * files.
 */
public interface EndpointMapper {
  /** {@return the models of a container that are on this machine and have to be uploaded; by default none} */
  default List<LocalModel.Source> localModels(Container container) {
    return List.of();
  }

  /**
   * {@return the container with its artifact at the location to which its {@linkplain #localModels local models} are
   * uploaded}
   *
   * <p>Nothing else changes, except for what would be lost, such as a name that is taken from the file's.
   *
   * @param hashes the SHA-256 of each local model, in their order, as 64 hexadecimal digits
   */
  default Container uploaded(Container container, List<String> hashes) {
    return container;
  }

  /** {@return the upload of a local model: a shared resource, named by its content} */
  default Resource<?> upload(LocalModel model) {
    throw new UnsupportedOperationException("this platform has no uploads");
  }

  /** {@return the resources of a container without local models: shared ones, named by their content} */
  Mapping container(Container container);

  /**
   * {@return the resources of an endpoint whose container has no local models, in this order: those of its container;
   * the one that has the public name, if that is a resource of its own; exactly one {@linkplain Resource#variant
   * variant}, named {@code name/variant}; the variant's parts, or their {@linkplain Resource#noPart absence}}
   *
   * <p>Where it can, a part has a {@link io.fairlead.provider.Fingerprint} of the endpoint among its fields, so that
   * two concurrent deployments of one variant that differ never desire the same part.
   */
  Mapping endpoint(Endpoint endpoint);

  /** {@return the kind of the resource that serves the requests to an endpoint} */
  KindName<?> variantKind(Endpoint endpoint);

  /**
   * Reads a variant back: the inverse of {@link #endpoint}.
   *
   * <p>{@link #endpoint} of the value that it returns desires what is there already, so deploying it changes nothing.
   *
   * @param routing the public name and the variant, without options
   * @param actual the actual state of the platform's resources
   * @return the variant; one whose status is {@code ABSENT} if there is none
   */
  Found<Endpoint> read(Routing routing, ActualState actual);

  /** {@return the option types that this platform knows} */
  Set<Class<? extends PlatformOptions>> options();
}
