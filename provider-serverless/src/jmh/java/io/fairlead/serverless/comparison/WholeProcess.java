package io.fairlead.serverless.comparison;

import static java.util.Objects.requireNonNull;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * A function's HTTP front beside the services that teams write themselves: the same model, the same JSON and the same
 * load, each server in a process of its own, slice by slice in turns.
 */
public final class WholeProcess {
  private static final int[] CONNECTIONS = {1, 4, 16};
  /** Seconds at four connections, after which the JVMs' compilers no longer take a processor from what they compile for. */
  private static final double WARM_UP = 15;

  private static final double SECOND = 1e9;
  private static final String FAIRLEAD = "fairlead";
  private static final String LATENCY = "fairlead, latency";
  private static final String EMBEDDINGS = "fairlead, OpenAI's";
  private static final String ARCHIVE = "fairlead, class archive";
  private static final String AOT_CACHE = "fairlead, AOT cache";
  private static final int AOT_CACHES_SINCE = 25;
  private static final String SPRING = "spring";
  private static final String FASTIFY = "fastify";
  private static final String FASTIFY_ONE = "fastify, 1 thread";

  private final int slices = Integer.getInteger("slices", 5);
  private final double seconds = Double.parseDouble(System.getProperty("seconds", "2"));
  private final Path folder;
  private final Map<String, Command> commands = new LinkedHashMap<>();
  private final Bars bars = new Bars();

  private record Command(List<String> words, String threads, String path, String body) {
    Command(List<String> words, String threads) {
      this(words, threads, "/v2/models/" + MiniLm.NAME + "/infer", MiniLm.json());
    }

    /** {@return the same server, asked as clients of OpenAI's API do} */
    Command askedForEmbeddings() {
      return new Command(words, threads, "/v1/embeddings", MiniLm.embeddings());
    }

    Server start(int port) throws IOException {
      ProcessBuilder builder = new ProcessBuilder(
          words.stream().map(word -> word.replace("PORT", String.valueOf(port))).toList());
      if (!threads.isEmpty()) {
        builder.environment().put("THREADS", threads);
      }
      builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
      builder.redirectError(ProcessBuilder.Redirect.INHERIT);
      return new Server(builder.start(), new LoadGenerator(port, path, body));
    }
  }

  private record Server(Process process, LoadGenerator load) {
    LoadGenerator.Result run(int connections, double seconds) throws IOException {
      return load.run(connections, seconds, process.pid());
    }

    String firstAnswer() throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
      while (true) {
        try {
          return load.ask();
        } catch (IOException e) {
          if (!process.isAlive() || System.nanoTime() > end) {
            throw new IllegalStateException("the server gives no answer", e);
          }
          TimeUnit.MILLISECONDS.sleep(2);
        }
      }
    }

