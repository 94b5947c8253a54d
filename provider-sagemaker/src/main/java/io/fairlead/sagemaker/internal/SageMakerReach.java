package io.fairlead.sagemaker.internal;

import io.fairlead.provider.Durations;
import io.fairlead.sagemaker.SageMakerConfig;
import io.fairlead.spi.Reachable;
import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/** Which credentials calls are made with, and whether SageMaker answers them. */
final class SageMakerReach implements Reachable {
  private static final int SHOWN = 4;

  private final SageMakerConfig config;
  private final SageMakerClients clients;
  private final SageMakerErrors errors;

  SageMakerReach(SageMakerConfig config, SageMakerClients clients, SageMakerErrors errors) {
    this.config = config;
    this.clients = clients;
    this.errors = errors;
  }

  /** A key's id is no secret, but enough of one to be told from others is. */
  @Override
  public Optional<String> credentials(Duration limit) {
    if (config.clients().controlPlane().isPresent()) {
      return Optional.of(config.identity());
    }
    AwsCredentials found = errors.call(
        "Load the AWS credentials",
        () -> clients.resolveCredentials(Durations.atMost(config.callTimeout(), limit)));
    String id = found.accessKeyId();
    String key = id == null
        ? "without a key: calls are anonymous"
        : "access key ..." + id.substring(Math.max(0, id.length() - SHOWN));
    return Optional.of(config.identity() + ": " + key
        + found.accountId().map(account -> " of account " + account).orElse(""));
  }

  @Override
  public Optional<String> reach(Duration limit) {
    Duration timeout = Durations.atMost(config.callTimeout(), limit);
    errors.call(
        "List endpoints",
        () -> clients
            .controlPlane()
            .listEndpoints(request -> request
                .maxResults(1)
                .overrideConfiguration(override -> override.apiCallTimeout(timeout))));
    return Optional.of("Amazon SageMaker in " + config.region()
        + config.endpoint().map(at -> " at " + at.getAuthority()).orElse(""));
  }
}
