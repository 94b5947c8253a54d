package io.fairlead.reconcile;

import io.fairlead.contract.Faults;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Location;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.provider.Fingerprint;
import io.fairlead.provider.LocalModel;
import io.fairlead.provider.TimeSource;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
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
    /** A public name that is deleted takes its variants along, whoever owns them. */
    CASCADING,
    /** The first change of each thing fails for a reason that passes, such as an operation that the cloud cancels. */
    CANCELLING,
    /** Whoever asks how far an operation is before it said so is refused. */
    PATIENT
  }

  static final KindName<Upload> UPLOAD = new KindName<>("upload", Upload.class);
  static final KindName<Model> MODEL = new KindName<>("model", Model.class);
  static final KindName<Name> NAME = new KindName<>("name", Name.class);
  static final KindName<Variant> VARIANT = new KindName<>("variant", Variant.class);
  static final KindName<Autoscale> AUTOSCALE = new KindName<>("autoscale", Autoscale.class);

  static final Duration TO_COME = Duration.ofSeconds(40);
  static final Duration TO_CHANGE = Duration.ofSeconds(20);
  static final Duration TO_SHOW = Duration.ofSeconds(7);
  static final Duration TO_ASK = Duration.ofSeconds(15);

  private final Set<Way> ways;
  private final TimeSource time;
  private final Runnable onCall;
  private final Map<ResourceRef, Thing> things =
      new TreeMap<>(Comparator.comparing(ResourceRef::kind).thenComparing(ResourceRef::name));
  private final Map<String, Operation> operations = new HashMap<>();
  private final Map<String, Integer> credits = new TreeMap<>();
  private final Set<Object> begunBefore = new HashSet<>();
  private int revisions;

  MemoryCloud(TimeSource time, Way... ways) {
    this(time, () -> {}, ways);
  }

  MemoryCloud(TimeSource time, Runnable onCall, Way... ways) {
    this.time = time;
    this.onCall = onCall;
    this.ways = ways.length == 0 ? EnumSet.noneOf(Way.class) : EnumSet.copyOf(List.of(ways));
  }

  /** {@return another cloud in which all is as it is here now, and which shares nothing with this one} */
  MemoryCloud copy(TimeSource newTime) {
    return copy(newTime, () -> {});
  }

  synchronized MemoryCloud copy(TimeSource newTime, Runnable newOnCall) {
    MemoryCloud copy = new MemoryCloud(newTime, newOnCall, ways.toArray(Way[]::new));
    IdentityHashMap<Operation, Operation> copies = new IdentityHashMap<>();
    operations.forEach((id, operation) -> {
      Operation copied = new Operation();
      copied.outcome = operation.outcome;
      copied.askAfter = operation.askAfter;
      copies.put(operation, copied);
      copy.operations.put(id, copied);
    });
    things.forEach((ref, thing) -> copy.things.put(ref, thing.copy(copies)));
    copy.credits.putAll(credits);
    copy.tidied.addAll(tidied);
    copy.begunBefore.addAll(begunBefore);
    copy.revisions = revisions;
    return copy;
  }

  /**
   * {@return all that decides what happens here next: what is there, and how long until it ends or shows what has begun.
   * Runs, revisions and ids of operations are compared with each other only, and are not in it, nor is what ended}
   */
  synchronized Object state() {
    List<Object> states = new ArrayList<>();
    things.forEach((ref, thing) -> {
      if (!thing.gone || !shows(thing)) {
        states.add(List.of(ref, state(thing)));
      }
    });
    return List.of(states, Map.copyOf(credits), Set.copyOf(begunBefore));
  }

  private List<Object> state(Thing thing) {
    List<Object> state = new ArrayList<>(Arrays.asList(
        thing.mark == null ? null : thing.mark.deployment(),
        thing.value,
        thing.status,
        thing.detail,
        thing.gone,
        List.copyOf(thing.remembered)));
    if (isBusy(thing)) {
      state.addAll(Arrays.asList(
          thing.next, left(thing.doneAt), thing.failure, thing.making, thing.operation != null));
    }
    if (!shows(thing)) {
      Observed<Object> shown = thing.shown;
      state.addAll(List.of(left(thing.showsAt), shown.status(), shown.value(), shown.detail()));
    }
    return state;
  }

  private Duration left(Duration until) {
    Duration left = until.minus(time.elapsed());
    return left.isNegative() ? Duration.ZERO : left;
  }

  record Upload(LocalModel files) {}

  record Model(Container container, Optional<String> upload) {}

  record Name(String name) {}

  record Variant(String model, String instanceType, int count) {}

  record Autoscale(int min, int max, String endpoint) {}

  /** One thing in the cloud. */
  private static final class Thing {
    final OwnerTag mark;
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
    /** The models that its variants were made of. */
    final Set<ResourceRef> remembered = new LinkedHashSet<>();

    Thing(OwnerTag mark, Instant createdAt) {
      this.mark = mark;
      this.createdAt = createdAt;
    }

    Thing copy(IdentityHashMap<Operation, Operation> operations) {
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
      copy.remembered.addAll(remembered);
      return copy;
    }
  }

  /** The kinds of things that come and go with their name. */
  private static final Set<String> SETTINGS = Set.of("traffic", "rolled-back");

  private final List<String> tidied = new CopyOnWriteArrayList<>();

  private static final class Operation {
    Outcome outcome = Outcome.running("WORKING");
    Duration askAfter = Duration.ZERO;
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

  /** The same, which completes values before they are mapped. */
  EndpointPlatform open(EndpointCompletion completion) {
    return open(Faults.none(), builder -> builder.executor(Runnable::run), completion);
  }

  EndpointPlatform open(Faults faults, UnaryOperator<Reconciler.Builder> settings) {
    return open(faults, settings, EndpointCompletion.NONE);
  }

  private EndpointPlatform open(
      Faults faults, UnaryOperator<Reconciler.Builder> settings, EndpointCompletion completion) {
    List<ResourceKind<?>> kinds = List.of(
        faults.around(new Kind<>(UPLOAD)),
        faults.around(new Kind<>(MODEL)),
        faults.around(new Kind<>(NAME)),
        faults.around(new VariantKind()),
        faults.around(new Kind<>(AUTOSCALE)),
        faults.around(new NoteKind()));
    Reconciler reconciler = settings
        .apply(Reconciler.builder(ID, kinds)
            .traffic(faults.around(new Weights()))
            .time(time)
            .random(new java.util.Random(1)))
        .build();
    return new ReconciledEndpointPlatform(
        reconciler, new Mapper(), completion, this::invoke, () -> {});
  }

  /** {@return everything that is there, ours or not} */
  synchronized Set<String> remains() {
    Set<String> names = new TreeSet<>();
    for (ResourceRef ref : List.copyOf(things.keySet())) {
      if (find(ref) != null && !SETTINGS.contains(ref.kind())) {
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

  /** Lets something that works fail. */
  synchronized void breakDown(String kind, String name, String reason) {
    Thing thing = Objects.requireNonNull(find(new ResourceRef(kind, name)));
    thing.status = Observed.Status.FAILED;
    thing.detail = reason;
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
    boolean cancelled = has(Way.CANCELLING) && thing.operation != null && isFirstOf(thing);
    boolean failed = cancelled || !thing.failure.isEmpty();
    if (thing.operation != null) {
      thing.operation.outcome = outcome(cancelled, thing.failure);
    }
    if (thing.status == Observed.Status.DELETING && !failed) {
      thing.gone = true;
    } else if (thing.status == Observed.Status.DELETING) {
      thing.status = Observed.Status.READY;
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

  private boolean isFirstOf(Thing thing) {
    return begunBefore.add(List.of(thing.status, thing.next == null ? thing.value : thing.next));
  }

  private static Outcome outcome(boolean cancelled, String failure) {
    if (cancelled) {
      return Outcome.failed(
          failure(ErrorKind.UNAVAILABLE, "OperationCanceled: the operation was preempted"));
    }
    return failure.isEmpty()
        ? Outcome.succeeded()
        : Outcome.failed(failure(ErrorKind.MODEL_FAILED, failure));
  }

  /** Keeps what shows until now, where changes show late. */
  private void remember(Thing thing) {
    if (has(Way.EVENTUAL)) {
      thing.shown = observe(thing);
      thing.showsAt = time.elapsed().plus(TO_SHOW);
    }
  }

  private Accepted begin(Thing thing, Object next, Duration takes, String failure, boolean making) {
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
    Accepted started = Accepted.VISIBLE;
    if (has(Way.OPERATIONS) && !takes.isZero()) {
      thing.operation = new Operation();
      String id = "operations/" + operations.size();
      operations.put(id, thing.operation);
      started = Accepted.as(id);
      if (has(Way.PATIENT)) {
        thing.operation.askAfter = time.elapsed().plus(TO_ASK);
        started = started.askAfter(TO_ASK);
      }
    }
    progress(thing);
    return started;
  }

  private boolean isBusy(Thing thing) {
    return thing.status == Observed.Status.CHANGING || thing.status == Observed.Status.DELETING;
  }

  private Observed<Object> observe(Thing thing) {
    if (thing.gone) {
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
    private final KindName<T> id;
    private final String kind;

    Kind(KindName<T> id) {
      this.id = id;
      this.kind = id.name();
    }

    @Override
    public KindName<T> id() {
      return id;
    }

    ResourceRef ref(String name) {
      return new ResourceRef(kind, name);
    }

    @Override
    @SuppressWarnings("unchecked")
    public Observed<T> read(String name, Look look) {
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
    public Accepted create(String name, T desired, OwnerTag mark) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        if (find(ref(name)) != null) {
          throw failure(ErrorKind.ALREADY_EXISTS, "cannot create already existing " + ref(name));
        }
        checkBeforeCreate(name, desired);
        Thing thing = new Thing(mark, time.now());
        Accepted started = begin(thing, desired, toCome(), failureOf(desired), true);
        things.put(ref(name), thing);
        created(name, mark);
        return started;
      }
    }

    void checkBeforeCreate(String name, T desired) {}

    void created(String name, OwnerTag mark) {
      if (kind.equals("name")) {
        createSetting("traffic", name, mark, Traffic.NONE);
        createSetting("rolled-back", name, mark, RolledBack.NONE);
      }
    }

    private void createSetting(String of, String name, OwnerTag mark, Object value) {
      Thing setting = new Thing(mark, time.now());
      setting.value = value;
      setting.revision = nextRevision();
      things.put(new ResourceRef(of, name), setting);
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
    public Accepted update(String name, Observed<T> current, T desired) {
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
    public Accepted delete(String name, Observed<T> current, Set<ResourceRef> going) {
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
        Accepted started = begin(thing, null, toChange(), "", false);
        if (kind.equals("name")) {
          SETTINGS.forEach(setting -> things.remove(new ResourceRef(setting, name)));
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

    Thing mustBeThere(ResourceRef ref) {
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
    public List<Listed> list(Look look) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        List<Listed> listed = new ArrayList<>();
        for (ResourceRef ref : List.copyOf(things.keySet())) {
          Thing thing = ref.kind().equals(kind) ? find(ref) : null;
          if (thing != null && thing.mark != null) {
            listed.add(listed(ref, thing));
          }
        }
        return listed;
      }
    }

    private Listed listed(ResourceRef ref, Thing thing) {
      Listed entry = Listed.of(ref, thing.createdAt)
          .deployment(thing.mark.deployment())
          .status(thing.status, thing.detail)
          .uses(uses(ref, thing))
          .remembers(List.copyOf(thing.remembered));
      return switch (kind) {
        case "variant" -> entry.asRoot();
        case "autoscale" -> entry.ownedBy(new ResourceRef("variant", ref.name()));
        default -> entry;
      };
    }

    @Override
    public Outcome poll(String operation) {
      onCall.run();
      synchronized (MemoryCloud.this) {
        List.copyOf(things.keySet()).forEach(MemoryCloud.this::find);
        Operation asked = Objects.requireNonNull(operations.get(operation), operation);
        if (time.elapsed().compareTo(asked.askAfter) < 0) {
          throw failure(
              ErrorKind.INVALID, "operation " + operation + " was asked about before its time");
        }
        if (has(Way.PATIENT) && asked.outcome.state() == Outcome.State.RUNNING) {
          asked.askAfter = time.elapsed().plus(TO_ASK);
          return asked.outcome.askAfter(TO_ASK);
        }
        return asked.outcome;
      }
    }

    @Override
    public boolean isNamedByContent() {
      return kind.equals("model") || kind.equals("upload");
    }
  }

  private List<ResourceRef> uses(ResourceRef ref, Thing thing) {
    Object value = thing.value != null ? thing.value : thing.next;
    if (value instanceof Model model) {
      return model.upload().map(name -> new ResourceRef("upload", name)).stream()
          .toList();
    }
    return value instanceof Variant variant
        ? List.of(
            new ResourceRef("model", variant.model()),
            new ResourceRef("name", ref.name().substring(0, ref.name().indexOf('/'))))
        : List.of();
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
      super(VARIANT);
    }

    @Override
    public void deleteSuperseded(String name) {
      tidied.add(name + (truth("variant", name).isPresent() ? " is there" : " is gone"));
    }

    @Override
    public Observed<Variant> read(String name, Look look) {
      Observed<Variant> seen = super.read(name, look);
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
    public Accepted update(String name, Observed<Variant> current, Variant desired) {
      return super.update(name, current, plain(desired));
    }

    @Override
    void checkBeforeCreate(String name, Variant desired) {
      mustBeUsable(new ResourceRef("model", desired.model()));
      ResourceRef named = new ResourceRef("name", name.substring(0, name.indexOf('/')));
      mustBeUsable(named);
      checkBeforeUpdate(name, desired);
      ResourceRef model = new ResourceRef("model", desired.model());
      Set<ResourceRef> remembered = mustBeThere(named).remembered;
      remembered.add(model);
      remembered.addAll(uses(model, mustBeThere(model)));
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
    public Accepted create(String name, Variant desired, OwnerTag mark) {
      Accepted started = super.create(name, desired, mark);
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

  /** The note of what was rolled back, which comes and goes with its name. */
  private final class NoteKind extends Kind<RolledBack> {
    NoteKind() {
      super(RolledBack.KIND);
    }

    @Override
    public List<Listed> list(Look look) {
      return List.of();
    }
  }

  /** The weights as things of their own, which come and go with their name. */
  private final class Weights implements TrafficSetting {
    private final Kind<Traffic> things = new Kind<>(TrafficSetting.KIND) {
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
    };

    @Override
    public Observed<Traffic> read(String name, Look look) {
      return things.read(name, look);
    }

    @Override
    public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
      return things.update(name, current, desired);
    }

    @Override
    public Outcome poll(String operation) {
      return things.poll(operation);
    }
  }

  /** From the grammar to this cloud's things. */
  private static final class Mapper implements EndpointMapper {
    private static final String UPLOADS = "mem:uploads/";
    private static final Map<Object, String> FINGERPRINTS = new ConcurrentHashMap<>();

    /** {@return the fingerprint of a value, which is computed once for all clouds} */
    private static String fingerprint(Object value) {
      return FINGERPRINTS.computeIfAbsent(value, each -> Fingerprint.of(GrammarJson.write(each)));
    }

    private static String modelName(Container container) {
      return "m-" + fingerprint(container);
    }

    @Override
    public List<LocalModel.Source> localModels(Container container) {
      URI weights = container.artifact().weights();
      return "file".equals(weights.getScheme())
          ? List.of(
              new LocalModel.Source(Path.of(weights), Optional.empty(), LocalModel.Rules.of(ID)))
          : List.of();
    }

    @Override
    public Container uploaded(Container container, List<String> hashes) {
      return new Container(
          ModelArtifact.of(URI.create(UPLOADS + hashes.get(0)))
              .withMetadata(container.artifact().metadata()),
          container.runtime(),
          container.dependencies());
    }

    @Override
    public Resource<?> upload(LocalModel model) {
      return Resource.shared(UPLOAD, model.sha256(), new Upload(model));
    }

    private static Optional<String> uploadOf(Container container) {
      String weights = container.artifact().weights().toString();
      return weights.startsWith(UPLOADS)
          ? Optional.of(weights.substring(UPLOADS.length()))
          : Optional.empty();
    }

    @Override
    public Mapping container(Container container) {
      return Mapping.of(
          Resource.shared(MODEL, modelName(container), new Model(container, uploadOf(container))));
    }

    @Override
    public Mapping endpoint(Endpoint endpoint) {
      String path = endpoint.routing().path();
      Scaling scaling = endpoint.scaling();
      String model = modelName(endpoint.container());
      return container(endpoint.container())
          .and(
              Resource.shared(NAME, endpoint.name(), new Name(endpoint.name())),
              Resource.variant(
                  VARIANT,
                  path,
                  new Variant(model, scaling.instanceType().orElse(""), scaling.count())),
              scaling.isAutomatic()
                  ? Resource.part(
                      AUTOSCALE,
                      path,
                      new Autoscale(scaling.min(), scaling.max(), fingerprint(endpoint)))
                  : Resource.noPart(AUTOSCALE, path));
    }

    @Override
    public KindName<?> variantKind(Endpoint endpoint) {
      return VARIANT;
    }

    @Override
    public Found<Endpoint> read(Routing routing, ActualState actual) {
      Observed<Variant> variant = actual.of(VARIANT, routing.path());
      Optional<Endpoint> value = variant
          .value()
          .flatMap(there -> actual
              .of(MODEL, there.model().substring(there.model().lastIndexOf('/') + 1))
              .value()
              .map(model -> new Endpoint(
                  model.container(),
                  scaling(there, actual.of(AUTOSCALE, routing.path()).value()),
                  routing)));
      return new Found<>(variant, value, Location.of("memory:" + routing.path()));
    }

    private static Scaling scaling(Variant variant, Optional<Autoscale> automatic) {
      Optional<String> type = Optional.of(variant.instanceType()).filter(given -> !given.isEmpty());
      int min = automatic.map(Autoscale::min).orElse(variant.count());
      int max = automatic.map(Autoscale::max).orElse(variant.count());
      return new Scaling(type, variant.count(), min, max, Options.none());
    }

    @Override
    public Set<Class<? extends PlatformOptions>> options() {
      return Set.of();
    }
  }
}
