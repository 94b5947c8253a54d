package io.fairlead.memory.attic;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Mark;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.reconcile.Started;
import io.fairlead.reconcile.Traffic;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The kinds of things in the attic, each after those that it uses. */
record AtticKinds(
    ResourceKind<Model> model,
    ResourceKind<Shelf> shelf,
    ResourceKind<Box> box,
    ResourceKind<Rule> rule,
    ResourceKind<Traffic> traffic) {
  static AtticKinds of(Attic attic) {
    return new AtticKinds(
        new ModelKind(attic),
        new ShelfKind(attic),
        new BoxKind(attic),
        new RuleKind(attic),
        new TrafficKind(attic));
  }

  List<ResourceKind<?>> all() {
    return List.of(model, shelf, box, rule, traffic);
  }

  // guide: decorator
  /** Puts something around each kind. */
  interface Decorator {
    <T> ResourceKind<T> around(ResourceKind<T> kind);
  }

  AtticKinds decorated(Decorator decorator) {
    return new AtticKinds(
        decorator.around(model),
        decorator.around(shelf),
        decorator.around(box),
        decorator.around(rule),
        decorator.around(traffic));
  }
  // guide end

  // guide: resources
  /** Files that can be put in boxes. Its parts print without secrets, and so does it. */
  record Model(ModelArtifact files, String role, Dependencies dependencies) {}

  /** A public name. */
  record Shelf(String name) {}

  /** A model that answers. */
  record Box(String model, String instanceType, int count) {}

  /** How a box grows, and for which endpoint it was written. */
  record Rule(int min, int max, String endpoint) {}
  // guide end

  private static final class ModelKind extends AtticKind<Model> {
    ModelKind(Attic attic) {
      super(attic, "model");
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
      super(attic, "shelf");
    }

    @Override
    Map<String, String> fields(Shelf shelf) {
      return Map.of("name", shelf.name());
    }

    @Override
    Shelf value(Map<String, String> fields) {
      return new Shelf(fields.get("name"));
    }
  }

  // guide: box
  private static final class BoxKind extends AtticKind<Box> {
    BoxKind(Attic attic) {
      super(attic, "box");
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
    boolean isRoot() {
      return true;
    }

    @Override
    List<ResourceRef> uses(Attic.Thing thing) {
      String shelf = thing.name().substring(0, thing.name().indexOf('/'));
      return List.of(
          new ResourceRef("model", thing.fields().get("model")), new ResourceRef("shelf", shelf));
    }
  }
  // guide end

  private static final class RuleKind extends AtticKind<Rule> {
    RuleKind(Attic attic) {
      super(attic, "rule");
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
    Optional<ResourceRef> attachedTo(Attic.Thing thing) {
      return Optional.of(new ResourceRef("box", thing.name()));
    }
  }

  /** The weights of a shelf: a part of it, which is neither made nor listed by itself. */
  private static final class TrafficKind implements ResourceKind<Traffic> {
    private final Attic attic;

    TrafficKind(Attic attic) {
      this.attic = attic;
    }

    @Override
    public String name() {
      return "traffic";
    }

    @Override
    public Observed<Traffic> read(String name) {
      return AtticErrors.find("read the weights of " + name, () -> attic.get("shelf", name))
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
    public Started update(String name, Observed<Traffic> current, Traffic desired) {
      Map<String, String> fields = new HashMap<>();
      fields.put("name", name);
      desired
          .weights()
          .forEach((box, weight) -> fields.put("weight." + box, String.valueOf(weight)));
      String revision = current.revision().orElseThrow();
      AtticErrors.run(
          "set the weights of " + name, () -> attic.replace("shelf", name, fields, revision));
      return Started.ACCEPTED;
    }

    @Override
    public Started create(String name, Traffic desired, Mark mark) {
      throw new ServingException(
          AtticProvider.ID, ErrorKind.NOT_FOUND, "there is no shelf " + name);
    }

    @Override
    public Started delete(String name, Observed<Traffic> current) {
      throw new ServingException(
          AtticProvider.ID, ErrorKind.UNSUPPORTED, "weights go with their shelf");
    }

    @Override
    public List<Listed> list() {
      return List.of();
    }
  }
}
