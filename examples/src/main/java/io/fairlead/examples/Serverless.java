package io.fairlead.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.examples.ServerlessSettings.Load;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.operation.Operation;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.serverless.FunctionMetrics;
import io.fairlead.serverless.ServerlessOptions;
import io.fairlead.serverless.ServerlessPlatform;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * An example of a model file as a function: its URL, a burst that scales it out, the scale to zero, and a cold start.
 *
 * <p>{@code examples/run serverless [model.onnx]}
 */
public final class Serverless {
  private static final URI MINILM = URI.create("classpath:all-minilm-l6-v2-q.onnx");
  private static final String HELP = """
      usage: examples/run serverless [model.onnx]

        model.onnx  a model in the format ONNX; by default a sentence-embedding model, all-MiniLM-L6-v2

      Deploys the model as a function in this JVM, invokes it at its URL, lets 1, 4 and 16 callers invoke it in
      a loop, waits until it is scaled to zero, and invokes it again with a cold start. It takes about ten
      seconds and leaves nothing behind; Ctrl-C ends it early.""";

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Duration CLEAN_UP_LIMIT = Duration.ofSeconds(20);
  private static final long LOOK_NANOS = Duration.ofMillis(20).toNanos();
  private static final int MAX_INSTANCES = 8;
  private static final int COLUMNS = 64;
  private static final int CHART_MARGIN = 4;
  /** Of a terminal that has room for bars. */
  private static final int WIDE = 80;

  private static final int BAR = 14;
  private static final int BEFORE_WHAT = 24;
  private static final int WIDTH = 76;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ServerlessPlatform platform;
  private final ServerlessSettings settings;
  private final Terminal terminal;
  private final InstanceChart chart = new InstanceChart();
  private final long begin = System.nanoTime();

  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopped;

  private Serverless(ServerlessPlatform platform, ServerlessSettings settings, Terminal terminal) {
    this.platform = platform;
    this.settings = settings;
    this.terminal = terminal;
  }

  /** Runs the example; exits with 0 on success, 1 on failure, 2 if the arguments are invalid. */
  public static void main(String[] args) {
    System.exit(run(List.of(args), ServerlessSettings.usual(), Terminal.standardOutput()));
  }

  static int run(List<String> arguments, ServerlessSettings settings, Terminal terminal) {
    if (arguments.contains("--help") || arguments.contains("-h")) {
      HELP.lines().forEach(terminal::line);
      return 0;
    }
    if (arguments.size() > 1 || arguments.stream().anyMatch(one -> one.startsWith("-"))) {
      terminal.line(
          "serverless takes a model file or nothing: examples/run serverless [model.onnx]");
      return 2;
    }
    URI weights = arguments.isEmpty() ? MINILM : Path.of(arguments.get(0)).toUri();
    if (!arguments.isEmpty() && !Files.exists(Path.of(arguments.get(0)))) {
      terminal.line("There is no file " + arguments.get(0) + ".");
      return 2;
    }
    String name = arguments.isEmpty() ? "minilm" : name(Path.of(arguments.get(0)));
    try (ServerlessPlatform platform = Platforms.open("serverless", ServerlessPlatform.class)) {
      Serverless example = new Serverless(platform, settings, terminal);
      Runtime.getRuntime().addShutdownHook(new Thread(example::stop));
      return example.run(ModelArtifact.of(weights).named(name)) ? 0 : 1;
    }
  }

