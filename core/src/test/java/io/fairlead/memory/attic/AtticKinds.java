package io.fairlead.memory.attic;

import io.fairlead.contract.Faults;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.memory.attic.AtticKinds.Box;
import io.fairlead.memory.attic.AtticKinds.Model;
import io.fairlead.memory.attic.AtticKinds.Rule;
import io.fairlead.memory.attic.AtticKinds.Shelf;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.RolledBack;
import io.fairlead.reconcile.Traffic;
import io.fairlead.reconcile.TrafficSetting;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The kinds of things in the attic, each after those that it uses, and the weights of its shelves. */
record AtticKinds(
    ResourceKind<Model> model,
    ResourceKind<Shelf> shelf,
    ResourceKind<Box> box,
    ResourceKind<Rule> rule,
    ResourceKind<RolledBack> rolledBack,
    TrafficSetting traffic) {
  static final KindName<Model> MODEL = new KindName<>("model", Model.class);
  static final KindName<Shelf> SHELF = new KindName<>("shelf", Shelf.class);
  static final KindName<Box> BOX = new KindName<>("box", Box.class);
  static final KindName<Rule> RULE = new KindName<>("rule", Rule.class);

  static AtticKinds of(Attic attic) {
    return new AtticKinds(
        new ModelKind(attic),
        new ShelfKind(attic),
        new BoxKind(attic),
        new RuleKind(attic),
        new RolledBackKind(attic),
        new Weights(attic));
  }

  List<ResourceKind<?>> all() {
    return List.of(model, shelf, box, rule, rolledBack);
  }

  // guide: faults
  /** {@return copies of the kinds, each call of which passes through these faults} */
  AtticKinds around(Faults faults) {
    return new AtticKinds(
        faults.around(model),
        faults.around(shelf),
        faults.around(box),
        faults.around(rule),
        faults.around(rolledBack),
        faults.around(traffic));
  }
  // guide end

  // guide: resources
  /** Files that boxes can hold. Its components redact secrets in their text, and so does it. */
  record Model(ModelArtifact files, String role, Dependencies dependencies) {}

  /** A public name. */
  record Shelf(String name) {}

  /** A running copy of a model, which answers requests. */
  record Box(String model, String instanceType, int count) {}

  /** A scaling rule of a box, with the fingerprint of its endpoint. */
  record Rule(int min, int max, String endpoint) {}
  // guide end

  private static final class ModelKind extends AtticKind<Model> {
    ModelKind(Attic attic) {
      super(attic, MODEL);
    }

    @Override
    Map<String, String> fields(Model model) {
      Map<String, String> fields = new HashMap<>();
      fields.put("code", model.files().code().toString());
      fields.put("weights", model.files().weights().toString());
      fields.put("role", model.role());
      model.dependencies().environment().forEach((name, value) -> fields.put("env." + name, value));
      return fields;
    }

    @Override
    Model value(Map<String, String> fields) {
      Map<String, String> environment = new HashMap<>();
      fields.forEach((field, value) -> {
        if (field.startsWith("env.")) {
          environment.put(field.substring("env.".length()), value);
        }
      });
      return new Model(
          ModelArtifact.of(URI.create(fields.get("code")), URI.create(fields.get("weights"))),
          fields.get("role"),
          Dependencies.environment(environment));
    }

    @Override
    public boolean isNamedByContent() {
      return true;
    }
  }

  /** A shelf's fields hold its weights too, which are not the shelf's own. */
  private static final class ShelfKind extends AtticKind<Shelf> {
    ShelfKind(Attic attic) {
      super(attic, SHELF);
    }

    @Override
    Map<String, String> fields(Shelf shelf) {
      return Map.of("name", shelf.name());
    }

    @Override
    Shelf value(Map<String, String> fields) {
      return new Shelf(fields.get("name"));
    }

    @Override
    Listed related(Listed entry, Attic.Thing thing) {
      return entry.remembers(thing.tags().keySet().stream()
          .filter(tag -> tag.startsWith(BoxKind.USED))
          .map(tag -> new ResourceRef("model", tag.substring(BoxKind.USED.length())))
          .toList());
    }
  }

  // guide: box
  private static final class BoxKind extends AtticKind<Box> {
    /** The prefix of the tags of a shelf that name the models that its boxes have used. */
    static final String USED = "used-";

    private final Attic attic;

    BoxKind(Attic attic) {
      super(attic, BOX);
      this.attic = attic;
    }

    /** The shelf remembers the model, so that a resumed removal finds it. */
    @Override
    public Accepted create(String name, Box desired, OwnerTag owner) {
      AtticErrors.run(
          "tag shelf " + shelfOf(name),
          () -> attic.tag("shelf", shelfOf(name), USED + desired.model(), ""));
      return super.create(name, desired, owner);
    }

    private static String shelfOf(String box) {
      return box.substring(0, box.indexOf('/'));
    }

    @Override
    Map<String, String> fields(Box box) {
      return Map.of(
          "model", box.model(),
          "instanceType", box.instanceType(),
          "count", String.valueOf(box.count()));
    }

    @Override
    Box value(Map<String, String> fields) {
      return new Box(
          fields.get("model"), fields.get("instanceType"), Integer.parseInt(fields.get("count")));
    }

    @Override
    public Optional<String> cannotUpdate(Box actual, Box desired) {
      return actual.model().equals(desired.model())
          ? Optional.empty()
          : Optional.of(
              "holds another container: deploy under another variant and route requests to it");
    }

    @Override
    Listed related(Listed entry, Attic.Thing thing) {
      return entry
          .asRoot()
          .uses(List.of(
              new ResourceRef("model", thing.fields().get("model")),
              new ResourceRef("shelf", shelfOf(thing.name()))));
    }
  }
  // guide end

  private static final class RuleKind extends AtticKind<Rule> {
    RuleKind(Attic attic) {
      super(attic, RULE);
    }

    @Override
    Map<String, String> fields(Rule rule) {
      return Map.of(
          "min", String.valueOf(rule.min()),
          "max", String.valueOf(rule.max()),
          "endpoint", rule.endpoint());
    }

    @Override
    Rule value(Map<String, String> fields) {
      return new Rule(
          Integer.parseInt(fields.get("min")),
          Integer.parseInt(fields.get("max")),
          fields.get("endpoint"));
    }

    @Override
    Listed related(Listed entry, Attic.Thing thing) {
      return entry.ownedBy(new ResourceRef("box", thing.name()));
    }
  }

  // guide: traffic
  /** The traffic weights of a shelf, which are fields of it. */
  private record Weights(Attic attic) implements TrafficSetting {
    @Override
    public Observed<Traffic> read(String name, Look look) {
      return AtticKind.find(attic, look, "shelf", name)
          .map(shelf -> Observed.ready(weights(shelf)).withRevision(shelf.etag()))
          .orElseGet(Observed::absent);
    }

    private static Traffic weights(Attic.Thing shelf) {
      Map<String, Integer> weights = new HashMap<>();
      shelf.fields().forEach((field, value) -> {
        if (field.startsWith("weight.")) {
          weights.put(field.substring("weight.".length()), Integer.valueOf(value));
        }
      });
      return new Traffic(weights);
    }

    @Override
    public Accepted write(String name, Observed<Traffic> current, Traffic desired) {
      Map<String, String> fields = new HashMap<>();
      fields.put("name", name);
      desired
          .weights()
          .forEach((box, weight) -> fields.put("weight." + box, String.valueOf(weight)));
      String revision = current.revision().orElseThrow();
      AtticErrors.run(
          "set the weights of " + name, () -> attic.replace("shelf", name, fields, revision));
      return Accepted.VISIBLE;
    }
  }
  // guide end

  // guide: rolled back
  /** What rollouts have rolled back, which is a tag of the shelf. */
  private record RolledBackKind(Attic attic) implements ResourceKind<RolledBack> {
    private static final String TAG = "rolled-back";

    @Override
    public KindName<RolledBack> id() {
      return RolledBack.KIND;
    }

    @Override
    public Observed<RolledBack> read(String name, Look look) {
      return AtticKind.find(attic, look, "shelf", name)
          .map(shelf ->
              Observed.ready(RolledBack.ofTag(Optional.ofNullable(shelf.tags().get(TAG)))))
          .orElseGet(Observed::absent);
    }

    @Override
    public Accepted update(String name, Observed<RolledBack> current, RolledBack desired) {
      AtticErrors.run("tag shelf " + name, () -> attic.tag("shelf", name, TAG, desired.note()));
      return Accepted.VISIBLE;
    }
  }
  // guide end
}
