package io.fairlead.json.internal;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reflective access to records. */
final class Records {
  /** The components of each type, which reflection makes anew whenever it is asked. */
  private static final ClassValue<List<RecordComponent>> COMPONENTS = new ClassValue<>() {
    @Override
    protected List<RecordComponent> computeValue(Class<?> type) {
      List<RecordComponent> components = List.of(type.getRecordComponents());
      components.forEach(component -> component.getAccessor().trySetAccessible());
      return components;
    }
  };

  private Records() {}

  static List<RecordComponent> components(Class<?> type) {
    return COMPONENTS.get(type);
  }

  /** {@return the value of one of the {@link #components}} */
  static @Nullable Object get(RecordComponent component, Object owner) {
    try {
      return component.getAccessor().invoke(owner);
    } catch (ReflectiveOperationException e) {
      throw notAccessible(owner.getClass(), e);
    }
  }

  /** {@return a new record; the constructor's own exception comes as the cause of the one thrown} */
  static Object create(Class<?> type, @Nullable Object[] components)
      throws InvocationTargetException {
    Class<?>[] types =
        components(type).stream().map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.trySetAccessible();
      return constructor.newInstance(components);
    } catch (NoSuchMethodException | InstantiationException | IllegalAccessException e) {
      throw notAccessible(type, e);
    }
  }

  private static IllegalArgumentException notAccessible(
      Class<?> type, ReflectiveOperationException cause) {
    return new IllegalArgumentException(
        type.getName()
            + " has no JSON: in a named module it has to be a public record in an exported package",
        cause);
  }
}
