import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Starts an application, asks each of its models over HTTP, and stops it.
 *
 * <p>{@code java Ask.java LOG COMMAND...}, where {@code PORT} in the command is the application's port and
 * {@code MODELS} that of its models. With {@code -Dactuator=true} or {@code -Dquarkus=true} its health and its meters are looked at, too.
 */
public final class Ask {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final HttpClient CLIENT = HttpClient.newBuilder()
      .version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5))
      .build();
  private static final String ROW = "{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}";
  private static final String TEXT = "{\"inputs\": [\"Honey never spoils.\"]}";

  private Ask() {}

  public static void main(String[] arguments) throws Exception {
    int application = freePort();
    int models = freePort();
    Path log = Path.of(arguments[0]);
    List<String> command = new ArrayList<>();
    for (String argument : List.of(arguments).subList(1, arguments.length)) {
      command.add(argument
          .replace("PORT", String.valueOf(application))
          .replace("MODELS", String.valueOf(models)));
    }
    Process process = new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    boolean failed = false;
    try {
      URI app = URI.create("http://127.0.0.1:" + application + "/ask/");
      URI own = URI.create("http://127.0.0.1:" + models + "/v2/models/");
      awaitStart(process, app);
      for (URI at : List.of(own, app)) {
        String iris = ask(at.resolve("iris"), ROW);
        check(iris.startsWith("{\"predictions\":["), "iris", iris);
        check(iris.equals(ask(at.resolve("iris-apart"), ROW)), "iris-apart", iris);
        String minilm = ask(at.resolve("minilm"), TEXT);
        check(minilm.startsWith("[[") && minilm.split(",").length == 384, "minilm", minilm);
        check(minilm.equals(ask(at.resolve("minilm-apart"), TEXT)), "minilm-apart", minilm);
        String upper = ask(at.resolve("upper-apart"), "\"hello\"");
        check(
            upper.startsWith("[\"HELLO\", ")
                && !upper.equals("[\"HELLO\", " + process.pid() + "]"),
            "upper-apart",
            upper);
      }
      if (Boolean.getBoolean("actuator")) {
        String health = get(app.resolve("/actuator/health"));
        check(
            health.contains("\"fairlead\":{") && health.contains("\"iris\":\"iris READY 100%\""),
            "health",
            health);
        String meter = get(app.resolve("/actuator/metrics/fairlead.invocations?tag=name:iris"));
        check(meter.contains("\"COUNT\"") && meter.contains("\"success\""), "meter", meter);
      }
      if (Boolean.getBoolean("quarkus")) {
        String health = get(app.resolve("/q/health/ready")).replaceAll("\\s", "");
        check(health.contains("\"serverless.iris\":\"irisREADY100%\""), "readiness", health);
        String meters = get(app.resolve("/q/metrics"));
        check(
            Pattern.compile("fairlead_invocations_seconds_count\\{[^}]*name=\"iris\"[^}]*} [1-9]")
                .matcher(meters)
                .find(),
            "meters",
            meters);
      }
      process.toHandle().destroy();
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("it did not end after SIGTERM");
      }
      // 128 + SIGTERM is how a JVM ends whose shutdown hooks have done their work.
      check(process.exitValue() == 143, "exit code", String.valueOf(process.exitValue()));
      System.out.println("  asked 10 times, and ended");
    } catch (Exception e) {
      System.out.println("  FAILED: " + e.getMessage() + "\n  the last lines of " + log + ":");
      List<String> lines = Files.readAllLines(log);
      lines.subList(Math.max(0, lines.size() - 40), lines.size()).forEach(System.out::println);
      failed = true;
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    if (failed) {
      System.exit(1);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }

  private static void awaitStart(Process process, URI app) throws Exception {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      try {
        // The last that is deployed; an application may listen before it is ready.
        ask(app.resolve("upper-apart"), "\"hello\"");
        return;
      } catch (IOException | IllegalStateException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw new IOException("it did not start", e);
        }
        Thread.sleep(100);
      }
    }
  }

  private static String ask(URI at, String body) throws Exception {
    return send(
        at,
        HttpRequest.newBuilder(at)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  private static String get(URI at) throws Exception {
    return send(at, HttpRequest.newBuilder(at));
  }

  private static String send(URI at, HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer =
        CLIENT.send(request.timeout(LIMIT).build(), BodyHandlers.ofString());
    check(answer.statusCode() == 200, at + " answers " + answer.statusCode(), answer.body());
    return answer.body();
  }

  private static void check(boolean holds, String what, String found) {
    if (!holds) {
      throw new IllegalStateException(
          what + ": " + found.substring(0, Math.min(500, found.length())));
    }
  }
}
