package io.fairlead.reconcile;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The differences of two records, field by field. */
final class Fields {
  private static final Pattern NOTHING = Pattern.compile("none|null|\\w*\\[\\]|\\{\\}|0|false|");
  private static final int LONGEST = 200;

  private Fields() {}

  /**
   * {@return one line for each component that differs, with values as their {@code toString} has them, redacted or not;
   * an {@link Optional} is shown as its value, or as {@code none}}
   */
  static List<String> changes(Object from, Object to) {
    if (!from.getClass().isRecord() || from.getClass() != to.getClass()) {
      return from.equals(to) ? List.of() : List.of(line("value", from, to));
    }
    List<String> lines = new ArrayList<>();
    for (RecordComponent component : from.getClass().getRecordComponents()) {
      Object before = value(component, from);
      Object after = value(component, to);
      if (!Objects.equals(before, after)) {
        lines.add(line(component.getName(), before, after));
      }
    }
    return lines;
  }

  /** {@return one line for each component that says something: not what is absent, empty, zero or false} */
  static List<String> of(Object value) {
    if (!value.getClass().isRecord()) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      Object part = value(component, value);
      String shown = shown(part).replaceAll("\\R", " ");
      if (!NOTHING.matcher(shown).matches()) {
        lines.add(component.getName() + ": " + cut(shown));
      }
    }
    return lines;
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }

  private static String line(String name, @Nullable Object before, @Nullable Object after) {
    String from = shown(before);
    String to = shown(after);
    return from.equals(to) ? name + " (values not shown)" : name + ": " + from + " -> " + to;
  }

  private static String shown(@Nullable Object value) {
    return value instanceof Optional<?> optional
        ? optional.map(String::valueOf).orElse("none")
        : String.valueOf(value);
  }

  private static @Nullable Object value(RecordComponent component, Object owner) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(owner);
    } catch (ReflectiveOperationException | RuntimeException e) {
      return "(not readable)";
    }
  }
}
