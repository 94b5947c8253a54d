package io.fairlead.json.internal;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.PlatformOptions;
import io.fairlead.provider.ClassLoaders;
import io.fairlead.provider.Services;
import io.fairlead.spi.OptionsProvider;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The option types on the class path, by their names in JSON. */
public final class OptionTypes {
  private final ClassLoader classLoader;
  private final List<Throwable> failures = new ArrayList<>();
  private @Nullable SortedMap<String, Class<? extends PlatformOptions>> types;

  private OptionTypes(ClassLoader classLoader) {
    this.classLoader = classLoader;
  }

  /** {@return the option types that the thread's context class loader and this library's own have} */
  public static OptionTypes ofThisThread() {
    return new OptionTypes(ClassLoaders.ofThread(OptionTypes.class));
  }

  static String name(String platform, Class<?> type) {
    return platform + "." + type.getSimpleName();
  }

  @Nullable
  Class<? extends PlatformOptions> find(String name) {
    return types().get(name);
  }

  /** {@return all option types, by their names in JSON, such as {@code sagemaker.SageMakerRuntime}} */
  public Map<String, Class<? extends PlatformOptions>> all() {
    return Collections.unmodifiableMap(types());
  }

  /** {@return the rule that an unknown name breaks, and what to do, worded to follow it} */
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

  /** {@return the failures of providers that could not be loaded} */
  List<Throwable> failures() {
    return failures;
  }

  private SortedMap<String, Class<? extends PlatformOptions>> types() {
    if (types == null) {
      SortedMap<String, Class<? extends PlatformOptions>> found = new TreeMap<>();
      Services<OptionsProvider> services =
          Services.of(ServiceLoader.load(OptionsProvider.class, classLoader));
      failures.addAll(services.failures());
      services.found().forEach(provider -> add(provider, found));
      types = found;
    }
    return types;
  }

  private void add(
      OptionsProvider provider, SortedMap<String, Class<? extends PlatformOptions>> found) {
    try {
      String platform = requireNonNull(provider.platform(), "platform");
      provider.types().forEach(type -> found.put(name(platform, type), type));
    } catch (LinkageError | RuntimeException e) {
      failures.add(e);
    }
  }
}
