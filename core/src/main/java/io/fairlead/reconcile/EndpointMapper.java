package io.fairlead.reconcile;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.provider.LocalModel;
import java.util.List;
import java.util.Set;

/**
 * The pure half of a provider: from values of the grammar to the resources that they come to on a platform.
 *
 * <p>A mapper is made of the platform's configuration alone. Its methods make no call, read no file, and check everything
 * that the platform's own rules ask: names, ranges, sums, what goes with what. The values that they are given carry this
 * platform's options only. They report all problems at once in an {@link
 * io.fairlead.grammar.InvalidValueException}.
 *
 * <p>Where a model lies on this machine and the platform cannot read it there, the mapper says what has to be uploaded
 * ({@link #localModels}); the core hashes it as an operation's first step, and goes on with the container whose artifact
 * is where it will then lie ({@link #uploaded}). That container is what packaging returns, so that no later operation
 * needs the files.
 */
public interface EndpointMapper {
  /** {@return what of a container lies on this machine and has to be uploaded; by default nothing} */
  default List<LocalModel.Source> localModels(Container container) {
    return List.of();
  }

  /**
   * {@return the container, whose artifact is where its {@linkplain #localModels local models} are uploaded to}
   *
   * <p>Nothing else about it changes but what would be lost otherwise, such as a name that was taken from the file's.
   *
   * @param hashes the content hashes of its local models, in their order, each 64 hexadecimal digits
   */
  default Container uploaded(Container container, List<String> hashes) {
    return container;
  }

  /** {@return the upload of a local model: a shared resource, named by its content} */
  default Resource<?> upload(LocalModel model) {
    throw new UnsupportedOperationException("this platform has no uploads");
  }

  /** {@return what a container without local models comes to: shared resources, named by their content} */
  Mapping container(Container container);

  /**
   * {@return what an endpoint whose container has no local models comes to: its container's resources first; what carries
   * the public name, if that is a resource of its own; exactly one {@linkplain Resource#variant variant}, named {@code
   * name/variant}; the variant's parts, or their {@linkplain Resource#noPart absence}}
   *
   * <p>A part carries a {@link io.fairlead.provider.Fingerprint} of the endpoint among its fields where it can, so that of two different
   * deployments of one variant at one time only one can hold it.
   */
  Mapping endpoint(Endpoint endpoint);

  /** {@return the kind of the resource that serves an endpoint's requests} */
  KindName<?> variantKind(Endpoint endpoint);

  /** {@return the option types that this platform knows} */
  Set<Class<? extends PlatformOptions>> options();
}
