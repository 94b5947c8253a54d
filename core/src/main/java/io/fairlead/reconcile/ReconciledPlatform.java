package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import io.fairlead.operation.OperationId;
import io.fairlead.operation.Plan;
import io.fairlead.platform.Deployment;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Closed;
import io.fairlead.reconcile.ReconcileRequest.Guard;
import io.fairlead.reconcile.Resource.Goal;
import io.fairlead.reconcile.Resource.Role;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What all platforms that are made of a provider's parts have in common.
 *
 * <p>For a preview, a platform is made anew of the same parts: what it would change it plans.
 */
abstract class ReconciledPlatform<S extends Served> implements Platform<S> {
  final Reconciler reconciler;
  private final Set<Class<? extends PlatformOptions>> options;
  private final Invoker<S> invoker;
  private final Runnable onClose;
  private final @Nullable Preview preview;
  private final AtomicBoolean closing = new AtomicBoolean();

  ReconciledPlatform(
      Reconciler reconciler,
      Set<Class<? extends PlatformOptions>> options,
      Invoker<S> invoker,
      Runnable onClose) {
    this.reconciler = requireNonNull(reconciler, "reconciler");
    this.options = Set.copyOf(options);
    this.invoker = requireNonNull(invoker, "invoker");
    this.onClose = requireNonNull(onClose, "onClose");
    this.preview = null;
  }

  /** Makes what plans the operations of another. */
  ReconciledPlatform(ReconciledPlatform<S> real, Preview preview) {
    this.reconciler = real.reconciler;
    this.options = real.options;
    this.invoker = real.invoker;
    this.onClose = () -> {};
    this.preview = preview;
  }

  @Override
  public final String id() {
    return reconciler.platform();
  }

  // ---- invoking ----

  @Override
  public final Response invoke(S served, Request request) {
    checkMayInvoke(served, request);
    try {
      return invoker.invoke(served, request);
    } catch (ServingException e) {
      throw withPinnedVariant(e, request);
    }
  }

  @Override
  public final Response invokeStreaming(
      S served, Request request, Consumer<? super ByteBuffer> pieces) {
    requireNonNull(pieces, "pieces");
    checkMayInvoke(served, request);
    Pieces passing = new Pieces(pieces, () -> {
      if (reconciler.isClosed()) {
        throw closedMeanwhile(served.name(), null);
      }
    });
    try {
      return invoker.invokeStreaming(served, request, passing);
    } catch (ServingException e) {
      throw withPinnedVariant(
          reconciler.isClosed() && e.kind() != ErrorKind.CANCELLED
              ? closedMeanwhile(served.name(), e)
              : e,
          request);
    } finally {
      passing.throwIfFailed();
    }
  }

  private void checkMayInvoke(S served, Request request) {
    if (preview != null) {
      throw new UnsupportedOperationException(
          "a preview changes and asks nothing: invoke on the platform itself");
    }
    check(request);
    if (reconciler.isClosed()) {
      throw closedBefore("invoke " + served.name());
    }
  }

  private ServingException closedMeanwhile(String name, @Nullable ServingException failure) {
    return ServingException.builder(
            id(),
            ErrorKind.CANCELLED,
            "Platform '" + id() + "' was closed while " + name + " answered: open it again.")
        .cause(failure)
        .build();
  }

  /** The platform's own word is more exact where it names the variant that failed. */
  private static ServingException withPinnedVariant(ServingException e, Request request) {
    return e.variant().isPresent() ? e : request.variant().map(e::withVariant).orElse(e);
  }

  void check(Request request) {
    checkOptions("Request", request.options());
  }

  // ---- options ----

  final void checkOptions(String subject, Options<?> given) {
    if (given.values().isEmpty()) {
      return;
    }
    Problems problems = Problems.in(subject);
    for (PlatformOptions option : given.forPlatform(id())) {
      problems.check(
          options.contains(option.getClass()),
          "options",
          "must be of a type that platform '" + id() + "' knows",
          option.getClass().getSimpleName());
    }
    problems.throwIfAny();
  }

  final void checkOptions(ModelArtifact artifact) {
    checkOptions("ModelMetadata", artifact.metadata().options());
  }

  /** What other platforms know makes no difference here, not even to a fingerprint. */
  final <P extends PlatformOptions> Options<P> own(Options<P> given) {
    return new Options<>(given.forPlatform(id()));
  }

  final ModelArtifact ownOptionsOnly(ModelArtifact artifact) {
    ModelMetadata metadata = artifact.metadata();
    return artifact.withMetadata(new ModelMetadata(
        metadata.name(),
        metadata.framework(),
        metadata.version(),
        metadata.labels(),
        own(metadata.options())));
  }

  // ---- operations ----

  /** Begins an operation, or plans it and ends at once with what it would return. */
  final <R> Operation<R> run(ReconcileRequest<R> request) {
    if (preview == null) {
      return reconciler.run(request);
    }
    Run<R> run = new Run<>(new OperationId(id(), "preview"), request.title(), reconciler.time());
    reconciler.preview(request, preview, run);
    run.complete();
    return run;
  }

  final Plan plan(Function<Preview, ? extends Operation<?>> change) {
    checkOpen("preview");
    Preview planned = new Preview();
    requireNonNull(change.apply(planned), "change must return an operation");
    return planned.plan();
  }

  /** {@return what earlier operations would have left, which is nothing if this is not a preview} */
  final Preview earlier() {
    return preview == null ? new Preview() : preview;
  }

