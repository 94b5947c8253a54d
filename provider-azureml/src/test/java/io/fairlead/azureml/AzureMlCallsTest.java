package io.fairlead.azureml;

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
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
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

/** Which calls are made, over the wire: what docs/azureml.md says of them. */
class AzureMlCallsTest {
  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final Path PAGE = Path.of("../docs/azureml.md");
  private static final Pattern NUMBERED = Pattern.compile("\\| \\d+ \\| `([^`]+)` \\|.*");
  private static final Scaling ONE = Scaling.fixed("Standard_DS3_v2", 1);
  private static final Routing BLUE = new Routing("bert", "blue");

  @TempDir
  private Path folder;

  private final Azure azure = new Azure(new VirtualTime());
  private final EndpointPlatform platform = azure.openOverWire();

  @AfterEach
  void close() {
    platform.close();
    azure.close();
  }

  @Test
  void thePageNamesEachCallOfAFirstDeployment() throws IOException {
    Path file = Files.write(folder.resolve("model.bin"), new byte[] {1});
    Container container = platform
        .packageModel(ModelArtifact.of(file), RuntimeSpec.of(Azure.IMAGE), Dependencies.NONE)
        .await(LIMIT);
    Endpoint blue = platform.deploy(container, ONE, BLUE).await(LIMIT);
    platform.invoke(blue, Request.json("{}"));

    List<String> calls = withoutRepeatedPolls();
    try (Stream<String> lines = Files.lines(PAGE)) {
      assertThat(lines.map(NUMBERED::matcher).filter(Matcher::matches).map(row -> row.group(1)))
          .containsExactlyElementsOf(calls);
    }
  }

  @Test
  void whatIsThereAlreadyIsOnlyLookedAt() {
    deploy("one", BLUE);
    azure.workspace().forgetCalls();

    deploy("one", BLUE);

    assertThat(azure.workspace().calls())
        .containsExactly(
            "GET models/versions",
            "GET environments/versions",
            "GET onlineEndpoints",
            "GET autoscalesettings",
            "GET deployments");
  }

  @Test
  void eachOperationChangesNoMoreThanItHasTo() {
    Endpoint blue = deploy("one", BLUE);
    assertThat(changes())
        .containsExactly(
            "PUT models/versions",
            "PUT environments/versions",
            "PUT onlineEndpoints",
            "PUT deployments",
            "PUT onlineEndpoints");

    Endpoint green = deploy("two", new Routing("bert", "green"));
    assertThat(changes())
        .as("the endpoint remembers what the variant uses, before it is deployed")
        .containsExactly("PUT models/versions", "PATCH onlineEndpoints", "PUT deployments");

    platform.route(blue.at(100), green.at(0), TrafficWeight.percent(10)).await(LIMIT);
    assertThat(changes()).containsExactly("PUT onlineEndpoints");

    platform.scale(green, Scaling.fixed("Standard_DS3_v2", 2)).await(LIMIT);
    assertThat(changes()).containsExactly("PATCH deployments");

    platform.scale(green, Scaling.between("Standard_DS3_v2", 1, 4)).await(LIMIT);
    assertThat(changes()).containsExactly("PUT autoscalesettings");

    platform.undeploy(green).await(LIMIT);
    assertThat(changes())
        .as("the environment is the other variant's, too")
        .containsExactly(
            "PUT onlineEndpoints",
            "DELETE autoscalesettings",
            "DELETE deployments",
            "DELETE models/versions",
            "DELETE models");

    platform.undeploy(blue).await(LIMIT);
    assertThat(changes())
        .containsExactly(
            "PUT onlineEndpoints",
            "DELETE deployments",
            "DELETE models/versions",
            "DELETE models",
            "DELETE environments/versions",
            "DELETE environments",
            "DELETE onlineEndpoints");
  }

  private Endpoint deploy(String folderOfModel, Routing routing) {
    Container container = new Container(
        ModelArtifact.of(URI.create("azureml://datastores/models/paths/" + folderOfModel + "/")),
        RuntimeSpec.of(Azure.IMAGE),
        Dependencies.NONE);
    return platform.deploy(container, ONE, routing).await(LIMIT);
  }

  /** {@return the calls that change something since this was last asked} */
  private List<String> changes() {
    List<String> changes = azure.workspace().calls().stream()
        .filter(call -> !call.matches("(GET|LIST) .*|POST listSecrets"))
        .toList();
    azure.workspace().forgetCalls();
    return changes;
  }

  private List<String> withoutRepeatedPolls() {
    List<String> calls = new ArrayList<>();
    for (String call : azure.workspace().calls()) {
      boolean isAgain =
          call.equals("GET operation") && calls.get(calls.size() - 1).equals(call);
      if (!isAgain) {
        calls.add(call);
      }
    }
    return calls;
  }
}
