package io.fairlead.memory.attic;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.json.GrammarJson;
import io.fairlead.memory.attic.AtticKinds.Box;
import io.fairlead.memory.attic.AtticKinds.Model;
import io.fairlead.memory.attic.AtticKinds.Rule;
import io.fairlead.memory.attic.AtticKinds.Shelf;
import io.fairlead.platform.Location;
import io.fairlead.provider.Fingerprint;
import io.fairlead.reconcile.ActualState;
import io.fairlead.reconcile.EndpointMapper;
import io.fairlead.reconcile.Found;
import io.fairlead.reconcile.KindName;
import io.fairlead.reconcile.Mapping;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.Resource;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;

// guide: mapper
/** The mapping from the grammar to the attic's resources. */
final class AtticMapper implements EndpointMapper {
  private static final int LONGEST_NAME = 40;

  @Override
  public Mapping container(Container container) {
    URI weights = container.artifact().weights();
    Problems.in("Container")
        .check(
            "attic".equals(weights.getScheme()),
            "artifact.weights",
            "must be at attic:, where boxes look for models",
            weights)
        .check(
            container.dependencies().packages().isEmpty(),
            "dependencies.packages",
            "must be empty: the attic installs none, so put them into the image",
            container.dependencies().packages())
        .throwIfAny();
    Model model = model(container);
    List<String> warnings = container.runtime().image().isEmpty()
        ? List.of()
        : List.of("runtime.image is not used: the attic has one image");
    return new Mapping(
        List.of(Resource.shared(AtticKinds.MODEL, modelName(model), model)), warnings);
  }

  private static Model model(Container container) {
    ModelArtifact artifact = container.artifact();
    String role = container
        .runtime()
        .options()
        .find(AtticRuntime.class)
        .map(AtticRuntime::role)
        .orElse("");
    return new Model(
        ModelArtifact.of(artifact.code(), artifact.weights()), role, container.dependencies());
  }

  /** {@return the name of a model, by what the attic knows of it: so its container can be read back} */
  private static String modelName(Model model) {
    return "model-" + Fingerprint.of(GrammarJson.write(container(model)));
  }

  @Override
  public Mapping endpoint(Endpoint endpoint) {
    Scaling scaling = endpoint.scaling();
    String path = endpoint.routing().path();
    Problems.in("Endpoint")
        .check(
            endpoint.name().length() <= LONGEST_NAME,
            "routing.name",
            "must be at most " + LONGEST_NAME + " characters in the attic",
            endpoint.name())
        .check(
            scaling.instanceType().isPresent(),
            "scaling.instanceType",
            "must be given, such as small")
        .check(
            scaling.min() >= 1,
            "scaling.min",
            "must be 1 or more: a box does not go to zero",
            scaling.min())
        .throwIfAny();
    Model model = model(endpoint.container());
    Box box = new Box(modelName(model), scaling.instanceType().orElseThrow(), scaling.count());
    Endpoint known = new Endpoint(container(model), scaling, endpoint.routing());
    Rule rule = new Rule(scaling.min(), scaling.max(), Fingerprint.of(GrammarJson.write(known)));
    return container(endpoint.container())
        .and(
            Resource.shared(AtticKinds.SHELF, endpoint.name(), new Shelf(endpoint.name())),
            Resource.variant(AtticKinds.BOX, path, box),
            scaling.isAutomatic()
                ? Resource.part(AtticKinds.RULE, path, rule)
                : Resource.noPart(AtticKinds.RULE, path));
  }

  @Override
  public KindName<?> variantKind(Endpoint endpoint) {
    return AtticKinds.BOX;
  }

  @Override
  public Found<Endpoint> read(Routing routing, ActualState actual) {
    Observed<Box> box = actual.of(AtticKinds.BOX, routing.path());
    Optional<Endpoint> value = box.value()
        .flatMap(there -> actual
            .of(AtticKinds.MODEL, there.model())
            .value()
            .map(model -> new Endpoint(
                container(model),
                scaling(there, actual.of(AtticKinds.RULE, routing.path()).value()),
                routing)));
    return new Found<>(box, value, Location.of("attic/" + routing.path()));
  }

  private static Container container(Model model) {
    RuntimeSpec runtime = model.role().isEmpty()
        ? RuntimeSpec.NONE
        : RuntimeSpec.NONE.with(new AtticRuntime(model.role()));
    return new Container(model.files(), runtime, model.dependencies());
  }

  private static Scaling scaling(Box box, Optional<Rule> rule) {
    return rule.map(range ->
            Scaling.between(box.instanceType(), range.min(), range.max()).withCount(box.count()))
        .orElseGet(() -> Scaling.fixed(box.instanceType(), box.count()));
  }

  @Override
  public Set<Class<? extends PlatformOptions>> options() {
    return Set.of(AtticRuntime.class);
  }
}
// guide end
