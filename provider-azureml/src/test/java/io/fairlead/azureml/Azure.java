package io.fairlead.azureml;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import io.fairlead.azureml.internal.DefaultAzureMlPlatform;
import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.EndpointPlatformContract.Streams;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.VirtualTime;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** A workspace of its own at the stand-in of Azure, and platforms that serve there without a wire, unless it is asked for. */
public final class Azure implements Place {
  public static final String IMAGE = "example.azurecr.io/server:1";

  /** A credential that gives one token, which does not expire. */
  public static final TokenCredential CREDENTIAL = request -> Mono.just(
      new AccessToken("token", OffsetDateTime.of(9999, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC)));

  private final VirtualTime time;
  private final Workspace workspace;

  public Azure(VirtualTime time) {
    this(time, StandIn.workspace(time));
  }

  private Azure(VirtualTime time, Workspace workspace) {
    this.time = time;
    this.workspace = workspace;
  }

  /**
   * Lets every change take several looks, and no more of them than it takes to break each once.
   *
   * <p>A deployment is looked at in its first half, after which what it needs may go, in its second, and at its end; all
   * else while it is under way, and at its end.
   */
  public Azure fast() {
    for (String change : List.of("PUT deployments", "PATCH deployments")) {
      workspace.duration(change, Duration.ofSeconds(30));
    }
    for (String change : List.of(
        "PUT onlineEndpoints",
        "PATCH onlineEndpoints",
        "DELETE onlineEndpoints",
        "DELETE deployments")) {
      workspace.duration(change, Duration.ofSeconds(20));
    }
    return this;
  }

  /** {@return another workspace in which all is as it is here now} */
  public Azure twin() {
    VirtualTime then = new VirtualTime();
    return new Azure(then, workspace.copy(then));
  }

  @Override
  public Optional<Place> copy() {
    return Optional.of(twin());
  }

  @Override
  public void pass(Duration some) {
    time.pass(some);
  }

  @Override
  public Optional<Streams> streams() {
    return Optional.of(new InPieces(this));
  }

  public Workspace workspace() {
    return workspace;
  }

  public VirtualTime time() {
    return time;
  }

  @Override
  public Set<String> remains() {
    return workspace.remains();
  }

  public AzureMlConfig config() {
    return AzureMlConfig.of(workspace.subscription(), workspace.resourceGroup(), workspace.name())
        .withEndpoint(StandIn.endpoint())
        .withStorageEndpoint(StandIn.endpoint())
        .withCredential(CREDENTIAL);
  }

  public AzureMlPlatform open() {
    return open(Faults.none());
  }

  /** {@return a platform with the clients that it makes itself, to the port of the stand-in} */
  public AzureMlPlatform openOverWire() {
    return DefaultAzureMlPlatform.open(config(), time, new Random(1));
  }

  @Override
  public AzureMlPlatform open(Faults faults) {
    return open(config(), faults);
  }

  public AzureMlPlatform open(AzureMlConfig config, Faults faults) {
    return DefaultAzureMlPlatform.open(
        config
            .withHttpClient(workspace.client(faults))
            .withScoringClient(workspace.scoringClient()),
        time,
        new Random(1));
  }

  @Override
  public void close() {
    workspace.close();
  }

  private record InPieces(Azure azure) implements Streams {
    @Override
    public void answerWith(List<String> pieces) {
      azure
          .workspace()
          .streamInPieces(pieces.stream().map(piece -> piece.getBytes(UTF_8)).toList());
    }

    @Override
    public void breakNext() {
      azure.workspace().breakNextStream();
    }

    @Override
    public Held holdNext() {
      return azure.workspace().holdNextStream();
    }

    @Override
    public int asked() {
      return azure.workspace().invocations().size();
    }

    @Override
    public Optional<Consumer<Duration>> clock() {
      return Optional.of(azure.time()::pass);
    }
  }
}
