package io.fairlead.reconcile;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import java.util.List;
import java.util.Optional;

/**
 * Completes values with what only the platform knows, such as the container and the machines that it recommends for a
 * model.
 *
 * <p>A {@linkplain EndpointMapper mapper} makes no remote call, so the platform is asked before: as the first step of an
 * operation, by read-only calls, which are repeated if they fail for a reason that passes. A preview asks, too. The
 * result of the operation is the complete value, so later steps need not ask again.
 *
 * <p>Given values have the options of all platforms.
 */
public interface EndpointCompletion {
  /** Completes nothing. */
  EndpointCompletion NONE = new EndpointCompletion() {
    @Override
    public boolean isNeeded(Container container) {
      return false;
    }

    @Override
    public boolean isNeeded(Endpoint endpoint) {
      return false;
    }

    @Override
    public Completed<Container> complete(Container container) {
      return new Completed<>(container, List.of());
    }

    @Override
    public Completed<Endpoint> complete(Endpoint endpoint, Optional<Endpoint> deployed) {
      return new Completed<>(endpoint, List.of());
    }

    @Override
    public Container assumed(Container container) {
      return container;
    }

    @Override
    public Endpoint assumed(Endpoint endpoint) {
      return endpoint;
    }
  };

  /**
   * A complete value.
   *
   * @param value the value
   * @param warnings what was chosen, one sentence each, for the {@link io.fairlead.operation.Plan}
   */
  record Completed<V>(V value, List<String> warnings) {
    public Completed {
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * {@return whether a container lacks what only the platform knows; makes no call}
   *
   * <p>Such a container has no {@linkplain EndpointMapper#localModels local models}.
   */
  boolean isNeeded(Container container);

  /** {@return whether an endpoint lacks it, in its container or elsewhere; makes no call} */
  boolean isNeeded(Endpoint endpoint);

  /** {@return the complete container, with read-only calls} */
  Completed<Container> complete(Container container);

  /**
   * {@return the complete endpoint, with read-only calls}
   *
   * @param deployed what is deployed as its variant: the parts that the value does not give stay as they are there, if
   *     it is the same model, so that deploying the value again changes nothing
   */
  Completed<Endpoint> complete(Endpoint endpoint, Optional<Endpoint> deployed);

  /** {@return a container with some values where it lacks them, so that the others are checked before any call} */
  Container assumed(Container container);

  /** {@return the same of an endpoint} */
  Endpoint assumed(Endpoint endpoint);
}
