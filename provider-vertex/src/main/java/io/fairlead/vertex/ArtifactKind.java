package io.fairlead.vertex;

import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Mark;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.Started;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** TEMPORARY. */
final class ArtifactKind implements ResourceKind<ArtifactKind.Artifact> {
  static final String NAME = "artifact";

  record Artifact(String key) {}

  ArtifactKind(VertexConfig config, VertexClients clients, VertexErrors errors) {}

  static Optional<String> keyOf(String uri) {
    return Optional.empty();
  }

  Artifact local(Path weights, Optional<Path> code) {
    return new Artifact(weights.toString());
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Observed<Artifact> read(String name) {
    return Observed.absent();
  }

  @Override
  public Started create(String name, Artifact desired, Mark mark) {
    return Started.ACCEPTED;
  }

  @Override
  public Started update(String name, Observed<Artifact> current, Artifact desired) {
    return Started.ACCEPTED;
  }

  @Override
  public Started delete(String name, Observed<Artifact> current) {
    return Started.ACCEPTED;
  }

  @Override
  public List<Listed> list() {
    return List.of();
  }
}
