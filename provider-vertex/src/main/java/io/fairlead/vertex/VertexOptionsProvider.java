package io.fairlead.vertex;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.Set;

/** Lets values that carry Vertex AI's options be read from JSON. */
public final class VertexOptionsProvider implements OptionsProvider {
  static final String PLATFORM = "vertex";

  public VertexOptionsProvider() {}

  @Override
  public String platform() {
    return PLATFORM;
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
