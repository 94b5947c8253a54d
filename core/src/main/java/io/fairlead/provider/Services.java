package io.fairlead.provider;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * The services on a class path, and the failures of those that cannot be loaded: one that is broken does not hide the
 * others.
 *
 * @param found the services, in the order of the class path
 * @param failures the failures, one for each service that cannot be loaded
 */
public record Services<T>(List<T> found, List<Throwable> failures) {
  private static final int MOST_FAILURES = 100;

  public Services {
    found = List.copyOf(found);
    failures = List.copyOf(failures);
  }

  /**
   * Loads all services of a loader.
   *
   * <pre>{@code
   * Services.of(ServiceLoader.load(Engine.class, ClassLoaders.ofThread(Engine.class)))
   * }</pre>
   *
   * @param loader a loader created by the caller, whose module has to declare that it uses the service
   */
  public static <T> Services<T> of(ServiceLoader<T> loader) {
    List<T> found = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    Iterator<T> services = loader.iterator();
    while (failures.size() < MOST_FAILURES && takeNext(services, found, failures)) {}
    return new Services<>(found, failures);
  }

  /** The iterator goes on after a broken entry, and a missing superclass comes through it as a bare LinkageError. */
  private static <T> boolean takeNext(
      Iterator<T> services, List<T> found, List<Throwable> failures) {
    try {
      found.add(services.next());
      return true;
    } catch (NoSuchElementException e) {
      return false;
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      failures.add(e);
      return true;
    }
  }

  /** {@return the failures, for the end of a sentence; empty if there are none} */
  public String failuresShown() {
    return failures.stream().map(Throwable::toString).collect(joining("; "));
  }
}