  /** {@return the name of a function for a file} */
  static String name(Path file) {
    String name = file.getFileName()
        .toString()
        .replaceFirst("\\.[^.]*$", "")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z0-9]+", "-")
        .replaceAll("^-+", "");
    name = name.substring(0, Math.min(40, name.length())).replaceAll("-+$", "");
    return name.isEmpty() ? "model" : name;
  }

  /** {@return whether it succeeded and nothing is left} */
  private boolean run(ModelArtifact model) {
    String name = model.metadata().name().orElseThrow();
    terminal.line(
        terminal.bold("Fairlead serverless") + ": " + name + " as a function in this JVM.");
    boolean well = false;
    try {
      show(model);
      well = true;
    } catch (ServingException | IllegalArgumentException | IOException e) {
      terminal.line();
      terminal.line(terminal.cross() + " " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      return nothingLeft(name) && well;
    } finally {
      ended.countDown();
    }
  }

  private void show(ModelArtifact model) throws IOException, InterruptedException {
    terminal
        .wrapped(
            "One request per instance at a time, at most " + MAX_INSTANCES
                + " instances, none after " + Terminal.shown(settings.idleTimeout()) + " idle.",
            0)
        .forEach(terminal::line);
    terminal.line();
    FunctionLimits limits = FunctionLimits.DEFAULT
        .withMemory("128MB")
        .withMaxConcurrent(MAX_INSTANCES)
        .withIdleTimeout(settings.idleTimeout());
    ModelFunction function = step(
        "deploy",
        platform.deploy(model.with(ServerlessOptions.DEFAULT.withSlots(1)), limits),
        "nothing is loaded yet");
    URI url = platform.url(function);
    String question = question(model, url);
    invokeByUrl(function, url, question);

    terminal.line();
    Request request = Request.json(question);
    for (Load load : settings.loads()) {
      burst(function, request, load);
    }
    idle(function);
    coldStart(function, request);

    terminal.line();
    terminal.line("Instances, over " + Terminal.shown(now()) + ":");
    chart
        .lines(terminal, Math.min(COLUMNS, terminal.width() - CHART_MARGIN))
        .forEach(terminal::line);
    terminal.line();
    explain();
    terminal.line();
    step("undeploy", platform.undeploy(function), "");
  }

  private void explain() {
    String text = chart.most() > 1
        ? "Waiting requests scale the function out; idle instances stop after the idle timeout, "
            + "or after a minute if that is shorter. In one JVM they share the model's weights, so "
            + "a further one costs little: it adds concurrency, but does not make the "
            + Runtime.getRuntime().availableProcessors() + " processors faster."
        : "One instance was enough: this model responds before a second one would be of use.";
    terminal.wrapped(text, 2).forEach(line -> terminal.line("  " + line));
  }

  // ---- requests ----

  /** {@return the request body: a sentence, or ones in the shapes of the model's inputs} */
  private static String question(ModelArtifact model, URI url)
      throws IOException, InterruptedException {
    return model.weights().equals(MINILM)
        ? "{\"inputs\": \"Which food never spoils?\"}"
        : ones(Curl.get(url));
  }

  /** {@return a request with one row of ones, in the shapes of a model's metadata} */
  static String ones(String metadata) throws JsonProcessingException {
    JsonNode read = JSON.readTree(metadata);
    checkNoError(read);
    ObjectNode request = JSON.createObjectNode();
    ArrayNode inputs = request.putArray("inputs");
    for (JsonNode spec : read.path("inputs")) {
      ObjectNode input = inputs.addObject();
      String datatype = spec.path("datatype").asText();
      input.put("name", spec.path("name").asText()).put("datatype", datatype);
      ArrayNode shape = input.putArray("shape");
      long count = 1;
      for (JsonNode length : spec.path("shape")) {
        shape.add(Math.max(1, length.asLong()));
        count *= Math.max(1, length.asLong());
      }
      ArrayNode data = input.putArray("data");
      for (long i = 0; i < count; i++) {
        switch (datatype) {
          case "BYTES" -> data.add("1");
          case "BOOL" -> data.add(true);
          default -> data.add(1);
        }
      }
    }
    return request.toString();
  }

  private static void checkNoError(JsonNode answer) {
    if (answer.path("error").isTextual()) {
      throw new IllegalArgumentException(answer.path("error").asText());
    }
  }

  private void invokeByUrl(ModelFunction function, URI url, String question)
      throws IOException, InterruptedException {
    URI infer = URI.create(url + "/infer");
    Curl curl = new Curl(settings.curl());
    terminal.line();
    terminal.line("  " + terminal.bold(Curl.command(infer, question)));
    terminal.live("  invoking");
    long sent = System.nanoTime();
    String answer = curl.post(infer, question);
    Duration took = since(sent);
    checkNoError(JSON.readTree(answer));
    String line = answer.replaceAll("\\s+", " ");
    int room = Math.min(WIDTH, terminal.width() - 2);
    terminal.line("  " + (line.length() > room ? line.substring(0, room - 4) + " ..." : line));
    terminal.line();
    done("answer", took, "by " + curl.name() + ": the model was loaded");
    look(function);
  }

  /** Runs callers that invoke the function in a loop, and shows the instances meanwhile. */
  private void burst(ModelFunction function, Request request, Load load) {
    String who = load.callers() + (load.callers() == 1 ? " caller" : " callers");
    chart.mark(now(), load.callers() == 1 ? "1 caller" : String.valueOf(load.callers()));
    long from = System.nanoTime();
    ExecutorService callers = Executors.newFixedThreadPool(load.callers());
    List<Long> nanos = new ArrayList<>();
    int most = 0;
    try {
      List<Future<List<Long>>> running = new ArrayList<>();
      for (int i = 0; i < load.callers(); i++) {
        running.add(callers.submit(() -> invokeInLoop(function, request, from, load.time())));
      }
      while (!running.stream().allMatch(Future::isDone)) {
        FunctionMetrics status = look(function);
        most = Math.max(most, status.instances());
        terminal.live(String.format(
            "  %-10s  %s %d instances  %2d running  %2d waiting",
            who,
            terminal.bar(status.instances() / (double) MAX_INSTANCES, BAR),
            status.instances(),
            status.running(),
            status.waiting()));
        LockSupport.parkNanos(LOOK_NANOS);
      }
      for (Future<List<Long>> one : running) {
        nanos.addAll(one.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      callers.shutdown();
    }
    checkNotStopped();
    Collections.sort(nanos);
    done(
        who,
        since(from),
        bar(most / (double) MAX_INSTANCES, MAX_INSTANCES)
            + String.format(
                isWide() ? "%d %-9s  %5d responses, median %s" : "%d %s, %d responses, %s",
                most,
                most == 1 ? "instance" : "instances",
                nanos.size(),
                shown(nanos.get(nanos.size() / 2))));
  }

  private List<Long> invokeInLoop(
      ModelFunction function, Request request, long from, Duration time) {
    List<Long> nanos = new ArrayList<>();
    do {
      long sent = System.nanoTime();
      platform.invoke(function, request);
      nanos.add(System.nanoTime() - sent);
    } while (!stopped && System.nanoTime() - from < time.toNanos());
    return nanos;
  }

  private void idle(ModelFunction function) {
    chart.mark(now(), "idle");
    long from = System.nanoTime();
    Instances.awaitNone(platform, function, LIMIT, status -> {
      checkNotStopped();
      chart.add(now(), status.instances());
      terminal.live(
          "  no requests: " + status.instances() + " instances, " + Terminal.shown(since(from)));
    });
    look(function);
    done("idle", since(from), "scaled to zero");
    rest(function);
  }

  private void coldStart(ModelFunction function, Request request) {
    chart.mark(now(), "back");
    Duration cold = timed(() -> platform.invoke(function, request));
    look(function);
    done("invoke", cold, bar(1, BAR) + "cold: the model is loaded again");
    Duration warm = timed(() -> platform.invoke(function, request));
    look(function);
    done("invoke", warm, bar(warm.toNanos() / (double) cold.toNanos(), BAR) + "warm");
    rest(function);
  }

  /** Shows the instances for a moment. */
  private void rest(ModelFunction function) {
    long from = System.nanoTime();
    while (since(from).compareTo(settings.rest()) < 0) {
      checkNotStopped();
      terminal.live("  " + look(function).instances() + " instances");
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  // ---- status ----

  private FunctionMetrics look(ModelFunction function) {
    FunctionMetrics status = platform.metrics(function);
    chart.add(now(), status.instances());
    return status;
  }

  private Duration now() {
    return since(begin);
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  private static Duration timed(Runnable work) {
    long from = System.nanoTime();
    work.run();
    return since(from);
  }

  private static String shown(long nanos) {
    return nanos < 10_000_000
        ? String.format(Locale.ROOT, "%.1f ms", nanos / 1e6)
        : Terminal.shown(Duration.ofNanos(nanos));
  }

  /** {@return a bar and the space after it, or nothing where there is no room} */
  private String bar(double share, int length) {
    return isWide() ? terminal.bar(share, length) + "  " : "";
  }

  private boolean isWide() {
    return terminal.width() >= WIDE;
  }

  private <T> T step(String verb, Operation<T> operation, String what) {
    long from = System.nanoTime();
    T result = operation.await(LIMIT);
    done(verb, since(from), what);
    return result;
  }

  private void done(String verb, Duration took, String what) {
    terminal.line(String.format(
            "  %s %-10s %7s  %s",
            terminal.tick(), verb, Terminal.shown(took), terminal.fitting(what, BEFORE_WHAT))
        .stripTrailing());
  }

  // ---- clean-up ----

  private boolean nothingLeft(String name) {
    platform.undeployAll(name).await(LIMIT);
    List<ManagedResource> left = platform.inventory();
    terminal.line(
        left.isEmpty()
            ? "  " + terminal.tick() + " The inventory is empty: nothing left behind."
            : "  " + terminal.cross() + " Left: "
                + left.stream().map(ManagedResource::toString).collect(Collectors.joining(", ")));
    return left.isEmpty();
  }

  private void checkNotStopped() {
    if (stopped) {
      throw new ServingException(
          platform.id(), ErrorKind.CANCELLED, "The example was interrupted.");
    }
  }

  /** The shutdown hook, for Ctrl-C. */
  private void stop() {
    stopped = true;
    try {
      if (!ended.await(CLEAN_UP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        terminal.line("The function was not removed in time; it ends with this process.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
