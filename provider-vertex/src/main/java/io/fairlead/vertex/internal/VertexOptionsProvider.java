package io.fairlead.vertex.internal;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexAutoscaling;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexEndpoint;
import io.fairlead.vertex.VertexLogging;
import io.fairlead.vertex.VertexMonitoring;
import io.fairlead.vertex.VertexPool;
import io.fairlead.vertex.VertexProvider;
import io.fairlead.vertex.VertexRuntime;
import io.fairlead.vertex.VertexScaling;
import io.fairlead.vertex.VertexVersion;
import java.util.Set;

/** The option types of Vertex AI, with which values that have them are read from JSON. */
public final class VertexOptionsProvider implements OptionsProvider {
  public VertexOptionsProvider() {}

  @Override
  public String platform() {
    return VertexProvider.ID;
  }

  @Override
  public Set<Class<? extends PlatformOptions>> types() {
    return Set.of(
        VertexArtifact.class,
        VertexVersion.class,
        VertexRuntime.class,
        VertexContainer.class,
        VertexScaling.class,
        VertexAutoscaling.class,
        VertexPool.class,
        VertexEndpoint.class,
        VertexLogging.class,
        VertexMonitoring.class);
  }
}
