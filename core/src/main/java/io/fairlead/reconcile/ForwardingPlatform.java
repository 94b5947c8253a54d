package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The common base of platforms that forward to another. */
abstract class ForwardingPlatform<S extends Served, P extends Platform<S>> implements Platform<S> {
  final P platform;

  ForwardingPlatform(P platform) {
    this.platform = requireNonNull(platform, "platform");
  }

  @Override
  public String id() {
    return platform.id();
  }

  @Override
  public Response invoke(S served, Request request) {
    return platform.invoke(served, request);
  }

  @Override
  public Response invokeStreaming(S served, Request request, Consumer<? super ByteBuffer> pieces) {
    return platform.invokeStreaming(served, request, pieces);
  }

  @Override
  public Operation<S> undeploy(S served) {
    return platform.undeploy(served);
  }

  @Override
  public Operation<List<ManagedResource>> undeployAll(String name) {
    return platform.undeployAll(name);
  }

  @Override
  public Optional<Deployment> status(S served, Duration limit) {
    return platform.status(served, limit);
  }

  @Override
  public List<Deployment> list() {
    return platform.list();
  }

  @Override
  public List<Deployment> list(Duration limit) {
    return platform.list(limit);
  }

  @Override
  public List<ManagedResource> inventory() {
    return platform.inventory();
  }

  @Override
  public List<ManagedResource> inventory(Duration limit) {
    return platform.inventory(limit);
  }

  @Override
  public List<ManagedResource> orphans() {
    return platform.orphans();
  }

  @Override
  public Operation<List<ManagedResource>> sweep(Duration minimumAge) {
    return platform.sweep(minimumAge);
  }

  @Override
  public void close() {
    platform.close();
  }

  @Override
  public String toString() {
    return platform.toString();
  }
}
