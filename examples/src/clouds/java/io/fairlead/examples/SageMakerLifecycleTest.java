package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.StandIn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lifecycle on SageMaker: over HTTP, on this machine's time, at a stand-in whose changes take none. */
class SageMakerLifecycleTest {
  private static final String KEY = "AKIALIFECYCLE";
  private static final String SECRET = "not-a-secret";
  private static final String IMAGE = "image=123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1";

  @TempDir
  Path folder;

  private final Printed out = Printed.toAFile();
  private final Printed err = Printed.toAFile();
  private final Account account = StandIn.account(KEY, new VirtualTime());

  @BeforeEach
  void haveAnAccount() {
    account.durations(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO);
    account.describeDelay(Duration.ZERO);
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", SECRET);
  }

  @AfterEach
  void forgetIt() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    account.close();
  }

  private static List<String> arguments(String... settings) {
    List<String> all = new ArrayList<>(List.of("--platform", "sagemaker"));
    List<String> keys = new ArrayList<>(List.of(
        "region=us-east-1",
        "endpoint=" + StandIn.endpoint(),
        "role=arn:aws:iam::123456789012:role/serving"));
    keys.addAll(Arrays.asList(settings));
    keys.forEach(setting -> all.addAll(List.of("--set", setting)));
    return all;
  }

  private int run(String... settings) {
    return Lifecycle.run(arguments(settings), out.terminal, err.terminal);
  }

  @Test
  void anImageIsEnoughForAllSteps() {
    assertThat(run(IMAGE)).isZero();

    assertThat(out.text())
        .containsSubsequence(
            "✓ package",
            "✓ deploy blue",
            "answered by blue",
            "✓ deploy green",
            "answered by green",
            "listed as blue 90, green 10",
            "answered by blue 90, green 10",
            "answered by blue 50, green 50",
            "answered by green 100",
            "✓ scale green",
            "✓ undeploy blue",
            "✓ undeploy green",
            "nothing left behind")
        .doesNotContain("✗");
    assertThat(err.text()).isEmpty();
    assertThat(account.remains()).isEmpty();
    assertThat(account.requests("CreateModel"))
        .singleElement()
        .satisfies(model -> assertThat(
                model.at("/PrimaryContainer/Environment/HF_MODEL_ID").asText())
            .startsWith("distilbert/"));
  }

  @Test
  void aFileIsUploadedForAnImageOfAwsWithTheCredentialsOfTheEnvironment() throws Exception {
    account.addBucket("models");
    Path model = Files.writeString(folder.resolve("weights.txt"), "0.5 0.25");
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Dnative.encoding=UTF-8",
        "-cp",
        Child.classPath(),
        Lifecycle.class.getName()));
    command.addAll(
        arguments("artifact=" + model, "bucket=models", "framework=huggingface", "version=4.37"));
    ProcessBuilder java = new ProcessBuilder(command);
    java.environment().putAll(Map.of("AWS_ACCESS_KEY_ID", KEY, "AWS_SECRET_ACCESS_KEY", SECRET));

    try (Child child = Child.start(java)) {
      assertThat(child.exitCode()).isZero();
      assertThat(child.out()).contains("nothing left behind").doesNotContain("✗");
      assertThat(child.err()).isEmpty();
    }
    assertThat(account.calls()).contains("PutObject", "DeleteObject");
    assertThat(account.requests("CreateModel")).singleElement().satisfies(made -> {
      assertThat(made.at("/PrimaryContainer/ModelDataUrl").asText())
          .matches("s3://models/fairlead/[0-9a-f]{64}/model.tar.gz");
      assertThat(made.at("/PrimaryContainer/Image").asText())
          .contains(".dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:");
    });
    assertThat(account.remains()).isEmpty();
  }

  @Test
  void anEndpointThatDoesNotStartLeavesNothing() {
    account.failEndpoint("bert", "The container did not pass the ping health check.");

    assertThat(run(IMAGE, "name=bert")).isEqualTo(1);

    assertThat(out.text())
        .contains("✗ deploy blue", "✓ undeploy green", "✓ undeploy blue", "nothing left behind");
    assertThat(err.text()).contains("did not pass the ping health check");
    assertThat(account.remains()).isEmpty();
  }

  @Test
  void allThatIsMissingIsInOneSentenceBeforeAnyCall() {
    assertThat(run("endpoint=http://example.org")).isEqualTo(2);
    assertThat(err.text()).contains("--set endpoint is given twice");

    assertThat(run("artifact=weights.txt")).isEqualTo(2);
    assertThat(err.text())
        .contains(
            "image must be given: it is the container image", "framework and version would do");
    assertThat(account.calls()).isEmpty();
  }

  @Test
  void aFileWithoutABucketToUploadItToIsRefused() throws Exception {
    Path model = Files.writeString(folder.resolve("weights.txt"), "0.5 0.25");

    assertThat(run(IMAGE, "artifact=" + model)).isEqualTo(1);

    assertThat(err.text())
        .contains("artifact.weights must be in S3, unless the platform's settings name a bucket");
    assertThat(account.calls()).doesNotContain("CreateModel", "PutObject");
  }
}
