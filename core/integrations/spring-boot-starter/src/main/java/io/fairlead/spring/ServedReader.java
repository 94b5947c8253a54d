package io.fairlead.spring;

import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problems;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.Served;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.platform.Platform;
import io.fairlead.spring.FairleadProperties.EndpointProperties;
import io.fairlead.spring.FairleadProperties.FunctionProperties;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes endpoints and functions from properties, and notes each that cannot be made. */
final class ServedReader {
  private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][\\w+.-]+:.*");
  private static final Pattern PATH = Pattern.compile("(\\.{0,2}[/\\\\]|[a-zA-Z]:[/\\\\]).*");

  private static final Pattern HUB_ID = Pattern.compile("[\\w-][\\w.-]*/[\\w.-]+");

  private static final String MODEL_RULE = "must be a location such as classpath:iris.onnx or"
      + " s3://models/bert, a path that starts with / or ./, or the id of a model of the Hugging Face"
      + " hub, org/name";

  /** What a field of the grammar is called here, where it is not the same. */
  private static final Map<String, String> NAMES =
      Map.of("weights", "model", "count", "instances", "memoryBytes", "memory", "id", "model");

  /** The types of the platforms by the names of their beans. */
  private final Map<String, Class<?>> platforms;

  private final PropertyProblems problems;
  private final List<Declared<?>> declared = new ArrayList<>();

  ServedReader(Map<String, Class<?>> platforms, PropertyProblems problems) {
    this.platforms = new LinkedHashMap<>(platforms);
    this.problems = problems;
  }

  /** {@return the endpoints and functions, in the order of the properties} */
  List<Declared<?>> read(FairleadProperties properties) {
    properties.endpoints().forEach(this::read);
    properties.functions().forEach(this::read);
    return declared;
  }

  private void read(String name, EndpointProperties given) {
    String under = "fairlead.endpoints." + name;
    Optional<String> platform = platform(under, given.platform(), EndpointPlatform.class);
    Optional<ModelArtifact> artifact =
        artifact(under, given.model(), given.code(), given.framework(), given.frameworkVersion());
    Optional<Scaling> scaling = made(under, () -> scaling(given));
    Optional<Routing> routing = made(under, () -> new Routing(name, given.variant()));
    Optional<RuntimeSpec> runtime =
        made(under, () -> given.image() == null ? RuntimeSpec.NONE : RuntimeSpec.of(given.image()));
    Optional<Dependencies> dependencies =
        made(under, () -> Dependencies.environment(given.environment()));
    if (platform.isPresent()
        && artifact.isPresent()
        && scaling.isPresent()
        && routing.isPresent()
        && runtime.isPresent()
        && dependencies.isPresent()) {
      Container container = new Container(artifact.get(), runtime.get(), dependencies.get());
      add(
          name,
          platform.get(),
          Endpoint.class,
          new Endpoint(container, scaling.get(), routing.get()),
          given.deployAtStart());
    }
  }

  private void read(String name, FunctionProperties given) {
    String under = "fairlead.functions." + name;
    Optional<String> platform = platform(under, given.platform(), FunctionPlatform.class);
    Optional<ModelArtifact> artifact = artifact(
            under, given.model(), given.code(), given.framework(), given.frameworkVersion())
        .flatMap(model -> made(under, () -> model.named(name)));
    Optional<FunctionLimits> limits = made(under, () -> limits(given));
    if (platform.isPresent() && artifact.isPresent() && limits.isPresent()) {
      add(
          name,
          platform.get(),
          ModelFunction.class,
          new ModelFunction(artifact.get(), limits.get()),
          given.deployAtStart());
    }
  }

  private <S extends Served> void add(
      String name, String platform, Class<S> type, S value, boolean deployAtStart) {
    declared.add(new Declared<>(name, platform, type, value, deployAtStart));
  }

  private static Scaling scaling(EndpointProperties given) {
    Integer instances = given.instances();
    int min = given.min() != null ? given.min() : orElse(instances, 1);
    int max = given.max() != null ? given.max() : Math.max(min, orElse(instances, 1));
    int count = orElse(instances, Math.max(min, 1));
    return new Scaling(Optional.ofNullable(given.instanceType()), count, min, max, Options.none());
  }

  private static FunctionLimits limits(FunctionProperties given) {
    FunctionLimits byDefault = FunctionLimits.DEFAULT;
    return new FunctionLimits(
        given.memory() == null ? Optional.empty() : Optional.of(given.memory().toBytes()),
        orElse(given.timeout(), byDefault.timeout()),
        orElse(given.coldStart(), byDefault.coldStart()),
        orElse(given.maxConcurrent(), byDefault.maxConcurrent()),
        orElse(given.idleTimeout(), byDefault.idleTimeout()));
  }

  private static <T> T orElse(@Nullable T given, T byDefault) {
    return given == null ? byDefault : given;
  }

  private Optional<ModelArtifact> artifact(
      String under,
      @Nullable String model,
      @Nullable String code,
      @Nullable String framework,
      @Nullable String version) {
    if (version != null && framework == null) {
      problems.add(under + ".framework", "must be given, because there is a framework-version");
      return Optional.empty();
    }
    if (model == null || model.isBlank()) {
      problems.add(under + ".model", "must be given: " + MODEL_RULE);
      return Optional.empty();
    }
    Optional<ModelArtifact> weights = made(under, () -> located(model));
    if (weights.isEmpty()) {
      return Optional.empty();
    }
    return made(under, () -> {
      ModelArtifact located = weights.get();
      ModelArtifact whole = code == null
          ? located
          : ModelArtifact.of(located(code).weights(), located.weights())
              .withMetadata(located.metadata());
      ModelMetadata metadata = whole.metadata();
      return framework == null
          ? whole
          : whole.withMetadata(
              version == null
                  ? metadata.withFramework(framework)
                  : metadata.withFramework(framework, version));
    });
  }

  private static ModelArtifact located(String model) {
    if (PATH.matcher(model).matches()) {
      return ModelArtifact.of(Path.of(model));
    }
    if (model.startsWith("hf://") || HUB_ID.matcher(model).matches()) {
      return ModelArtifact.huggingFace(model.replaceFirst("^hf://", ""));
    }
    Problems.in("model")
        .check(SCHEME.matcher(model).matches(), "model", MODEL_RULE, model)
        .throwIfAny();
    return ModelArtifact.of(URI.create(model));
  }

  private Optional<String> platform(String under, @Nullable String given, Class<?> type) {
    String property = under + ".platform";
    List<String> serving = platforms.entrySet().stream()
        .filter(each -> type.isAssignableFrom(each.getValue()) || each.getValue() == Platform.class)
        .map(Map.Entry::getKey)
        .toList();
    String there = serving.isEmpty()
        ? "there is none that serves "
            + (type == EndpointPlatform.class ? "endpoints" : "functions")
            + ", which fairlead.platforms would have"
        : "there are: " + String.join(", ", serving);
    if (given == null) {
      if (serving.size() != 1) {
        problems.add(property, "must be given: " + there);
        return Optional.empty();
      }
      return Optional.of(serving.get(0));
    }
    if (!platforms.containsKey(given)) {
      problems.add(
          property, "must be the name of a platform" + Nearest.orAll(given, serving), given);
      return Optional.empty();
    }
    if (!serving.contains(given)) {
      problems.add(
          property,
          "must be the name of a platform of type " + type.getSimpleName()
              + ", and this one is of type " + platforms.get(given).getSimpleName() + "; " + there,
          given);
      return Optional.empty();
    }
    return Optional.of(given);
  }

  private <T> Optional<T> made(String under, Supplier<T> value) {
    try {
      return Optional.of(value.get());
    } catch (InvalidValueException e) {
      problems.add(e, field -> under + property(field));
    } catch (IllegalArgumentException e) {
      // The message would have the location, and a location may have a signature.
      problems.add(
          under + ".model",
          e.getCause() instanceof URISyntaxException invalid
              ? MODEL_RULE + ": " + invalid.getReason() + " at index " + invalid.getIndex()
              : MODEL_RULE);
    }
    return Optional.empty();
  }

  private static String property(String field) {
    if (field.equals("name")) {
      // The key itself.
      return "";
    }
    return "." + NAMES.getOrDefault(field, PropertiesReader.hyphenated(field));
  }
}
