import io.fairlead.azureml.standin.StandIn;
import io.fairlead.azureml.standin.Workspace;
import io.fairlead.contract.VirtualTime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Is the stand-in of Azure for an application in a process of its own, and checks what the application leaves there.
 *
 * <p>{@code java -cp STANDIN Azure.java LOG COMMAND...}; the command gets the stand-in's address, and the subscription,
 * the resource group and the name of a workspace.
 */
public final class Azure {
  private Azure() {}

  public static void main(String[] arguments) throws Exception {
    Path log = Path.of(arguments[0]);
    List<String> command = new ArrayList<>(List.of(arguments).subList(1, arguments.length));
    Workspace workspace = StandIn.workspace(new VirtualTime());
    workspace.retryAfter(Duration.ZERO);
    for (String call : List.of(
        "PUT onlineEndpoints",
        "PATCH onlineEndpoints",
        "DELETE onlineEndpoints",
        "PUT deployments",
        "DELETE deployments")) {
      workspace.duration(call, Duration.ZERO);
    }
    command.addAll(List.of(
        StandIn.endpoint().toString(),
        workspace.subscription(),
        workspace.resourceGroup(),
        workspace.name()));
    Process process = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    process.destroyForcibly();
    boolean isWell = ended
        && process.exitValue() == 0
        && workspace.remains().isEmpty()
        && workspace.violations().isEmpty()
        && workspace.invocations().size() == 2;
    List<String> lines = Files.readAllLines(log);
    if (isWell) {
      lines.stream().filter(line -> line.startsWith("lived")).forEach(line ->
          System.out.println("  " + line));
    } else {
      System.out.println("  FAILED, left: " + workspace.remains() + " " + workspace.violations() + "\n  the last lines of " + log + ":");
      lines.subList(Math.max(0, lines.size() - 40), lines.size()).forEach(System.out::println);
    }
    System.exit(isWell ? 0 : 1);
  }
}
