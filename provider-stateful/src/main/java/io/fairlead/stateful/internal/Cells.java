package io.fairlead.stateful.internal;

import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.stateful.CacheEvent;
import io.fairlead.stateful.StatefulModel;
import io.fairlead.stateful.internal.features.CellKeys;
import io.fairlead.stateful.internal.features.LinearCells;
import io.fairlead.stateful.internal.features.ModelFile;
import io.fairlead.stateful.internal.features.NoCellsException;
import io.fairlead.stateful.internal.features.SelfCheck;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Finds the cells of a version that its model cannot tell apart, and has the model itself confirm them. */
final class Cells {
  private final String container;
  private final Host host;
  private final Events events;

  Cells(String container, Host host, Events events) {
    this.container = container;
    this.host = host;
    this.events = events;
  }

  /**
   * Lets a version use cells, if they are certain; else it uses exact keys, and why is told.
   *
   * @param checkStop throws if there is no more time for it, or no more use
   */
  void find(Version version, Runnable checkStop) {
    ModelArtifact artifact = version.served().artifact();
    Optional<byte[]> file = ModelFile.read(artifact);
    if (file.isEmpty()) {
      tell("exact keys are used: the model is not one ONNX file on this machine");
      return;
    }
    Optional<Double> linearError =
        artifact.metadata().options().find(StatefulModel.class).flatMap(StatefulModel::linearError);
    try {
      if (linearError.isPresent()) {
        version.use(LinearCells.read(file.get(), linearError.get()));
        tell("cells of the linear model are used, within " + linearError.get()
            + " of its raw score");
      } else {
        check(version, CellKeys.read(file.get()), checkStop);
      }
    } catch (NoCellsException e) {
      tell("exact keys are used: " + e.getMessage());
    }
  }

  private void check(Version version, CellKeys cells, Runnable checkStop) {
    @Nullable String variant = version.variant();
    SelfCheck.Outcome outcome = SelfCheck.of(
        cells,
        request -> {
          checkStop.run();
          return host.invoke(version.served(), pinned(request, variant));
        },
        new Random());
    checkStop.run();
    outcome.cells().ifPresent(version::use);
    tell(asRemark(outcome.sentence()));
  }

  private static Request pinned(Request request, @Nullable String variant) {
    return variant == null ? request : request.pinnedTo(variant);
  }

  /** {@return a sentence in the form of the others, which follow the container's name} */
  private static String asRemark(String sentence) {
    return Character.toLowerCase(sentence.charAt(0))
        + sentence.substring(1, sentence.length() - (sentence.endsWith(".") ? 1 : 0));
  }

  private void tell(String message) {
    events.tell(container, CacheEvent.Kind.KEYS, message, Map.of());
  }
}
