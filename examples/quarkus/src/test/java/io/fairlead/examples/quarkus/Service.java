package io.fairlead.examples.quarkus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The packaged service in a process of its own, on a free port. */
final class Service implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("Listening on: (http://\\S+)");
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Process process;
  private final Thread reader;
  private final StringBuilder log = new StringBuilder();
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(LIMIT).build();
  private @Nullable URI url;

  private Service(Process process) {
    this.process = process;
    this.reader = new Thread(this::drain, "output of the service");
  }

  /** {@return the service, which has started or ended} */
  static Service start(List<String> properties) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Dquarkus.http.host=127.0.0.1");
    command.add("-Dquarkus.http.port=0");
    properties.forEach(each -> command.add("-D" + each));
    command.add("-jar");
    command.add(Path.of("target", "quarkus-app", "quarkus-run.jar").toString());
    Service service =
        new Service(new ProcessBuilder(command).redirectErrorStream(true).start());
    service.awaitStart();
    return service;
  }

  private void awaitStart() throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      log.append(line).append('\n');
      Matcher listening = LISTENING.matcher(line);
      if (listening.find()) {
        url = URI.create(listening.group(1));
        break;
      }
    }
    reader.setDaemon(true);
    reader.start();
  }

  private void drain() {
    try {
      process.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return what it has printed until it listened, or ended} */
  String log() {
    return log.toString();
  }

  boolean isListening() {
    return url != null;
  }

  HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(at(path)).timeout(LIMIT).build(), BodyHandlers.ofString());
  }

  HttpResponse<String> search(String body) throws Exception {
    return searchLater(body).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  CompletableFuture<HttpResponse<String>> searchLater(String body) {
    return client.sendAsync(
        HttpRequest.newBuilder(at("/search"))
            .timeout(LIMIT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** {@return the sentence that is nearest to a question} */
  String nearest(String question) throws Exception {
    ObjectMapper json = new ObjectMapper();
    HttpResponse<String> answer =
        search(json.createObjectNode().put("question", question).toString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode hits = json.readTree(answer.body());
    assertThat(hits).hasSize(7);
    return hits.at("/0/sentence").asText();
  }

  private URI at(String path) {
    if (url == null) {
      throw new AssertionError("it has not started:\n" + log);
    }
    return url.resolve(path);
  }

  /** Asks it to end, as a service manager does, and returns when it takes no more requests. */
  void beginToStop() throws Exception {
    process.destroy();
    boolean answers = true;
    while (answers) {
      try {
        answers = get("/").statusCode() == 200;
      } catch (IOException e) {
        answers = false;
      }
    }
  }

  /** Ends it, and {@return its exit code} */
  int stop() throws InterruptedException {
    process.destroy();
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
