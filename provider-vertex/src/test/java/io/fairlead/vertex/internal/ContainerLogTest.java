package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.cloud.aiplatform.v1.DeploymentStage;
import io.fairlead.contract.VirtualTime;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexPlatform;
import io.grpc.Status;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The last lines of a container that did not start, in the failure of its deployment. */
class ContainerLogTest {
  private static final Container CONTAINER = new Container(
      ModelArtifact.of(URI.create("gs://models/one/")),
      RuntimeSpec.of(Gcp.IMAGE),
      Dependencies.NONE);

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @BeforeEach
  void failTheModelServer() {
    gcp.project()
        .failOperation(
            "DeployModel",
            Status.Code.FAILED_PRECONDITION,
            "Model server never became ready.",
            DeploymentStage.STARTING_MODEL_SERVER);
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private ServingException failure() {
    return catchThrowableOfType(
        ServingException.class,
        () -> platform
            .deploy(CONTAINER, Scaling.fixed("n1-standard-4", 1), new Routing("bert", "blue"))
            .await(Duration.ofSeconds(60)));
  }

  @Test
  void itsLastLinesAreInTheFailureOfItsVariantAndOfNoOther() {
    String blue = VertexNames.deployedModelId("bert/blue");
    gcp.project().prints("bert", blue, "loading weights", "ValueError: no such layer: head");
    gcp.project().prints("bert", VertexNames.deployedModelId("bert/green"), "all is well");

    ServingException failure = failure();

    assertThat(failure.kind()).isEqualTo(ErrorKind.MODEL_FAILED);
    assertThat(failure)
        .hasMessageContaining("Model server never became ready")
        .hasMessageContaining("loading weights")
        .hasMessageContaining("ValueError: no such layer: head")
        .hasMessageContaining("https://console.cloud.google.com/logs/query")
        .hasMessageNotContaining("all is well");
  }

  @Test
  void whereItPrintedNothingTheLinkToTheLogIsThere() {
    assertThat(failure())
        .hasMessageContaining("https://console.cloud.google.com/logs/query;query=")
        .hasMessageContaining("project=" + gcp.project().id());
  }
}
