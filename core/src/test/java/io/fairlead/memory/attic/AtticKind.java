package io.fairlead.memory.attic;

import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

// guide: kind
/** The calls on one kind of resource in the attic. */
abstract class AtticKind<T> implements ResourceKind<T> {
  private static final String DEPLOYMENT_TAG = "fairlead-deployment";
  private static final String RUN_TAG = "fairlead-run";

  private final Attic attic;
  private final KindName<T> id;

  AtticKind(Attic attic, KindName<T> id) {
    this.attic = attic;
    this.id = id;
  }

  /** {@return a resource in the attic's form} */
  abstract Map<String, String> fields(T value);

  /** {@return a resource in the form in which it was requested} */
  abstract T value(Map<String, String> fields);

  @Override
  public KindName<T> id() {
    return id;
  }

  @Override
  public Observed<T> read(String name, Look look) {
    return find(attic, look, id.name(), name).map(this::observed).orElseGet(Observed::absent);
  }

  /** {@return a resource, read once in a look, because its weights are fields of it} */
  static Optional<Attic.Thing> find(Attic attic, Look look, String kind, String name) {
    return look.once(
        List.of(kind, name),
        () -> AtticErrors.find("read " + kind + " " + name, () -> attic.get(kind, name)));
  }

  private Observed<T> observed(Attic.Thing thing) {
    Observed<T> seen = switch (thing.state()) {
      case COMING -> Observed.changing("coming");
      case READY -> Observed.ready(value(thing.fields())).withDetail(thing.detail());
      case BROKEN -> Observed.failed(thing.detail());
    };
    String run = thing.tags().get(RUN_TAG);
    return (run == null ? seen.asForeign() : seen.madeBy(run)).withRevision(thing.etag());
  }

  @Override
  public Accepted create(String name, T desired, OwnerTag owner) {
    Map<String, String> tags = Map.of(DEPLOYMENT_TAG, owner.deployment(), RUN_TAG, owner.run());
    AtticErrors.run(at("create", name), () -> attic.create(name(), name, fields(desired), tags));
    return Accepted.VISIBLE;
  }

  @Override
  public Accepted update(String name, Observed<T> current, T desired) {
    String revision = current.revision().orElseThrow();
    AtticErrors.run(
        at("update", name), () -> attic.replace(name(), name, fields(desired), revision));
    return Accepted.VISIBLE;
  }

  @Override
  public Accepted delete(String name, Observed<T> current, Set<ResourceRef> going) {
    String revision = current.revision().orElseThrow();
    AtticErrors.run(at("delete", name), () -> attic.delete(name(), name, revision));
    return Accepted.VISIBLE;
  }

  @Override
  public List<Listed> list(Look look) {
    return AtticErrors.call("list each " + name(), () -> attic.list(name())).stream()
        .filter(thing -> thing.tags().containsKey(RUN_TAG))
        .map(this::listed)
        .toList();
  }

  private Listed listed(Attic.Thing thing) {
    Listed entry = Listed.of(new ResourceRef(name(), thing.name()), thing.createdAt())
        .deployment(thing.tags().get(DEPLOYMENT_TAG))
        .status(observed(thing).status(), thing.detail());
    return related(entry, thing);
  }

  /** {@return a copy with the resources that it uses or is owned by, and whether it serves requests} */
  Listed related(Listed entry, Attic.Thing thing) {
    return entry;
  }

  private String at(String verb, String name) {
    return verb + " " + name() + " " + name;
  }
}
// guide end
