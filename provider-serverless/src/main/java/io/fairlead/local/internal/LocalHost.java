package io.fairlead.local.internal;

import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.local.LocalConfig;
import io.fairlead.local.LocalProvider;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.ClassLoaders;
import io.fairlead.provider.Durations;
import io.fairlead.provider.RetryPolicy;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Invoker;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.RolledBack;
import io.fairlead.reconcile.Traffic;
import io.fairlead.reconcile.TrafficSetting;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The state of the platform {@code local} in this JVM: checked models, endpoints and loaded variants. */
public final class LocalHost {
  private static final Polling POLLING =
      new Polling(Duration.ofMillis(1), Duration.ofSeconds(1), 0.05);

  /** There is no eventual consistency in this process: only conflicts with other operations are retried. */
  private static final RetryPolicy RETRY =
      new RetryPolicy(3, Duration.ofMillis(1), Duration.ofMillis(100), Duration.ofSeconds(1));

  private final TimeSource time;
  private final Duration gracePeriod;
  private final Engine engine;
  private final RequestsInProgress requests = new RequestsInProgress();
  private final int slotsPerInstance = Runtime.getRuntime().availableProcessors();
  private final ConcurrentMap<String, Stored<LocalModel>> models = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, EndpointEntry> endpoints = new ConcurrentHashMap<>();

  /** Guards changes of variants and weights, so that each weight belongs to an existing variant. */
  private final ReentrantLock changing = new ReentrantLock();

  public LocalHost(LocalConfig config) {
    this(config, TimeSource.system());
  }

  public LocalHost(LocalConfig config, TimeSource time) {
    this.time = time;
    this.gracePeriod = config.gracePeriod();
    this.engine = new Engine(
        LocalProvider.ID,
        config.functions(),
        config.fetchers(),
        config.cacheFolder(),
        Engine.MODEL_CACHE_BYTES,
        config.classLoader().orElseGet(() -> ClassLoaders.ofThread(LocalHost.class)));
  }

  public EndpointPlatform open() {
    return open(kinds(), this::close);
  }

  /** Opens the platform on this host with decorated resource kinds. */
  public EndpointPlatform open(LocalKinds kinds, Runnable onClose) {
    Reconciler reconciler = Reconciler.builder(LocalProvider.ID, kinds.all())
        .traffic(kinds.traffic())
        .polling(POLLING)
        .retry(RETRY)
        .time(time)
        .build();
    return new ReconciledEndpointPlatform(
        reconciler, new LocalMapper(), new LocalInvoker(), onClose);
  }

  void close() {
    long begin = System.nanoTime();
    requests.awaitEnd(gracePeriod);
    engine.close(gracePeriod.minusNanos(System.nanoTime() - begin));
  }

  LocalKinds kinds() {
    return new LocalKinds(
        new ModelKind(),
        new EndpointKind(),
        new VariantKind(),
        new RolledBackKind(),
        new Weights());
  }

  /** A stored resource, with the operation and the time of its creation. */
  private record Stored<T>(T value, String run, Instant createdAt) {
    Observed<T> observed() {
      return Observed.ready(value).madeBy(run);
    }
  }

  /** An endpoint with its variants. */
  private static final class EndpointEntry {
    final Stored<LocalEndpoint> stored;
    final WeightedRoundRobin weights = new WeightedRoundRobin();
    final ConcurrentMap<String, Variant> variants = new ConcurrentHashMap<>();

    /** The models that its variants have used. */
    final Set<String> models = ConcurrentHashMap.newKeySet();

    volatile RolledBack rolledBack = RolledBack.NONE;

    EndpointEntry(Stored<LocalEndpoint> stored) {
      this.stored = stored;
    }
  }

  /** A loaded variant. */
  private static final class Variant {
    final LeasedModel model;
    final Slots slots;
    volatile Stored<LocalVariant> stored;

    Variant(Stored<LocalVariant> stored, LeasedModel model, Slots slots) {
      this.stored = stored;
      this.model = model;
      this.slots = slots;
    }
  }

  /** The limit of concurrent requests of a variant. */
  @SuppressWarnings("serial") // never serialized
  private static final class Slots extends Semaphore {
    Slots(int permits) {
      super(permits, true);
    }

    void grow(int more) {
      if (more > 0) {
        release(more);
      } else {
        reducePermits(-more);
      }
    }
  }

  // ---- invoking ----

