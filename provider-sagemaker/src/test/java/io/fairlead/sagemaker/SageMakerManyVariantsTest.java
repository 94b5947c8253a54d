package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A new variant for each release: a configuration has 50 tags, of which each variant takes two, and its memory one. */
@Timeout(180)
class SageMakerManyVariantsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final int RELEASES = 30;
  private static final int USERS_TAGS = 13;
  private static final int MOST_VARIANTS = 10;

  private final Aws aws = new Aws(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Container container(int release) {
    Map<String, String> labels = new HashMap<>();
    for (int number = 1; number <= USERS_TAGS; number++) {
      labels.put("label-" + number, "value");
    }
    return new Container(
        ModelArtifact.of(URI.create("s3://models/one/model.tar.gz"))
            .withMetadata(
                ModelMetadata.of("pytorch", "2.6").withTask(ModelTask.CLASSIFY).withLabels(labels)),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.environment(Map.of("RELEASE", String.valueOf(release))));
  }

  private static Routing routing(int release) {
    return new Routing("bert", "v" + release);
  }

  private void deploy(int release) {
    platform.deploy(container(release), ONE, routing(release)).await(LIMIT);
  }

  private void undeploy(int release) {
    platform.undeploy(new Endpoint(container(release), ONE, routing(release))).await(LIMIT);
  }

  @Test
  void aTeamNamesAVariantAfterEachReleaseAndThenServesAsManyAsThereCanBe() {
    deploy(0);
    deploy(1);
    for (int release = 2; release <= RELEASES; release++) {
      deploy(release);
      undeploy(release - 1);
    }
    for (int release = RELEASES + 1; release <= RELEASES + MOST_VARIANTS - 2; release++) {
      deploy(release);
    }

    assertThat(platform.list()).hasSize(MOST_VARIANTS);
    assertThat(aws.remains()).filteredOn(name -> name.startsWith("model/")).hasSize(MOST_VARIANTS);

    platform.undeployAll("bert").await(LIMIT);

    assertThat(aws.remains()).isEmpty();
  }
}
