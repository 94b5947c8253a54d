package io.fairlead.serverless.comparison;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.fairlead.engine.ModelHandler;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.Isolation;
import io.fairlead.serverless.RunOn;
import io.fairlead.serverless.ServerlessConfig;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import io.fairlead.serverless.ServerlessProvider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** The platform's functions beside the bare calls that they are made of, in one process and in turns. */
public final class InProcess {
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final FunctionLimits LIMITS =
      FunctionLimits.DEFAULT.withMemory("128MB").withTimeout(LIMIT);
  private static final double SECOND = 1e9;
  private static final double MILLISECOND = 1e6;
  private static final int FUNCTIONS = 1000;
  private static final Response DONE = Response.json("1");
  private static final Request RUNAWAY = Request.json(
      "{\"inputs\": [{\"name\": \"x\", \"shape\": [1], \"datatype\": \"FP32\", \"data\": [1]}]}");
  private static final Request IRIS = Request.json(
      "{\"inputs\": [{\"name\": \"X\", \"shape\": [1, 4], \"datatype\": \"FP32\", \"data\": [5.1, 3.5, 1.4, 0.2]}]}");
  private static final List<String> SECTIONS =
      List.of("throughput", "noop", "cold", "functions", "memory", "runaway", "batching", "texts");

  private final int slices = Integer.getInteger("slices", 7);
  private final double seconds = Double.parseDouble(System.getProperty("seconds", "2"));
  private final Bars bars = new Bars();
  private final Path folder;

  private InProcess(Path folder) {
    this.folder = folder;
  }

  /** Compares: {@code FOLDER [SECTION...]}; each section has a process of its own. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]).toAbsolutePath();
    if (args.length != 2) {
      for (String section : args.length == 1 ? SECTIONS : List.of(args).subList(1, args.length)) {
        fork(folder, section);
      }
      return;
    }
    new InProcess(folder).run(args[1]);
    // Code that cannot be stopped is meant to be under way.
    Runtime.getRuntime().halt(0);
  }

  private static void fork(Path folder, String section) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m",
        "-cp",
        System.getProperty("java.class.path")));
    for (String property : List.of("slices", "seconds", "org.slf4j.simpleLogger.defaultLogLevel")) {
      if (System.getProperty(property) != null) {
        words.add("-D" + property + "=" + System.getProperty(property));
      }
    }
    words.addAll(List.of(InProcess.class.getName(), folder.toString(), section));
    new ProcessBuilder(words).inheritIO().start().waitFor();
  }

  private void run(String section) throws Exception {
    switch (section) {
      case "throughput" -> throughput();
      case "noop" -> noop();
      case "cold" -> coldStart();
      case "functions" -> manyFunctions();
      case "memory" -> memory();
      case "runaway" -> runaway();
      case "batching" -> batching();
      case "texts" -> texts();
      default -> throw new IllegalArgumentException("no such section: " + section);
    }
  }

  static ModelFunction function(String name, ModelArtifact artifact, ServerlessOptions options) {
    ModelArtifact named = artifact.named(name);
    return new ModelFunction(named.withMetadata(named.metadata().with(options)), LIMITS);
  }

  private ServerlessPlatform open(ServerlessConfig config) {
    return new ServerlessProvider().open(config.withCacheFolder(folder.resolve("cache")));
  }

  private static ModelFunction deploy(ServerlessPlatform platform, ModelFunction function) {
    return platform.deploy(function.artifact(), function.limits()).await(LIMIT);
  }

  // Warm invocations.

  private void throughput() throws Exception {
    Path model = MiniLm.unpack(folder.resolve("model"), true);
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT);
        MiniLm.Bare bare = bare(platform, model)) {
      ModelFunction function =
          deploy(platform, function("minilm", ModelArtifact.of(model), ServerlessOptions.DEFAULT));
      ModelFunction here = deploy(
          platform,
          function(
              "minilm-here",
              ModelArtifact.of(model),
              ServerlessOptions.DEFAULT.withRunOn(RunOn.CALLER)));
      Request binary = MiniLm.binaryTensors();
      Request tensors = MiniLm.tensors();
      Request text = MiniLm.text();
      Slices run = new Slices()
          .with("bare", bare::run)
          .with("binary", () -> platform.invoke(function, binary))
          .with("here", () -> platform.invoke(here, binary))
          .with("json", () -> platform.invoke(function, tensors))
          .with("text", () -> platform.invoke(function, text))
          .with("text here", () -> platform.invoke(here, text))
          .run(slices, 2, seconds);
      bars.title("Invocations of MiniLM by 2 callers, beside the bare OrtSession.run");
      bars.tell("bare, a second", run.perSecond("bare"), "");
      bars.atLeast(
          "tensors as raw bytes / bare",
          run.perSecond("binary") / run.perSecond("bare"),
          0.95,
          "x");
      bars.atLeast("text / bare", run.perSecond("text") / run.perSecond("bare"), 0.88, "x");
      bars.tell(
          "tensors as JSON, all 14 x 384 numbers answered / bare",
          run.perSecond("json") / run.perSecond("bare"),
          "x");
      bars.tell(
          "tensors on their callers' threads / bare",
          run.perSecond("here") / run.perSecond("bare"),
          "x");
      bars.tell(
          "text on its callers' threads / bare",
          run.perSecond("text here") / run.perSecond("bare"),
          "x");
      bars.tell("CPU, on their callers' threads / bare", run.cpu("here") / run.cpu("bare"), "x");
      bars.tell("CPU, raw bytes / bare", run.cpu("binary") / run.cpu("bare"), "x");
      bars.tell("CPU, text / bare", run.cpu("text") / run.cpu("bare"), "x");
    }
  }

  /** The first to touch ONNX Runtime says where its native library is; this leaves it to the platform. */
  private static MiniLm.Bare bare(ServerlessPlatform platform, Path model) throws Exception {
    ModelFunction first =
        deploy(platform, function("first", ModelArtifact.of(model), ServerlessOptions.DEFAULT));
    platform.invoke(first, MiniLm.tensors());
    platform.undeploy(first).await(LIMIT);
    return new MiniLm.Bare(model);
  }

