package io.fairlead.memory.attic;

import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Mark;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Started;
import java.util.List;
import java.util.Map;
import java.util.Optional;

// guide: kind
/** The five calls on one kind of thing in the attic. */
abstract class AtticKind<T> implements ResourceKind<T> {
  private static final String DEPLOYMENT_TAG = "fairlead-deployment";
  private static final String RUN_TAG = "fairlead-run";

  private final Attic attic;
  private final String kind;

  AtticKind(Attic attic, String kind) {
    this.attic = attic;
    this.kind = kind;
  }

  /** {@return a thing as the attic writes it} */
  abstract Map<String, String> fields(T value);

  /** {@return a thing as it was asked for} */
  abstract T value(Map<String, String> fields);

  @Override
  public String name() {
    return kind;
  }

  @Override
  public Observed<T> read(String name) {
    return AtticErrors.find(at("read", name), () -> attic.get(kind, name))
        .map(this::observed)
        .orElseGet(Observed::absent);
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
  public Started create(String name, T desired, Mark mark) {
    Map<String, String> tags = Map.of(DEPLOYMENT_TAG, mark.deployment(), RUN_TAG, mark.run());
    AtticErrors.run(at("create", name), () -> attic.create(kind, name, fields(desired), tags));
    return Started.ACCEPTED;
  }

  @Override
  public Started update(String name, Observed<T> current, T desired) {
    String revision = current.revision().orElseThrow();
    AtticErrors.run(at("update", name), () -> attic.replace(kind, name, fields(desired), revision));
    return Started.ACCEPTED;
  }

  @Override
  public Started delete(String name, Observed<T> current) {
    String revision = current.revision().orElseThrow();
    AtticErrors.run(at("delete", name), () -> attic.delete(kind, name, revision));
    return Started.ACCEPTED;
  }

  @Override
  public List<Listed> list() {
    return AtticErrors.call("list each " + kind, () -> attic.list(kind)).stream()
        .filter(thing -> thing.tags().containsKey(RUN_TAG))
        .map(this::listed)
        .toList();
  }

  private Listed listed(Attic.Thing thing) {
    return new Listed(
        new ResourceRef(kind, thing.name()),
        thing.tags().get(DEPLOYMENT_TAG),
        thing.createdAt(),
        observed(thing).status(),
        thing.detail(),
        isRoot(),
        uses(thing),
        attachedTo(thing));
  }

  /** {@return whether it serves requests} */
  boolean isRoot() {
    return false;
  }

  /** {@return what it cannot be without} */
  List<ResourceRef> uses(Attic.Thing thing) {
    return List.of();
  }

  /** {@return what it belongs to and goes with} */
  Optional<ResourceRef> attachedTo(Attic.Thing thing) {
    return Optional.empty();
  }

  private String at(String verb, String name) {
    return verb + " " + kind + " " + name;
  }
}
// guide end
