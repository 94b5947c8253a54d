package io.fairlead.examples.startup;

import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Starts the service and its twin in turns, each as a process of its own, and tells the medians of the times to the
 * first answer: {@code StartUp PAIRS}, with the class path of the service and of the twin as its own.
 */
public final class StartUp {
  private static final String SERVICE = "io.fairlead.examples.springboot.SearchApplication";
  private static final String TWIN = DirectApplication.class.getName();
  private static final String ANSWER = "Honey from the pharaohs' tombs is still good to eat.";
  private static final double TARGET = 1.5;

  /** What is on the class path for Fairlead alone. */
  private static final Pattern FAIRLEADS =
      Pattern.compile(".*/((core|provider-serverless|spring-boot-starter)/target/|io/netty/).*");

  private final HttpClient client = HttpClient.newHttpClient();

  private StartUp() {}

  /** Compares; exits with 1 if the target is missed. */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.exit(new StartUp().compare(Integer.parseInt(args[0])) ? 0 : 1);
  }

  private boolean compare(int pairs) throws IOException, InterruptedException {
    List<String> all = Stream.of(
            System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(path -> Path.of(path).toAbsolutePath().toString())
        .toList();
    // The twin's classes would be components of the service, too.
    String service = all.stream()
        .filter(path -> !path.endsWith("test-classes"))
        .collect(Collectors.joining(File.pathSeparator));
    String twin = all.stream()
        .filter(path -> !FAIRLEADS.matcher(path).matches())
        .collect(Collectors.joining(File.pathSeparator));
    // Once each: what is unpacked once per user is, and the files are in memory.
    firstAnswer(service, SERVICE);
    firstAnswer(twin, TWIN);
    List<Double> services = new ArrayList<>();
    List<Double> twins = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      // Who is first changes, too.
      if (i % 2 == 0) {
        services.add(firstAnswer(service, SERVICE));
        twins.add(firstAnswer(twin, TWIN));
      } else {
        twins.add(firstAnswer(twin, TWIN));
        services.add(firstAnswer(service, SERVICE));
      }
    }
    double ratio = median(services) / median(twins);
    System.out.printf(
        Locale.ROOT,
        "first answer, median of %d pairs: with Fairlead %.2f s, directly %.2f s: %.2fx (target %.1fx or less)%s%n",
        pairs,
        median(services),
        median(twins),
        ratio,
        TARGET,
        ratio > TARGET ? " MISSED" : "");
    return ratio <= TARGET;
  }

  /** {@return the seconds from the start of the process to its first answer} */
  private double firstAnswer(String classPath, String main)
      throws IOException, InterruptedException {
    int port = freePort();
    HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/search"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString("{\"question\": \"Which food never spoils?\"}"))
        .build();
    long begin = System.nanoTime();
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            classPath,
            main,
            "--server.port=" + port,
            "--server.address=127.0.0.1")
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    try {
      while (true) {
        if (!process.isAlive() || System.nanoTime() - begin > TimeUnit.MINUTES.toNanos(2)) {
          throw new IllegalStateException(main + " gives no answer");
        }
        try {
          HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
          // Before the sentences are embedded it answers with none.
          if (answer.statusCode() == 200 && answer.body().contains(ANSWER)) {
            return (System.nanoTime() - begin) / 1e9;
          }
        } catch (ConnectException e) {
          // It does not listen yet.
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }
}
