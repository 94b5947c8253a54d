package io.fairlead.spi;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Redacted;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The fields of a class of {@link Settings}, by name, for reading and writing JSON. */
public final class SettingsType {
  private static final ClassValue<SettingsType> TYPES = new ClassValue<>() {
    @Override
    protected SettingsType computeValue(Class<?> type) {
      return new SettingsType(type);
    }
  };

  private final List<Field> fields;
  private final Constructor<?> constructor;
  private final Settings.Draft defaults;

  private SettingsType(Class<?> type) {
    Class<?> draftType = draftType(type);
    try {
      fields = fieldsOf(draftType);
      constructor = type.getDeclaredConstructor(draftType);
      constructor.setAccessible(true);
      Constructor<?> ofDraft = draftType.getDeclaredConstructor();
      ofDraft.setAccessible(true);
      defaults = (Settings.Draft) ofDraft.newInstance();
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new IllegalArgumentException(
          type.getName()
              + " must be settings with a constructor that takes a draft, and a draft with one that takes"
              + " nothing, in a package that is open to io.fairlead.core",
          e);
    }
  }

  /** A loop, because each platform that is opened would pay for linking a stream. */
  private static List<Field> fieldsOf(Class<?> draftType) {
    // Sorted, because Java does not say in which order a class has its fields.
    SortedMap<String, Field> sorted = new TreeMap<>();
    for (Field field : draftType.getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
        field.setAccessible(true);
        sorted.put(field.getName(), field);
      }
    }
    return List.copyOf(sorted.values());
  }

  private static Class<?> draftType(Class<?> type) {
    if (type.getGenericSuperclass() instanceof ParameterizedType parent
        && parent.getRawType() == Settings.class
        && parent.getActualTypeArguments()[0] instanceof Class<?> draft) {
      return draft;
    }
    throw new IllegalArgumentException(type.getName() + " must extend Settings of its draft");
  }

  /**
   * {@return the fields of a class of settings}
   *
   * @throws IllegalArgumentException if the class does not extend {@link Settings}
   */
  public static SettingsType of(Class<?> type) {
    return TYPES.get(type);
  }

  /** {@return the types of the fields, by name} */
  public SortedMap<String, Type> fields() {
    SortedMap<String, Type> types = new TreeMap<>();
    fields.forEach(field -> types.put(field.getName(), field.getGenericType()));
    return types;
  }

  /** {@return the fields of settings of this class that differ from their defaults, by name} */
  public SortedMap<String, Object> values(Settings<?> settings) {
    SortedMap<String, Object> values = new TreeMap<>();
    for (Field field : fields) {
      if (!isDefault(field, settings.draft)) {
        values.put(field.getName(), get(field, settings.draft));
      }
    }
    return values;
  }

  /**
   * {@return settings of this class with these fields, and the defaults of all others}
   *
   * @throws InvocationTargetException with the exception of the constructor as its cause
   */
  public Settings<?> create(Map<String, Object> values) throws InvocationTargetException {
    Settings.Draft draft = defaults.clone();
    for (Field field : fields) {
      Object value = values.get(field.getName());
      if (value != null) {
        set(field, draft, value);
      }
    }
    try {
      return (Settings<?>) constructor.newInstance(draft);
    } catch (InstantiationException | IllegalAccessException e) {
      throw new IllegalStateException(constructor + " makes no settings", e);
    }
  }

  /** Refuses null fields and copies collections, so that the draft is immutable from then on. */
  void settle(Settings.Draft draft) {
    for (Field field : fields) {
      Object value = requireNonNull(get(field, draft), field.getName());
      if (value instanceof List<?> list) {
        set(field, draft, List.copyOf(list));
      } else if (value instanceof Map<?, ?> map) {
        set(field, draft, Collections.unmodifiableSortedMap(new TreeMap<>(Map.copyOf(map))));
      }
    }
  }

  boolean areEqual(Settings.Draft one, Settings.Draft other) {
    return fields.stream().allMatch(field -> get(field, one).equals(get(field, other)));
  }

  int hash(Settings.Draft draft) {
    int hash = 0;
    for (Field field : fields) {
      hash = 31 * hash + get(field, draft).hashCode();
    }
    return hash;
  }

  String shown(Settings.Draft draft) {
    return fields.stream()
        .filter(field -> !isDefault(field, draft))
        .map(field -> field.getName() + "=" + shown(field, draft))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String shown(Field field, Settings.Draft draft) {
    if (field.isAnnotationPresent(Hidden.class)) {
      return "(not shown)";
    }
    Object value = get(field, draft);
    Object present = value instanceof Optional<?> optional ? optional.orElseThrow() : value;
    return present instanceof URI uri ? Redacted.uri(uri) : present.toString();
  }

  private boolean isDefault(Field field, Settings.Draft draft) {
    return Objects.equals(get(field, draft), get(field, defaults));
  }

  private static Object get(Field field, Settings.Draft draft) {
    try {
      return field.get(draft);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(field + " cannot be read", e);
    }
  }

  private static void set(Field field, Settings.Draft draft, Object value) {
    try {
      field.set(draft, value);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(field + " cannot be set", e);
    }
  }
}
