package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Asks by the program curl, or as it would if there is none. */
final class Curl {
  private static final int LONGEST = 2000;
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Optional<Path> program;

  Curl(Optional<Path> program) {
    this.program = program;
  }

  /** {@return what to type in a shell; a very long body is cut} */
  static String command(URI uri, String body) {
    String shown = body.length() > LONGEST ? body.substring(0, LONGEST) + "..." : body;
    return "curl -s " + uri + " -d '" + shown.replace("'", "'\\''") + "'";
  }

  /** {@return who asks, for people} */
  String name() {
    return program.isPresent() ? "curl" : "HttpClient, for want of curl";
  }

  String post(URI uri, String body) throws IOException, InterruptedException {
    if (program.isEmpty() || body.length() > LONGEST) {
      return send(HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString(body)));
    }
    Process process = new ProcessBuilder(program.get().toString(), "-s", uri.toString(), "-d", body)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
    try {
      process.getOutputStream().close();
      String answer = new String(process.getInputStream().readAllBytes(), UTF_8);
      int exitCode = process.waitFor();
      if (exitCode != 0) {
        throw new IOException("curl ended with " + exitCode + ", which its manual explains.");
      }
      return answer;
    } finally {
      process.destroy();
    }
  }

  static String get(URI uri) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri).GET());
  }

  private static String send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(request.timeout(LIMIT).build(), BodyHandlers.ofString())
        .body();
  }
}
