package io.fairlead.examples;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.CachingPolicy;
import io.fairlead.grammar.CachingPolicy.Eviction;
import io.fairlead.grammar.CachingPolicy.Strategy;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelState;
import io.fairlead.grammar.ModelState.DynamicConfig;
import io.fairlead.grammar.StatePolicy;
import io.fairlead.grammar.StatefulContainer;
import io.fairlead.grammar.UpdateStrategy;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.stateful.CacheAnswer;
import io.fairlead.stateful.CacheAnswer.Source;
import io.fairlead.stateful.CachingPlatform;
import io.fairlead.stateful.FeatureImportance;
import io.fairlead.stateful.StatefulModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An example of a model with state: sensors ask a tree model, which a cache answers for most of the time; it shows what
 * it looks at, is replaced by a retrained version while it is asked, and is warm after a restart.
 *
 * <p>{@code examples/run stateful}
 */
public final class StatefulExample {
  private static final StatePolicy POLICY = new StatePolicy(
      CachingPolicy.of(Strategy.PREDICTIVE, "64MB", Eviction.FEATURE_BASED_LRU),
      new UpdateStrategy(UpdateStrategy.Type.INCREMENTAL, Duration.ofMinutes(5), true),
      new DynamicConfig(true, true));

  private static final int ROOMS = 20;
  private static final int SEED = 1;
  private static final int PARTS_OF_A_DAY = 3;
  private static final Duration PART = Duration.ofHours(8);
  /** So many requests are an hour and a half. */
  private static final int FEW = 2000;

  private static final long PAUSE_NANOS = 50_000;
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final int BAR = 14;

  private final Terminal terminal;
  private final int days;
  private final Sensors sensors = new Sensors(ROOMS, SEED);

  StatefulExample(Terminal terminal, int days) {
    this.terminal = terminal;
    this.days = days;
  }

  /** Runs the example; exits with 0 if it succeeded and nothing is left. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("fairlead-stateful");
    // After Ctrl-C, too.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    System.exit(new StatefulExample(Terminal.standardOutput(), 4).run(List.of(args), folder));
  }

  /** {@return the exit code: 0, 1 after a failure, 2 if there are arguments} */
  int run(List<String> arguments, Path folder) {
    if (!arguments.isEmpty()) {
      terminal.line("stateful takes no arguments: examples/run stateful");
      return 2;
    }
    terminal.titled("Fairlead stateful", ": is somebody in the room? A model with a cache.");
    terminal.paragraph("Each minute the sensors in " + ROOMS + " simulated rooms ask 100 trees. "
        + "Hardly any reading is like another, but the trees cannot tell all of them apart.");
    try {
      show(folder);
      return 0;
    } catch (ServingException | IllegalStateException | IOException e) {
      terminal.line();
      terminal.line(terminal.cross() + " " + e.getMessage());
      return 1;
    }
  }

  private void show(Path folder) throws IOException {
    ModelArtifact first = model("first", folder);
    ModelArtifact retrained = model("retrained", folder);
    Path state = folder.resolve("state");
    List<Request> again;

    try (CachingPlatform stateful = open(state)) {
      stateful.onEvent(event -> say("%s", event.message()));
      terminal.line();
      StatefulContainer room = step("deploy", "first", stateful.deploy(first, POLICY));
      List<Request> requests = few(new Sensors(ROOMS, SEED));
      Tally alone = ask(requests, request -> stateful.invoke(room, request));
      say("The model alone takes %s for a request.", alone.mean());

      terminal.line();
      forward(stateful, room);
      terminal.line();
      showImportance(stateful.importance(room));
      terminal.line();
      again = few(sensors);
      ask(again, request -> stateful.cacheForward(room, request));
      replace(stateful, room, retrained, again);
    }

    terminal.line();
    terminal.paragraph("That platform is closed. Two others, for the same requests:");
    restart("its folder", state, retrained, again);
    restart("empty folder", folder.resolve("empty"), retrained, again);
    terminal.line("  " + terminal.tick() + " The inventories are empty: nothing left behind.");
  }

