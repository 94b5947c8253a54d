package io.fairlead.vertex;

import java.util.Optional;

/**
 * The hosts at which endpoints that have a host of their own are invoked, for {@link VertexConfig#withHosts}.
 *
 * <p>Such are dedicated endpoints, which Google gives a host, and those with Private Service Connect, which are reached
 * by a forwarding rule in a network of the caller's.
 *
 * <pre>{@code
 * config.withHosts((endpoint, google) -> google.map(host -> host + ":443").orElse("10.1.0.7:443"))
 * }</pre>
 *
 * <p>Called on the threads of invocations, for each lookup of an endpoint.
 */
@FunctionalInterface
public interface VertexHosts {
  /**
   * {@return where to invoke an endpoint, as {@code host:port}}
   *
   * @param endpoint its public name
   * @param google the host that Google gave it; empty for a private endpoint
   */
  String of(String endpoint, Optional<String> google);
}
