package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.spi.Reachable;
import java.time.Duration;
import java.util.Optional;

/** Which credentials calls are made with, and whether Azure knows the workspace. */
final class AzureMlReach implements Reachable {
  private final AzureMlConfig config;
  private final AzureMlClients clients;

  AzureMlReach(AzureMlConfig config, AzureMlClients clients) {
    this.config = config;
    this.clients = clients;
  }

  @Override
  public Optional<String> credentials(Duration limit) {
    clients.requireToken();
    return Optional.of(AzureMlClients.identity(config));
  }

  @Override
  public Optional<String> reach(Duration limit) {
    String location =
        clients.workspace().properties().text("location").map(at -> " in " + at).orElse("");
    return Optional.of("workspace " + config.workspace() + location);
  }
}
