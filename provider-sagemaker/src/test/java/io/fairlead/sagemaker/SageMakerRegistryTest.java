package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fairlead.contract.ReadBack;
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
import io.fairlead.operation.Plan.Action;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions of SageMaker's model registry, which name their images and their data. */
class SageMakerRegistryTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String PACKAGE =
      "arn:aws:sagemaker:us-east-1:123456789012:model-package/bert/3";
  private static final Scaling ONE = Scaling.fixed("ml.g5.xlarge", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  private final Aws aws = new Aws(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Container container(String arn) {
    return new Container(
        ModelArtifact.of(URI.create(arn)),
        RuntimeSpec.NONE,
        Dependencies.environment(Map.of("MAX_LENGTH", "128")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Approved", ""})
  void anApprovedVersionIsServedAndSoIsAPackageWithoutVersions(String approval) {
    aws.account().addModelPackage(PACKAGE, approval);
    Endpoint blue = platform.deploy(container(PACKAGE), ONE, BLUE).await(LIMIT);

    assertThat(aws.account().requests("CreateModel"))
        .singleElement()
        .satisfies(it -> assertThat(it.path("ModelName").asText()).startsWith("fairlead-bert-3-"))
        .satisfies(it ->
            assertThat(it.at("/PrimaryContainer/ModelPackageName").asText()).isEqualTo(PACKAGE))
        .satisfies(
            it -> assertThat(it.at("/PrimaryContainer").has("ModelDataUrl")).isFalse());
    assertThat(platform.preview(p -> p.deploy(container(PACKAGE), ONE, BLUE)).isEmpty())
        .as("what the package adds is no difference")
        .isTrue();
    ReadBack.assertChangesNothing(platform, BLUE.name(), BLUE.variant());

    platform.undeploy(blue).await(LIMIT);
    assertThat(aws.remains()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"PendingManualApproval", "Rejected"})
  void anyOtherVersionIsRefusedBeforeAnythingIsMade(String approval) {
    aws.account().addModelPackage(PACKAGE, approval);

    Plan plan = platform.preview(p -> p.deploy(container(PACKAGE), ONE, BLUE));
    ServingException refusal = catchThrowableOfType(
        ServingException.class,
        () -> platform.deploy(container(PACKAGE), ONE, BLUE).await(LIMIT));

    assertThat(plan.changes()).extracting(Plan.Change::action).contains(Action.REFUSE);
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFLICT);
    assertThat(refusal)
        .hasMessageContaining(PACKAGE + ", which is " + approval)
        .hasMessageContaining("approved in the model registry");
    assertThat(aws.account().calls()).doesNotContain("CreateModel");
  }

  @Test
  void aVersionThatDoesNotExistIsRefused() {
    assertThat(catchThrowableOfType(
            ServingException.class,
            () -> platform.deploy(container(PACKAGE), ONE, BLUE).await(LIMIT)))
        .hasMessageContaining("does not exist");
    assertThat(aws.remains()).isEmpty();
  }

  @Test
  void whatAPackageHasItselfAndWhatItCannotBeIsTold() {
    Container elsewhere = new Container(
        ModelArtifact.of(URI.create(PACKAGE.replace("us-east-1", "eu-west-1"))),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);

    assertThatThrownBy(() -> platform.deploy(elsewhere, ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("container.runtime.image must be left out for a model package")
        .hasMessageContaining("must be a model package in us-east-1, the region to serve in");
    assertThatThrownBy(() -> platform.deploy(
            container("arn:aws:sagemaker:us-east-1:123456789012:model/bert"), ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("must be the ARN of a model package");
    assertThat(aws.account().calls()).isEmpty();
  }
}
