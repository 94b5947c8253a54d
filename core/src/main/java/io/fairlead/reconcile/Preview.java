package io.fairlead.reconcile;

import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the operations of one preview would have left so far, and their plan. */
final class Preview {
  private final Map<ResourceRef, Observed<?>> left = new HashMap<>();
  private Plan plan = Plan.EMPTY;

  /** {@return what an earlier operation of this preview would have left of a resource} */
  @SuppressWarnings(
      "unchecked") // a kind and name belong to one resource kind, which fixes the type
  <T> Optional<Observed<T>> find(Resource<T> resource) {
    return Optional.ofNullable((Observed<T>) left.get(resource.ref()));
  }

  <T> void note(Resource<T> resource, Action action, Observed<T> seen) {
    switch (action) {
      case CREATE, UPDATE, REPLACE ->
        left.put(resource.ref(), Observed.ready(resource.desired().apply(seen.value())));
      case DELETE -> left.put(resource.ref(), Observed.absent());
      case KEEP -> left.put(resource.ref(), seen);
      default -> {}
    }
  }

  void add(Plan next) {
    plan = plan.then(next);
  }

  Plan plan() {
    return plan;
  }
}
