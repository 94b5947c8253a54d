package io.fairlead.platform;

import static java.util.Objects.requireNonNull;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.ClassLoaders;
import io.fairlead.provider.Services;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Opens platforms by id, with the providers on the class path.
 *
 * <pre>{@code
 * try (EndpointPlatform cloud = Platforms.open("sagemaker", EndpointPlatform.class, Map.of("region", "us-east-1"))) {
 *   ...
 * }
 * }</pre>
 */
public final class Platforms {
  private static final Duration CHECK_LIMIT = Duration.ofSeconds(30);

  /** The ends of the names of this project's modules, by the ids of their platforms. */
  private static final Map<String, String> MODULES = Map.of(
      "local", "serverless",
      "serverless", "serverless",
      "sagemaker", "sagemaker",
      "vertex", "vertex",
      "azureml", "azureml",
      "stateful", "stateful");

  private Platforms() {}

  /** Opens a platform without settings. */
  public static <P extends Platform<?>> P open(String id, Class<P> type) {
    return open(id, type, Map.of());
  }

  /**
   * Opens a platform, with providers from the thread's context class loader and from this library's own. Makes no
   * remote call.
   *
   * @param id the platform's id, such as {@code local} or {@code sagemaker}
   * @param type the interface to open it as, such as {@code EndpointPlatform.class}
   * @param config the platform's settings
   * @throws io.fairlead.grammar.InvalidValueException if a setting is invalid, missing or unknown
   * @throws ServingException of kind {@code NOT_FOUND} if no provider has the id, of kind {@code CONFLICT} if several
   *     have it, of kind {@code UNSUPPORTED} if the platform is of another type
   */
  public static <P extends Platform<?>> P open(
      String id, Class<P> type, Map<String, String> config) {
    return open(id, type, config, ClassLoaders.ofThread(Platforms.class));
  }

  /** Opens a platform with providers from a given class loader. */
  public static <P extends Platform<?>> P open(
      String id, Class<P> type, Map<String, String> config, ClassLoader classLoader) {
    requireNonNull(id, "id");
    requireNonNull(type, "type");
    requireNonNull(config, "config");
    requireNonNull(classLoader, "classLoader");
    PlatformProvider<?> provider = provider(id, classLoader);
    if (!type.isAssignableFrom(provider.type())) {
      throw new ServingException(
          id,
          ErrorKind.UNSUPPORTED,
          "Platform '" + id + "' is of type " + provider.type().getSimpleName() + ", not "
              + type.getSimpleName() + ": open it as " + provider.type().getSimpleName()
              + ".class.");
    }
    return type.cast(openWith(provider, new PlatformConfig(id, config, classLoader)));
  }

  private static PlatformProvider<?> provider(String id, ClassLoader classLoader) {
    Found found = Found.in(classLoader);
    List<PlatformProvider<?>> matching =
        found.providers.stream().filter(provider -> provider.id().equals(id)).toList();
    if (matching.isEmpty()) {
      throw found.noProvider(id);
    }
    if (matching.size() > 1) {
      String classes = matching.stream()
          .map(p -> p.getClass().getName())
          .sorted()
          .collect(Collectors.joining(" and "));
      String message = "Platform '" + id + "' has several providers, " + classes
          + ": remove all but one of their modules from the class path.";
      // Other conflicts may pass by themselves; this one does not.
      throw ServingException.builder(id, ErrorKind.CONFLICT, message)
          .retryable(false)
          .build();
    }
    return matching.get(0);
  }

  /**
   * {@return what a platform can and cannot do; it is not opened, and its SDK is not loaded}
   *
   * @param id the platform's id
   * @throws ServingException of kind {@code NOT_FOUND} if no provider has the id, of kind {@code CONFLICT} if several
   *     have it
   */
  public static Capabilities capabilities(String id) {
    requireNonNull(id, "id");
    return provider(id, ClassLoaders.ofThread(Platforms.class)).capabilities();
  }

  /** Checks a platform as {@link #check(String, Map, Duration)} does, within 30 seconds. */
  public static PlatformCheck check(String id, Map<String, String> settings) {
    return check(id, settings, CHECK_LIMIT);
  }

  /**
   * Checks whether a platform can be used from here: whether its module is there, its settings are right, there are
   * credentials, and it answers. Nothing is changed on the platform, and none is read but what says that it answers; a
   * platform in this process makes no call.
   *
   * <pre>{@code
   * System.out.println(Platforms.check("sagemaker", Map.of("region", "us-east-1")));
   * }</pre>
   *
   * @param id the platform's id
   * @param settings the platform's settings, as for {@link #open}
   * @param limit the time for all of it, more than 0; what has not answered then is a no
   * @return the answers, each no with its reason and what to do; failures of the platform are not thrown
   */
  public static PlatformCheck check(String id, Map<String, String> settings, Duration limit) {
    requireNonNull(id, "id");
    requireNonNull(settings, "settings");
    requireNonNull(limit, "limit");
    Problems.in("limit")
        .check(limit.compareTo(Duration.ZERO) > 0, "limit", "must be more than 0", limit)
        .throwIfAny();
    ClassLoader classLoader = ClassLoaders.ofThread(Platforms.class);
    return new Check(
            id,
            () -> provider(id, classLoader),
            () -> new PlatformConfig(id, settings, classLoader))
        .within(limit);
  }

