package io.fairlead.json;

import io.fairlead.grammar.RuntimeOptions;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** An option with a component of every type that JSON has a form for. */
public record EveryType(
    String text,
    int number,
    long bigNumber,
    double fraction,
    boolean flag,
    Shade shade,
    URI uri,
    Duration duration,
    List<String> list,
    Map<String, String> map,
    Inner inner,
    List<Inner> inners,
    Map<String, List<Integer>> lists)
    implements RuntimeOptions {
  /** An enum's constant may have a body, and so a class of its own. */
  public enum Shade {
    LIGHT,
    DARK {
      @Override
      public String toString() {
        return "not the name";
      }
    }
  }

  public record Inner(String name) {}

  @Override
  public String platform() {
    return "sample";
  }
}
