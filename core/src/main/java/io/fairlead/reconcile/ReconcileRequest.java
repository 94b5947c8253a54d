package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What one operation has to bring about: resources in the order in which they depend on each other.
 *
 * @param verb what the operation is called, such as {@code deploy}
 * @param subject what it is about, such as {@code bert/blue}
 * @param deployment the public name; operations on one name run one after the other
 * @param content finds out the resources and the result, when the operation has its turn
 * @param isRepeated whether the content is found out again when all of it was brought about, until it is empty
 * @param <R> what it returns
 */
record ReconcileRequest<R>(
    String verb, String subject, String deployment, Preparation<R> content, boolean isRepeated) {
  /**
   * Finds out what an operation is made of, which may be read from files or from the platform.
   *
   * @param <R> what it returns
   */
  @FunctionalInterface
  interface Preparation<R> {
    Content<R> prepare(Preparing preparing);
  }

  /** What a preparation goes through, so that it can be seen, limited and cancelled. */
  interface Preparing {
    /** {@return what is managed on the platform} */
    Inventory inventory();

    /** Reports how far the preparation is. */
    void report(String message);

    /** Ends the preparation by an exception if the operation has to stop. */
    void checkStop();
  }

  /**
   * What may be refused only when the platform was read.
   *
   * <p>Asked whenever the desired state of a resource is found out.
   */
  @FunctionalInterface
  interface Guard {
    Guard NONE = (resource, actual, inventory) -> Optional.empty();

    /** {@return why a resource must not become what it is to be, if this is what it is} */
    Optional<String> refusal(
        Resource<?> resource, Optional<?> actual, Supplier<Inventory> inventory);
  }

  /**
   * What an operation is made of.
   *
   * @param resources the resources, each with its goal; those that are to go come in the order in which they go
   * @param ignored fields that this platform ignores, one sentence each
   * @param guard what else may refuse
   * @param result what the operation returns, from what it deleted
   * @param <R> what it returns
   */
  record Content<R>(
      List<Resource<?>> resources,
      List<String> ignored,
      Guard guard,
      Function<Set<ResourceRef>, R> result) {
    Content {
      resources = List.copyOf(resources);
      ignored = List.copyOf(ignored);
      requireNonNull(guard, "guard");
      requireNonNull(result, "result");
    }

    /** What an operation is made of that returns the same whatever it deletes. */
    static <R> Content<R> of(List<Resource<?>> resources, List<String> ignored, R result) {
      requireNonNull(result, "result");
      return new Content<>(resources, ignored, Guard.NONE, deleted -> result);
    }

    Content<R> guardedBy(Guard newGuard) {
      return new Content<>(resources, ignored, newGuard, result);
    }

    /** {@return the same after other resources; what it requires of them, they bring} */
    Content<R> after(List<Resource<?>> earlier) {
      List<Resource<?>> all = new ArrayList<>(earlier);
      Set<ResourceRef> brought = earlier.stream().map(Resource::ref).collect(toSet());
      resources.stream()
          .filter(resource ->
              resource.goal() != Resource.Goal.REQUIRED || !brought.contains(resource.ref()))
          .forEach(all::add);
      return new Content<>(all, ignored, guard, result);
    }
  }

  ReconcileRequest {
    requireNonNull(verb, "verb");
    requireNonNull(subject, "subject");
    requireNonNull(deployment, "deployment");
    requireNonNull(content, "content");
  }

  static <R> ReconcileRequest<R> of(
      String verb, String subject, String deployment, Preparation<R> content) {
    return new ReconcileRequest<>(verb, subject, deployment, content, false);
  }

  /** {@return the same, until nothing is left to do} */
  ReconcileRequest<R> repeated() {
    return new ReconcileRequest<>(verb, subject, deployment, content, true);
  }

  /** {@return the operation as it is named in messages} */
  String title() {
    return verb + " " + subject;
  }
}
