package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.Faults;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.contract.ProcessKilled;
import io.fairlead.contract.Sweep;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.EndpointPlatform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of this machine on their way to SageMaker, and back out of the bucket. */
class SageMakerUploadsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  @TempDir
  private Path folder;

  private Container container;

  @BeforeEach
  void writeModel() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.writeString(model.resolve("model.onnx"), "weights");
    container =
        new Container(ModelArtifact.of(model), RuntimeSpec.of(Aws.IMAGE), Dependencies.NONE);
  }

  @Test
  void theyAreUploadedOnceAndGoWithTheLastVariantThatUsesThem() {
    try (Aws aws = new Aws(new VirtualTime());
        EndpointPlatform platform = aws.open()) {
      platform
          .packageModel(container.artifact(), container.runtime(), container.dependencies())
          .await(LIMIT);
      platform.deploy(container, ONE, BLUE).await(LIMIT);
      platform.deploy(container, ONE, new Routing("bert", "green")).await(LIMIT);

      assertThat(aws.remains())
          .filteredOn(name -> name.startsWith("s3://artifacts/"))
          .hasSize(1);
      assertThat(aws.account().calls().stream().filter(call -> call.equals("PutObject")))
          .as("%s", aws.account().calls())
          .hasSize(1);
      assertThat(platform.orphans()).isEmpty();

      platform.undeployAll("bert").await(LIMIT);
      assertThat(aws.remains()).isEmpty();
    }
  }

  @Test
  void aBucketThatIsNotThereIsToldAtOnce() {
    try (Aws aws = new Aws(new VirtualTime());
        EndpointPlatform platform =
            aws.open(aws.config().withArtifactBucket("no-such-bucket"), Faults.none())) {
      ServingException failure = catchThrowableOfType(
          ServingException.class, () -> platform.deploy(container, ONE, BLUE).await(LIMIT));

      assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(failure).hasMessageContaining("no-such-bucket");
      assertThat(aws.remains()).isEmpty();
    }
  }

  @Test
  void aBucketInAnotherRegionIsToldWithBothRegions() {
    try (Aws aws = new Aws(new VirtualTime());
        EndpointPlatform platform =
            aws.open(aws.config().withArtifactBucket("elsewhere"), Faults.none())) {
      aws.account().addBucket("elsewhere", "eu-west-1");

      ServingException failure = catchThrowableOfType(
          ServingException.class, () -> platform.deploy(container, ONE, BLUE).await(LIMIT));

      assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
      assertThat(failure)
          .hasMessageContaining("s3://elsewhere/")
          .hasMessageContaining("the bucket is in eu-west-1, not in us-east-1")
          .hasMessageContaining("its own region only");
    }
  }

  // ---- uploads in parts ----

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"CUT_AFTER", "KILLED_BEFORE"})
  void noPartsStayWhereAnUploadBrokeAndWasRunAgain(Fault fault) throws IOException {
    writeLargeModel();
    for (int number : callsOfTheUpload()) {
      breakAndRunAgain(number, fault);
    }
  }

  @Test
  void whatAProcessThatDiedHasUploadedInPartsIsListedAndSwept() throws IOException {
    writeLargeModel();
    int last = callsOfTheUpload().get(2);
    try (Aws aws = quick();
        EndpointPlatform platform = aws.open()) {
      try (EndpointPlatform broken =
          aws.open(Faults.from("sagemaker", last, Fault.KILLED_BEFORE))) {
        deploy(broken);
      } catch (ProcessKilled e) {
        assertThat(e.getMessage()).isNotBlank();
      }
      assertThat(aws.remains())
          .singleElement()
          .asString()
          .startsWith("multipart-upload/artifacts/fairlead/");

      assertThat(platform.orphans())
          .singleElement()
          .satisfies(one -> assertThat(one.kind()).isEqualTo("upload"));
      platform.sweep(Duration.ofMinutes(10)).await(LIMIT);
      assertThat(aws.remains()).as("it may be under way still").hasSize(1);
      aws.time().pass(Duration.ofMinutes(11));
      platform.sweep(Duration.ofMinutes(10)).await(LIMIT);
      assertThat(aws.remains()).isEmpty();
    }
  }

  /** What compresses to nothing would be one call. */
  private void writeLargeModel() throws IOException {
    byte[] weights = new byte[17 << 20];
    new Random(1).nextBytes(weights);
    Files.write(folder.resolve("model/model.onnx"), weights);
  }

  /** {@return the numbers of the calls that begin, send and end an upload in parts} */
  private List<Integer> callsOfTheUpload() {
    try (Aws aws = quick()) {
      Faults counting = Faults.none();
      try (EndpointPlatform platform = aws.open(counting)) {
        platform.deploy(container, ONE, BLUE).await(LIMIT);
      }
      List<String> calls = counting.calls();
      List<Integer> numbers = IntStream.rangeClosed(1, calls.size())
          .filter(number ->
              calls.get(number - 1).startsWith("P") && calls.get(number - 1).contains("upload"))
          .boxed()
          .toList();
      assertThat(numbers).as("%s", calls).hasSize(4);
      return numbers;
    }
  }

  // ---- at every call ----

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aDeployBrokenAtAnyCallIsFinishedByRunningItAgainAndUndeployLeavesNothing(Fault fault) {
    try (Aws before = quick()) {
      new Sweep<>("sagemaker", before::twin, this::deploy).with(fault, this::finishAndRemove);
    }
  }

  private void breakAndRunAgain(int number, Fault fault) {
    try (Aws aws = quick()) {
      // Who is killed does not clean up.
      Faults faults = fault == Fault.KILLED_BEFORE
          ? Faults.from("sagemaker", number, fault)
          : Faults.at("sagemaker", number, fault);
      try (EndpointPlatform broken = aws.open(faults)) {
        deploy(broken);
      } catch (ServingException | ProcessKilled e) {
        assertThat(e.getMessage()).isNotBlank();
      }
      finishAndRemove(aws);
    }
  }

  private void finishAndRemove(Aws aws) {
    try (EndpointPlatform again = aws.open()) {
      deploy(again);
      assertThat(again.list()).hasSize(1);
      again.undeployAll("bert").await(LIMIT);
    }
    assertThat(aws.remains()).isEmpty();
  }

  private void deploy(EndpointPlatform on) {
    on.deploy(container, ONE, BLUE).await(LIMIT);
  }

  private static Aws quick() {
    return new Aws(new VirtualTime()).changesTake(Duration.ofSeconds(8));
  }
}
