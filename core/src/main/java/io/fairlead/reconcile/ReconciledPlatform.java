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
import io.fairlead.provider.Deadline;
import io.fairlead.provider.Durations;
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
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The common base of platforms that are assembled from a provider's parts.
 *
 * <p>A preview is another platform of the same parts, which plans changes instead of making them.
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

  /** Creates a platform that plans the operations of another. */
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
        throw closedDuringAnswer(served.name(), null);
      }
    });
    try {
      return invoker.invokeStreaming(served, request, passing);
    } catch (ServingException e) {
      throw withPinnedVariant(
          reconciler.isClosed() && e.kind() != ErrorKind.CANCELLED
              ? closedDuringAnswer(served.name(), e)
              : e,
          request);
    } finally {
      passing.throwIfFailed();
    }
  }

  private void checkMayInvoke(S served, Request request) {
    if (preview != null) {
      throw new UnsupportedOperationException(
          "a preview does not invoke models: invoke on the platform itself");
    }
    check(request);
    if (reconciler.isClosed()) {
      throw closedBefore("invoke " + served.name());
    }
  }

  private ServingException closedDuringAnswer(String name, @Nullable ServingException failure) {
    return ServingException.builder(
            id(),
            ErrorKind.CANCELLED,
            "Platform '" + id() + "' was closed while " + name
                + " answered: open it again and retry.")
        .cause(failure)
        .build();
  }

  /** Adds the pinned variant to a failure, unless the platform named the variant itself. */
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

  /** {@return the options of this platform, so that those of others change nothing, not even a fingerprint} */
  final <P extends PlatformOptions> Options<P> own(Options<P> given) {
    return new Options<>(given.forPlatform(id()));
  }

  final ModelArtifact ownOptionsOnly(ModelArtifact artifact) {
    ModelMetadata metadata = artifact.metadata();
    return artifact.withMetadata(metadata.withOptions(own(metadata.options())));
  }

  // ---- operations ----

  /** Starts an operation; in a preview, plans it and completes at once with its result. */
  final <R> Operation<R> run(ReconcileRequest<R> request) {
    if (preview == null) {
      return reconciler.run(request);
    }
    Run<R> run = new Run<>(
        new OperationId(id(), "preview"), request.title(), reconciler.time(), request.secrets());
    reconciler.preview(request, preview, run);
    run.complete();
    return run;
  }

  final Plan plan(Duration limit, Function<Preview, ? extends Operation<?>> change) {
    checkLimit(limit);
    checkOpen("preview");
    Preview planned = new Preview(Deadline.after(limit, reconciler.time()));
    requireNonNull(change.apply(planned), "change must return an operation");
    return planned.plan();
  }

  /** {@return the preview so far; an empty one if this is not a preview} */
  final Preview earlier() {
    return preview == null
        ? new Preview(Deadline.after(Durations.LONGEST, reconciler.time()))
        : preview;
  }

  /**
   * {@return the resources to delete with a variant, in order: those that it uses on the platform, whatever the
   * caller's value says, and then those of the value, which an interrupted removal may have left}
   *
   * @param listed the resources of the variant, as the platform lists them
   * @param value the resources of the caller's value
   */
  final List<Resource<?>> removal(List<Listed> listed, List<Resource<?>> value) {
    Map<ResourceRef, Resource<?>> toDelete = new LinkedHashMap<>();
    listed.forEach(entry -> toDelete.put(entry.ref(), removal(entry)));
    List<Resource<?>> made = new ArrayList<>(value);
    Collections.reverse(made);
    made.stream()
        .filter(resource -> resource.role() != Role.SETTING)
        .forEach(resource -> toDelete.putIfAbsent(
            resource.ref(),
            resource.to(resource.role() == Role.SHARED ? Goal.ABSENT_IF_UNUSED : Goal.ABSENT)));
    return List.copyOf(toDelete.values());
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
    String checked = checkedName(name);
    Map<ResourceRef, Listed> found = new LinkedHashMap<>();
    return run(ReconcileRequest.<List<ManagedResource>>of(
            "undeploy",
            checked,
            checked,
            preparing -> everythingUnder(checked, preparing.inventory(), found))
        .repeated());
  }

  /** {@return the name, by the grammar's rule for public names} */
  static String checkedName(String name) {
    return new Routing(name, "any").name();
  }

  private ReconcileRequest.Content<List<ManagedResource>> everythingUnder(
      String name, Inventory inventory, Map<ResourceRef, Listed> found) {
    List<Listed> under = inventory.under(name);
    List<Resource<?>> resources = new ArrayList<>();
    if (!under.isEmpty()) {
      resources.addAll(beforeUndeployAll(name));
    }
    under.forEach(entry -> {
      found.putIfAbsent(entry.ref(), entry);
      resources.add(removal(entry));
    });
    return new ReconcileRequest.Content<>(
        resources, List.of(), Guard.NONE, deleted -> resources(found.values(), deleted));
  }

  /** {@return the resources to reconcile before everything under a name is deleted} */
  List<Resource<?>> beforeUndeployAll(String name) {
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
  public final List<ManagedResource> inventory(Duration limit) {
    return reading("the inventory", limit, (actual, look) -> {
      Inventory inventory = reconciler.inventory(look);
      Set<Listed> orphans = new HashSet<>(inventory.orphans());
      return inventory.entries().stream()
          .map(entry -> managed(entry, orphans.contains(entry)))
          .toList();
    });
  }

  /** {@return the roots: deployments that serve requests, are being created, or have failed} */
  final Stream<Listed> roots(Look look) {
    return reconciler.inventory(look).entries().stream().filter(Listed::root);
  }

  /** {@return the state of a deployment whose resource has this status} */
  static Deployment.State state(Observed.Status status) {
    return switch (status) {
      case READY -> Deployment.State.READY;
      case FAILED -> Deployment.State.FAILED;
      case CHANGING, DELETING, ABSENT -> Deployment.State.CHANGING;
    };
  }

  /**
   * Reads one deployment, within a limit.
   *
   * @param what what is read, as in {@code the status of ask/blue}
   * @param read reads it through a look and by the kinds of resources
   */
  final <V> V reading(String what, Duration limit, BiFunction<ActualState, Look, V> read) {
    checkLimit(limit);
    checkOpen("read " + what);
    return reconciler.reading(what, limit, () -> {
      Look look = new Look();
      return read.apply(actual(look), look);
    });
  }

  /** {@return the actual state, through a look} */
  final ActualState actual(Look look) {
    return new Kinds(reconciler, look);
  }

  private static void checkLimit(Duration limit) {
    Problems.in("limit")
        .check(limit.compareTo(Duration.ZERO) > 0, "limit", "must be more than 0", limit)
        .throwIfAny();
  }

  /** The actual state by the kinds' own calls. */
  private record Kinds(Reconciler reconciler, Look look) implements ActualState {
    @Override
    public <T> Observed<T> of(KindName<T> kind, String name) {
      try {
        return reconciler.kind(kind).read(name, look);
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.NOT_FOUND) {
          return Observed.absent();
        }
        throw e;
      }
    }
  }

  /** {@return whether there is a deployment of ours} */
  static boolean isOurs(Observed<?> observed) {
    return observed.status() != Observed.Status.ABSENT && !observed.foreign();
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

  /** Stops operations that are made of others, before those stop. */
  void closeOperations() {}

  @Override
  public final void close() {
    if (preview == null && closing.compareAndSet(false, true)) {
      try {
        closeOperations();
        reconciler.close();
      } finally {
        onClose.run();
      }
    }
  }
}
