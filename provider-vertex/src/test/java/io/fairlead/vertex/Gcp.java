package io.fairlead.vertex;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.vertex.internal.DefaultVertexPlatform;
import io.fairlead.vertex.standin.Project;
import io.fairlead.vertex.standin.StandIn;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** A project of its own at the stand-in of Google Cloud, and platforms that serve there. */
public final class Gcp implements AutoCloseable {
  public static final String IMAGE = "us-docker.pkg.dev/some-project/images/server:1";

  private static final AtomicInteger PROJECTS = new AtomicInteger();

  private final VirtualTime time;
  private final Project project;
  private final String bucket;

  public Gcp(VirtualTime time) {
    int number = PROJECTS.incrementAndGet();
    this.time = time;
    this.bucket = "artifacts-" + number;
    this.project = StandIn.project("some-project-" + number, time);
    project.addBucket(bucket);
  }

  public Project project() {
    return project;
  }

  public VirtualTime time() {
    return time;
  }

  /** {@return what is there} */
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
      project.duration(method, Duration.ofMillis(700));
    }
    project.heldAfterUndeploy(Duration.ofSeconds(2));
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

  public VertexPlatform open(Faults faults) {
    return open(config(), faults);
  }

  public VertexPlatform open(VertexConfig config, Faults faults) {
    return DefaultVertexPlatform.open(
        config.withTransport(StandIn.transport(faults)),
        time,
        new Random(1),
        Optional.of(StandIn.logEntries()));
  }

  @Override
  public void close() {
    project.close();
  }
}
