package io.fairlead.examples;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.operation.Plan;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.serverless.ServerlessPlatform;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A tour of the whole grammar: a sentence-embedding model is packaged, deployed twice, invoked, routed 90/10, scaled,
 * and previewed for every platform; then it is deployed as a function, which scales to zero and has a cold start; and
 * all of it is undeployed.
 *
 * <p>{@code examples/run quickstart ["question" ["sentence" ...]]}
 */
public final class Quickstart {
  private static final URI MINILM = URI.create("classpath:all-minilm-l6-v2-q.onnx");
  private static final String NAME = "ask";
  private static final int INVOCATIONS = 200;
  private static final int BAR = 14;
  /** The columns before the bar of a step. */
  private static final int BAR_AT = 39;

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final Duration PREVIEW_LIMIT = Duration.ofSeconds(10);
  private static final Duration IDLE = Duration.ofMillis(250);

  private static final String QUESTION = "Which food never spoils?";
  private static final List<String> SENTENCES = List.of(
      "Honey from the pharaohs' tombs is still good to eat.",
      "Sea otters hold hands while they sleep.",
      "The Eiffel Tower grows by a hand's breadth in summer.",
      "A day on Venus lasts longer than its year.",
      "Saturn would float, given a large enough bathtub.",
      "The shortest war in history lasted 38 minutes.",
      "Bananas are berries, but strawberries are not.");

  private final Terminal terminal;
  private final ModelArtifact model;
  private final List<Endpoint> deployed = new ArrayList<>();

  Quickstart(Terminal terminal, ModelArtifact model) {
    this.terminal = terminal;
    this.model = model;
  }

  /** Runs the example; exits with 0 if it succeeded and nothing is left. */
  public static void main(String[] args) {
    System.exit(
        new Quickstart(Terminal.standardOutput(), ModelArtifact.of(MINILM).named("minilm"))
            .run(List.of(args)));
  }

  /** {@return the exit code: 0, 1 after a failure, 2 if the arguments are invalid} */
  int run(List<String> arguments) {
    if (arguments.stream().anyMatch(argument -> argument.startsWith("-") || argument.isBlank())) {
      terminal.line("quickstart takes a question and sentences, none of them empty or with a - in "
          + "front: examples/run quickstart \"question\" [\"sentence\" ...]");
      return 2;
    }
    String question = arguments.isEmpty() ? QUESTION : arguments.get(0);
    List<String> sentences =
        arguments.size() < 2 ? SENTENCES : arguments.subList(1, arguments.size());

    terminal.titled(
        "Fairlead quickstart", ": MiniLM on \"local\", in this JVM. No account, no Docker.");
    try (EndpointPlatform local = Platforms.open("local", EndpointPlatform.class);
        ServerlessPlatform serverless = Platforms.open("serverless", ServerlessPlatform.class)) {
      Removal removal = new Removal(local, NAME, LIMIT);
      boolean well = false;
      try {
        float[][] embeddings = asEndpoints(local, question, sentences);
        asFunction(serverless, question, sentences, embeddings);
        whereNext();
        well = true;
      } catch (ServingException | IllegalArgumentException e) {
        terminal.line();
        terminal.line(terminal.cross() + " " + e.getMessage());
      }
      return end(removal, serverless) && well ? 0 : 1;
    }
  }

  /**
   * Runs the first part: package, deploy, invoke, route, scale, preview.
   *
   * @return the sentences' embeddings
   */
  private float[][] asEndpoints(EndpointPlatform local, String question, List<String> sentences) {
    terminal.line();
    Container container =
        step("package", "minilm", local.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE));
    Endpoint blue = deploy(local, container, "blue");
    Endpoint green = deploy(local, container, "green");

    terminal.line();
    float[][] embeddings = search(local, blue, question, sentences);

    terminal.line();
    step(
        "route", "10% to green", local.route(blue.at(100), green.at(0), TrafficWeight.percent(10)));
    count(local, blue, question);
    step("scale", "green to 2", local.scale(green, Scaling.fixed(2)));

