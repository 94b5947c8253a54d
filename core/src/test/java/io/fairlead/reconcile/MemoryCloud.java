package io.fairlead.reconcile;

import io.fairlead.contract.Faults;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Fingerprint;
import io.fairlead.provider.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * A cloud in memory that behaves in the ways real ones do, on a clock that nobody waits for.
 *
 * <p>It has models, public names, variants that take their time to come, autoscaling rules and traffic weights. What a
 * variant's instance type is called decides how it fares: {@code crashes}, {@code no-capacity}, {@code rolls-back},
 * {@code stuck}.
 */
final class MemoryCloud {
  static final String ID = "memory";

  /** A way in which clouds differ. Without any, every change is done at once. */
  enum Way {
    /** A change begins at once and the thing itself tells how far it is. */
    POLLED,
    /** A change is an operation of its own, which alone knows why it failed; what could not be made is not there. */
    OPERATIONS,
    /** A change replaces the whole object, and only if its revision is still the one that was read. */
    REVISIONS,
    /** What was changed shows, and can be used, some time later. */
    EVENTUAL,
    /** Names in answers are longer than those that were asked for. */
    RENAMING,
    /** A change that failed is taken back without a word of why. */
    SILENT,
    /** A public name that is deleted takes its variants along, whosever they are. */
    CASCADING
  }

  static final Duration TO_COME = Duration.ofSeconds(40);
  static final Duration TO_CHANGE = Duration.ofSeconds(20);
  static final Duration TO_SHOW = Duration.ofSeconds(7);

  private final Set<Way> ways;
  private final TimeSource time;
  private final Runnable onCall;
  private final Map<ResourceRef, Thing> things =
      new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
  private final Map<String, Operation> operations = new HashMap<>();
  private final Map<String, Integer> credits = new TreeMap<>();
  private int revisions;

  MemoryCloud(TimeSource time, Way... ways) {
    this(time, () -> {}, ways);
  }

  MemoryCloud(TimeSource time, Runnable onCall, Way... ways) {
    this.time = time;
    this.onCall = onCall;
    this.ways = ways.length == 0 ? EnumSet.noneOf(Way.class) : EnumSet.copyOf(List.of(ways));
  }

  /** {@return another cloud in which all is as it is here now, on another clock} */
  synchronized MemoryCloud copy(TimeSource newTime) {
    MemoryCloud copy = new MemoryCloud(newTime, ways.toArray(Way[]::new));
    Map<Operation, Operation> copies = new IdentityHashMap<>();
    operations.forEach((id, operation) -> {
      Operation copied = new Operation();
      copied.outcome = operation.outcome;
      copies.put(operation, copied);
      copy.operations.put(id, copied);
    });
    things.forEach((ref, thing) -> copy.things.put(ref, thing.copy(copies)));
    copy.credits.putAll(credits);
    copy.tidied.addAll(tidied);
    copy.revisions = revisions;
    return copy;
  }

  record Model(String container) {}

  record Name(String name) {}

  record Variant(String model, String instanceType, int count) {}

  record Autoscale(int min, int max, String endpoint) {}

  /** One thing in the cloud. */
  private static final class Thing {
    final Mark mark;
    final Instant createdAt;
    Object value;
    Observed.Status status = Observed.Status.READY;
    String detail = "";
    String revision;
    Object next;
    Duration doneAt = Duration.ZERO;
    String failure = "";
    boolean making;
    Operation operation;
    /** What it was until it shows otherwise. */
    Observed<Object> shown = Observed.absent();

    Duration showsAt = Duration.ZERO;
    boolean gone;

    Thing(Mark mark, Instant createdAt) {
      this.mark = mark;
      this.createdAt = createdAt;
    }

    Thing copy(Map<Operation, Operation> operations) {
      Thing copy = new Thing(mark, createdAt);
      copy.value = value;
      copy.status = status;
      copy.detail = detail;
      copy.revision = revision;
      copy.next = next;
      copy.doneAt = doneAt;
      copy.failure = failure;
      copy.making = making;
      copy.operation = operations.get(operation);
      copy.shown = shown;
      copy.showsAt = showsAt;
      copy.gone = gone;
      return copy;
    }
  }

  private final List<String> tidied = new java.util.concurrent.CopyOnWriteArrayList<>();

  private static final class Operation {
    Outcome outcome = Outcome.running("WORKING");
  }

  /** {@return the variants after whose changes what they left behind was removed, and whether they were there} */
  List<String> tidied() {
    return List.copyOf(tidied);
  }

  // ---- opening ----

