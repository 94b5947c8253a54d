package io.fairlead.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.contract.VirtualTime;
import io.fairlead.sagemaker.standin.Account;
import io.fairlead.sagemaker.standin.StandIn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SageMakerDeploymentsTest extends CloudDeployments {
  private static final String KEY = "AKIADEPLOYMENTS";

  private final VirtualTime time = new VirtualTime();
  private final Account account = StandIn.account(KEY, time);

  @BeforeEach
  void haveAnAccount() {
    creating(Duration.ZERO);
    account.describeDelay(Duration.ZERO);
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", "not-a-secret");
  }

  private void creating(Duration duration) {
    account.durations(duration, Duration.ZERO, Duration.ZERO, Duration.ZERO);
  }

  @AfterEach
  void forgetIt() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    account.close();
  }

  @Override
  String platform() {
    return "sagemaker";
  }

  @Override
  Map<String, String> settings() {
    return Map.of(
        "region", "us-east-1",
        "endpoint", StandIn.endpoint().toString(),
        "role", "arn:aws:iam::123456789012:role/serving");
  }

  @Override
  String instanceType() {
    return "ml.m5.large";
  }

  @Override
  String image() {
    return "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1";
  }

  @Override
  String refused() {
    return "instance-type:";
  }

  @Override
  List<?> remains() {
    return List.copyOf(account.remains());
  }

  @Override
  List<String> calls() {
    return List.copyOf(account.calls());
  }

  @Test
  void whatWasStoppedGoesOnWithTheSameCommand() throws Exception {
    creating(Duration.ofMinutes(3));
    String file = file("blue.yaml");
    CountDownLatch begun = new CountDownLatch(1);
    ByteArrayOutputStream text = new ByteArrayOutputStream() {
      @Override
      public synchronized void write(byte[] bytes, int from, int length) {
        super.write(bytes, from, length);
        if (toString(StandardCharsets.UTF_8).contains("endpoint is Creating")) {
          begun.countDown();
        }
      }
    };
    Terminal out =
        new Terminal(new PrintStream(text, true, StandardCharsets.UTF_8), 0, false, true);
    Printed err = Printed.toAFile();
    Deployments command =
        new Deployments(List.of("deploy", file), out, err.terminal, environment());
    CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(command::run);
    assertThat(begun.await(1, TimeUnit.MINUTES))
        .as(() -> text.toString(StandardCharsets.UTF_8))
        .isTrue();

    command.stop();

    assertThat(exit.get(1, TimeUnit.MINUTES)).isEqualTo(130);
    assertThat(err.text())
        .isEqualTo("Stopped. Nothing was taken back: the same command goes on from here.\n");
    assertThat(remains()).isNotEmpty();
    time.pass(Duration.ofMinutes(3));
    assertThat(run("deploy", file).out()).contains("✓ sentiment/blue READY 100%");
    assertThat(account.requests("CreateEndpoint")).hasSize(1);
    assertThat(run("undeploy", file).exit()).isZero();
    assertThat(remains()).isEmpty();
  }

  @Test
  void aLimitThatPassesEndsTheCommandAndTheSameGoesOn() throws Exception {
    creating(Duration.ofMinutes(3));
    String file = file("blue.yaml");
    Files.writeString(Path.of(file), Files.readString(Path.of(file)) + "limit: 100ms\n");

    Ended ended = run("deploy", file);

    assertThat(ended.exit()).isEqualTo(1);
    assertThat(ended.out())
        .contains("The limit of the file passed: the same command goes on from here.");
    time.pass(Duration.ofMinutes(3));
    assertThat(run("deploy", file("blue.yaml")).exit()).isZero();
    run("undeploy", file);
    assertThat(remains()).isEmpty();
  }

  @Test
  void aDeployThatFailsSaysWhyAndLeavesNothing() throws IOException {
    account.failEndpoint("sentiment", "The container did not pass the ping health check.");
    String file = file("blue.yaml");

    Ended failed = run("deploy", file, "--json");

    assertThat(failed.exit()).isEqualTo(1);
    List<JsonNode> lines = DeploymentsTest.json(failed.out());
    JsonNode result = lines.get(lines.size() - 1);
    assertThat(result.at("/error/kind").asText()).isEqualTo("MODEL_FAILED");
    assertThat(result.at("/error/message").asText()).contains("ping health check");
    assertThat(result.get("exit").asInt()).isEqualTo(1);
    assertThat(remains()).isEmpty();
  }
}
