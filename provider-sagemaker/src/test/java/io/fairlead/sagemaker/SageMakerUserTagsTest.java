package io.fairlead.sagemaker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.ModelTask;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.operation.Plan;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A model's labels, framework and version, as tags of all that is made of it. */
class SageMakerUserTagsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Routing BLUE = new Routing("bert", "blue");
  private static final Routing GREEN = new Routing("bert", "green");
  private static final Scaling ONE = Scaling.fixed("ml.m5.large", 1);
  private static final Map<String, String> LABELS = Map.of("team", "Search & Ads", "stage", "prod");

  private final Aws aws = new Aws(new VirtualTime());
  private final SageMakerPlatform platform = aws.open();

  @AfterEach
  void close() {
    platform.close();
    aws.close();
  }

  private static Container container(Map<String, String> labels) {
    ModelMetadata metadata = ModelMetadata.of("pytorch", "2.6").withLabels(labels);
    return new Container(
        ModelArtifact.of(URI.create("s3://models/one/model.tar.gz")).withMetadata(metadata),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
  }

  private Endpoint deploy(Container container, Scaling scaling, Routing routing) {
    return platform.deploy(container, scaling, routing).await(LIMIT);
  }

  private Map<String, String> tags(String kind) {
    List<String> found =
        aws.remains().stream().filter(name -> name.startsWith(kind + "/")).toList();
    assertThat(found).hasSize(1);
    Map<String, String> tags = new HashMap<>(aws.account().tags(found.get(0)));
    tags.keySet().removeIf(key -> key.startsWith("fairlead-"));
    return tags;
  }

  @Test
  void theyAreOnAllThatIsMade() {
    Plan plan = platform.preview(p -> p.deploy(container(LABELS), ONE, BLUE));
    deploy(container(LABELS), ONE, BLUE);

    Map<String, String> expected = Map.of(
        "team",
        "Search - Ads",
        "stage",
        "prod",
        "framework",
        "pytorch",
        "framework-version",
        "2.6");
    for (String kind : List.of("model", "endpoint", "endpoint-config")) {
      assertThat(tags(kind)).as(kind).isEqualTo(expected);
    }
    assertThat(plan.warnings())
        .containsExactly("label team=Search & Ads is written as team=Search - Ads: tags of AWS have"
            + " letters, digits, spaces and _.:/=+-@");
    assertThat(platform.preview(p -> p.deploy(container(LABELS), ONE, BLUE)).isEmpty())
        .isTrue();
  }

  @Test
  void aComponentAndItsFleetHaveThemToo() {
    deploy(
        container(LABELS),
        Scaling.fixed("ml.g5.2xlarge", 1).with(SageMakerComponent.on("shared", 4096)),
        BLUE);

    for (String kind : List.of("model", "component", "endpoint", "endpoint-config")) {
      assertThat(tags(kind)).as(kind).containsEntry("stage", "prod");
    }
  }

  @Test
  void whatChangesIsTaggedAgainAndDeployedNoMore() {
    deploy(container(LABELS), ONE, BLUE);
    Container owned = container(Map.of("stage", "canary", "owner", "ada"));

    Plan plan = platform.preview(p -> p.deploy(owned, ONE, BLUE));
    aws.account().forgetCalls();
    deploy(owned, ONE, BLUE);

    assertThat(plan.toString()).contains("update model").contains("owner=ada");
    assertThat(aws.account().calls())
        .filteredOn(call -> !call.startsWith("Describe") && !call.startsWith("List"))
        .containsOnly("AddTags");
    assertThat(tags("model")).containsEntry("owner", "ada").containsEntry("stage", "canary");
    assertThat(tags("endpoint"))
        .as("what variants share keeps the first value of each key")
        .containsEntry("owner", "ada")
        .containsEntry("stage", "prod");
  }

  @Test
  void aSecondVariantWithOtherValuesDoesNotChangeWhatTheyShare() {
    deploy(container(LABELS), ONE, BLUE);
    Container other = new Container(
        ModelArtifact.of(URI.create("s3://models/two/model.tar.gz"))
            .withMetadata(ModelMetadata.NONE.withLabels(Map.of("stage", "canary"))),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
    deploy(other, ONE, GREEN);

    assertThat(tags("endpoint")).containsEntry("stage", "prod");
    assertThat(platform
            .preview(p -> {
              p.deploy(container(LABELS), ONE, BLUE);
              return p.deploy(other, ONE, GREEN);
            })
            .isEmpty())
        .isTrue();
  }

  @Test
  void theLibrarysAndAwssOwnAreRefusedBeforeAnyCall() {
    assertThatThrownBy(() -> deploy(container(Map.of("aws:team", "x")), ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("artifact.metadata.labels must not have keys that begin with"
            + " fairlead- or aws:, which are the library's and AWS's own");
    Map<String, String> many = new HashMap<>();
    for (int i = 0; i < 15; i++) {
      many.put("label" + i, "x");
    }
    assertThatThrownBy(() -> deploy(container(many), ONE, BLUE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("artifact.metadata.labels must be at most 13");
    assertThat(aws.account().calls()).isEmpty();
  }

  @Test
  void anotherProcessSeesThem() {
    deploy(container(LABELS), ONE, BLUE);

    try (SageMakerPlatform other = aws.open(Faults.none())) {
      assertThat(other.preview(p -> p.deploy(container(LABELS), ONE, BLUE)).isEmpty())
          .isTrue();
    }
  }

  @Test
  void aTaskIsATagOfAllThatIsMadeAndIsReadBack() {
    Container chat = new Container(
        container(LABELS).artifact().forTask(ModelTask.CHAT),
        RuntimeSpec.of(Aws.IMAGE),
        Dependencies.NONE);
    deploy(chat, ONE, BLUE);

    for (String kind : List.of("model", "endpoint", "endpoint-config")) {
      assertThat(tags(kind)).as(kind).containsEntry("task", "chat").hasSize(5);
    }
    Endpoint described =
        platform.describe("bert", "blue", LIMIT).orElseThrow().value().orElseThrow();
    ModelMetadata metadata = described.container().artifact().metadata();
    assertThat(metadata.task()).contains(ModelTask.CHAT);
    assertThat(metadata.labels()).as("the task is no label").containsOnlyKeys("team", "stage");
    assertThat(platform.preview(p -> p.deploy(described.container(), ONE, BLUE)).isEmpty())
        .isTrue();
  }

  @Test
  void aLabelThatIsNoTaskOfThisLibraryStaysALabel() {
    deploy(container(Map.of("task", "summarization")), ONE, BLUE);

    ModelMetadata metadata = platform
        .describe("bert", "blue", LIMIT)
        .orElseThrow()
        .value()
        .orElseThrow()
        .container()
        .artifact()
        .metadata();
    assertThat(metadata.task()).isEmpty();
    assertThat(metadata.labels()).containsEntry("task", "summarization");
  }
}