  /**
   * {@return what takes a variant away, in order: what it really uses, whatever the caller's value says, and then what the
   * value says, which may be left of a removal that was cut off}
   *
   * @param listed what goes with the variant, as the platform lists it
   * @param value what the caller's value comes to
   */
  final List<Resource<?>> removal(List<Listed> listed, List<Resource<?>> value) {
    Map<ResourceRef, Resource<?>> going = new LinkedHashMap<>();
    listed.forEach(entry -> going.put(entry.ref(), removal(entry)));
    List<Resource<?>> made = new ArrayList<>(value);
    Collections.reverse(made);
    made.stream()
        .filter(resource -> resource.role() != Role.SETTING)
        .forEach(resource -> going.putIfAbsent(
            resource.ref(),
            resource.to(resource.role() == Role.SHARED ? Goal.ABSENT_IF_UNUSED : Goal.ABSENT)));
    return List.copyOf(going.values());
  }

  private Resource<?> removal(Listed entry) {
    return entry.root()
        ? removal(entry, Role.VARIANT, Goal.ABSENT)
        : removal(entry, Role.SHARED, Goal.ABSENT_IF_UNUSED);
  }

  private Resource<?> removal(Listed entry, Role role, Goal goal) {
    return new Resource<>(
        reconciler.kind(entry.ref().kind()).id(), entry.ref().name(), role, goal, Optional.empty());
  }

  @Override
  public final Operation<List<ManagedResource>> undeployAll(String name) {
    // The rule for names is the grammar's.
    String checked = new Routing(name, "any").name();
    Map<ResourceRef, Listed> found = new LinkedHashMap<>();
    return run(ReconcileRequest.<List<ManagedResource>>of(
            "undeploy",
            checked,
            checked,
            preparing -> everythingUnder(checked, preparing.inventory(), found))
        .repeated());
  }

  private ReconcileRequest.Content<List<ManagedResource>> everythingUnder(
      String name, Inventory inventory, Map<ResourceRef, Listed> found) {
    List<Listed> under = inventory.under(name);
    List<Resource<?>> resources = new ArrayList<>();
    if (!under.isEmpty()) {
      resources.addAll(beforeAllGoes(name));
    }
    under.forEach(entry -> {
      found.putIfAbsent(entry.ref(), entry);
      resources.add(removal(entry));
    });
    return new ReconcileRequest.Content<>(
        resources, List.of(), Guard.NONE, deleted -> resources(found.values(), deleted));
  }

  /** {@return what has to be brought about before everything under a name goes} */
  List<Resource<?>> beforeAllGoes(String name) {
    return List.of();
  }

  @Override
  public final Operation<List<ManagedResource>> sweep(Duration minimumAge) {
    Problems.in("sweep")
        .check(!minimumAge.isNegative(), "minimumAge", "must not be negative", minimumAge)
        .throwIfAny();
    return run(ReconcileRequest.of(
        "sweep", "orphans", "", preparing -> orphansOf(minimumAge, preparing.inventory())));
  }

  private ReconcileRequest.Content<List<ManagedResource>> orphansOf(
      Duration minimumAge, Inventory inventory) {
    Instant now = reconciler.time().now();
    List<Listed> old = inventory.orphans().stream()
        .filter(entry -> Duration.between(entry.createdAt(), now).compareTo(minimumAge) >= 0)
        .toList();
    List<Resource<?>> resources = new ArrayList<>();
    old.forEach(entry -> resources.add(removal(entry, Role.SHARED, Goal.ABSENT_IF_ORPHAN)));
    return new ReconcileRequest.Content<>(
        resources, List.of(), Guard.NONE, deleted -> resources(old, deleted));
  }

  private static List<ManagedResource> resources(
      Collection<Listed> entries, Set<ResourceRef> deleted) {
    return entries.stream()
        .filter(entry -> deleted.contains(entry.ref()))
        .map(entry -> managed(entry, true))
        .toList();
  }

  private static ManagedResource managed(Listed entry, boolean orphan) {
    return new ManagedResource(
        entry.ref().kind(),
        entry.ref().name(),
        Optional.of(entry.deployment()).filter(name -> !name.isEmpty()),
        entry.createdAt(),
        orphan);
  }

  // ---- reading ----

  @Override
  public final List<ManagedResource> inventory() {
    Inventory inventory = readInventory(new Look());
    Set<Listed> orphans = new HashSet<>(inventory.orphans());
    return inventory.entries().stream()
        .map(entry -> managed(entry, orphans.contains(entry)))
        .toList();
  }

  private Inventory readInventory(Look look) {
    checkOpen("list what is there");
    return reconciler.reading(() -> reconciler.inventory(look));
  }

  /** {@return what serves requests, or is to, or should have} */
  final Stream<Listed> roots(Look look) {
    return readInventory(look).entries().stream().filter(Listed::root);
  }

  static Deployment.State state(Listed entry) {
    return switch (entry.status()) {
      case READY -> Deployment.State.READY;
      case FAILED -> Deployment.State.FAILED;
      case CHANGING, DELETING, ABSENT -> Deployment.State.CHANGING;
    };
  }

  // ---- closing ----

  final void checkOpen(String what) {
    if (reconciler.isClosed()) {
      throw closedBefore(what);
    }
  }

  private ServingException closedBefore(String what) {
    return Closed.refusal(id(), what);
  }

  @Override
  public final void close() {
    if (preview == null && closing.compareAndSet(false, true)) {
      try {
        reconciler.close();
      } finally {
        onClose.run();
      }
    }
  }
}
