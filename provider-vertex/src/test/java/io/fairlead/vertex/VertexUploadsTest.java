package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.gax.retrying.RetrySettings;
import com.google.cloud.NoCredentials;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.standin.StandIn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Models that are on this machine and are uploaded to Cloud Storage. */
class VertexUploadsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);

  @TempDir
  private Path folder;

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @BeforeEach
  void write() throws IOException {
    Files.createDirectories(folder.resolve("model/sub"));
    Files.write(folder.resolve("model/weights.bin"), new byte[] {1, 2, 3});
    Files.writeString(folder.resolve("model/sub/config.json"), "{}");
    Files.writeString(folder.resolve("handler.py"), "print()");
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  @Test
  void aFolderIsUploadedFileByFileAndItsDirectoryIsTheModels() {
    deploy(platform, model());

    String directory = uploaded();
    assertThat(directory)
        .matches("gs://" + gcp.config().artifactBucket() + "/fairlead/[0-9a-f]{64}/");
    assertThat(objects())
        .containsExactlyInAnyOrder(directory + "weights.bin", directory + "sub/config.json");
    String key = directory.replace("gs://" + gcp.config().artifactBucket() + "/", "");
    assertThat(gcp.project().object(gcp.config().artifactBucket(), key + "weights.bin"))
        .containsExactly(1, 2, 3);
  }

  @Test
  void aSingleFileIsOneObject() {
    deploy(platform, container(ModelArtifact.of(folder.resolve("handler.py"))));

    assertThat(objects()).containsExactly(uploaded() + "handler.py");
  }

  @Test
  void codeInAnotherPlaceComesIntoTheSameDirectory() {
    deploy(
        platform,
        container(ModelArtifact.of(
            folder.resolve("handler.py").toUri(), folder.resolve("model").toUri())));

    assertThat(objects())
        .containsExactlyInAnyOrder(
            uploaded() + "weights.bin", uploaded() + "sub/config.json", uploaded() + "handler.py");
  }

  @Test
  void twoFilesOfOneNameAreRefused() throws IOException {
    Files.writeString(folder.resolve("model/handler.py"), "print(2)");

    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> deploy(
            platform,
            container(ModelArtifact.of(
                folder.resolve("handler.py").toUri(), folder.resolve("model").toUri()))));

    assertThat(refusal.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(refusal).hasMessageContaining("both have a file handler.py");
  }

  @Test
  void whatIsThereIsNotUploadedAgain() {
    deploy(platform, model());
    gcp.project().forgetCalls();

    deploy(platform, model());

    assertThat(gcp.project().calls()).doesNotContain("storage.objects.insert");
  }

  @Test
  void whatIsMissingIsAddedAndNothingElseIsSent() {
    VertexPlatform dying = gcp.open(
        gcp.config().withStorage(storage(Faults.at("vertex", 3, Fault.KILLED_BEFORE))),
        Faults.none());
    assertThat(catchThrowable(() -> deploy(dying, model()))).isNotNull();
    assertThat(objects()).hasSize(1);
    gcp.project().forgetCalls();

    deploy(platform, model());

    assertThat(objects()).hasSize(2);
    assertThat(gcp.project().calls())
        .filteredOn("storage.objects.insert"::equals)
        .hasSizeBetween(1, 2);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"CUT_BEFORE", "CUT_AFTER", "KILLED_BEFORE", "KILLED_AFTER"})
  void anUploadThatIsBrokenAtAnyCallIsFinishedByDeployingAgainAndUndeployLeavesNothing(
      Fault fault) {
    Faults counting = Faults.none();
    try (Gcp fresh = new Gcp(new VirtualTime()).fast();
        VertexPlatform counted =
            fresh.open(fresh.config().withStorage(storage(counting)), Faults.none())) {
      deploy(counted, model());
      counted.undeployAll("bert").await(LIMIT);
    }

    Faults.atEach(counting.calls().size(), number -> {
      try (Gcp fresh = new Gcp(new VirtualTime()).fast()) {
        Storage broken = storage(Faults.at("vertex", number, fault));
        try (VertexPlatform first = fresh.open(fresh.config().withStorage(broken), Faults.none())) {
          deploy(first, model());
          first.undeployAll("bert").await(LIMIT);
        } catch (ServingException | ProcessKilled e) {
          assertThat(e).hasMessageNotContaining("null");
        }
        try (VertexPlatform again = fresh.open()) {
          deploy(again, model());
          again.undeployAll("bert").await(LIMIT);
          assertThat(again.inventory()).isEmpty();
        }
        assertThat(fresh.remains()).isEmpty();
      }
    });
  }

  @Test
  void anUploadThatNothingUsesIsSwept() {
    platform
        .packageModel(model().artifact(), model().runtime(), Dependencies.NONE)
        .await(LIMIT);

    platform.sweep(Duration.ZERO).await(LIMIT);

    assertThat(gcp.remains()).isEmpty();
  }

  @Test
  void withoutABucketFilesAreRefusedBeforeAnyCall() {
    try (VertexPlatform without = gcp.open(gcp.config().withArtifactBucket(""), Faults.none())) {
      assertThat(catchThrowable(() -> deploy(without, model())))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("artifact.weights must be in Cloud Storage, unless")
          .hasMessageContaining("name a bucket");
    }
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void aBucketThatIsNotThereIsToldAtOnce() {
    try (VertexPlatform other =
        gcp.open(gcp.config().withArtifactBucket("no-such-bucket"), Faults.none())) {
      ServingException failure =
          catchThrowableOfType(ServingException.class, () -> deploy(other, model()));

      assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(failure).hasMessageContaining("Make the bucket no-such-bucket first");
    }
  }

  @Test
  void whatIsNotThereIsToldWithItsPath() {
    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> deploy(platform, container(ModelArtifact.of(folder.resolve("nothing")))));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("nothing are not there");
  }

  // ---- words ----

  private Container model() {
    return container(ModelArtifact.of(folder.resolve("model")));
  }

  private static Container container(ModelArtifact artifact) {
    return new Container(artifact, RuntimeSpec.of(Gcp.IMAGE), Dependencies.NONE);
  }

  private static Endpoint deploy(VertexPlatform on, Container container) {
    return on.deploy(container, ONE, BLUE).await(LIMIT);
  }

  private Storage storage(Faults faults) {
    return StorageOptions.newBuilder()
        .setProjectId("some-project")
        .setHost(StandIn.storage().toString())
        .setCredentials(NoCredentials.getInstance())
        .setRetrySettings(RetrySettings.newBuilder().setMaxAttempts(1).build())
        .setTransportOptions(HttpTransportOptions.newBuilder()
            .setHttpTransportFactory(() -> new BrokenTransport(faults))
            .build())
        .build()
        .getService();
  }

  private String uploaded() {
    List<UploadModelRequest> uploads =
        gcp.project().requests("UploadModel", UploadModelRequest.class);
    return uploads.get(uploads.size() - 1).getModel().getArtifactUri();
  }

  private Set<String> objects() {
    return Set.copyOf(
        gcp.remains().stream().filter(name -> name.startsWith("gs://")).toList());
  }
}