  EndpointPlatform open() {
    return open(Faults.none());
  }

  EndpointPlatform open(Faults faults) {
    return open(faults, builder -> builder.executor(Runnable::run));
  }

  EndpointPlatform open(Faults faults, UnaryOperator<Reconciler.Builder> settings) {
    Mapper mapper = new Mapper(
        faults.around(new Kind<Model>("model")),
        faults.around(new Kind<Name>("name")),
        faults.around(new VariantKind()),
        faults.around(new Kind<Autoscale>("autoscale")),
        faults.around(new TrafficKind()));
    Reconciler reconciler = settings
        .apply(Reconciler.builder(ID, mapper.kinds()).time(time).random(new java.util.Random(1)))
        .build();
    return new ReconciledEndpointPlatform(reconciler, mapper, this::invoke, () -> {});
  }

  /** {@return everything that is there, ours or not} */
  synchronized Set<String> remains() {
    Set<String> names = new TreeSet<>();
    for (ResourceRef ref : List.copyOf(things.keySet())) {
      if (find(ref) != null && !ref.kind().equals("traffic")) {
        names.add(ref.toString());
      }
    }
    return names;
  }

  /** {@return what a thing is in truth, whatever shows} */
  synchronized Optional<Object> truth(String kind, String name) {
    return Optional.ofNullable(find(new ResourceRef(kind, name))).map(thing -> thing.value);
  }

  /** Puts something there that is not ours. */
  synchronized void putForeign(String kind, String name, Object value) {
    Thing thing = new Thing(null, time.now());
    thing.value = value;
    thing.revision = nextRevision();
    things.put(new ResourceRef(kind, name), thing);
  }

  /** Changes something behind everybody's back. */
  synchronized void tamper(String kind, String name, Object value) {
    Thing thing = Objects.requireNonNull(find(new ResourceRef(kind, name)));
    thing.value = value;
    thing.revision = nextRevision();
  }

  /** Takes something away behind everybody's back. */
  synchronized void vanish(String kind, String name) {
    things.remove(new ResourceRef(kind, name));
  }

  // ---- what the cloud does ----

  private Thing find(ResourceRef ref) {
    Thing thing = things.get(ref);
    if (thing == null) {
      return null;
    }
    progress(thing);
    if (thing.gone && time.elapsed().compareTo(thing.showsAt) >= 0) {
      things.remove(ref);
      return null;
    }
    return thing.gone ? null : thing;
  }

  private void progress(Thing thing) {
    boolean done =
        thing.status == Observed.Status.CHANGING || thing.status == Observed.Status.DELETING;
    if (!done || time.elapsed().compareTo(thing.doneAt) < 0) {
      return;
    }
    if (shows(thing)) {
      remember(thing);
    }
    boolean failed = !thing.failure.isEmpty();
    if (thing.operation != null) {
      thing.operation.outcome = failed
          ? Outcome.failed(new ServingException(ID, ErrorKind.MODEL_FAILED, thing.failure))
          : Outcome.succeeded();
    }
    if (thing.status == Observed.Status.DELETING) {
      thing.gone = true;
    } else if (!failed) {
      thing.value = thing.next;
      thing.status = Observed.Status.READY;
    } else if (thing.making && has(Way.OPERATIONS)) {
      thing.gone = true;
    } else {
      thing.status = thing.making ? Observed.Status.FAILED : Observed.Status.READY;
      thing.detail = has(Way.SILENT) && !thing.making ? "" : thing.failure;
    }
    thing.revision = nextRevision();
    thing.operation = null;
  }

  /** Keeps what shows until now, where changes show late. */
  private void remember(Thing thing) {
    if (has(Way.EVENTUAL)) {
      thing.shown = observe(thing);
      thing.showsAt = time.elapsed().plus(TO_SHOW);
    }
  }

  private Started begin(Thing thing, Object next, Duration takes, String failure, boolean making) {
    if (!making) {
      remember(thing);
    } else if (has(Way.EVENTUAL)) {
      thing.showsAt = time.elapsed().plus(TO_SHOW);
    }
    thing.next = next;
    thing.failure = failure;
    thing.making = making;
    thing.doneAt = time.elapsed().plus(takes);
    thing.detail = "";
    thing.status = next == null ? Observed.Status.DELETING : Observed.Status.CHANGING;
    thing.revision = nextRevision();
    Started started = Started.ACCEPTED;
    if (has(Way.OPERATIONS) && !takes.isZero()) {
      thing.operation = new Operation();
      String id = "operations/" + operations.size();
      operations.put(id, thing.operation);
      started = Started.as(id);
    }
    progress(thing);
    return started;
  }