  /** Invokes the loaded variants. */
  private final class LocalInvoker implements Invoker<Endpoint> {
    @Override
    public Response invoke(Endpoint endpoint, Request request) {
      return LocalHost.this.invoke(endpoint, request, LeasedModel::invoke, () -> false);
    }

    @Override
    public Response invokeStreaming(
        Endpoint endpoint, Request request, Consumer<? super ByteBuffer> pieces) {
      AtomicBoolean begun = new AtomicBoolean();
      Consumer<ByteBuffer> passing = piece -> {
        begun.set(true);
        pieces.accept(piece);
      };
      return LocalHost.this.invoke(
          endpoint,
          request,
          (model, rest) -> model.invokeStreaming(rest, passing).handOn(passing),
          begun::get);
    }
  }

  /**
   * Invokes a variant.
   *
   * @param begun whether a part of the response has reached the caller; then no other variant is tried
   */
  private Response invoke(
      Endpoint endpoint,
      Request request,
      BiFunction<LeasedModel, Request, Response> invoking,
      BooleanSupplier begun) {
    Deadline deadline = new Deadline(request.timeout());
    while (true) {
      EndpointEntry name = endpoints.get(endpoint.name());
      if (name == null) {
        throw failure(
            ErrorKind.NOT_FOUND,
            "endpoint " + endpoint.name() + " is not deployed: deploy it first");
      }
      String picked = request.variant().or(name.weights::next).orElse(null);
      if (picked == null) {
        throw failure(
            ErrorKind.NOT_FOUND,
            "no variant of endpoint " + endpoint.name() + " receives traffic: route some to one of "
                + name.variants.keySet());
      }
      Variant variant = name.variants.get(picked);
      if (variant == null && (request.variant().isPresent() || deadline.hasPassed())) {
        throw failure(
            ErrorKind.NOT_FOUND,
            "endpoint " + endpoint.name() + " has no variant " + picked + ": it has "
                + name.variants.keySet());
      }
      if (variant != null) {
        try {
          return invokeOn(variant, request, invoking, deadline).servedBy(picked);
        } catch (ServingException e) {
          // If it was deleted during the request, another variant has its traffic now.
          boolean deleted = name.variants.get(picked) != variant;
          if (!deleted
              || begun.getAsBoolean()
              || request.variant().isPresent()
              || deadline.hasPassed()) {
            throw e.withVariant(picked);
          }
        }
      }
    }
  }

  /** The deadline of one request. */
  private static final class Deadline {
    private final long begin = System.nanoTime();
    private final long limit;

    Deadline(Duration limit) {
      this.limit = Durations.nanos(limit);
    }

    long nanosLeft() {
      return limit - (System.nanoTime() - begin);
    }

    boolean hasPassed() {
      return nanosLeft() <= 0;
    }
  }

  private Response invokeOn(
      Variant variant,
      Request request,
      BiFunction<LeasedModel, Request, Response> invoking,
      Deadline deadline) {
    requests.begin();
    boolean acquired = false;
    try {
      acquired = acquire(variant, deadline);
      long left = deadline.nanosLeft();
      if (!acquired || left <= 0) {
        throw failure(
            ErrorKind.TIMEOUT,
            variant.model.name()
                + (acquired
                    ? " was not invoked: the timeout of " + Durations.shown(request.timeout())
                        + " had passed before; raise it"
                    : " had no free instance within " + Durations.shown(request.timeout())
                        + ": scale it out, send fewer requests at a time, or raise the timeout"));
      }
      return invoking.apply(variant.model, request.withTimeout(Duration.ofNanos(left)));
    } finally {
      if (acquired) {
        variant.slots.release();
      }
      requests.end();
    }
  }

