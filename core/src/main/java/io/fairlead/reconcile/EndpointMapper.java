package io.fairlead.reconcile;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import java.util.Set;

/**
 * The pure half of a provider: from values of the grammar to the resources that they come to on a platform.
 *
 * <p>Its methods make no remote call, and check everything that the platform's own rules ask: names, ranges, sums, what
 * goes with what. The values that they are given carry this platform's options only. They report all problems at once in an {@link io.fairlead.grammar.InvalidValueException}.
 */
public interface EndpointMapper {
  /** {@return what a container comes to: shared resources, named by their content} */
  Mapping container(Container container);

  /**
   * {@return what an endpoint comes to beyond its container: what carries the public name, if that is a resource of its
   * own; exactly one {@linkplain Resource#variant variant}, named {@code name/variant}; what belongs to the variant, or
   * its {@linkplain Resource#none absence}}
   *
   * <p>What belongs to the variant carries a {@link io.fairlead.provider.Fingerprint} of the endpoint among its fields
   * where it can, so that of two different deployments of one variant at one time only one can hold it.
   */
  Mapping endpoint(Endpoint endpoint);

  /** {@return how the traffic weights of a public name are read and set; its resources are named by the public name} */
  ResourceKind<Traffic> traffic();

  /** {@return the option types that this platform knows} */
  Set<Class<? extends PlatformOptions>> options();
}
