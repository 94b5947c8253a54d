package io.fairlead.json.internal;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reflective access to records. */
final class Records {
  private Records() {}

  static @Nullable Object get(RecordComponent component, Object owner) {
    Method accessor = component.getAccessor();
    try {
      accessor.trySetAccessible();
      return accessor.invoke(owner);
    } catch (ReflectiveOperationException e) {
      throw notAccessible(owner.getClass(), e);
    }
  }

  /** {@return a new record; the constructor's own exception comes as the cause of the one thrown} */
  static Object create(Class<?> type, @Nullable Object[] components)
      throws InvocationTargetException {
    Class<?>[] types = Arrays.stream(type.getRecordComponents())
        .map(RecordComponent::getType)
        .toArray(Class<?>[]::new);
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