  private static boolean acquire(Variant variant, Deadline deadline) {
    try {
      // Not tryAcquire(), which overtakes those that wait.
      return variant.slots.tryAcquire(deadline.nanosLeft(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServingException(
          LocalProvider.ID,
          ErrorKind.CANCELLED,
          "The thread was interrupted while it waited for an instance.",
          e);
    }
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(LocalProvider.ID, kind, message);
  }

  // ---- resource kinds ----

  /** Models that exist and can be read. */
  private final class ModelKind implements ResourceKind<LocalModel> {
    @Override
    public KindName<LocalModel> id() {
      return LocalKinds.MODEL;
    }

    @Override
    public Observed<LocalModel> read(String name, Look look) {
      Stored<LocalModel> stored = models.get(name);
      return stored == null ? Observed.absent() : stored.observed();
    }

    @Override
    public Accepted create(String name, LocalModel desired, OwnerTag owner) {
      readingFiles(() -> engine.digest(desired.container().artifact()));
      refuseIfExists(models.putIfAbsent(name, stored(desired, owner)), "model " + name);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted delete(String name, Observed<LocalModel> current, Set<ResourceRef> going) {
      changing.lock();
      try {
        if (isUsed(name)) {
          throw failure(ErrorKind.CONFLICT, "model " + name + " is used by a variant");
        }
        requireExists(models.remove(name), "model " + name);
      } finally {
        changing.unlock();
      }
      return Accepted.VISIBLE;
    }

    @Override
    public List<Listed> list(Look look) {
      List<Listed> listed = new ArrayList<>();
      models.forEach((name, stored) -> listed.add(listed("model", name, "", stored, List.of())));
      return listed;
    }

    @Override
    public boolean isNamedByContent() {
      return true;
    }
  }

  /** Endpoints. */
  private final class EndpointKind implements ResourceKind<LocalEndpoint> {
    @Override
    public KindName<LocalEndpoint> id() {
      return LocalKinds.ENDPOINT;
    }

    @Override
    public Observed<LocalEndpoint> read(String name, Look look) {
      EndpointEntry there = endpoints.get(name);
      return there == null ? Observed.absent() : there.stored.observed();
    }

    @Override
    public Accepted create(String name, LocalEndpoint desired, OwnerTag owner) {
      refuseIfExists(
          endpoints.putIfAbsent(name, new EndpointEntry(stored(desired, owner))),
          "endpoint " + name);
      return Accepted.VISIBLE;
    }

    @Override
    public Accepted delete(String name, Observed<LocalEndpoint> current, Set<ResourceRef> going) {
      changing.lock();
      try {
        EndpointEntry there = requireExists(endpoints.get(name), "endpoint " + name);
        if (!there.variants.isEmpty()) {
          throw failure(
              ErrorKind.CONFLICT, "endpoint " + name + " has variants " + there.variants.keySet());
        }
        endpoints.remove(name);
        return Accepted.VISIBLE;
      } finally {
        changing.unlock();
      }
    }

    @Override
    public List<Listed> list(Look look) {
      List<Listed> listed = new ArrayList<>();
      endpoints.forEach((name, there) ->
          listed.add(listed("endpoint", name, name, there.stored, List.of())
              .remembers(there.models.stream()
                  .map(model -> new ResourceRef("model", model))
                  .toList())));
      return listed;
    }
  }

  /** Variants: loaded containers of endpoints. */
  private final class VariantKind implements ResourceKind<LocalVariant> {
    @Override
    public KindName<LocalVariant> id() {
      return LocalKinds.VARIANT;
    }

    @Override
    public Observed<LocalVariant> read(String path, Look look) {
      Variant there = find(path);
      return there == null ? Observed.absent() : there.stored.observed();
    }

    @Override
    public Accepted create(String path, LocalVariant desired, OwnerTag owner) {
      requireExists(
          models.get(LocalMapper.modelName(desired.container())), "the model of variant " + path);
      LeasedModel model = readingFiles(() -> engine.load(desired.container().artifact()));
      changing.lock();
      try {
        requireExists(
            models.get(LocalMapper.modelName(desired.container())), "the model of variant " + path);
        EndpointEntry name = requireExists(endpoints.get(nameIn(path)), "endpoint " + nameIn(path));
        Slots slots = new Slots(Math.multiplyExact(desired.count(), slotsPerInstance));
        Variant variant = new Variant(stored(desired, owner), model, slots);
        refuseIfExists(name.variants.putIfAbsent(variantIn(path), variant), "variant " + path);
        name.models.add(LocalMapper.modelName(desired.container()));
        return Accepted.VISIBLE;
      } catch (RuntimeException | Error e) {
        model.close();
        throw e;
      } finally {
        changing.unlock();
      }
    }

    @Override
    public Optional<String> cannotUpdate(LocalVariant actual, LocalVariant desired) {
      return actual.container().equals(desired.container())
          ? Optional.empty()
          : Optional.of(
              "serves another container, and a variant keeps its container: deploy under another variant and "
                  + "route requests to it, or undeploy this one first");
    }

    @Override
    public Accepted update(String path, Observed<LocalVariant> current, LocalVariant desired) {
      changing.lock();
      try {
        Variant there = requireExists(find(path), "variant " + path);
        there.slots.grow((desired.count() - there.stored.value().count()) * slotsPerInstance);
        there.stored = new Stored<>(desired, there.stored.run(), there.stored.createdAt());
        return Accepted.VISIBLE;
      } finally {
        changing.unlock();
      }
    }

    @Override
    public Accepted delete(String path, Observed<LocalVariant> current, Set<ResourceRef> going) {
      changing.lock();
      try {
        EndpointEntry name = requireExists(endpoints.get(nameIn(path)), "endpoint " + nameIn(path));
        Variant there = requireExists(name.variants.get(variantIn(path)), "variant " + path);
        if (name.weights.traffic().of(variantIn(path)) > 0) {
          throw failure(ErrorKind.CONFLICT, "variant " + path + " receives traffic");
        }
        name.variants.remove(variantIn(path));
        there.model.close();
        return Accepted.VISIBLE;
      } finally {
        changing.unlock();
      }
    }

    @Override
    public List<Listed> list(Look look) {
      List<Listed> listed = new ArrayList<>();
      endpoints.forEach((name, there) ->
          there.variants.forEach((variant, stored) -> listed.add(listed(
                  "variant",
                  name + "/" + variant,
                  name,
                  stored.stored,
                  List.of(
                      new ResourceRef(
                          "model", LocalMapper.modelName(stored.stored.value().container())),
                      new ResourceRef("endpoint", name)))
              .asRoot())));
      return listed;
    }

    private @Nullable Variant find(String path) {
      EndpointEntry name = endpoints.get(nameIn(path));
      return name == null ? null : name.variants.get(variantIn(path));
    }

    private static String nameIn(String path) {
      return path.substring(0, path.indexOf('/'));
    }

    private static String variantIn(String path) {
      return path.substring(path.indexOf('/') + 1);
    }
  }

  /** What rollouts of endpoints have rolled back. */
  private final class RolledBackKind implements ResourceKind<RolledBack> {
    @Override
    public KindName<RolledBack> id() {
      return RolledBack.KIND;
    }

    @Override
    public Observed<RolledBack> read(String name, Look look) {
      EndpointEntry there = endpoints.get(name);
      return there == null ? Observed.absent() : Observed.ready(there.rolledBack);
    }

    @Override
    public Accepted update(String name, Observed<RolledBack> current, RolledBack desired) {
      requireExists(endpoints.get(name), "endpoint " + name).rolledBack = desired;
      return Accepted.VISIBLE;
    }
  }

  /** Traffic weights of endpoints. */
  private final class Weights implements TrafficSetting {
    @Override
    public Observed<Traffic> read(String name, Look look) {
      EndpointEntry there = endpoints.get(name);
      return there == null ? Observed.absent() : Observed.ready(there.weights.traffic());
    }

    @Override
    public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
      changing.lock();
      try {
        EndpointEntry there = requireExists(endpoints.get(name), "endpoint " + name);
        if (!there.variants.keySet().containsAll(desired.weights().keySet())) {
          throw failure(
              ErrorKind.CONFLICT,
              "endpoint " + name + " has variants " + there.variants.keySet() + ", not all of "
                  + desired);
        }
        there.weights.set(desired);
        return Accepted.VISIBLE;
      } finally {
        changing.unlock();
      }
    }
  }

  private <T> Stored<T> stored(T value, OwnerTag owner) {
    return new Stored<>(value, owner.run(), time.now());
  }

  private boolean isUsed(String modelName) {
    return endpoints.values().stream()
        .flatMap(name -> name.variants.values().stream())
        .anyMatch(
            variant -> LocalMapper.modelName(variant.stored.value().container()).equals(modelName));
  }

  /** Maps a missing file to INVALID: NOT_FOUND would mean a resource that may still appear. */
  private static <T> T readingFiles(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (ServingException e) {
      throw e.kind() == ErrorKind.NOT_FOUND
          ? new ServingException(
              LocalProvider.ID, ErrorKind.INVALID, String.valueOf(e.getMessage()), e)
          : e;
    }
  }

  private static Listed listed(
      String kind, String name, String deployment, Stored<?> stored, List<ResourceRef> uses) {
    return Listed.of(new ResourceRef(kind, name), stored.createdAt())
        .deployment(deployment)
        .uses(uses);
  }

  private static <T> T requireExists(@Nullable T there, String what) {
    if (there == null) {
      throw failure(ErrorKind.NOT_FOUND, what + " does not exist");
    }
    return there;
  }

  private static void refuseIfExists(@Nullable Object there, String what) {
    if (there != null) {
      throw failure(ErrorKind.ALREADY_EXISTS, what + " already exists");
    }
  }
}
