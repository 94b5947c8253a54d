package io.fairlead.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.error.ServingException;
import io.fairlead.platform.ManagedResource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The report of the lifecycle: progress lines, or one JSON document at the end. */
final class LifecycleReport {
  private final Terminal out;
  private final Terminal err;
  private final boolean json;
  private final Terminal people;
  private final long begin = System.nanoTime();
  private final List<Step> steps = new ArrayList<>();
  private String platform = "";
  private String name = "";
  private @Nullable List<ManagedResource> left;
  private @Nullable RuntimeException failure;

  /**
   * Creates a report.
   *
   * @param out the output of the lines, or of the document
   * @param err the output of errors, and of the lines if there is a document
   * @param json whether to write a document
   */
  LifecycleReport(Terminal out, Terminal err, boolean json) {
    this.out = out;
    this.err = err;
    this.json = json;
    this.people = json ? err : out;
  }

  /** {@return the terminal for human-readable lines} */
  Terminal terminal() {
    return people;
  }

  /**
   * A step in progress or completed.
   *
   * @param name the name
   * @param begin the start time, on the JVM's clock
   * @param duration the duration
   * @param well whether it succeeded
   * @param detail the result in words
   * @param weights the traffic weights that were set or read, by variant
   * @param counts the number of responses, by variant
   */
  record Step(
      String name,
      long begin,
      Duration duration,
      boolean well,
      String detail,
      Map<String, Integer> weights,
      Map<String, Integer> counts) {
    static Step begin(String name) {
      return new Step(name, System.nanoTime(), Duration.ZERO, false, "", Map.of(), Map.of());
    }

    static Step of(String name, Duration duration, boolean well, String detail) {
      return new Step(name, 0, duration, well, detail, Map.of(), Map.of());
    }

    Step ended(boolean nowWell, String newDetail) {
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      return new Step(name, begin, took, nowWell, newDetail, weights, counts);
    }

    Step withWeights(Map<String, Integer> newWeights) {
      return new Step(name, begin, duration, well, detail, newWeights, counts);
    }

    Step withCounts(Map<String, Integer> newCounts) {
      return new Step(name, begin, duration, well, detail, weights, newCounts);
    }
  }

  void platform(String newPlatform) {
    this.platform = newPlatform;
  }

  void begin(String newName) {
    this.name = newName;
    people.line(people.bold("Lifecycle") + " of " + name + " on " + platform);
  }

  void add(Step step) {
    steps.add(step);
    line(step.well(), step.name(), Terminal.shown(step.duration()), step.detail());
  }

  private void line(boolean well, String what, String time, String detail) {
    String mark = well ? people.tick() : people.cross();
    people.line(String.format("  %s %-16s %8s   %s", mark, what, time, detail).stripTrailing());
  }

  /** Records the failure; the first one counts. */
  void failed(RuntimeException reason) {
    if (failure == null) {
      failure = reason;
    }
  }

  void left(List<ManagedResource> resources) {
    left = List.copyOf(resources);
    line(
        left.isEmpty(),
        "inventory",
        "",
        left.isEmpty() ? "nothing left behind" : "left: " + listed(left));
  }

  private static String listed(List<ManagedResource> resources) {
    return resources.stream().map(ManagedResource::toString).collect(Collectors.joining(", "));
  }

  boolean isWell() {
    return problem().isEmpty();
  }

  private Optional<Problem> problem() {
    if (failure != null) {
      return Optional.of(Problem.of(failure));
    }
    return steps.stream()
        .filter(step -> !step.well())
        .findFirst()
        .map(step -> step.name() + " had an unexpected result: " + step.detail() + ".")
        .or(() -> Optional.ofNullable(left)
            .filter(resources -> !resources.isEmpty())
            .map(resources -> "Resources are left behind: " + listed(resources) + "."))
        .map(sentence -> new Problem("UNKNOWN", sentence));
  }

  /** The reason of the failure. */
  private record Problem(String kind, String message) {
    static Problem of(RuntimeException reason) {
      if (reason instanceof ServingException e) {
        return new Problem(e.kind().name(), String.valueOf(e.getMessage()));
      }
      return reason instanceof IllegalArgumentException
          ? new Problem("INVALID", String.valueOf(reason.getMessage()))
          : new Problem("UNKNOWN", "Unexpected: " + reason);
    }
  }

  /** Prints the failure, if any, and the document. */
  void end() {
    problem().ifPresent(problem -> err.line(problem.message()));
    if (json) {
      out.line(document());
    }
  }

  private String document() {
    JsonMapper mapper =
        JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
    try {
      return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(document(mapper));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private ObjectNode document(JsonMapper mapper) {
    ObjectNode document = mapper.createObjectNode();
    document.put("platform", platform).put("name", name).put("ok", isWell());
    document.put("seconds", seconds(Duration.ofNanos(System.nanoTime() - begin)));
    ArrayNode list = document.putArray("steps");
    steps.forEach(step -> write(step, list.addObject()));
    if (left != null) {
      ArrayNode inventory = document.putArray("inventory");
      left.forEach(one -> inventory
          .addObject()
          .put("kind", one.kind())
          .put("name", one.name())
          .put("orphan", one.orphan()));
    }
    problem()
        .ifPresent(problem -> document
            .putObject("error")
            .put("kind", problem.kind())
            .put("message", problem.message()));
    return document;
  }

  private static void write(Step step, ObjectNode node) {
    node.put("name", step.name()).put("ok", step.well()).put("seconds", seconds(step.duration()));
    if (!step.detail().isEmpty()) {
      node.put("detail", step.detail());
    }
    write(step.weights(), "weights", node);
    write(step.counts(), "counts", node);
  }

  private static void write(Map<String, Integer> numbers, String field, ObjectNode node) {
    if (!numbers.isEmpty()) {
      ObjectNode object = node.putObject(field);
      numbers.forEach(object::put);
    }
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1000.0;
  }
}
