package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A request to reconcile resources, each after those that it depends on: what one operation is made of.
 *
 * @param verb the name of the operation, such as {@code deploy}
 * @param subject its subject, such as {@code bert/blue}
 * @param deployment the public name; operations on one name run one after the other
 * @param content prepares the resources and the result, when the operation starts
 * @param isRepeated whether it is prepared and reconciled again until nothing had to be written
 * @param secrets values that no message may show, such as those of an environment
 * @param <R> the type of the result
 */
record ReconcileRequest<R>(
    String verb,
    String subject,
    String deployment,
    Preparation<R> content,
    boolean isRepeated,
    Collection<String> secrets) {
  /**
   * The preparation of an operation's content, which may read files or the platform.
   *
   * @param <R> the type of the result
   */
  @FunctionalInterface
  interface Preparation<R> {
    Content<R> prepare(PreparationContext preparing);
  }

  /** What a preparation is given, so that it reports progress, has a limit and can be cancelled. */
  interface PreparationContext {
    /** {@return the managed resources of the platform} */
    Inventory inventory();

    /** Reports progress. */
    void report(String message);

    /** Throws if the operation has to stop. */
    void checkStop();
  }

  /**
   * A precondition that depends on the state of the platform.
   *
   * <p>Checked each time that the desired state of a resource is computed.
   */
  @FunctionalInterface
  interface Guard {
    Guard NONE = (resource, actual, inventory) -> Optional.empty();

    /** {@return why a resource in this actual state must not be changed to its desired state; empty if it may} */
    Optional<String> refusal(
        Resource<?> resource, Optional<?> actual, Supplier<Inventory> inventory);
  }

  /**
   * The content of an operation.
   *
   * @param resources the resources, each with its goal; those to delete are in the order of deletion
   * @param warnings what the platform ignores or does differently than the values say, one sentence each
   * @param guard a further precondition
   * @param result computes the result from the deleted resources
   * @param <R> the type of the result
   */
  record Content<R>(
      List<Resource<?>> resources,
      List<String> warnings,
      Guard guard,
      Function<Set<ResourceRef>, R> result) {
    Content {
      resources = List.copyOf(resources);
      warnings = List.copyOf(warnings);
      requireNonNull(guard, "guard");
      requireNonNull(result, "result");
    }

    /** {@return the content of an operation whose result does not depend on what it deletes} */
    static <R> Content<R> of(List<Resource<?>> resources, List<String> warnings, R result) {
      requireNonNull(result, "result");
      return new Content<>(resources, warnings, Guard.NONE, deleted -> result);
    }

    Content<R> guardedBy(Guard newGuard) {
      return new Content<>(resources, warnings, newGuard, result);
    }

    Content<R> alsoWarning(List<String> more) {
      List<String> all = new ArrayList<>(warnings);
      all.addAll(more);
      return new Content<>(resources, all, guard, result);
    }

    /** {@return a copy after other resources, without the requirements that these fulfil} */
    Content<R> after(List<Resource<?>> earlier) {
      List<Resource<?>> all = new ArrayList<>(earlier);
      Set<ResourceRef> brought = earlier.stream().map(Resource::ref).collect(toSet());
      resources.stream()
          .filter(resource ->
              resource.goal() != Resource.Goal.REQUIRED || !brought.contains(resource.ref()))
          .forEach(all::add);
      return new Content<>(all, warnings, guard, result);
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
    return new ReconcileRequest<>(verb, subject, deployment, content, false, List.of());
  }

  /** {@return a copy that is repeated until nothing is left to do} */
  ReconcileRequest<R> repeated() {
    return new ReconcileRequest<>(verb, subject, deployment, content, true, secrets);
  }

  /** {@return the same, whose messages show none of these values, whatever the platform says} */
  ReconcileRequest<R> hiding(Collection<String> newSecrets) {
    return new ReconcileRequest<>(
        verb, subject, deployment, content, isRepeated, List.copyOf(newSecrets));
  }

  /** {@return the name of the operation in messages} */
  String title() {
    return verb + " " + subject;
  }
}
