package io.fairlead.reconcile;

import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.reconcile.Resource.Role;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the operations of one preview would have left so far, and their plan. */
final class Preview {
  private final Map<ResourceRef, Observed<?>> left = new HashMap<>();
  private final Map<ResourceRef, List<ResourceRef>> planned = new HashMap<>();
  private final Set<ResourceRef> gone = new HashSet<>();
  private final Look look = new Look();
  private Plan plan = Plan.EMPTY;

  /** {@return the look of all operations of this preview, which change nothing} */
  Look look() {
    return look;
  }

  /** {@return what an earlier operation of this preview would have left of a resource} */
  @SuppressWarnings(
      "unchecked") // a kind and name belong to one resource kind, which fixes the type
  <T> Optional<Observed<T>> find(Resource<T> resource) {
    return Optional.ofNullable((Observed<T>) left.get(resource.ref()));
  }

  <T> void note(Resource<T> resource, Action action, Observed<T> seen) {
    switch (action) {
      case CREATE, UPDATE, REPLACE ->
        left.put(resource.ref(), Observed.ready(resource.desired(seen.value())));
      case DELETE -> left.put(resource.ref(), Observed.absent());
      case KEEP -> left.put(resource.ref(), seen);
      default -> {}
    }
  }

  /** Notes the variants that an operation would leave, with all that they share, and those that it would take away. */
  void note(List<Resource<?>> resources, List<Change> changes) {
    List<ResourceRef> shared = resources.stream()
        .filter(resource -> resource.role() == Role.SHARED)
        .map(Resource::ref)
        .toList();
    for (int i = 0; i < changes.size(); i++) {
      ResourceRef ref = resources.get(i).ref();
      switch (changes.get(i).action()) {
        case DELETE -> {
          gone.add(ref);
          planned.remove(ref);
        }
        case CREATE, REPLACE -> {
          gone.remove(ref);
          if (resources.get(i).role() == Role.VARIANT) {
            planned.put(ref, shared);
          }
        }
        default -> {}
      }
    }
  }

  /** {@return whether an earlier operation would have taken it away} */
  boolean isGone(ResourceRef ref) {
    return gone.contains(ref);
  }

  /** {@return the variants that earlier operations would have made} */
  Set<ResourceRef> plannedVariants() {
    return planned.keySet();
  }

  /** {@return which of them would use this} */
  List<ResourceRef> plannedUsersOf(ResourceRef ref, Set<ResourceRef> going) {
    return planned.entrySet().stream()
        .filter(entry -> entry.getValue().contains(ref) && !going.contains(entry.getKey()))
        .map(Map.Entry::getKey)
        .toList();
  }

  void add(Plan next) {
    plan = plan.then(next);
  }

  Plan plan() {
    return plan;
  }
}