  private static CachingPlatform open(Path state) {
    return Platforms.open(
        "stateful", CachingPlatform.class, Map.of("over", "local", "folder", state.toString()));
  }

  private void restart(String how, Path state, ModelArtifact model, List<Request> requests) {
    try (CachingPlatform stateful = open(state)) {
      StatefulContainer room = step("deploy", how, stateful.deploy(model, POLICY));
      Tally tally = ask(requests, request -> stateful.cacheForward(room, request));
      say("The model was called for %,d of %,d requests.", tally.calls(), tally.all);
      stateful.undeploy(room).await(LIMIT);
      if (!stateful.inventory().isEmpty()) {
        throw new IllegalStateException("Left: " + stateful.inventory());
      }
    }
  }

  private static ModelArtifact model(String version, Path folder) throws IOException {
    String resource = "/occupancy/" + version + ".onnx";
    Path file = folder.resolve(version + ".onnx");
    try (InputStream in = StatefulExample.class.getResourceAsStream(resource)) {
      Files.copy(in, file);
    }
    return ModelArtifact.of(file).named("room").with(StatefulModel.DETERMINISTIC);
  }

  // ---- requests ----

  /** Counts answers by where they come from. */
  private static final class Tally {
    private final Map<Source, Integer> answers = new EnumMap<>(Source.class);
    private int all;
    private long nanos;

    void add(Response answer, long took) {
      CacheAnswer told = answer.find(CacheAnswer.class).orElseThrow();
      answers.merge(told.source(), 1, Integer::sum);
      all++;
      nanos += took;
    }

    int calls() {
      return answers.getOrDefault(Source.MODEL, 0);
    }

    double percent(Source source) {
      return 100.0 * answers.getOrDefault(source, 0) / Math.max(1, all);
    }

    String mean() {
      return String.format(Locale.ROOT, "%.3f ms", nanos / 1e6 / all);
    }
  }

  private static List<Request> few(Sensors sensors) {
    return Stream.generate(sensors::next).limit(FEW).toList();
  }

  private static Tally ask(List<Request> requests, Function<Request, Response> served) {
    Tally tally = new Tally();
    for (Request request : requests) {
      long begin = System.nanoTime();
      Response answer = served.apply(request);
      tally.add(answer, System.nanoTime() - begin);
    }
    return tally;
  }

  /** Forwards the readings of some days, with a line for each part of a day. */
  private void forward(CachingPlatform stateful, StatefulContainer room) {
    terminal.line("  until      hits                  exact   cell  time saved");
    Tally all = new Tally();
    for (int part = 0; part < PARTS_OF_A_DAY * days; part++) {
      Tally here = new Tally();
      int readings = sensors.readings(PART);
      for (int i = 1; i <= readings; i++) {
        Request request = sensors.next();
        long begin = System.nanoTime();
        Response answer = stateful.cacheForward(room, request);
        long took = System.nanoTime() - begin;
        here.add(answer, took);
        all.add(answer, took);
        if (i % 100 == 0) {
          terminal.live(row(here, stateful.statistics(room).saved()));
        }
      }
      terminal.line(row(here, stateful.statistics(room).saved()));
    }
    say(
        "%,d requests took %,d calls of the model and %s each; %s of its time was saved.",
        all.all,
        all.calls(),
        all.mean(),
        Terminal.shown(stateful.statistics(room).saved()));
  }

  private String row(Tally tally, Duration saved) {
    double hits = 100 - tally.percent(Source.MODEL);
    return String.format(
        Locale.ROOT,
        "  %-9s  %s  %3.0f%%  %3.0f%%   %3.0f%%  %s",
        sensors.time(),
        terminal.bar(hits / 100, BAR),
        hits,
        tally.percent(Source.CACHE_EXACT),
        tally.percent(Source.CACHE_CELL),
        Terminal.shown(saved));
  }