    void stop() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }

    /** Ends it in order. */
    void end() throws InterruptedException {
      process.destroy();
      process.waitFor();
    }
  }

  private WholeProcess(Path folder) {
    this.folder = folder;
  }

  /** Compares: {@code FOLDER SPRING_JAR FASTIFY_FOLDER SERVER_JAR}; a peer given as {@code -} is left out. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Path.of(args[0]).toAbsolutePath();
    Path model = MiniLm.unpack(folder.resolve("model"), true);
    WholeProcess comparison = new WholeProcess(folder);
    comparison.fairlead(FAIRLEAD, model, 1);
    comparison.fairlead(LATENCY, model, Runtime.getRuntime().availableProcessors());
    if (!args[1].equals("-")) {
      comparison.commands.put(
          SPRING, new Command(List.of(java(), "-jar", args[1], "--server.port=PORT"), ""));
    }
    if (!args[2].equals("-")) {
      List<String> words = List.of(
          "node",
          Path.of(args[2], "server.js").toString(),
          model.toString(),
          model.resolveSibling("tokenizer.json").toString(),
          "PORT");
      comparison.commands.put(FASTIFY, new Command(words, ""));
      comparison.commands.put(FASTIFY_ONE, new Command(words, "1"));
    }
    comparison.prepared(
        ARCHIVE, args[3], "-XX:ArchiveClassesAtExit=", "-XX:SharedArchiveFile=", "server.jsa");
    if (Runtime.version().feature() >= AOT_CACHES_SINCE) {
      comparison.prepared(AOT_CACHE, args[3], "-XX:AOTCacheOutput=", "-XX:AOTCache=", "server.aot");
    }
    comparison.start();
    // They are the same program as without them, once it runs.
    comparison.commands.remove(ARCHIVE);
    comparison.commands.remove(AOT_CACHE);
    comparison.commands.put(
        EMBEDDINGS, requireNonNull(comparison.commands.get(FAIRLEAD)).askedForEmbeddings());
    comparison.load();
    comparison.bars.close();
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private void fairlead(String name, Path model, int threads) {
    List<String> words = List.of(
        java(),
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
        "-cp",
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .map(path -> Path.of(path).toAbsolutePath().toString())
            .reduce((one, other) -> one + File.pathSeparator + other)
            .orElseThrow(),
        FunctionServer.class.getName(),
        model.toString(),
        folder.resolve("cache").toString(),
        "PORT",
        String.valueOf(threads));
    commands.put(name, new Command(words, ""));
  }

  /** The server program as its users start it, with a file of what it has loaded once. */
  private void prepared(String name, String jar, String writing, String reading, String file)
      throws IOException, InterruptedException {
    String prepared = folder.resolve(file).toString();
    Path model = MiniLm.unpack(folder.resolve(MiniLm.NAME), true).getParent();
    List<String> words = List.of(
        "-jar",
        jar,
        model.toString(),
        "--port",
        "PORT",
        "--cache",
        folder.resolve("cache").toString());
    List<String> first = new ArrayList<>(List.of(java(), writing + prepared));
    first.addAll(words);
    Server server = new Command(first, "").start(freePort());
    server.firstAnswer();
    server.end();
    List<String> then = new ArrayList<>(List.of(java(), reading + prepared));
    then.addAll(words);
    commands.put(name, new Command(then, ""));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void start() throws IOException, InterruptedException {
    Map<String, double[]> times = new LinkedHashMap<>();
    for (int round = -1; round < slices; round++) {
      for (Map.Entry<String, Command> each : commands.entrySet()) {
        long begin = System.nanoTime();
        Server server = each.getValue().start(freePort());
        try {
          String answer = server.firstAnswer();
          double took = (System.nanoTime() - begin) / SECOND;
          if (round < 0) {
            System.out.println(
                each.getKey() + " answers " + answer.replaceFirst("(?s)\\R?(.{60}).*", "$1..."));
            if (each.getKey().equals(FAIRLEAD)) {
              // It keeps its model and its libraries after the first answer.
              TimeUnit.SECONDS.sleep(3);
              bars.tell("the very first start with an empty cache", took, "s");
            }
          } else {
            times.computeIfAbsent(each.getKey(), it -> new double[slices])[round] = took;
          }
        } finally {
          server.stop();
        }
      }
    }
    bars.title("Process start to the first answer over HTTP");
    times.forEach((name, all) -> bars.tell(name, Bars.median(all), "s"));
    if (times.containsKey(SPRING)) {
      bars.atMost(
          "fairlead / spring",
          Bars.median(times.get(FAIRLEAD)) / Bars.median(times.get(SPRING)),
          0.25,
          "x");
      bars.atMost(
          "fairlead, class archive / spring",
          Bars.median(times.get(ARCHIVE)) / Bars.median(times.get(SPRING)),
          0.2,
          "x");
    }
    if (times.containsKey(FASTIFY)) {
      bars.tell(
          "fairlead / fastify",
          Bars.median(times.get(FAIRLEAD)) / Bars.median(times.get(FASTIFY)),
          "x");
    }
  }

  private void load() throws IOException, InterruptedException {
    Map<String, Server> servers = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, Command> each : commands.entrySet()) {
        servers.put(each.getKey(), each.getValue().start(freePort()));
      }
      for (Server server : servers.values()) {
        server.firstAnswer();
      }
      for (Server server : servers.values()) {
        server.run(4, WARM_UP);
      }
      for (int connections : CONNECTIONS) {
        load(servers, connections);
      }
    } finally {
      for (Server server : servers.values()) {
        server.stop();
      }
    }
  }

  private void load(Map<String, Server> servers, int connections) throws IOException {
    Map<String, List<LoadGenerator.Result>> results = new LinkedHashMap<>();
    for (int round = 0; round < slices; round++) {
      for (Map.Entry<String, Server> each : servers.entrySet()) {
        results
            .computeIfAbsent(each.getKey(), it -> new ArrayList<>())
            .add(each.getValue().run(connections, seconds));
      }
    }
    System.out.printf(
        "%n%-20s %10s %10s %10s %12s%n",
        connections + " connections", "answers/s", "p50 ms", "p99 ms", "CPU ms each");
    Map<String, LoadGenerator.Result> medians = new LinkedHashMap<>();
    results.forEach((name, all) -> {
      LoadGenerator.Result median = new LoadGenerator.Result(
          median(all, LoadGenerator.Result::perSecond),
          median(all, LoadGenerator.Result::p50),
          median(all, LoadGenerator.Result::p99),
          median(all, LoadGenerator.Result::cpu));
      medians.put(name, median);
      System.out.printf(
          Locale.ROOT,
          "%-20s %10.0f %10.2f %10.2f %12.2f%n",
          name,
          median.perSecond(),
          median.p50(),
          median.p99(),
          median.cpu());
    });
    compare(medians, connections);
  }

  private static double median(
      List<LoadGenerator.Result> results, ToDoubleFunction<LoadGenerator.Result> figure) {
    return Bars.median(results.stream().mapToDouble(figure).toArray());
  }

  private void compare(Map<String, LoadGenerator.Result> medians, int connections) {
    LoadGenerator.Result ours = medians.get(FAIRLEAD);
    LoadGenerator.Result spring = medians.get(SPRING);
    List<LoadGenerator.Result> fastify = new ArrayList<>();
    for (String name : List.of(FASTIFY, FASTIFY_ONE)) {
      if (medians.containsKey(name)) {
        fastify.add(medians.get(name));
      }
    }
    bars.title(connections + " connections");
    if (connections == 1) {
      medians.entrySet().stream()
          .filter(each -> !each.getKey().startsWith(FAIRLEAD))
          .mapToDouble(each -> each.getValue().p50())
          .min()
          .ifPresent(best -> bars.atMost(
              "p50 with the latency profile / the best peer's",
              medians.get(LATENCY).p50() / best,
              1.1,
              "x"));
      return;
    }
    if (spring != null) {
      bars.atLeast("answers/s / spring", ours.perSecond() / spring.perSecond(), 1.3, "x");
      bars.atLeast(
          "answers/s of /v1/embeddings / spring",
          medians.get(EMBEDDINGS).perSecond() / spring.perSecond(),
          1.3,
          "x");
      bars.atMost("CPU each / spring", ours.cpu() / spring.cpu(), 0.8, "x");
      bars.atMost("p99 / spring", ours.p99() / spring.p99(), 1, "x");
    }
    fastify.stream()
        .mapToDouble(LoadGenerator.Result::perSecond)
        .max()
        .ifPresent(best ->
            bars.atLeast("answers/s / the better fastify", ours.perSecond() / best, 1.4, "x"));
  }
}