  private boolean isBusy(Thing thing) {
    return thing.status == Observed.Status.CHANGING || thing.status == Observed.Status.DELETING;
  }

  private Observed<Object> observe(Thing thing) {
    // What is being made by an operation is not there before the operation is done.
    boolean inTheMaking =
        thing.making && has(Way.OPERATIONS) && thing.status == Observed.Status.CHANGING;
    if (thing.gone || inTheMaking) {
      return Observed.absent();
    }
    Observed<Object> seen =
        Observed.of(thing.status, thing.value, thing.detail).withRevision(thing.revision);
    return thing.mark == null ? seen.asForeign() : seen.madeBy(thing.mark.run());
  }

  private boolean shows(Thing thing) {
    return !has(Way.EVENTUAL) || time.elapsed().compareTo(thing.showsAt) >= 0;
  }

  private boolean has(Way way) {
    return ways.contains(way);
  }

  private Duration takes(Duration duration) {
    return has(Way.POLLED) || has(Way.OPERATIONS) ? duration : Duration.ZERO;
  }

  private String nextRevision() {
    return "r" + ++revisions;
  }

  private static ServingException failure(ErrorKind kind, String message) {
    return new ServingException(ID, kind, message);
  }

  private synchronized Response invoke(Endpoint endpoint, Request request) {
    Thing traffic = find(new ResourceRef("traffic", endpoint.name()));
    if (traffic == null) {
      throw failure(ErrorKind.NOT_FOUND, "endpoint " + endpoint.name() + " is not there");
    }
    Traffic weights = (Traffic) traffic.value;
    String variant = request.variant().orElseGet(() -> pick(weights));
    if (find(new ResourceRef("variant", endpoint.name() + "/" + variant)) == null) {
      throw failure(
          ErrorKind.NOT_FOUND, "endpoint " + endpoint.name() + " has no variant " + variant);
    }
    return Response.json("{}").servedBy(variant);
  }

  private String pick(Traffic weights) {
    credits.keySet().retainAll(weights.weights().keySet());
    weights.weights().forEach((variant, weight) -> credits.merge(variant, weight, Integer::sum));
    String best = credits.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .orElseThrow()
        .getKey();
    credits.merge(best, -100, Integer::sum);
    return best;
  }

  // ---- its kinds, as a provider sees them ----

  /** The calls on one kind. */
  private class Kind<T> implements ResourceKind<T> {
    private final String kind;

    Kind(String kind) {
      this.kind = kind;
    }

    @Override
    public String name() {
      return kind;
    }

    ResourceRef ref(String name) {
      return new ResourceRef(kind, name);
    }

