package io.fairlead.contract;

import io.fairlead.contract.EndpointPlatformContract.Place;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * A test of places that is not run again where it has passed in an {@linkplain Place#state equal state}, in which it
 * would do the same again. Where it has failed, it is.
 *
 * @param <P> the places
 */
final class OncePerState<P extends Place> implements Consumer<P> {
  private final Set<Object> passed = ConcurrentHashMap.newKeySet();
  private final Consumer<? super P> test;

  OncePerState(Consumer<? super P> test) {
    this.test = test;
  }

  @Override
  public void accept(P place) {
    Optional<Object> state = place.state();
    if (state.isEmpty() || !passed.contains(state.get())) {
      test.accept(place);
      state.ifPresent(passed::add);
    }
  }
}
