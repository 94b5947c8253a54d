package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What one operation has to bring about: resources in the order in which they depend on each other.
 *
 * @param verb what the operation is called, such as {@code deploy}
 * @param subject what it is about, such as {@code bert/blue}
 * @param deployment the public name; operations on one name run one after the other
 * @param resources the resources, each with its goal; those that are to go come in the order in which they go
 * @param result what the operation returns at its end
 * @param lossy what the platform cannot say as the grammar does, one sentence each
 * @param <R> what it returns
 */
public record Walk<R>(
    String verb,
    String subject,
    String deployment,
    List<Resource<?>> resources,
    R result,
    List<String> lossy) {
  public Walk {
    requireNonNull(verb, "verb");
    requireNonNull(subject, "subject");
    requireNonNull(deployment, "deployment");
    resources = List.copyOf(resources);
    requireNonNull(result, "result");
    lossy = List.copyOf(lossy);
  }

  /** {@return the operation as it is named in messages} */
  String title() {
    return verb + " " + subject;
  }
}
