package io.fairlead.vertex.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexPlatform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A new variant for each release: an endpoint has 64 labels, and what is known of each variant takes up to five. */
@Timeout(180)
class ManyVariantsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final int RELEASES = 20;
  private static final int USERS_LABELS = 23;
  /** The last of the variants that there is room for: one that was removed has two labels, the others have three. */
  private static final int FULL = 12;

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @TempDir
  private Path folder;

  /** The release that all requests go to meanwhile. */
  @BeforeEach
  void deployOne() {
    deploy(platform, 0);
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  @Test
  void aTeamNamesAVariantAfterEachRelease() {
    deploy(platform, 1);
    int resources = gcp.remains().size();
    releases(2);

    assertThat(gcp.remains()).hasSize(resources);
    assertThat(labels()).hasSizeLessThanOrEqualTo(64).containsKey(variantKey(RELEASES));
    assertThat(platform
            .preview(p -> p.deploy(container(RELEASES), ONE, routing(RELEASES)))
            .isEmpty())
        .isTrue();

    platform.undeployAll("bert").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void severalVariantsAreKeptBesideEachOther() {
    deploy(platform, 1);
    deploy(platform, 2);
    deploy(platform, 3);
    releases(4);

    assertThat(labels()).containsKeys(variantKey(0), variantKey(1), variantKey(2));
    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void theSameModelUnderAnotherNameEachTimeRunsOutOfNothing() {
    for (int release = 1; release <= RELEASES; release++) {
      platform.deploy(container(1), ONE, routing(release)).await(LIMIT);
      if (release > 1) {
        platform.undeploy(new Endpoint(container(1), ONE, routing(release - 1))).await(LIMIT);
      }
    }

    platform.undeployAll("bert").await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void aRemovalThatWasInterruptedIsFoundAfterAsManyVariantsAsThereIsRoomFor() {
    Set<String> left = withNew(() -> deploy(platform, 1));
    deploy(platform, 2);
    kill("UndeployModel", on -> undeploy(on, 1));
    deployTo(FULL);
    assertThat(gcp.remains()).containsAll(left);

    undeploy(platform, 1);

    assertThat(gcp.remains()).doesNotContainAnyElementsOf(left);
  }

  @Test
  void whatItLeftInTheBucketIsFoundToo() {
    Set<String> left = withNew(() -> deploy(platform, 1));
    left.removeIf(name -> !name.startsWith("gs://"));
    deploy(platform, 2);
    kill("DeleteModel", on -> undeploy(on, 1));
    deployTo(FULL);
    assertThat(gcp.remains()).containsAll(left);

    undeploy(platform, 1);

    assertThat(left).isNotEmpty();
    assertThat(gcp.remains()).doesNotContainAnyElementsOf(left);
  }

  @Test
  void whereThereIsNoRoomItIsAnOrphan() {
    Set<String> left = withNew(() -> deploy(platform, 1));
    deploy(platform, 2);
    kill("UndeployModel", on -> undeploy(on, 1));

    deployTo(FULL + 1);

    assertThat(gcp.remains()).containsAll(left);
    gcp.pass(Duration.ofDays(2));
    platform.sweep(Duration.ofDays(1)).await(LIMIT);
    assertThat(gcp.remains()).doesNotContainAnyElementsOf(left);
  }

  @Test
  void aDeploymentThatIsOnItsWayKeepsItsLabels() {
    kill("UpdateEndpoint", on -> deploy(on, 1));
    assertThat(labels()).containsKey(variantKey(1));

    deployTo(FULL);

    assertThat(labels()).containsKey(variantKey(1));
    undeploy(platform, 1);
    platform.undeployAll("bert").await(LIMIT);
    assertThat(gcp.remains()).isEmpty();
  }

  // ---- words ----

  /** {@return what a change adds, apart from the deployed model} */
  private Set<String> withNew(Runnable change) {
    Set<String> before = Set.copyOf(gcp.remains());
    change.run();
    Set<String> added = new HashSet<>(gcp.remains());
    added.removeAll(before);
    added.removeIf(name -> name.startsWith("deployed-model/"));
    assertThat(added).hasSizeGreaterThan(1);
    return added;
  }

  /** Deploys release after release, and undeploys each when the next is there. */
  private void releases(int first) {
    for (int release = first; release <= RELEASES; release++) {
      deploy(platform, release);
      undeploy(platform, release - 1);
    }
  }

  /** Deploys release after release, from the third, and undeploys none. */
  private void deployTo(int last) {
    for (int release = 3; release <= last; release++) {
      deploy(platform, release);
    }
  }

  /** A process that dies when its first call of this method has been accepted. */
  private void kill(String method, Consumer<VertexPlatform> operation) {
    Faults counting = Faults.none();
    try (Gcp trial = gcp.twin().fast();
        VertexPlatform counted = trial.open(counting)) {
      operation.accept(counted);
    }
    List<String> calls = counting.calls();
    int number = 1;
    while (!calls.get(number - 1).startsWith(method)) {
      number++;
    }
    try (VertexPlatform dying = gcp.open(Faults.at("vertex", number, Fault.KILLED_AFTER))) {
      assertThat(catchThrowable(() -> operation.accept(dying))).isInstanceOf(ProcessKilled.class);
    }
  }

  private Map<String, String> labels() {
    return gcp.project().endpoint("bert").getLabelsMap();
  }

  private static String variantKey(int release) {
    return VariantLabels.variantKey(VertexNames.deployedModelId("bert/v" + release));
  }

  private static Routing routing(int release) {
    return new Routing("bert", "v" + release);
  }

  private Container container(int release) {
    Path file = folder.resolve("v" + release).resolve("model.bin");
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, "weights of release " + release, UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    Map<String, String> labels = new HashMap<>();
    for (int number = 1; number <= USERS_LABELS; number++) {
      labels.put("label-" + number, "value");
    }
    return new Container(
        ModelArtifact.of(file.getParent()).withMetadata(ModelMetadata.NONE.withLabels(labels)),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.NONE);
  }

  private void deploy(VertexPlatform on, int release) {
    on.deploy(container(release), ONE, routing(release)).await(LIMIT);
  }

  private void undeploy(VertexPlatform on, int release) {
    on.undeploy(new Endpoint(container(release), ONE, routing(release))).await(LIMIT);
  }
}
