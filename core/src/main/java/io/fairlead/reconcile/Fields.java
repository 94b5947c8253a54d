package io.fairlead.reconcile;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The differences of two records, field by field. */
final class Fields {
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
