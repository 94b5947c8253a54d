package io.fairlead.vertex;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.contract.VirtualTime;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which calls are made: what docs/vertex.md says of them. */
class VertexCallsTest {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Path PAGE = Path.of("../docs/vertex.md");
  private static final Pattern NUMBERED = Pattern.compile("\\| \\d+ \\| `(\\w[\\w.]*)` \\|.*");
  private static final Scaling ONE = Scaling.fixed("n1-standard-4", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  @TempDir
  private Path folder;

  private final Gcp gcp = Gcp.overWire(new VirtualTime());
  private final VertexPlatform platform = gcp.open();

  @AfterEach
  void close() {
    platform.close();
    gcp.close();
  }

  @Test
  void thePageNamesEachCallOfAFirstDeployment() throws IOException {
    Path file = Files.write(folder.resolve("model.bin"), new byte[] {1});
    Container container = platform
        .packageModel(ModelArtifact.of(file), RuntimeSpec.of(Gcp.IMAGE), Dependencies.NONE)
        .await(LIMIT);
    platform.deploy(container, ONE, BLUE).await(LIMIT);

    List<String> calls = withoutRepeatedPolls();
    try (Stream<String> lines = Files.lines(PAGE)) {
      assertThat(lines.map(NUMBERED::matcher).filter(Matcher::matches).map(row -> row.group(1)))
          .containsExactlyElementsOf(calls);
    }
  }

  @Test
  void whatIsThereAlreadyIsOnlyLookedAt() {
    deploy("one", BLUE);
    gcp.project().forgetCalls();

    deploy("one", BLUE);

    assertThat(gcp.project().calls()).containsExactly("GetModel", "GetEndpoint");
  }

  @Test
  void eachOperationChangesNoMoreThanItHasTo() {
    Endpoint blue = deploy("one", BLUE);
    assertThat(changes())
        .containsExactly("UploadModel", "CreateEndpoint", "DeployModel", "UpdateEndpoint");

    Endpoint green = deploy("two", new Routing("bert", "green"));
    assertThat(changes())
        .as("the endpoint remembers what the variant uses, before it is deployed")
        .containsExactly("UploadModel", "UpdateEndpoint", "DeployModel");

    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    assertThat(changes()).containsExactly("UpdateEndpoint");

    platform.scale(green, Scaling.fixed("n1-standard-4", 2)).await(LIMIT);
    assertThat(changes()).containsExactly("MutateDeployedModel");

    platform.undeploy(green).await(LIMIT);
    assertThat(changes().stream().distinct())
        .containsExactly("UpdateEndpoint", "UndeployModel", "DeleteModel");

    platform.undeploy(blue).await(LIMIT);
    assertThat(changes().stream().distinct())
        .containsExactly("UpdateEndpoint", "UndeployModel", "DeleteModel", "DeleteEndpoint");
  }

  private Endpoint deploy(String folderOfModel, Routing routing) {
    Container container = new Container(
        ModelArtifact.of(URI.create("gs://models/" + folderOfModel + "/")),
        RuntimeSpec.of(Gcp.IMAGE),
        Dependencies.NONE);
    return platform.deploy(container, ONE, routing).await(LIMIT);
  }

  /** {@return the calls that change something since this was last asked} */
  private List<String> changes() {
    List<String> changes = gcp.project().calls().stream()
        .filter(call -> !call.matches("Get.*|List.*|storage.objects.list"))
        .toList();
    gcp.project().forgetCalls();
    return changes;
  }

  private List<String> withoutRepeatedPolls() {
    List<String> calls = new ArrayList<>();
    for (String call : gcp.project().calls()) {
      boolean isAgain =
          call.equals("GetOperation") && calls.get(calls.size() - 1).equals(call);
      if (!isAgain) {
        calls.add(call);
      }
    }
    return calls;
  }
}
