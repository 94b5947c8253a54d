package io.fairlead.vertex.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.platform.Request;
import io.fairlead.vertex.Gcp;
import io.fairlead.vertex.VertexArtifact;
import io.fairlead.vertex.VertexContainer;
import io.fairlead.vertex.VertexPlatform;
import io.fairlead.vertex.VertexVersion;
import io.fairlead.vertex.standin.Project;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that are in Vertex AI's model registry already. */
@Timeout(60)
class RegisteredModelsTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final Routing BLUE = new Routing("churn", "blue");

  private final Gcp gcp = new Gcp(new VirtualTime()).fast();
  private final VertexPlatform platform = gcp.open();

  @BeforeEach
  void aModelOfTwoVersions() {
    gcp.project().addModel("team-churn");
    gcp.project().addModel("team-churn");
  }

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  private Container container(String version) {
    return new Container(
        VertexArtifact.registered("projects/" + gcp.project().id() + "/locations/"
            + Project.LOCATION + "/models/team-churn" + version),
        RuntimeSpec.NONE,
        Dependencies.NONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "@1", "@2", "@default"})
  void oneIsDeployedAsItIsAndStays(String version) {
    Container container = container(version);

    assertThat(platform
            .packageModel(container.artifact(), container.runtime(), container.dependencies())
            .await(LIMIT))
        .isEqualTo(container);
    Endpoint blue = platform.deploy(container, ONE, BLUE).await(LIMIT);

    assertThat(gcp.project().endpoint("churn").getDeployedModels(0).getModelVersionId())
        .isEqualTo(version.equals("@2") ? "2" : "1");
    assertThat(platform.preview(p -> p.deploy(container, ONE, BLUE)).isEmpty()).isTrue();
    assertThat(platform.invoke(blue, Request.json("{}")).variant()).contains("blue");

    platform.undeploy(blue).await(LIMIT);
    assertThat(gcp.remains()).containsExactly("model/team-churn@1", "model/team-churn@2");
    assertThat(gcp.project().calls()).doesNotContain("UploadModel", "DeleteModel", "UpdateModel");
  }

  @Test
  void undeployAllAndSweepLeaveItToo() {
    platform.deploy(container("@1"), ONE, BLUE).await(LIMIT);
    platform.deploy(container("@2"), ONE, new Routing("churn", "green")).await(LIMIT);

    assertThat(platform.inventory())
        .noneMatch(resource -> resource.toString().contains("team-churn"));
    platform.undeployAll("churn").await(LIMIT);
    platform.sweep(Duration.ZERO).await(LIMIT);

    assertThat(gcp.remains()).containsExactly("model/team-churn@1", "model/team-churn@2");
  }

  @Test
  void oneThatWasNamedByThisLibraryElsewhereStaysToo() {
    String id = "fairlead-churn-0123456789abcdef";
    gcp.project().addModel(id);
    Container container = new Container(
        VertexArtifact.registered(
            "projects/" + gcp.project().id() + "/locations/" + Project.LOCATION + "/models/" + id),
        RuntimeSpec.NONE,
        Dependencies.NONE);

    Endpoint blue = platform.deploy(container, ONE, BLUE).await(LIMIT);

    assertThat(platform.preview(p -> p.deploy(container, ONE, BLUE)).isEmpty()).isTrue();
    platform.undeploy(blue).await(LIMIT);
    assertThat(gcp.remains()).contains("model/" + id + "@1");
    assertThat(gcp.project().calls()).doesNotContain("DeleteModel");
  }

  @Test
  void anotherVersionNeedsAnotherVariant() {
    platform.deploy(container("@1"), ONE, BLUE).await(LIMIT);

    assertThatThrownBy(() -> platform.deploy(container("@2"), ONE, BLUE).await(LIMIT))
        .hasMessageContaining("deploy under another variant");
  }

  @Test
  void itsOwnContainerIsNotSaidAgain() {
    RuntimeSpec own = RuntimeSpec.of(Gcp.IMAGE).with(VertexContainer.DEFAULT.withPort(8080));
    ModelArtifact versioned = container("@1").artifact().with(VertexVersion.of("churn"));

    assertThatThrownBy(() -> platform.deploy(
            new Container(versioned, own, Dependencies.environment(Map.of("A", "b"))), ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("runtime.image must be left out")
        .hasMessageContaining("more than invoke routes")
        .hasMessageContaining("dependencies must be empty")
        .hasMessageContaining("VertexVersion");
    assertThat(gcp.project().calls()).isEmpty();
  }

  @Test
  void itsPathsAreInvokedWhereItHasInvokeRoutes() {
    gcp.project().addModelWithInvokeRoutes("chat");
    Container chat = new Container(
        VertexArtifact.registered(
            "projects/" + gcp.project().id() + "/locations/" + Project.LOCATION + "/models/chat"),
        RuntimeSpec.NONE.with(VertexContainer.DEFAULT.withInvokeRoutes()),
        Dependencies.NONE);

    Endpoint blue = platform.deploy(chat, ONE, new Routing("chat", "blue")).await(LIMIT);

    assertThat(platform
            .invoke(blue, Request.json("{}").withPath("/tokenize").pinnedTo("blue"))
            .variant())
        .contains("blue");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"team-churn", "projects/p/models/1", "projects/p/locations/l/models/1@a@b"})
  void aNameThatIsNoneOfTheRegistryIsRefused(String name) {
    assertThatThrownBy(() -> VertexArtifact.registered(name))
        .isInstanceOf(InvalidValueException.class);
  }
}