  private void showImportance(List<FeatureImportance> importance) {
    terminal.paragraph("How far an answer moves when one input is taken from another reading:");
    double most = importance.stream().mapToDouble(FeatureImportance::mean).max().orElse(1);
    importance.stream()
        .sorted(Comparator.comparingDouble(FeatureImportance::mean).reversed())
        .forEach(one -> terminal.line(String.format(
            Locale.ROOT,
            "  %-14s  %s  %.3f  +/- %.3f",
            Sensors.FEATURES.get(one.feature()),
            terminal.bar(one.mean() / most, BAR),
            one.mean(),
            one.standardError())));
  }

  // ---- another version ----

  /** An answer to the request of a number, and whether it was asked when the update was over. */
  private record Answered(int request, boolean after, Response answer) {}

  /** Updates to another version while a caller asks, and checks what the caller was answered. */
  private void replace(
      CachingPlatform stateful,
      StatefulContainer room,
      ModelArtifact retrained,
      List<Request> requests) {
    List<String> older = model(stateful, room, requests);
    AtomicBoolean updated = new AtomicBoolean();
    CompletableFuture<List<Answered>> caller =
        CompletableFuture.supplyAsync(() -> askAllTheTime(stateful, room, requests, updated));

    ModelState next = room.state().next();
    StatefulContainer after =
        step("update", "retrained", stateful.updateState(room.withArtifact(retrained), next));
    updated.set(true);

    List<Answered> answers = caller.join();
    List<String> newer = model(stateful, after, requests);
    long differ =
        IntStream.range(0, FEW).filter(i -> !older.get(i).equals(newer.get(i))).count();
    Tally warm = new Tally();
    int byOlder = 0;
    int byNewer = 0;
    for (Answered one : answers) {
      String text = one.answer().text();
      if (text.equals(newer.get(one.request()))) {
        byNewer++;
      } else if (!one.after() && text.equals(older.get(one.request()))) {
        byOlder++;
      }
      if (one.after()) {
        warm.add(one.answer(), 0);
      }
    }
    int stale = answers.size() - byOlder - byNewer;
    say(
        "A caller got %,d answers of the first model, and %,d of the retrained one; "
            + "these differ for %,d of %,d requests.",
        byOlder, byNewer, differ, FEW);
    say("The retrained model was called for %,d of %,d requests.", warm.calls(), warm.all);
    say("Stale answers: %,d", stale);
    if (stale > 0) {
      throw new IllegalStateException("A stale answer is a bug.");
    }
  }

  /** {@return what the model says, whatever the cache has} */
  private static List<String> model(
      CachingPlatform stateful, StatefulContainer room, List<Request> requests) {
    return requests.stream()
        .map(request -> stateful.invoke(room, request).text())
        .toList();
  }

  /** Asks the same requests again and again, until each was asked once after the update. */
  private static List<Answered> askAllTheTime(
      CachingPlatform stateful,
      StatefulContainer room,
      List<Request> requests,
      AtomicBoolean updated) {
    List<Answered> answers = new ArrayList<>();
    int after = 0;
    for (int i = 0; after < requests.size(); i = (i + 1) % requests.size()) {
      boolean isAfter = updated.get();
      answers.add(new Answered(i, isAfter, stateful.cacheForward(room, requests.get(i))));
      after += isAfter ? 1 : 0;
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return answers;
  }

  // ---- output ----

  private <T> T step(String verb, String subject, Operation<T> operation) {
    long begin = System.nanoTime();
    T result = operation
        .onProgress(event -> terminal.live("  " + verb + " " + subject + "  " + event))
        .await(LIMIT);
    String took = Terminal.shown(Duration.ofNanos(System.nanoTime() - begin));
    terminal.line(String.format("  %s %-8s  %-12s  %8s", terminal.tick(), verb, subject, took));
    return result;
  }

  private void say(String text, Object... values) {
    terminal
        .wrapped(String.format(Locale.ROOT, text, values), 6)
        .forEach(line -> terminal.line("      " + line));
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      // What is being written there at this moment is left to the system.
    }
  }
}
