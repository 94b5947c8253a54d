package io.fairlead.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A process of the server, always ended. */
final class Server implements AutoCloseable {
  static final Path FOLDER = Path.of(System.getProperty("server.folder"));
  private static final long LIMIT_SECONDS = 60;

  private final Process process;
  private final CompletableFuture<String> errors;

  private Server(Process process) {
    this.process = process;
    this.errors = CompletableFuture.supplyAsync(() -> all(process.getErrorStream()));
  }

  /** Starts {@code java -jar} with these arguments, and only these variables of the server's. */
  static Server start(Map<String, String> environment, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(
        List.of("java", "-jar", FOLDER.resolve("fairlead-server.jar").toString()));
    command.addAll(List.of(arguments));
    return start(command, environment);
  }

  static Server start(List<String> command, Map<String, String> environment) throws IOException {
    List<String> own = new ArrayList<>(command);
    own.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ProcessBuilder builder = new ProcessBuilder(own);
    builder.environment().keySet().removeIf(name -> name.matches("(AIP|SM|SAGEMAKER|HF)_.*"));
    builder.environment().putAll(environment);
    return new Server(builder.start());
  }

  /** {@return the line that it prints when it serves; fails with what it said if it ends before} */
  String started() throws Exception {
    BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    String line =
        CompletableFuture.supplyAsync(() -> line(out)).get(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("it ended with " + exitCode() + ": " + errors());
    }
    return line;
  }

  private static String line(BufferedReader out) {
    try {
      return out.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String out() {
    return all(process.getInputStream());
  }

  String errors() {
    return errors.join();
  }

  private static String all(InputStream in) {
    try (in) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  /** Sends SIGTERM, as {@code docker stop} does. */
  void terminate() {
    // Process.destroy would close the streams, too.
    process.toHandle().destroy();
  }

  int exitCode() throws InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("it did not end");
    }
    return process.exitValue();
  }

  static String get(URI at) throws Exception {
    return send(HttpRequest.newBuilder(at)).get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  static String post(URI at, String body) throws Exception {
    return posting(at, body).get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  static CompletableFuture<String> posting(URI at, String body) {
    return send(HttpRequest.newBuilder(at)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body)));
  }

  /** {@return the status and the body} */
  static CompletableFuture<String> send(HttpRequest.Builder request) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .sendAsync(request.build(), BodyHandlers.ofString())
        .thenApply(answer -> answer.statusCode() + " " + answer.body());
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
