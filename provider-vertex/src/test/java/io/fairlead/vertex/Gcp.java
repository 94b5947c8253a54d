package io.fairlead.vertex;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.EndpointPlatformContract.Streams;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Held;
import io.fairlead.contract.VirtualTime;
import io.fairlead.vertex.internal.DefaultVertexPlatform;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A project of its own at the stand-in of Google Cloud, and platforms that serve there without a wire, unless it is asked for. */
public final class Gcp implements Place {
  public static final String IMAGE = "us-docker.pkg.dev/some-project/images/server:1";

  private static final AtomicInteger PROJECTS = new AtomicInteger();

  private final VirtualTime time;
  private final Project project;
  private final String bucket;
  private final boolean overWire;

  public Gcp(VirtualTime time) {
    this(time, false);
  }

  private Gcp(VirtualTime time, boolean overWire) {
    this.overWire = overWire;
    int number = PROJECTS.incrementAndGet();
    this.time = time;
    this.bucket = "artifacts-" + number;
    this.project = StandIn.project("some-project-" + number, time);
    project.addBucket(bucket);
  }

  private Gcp(Gcp like) {
    this.time = new VirtualTime();
    this.overWire = false;
    this.bucket = like.bucket;
    this.project = like.project.copy(time);
  }

  /** {@return the same, but calls go over gRPC and HTTP} */
  public static Gcp overWire(VirtualTime time) {
    return new Gcp(time, true);
  }

  /** {@return another project in which all is as it is here now} */
  public Gcp twin() {
    return new Gcp(this);
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
    return Optional.of(new InParts(this));
  }

  public Project project() {
    return project;
  }

  public VirtualTime time() {
    return time;
  }

  /** {@return what is there} */
  @Override
  public Set<String> remains() {
    return project.remains();
  }

  /** Every change takes several looks, and no more of them than it takes to break each once. */
  public Gcp fast() {
    for (String method : new String[] {
      "UploadModel",
      "DeleteModel",
      "DeleteModelVersion",
      "CreateEndpoint",
      "DeleteEndpoint",
      "DeployModel",
      "UndeployModel",
      "MutateDeployedModel",
      "CreateDeploymentResourcePool",
      "UpdateDeploymentResourcePool",
      "DeleteDeploymentResourcePool",
      "DeleteModelDeploymentMonitoringJob",
      "UpdateModelDeploymentMonitoringJob"
    }) {
      project.duration(method, Duration.ofMillis(300));
    }
    project.heldAfterUndeploy(Duration.ofMillis(700));
    return this;
  }

  public VertexConfig config() {
    return config(project.id());
  }

  public VertexConfig config(String idOrNumber) {
    return withoutBucket(idOrNumber).withArtifactBucket(bucket);
  }

  public VertexConfig configWithoutBucket() {
    return withoutBucket(project.id());
  }

  private VertexConfig withoutBucket(String idOrNumber) {
    return VertexConfig.of(idOrNumber, Project.LOCATION)
        .withPlaintextEndpoint(StandIn.endpoint())
        .withStorageEndpoint(StandIn.storage());
  }

  public VertexPlatform open() {
    return open(Faults.none());
  }

  @Override
  public VertexPlatform open(Faults faults) {
    return open(overWire ? config() : config().withStorage(project.storageClient()), faults);
  }

  public VertexPlatform open(VertexConfig config, Faults faults) {
    return DefaultVertexPlatform.open(
        (config.httpClient().isPresent() ? config : config.withHttpClient(project.httpClient()))
            .withTransport(overWire ? StandIn.transport(faults) : project.transport(faults)),
        time,
        new Random(1),
        Optional.of(StandIn.logEntries()));
  }

  @Override
  public void close() {
    project.close();
  }

  private record InParts(Gcp gcp) implements Streams {
    @Override
    public void answerWith(List<String> pieces) {
      gcp.project()
          .streamInParts(pieces.stream().map(piece -> piece.getBytes(UTF_8)).toList());
    }

    @Override
    public void breakNext() {
      gcp.project().breakNextStream(Code.INTERNAL, "worker lost");
    }

    @Override
    public Held holdNext() {
      return gcp.project().holdPrediction();
    }

    @Override
    public int asked() {
      return (int) gcp.project().calls().stream()
          .filter(call -> call.equals("StreamRawPredict") || call.startsWith("Invoke/"))
          .count();
    }

    @Override
    public Optional<Consumer<Duration>> clock() {
      return Optional.of(gcp.time()::pass);
    }
  }
}
