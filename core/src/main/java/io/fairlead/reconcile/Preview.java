package io.fairlead.reconcile;

import io.fairlead.error.ServingException;
import io.fairlead.operation.Plan;
import io.fairlead.operation.Plan.Action;
import io.fairlead.operation.Plan.Change;
import io.fairlead.provider.Deadline;
import io.fairlead.reconcile.Resource.Role;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The plan of the operations of one preview so far, and the state that they would leave. */
final class Preview {
  private final Map<ResourceRef, Observed<?>> left = new HashMap<>();
  private final Map<ResourceRef, List<ResourceRef>> planned = new HashMap<>();
  private final Set<ResourceRef> gone = new HashSet<>();
  private final Look look = new Look();
  private final Deadline deadline;
  private Plan plan = Plan.EMPTY;
  private @Nullable ServingException unreachable;

  /**
   * Creates an empty preview.
   *
   * @param deadline the time until which the platform is read
   */
  Preview(Deadline deadline) {
    this.deadline = deadline;
  }

  /** {@return the remaining time for reading the platform} */
  Duration left() {
    return deadline.left();
  }

  /** {@return why the platform is not read any more; empty while it can be reached} */
  Optional<ServingException> unreachable() {
    return Optional.ofNullable(unreachable);
  }

  /**
   * Notes a failed read. After one that all others would share, the platform is not read any more: no credentials, no
   * answer.
   */
  void note(ServingException failure) {
    boolean isShared = switch (failure.kind()) {
      case UNAVAILABLE, TIMEOUT -> true;
      // A refusal that the platform itself sent may be of this call only.
      case UNAUTHORIZED -> failure.requestId().isEmpty();
      default -> false;
    };
    if (unreachable == null && isShared) {
      unreachable = failure;
    }
  }

  /** {@return the look that all operations of this preview share, because they change nothing} */
  Look look() {
    return look;
  }

  /** {@return the state in which an earlier operation of this preview would leave a resource} */
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

  /**
   * Notes the variants that an operation would create, with the shared resources that they use, and those it would
   * delete.
   */
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

  /** {@return whether an earlier operation would have deleted it} */
  boolean isGone(ResourceRef ref) {
    return gone.contains(ref);
  }

  /** {@return the variants that earlier operations would have created} */
  Set<ResourceRef> plannedVariants() {
    return planned.keySet();
  }

  /** {@return the planned variants that would use a resource} */
  List<ResourceRef> plannedUsersOf(ResourceRef ref, Set<ResourceRef> toDelete) {
    return planned.entrySet().stream()
        .filter(entry -> entry.getValue().contains(ref) && !toDelete.contains(entry.getKey()))
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
