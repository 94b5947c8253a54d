package io.fairlead.examples;

import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problem;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.spi.PlatformConfig;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The settings of the lifecycle: the deployment and its requests. */
record LifecycleSettings(
    ModelArtifact artifact,
    RuntimeSpec runtime,
    Optional<String> instanceType,
    String name,
    int invocations,
    Request request,
    boolean pinned,
    Duration timeout) {
  private static final Set<String> KEYS = Set.of(
      "artifact",
      "image",
      "instance-type",
      "name",
      "framework",
      "version",
      "invocations",
      "payload",
      "content-type",
      "pinned",
      "timeout");
  private static final Set<String> NEED_AN_IMAGE = Set.of("vertex");
  private static final Set<String> CANNOT_PIN = Set.of("vertex");
  private static final String IMAGE = "the container image that serves the model";

  /** {@return a number of instances of the type} */
  Scaling instances(int count) {
    return Machines.scaling(instanceType, count);
  }

  /** An open platform, with the settings for it. */
  record Opened(EndpointPlatform platform, LifecycleSettings settings) {}

  /**
   * Opens a platform with the settings that are not the lifecycle's own.
   *
   * @throws InvalidValueException with all problems of the settings of the lifecycle and of the platform
   */
  static Opened open(String id, Map<String, String> all) {
    Map<String, String> own = new TreeMap<>(all);
    own.keySet().retainAll(KEYS);
    Map<String, String> others = new TreeMap<>(all);
    others.keySet().removeAll(KEYS);

    List<Problem> problems = new ArrayList<>();
    EndpointPlatform platform =
        attempt(() -> Platforms.open(id, EndpointPlatform.class, others), problems);
    LifecycleSettings settings = attempt(() -> read(id, own), problems);
    if (platform != null && settings != null) {
      return new Opened(platform, settings);
    }
    if (platform != null) {
      platform.close();
    }
    throw new InvalidValueException("lifecycle on '" + id + "'", problems);
  }

  private static <T> @Nullable T attempt(Supplier<T> work, List<Problem> problems) {
    try {
      return work.get();
    } catch (InvalidValueException e) {
      problems.addAll(e.problems());
      return null;
    }
  }

  private static LifecycleSettings read(String id, Map<String, String> values) {
    PlatformConfig config =
        new PlatformConfig(id, values, LifecycleSettings.class.getClassLoader());
    String location = config
        .text("artifact")
        .or(() -> usualArtifact(id))
        .orElseGet(() ->
            config.requiredText("artifact", "where the model is, such as s3://, gs:// or hf://"));
    Optional<String> framework = config.text("framework");
    Optional<String> image = NEED_AN_IMAGE.contains(id)
        ? Optional.of(config.requiredText("image", IMAGE))
        : config.text("image");
    if (image.isEmpty() && framework.isEmpty() && id.equals("sagemaker")) {
      config.requiredText(
          "image", IMAGE + "; framework and version would do too, for one of AWS's");
    }
    String name = config.text("name").orElseGet(LifecycleSettings::newName);
    ModelMetadata metadata = new ModelMetadata(
        Optional.of(name),
        framework,
        config.text("version"),
        Optional.empty(),
        Map.of(),
        Options.none());
    Optional<String> instanceType = config.text("instance-type").or(() -> Machines.usual(id));
    int invocations = config
        .parsed("invocations", "must be a whole number, 1 or more", LifecycleSettings::positive)
        .orElse(100);
    String payload = config.text("payload").orElse(usualPayload(id));
    String contentType = config.text("content-type").orElse("application/json");
    boolean pinned = config.flag("pinned").orElse(!CANNOT_PIN.contains(id));
    Duration timeout = config.duration("timeout").orElse(Duration.ofMinutes(30));
    config.done();
    return new LifecycleSettings(
        artifact(location).withMetadata(metadata),
        image.map(RuntimeSpec::of).orElse(RuntimeSpec.NONE),
        instanceType,
        name,
        invocations,
        Request.of(payload.getBytes(StandardCharsets.UTF_8), contentType),
        pinned,
        timeout);
  }

  /** {@return the default model; an image with its own model ignores it} */
  private static Optional<String> usualArtifact(String id) {
    return switch (id) {
      case "local" -> Optional.of("java:" + EchoModel.class.getName());
      case "sagemaker", "vertex", "azureml" ->
        Optional.of("hf://distilbert/distilbert-base-uncased-finetuned-sst-2-english");
      default -> Optional.empty();
    };
  }

  private static String usualPayload(String id) {
    return id.equals("vertex") ? "{\"instances\":[\"hello\"]}" : "{\"inputs\":\"hello\"}";
  }

  private static ModelArtifact artifact(String location) {
    return location.matches("[a-zA-Z][a-zA-Z0-9+.-]+:.*")
        ? ModelArtifact.of(URI.create(location))
        : ModelArtifact.of(Path.of(location));
  }

  private static Integer positive(String text) {
    int number = Integer.parseInt(text);
    if (number < 1) {
      throw new IllegalArgumentException(text);
    }
    return number;
  }

  /** {@return a unique name that is valid on every platform} */
  private static String newName() {
    int number = new SecureRandom().nextInt(Integer.MAX_VALUE);
    return "lifecycle-" + Integer.toString(number, Character.MAX_RADIX);
  }
}
