package io.fairlead.contract;

import io.fairlead.contract.EndpointPlatformContract.Place;
import io.fairlead.contract.Faults.Fault;
import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * An operation that is broken at each of its remote calls in turn, every time in a place of its own.
 *
 * <p>{@link Fault#KILLED_BEFORE} is tried at the first call only: a process that ends just before a later call leaves
 * what {@link Fault#KILLED_AFTER} leaves at the call before it, because nothing is undone and no remote call is made
 * in between.
 *
 * @param <P> the places
 */
public final class Sweep<P extends Place> {
  private final String platform;
  private final Supplier<P> places;
  private final Consumer<EndpointPlatform> operation;

  /**
   * Makes a sweep.
   *
   * @param platform the id of the platform
   * @param places makes places that are all alike, as they are before the operation; each is closed
   * @param operation runs the operation and waits for its end
   */
  public Sweep(String platform, Supplier<P> places, Consumer<EndpointPlatform> operation) {
    this.platform = platform;
    this.places = places;
    this.operation = operation;
  }

  /**
   * Breaks the operation at every call, several places at a time.
   *
   * @param after tests what the broken operation left
   */
  public void with(Fault fault, Consumer<P> after) {
    atEachCall(fault, (place, faults) -> {
      try (EndpointPlatform broken = place.open(faults)) {
        operation.accept(broken);
      } catch (ServingException | ProcessKilled e) {
        if (String.valueOf(e.getMessage()).isBlank()) {
          throw new AssertionError("it does not say what happened", e);
        }
      }
      after.accept(place);
    });
  }

  /**
   * Prepares every call to be broken, several places at a time.
   *
   * @param test runs the operation with the faults in the place, and tests what it left
   */
  public void atEachCall(Fault fault, BiConsumer<P, Faults> test) {
    int last = fault == Fault.KILLED_BEFORE ? 1 : calls();
    Faults.atEach(last, number -> {
      try (P place = places.get()) {
        test.accept(place, Faults.at(platform, number, fault));
      }
    });
  }

  private int calls() {
    Faults counting = Faults.none();
    try (P place = places.get();
        EndpointPlatform whole = place.open(counting)) {
      operation.accept(whole);
    }
    return counting.calls().size();
  }
}
