package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlContainer.Server;
import io.fairlead.azureml.internal.arm.Document;
import io.fairlead.reconcile.KindName;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A version of an environment in the workspace: an image, and what conda and pip install on top of it.
 *
 * @param image the reference of the image
 * @param condaFile what is installed, as YAML; empty for nothing
 * @param server where the server in the container listens, if it is not Azure ML's own
 * @param tags the tags of the user
 */
record EnvironmentSpec(
    String image, String condaFile, Optional<Server> server, SortedMap<String, String> tags)
    implements AssetSpec {
  static final KindName<EnvironmentSpec> KIND =
      new KindName<>("environment", EnvironmentSpec.class);

  EnvironmentSpec {
    tags = new TreeMap<>(tags);
  }

  static EnvironmentSpec of(Document properties) {
    return new EnvironmentSpec(
        properties.text("image").orElse(""),
        properties.text("condaFile").orElse(""),
        properties.inside("inferenceConfig").flatMap(EnvironmentSpec::server),
        AzureMlTags.users(properties.texts("tags")));
  }

  private static Optional<Server> server(Document config) {
    Optional<Integer> port = config.number("scoringRoute", "port");
    Optional<String> scoring = config.text("scoringRoute", "path");
    if (port.isEmpty() || scoring.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Server(
        port.get(),
        scoring.get(),
        config.text("livenessRoute", "path").orElse("/"),
        config.text("readinessRoute", "path").orElse("/")));
  }

  @Override
  public Document properties() {
    Document properties = Document.EMPTY.with(image, "image").with("Linux", "osType");
    if (!condaFile.isEmpty()) {
      properties = properties.with(condaFile, "condaFile");
    }
    return server.isPresent()
        ? properties.with(routes(server.get()), "inferenceConfig")
        : properties;
  }

  private static Document routes(Server server) {
    return Document.EMPTY
        .with(route(server.port(), server.scoringPath()), "scoringRoute")
        .with(route(server.port(), server.livenessPath()), "livenessRoute")
        .with(route(server.port(), server.readinessPath()), "readinessRoute");
  }

  private static Document route(int port, String path) {
    return Document.EMPTY.with(port, "port").with(path, "path");
  }
}
