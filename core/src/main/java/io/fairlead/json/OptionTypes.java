package io.fairlead.json;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.spi.OptionsProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The types of options that the class path has, by their names in JSON. */
final class OptionTypes {
  private static final int MOST_FAILURES = 100;

  private final ClassLoader classLoader;
  private final List<Throwable> failures = new ArrayList<>();
  private @Nullable SortedMap<String, Class<? extends PlatformOptions>> types;

  private OptionTypes(ClassLoader classLoader) {
    this.classLoader = classLoader;
  }

  static OptionTypes ofThisThread() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return new OptionTypes(context != null ? context : OptionTypes.class.getClassLoader());
  }

  static String name(String platform, Class<?> type) {
    return platform + "." + type.getSimpleName();
  }

  @Nullable
  Class<? extends PlatformOptions> find(String name) {
    return types().get(name);
  }

  /** {@return what to do about a name that is not found, worded to follow it} */
  String rule(String name) {
    int dot = name.indexOf('.');
    if (dot < 1) {
      return "must be named platform.Type";
    }
    String known = types().isEmpty()
        ? "no options"
        : "the options " + String.join(", ", types().keySet());
    String broken = failures.isEmpty()
        ? ""
        : " and providers that could not be loaded: "
            + failures.stream().map(Throwable::toString).collect(Collectors.joining("; "));
    return "is not known: add the module of platform '" + name.substring(0, dot)
        + "' to the class path, which has " + known + broken;
  }

  /** {@return what the providers threw that could not be loaded} */
  List<Throwable> failures() {
    return failures;
  }

  private SortedMap<String, Class<? extends PlatformOptions>> types() {
    if (types == null) {
      SortedMap<String, Class<? extends PlatformOptions>> found = new TreeMap<>();
      Iterator<OptionsProvider> providers =
          ServiceLoader.load(OptionsProvider.class, classLoader).iterator();
      while (failures.size() < MOST_FAILURES && takeNext(providers, found)) {}
      types = found;
    }
    return types;
  }

  /** The iterator goes on after a broken entry, and a missing superclass comes through it as a bare LinkageError. */
  private boolean takeNext(
      Iterator<OptionsProvider> providers,
      SortedMap<String, Class<? extends PlatformOptions>> found) {
    try {
      OptionsProvider provider = providers.next();
      String platform = requireNonNull(provider.platform(), "platform");
      provider.types().forEach(type -> found.put(name(platform, type), type));
      return true;
    } catch (NoSuchElementException e) {
      return false;
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      failures.add(e);
      return true;
    }
  }
}
