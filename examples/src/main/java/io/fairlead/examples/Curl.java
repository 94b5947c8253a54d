package io.fairlead.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A client that runs curl, or sends the same request itself if there is none. */
final class Curl {
  private static final int LONGEST = 2000;
  /** Ctrl-C is for all processes of the terminal. */
  private static final int INTERRUPTED = 128 + 2;

  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Optional<Path> program;

  Curl(Optional<Path> program) {
    this.program = program;
  }

  /** {@return the shell command; a very long body is shortened} */
  static String command(URI uri, String body) {
    String shown = body.length() > LONGEST ? body.substring(0, LONGEST) + "..." : body;
    return "curl -s " + uri + " -d '" + shown.replace("'", "'\\''") + "'";
  }

  /** {@return the name of the client, for display} */
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
      if (exitCode == INTERRUPTED) {
        throw new InterruptedIOException("The example was interrupted.");
      }
      if (exitCode != 0) {
        throw new IOException("curl failed with exit code " + exitCode + ": see its manual.");
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
