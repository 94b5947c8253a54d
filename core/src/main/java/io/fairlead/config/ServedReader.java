package io.fairlead.config;

import io.fairlead.grammar.ArtifactOptions;
import io.fairlead.grammar.ColdStart;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.DependencyOptions;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.PlatformOptions;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RoutingOptions;
import io.fairlead.grammar.RuntimeOptions;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.ScalingOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Makes endpoints and functions from properties, and notes each that cannot be made. */
final class ServedReader {
  static final String MODEL_RULE = "must be a location such as classpath:iris.onnx or"
      + " s3://models/bert, a path that starts with / or ./, or the id of a model of the Hugging Face"
      + " hub, org/name";

  private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][\\w+.-]+:.*");
  private static final Pattern PATH = Pattern.compile("(\\.{0,2}[/\\\\]|[a-zA-Z]:[/\\\\]).*");
  private static final Pattern HUB_ID = Pattern.compile("[\\w-][\\w.-]*/[\\w.-]+");

  /** What a field of the grammar is called here, where it is not the same. */
  private static final Map<String, String> NAMES =
      Map.of("weights", "model", "count", "instances", "memoryBytes", "memory", "id", "model");

  /** Fields of the grammar whose own fields are properties. */
  private static final Set<String> PARTS = Set.of(
      "container",
      "artifact",
      "metadata",
      "runtime",
      "dependencies",
      "scaling",
      "routing",
      "limits");

  static final List<Class<? extends PlatformOptions>> OF_ENDPOINT = List.of(
      ArtifactOptions.class,
      RuntimeOptions.class,
      DependencyOptions.class,
      ScalingOptions.class,
      RoutingOptions.class);

  static final List<Class<? extends PlatformOptions>> OF_FUNCTION = List.of(ArtifactOptions.class);

  private final ConfigProblems problems;
  private final OptionsReader options;
  private final Optional<Path> folder;

  /** Creates a reader for a configuration whose relative paths are in the working directory. */
  ServedReader(ConfigProblems problems) {
    this(problems, Optional.empty());
  }

  /** Creates a reader for a configuration whose relative paths are in the folder, if there is one. */
  ServedReader(ConfigProblems problems, Optional<Path> folder) {
    this.problems = problems;
    this.options = new OptionsReader(problems);
    this.folder = folder;
  }

  /** {@return an endpoint; empty if it cannot be made} */
  Optional<Endpoint> endpoint(String name, GroupReader given) {
    if (!given.isGroup()) {
      return Optional.empty();
    }
    int before = problems.found().size();
    List<PlatformOptions> all =
        options.read(given.group("options"), given.path("options"), OF_ENDPOINT);
    Optional<ModelArtifact> artifact = artifact(given, all);
    Optional<Scaling> scaling = made(given, () -> scaling(given, all));
    Optional<Routing> routing = made(
        given,
        () ->
            new Routing(name, given.text("variant").orElse("blue"), of(RoutingOptions.class, all)));
    Optional<RuntimeSpec> runtime =
        made(given, () -> new RuntimeSpec(given.text("image"), of(RuntimeOptions.class, all)));
    Optional<Dependencies> dependencies = made(
        given,
        () -> new Dependencies(
            given.map("environment"), given.texts("packages"), of(DependencyOptions.class, all)));
    if (problems.found().size() > before
        || artifact.isEmpty()
        || scaling.isEmpty()
        || routing.isEmpty()
        || runtime.isEmpty()
        || dependencies.isEmpty()) {
      return Optional.empty();
    }
    Container container = new Container(artifact.get(), runtime.get(), dependencies.get());
    return made(given, () -> new Endpoint(container, scaling.get(), routing.get()));
  }

  /** {@return a function; empty if it cannot be made} */
  Optional<ModelFunction> function(String name, GroupReader given) {
    if (!given.isGroup()) {
      return Optional.empty();
    }
    int before = problems.found().size();
    List<PlatformOptions> all =
        options.read(given.group("options"), given.path("options"), OF_FUNCTION);
    Optional<ModelArtifact> artifact =
        artifact(given, all).flatMap(model -> made(given, () -> model.named(name)));
    Optional<FunctionLimits> limits = made(given, () -> limits(given));
    if (problems.found().size() > before || artifact.isEmpty() || limits.isEmpty()) {
      return Optional.empty();
    }
    return made(given, () -> new ModelFunction(artifact.get(), limits.get()));
  }

  private static <P extends PlatformOptions> Options<P> of(
      Class<P> part, List<PlatformOptions> all) {
    return new Options<>(all.stream().filter(part::isInstance).map(part::cast).toList());
  }

  private static Scaling scaling(GroupReader given, List<PlatformOptions> all) {
    Optional<Integer> instances = given.integer("instances");
    int min = given.integer("min").orElse(instances.orElse(1));
    int max = given.integer("max").orElse(Math.max(min, instances.orElse(1)));
    int count = instances.orElse(Math.max(min, 1));
    return new Scaling(given.text("instance-type"), count, min, max, of(ScalingOptions.class, all));
  }

  private static FunctionLimits limits(GroupReader given) {
    FunctionLimits byDefault = FunctionLimits.DEFAULT;
    return new FunctionLimits(
        given.size("memory"),
        given.duration("timeout").orElse(byDefault.timeout()),
        given.name("cold-start", ColdStart.class).orElse(byDefault.coldStart()),
        given.integer("max-concurrent").orElse(byDefault.maxConcurrent()),
        given.duration("idle-timeout").orElse(byDefault.idleTimeout()));
  }

  private Optional<ModelArtifact> artifact(GroupReader given, List<PlatformOptions> all) {
    Optional<String> code = given.text("code");
    Optional<String> framework = given.text("framework");
    Optional<String> version = given.text("framework-version");
    Optional<ModelTask> task = given.name("task", ModelTask.class);
    Map<String, String> labels = given.map("labels");
    Optional<String> model = given.text("model");
    if (version.isPresent() && framework.isEmpty()) {
      problems.add(given.path("framework"), "must be given, because there is a framework-version");
    }
    if (model.isEmpty()) {
      problems.add(given.path("model"), "must be given: it " + MODEL_RULE);
      return Optional.empty();
    }
    Optional<ModelArtifact> located = made(given, () -> located("model", model.get()));
    Optional<URI> codeAt =
        code.flatMap(each -> made(given, "code", () -> located("code", each).weights()));
    if (code.isPresent() && codeAt.isEmpty()) {
      return Optional.empty();
    }
    return located
        .map(weights -> codeAt
            .map(each -> ModelArtifact.of(each, weights.weights()).withMetadata(weights.metadata()))
            .orElse(weights))
        .flatMap(whole -> made(given, () -> {
          ModelMetadata metadata = whole.metadata();
          return whole.withMetadata(new ModelMetadata(
              metadata.name(),
              framework.or(metadata::framework),
              framework.isPresent() ? version : metadata.version(),
              task,
              labels,
              of(ArtifactOptions.class, all)));
        }));
  }

  private ModelArtifact located(String property, String model) {
    if (PATH.matcher(model).matches()) {
      Path path = Path.of(model);
      return ModelArtifact.of(folder.map(each -> each.resolve(path).normalize()).orElse(path));
    }
    Problems.in(property)
        .check(
            !HUB_ID.matcher(model).matches()
                || folder.filter(each -> Files.exists(each.resolve(model))).isEmpty(),
            property,
            "must start with ./ if it is the file beside this one, and with hf:// if it is the model of the Hugging"
                + " Face hub",
            model)
        .throwIfAny();
    if (model.startsWith("hf://") || HUB_ID.matcher(model).matches()) {
      return ModelArtifact.huggingFace(model.replaceFirst("^hf://", ""));
    }
    Problems.in(property)
        .check(SCHEME.matcher(model).matches(), property, MODEL_RULE, model)
        .throwIfAny();
    return ModelArtifact.of(URI.create(model));
  }

  /** {@return the property that a field of an endpoint or a function comes from} */
  static String property(String field) {
    if (field.endsWith("metadata.version")) {
      return "framework-version";
    }
    List<String> path = new ArrayList<>(List.of(field.split("\\.", -1)));
    while (path.size() > 1 && PARTS.contains(path.get(0))) {
      path.remove(0);
    }
    path.set(0, NAMES.getOrDefault(path.get(0), OptionsReader.hyphenated(path.get(0))));
    return String.join(".", path);
  }

  private <T> Optional<T> made(GroupReader given, Supplier<T> value) {
    return made(given, "model", value);
  }

  /** {@return what is made of a location and other properties} */
  private <T> Optional<T> made(GroupReader given, String location, Supplier<T> value) {
    try {
      return Optional.of(value.get());
    } catch (InvalidValueException e) {
      problems.add(e, field -> property(given, field));
    } catch (IllegalArgumentException e) {
      // The message would have the location, and a location may have a signature.
      problems.add(
          given.path(location),
          e.getCause() instanceof URISyntaxException invalid
              ? MODEL_RULE + ": " + invalid.getReason() + " at index " + invalid.getIndex()
              : MODEL_RULE);
    }
    return Optional.empty();
  }

  private static String property(GroupReader given, String field) {
    // Where it is no property, the name is the key of the group itself.
    return field.equals("name") && !given.knows("name")
        ? given.path()
        : given.path(NAMES.getOrDefault(field, OptionsReader.hyphenated(field)));
  }
}