  private void noop() throws Exception {
    ModelHandler handler = request -> DONE;
    try (ServerlessPlatform platform =
        open(ServerlessConfig.DEFAULT.withFunction("noop", handler))) {
      ModelFunction function = deploy(
          platform,
          function("noop", ModelArtifact.of(URI.create("java:noop")), ServerlessOptions.DEFAULT));
      Request request = Request.json("1");
      Slices run = new Slices()
          .with("direct", () -> handler.handle(request))
          .with("function", () -> platform.invoke(function, request))
          .run(slices, 1, seconds / 2);
      bars.title("A Java function that does nothing");
      bars.atMost(
          "over a direct call, of half the calls",
          run.p50("function") - run.p50("direct"),
          2,
          "us");
      bars.tell("over a direct call, CPU", run.cpu("function") - run.cpu("direct"), "us");
    }
  }

  // Cold starts.

  private void coldStart() throws Exception {
    Path model = MiniLm.unpack(folder.resolve("weights"), false);
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT)) {
      bare(platform, model).close();
      await("the model is kept", () -> !kept().isEmpty());
      List<Path> kept = kept();
      int rounds = Math.max(15, slices);
      double[] bare = new double[rounds];
      double[] uncached = new double[rounds];
      double[] cached = new double[rounds];
      double[] deployed = new double[rounds];
      ModelFunction function =
          function("minilm", ModelArtifact.of(model), ServerlessOptions.DEFAULT);
      for (int round = -2; round < rounds; round++) {
        long begin = System.nanoTime();
        try (MiniLm.Bare each = new MiniLm.Bare(model)) {
          each.run();
          put(bare, round, begin);
        }
        hide(kept, true);
        deploy(platform, function);
        begin = System.nanoTime();
        platform.invoke(function, MiniLm.binaryTensors());
        put(uncached, round, begin);
        platform.undeploy(function).await(LIMIT);
        // Written beside what follows it would slow that down.
        await("the model is kept again", () -> !kept().isEmpty());
        hide(kept, false);
        long deploying = System.nanoTime();
        deploy(platform, function);
        begin = System.nanoTime();
        platform.invoke(function, MiniLm.binaryTensors());
        put(cached, round, begin);
        put(deployed, round, deploying);
        platform.undeploy(function).await(LIMIT);
      }
      bars.title("The first answer of a function in a running JVM");
      bars.tell("bare createSession and run", Bars.median(bare), "ms");
      bars.atMost("not cached / bare", Bars.median(uncached) / Bars.median(bare), 1.15, "x");
      bars.atMost("cached / not cached", Bars.median(cached) / Bars.median(uncached), 0.5, "x");
      bars.tell("cached", Bars.median(cached), "ms");
      bars.tell("cached, deploying included", Bars.median(deployed), "ms");
    }
  }

  private static void put(double[] times, int round, long begin) {
    if (round >= 0) {
      times[round] = (System.nanoTime() - begin) / MILLISECOND;
    }
  }

  private List<Path> kept() {
    Path models = folder.resolve("cache").resolve("models");
    if (Files.notExists(models)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(models)) {
      return files.filter(file -> file.toString().endsWith(".ort")).toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void hide(List<Path> kept, boolean hidden) throws IOException {
    for (Path file : kept) {
      Path away = file.resolveSibling(file.getFileName() + ".away");
      if (hidden) {
        Files.move(file, away);
      } else if (Files.exists(file)) {
        Files.delete(away);
      } else {
        Files.move(away, file);
      }
    }
  }

  // Many functions, and what is left of them.

  private void manyFunctions() throws Exception {
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT)) {
      Path models = Files.createTempDirectory("functions");
      try {
        byte[] model = resource("iris_lr.onnx");
        List<ModelFunction> functions = new ArrayList<>();
        for (int i = 0; i < FUNCTIONS; i++) {
          Path file = Files.write(models.resolve("iris-" + i + ".onnx"), model);
          functions.add(function("iris-" + i, ModelArtifact.of(file), ServerlessOptions.DEFAULT));
        }
        deploy(platform, function("first", functions.get(0).artifact(), ServerlessOptions.DEFAULT));
        double before = heap();
        double cpu = Processes.cpuSeconds(ProcessHandle.current().pid());
        long begin = System.nanoTime();
        for (ModelFunction function : functions) {
          deploy(platform, function);
        }
        double took = (System.nanoTime() - begin) / SECOND;
        double worked = Processes.cpuSeconds(ProcessHandle.current().pid()) - cpu;
        double after = heap();
        bars.title("1,000 functions, each from its own file, deployed lazily one after another");
        bars.atMost("time", took, 2, "s");
        bars.tell("processor time", worked, "s");
        bars.atMost("heap, each", (after - before) / FUNCTIONS / 1024, 20, "KB");
      } finally {
        delete(models);
      }
    }
  }

  private static double heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private void memory() throws Exception {
    Path model = MiniLm.unpack(folder.resolve("model"), true);
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT)) {
      ModelFunction small = deploy(
          platform,
          function(
              "small",
              ModelArtifact.of(Files.write(folder.resolve("iris.onnx"), resource("iris_lr.onnx"))),
              ServerlessOptions.DEFAULT));
      double opened = resident();
      // The runtime's library stays, as the JVM does.
      platform.invoke(small, IRIS);
      platform.undeploy(small).await(LIMIT);
      ModelFunction function = new ModelFunction(
          function("minilm", ModelArtifact.of(model), ServerlessOptions.DEFAULT).artifact(),
          LIMITS.withIdleTimeout(Duration.ofSeconds(1)));
      deploy(platform, function);
      bars.title("Memory of this process");
      double began = resident();
      bars.tell(
          "the beginning, ONNX Runtime in it, above the opened platform", began - opened, "MB");
      double[] left = new double[3];
      for (int cycle = 0; cycle < left.length; cycle++) {
        new Slices()
            .with("text", () -> platform.invoke(function, MiniLm.text()))
            .run(1, 4, 2);
        if (cycle == 0) {
          bars.tell("loaded and busy, above the beginning", resident() - began, "MB");
        }
        await("the function is unloaded", () -> platform.metrics(function).ready() == 0);
        // Memory is given back a moment later.
        TimeUnit.SECONDS.sleep(2);
        left[cycle] = resident() - began;
      }
      bars.atMost("after the idle timeout, above the beginning", left[0], 40, "MB");
      bars.tell("after the third such time", left[2], "MB");
    }
  }

  private static double resident() throws IOException {
    heap();
    return Processes.residentMegabytes();
  }

  // What does not end.

  private void runaway() throws Exception {
    Path models = Files.createTempDirectory("runaway");
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT)) {
      Path file = Files.write(models.resolve("runaway.onnx"), resource("runaway.onnx"));
      ModelFunction function =
          deploy(platform, function("runaway", ModelArtifact.of(file), ServerlessOptions.DEFAULT));
      double[] answered = new double[slices];
      double[] stopped = new double[slices];
      for (int round = -1; round < slices; round++) {
        long deadline = overdue(platform, function, RUNAWAY, Duration.ofMillis(200));
        put(answered, round, deadline);
        await("the run is stopped", () -> platform.metrics(function).running() == 0);
        put(stopped, round, deadline);
      }
      bars.title("A run that does not end, after its deadline");
      bars.tell("in this JVM: its caller is answered", Bars.median(answered), "ms");
      bars.atMost("in this JVM: it is stopped", Bars.median(stopped), 20, "ms");

      ModelFunction stubborn = deploy(
          platform,
          function(
              "stubborn",
              ModelArtifact.of(URI.create("java:" + Stubborn.class.getName())),
              ServerlessOptions.DEFAULT.withIsolation(Isolation.PROCESS)));
      double[] gone = new double[slices];
      for (int round = -1; round < slices; round++) {
        platform.invoke(stubborn, Request.of("short".getBytes(US_ASCII), "text/plain"));
        List<ProcessHandle> workers = ProcessHandle.current().children().toList();
        long deadline = overdue(
            platform,
            stubborn,
            Request.of("long".getBytes(US_ASCII), "text/plain"),
            Duration.ofMillis(500));
        await("the worker is gone", () -> workers.stream().noneMatch(ProcessHandle::isAlive));
        put(gone, round, deadline);
        await("the platform has seen it", () -> platform.metrics(stubborn).ready() == 0);
      }
      bars.atMost("in a process of its own: the process is gone", Bars.median(gone), 100, "ms");
    } finally {
      delete(models);
    }
  }

  /** Asks for what does not end, and returns the deadline when the caller is answered. */
  private static long overdue(
      ServerlessPlatform platform, ModelFunction function, Request request, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      platform.invoke(function, request.withTimeout(timeout));
      throw new IllegalStateException("it ended");
    } catch (ServingException e) {
      if (e.kind() != ErrorKind.TIMEOUT) {
        throw e;
      }
    }
    return deadline;
  }

  // Batches.

  private void batching() throws Exception {
    Path model = MiniLm.unpack(folder.resolve("weights"), false);
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT)) {
      // As many at a time as there are processors, so that both sides wait in one line.
      ModelFunction single = platform
          .deploy(
              function("single", ModelArtifact.of(model), ServerlessOptions.DEFAULT)
                  .artifact(),
              LIMITS.withMaxConcurrent(Runtime.getRuntime().availableProcessors()))
          .await(LIMIT);
      ModelFunction batched = deploy(
          platform,
          function(
              "batched",
              ModelArtifact.of(model),
              ServerlessOptions.DEFAULT
                  .withMaxBatch(8)
                  .withSlots(16)
                  .withBatchDependentAllowed(true)));
      Request request = MiniLm.binaryTensors();
      bars.title("Greedy batches of up to 8, MiniLM, 14 tokens");
      for (int clients : List.of(16, 1)) {
        Slices run = new Slices()
            .with("single", () -> platform.invoke(single, request))
            .with("batched", () -> platform.invoke(batched, request))
            .run(slices, clients, seconds);
        if (clients == 1) {
          bars.atMost("1 client: p50 / without", run.p50("batched") / run.p50("single"), 1.05, "x");
        } else {
          bars.atLeast(
              "16 clients: answers a second / without",
              run.perSecond("batched") / run.perSecond("single"),
              1.3,
              "x");
          bars.atMost("16 clients: p50 / without", run.p50("batched") / run.p50("single"), 1, "x");
        }
      }
    }
  }

  private void texts() throws Exception {
    Path model = MiniLm.unpack(folder.resolve("model"), true);
    Request request = Request.texts(Collections.nCopies(64, MiniLm.TEXT).toArray(String[]::new));
    try (ServerlessPlatform platform = open(ServerlessConfig.DEFAULT)) {
      ModelFunction one = deploy(
          platform,
          function("one", ModelArtifact.of(model), ServerlessOptions.DEFAULT.withSlots(1)));
      ModelFunction all =
          deploy(platform, function("all", ModelArtifact.of(model), ServerlessOptions.DEFAULT));
      Slices run = new Slices()
          .with("one", () -> platform.invoke(one, request))
          .with("all", () -> platform.invoke(all, request))
          .run(slices, 1, seconds);
      bars.title("One request of 64 texts, MiniLM, 14 tokens each");
      bars.atMost("p50 on all processors / on one", run.p50("all") / run.p50("one"), 0.7, "x");
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = InProcess.class.getResourceAsStream("/models/" + name)) {
      return in.readAllBytes();
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("It does not come to be that " + what);
      }
      TimeUnit.MICROSECONDS.sleep(200);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
