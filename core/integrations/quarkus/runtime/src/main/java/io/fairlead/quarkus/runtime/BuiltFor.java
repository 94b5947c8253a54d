package io.fairlead.quarkus.runtime;

import io.fairlead.config.ApplicationPlatforms;
import io.fairlead.config.ConfigProblems;
import io.fairlead.config.ConfigReader;
import io.fairlead.provider.ClassLoaders;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an application was built for: its beans are made then, and cannot be others where it runs.
 *
 * @param platforms the types of the platforms of the configuration that have a bean, by name
 * @param endpoints the names of the endpoints that have a bean
 * @param functions the names of the functions that have a bean
 * @param own the types of the application's own platforms, by name
 * @param beans the identifiers of the application's own platforms as beans, by name
 * @param metered whether there are registries of meters
 */
public record BuiltFor(
    Map<String, String> platforms,
    List<String> endpoints,
    List<String> functions,
    Map<String, String> own,
    Map<String, String> beans,
    boolean metered) {
  public BuiltFor {
    platforms = Map.copyOf(platforms);
    endpoints = List.copyOf(endpoints);
    functions = List.copyOf(functions);
    own = Map.copyOf(own);
    beans = Map.copyOf(beans);
  }

  /** {@return the types of the application's own platforms, by name} */
  Map<String, Class<?>> ownTypes() {
    Map<String, Class<?>> types = new TreeMap<>();
    own.forEach((name, type) -> types.put(name, loaded(type)));
    return types;
  }

  /** Notes where the configuration is not that of the build. */
  void check(ConfigReader reader, ApplicationPlatforms now) {
    ConfigProblems problems = reader.problems();
    Set<String> configured = new TreeSet<>(reader.platformNames());
    configured.removeAll(own.keySet());
    configured.removeAll(now.replaced().keySet());
    compare("fairlead.platforms.", platforms.keySet(), configured, problems);
    compare("fairlead.endpoints.", endpoints, reader.endpointNames(), problems);
    compare("fairlead.functions.", functions, reader.functionNames(), problems);
    now.declared().forEach((name, platform) -> {
      String type = platforms.get(name);
      if (type != null && !loaded(type).isAssignableFrom(platform.type())) {
        problems.add(
            platform.path() + ".id",
            "must be the id of a platform of type " + type
                + ", which the application was built with: build it again for another",
            platform.id());
      }
    });
  }

  private static void compare(
      String group, Collection<String> built, Collection<String> now, ConfigProblems problems) {
    for (String name : now) {
      if (!built.contains(name)) {
        problems.add(
            group + name,
            "must be in the configuration when the application is built, too: its bean is made then");
      }
    }
    for (String name : built) {
      if (!now.contains(name)) {
        problems.add(
            group + name,
            "must be in the configuration: the application was built with it, and has a bean of it");
      }
    }
  }

  private static Class<?> loaded(String type) {
    try {
      return Class.forName(type, false, ClassLoaders.ofThread(BuiltFor.class));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(type + " was there when the application was built", e);
    }
  }
}
