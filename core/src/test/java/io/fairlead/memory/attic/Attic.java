package io.fairlead.memory.attic;

import io.fairlead.provider.TimeSource;
import java.io.Serial;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A cloud that is not there, with a client as vendors make them: things with fields, tags and revisions.
 *
 * <p>It has models, shelves, which have a public name and weights, boxes on shelves, which hold a model and answer, and
 * rules, which say how a box grows. A box takes its time to come.
 */
final class Attic implements AutoCloseable {
  static final Duration TO_COME = Duration.ofSeconds(30);

  private final TimeSource time;
  private final String region;
  private final Duration callTimeout;
  private final Map<String, Thing> things = new TreeMap<>();
  private final Map<String, Integer> credits = new TreeMap<>();
  private int revisions;
  private boolean closed;

  Attic(TimeSource time, String region, Duration callTimeout) {
    this.time = time;
    this.region = region;
    this.callTimeout = callTimeout;
  }

  /** {@return another attic in which all is as it is here now, on another clock} */
  synchronized Attic copy(TimeSource newTime) {
    Attic copy = new Attic(newTime, region, callTimeout);
    copy.things.putAll(things);
    copy.credits.putAll(credits);
    copy.revisions = revisions;
    return copy;
  }

  /** How a thing is. */
  enum State {
    COMING,
    READY,
    BROKEN
  }

  /** What the attic tells of a thing. */
  record Thing(
      String kind,
      String name,
      Map<String, String> fields,
      Map<String, String> tags,
      String etag,
      State state,
      String detail,
      Instant createdAt) {}

  /** An answer, and the box that gave it. */
  record Answer(String box, String text) {}

  /** What the attic refuses, by a code of its own. */
  static final class AtticException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final String code;
    private final String requestId;

    AtticException(String code, String message, int number) {
      super(message);
      this.code = code;
      this.requestId = "attic-" + number;
    }

    String code() {
      return code;
    }

    String requestId() {
      return requestId;
    }
  }

  synchronized Thing get(String kind, String name) {
    return progressed(must(kind, name));
  }

  synchronized List<Thing> list(String kind) {
    return things.values().stream()
        .filter(thing -> thing.kind().equals(kind))
        .map(this::progressed)
        .toList();
  }

  synchronized void create(
      String kind, String name, Map<String, String> fields, Map<String, String> tags) {
    if (things.containsKey(key(kind, name))) {
      throw refusal("exists", kind + " " + name + " exists");
    }
    if (kind.equals("box")) {
      must("model", fields.getOrDefault("model", ""));
      must("shelf", name.substring(0, name.indexOf('/')));
    }
    if (kind.equals("rule")) {
      must("box", name);
    }
    put(new Thing(
        kind,
        name,
        Map.copyOf(fields),
        Map.copyOf(tags),
        "r" + ++revisions,
        kind.equals("box") ? State.COMING : State.READY,
        "",
        time.now()));
  }

  /** Replaces all fields, if the thing is still as its revision says. */
  synchronized void replace(String kind, String name, Map<String, String> fields, String etag) {
    Thing thing = unchanged(kind, name, etag);
    put(new Thing(
        kind,
        name,
        Map.copyOf(fields),
        thing.tags(),
        "r" + ++revisions,
        thing.state(),
        thing.detail(),
        thing.createdAt()));
  }

  /** Adds a tag, which is no change of the thing's fields. */
  synchronized void tag(String kind, String name, String tag, String value) {
    Thing thing = progressed(must(kind, name));
    Map<String, String> tags = new HashMap<>(thing.tags());
    tags.put(tag, value);
    put(new Thing(
        kind,
        name,
        thing.fields(),
        Map.copyOf(tags),
        thing.etag(),
        thing.state(),
        thing.detail(),
        thing.createdAt()));
  }

  synchronized void delete(String kind, String name, String etag) {
    unchanged(kind, name, etag);
    for (Thing other : things.values()) {
      boolean onIt = other.kind().equals("box") && other.name().startsWith(name + "/");
      boolean holdsIt = other.kind().equals("box") && name.equals(other.fields().get("model"));
      if ((kind.equals("shelf") && onIt) || (kind.equals("model") && holdsIt)) {
        throw refusal("in-use", kind + " " + name + " is used by box " + other.name());
      }
    }
    if (kind.equals("box")) {
      String shelf = name.substring(0, name.indexOf('/'));
      if (weights(shelf).containsKey(name.substring(shelf.length() + 1))) {
        throw refusal("in-use", "box " + name + " has a weight");
      }
      things.remove(key("rule", name));
    }
    things.remove(key(kind, name));
  }

  /** Asks a box of a shelf, by name or by the weights, within a time. */
  synchronized Answer ask(String shelf, @Nullable String box, String text, Duration timeout) {
    must("shelf", shelf);
    String asked = box != null ? box : pick(shelf);
    Thing there = progressed(must("box", shelf + "/" + asked));
    if (there.state() != State.READY) {
      throw refusal("unavailable", "box " + there.name() + " is " + there.state());
    }
    return new Answer(asked, text);
  }

  /** {@return all that is there} */
  synchronized List<String> everything() {
    return new ArrayList<>(things.keySet());
  }

  @Override
  public void close() {
    closed = true;
  }

  synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public String toString() {
    return "Attic[" + region + ", " + callTimeout + " a call]";
  }

  private String pick(String shelf) {
    Map<String, Integer> weights = weights(shelf);
    credits.keySet().retainAll(weights.keySet());
    weights.forEach((box, weight) -> credits.merge(box, weight, Integer::sum));
    String most = credits.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .orElseThrow(() -> refusal("missing", "shelf " + shelf + " has no box with a weight"))
        .getKey();
    credits.merge(most, -100, Integer::sum);
    return most;
  }

  private Map<String, Integer> weights(String shelf) {
    Map<String, Integer> weights = new TreeMap<>();
    must("shelf", shelf).fields().forEach((field, value) -> {
      if (field.startsWith("weight.")) {
        weights.put(field.substring("weight.".length()), Integer.valueOf(value));
      }
    });
    return weights;
  }

  private Thing unchanged(String kind, String name, String etag) {
    Thing thing = progressed(must(kind, name));
    if (!thing.etag().equals(etag)) {
      throw refusal("stale", kind + " " + name + " has revision " + thing.etag());
    }
    return thing;
  }

  private Thing progressed(Thing thing) {
    boolean due = time.now().isAfter(thing.createdAt().plus(TO_COME));
    if (thing.state() != State.COMING || !due) {
      return thing;
    }
    boolean breaks = "broken".equals(thing.fields().get("instanceType"));
    Thing next = new Thing(
        thing.kind(),
        thing.name(),
        thing.fields(),
        thing.tags(),
        "r" + ++revisions,
        breaks ? State.BROKEN : State.READY,
        breaks ? "the model ended with code 1: no module named torch" : "",
        thing.createdAt());
    put(next);
    return next;
  }

  private Thing must(String kind, String name) {
    Thing thing = things.get(key(kind, name));
    if (thing == null) {
      throw refusal("missing", "there is no " + kind + " " + name);
    }
    return thing;
  }

  private void put(Thing thing) {
    things.put(key(thing.kind(), thing.name()), thing);
  }

  private static String key(String kind, String name) {
    return kind + " " + name;
  }

  private AtticException refusal(String code, String message) {
    return new AtticException(code, message, ++revisions);
  }
}
