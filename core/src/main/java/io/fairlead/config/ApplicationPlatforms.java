package io.fairlead.config;

import io.fairlead.platform.Platform;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The platforms of an application: those that its configuration declares, and those that it has itself, which win.
 *
 * <p>One of its own replaces the declared one of its name, or the only declared one of its type, unless its name is
 * that of another. The settings of a platform that is replaced by its name are not read.
 *
 * @param declared those to open, by name
 * @param replaced the names of the application's own, by that of the declared one which each replaces by its type
 * @param types the types of all of them, by the name that the configuration knows
 */
public record ApplicationPlatforms(
    Map<String, DeclaredPlatform> declared,
    Map<String, String> replaced,
    Map<String, Class<?>> types) {
  public ApplicationPlatforms {
    declared = Collections.unmodifiableMap(new LinkedHashMap<>(declared));
    replaced = Collections.unmodifiableMap(new LinkedHashMap<>(replaced));
    types = Collections.unmodifiableMap(new LinkedHashMap<>(types));
  }

  /**
   * {@return the platforms of an application}
   *
   * @param reader notes what is wrong with those that are declared
   * @param own the types of the application's own, by name
   */
  public static ApplicationPlatforms of(ConfigReader reader, Map<String, Class<?>> own) {
    Set<String> names = reader.platformNames();
    Map<String, DeclaredPlatform> declared = reader.platforms(own.keySet());
    Map<String, String> replaced = new LinkedHashMap<>();
    own.forEach((name, type) -> {
      List<String> same = declared.entrySet().stream()
          .filter(each -> areOne(type, each.getValue().type()))
          .map(Map.Entry::getKey)
          .toList();
      // Of several nobody knows which one is meant.
      if (same.size() == 1 && !names.contains(name)) {
        declared.remove(same.get(0));
        replaced.put(same.get(0), name);
      }
    });
    Map<String, Class<?>> types = new LinkedHashMap<>(own);
    replaced.forEach((name, mine) -> types.put(name, own.get(mine)));
    // Under two names it would look like two.
    types.keySet().removeAll(replaced.values());
    declared.forEach((name, platform) -> types.put(name, platform.type()));
    return new ApplicationPlatforms(declared, replaced, types);
  }

  /** One with a type of its own, such as that of another provider, is none of a more general type. */
  private static boolean areOne(Class<?> own, Class<?> provided) {
    return own != Platform.class && own.isAssignableFrom(provided);
  }
}