  private static Platform<?> openWith(PlatformProvider<?> provider, PlatformConfig config) {
    try {
      return provider.open(config);
    } catch (LinkageError e) {
      throw new ServingException(
          provider.id(), ErrorKind.UNSUPPORTED, unlinked(provider.id(), e), e);
    }
  }

  static String unlinked(String id, LinkageError e) {
    return "Platform '" + id + "' cannot be opened because a class is missing or does not fit ("
        + e.getMessage()
        + "): check that the libraries its module needs are on the class path in the versions that it asks for.";
  }

  /**
   * {@return the platform, which tells a listener of each invocation and operation}
   *
   * <p>It has the public interfaces of the platform, the provider's own included. Closing it closes the platform.
   *
   * @param name what the listener is told as the platform's name: that of the application's configuration, or the id
   * @param type the interface to have it as, such as {@code EndpointPlatform.class}
   */
  public static <P extends Platform<?>> P observed(
      Platform<?> platform, String name, PlatformListener listener, Class<P> type) {
    requireNonNull(platform, "platform");
    requireNonNull(name, "name");
    requireNonNull(listener, "listener");
    return type.cast(ObservedPlatform.of(platform, name, listener, System::nanoTime));
  }

  /** {@return the types of the platforms on the class path, by their ids, sorted} */
  public static SortedMap<String, Class<? extends Platform<?>>> types() {
    SortedMap<String, Class<? extends Platform<?>>> types = new TreeMap<>();
    Found.in(ClassLoaders.ofThread(Platforms.class))
        .providers
        .forEach(provider -> types.putIfAbsent(provider.id(), provider.type()));
    return types;
  }

  /** {@return the ids of the platforms on the class path, and of those that this project has modules for, sorted} */
  public static SortedSet<String> ids() {
    SortedSet<String> ids = new TreeSet<>(MODULES.keySet());
    ids.addAll(types().keySet());
    return ids;
  }

  /** {@return the sentence that there is no provider with an id, with what to add to the class path} */
  public static String missing(String id) {
    return requireNonNull(
        Found.in(ClassLoaders.ofThread(Platforms.class)).noProvider(id).getMessage());
  }

  /** {@return the ids of the platforms of this type on the class path, sorted} */
  public static List<String> available(Class<? extends Platform<?>> type) {
    return Found.in(ClassLoaders.ofThread(Platforms.class)).providers.stream()
        .filter(provider -> type.isAssignableFrom(provider.type()))
        .map(PlatformProvider::id)
        .distinct()
        .sorted()
        .toList();
  }

  /** The providers that could be loaded, and the failures of the others. */
  private record Found(List<PlatformProvider<?>> providers, List<Throwable> failures) {
    @SuppressWarnings("rawtypes") // a class has no type arguments
    static Found in(ClassLoader classLoader) {
      Services<PlatformProvider> services =
          Services.of(ServiceLoader.load(PlatformProvider.class, classLoader));
      Found found = new Found(new ArrayList<>(), new ArrayList<>(services.failures()));
      services.found().forEach(found::add);
      return found;
    }

    private void add(PlatformProvider<?> provider) {
      try {
        requireNonNull(provider.id(), () -> provider.getClass().getName() + " has no id");
        requireNonNull(provider.type(), () -> provider.getClass().getName() + " has no type");
        providers.add(provider);
      } catch (LinkageError | RuntimeException e) {
        failures.add(e);
      }
    }

    ServingException noProvider(String id) {
      String known = providers.isEmpty()
          ? "There are no providers on the class path."
          : "The class path has: "
              + providers.stream()
                  .map(PlatformProvider::id)
                  .distinct()
                  .sorted()
                  .collect(Collectors.joining(", "))
              + ".";
      String broken = failures.isEmpty()
          ? ""
          : " " + failures.size() + " provider" + (failures.size() == 1 ? "" : "s")
              + " could not be loaded: "
              + failures.stream().map(Throwable::toString).collect(Collectors.joining("; ")) + ".";
      ServingException exception = new ServingException(
          id,
          ErrorKind.NOT_FOUND,
          "No provider has the platform '" + id + "'. " + known + broken + " " + advice(id) + ".");
      failures.forEach(exception::addSuppressed);
      return exception;
    }

    /** {@return which module of this project has a platform, or that none has it yet} */
    private static String advice(String id) {
      String modules = "Add the module that has it: "
          + (MODULES.containsKey(id) ? "" : "this project's are ")
          + "io.fairlead:fairlead-provider-";
      return modules
          + MODULES.getOrDefault(id, "serverless, -sagemaker, -vertex, -azureml and -stateful");
    }
  }
}
