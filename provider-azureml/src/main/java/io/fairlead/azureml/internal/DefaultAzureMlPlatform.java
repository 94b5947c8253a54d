package io.fairlead.azureml.internal;

import io.fairlead.azureml.AzureMlConfig;
import io.fairlead.azureml.AzureMlPlatform;
import io.fairlead.azureml.AzureMlProvider;
import io.fairlead.azureml.internal.scoring.ScoringInvoker;
import io.fairlead.azureml.internal.storage.BlobStore;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Problems;
import io.fairlead.language.OpenAiAccess;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.provider.TimeSource;
import io.fairlead.reconcile.ForwardingEndpointPlatform;
import io.fairlead.reconcile.Polling;
import io.fairlead.reconcile.ReconciledEndpointPlatform;
import io.fairlead.reconcile.Reconciler;
import io.fairlead.spi.Reachable;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** An endpoint platform that says which credentials it has, and whether Azure knows its workspace. */
public final class DefaultAzureMlPlatform extends ForwardingEndpointPlatform
    implements AzureMlPlatform, Reachable {
  /** Azure itself says when to ask again, mostly: this is how often the objects themselves are looked at. */
  static final Polling POLLING = new Polling(Duration.ofSeconds(1), Duration.ofSeconds(15), 0.05);

  /** A deployment takes 20 minutes with the build of its environment, and may take more. */
  private static final Duration LIMIT = Duration.ofMinutes(90);

  private final Reachable reachable;
  private final ScoringInvoker invoker;

  private DefaultAzureMlPlatform(
      EndpointPlatform platform, Reachable reachable, ScoringInvoker invoker) {
    super(platform);
    this.reachable = reachable;
    this.invoker = invoker;
  }

  /** Opens the platform, with the clock and the source of jitter that tests replace. */
  public static AzureMlPlatform open(
      AzureMlConfig config, TimeSource time, RandomGenerator random) {
    AzureMlClients clients = new AzureMlClients(config);
    BlobStore uploads =
        new BlobStore(clients::container, clients::http, config.callTimeout(), time);
    AzureMlKinds kinds = AzureMlKinds.of(config, clients.workspace(), uploads);
    Reconciler reconciler = Reconciler.builder(AzureMlProvider.ID, kinds.all())
        .traffic(kinds.traffic())
        .time(time)
        .polling(POLLING)
        .limit(LIMIT)
        .random(random)
        .build();
    ScoringInvoker invoker = new ScoringInvoker(
        config.scoringClient().orElseGet(ScoringInvoker::sharedClient),
        clients.scoring(),
        time,
        random);
    EndpointPlatform platform = new ReconciledEndpointPlatform(
        reconciler, new AzureMlMapper(config, Uploads::of), invoker, () -> close(invoker, clients));
    return new DefaultAzureMlPlatform(platform, new AzureMlReach(config, clients), invoker);
  }

  private static void close(ScoringInvoker invoker, AzureMlClients clients) {
    try (clients) {
      invoker.close();
    }
  }

  @Override
  public OpenAiAccess openAi(Endpoint endpoint) {
    Optional<String> name = HubModel.servedName(endpoint.container());
    Problems.in("Endpoint")
        .check(
            name.isPresent(),
            "container.artifact.weights",
            "must be hf://ORG/NAME, which is the model's name in requests: give that as openAi(endpoint, model)",
            endpoint.artifact().weights())
        .throwIfAny();
    return openAi(endpoint, name.orElseThrow());
  }

  @Override
  public OpenAiAccess openAi(Endpoint endpoint, String model) {
    return invoker.openAi(endpoint, model);
  }

  @Override
  public Optional<String> credentials(Duration limit) {
    return reachable.credentials(limit);
  }

  @Override
  public Optional<String> reach(Duration limit) {
    return reachable.reach(limit);
  }
}
