package io.fairlead.vertex.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.LowLevelHttpRequest;
import com.google.api.client.testing.http.MockHttpTransport;
import com.google.api.client.testing.http.MockLowLevelHttpRequest;
import com.google.api.client.testing.http.MockLowLevelHttpResponse;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.cloud.NoCredentials;
import com.google.cloud.aiplatform.v1.UploadModelRequest;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageException;
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
import io.fairlead.operation.Plan;
import io.fairlead.provider.ClientHolder;
import io.fairlead.provider.LocalModel;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.ModelUploadKind;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexConfig;
import io.fairlead.vertex.VertexPlatform;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that are on this machine and are uploaded to Cloud Storage. */
class VertexUploadsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);

  private static final String KEY = "fairlead/" + "0123456789abcdef".repeat(4);

  @TempDir
  private Path folder;

  private final Gcp gcp = Gcp.overWire(new VirtualTime()).fast();
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
        .matches("gs://" + gcp.config().artifactBucket().orElseThrow() + "/fairlead/[0-9a-f]{64}/");
    assertThat(objects())
        .containsExactlyInAnyOrder(directory + "weights.bin", directory + "sub/config.json");
    String key = directory.replace("gs://" + gcp.config().artifactBucket().orElseThrow() + "/", "");
    assertThat(
            gcp.project().object(gcp.config().artifactBucket().orElseThrow(), key + "weights.bin"))
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
    assertThat(refusal).hasMessageContaining("two files handler.py");
  }

  @Test
  void codeThatIsInTheWeightsFolderIsThereAlready() {
    deploy(
        platform,
        container(ModelArtifact.of(
            folder.resolve("model/sub/config.json").toUri(),
            folder.resolve("model").toUri())));

    assertThat(objects())
        .containsExactlyInAnyOrder(uploaded() + "weights.bin", uploaded() + "sub/config.json");
  }

  @Test
  void whatIsHiddenStaysHere() throws IOException {
    Files.writeString(folder.resolve("model/.env"), "PASSWORD=secret");
    Files.createDirectories(folder.resolve("model/.git"));
    Files.writeString(folder.resolve("model/.git/config"), "secret");
    Files.createDirectories(folder.resolve("model/sub/__pycache__"));
    Files.writeString(folder.resolve("model/sub/__pycache__/a.pyc"), "made");

    deploy(platform, model());

    assertThat(objects())
        .containsExactlyInAnyOrder(uploaded() + "weights.bin", uploaded() + "sub/config.json");
  }

  @Test
  void aLinkOutOfTheFolderIsRefusedAndOneInItFollowed() throws IOException {
    Files.createSymbolicLink(folder.resolve("model/again"), Path.of("sub"));
    deploy(platform, model());
    assertThat(objects()).contains(uploaded() + "again/config.json");

    Files.createSymbolicLink(folder.resolve("model/out"), folder.resolve("handler.py"));
    ServingException out =
        catchThrowableOfType(ServingException.class, () -> deploy(platform, model()));
    assertThat(out.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(out).hasMessageContaining("leads out of");

    Files.delete(folder.resolve("model/out"));
    Files.createSymbolicLink(folder.resolve("model/sub/up"), Path.of(".."));
    ServingException circle =
        catchThrowableOfType(ServingException.class, () -> deploy(platform, model()));
    assertThat(circle.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(circle).hasMessageContaining("in which it is itself");
  }

  @Test
  void aFileThatIsReplacedIsAnotherUpload() throws IOException {
    LocalModel before = local(folder.resolve("model"));
    Files.write(folder.resolve("model/weights.bin"), new byte[] {1, 2, 4});

    LocalModel after = local(folder.resolve("model"));

    assertThat(key(after)).isNotEqualTo(key(before));
    assertThat(artifacts(gcp.config()).matches(Artifacts.of(after), Artifacts.of(before)))
        .isFalse();
  }

  @Test
  void whatSomebodyElsePutThereMakesItTheirsAndStays() {
    deploy(platform, model());
    String key = uploaded().replace("gs://" + gcp.config().artifactBucket().orElseThrow() + "/", "")
        + "notes.txt";
    gcp.project().addObject(gcp.config().artifactBucket().orElseThrow(), key, new byte[] {9});

    platform.undeployAll("bert").await(LIMIT);

    assertThat(objects())
        .contains("gs://" + gcp.config().artifactBucket().orElseThrow() + "/" + key);
  }

  @Test
  void anObjectWithOtherBytesIsReplaced() {
    deploy(platform, model());
    String directory = uploaded();
    LocalModel wanted = local(folder.resolve("model"));
    Storage storage = BrokenTransport.storage(Faults.none());
    storage.create(
        BlobInfo.newBuilder(
                gcp.config().artifactBucket().orElseThrow(), key(wanted) + "/weights.bin")
            .setMetadata(Map.of("fairlead-run", "another"))
            .build(),
        new byte[] {7, 7, 7});

    deploy(platform, model());

    assertThat(directory).contains(key(wanted));
    assertThat(gcp.project()
            .object(gcp.config().artifactBucket().orElseThrow(), key(wanted) + "/weights.bin"))
        .containsExactly(1, 2, 3);
  }

  @Test
  void aLargeFileIsSentInPartsAndOneThatGetsNoAnswerIsSentAgain() throws IOException {
    byte[] large = new byte[ArtifactBucket.LARGEST_PART + 5];
    new Random(1).nextBytes(large);
    Path file = Files.write(folder.resolve("large.bin"), large);
    ModelUploadKind artifacts = artifacts(gcp.config());
    LocalModel artifact = local(file);
    gcp.project().failNext("storage.objects.insert", Status.Code.UNAVAILABLE, "not now");

    artifacts.create(key(artifact), Artifacts.of(artifact), new OwnerTag("", "run-1"));

    assertThat(gcp.project()
            .object(gcp.config().artifactBucket().orElseThrow(), key(artifact) + "/large.bin"))
        .isEqualTo(large);
    assertThat(artifacts.read(key(artifact), new Look()).run()).contains("run-1");
    assertThat(artifacts.matches(
            Artifacts.of(artifact),
            artifacts.read(key(artifact), new Look()).value().orElseThrow()))
        .isTrue();
    assertThat(gcp.project().calls())
        .filteredOn("storage.objects.insert"::equals)
        .hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, ArtifactBucket.LARGEST_PART + 5})
  void aFileThatIsChangedAfterItWasReadIsNotUploadedAsWhatItWas(int size) throws IOException {
    Path file = Files.write(folder.resolve("changing.bin"), new byte[size]);
    ModelUploadKind artifacts = artifacts(gcp.config());
    LocalModel artifact = local(file);
    byte[] other = new byte[size];
    other[size - 1] = 1;
    Files.write(file, other);

    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> artifacts.create(key(artifact), Artifacts.of(artifact), new OwnerTag("", "run-1")));

    assertThat(failure.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(failure.retryable()).isFalse();
    assertThat(failure).hasMessageContaining("changing.bin was changed");
    assertThat(objects()).isEmpty();
  }

  @Test
  void aServerThatDoesNotAnswerIsGivenUpInTimeAndAnInterruptIsObeyed() throws Exception {
    gcp.project().neverAnswers("storage.objects.list");
    ModelUploadKind artifacts = artifacts(gcp.config().withCallTimeout(Duration.ofMillis(300)));

    ServingException late =
        catchThrowableOfType(ServingException.class, () -> artifacts.read(KEY, new Look()));
    Thread.currentThread().interrupt();
    ServingException interrupted =
        catchThrowableOfType(ServingException.class, () -> artifacts.read(KEY, new Look()));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(late.kind()).isEqualTo(ErrorKind.TIMEOUT);
    assertThat(interrupted.kind()).isEqualTo(ErrorKind.CANCELLED);
  }

  @ParameterizedTest
  @CsvSource({
    "UNAUTHENTICATED, UNAUTHORIZED",
    "PERMISSION_DENIED, UNAUTHORIZED",
    "RESOURCE_EXHAUSTED, THROTTLED",
    "UNAVAILABLE, UNAVAILABLE",
    "INTERNAL, UNAVAILABLE",
    "DEADLINE_EXCEEDED, TIMEOUT",
    "ABORTED, CONFLICT",
    "INVALID_ARGUMENT, INVALID"
  })
  void whatCloudStorageRefusesHasItsKindAndItsWords(Status.Code code, ErrorKind kind) {
    gcp.project().failNext("storage.objects.list", code, "its words");

    ServingException failure = catchThrowableOfType(
        ServingException.class, () -> artifacts(gcp.config()).read(KEY, new Look()));

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure)
        .hasMessageStartingWith(
            "List gs://" + gcp.config().artifactBucket().orElseThrow() + "/" + KEY)
        .hasMessageContaining("its words")
        .hasCauseInstanceOf(StorageException.class);
  }

  @Test
  void withoutItsBucketThereIsNothingOfOurs() {
    VertexConfig elsewhere = gcp.config().withArtifactBucket("no-such-bucket");

    assertThat(artifacts(elsewhere).list(new Look())).isEmpty();
    assertThat(artifacts(gcp.configWithoutBucket()).list(new Look())).isEmpty();
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void aDirectoryIsListedOverSeveralPagesWithTheTimeOfItsNewestFile() throws IOException {
    for (int i = 0; i < 5; i++) {
      Files.writeString(folder.resolve("model/part-" + i), "part " + i);
    }
    ModelUploadKind artifacts = artifacts(gcp.config());
    LocalModel artifact = local(folder.resolve("model"));
    gcp.project().pageSize(2);

    artifacts.create(key(artifact), Artifacts.of(artifact), new OwnerTag("", "run-1"));

    assertThat(artifacts.list(new Look())).singleElement().satisfies(listed -> {
      assertThat(listed.ref()).isEqualTo(new ResourceRef("artifact", key(artifact)));
      assertThat(listed.createdAt()).isEqualTo(gcp.time().now());
    });
    artifacts.delete(key(artifact), artifacts.read(key(artifact), new Look()), Set.of());
    assertThat(objects()).isEmpty();
  }

  @Test
  void aListWhosePagesDoNotEndIsAnError() {
    HttpTransport again = new MockHttpTransport() {
      @Override
      public LowLevelHttpRequest buildRequest(String method, String url) {
        return new MockLowLevelHttpRequest(url)
            .setResponse(new MockLowLevelHttpResponse()
                .setContentType("application/json")
                .setContent("{\"kind\":\"storage#objects\",\"nextPageToken\":\"again\"}"));
      }
    };
    Storage endless = StorageOptions.http()
        .setHost("http://storage.invalid")
        .setProjectId("any")
        .setCredentials(NoCredentials.getInstance())
        .setTransportOptions(HttpTransportOptions.newBuilder()
            .setHttpTransportFactory(() -> again)
            .build())
        .build()
        .getService();

    try (VertexPlatform platform = gcp.open(gcp.config().withStorage(endless), Faults.none())) {
      assertThatThrownBy(platform::inventory)
          .hasMessageContaining("The list of the objects at gs://")
          .hasMessageContaining("does not end");
    }
  }

  @Test
  void onlyADirectoryOfItsMakingIsAnUploads() {
    assertThat(Artifacts.keyOf("b", "gs://b/" + KEY + "/")).contains(KEY);
    assertThat(Artifacts.keyOf("b", "gs://b/" + KEY)).contains(KEY);
    assertThat(Artifacts.keyOf("b", "gs://other/" + KEY)).isEmpty();
    assertThat(Artifacts.keyOf("b", "gs://b/" + KEY + "/sub/")).isEmpty();
    assertThat(Artifacts.keyOf("b", "gs://b/models/" + KEY + "/")).isEmpty();
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
        gcp.config()
            .withStorage(BrokenTransport.storage(Faults.at("vertex", 3, Fault.KILLED_BEFORE))),
        Faults.none());
    assertThat(catchThrowable(() -> deploy(dying, model()))).isNotNull();
    assertThat(objects()).hasSize(1);
    gcp.project().forgetCalls();

    Plan plan = platform.preview(there -> there.deploy(model(), ONE, BLUE));
    deploy(platform, model());

    assertThat(plan.changes().get(0).details())
        .containsExactly("files: 1 file of 2 bytes -> 2 files of 5 bytes");
    assertThat(objects()).hasSize(2);
    assertThat(gcp.project().calls())
        .filteredOn("storage.objects.insert"::equals)
        .hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void anUploadThatIsBrokenAtAnyCallIsFinishedByDeployingAgainAndUndeployLeavesNothing(
      Fault fault) {
    Faults counting = Faults.none();
    try (Gcp fresh = new Gcp(new VirtualTime()).fast();
        VertexPlatform counted = fresh.open(
            fresh.config().withStorage(BrokenTransport.storage(counting)), Faults.none())) {
      deploy(counted, model());
      counted.undeployAll("bert").await(LIMIT);
    }

    Faults.atEach(counting.calls().size(), number -> {
      try (Gcp fresh = new Gcp(new VirtualTime()).fast()) {
        Storage broken = BrokenTransport.storage(Faults.at("vertex", number, fault));
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
    try (VertexPlatform without = gcp.open(gcp.configWithoutBucket(), Faults.none())) {
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
      assertThat(failure).hasMessageContaining("Create the bucket no-such-bucket first");
    }
  }

  @Test
  void whatIsNotThereIsToldWithItsPath() {
    ServingException failure = catchThrowableOfType(
        ServingException.class,
        () -> deploy(platform, container(ModelArtifact.of(folder.resolve("nothing")))));

    assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
    assertThat(failure).hasMessageContaining("nothing do not exist");
  }

  // ---- words ----

  private static ModelUploadKind artifacts(VertexConfig config) {
    return Artifacts.kind(
        config,
        new StorageClient(
            config, new ClientHolder("vertex"), NoCredentialsProvider::create, "no credentials"));
  }

  private static LocalModel local(Path path) {
    return new LocalModel.Source(path, Optional.empty(), LocalModel.Rules.of("vertex"))
        .read((bytes, of) -> {});
  }

  private static String key(LocalModel model) {
    return Artifacts.KEYS.of(model.sha256());
  }

  private Container model() {
    return container(ModelArtifact.of(folder.resolve("model")));
  }

  private static Container container(ModelArtifact artifact) {
    return new Container(artifact, RuntimeSpec.of(Gcp.IMAGE), Dependencies.NONE);
  }

  private static Endpoint deploy(VertexPlatform on, Container container) {
    return on.deploy(container, ONE, BLUE).await(LIMIT);
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
