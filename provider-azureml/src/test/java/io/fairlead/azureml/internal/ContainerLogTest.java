package io.fairlead.azureml.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.azureml.Azure;
import io.fairlead.azureml.standin.AzureError;
import io.fairlead.contract.Faults;
import io.fairlead.contract.VirtualTime;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ContainerLogTest {
  private final Azure azure = new Azure(new VirtualTime());
  private final AzureMlClients clients =
      new AzureMlClients(azure.config().withHttpClient(azure.workspace().client(Faults.none())));
  private final ContainerLog log = new ContainerLog(clients.workspace());

  @BeforeEach
  void deploy() {
    azure.workspace().addEndpoint("bert");
    azure.workspace().addDeployment("bert", "blue");
  }

  @AfterEach
  void close() {
    clients.close();
    azure.close();
  }

  @Test
  void onlyTheLastLinesAreToldAndNotTooMuchOfThem() {
    String[] lines = IntStream.rangeClosed(1, 50)
        .mapToObj(number -> "line " + number + " " + "-".repeat(300))
        .toArray(String[]::new);
    azure.workspace().prints("bert", "blue", lines);

    String ending = log.ending("bert/blue");

    assertThat(ending)
        .startsWith(". The container's log ends: ...")
        .endsWith("line 50 " + "-".repeat(300))
        .doesNotContain("line 40 ")
        .hasSizeLessThan(2100);
    assertThat(azure.workspace().requests("POST getLogs"))
        .singleElement()
        .satisfies(request -> assertThat(request.path("tail").asInt()).isEqualTo(20));
  }

  @Test
  void theServersLogComesBeforeThatOfTheDownload() {
    azure.workspace().printsInDownload("bert", "blue", "downloading");
    assertThat(log.ending("bert/blue")).contains("was never started").endsWith("downloading");

    azure.workspace().prints("bert", "blue", "serving");
    assertThat(log.ending("bert/blue")).endsWith("log ends: serving");
  }

  @Test
  void aLogThatCannotBeReadSaysWhy() {
    azure
        .workspace()
        .refuse("POST getLogs", AzureError.of(403, "AuthorizationFailed", "No right to read."));

    assertThat(log.ending("bert/blue"))
        .contains("cannot be read")
        .contains("No right to read")
        .contains("Get the log of bert/blue failed");
  }
}
