package io.fairlead.stateful.internal;

import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.json.GrammarJson;
import io.fairlead.operation.Operation;
import io.fairlead.platform.FunctionPlatform;
import io.fairlead.reconcile.CompositeOperations.Steps;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A function platform that is wrapped: a new model version replaces the old one in place, by the function's own update.
 */
final class FunctionHost extends PlatformHost<ModelFunction, FunctionPlatform> {
  /** The label of functions that were deployed here, so that another process knows them, and their version. */
  private static final String LABEL = "fairlead-stateful";

  private static final int LABEL_DIGITS = 12;

  private final FunctionLimits limits;

  /**
   * Wraps a platform.
   *
   * @param owned whether it is closed with this one
   */
  FunctionHost(FunctionPlatform platform, FunctionLimits limits, boolean owned) {
    super(platform, ModelFunction.class, owned);
    this.limits = limits;
  }

  @Override
  public boolean hasVariants() {
    return false;
  }

  @Override
  public List<Serving> look(String name, List<Serving> known, Duration limit) {
    return platform
        .describe(name, limit)
        .flatMap(described -> described
            .value()
            .map(function -> new Serving(
                null,
                TrafficWeight.ALL.percent(),
                described.deployment().state(),
                Fingerprints.of(function.artifact(), GrammarJson.write(function.artifact())),
                function)))
        .map(List::of)
        .orElse(List.of());
  }

  @Override
  public void checkMayDeploy() {
    // A function's limits have defaults.
  }

  @Override
  public Served deploy(Steps steps, ModelArtifact artifact, String digest) {
    Map<String, String> labels = new HashMap<>(artifact.metadata().labels());
    labels.put(LABEL, digest.substring(0, LABEL_DIGITS));
    ModelArtifact labelled = artifact.withMetadata(artifact.metadata().withLabels(labels));
    return steps.await(() -> platform.deploy(labelled, limits));
  }

  @Override
  public @Nullable String variantOf(String digest) {
    return null;
  }

  @Override
  public boolean isOurs(Serving serving) {
    return serving.served().artifact().metadata().labels().containsKey(LABEL);
  }

  @Override
  public boolean isVersion(Serving serving, String digest) {
    return digest
        .substring(0, LABEL_DIGITS)
        .equals(serving.served().artifact().metadata().labels().get(LABEL));
  }

  @Override
  public void promote(Steps steps, Served newer, Served older) {
    // The update in place has done it.
  }

  @Override
  public Operation<?> demoting(Served newer, Served older) {
    return undoing(newer, older);
  }

  @Override
  public void retire(Steps steps, Served older) {
    // The update in place has done it.
  }

  @Override
  public Operation<?> undoing(Served newer, @Nullable Served older) {
    return older instanceof ModelFunction before
        ? platform.deploy(before.artifact(), before.limits())
        : platform.undeploy(own(newer));
  }
}
