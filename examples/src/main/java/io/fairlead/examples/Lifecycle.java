package io.fairlead.examples;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.examples.LifecycleReport.Step;
import io.fairlead.grammar.Container;
import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Scaling;
import io.fairlead.grammar.TrafficWeight;
import io.fairlead.operation.Operation;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The lifecycle of a deployment on any endpoint platform: package, deploy blue and green, shift the traffic from one to
 * the other, scale, undeploy; after a failure it cleans up and reports what is left.
 *
 * <p>{@code examples/run lifecycle [--platform ID] [--set key=value ...] [--json]}
 */
public final class Lifecycle {
  private static final String BLUE = "blue";
  private static final String GREEN = "green";
  private static final Duration CLEAN_UP_LIMIT = Duration.ofMinutes(2);

  private final EndpointPlatform platform;
  private final LifecycleSettings settings;
  private final LifecycleReport report;
  private final Terminal terminal;

  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean stopped;
  private volatile @Nullable Operation<?> current;

  private Lifecycle(EndpointPlatform platform, LifecycleSettings settings, LifecycleReport report) {
    this.platform = platform;
    this.settings = settings;
    this.report = report;
    this.terminal = report.terminal();
  }

  /** Runs the example; exits with 0 on success, 1 on failure, 2 if it could not start. */
  public static void main(String[] args) {
    // As in simplelogger.properties: below this level a cloud's SDK logs details of the machine.
    Logger.getLogger("").setLevel(Level.WARNING);
    System.exit(run(List.of(args), Terminal.standardOutput(), Terminal.standardError()));
  }

  static int run(List<String> arguments, Terminal out, Terminal err) {
    LifecycleReport report = new LifecycleReport(out, err, arguments.contains("--json"));
    try {
      LifecycleArguments parsed = LifecycleArguments.of(arguments);
      if (parsed.help()) {
        LifecycleArguments.HELP.lines().forEach(out::line);
        return 0;
      }
      report.platform(parsed.platform());
      LifecycleSettings.Opened opened =
          LifecycleSettings.open(parsed.platform(), parsed.settings());
      try (EndpointPlatform platform = opened.platform()) {
        Lifecycle lifecycle = new Lifecycle(platform, opened.settings(), report);
        Runtime.getRuntime().addShutdownHook(new Thread(lifecycle::stop));
        lifecycle.run();
        return report.isWell() ? 0 : 1;
      }
    } catch (IllegalArgumentException | ServingException e) {
      report.failed(e);
      report.end();
      return 2;
    }
  }

  private void run() {
    report.begin(settings.name());
    try {
      Removal removal = new Removal(platform, settings.name(), settings.timeout());
      try {
        live();
      } catch (RuntimeException e) {
        report.failed(e);
        cleanUp(removal);
      }
      report.left(removal.left());
    } catch (RuntimeException e) {
      report.failed(e);
    } finally {
      report.end();
      ended.countDown();
    }
  }

  private void live() {
    Container container = step(
        "package",
        () -> platform.packageModel(settings.artifact(), settings.runtime(), Dependencies.NONE));
    Endpoint blue = deploy(container, BLUE);
    Endpoint green = deploy(container, GREEN);
    for (int percent : List.of(10, 50, 100)) {
      route(blue, green, percent);
      count(blue, green, percent);
    }
    Scaling two = settings.instances(2);
    Endpoint scaled = step("scale green", () -> platform.scale(green, two));
    step("undeploy blue", () -> platform.undeploy(blue));
    step("undeploy green", () -> platform.undeploy(scaled));
  }

  // ---- the steps ----

  private Endpoint deploy(Container container, String variant) {
    Endpoint planned = endpoint(container, variant);
    Endpoint endpoint = step(
        "deploy " + variant,
        () -> platform.deploy(container, planned.scaling(), planned.routing()));
    if (settings.pinned()) {
      invokePinned(endpoint);
    }
    return endpoint;
  }

  private Endpoint endpoint(Container container, String variant) {
    return new Endpoint(container, settings.instances(1), new Routing(settings.name(), variant));
  }

  /** Invokes one variant whatever the weights are, if the platform supports that. */
  private void invokePinned(Endpoint endpoint) {
    String variant = endpoint.routing().variant();
    Request request = settings.request().pinnedTo(variant);
    timed("invoke " + variant, begun -> {
      try {
        String answered = variantOf(platform.invoke(endpoint, request));
        return begun.ended(answered.equals(variant), "answered by " + answered);
      } catch (ServingException e) {
        if (e.kind() == ErrorKind.UNSUPPORTED) {
          return begun.ended(true, "this platform cannot pin a request to a variant");
        }
        throw e;
      }
    });
  }

