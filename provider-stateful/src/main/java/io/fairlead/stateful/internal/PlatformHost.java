package io.fairlead.stateful.internal;

import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.spi.Reachable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The part of a host that is the same for every wrapped platform.
 *
 * @param <S> the type of what it serves
 * @param <P> the type of the platform
 */
abstract class PlatformHost<S extends Served, P extends Platform<S>> implements Host {
  final P platform;
  private final Class<S> type;
  private final boolean owned;

  /**
   * Wraps a platform.
   *
   * @param type the type of what it serves
   * @param owned whether it is closed with this one
   */
  PlatformHost(P platform, Class<S> type, boolean owned) {
    this.platform = platform;
    this.type = type;
    this.owned = owned;
  }

  /** {@return what is served, in the platform's own type} */
  final S own(Served served) {
    return type.cast(served);
  }

  @Override
  public final String id() {
    return platform.id();
  }

  @Override
  public final Optional<Reachable> reachable() {
    return platform instanceof Reachable reachable ? Optional.of(reachable) : Optional.empty();
  }

  @Override
  public final Response invoke(Served served, Request request) {
    return platform.invoke(own(served), request);
  }

  @Override
  public final Response invokeStreaming(
      Served served, Request request, Consumer<? super ByteBuffer> pieces) {
    return platform.invokeStreaming(own(served), request, pieces);
  }

  @Override
  public final boolean serves(Served served) {
    return type.isInstance(served);
  }

  @Override
  public final Operation<List<ManagedResource>> undeployAll(String name) {
    return platform.undeployAll(name);
  }

  @Override
  public final List<Deployment> list(Duration limit) {
    return platform.list(limit);
  }

  @Override
  public final Optional<Deployment> status(Served served, Duration limit) {
    return platform.status(own(served), limit);
  }

  @Override
  public final List<ManagedResource> inventory(Duration limit) {
    return platform.inventory(limit);
  }

  @Override
  public final Operation<List<ManagedResource>> sweep(Duration minimumAge) {
    return platform.sweep(minimumAge);
  }

  @Override
  public final void close() {
    if (owned) {
      platform.close();
    }
  }
}