    @Override
    @SuppressWarnings("unchecked")
    public Observed<T> read(String name) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        Thing thing = find(ref(name));
        Thing raw = things.get(ref(name));
        if (raw != null && !shows(raw)) {
          return (Observed<T>) raw.shown;
        }
        return (Observed<T>) (thing == null ? Observed.absent() : observe(thing));
      }
    }

    @Override
    public Started create(String name, T desired, Mark mark) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        if (find(ref(name)) != null) {
          throw failure(ErrorKind.ALREADY_EXISTS, "cannot create already existing " + ref(name));
        }
        checkBeforeCreate(name, desired);
        Thing thing = new Thing(mark, time.now());
        Started started = begin(thing, desired, toCome(), failureOf(desired), true);
        things.put(ref(name), thing);
        created(name, mark);
        return started;
      }
    }

    void checkBeforeCreate(String name, T desired) {}

    void created(String name, Mark mark) {
      if (kind.equals("name")) {
        Thing traffic = new Thing(mark, time.now());
        traffic.value = Traffic.NONE;
        traffic.revision = nextRevision();
        things.put(new ResourceRef("traffic", name), traffic);
      }
    }

    Duration toCome() {
      return Duration.ZERO;
    }

    Duration toChange() {
      return Duration.ZERO;
    }

    String failureOf(T desired) {
      return "";
    }

    @Override
    public Started update(String name, Observed<T> current, T desired) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        Thing thing = mustBeThere(ref(name));
        mustBeFree(ref(name), thing);
        mustBeAsRead(ref(name), thing, current);
        checkBeforeUpdate(name, desired);
        return begin(thing, desired, toChange(), failureOf(desired), false);
      }
    }

    void checkBeforeUpdate(String name, T desired) {}

    @Override
    public Started delete(String name, Observed<T> current) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        Thing thing = mustBeThere(ref(name));
        mustBeFree(ref(name), thing);
        if (current.status() == Observed.Status.READY) {
          mustBeAsRead(ref(name), thing, current);
        }
        List<ResourceRef> users = usersOf(ref(name));
        if (has(Way.CASCADING) && kind.equals("name")) {
          users.forEach(things::remove);
        } else if (!users.isEmpty()) {
          throw failure(ErrorKind.CONFLICT, ref(name) + " is used by " + users);
        }
        if (kind.equals("variant") && trafficOf(name) > 0) {
          throw failure(ErrorKind.CONFLICT, ref(name) + " has traffic");
        }
        Started started = begin(thing, null, toChange(), "", false);
        if (kind.equals("name")) {
          things.remove(new ResourceRef("traffic", name));
        }
        return started;
      }
    }

    private int trafficOf(String path) {
      int slash = path.indexOf('/');
      Thing traffic = find(new ResourceRef("traffic", path.substring(0, slash)));
      return traffic == null ? 0 : ((Traffic) traffic.value).of(path.substring(slash + 1));
    }

    private void mustBeAsRead(ResourceRef ref, Thing thing, Observed<T> current) {
      if (has(Way.REVISIONS) && !current.revision().equals(Optional.of(thing.revision))) {
        throw failure(
            ErrorKind.CONFLICT,
            ref + " has revision " + thing.revision + ", not " + current.revision());
      }
    }

    private void mustBeFree(ResourceRef ref, Thing thing) {
      if (isBusy(thing)) {
        throw failure(ErrorKind.CONFLICT, "cannot update in-progress " + ref);
      }
    }

    private Thing mustBeThere(ResourceRef ref) {
      Thing thing = find(ref);
      if (thing == null) {
        throw failure(ErrorKind.NOT_FOUND, "could not find " + ref);
      }
      return thing;
    }

    void mustBeUsable(ResourceRef ref) {
      Thing thing = mustBeThere(ref);
      if (!shows(thing) && thing.shown.status() == Observed.Status.ABSENT) {
        throw failure(ErrorKind.NOT_FOUND, "could not find " + ref);
      }
    }

    @Override
    public List<Listed> list() {
      onCall.run();
      synchronized (MemoryCloud.this) {
        List<Listed> listed = new ArrayList<>();
        for (ResourceRef ref : List.copyOf(things.keySet())) {
          Thing thing = ref.kind().equals(kind) ? find(ref) : null;
          if (thing != null && thing.mark != null) {
            listed.add(new Listed(
                ref,
                thing.mark.deployment(),
                thing.createdAt,
                thing.status,
                thing.detail,
                kind.equals("variant"),
                uses(ref, thing),
                attachedTo(ref)));
          }
        }
        return listed;
      }
    }

    private Optional<ResourceRef> attachedTo(ResourceRef ref) {
      return kind.equals("autoscale")
          ? Optional.of(new ResourceRef("variant", ref.name()))
          : Optional.empty();
    }

    @Override
    public Outcome poll(String operation) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        List.copyOf(things.keySet()).forEach(MemoryCloud.this::find);
        return Objects.requireNonNull(operations.get(operation), operation).outcome;
      }
    }

    @Override
    public boolean isNamedByContent() {
      return kind.equals("model");
    }
  }

  private List<ResourceRef> uses(ResourceRef ref, Thing thing) {
    if (!ref.kind().equals("variant")) {
      return List.of();
    }
    Variant variant = (Variant) (thing.value != null ? thing.value : thing.next);
    return List.of(
        new ResourceRef("model", variant.model()),
        new ResourceRef("name", ref.name().substring(0, ref.name().indexOf('/'))));
  }

  private List<ResourceRef> usersOf(ResourceRef used) {
    List<ResourceRef> users = new ArrayList<>();
    for (ResourceRef ref : List.copyOf(things.keySet())) {
      Thing thing = find(ref);
      if (thing != null && uses(ref, thing).contains(used)) {
        users.add(ref);
      }
    }
    return users;
  }

  private final class VariantKind extends Kind<Variant> {
    VariantKind() {
      super("variant");
    }

    @Override
    public void tidy(String name) {
      tidied.add(name + (truth("variant", name).isPresent() ? " is there" : " is gone"));
    }

    @Override
    public Observed<Variant> read(String name) {
      Observed<Variant> seen = super.read(name);
      if (!has(Way.RENAMING) || seen.value().isEmpty()) {
        return seen;
      }
      Variant variant = seen.value().get();
      Variant answered = new Variant(
          "projects/4711/models/" + variant.model(), variant.instanceType(), variant.count());
      return new Observed<>(
          seen.status(),
          Optional.of(answered),
          seen.revision(),
          seen.run(),
          seen.foreign(),
          seen.detail());
    }

    @Override
    public boolean matches(Variant desired, Variant actual) {
      return plain(desired).equals(plain(actual));
    }

    private static Variant plain(Variant variant) {
      String model = variant.model();
      return new Variant(
          model.substring(model.lastIndexOf('/') + 1), variant.instanceType(), variant.count());
    }

    @Override
    public Started update(String name, Observed<Variant> current, Variant desired) {
      return super.update(name, current, plain(desired));
    }

    @Override
    void checkBeforeCreate(String name, Variant desired) {
      mustBeUsable(new ResourceRef("model", desired.model()));
      mustBeUsable(new ResourceRef("name", name.substring(0, name.indexOf('/'))));
      checkBeforeUpdate(name, desired);
    }

    @Override
    void checkBeforeUpdate(String name, Variant desired) {
      if (desired.instanceType().equals("no-capacity")) {
        throw failure(
            ErrorKind.QUOTA, "there are no instances of type no-capacity left in this region");
      }
    }

    @Override
    String failureOf(Variant desired) {
      return switch (desired.instanceType()) {
        case "crashes" -> "the container exited with code 1: no module named torch";
        case "rolls-back" -> "the new instances did not pass the health check";
        default -> "";
      };
    }

    @Override
    Duration toCome() {
      return takes(TO_COME);
    }

    @Override
    Duration toChange() {
      return takes(TO_CHANGE);
    }

    @Override
    public Started create(String name, Variant desired, Mark mark) {
      Started started = super.create(name, desired, mark);
      if (desired.instanceType().equals("stuck")) {
        synchronized (MemoryCloud.this) {
          Thing thing = things.get(ref(name));
          thing.status = Observed.Status.CHANGING;
          thing.next = desired;
          thing.doneAt = Duration.ofDays(10_000);
        }
      }
      return started;
    }

    @Override
    public Optional<String> cannotUpdate(Variant actual, Variant desired) {
      return plain(actual).model().equals(plain(desired).model())
          ? Optional.empty()
          : Optional.of(
              "serves another container: deploy under another variant and route requests to it");
    }
  }

  private final class TrafficKind extends Kind<Traffic> {
    TrafficKind() {
      super("traffic");
    }

    @Override
    public Started create(String name, Traffic desired, Mark mark) {
      throw failure(ErrorKind.NOT_FOUND, "could not find name " + name);
    }

    @Override
    Duration toChange() {
      return has(Way.POLLED) ? Duration.ofSeconds(10) : Duration.ZERO;
    }

    @Override
    void checkBeforeUpdate(String name, Traffic desired) {
      for (String variant : desired.weights().keySet()) {
        mustBeUsable(new ResourceRef("variant", name + "/" + variant));
      }
    }

    @Override
    public List<Listed> list() {
      return List.of();
    }
  }

  /** From the grammar to this cloud's things. */
  private record Mapper(
      ResourceKind<Model> model,
      ResourceKind<Name> named,
      ResourceKind<Variant> variant,
      ResourceKind<Autoscale> autoscale,
      ResourceKind<Traffic> traffic)
      implements EndpointMapper {
    List<ResourceKind<?>> kinds() {
      return List.of(model, named, variant, autoscale, traffic);
    }

    private static String modelName(Container container) {
      return "m-" + Fingerprint.of(GrammarJson.write(container));
    }

    @Override
    public Mapping container(Container container) {
      String name = modelName(container);
      return Mapping.of(Resource.shared(model, name, new Model(name)));
    }

    @Override
    public Mapping endpoint(Endpoint endpoint) {
      String path = endpoint.routing().path();
      String type = endpoint.scaling().instanceType().orElse("");
      List<Resource<?>> resources = new ArrayList<>();
      resources.add(Resource.shared(named, endpoint.name(), new Name(endpoint.name())));
      resources.add(Resource.variant(
          variant,
          path,
          new Variant(modelName(endpoint.container()), type, endpoint.scaling().count())));
      resources.add(
          endpoint.scaling().isAutomatic()
              ? Resource.own(
                  autoscale,
                  path,
                  new Autoscale(
                      endpoint.scaling().min(),
                      endpoint.scaling().max(),
                      Fingerprint.of(GrammarJson.write(endpoint))))
              : Resource.none(autoscale, path));
      return new Mapping(resources, List.of());
    }

    @Override
    public Set<Class<? extends PlatformOptions>> options() {
      return Set.of();
    }
  }
}