  private void route(Endpoint blue, Endpoint green, int percent) {
    step(
        "route " + split(percent),
        () -> platform.route(
            blue.at(100 - percent), green.at(percent), TrafficWeight.percent(percent)),
        begun -> {
          Map<String, Integer> listed = platform.list().stream()
              .filter(one -> one.name().equals(settings.name()))
              .collect(Collectors.toMap(
                  one -> one.variant().orElse(""),
                  one -> one.weight().percent(),
                  (a, b) -> b,
                  TreeMap::new));
          return begun
              .withWeights(listed)
              .ended(listed.equals(weights(percent)), "listed as " + shown(listed));
        });
  }

  private void count(Endpoint blue, Endpoint green, int percent) {
    timed("invoke " + split(percent), begun -> {
      Map<String, Integer> counts = new TreeMap<>();
      int all = settings.invocations();
      for (int i = 0; i < all; i++) {
        checkNotStopped();
        if (i % Math.max(1, all / 100) == 0) {
          terminal.live("  invoking " + settings.name() + " " + i + "/" + all);
        }
        Endpoint either = i % 2 == 0 ? blue : green;
        counts.merge(variantOf(platform.invoke(either, settings.request())), 1, Integer::sum);
      }
      Map<String, Integer> weights = weights(percent);
      return begun
          .withWeights(weights)
          .withCounts(counts)
          .ended(Split.isCredible(weights, counts), "answered by " + shown(counts));
    });
  }

  private static String variantOf(Response response) {
    return response.variant().orElse("unknown");
  }

  private static String shown(Map<String, Integer> byVariant) {
    return byVariant.entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  private static String split(int percent) {
    return (100 - percent) + "/" + percent;
  }

  private static Map<String, Integer> weights(int percent) {
    return new TreeMap<>(Map.of(BLUE, 100 - percent, GREEN, percent));
  }

  private <T> T step(String name, Supplier<Operation<T>> begin) {
    return step(name, begin, begun -> begun.ended(true, ""));
  }

  private <T> T step(String name, Supplier<Operation<T>> begin, UnaryOperator<Step> end) {
    List<T> results = new ArrayList<>();
    timed(name, begun -> {
      try {
        Operation<T> operation = begin.get().onProgress(terminal.progress(name));
        current = operation;
        if (stopped) {
          operation.cancel();
        }
        results.add(awaitOrCancel(operation));
      } finally {
        current = null;
      }
      return end.apply(begun);
    });
    return results.get(0);
  }

  /** Awaits an operation; cancels it after a timeout, because it would go on and block the clean-up. */
  private <T> T awaitOrCancel(Operation<T> operation) {
    try {
      return operation.await(settings.timeout());
    } catch (ServingException e) {
      if (!operation.status().state().isFinal()) {
        operation.cancel();
        try {
          operation.await(settings.timeout());
        } catch (ServingException cancelled) {
          e.addSuppressed(cancelled);
        }
      }
      throw e;
    }
  }

  private void timed(String name, UnaryOperator<Step> work) {
    checkNotStopped();
    Step begun = Step.begin(name);
    try {
      report.add(work.apply(begun));
    } catch (RuntimeException e) {
      report.add(begun.ended(false, ""));
      throw e;
    }
  }

  // ---- clean-up ----

  /** Undeploys both variants, even if they were never deployed: that also deletes their packaged container. */
  private void cleanUp(Removal removal) {
    Container container = new Container(settings.artifact(), settings.runtime(), Dependencies.NONE);
    removal
        .undeploy(
            List.of(endpoint(container, GREEN), endpoint(container, BLUE)),
            (gone, took) -> report.add(Step.of(undeploying(gone), took, true, "")))
        .forEach((left, failure) -> report.add(Step.of(
            undeploying(left), Duration.ZERO, false, String.valueOf(failure.getMessage()))));
  }

  private static String undeploying(Endpoint endpoint) {
    return "undeploy " + endpoint.routing().variant();
  }

  private void checkNotStopped() {
    if (stopped) {
      throw new ServingException(
          platform.id(), ErrorKind.CANCELLED, "The lifecycle was interrupted.");
    }
  }

  /** The shutdown hook, for Ctrl-C: cancels the operation in progress and waits for the clean-up. */
  private void stop() {
    stopped = true;
    Operation<?> inProgress = current;
    if (inProgress != null) {
      inProgress.cancel();
    }
    try {
      if (!ended.await(CLEAN_UP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        terminal.line("The clean-up did not finish in time. Run it again with --set name="
            + settings.name() + " to find and remove the rest.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
