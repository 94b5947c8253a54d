package io.fairlead.grammar;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** One value of each kind of the grammar, with every field set. */
public final class SampleValues {
  private SampleValues() {}

  /** An option of a platform that only these tests know. */
  public record SampleOption(String text)
      implements ArtifactOptions,
          RuntimeOptions,
          DependencyOptions,
          ScalingOptions,
          RoutingOptions,
          RequestOptions {
    @Override
    public String platform() {
      return "sample";
    }
  }

  /** Another, of a platform whose id comes first in the alphabet. */
  public record EarlierOption(int number)
      implements ArtifactOptions,
          RuntimeOptions,
          DependencyOptions,
          ScalingOptions,
          RoutingOptions,
          RequestOptions {
    @Override
    public String platform() {
      return "earlier";
    }
  }

  private record NotPublic(String text) {}

  /** A record that no other package may touch without asking. */
  public static final Record NOT_PUBLIC = new NotPublic("private");

  private static final SampleOption RED = new SampleOption("red");

  private static final EarlierOption SEVEN = new EarlierOption(7);

  public static final ModelMetadata METADATA = new ModelMetadata(
      Optional.of("bert"),
      Optional.of("huggingface"),
      Optional.of("4.37"),
      Optional.of(ModelTask.EMBEDDING),
      Map.of("team", "search", "stage", "trial"),
      Options.of(RED, SEVEN));

  public static final ModelArtifact ARTIFACT = new ModelArtifact(
      URI.create("s3://models/bert/code.tar.gz"), URI.create("s3://models/bert/weights"), METADATA);

  public static final RuntimeSpec RUNTIME =
      new RuntimeSpec(Optional.of("registry.example/bert:1"), Options.of(RED, SEVEN));

  public static final Dependencies DEPENDENCIES = Dependencies.environment(
          Map.of("MODEL_ID", "bert", "API_TOKEN", "hunter2"))
      .withPackages("numpy==2.1", "tokenizers")
      .with(new SampleOption("blue"));

  public static final Container CONTAINER = new Container(ARTIFACT, RUNTIME, DEPENDENCIES);

  public static final Scaling SCALING =
      new Scaling(Optional.of("ml.g5.xlarge"), 2, 1, 4, Options.of(RED, SEVEN));

  public static final Routing ROUTING = new Routing("bert", "blue", Options.of(RED, SEVEN));

  public static final Endpoint ENDPOINT = new Endpoint(CONTAINER, SCALING, ROUTING);

  public static final Version VERSION = ENDPOINT.at(10);

  public static final FunctionLimits LIMITS = new FunctionLimits(
      Optional.of(2L << 30), Duration.ofSeconds(90), ColdStart.EAGER, 1000, Duration.ofMinutes(10));

  public static final ModelFunction FUNCTION = new ModelFunction(ARTIFACT, LIMITS);

  public static final ModelState STATE = new ModelState(
      new ModelState.Cache("snapshot-7", 3),
      new ModelState.WarmWeights("0123456789abcdef".repeat(4)),
      new ModelState.DynamicConfig(true, false));

  public static final StatefulContainer STATEFUL = new StatefulContainer(ARTIFACT, STATE, RUNTIME);

  public static final StatePolicy POLICY = new StatePolicy(
      new CachingPolicy(
          CachingPolicy.Strategy.PREDICTIVE, 4L << 30, CachingPolicy.Eviction.FEATURE_BASED_LRU),
      new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), true),
      new ModelState.DynamicConfig(true, false));

  public static final StateManager STATE_MANAGER = new StateManager(STATEFUL, POLICY);
}