    terminal.line();
    terminal.paragraph("The same on each platform here, as a preview, which only reads:");
    preview(Platforms.available(EndpointPlatform.class));
    return embeddings;
  }

  /** Runs the second part: the same model as a function. */
  private void asFunction(
      ServerlessPlatform serverless,
      String question,
      List<String> sentences,
      float[][] embeddings) {
    terminal.line();
    terminal.paragraph(
        "The same model as a function on \"serverless\": loaded by its first request.");
    FunctionLimits limits = FunctionLimits.DEFAULT.withIdleTimeout(IDLE);
    ModelFunction ask = step("deploy", NAME, serverless.deploy(model.named(NAME), limits));

    Supplier<String> answer = () -> {
      terminal.live("  invoking the function " + NAME);
      float[][] asked = embeddings(List.of(question), request -> serverless.invoke(ask, request));
      return sentences.get(ranked(scores(embeddings, asked[0])).get(0));
    };
    Duration first = invoke("cold", answer, Duration.ZERO, "loads the model").took();
    invoke("warm", answer, first, "");
    idle(serverless, ask);
    Invoked back = invoke("cold", answer, first, "");
    terminal.line(String.format("      answer   %s", terminal.fitting(back.answer(), 15)));
    step("undeploy", NAME, serverless.undeploy(ask));
  }

  private record Invoked(String answer, Duration took) {}

  /** Invokes the function and shows the latency, also as a bar relative to the first one. */
  private Invoked invoke(String how, Supplier<String> answer, Duration first, String what) {
    long begin = System.nanoTime();
    String answered = answer.get();
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    double share = first.isZero() ? 1 : took.toNanos() / (double) first.toNanos();
    String note = "  " + what;
    boolean fits = BAR_AT + BAR + note.length() <= terminal.width();
    done("invoke", how, Terminal.shown(took), terminal.bar(share, BAR) + (fits ? note : ""));
    return new Invoked(answered, took);
  }

  private void idle(ServerlessPlatform serverless, ModelFunction function) {
    long begin = System.nanoTime();
    Supplier<String> idle = () -> Terminal.shown(Duration.ofNanos(System.nanoTime() - begin));
    Instances.awaitNone(
        serverless,
        function,
        LIMIT,
        status -> terminal.live("  " + status.instances() + " instance, idle for " + idle.get()));
    done("idle", "to zero", idle.get(), "");
  }

  private void whereNext() {
    terminal.line();
    terminal.line("Where next:");
    terminal.line("  examples/run quickstart \"your question\" \"a sentence\" ...");
    whereNext("serverless", "a function by its URL, under a burst, and idle");
    whereNext("lifecycle", "the same life of a deployment, on any platform");
    whereNext("jshell plan", "what a cloud would create");
    terminal.line();
  }

  private void whereNext(String example, String what) {
    String command = String.format("  examples/run %-11s  ", example);
    if (command.length() + what.length() <= terminal.width()) {
      terminal.line(command + what);
    } else {
      terminal.line(command.stripTrailing());
      terminal.line("      " + what);
    }
  }

  // ---- the steps ----

  private Endpoint deploy(EndpointPlatform platform, Container container, String variant) {
    Routing routing = new Routing(NAME, variant);
    deployed.add(new Endpoint(container, Scaling.fixed(1), routing));
    return step("deploy", routing.path(), platform.deploy(container, Scaling.fixed(1), routing));
  }

  private <T> T step(String verb, String subject, Operation<T> operation) {
    long begin = System.nanoTime();
    T result = operation.onProgress(terminal.progress(verb + " " + subject)).await(LIMIT);
    done(verb, subject, Terminal.shown(Duration.ofNanos(System.nanoTime() - begin)), "");
    return result;
  }

  private void done(String verb, String subject, String time, String what) {
    terminal.line(
        String.format("  %s %-8s  %-12s  %8s  %s", terminal.tick(), verb, subject, time, what)
            .stripTrailing());
  }

  /** {@return the sentences' embeddings} */
  private float[][] search(
      EndpointPlatform platform, Endpoint endpoint, String question, List<String> sentences) {
    terminal.live("  invoking " + endpoint.name());
    List<String> texts = new ArrayList<>(sentences);
    texts.add(question);
    float[][] answers = embeddings(texts, request -> platform.invoke(endpoint, request));
    Duration sinceStart = ProcessAge.now();

    float[][] embeddings = Arrays.copyOf(answers, sentences.size());
    double[] scores = scores(embeddings, answers[sentences.size()]);
    List<Integer> ranked = ranked(scores);
    double best = scores[ranked.get(0)];

    terminal.line("  " + terminal.bold(question));
    for (int i : ranked) {
      boolean first = i == ranked.get(0);
      String row = String.format(
          Locale.ROOT,
          "%s %5.2f  %s  %s",
          first ? terminal.arrow() : " ",
          scores[i],
          terminal.bar(scores[i] / Math.max(best, 0.01), BAR),
          terminal.fitting(sentences.get(i), BAR + 13));
      terminal.line("  " + (first ? terminal.bold(terminal.green(row)) : row));
    }
    terminal.line(
        "  First answer " + Terminal.shown(sinceStart) + " after the start of this process.");
    return embeddings;
  }

  /** {@return the embeddings of texts: vectors of length 1 that are close if the meaning is} */
  private static float[][] embeddings(List<String> texts, Function<Request, Response> served) {
    return served.apply(Request.texts(texts.toArray(String[]::new))).vectors();
  }

  private static double[] scores(float[][] embeddings, float[] asked) {
    return Arrays.stream(embeddings).mapToDouble(one -> dot(asked, one)).toArray();
  }

  private static List<Integer> ranked(double[] scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -scores[i]))
        .toList();
  }

  private static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }

  private void count(EndpointPlatform platform, Endpoint endpoint, String question) {
    Request request = Request.texts(question);
    Map<String, Integer> answers = new TreeMap<>();
    double[] millis = new double[INVOCATIONS];
    for (int i = 0; i < INVOCATIONS; i++) {
      long begin = System.nanoTime();
      Response response = platform.invoke(endpoint, request);
      millis[i] = (System.nanoTime() - begin) / 1e6;
      answers.merge(response.variant().orElse("unknown"), 1, Integer::sum);
      if (i % 20 == 0) {
        terminal.live("  invoking " + NAME + " " + i + "/" + INVOCATIONS);
      }
    }
    Arrays.sort(millis);
    done("invoke", INVOCATIONS + " times", "", "");
    answers.forEach((variant, count) -> terminal.line(String.format(
            "      %-8s %4d  %s", variant, count, terminal.bar(count / (double) INVOCATIONS, BAR))
        .stripTrailing()));
    terminal.line(String.format(
        Locale.ROOT,
        "      latency  p50 %.1f ms   p95 %.1f ms   p99 %.1f ms",
        percentile(millis, 50),
        percentile(millis, 95),
        percentile(millis, 99)));
  }

  private static double percentile(double[] sorted, int percent) {
    return sorted[(int) Math.ceil(sorted.length * percent / 100.0) - 1];
  }

  // ---- previews ----

  /** Previews on all platforms concurrently, so that the slowest does not delay the others. */
  private void preview(List<String> platforms) {
    Map<String, CompletableFuture<List<String>>> plans = new TreeMap<>();
    platforms.forEach(id -> plans.put(
        id,
        CompletableFuture.supplyAsync(() -> preview(id))
            .completeOnTimeout(
                List.of("did not answer within " + Terminal.shown(PREVIEW_LIMIT)),
                PREVIEW_LIMIT.toMillis(),
                TimeUnit.MILLISECONDS)));
    plans.forEach((id, plan) -> {
      terminal.live("  previewing on " + id);
      String first = id;
      for (String sentence : plan.join()) {
        for (String line : terminal.wrapped(sentence, 13)) {
          terminal.line(String.format("  %-10s %s", first, line));
          first = "";
        }
      }
    });
  }

  private List<String> preview(String id) {
    try {
      return summary(plan(id));
    } catch (RuntimeException e) {
      return List.of("needs more: " + e.getMessage());
    }
  }

  private Plan plan(String id) {
    try (EndpointPlatform platform = Platforms.open(id, EndpointPlatform.class)) {
      return platform.preview(PREVIEW_LIMIT, there -> {
        Container container =
            there.packageModel(model, RuntimeSpec.NONE, Dependencies.NONE).await(PREVIEW_LIMIT);
        Scaling one = Machines.scaling(Machines.usual(id), 1);
        Endpoint blue =
            there.deploy(container, one, new Routing(NAME, "blue")).await(PREVIEW_LIMIT);
        Endpoint green =
            there.deploy(container, one, new Routing(NAME, "green")).await(PREVIEW_LIMIT);
        return there.route(blue.at(100), green.at(0), TrafficWeight.percent(10));
      });
    }
  }

  /** {@return a plan as one line for each action} */
  private static List<String> summary(Plan plan) {
    Map<Plan.Action, List<Plan.Change>> byAction = plan.changes().stream()
        .collect(Collectors.groupingBy(Plan.Change::action, TreeMap::new, Collectors.toList()));
    List<String> lines = new ArrayList<>();
    byAction.forEach((action, changes) -> {
      String resources =
          changes.stream().map(Plan.Change::resource).distinct().collect(Collectors.joining(", "));
      String details = changes.stream()
          .flatMap(change -> change.details().stream())
          .distinct()
          .collect(Collectors.joining("; "));
      lines.add(action.name().toLowerCase(Locale.ROOT) + " " + resources
          + (details.isEmpty() ? "" : ": " + details));
    });
    plan.warnings().forEach(warning -> lines.add("warning " + warning));
    return lines;
  }

  // ---- clean-up ----

  /** {@return whether nothing is left} */
  private boolean end(Removal removal, ServerlessPlatform serverless) {
    terminal.live("  undeploying");
    List<Endpoint> latestFirst = new ArrayList<>(deployed);
    Collections.reverse(latestFirst);
    removal
        .undeploy(
            latestFirst,
            (gone, took) -> done("undeploy", gone.routing().path(), Terminal.shown(took), ""))
        .values()
        .forEach(failure -> terminal.line(terminal.cross() + " " + failure.getMessage()));
    List<ManagedResource> left = new ArrayList<>(removal.left());
    // A function has been undeployed already, except after a failure.
    serverless.undeployAll(NAME).await(LIMIT);
    left.addAll(serverless.inventory());
    if (left.isEmpty()) {
      terminal.line("  " + terminal.tick() + " The inventory is empty: nothing left behind.");
    } else {
      terminal.line("  " + terminal.cross() + " Left: "
          + left.stream().map(ManagedResource::toString).collect(Collectors.joining(", ")));
    }
    return left.isEmpty();
  }
}
