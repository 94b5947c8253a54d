package io.fairlead.reconcile;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What one operation has to bring about: resources in the order in which they depend on each other.
 *
 * @param verb what the operation is called, such as {@code deploy}
 * @param subject what it is about, such as {@code bert/blue}
 * @param deployment the public name; operations on one name run one after the other
 * @param content the resources and the result, asked for once, when the operation has its turn
 * @param lossy what the platform cannot say as the grammar does, one sentence each
 * @param <R> what it returns
 */
public record Walk<R>(
    String verb,
    String subject,
    String deployment,
    Supplier<Content<R>> content,
    List<String> lossy) {
  /**
   * What a walk is made of.
   *
   * @param resources the resources, each with its goal; those that are to go come in the order in which they go
   * @param result what the operation returns, from what it deleted
   * @param <R> what it returns
   */
  public record Content<R>(List<Resource<?>> resources, Function<Set<ResourceRef>, R> result) {
    public Content {
      resources = List.copyOf(resources);
      requireNonNull(result, "result");
    }
  }

  public Walk {
    requireNonNull(verb, "verb");
    requireNonNull(subject, "subject");
    requireNonNull(deployment, "deployment");
    requireNonNull(content, "content");
    lossy = List.copyOf(lossy);
  }

  /** Makes a walk whose resources and result are known before it begins. */
  public Walk(
      String verb,
      String subject,
      String deployment,
      List<Resource<?>> resources,
      R result,
      List<String> lossy) {
    this(verb, subject, deployment, constant(resources, result), lossy);
  }

  private static <R> Supplier<Content<R>> constant(List<Resource<?>> resources, R result) {
    requireNonNull(result, "result");
    Content<R> content = new Content<>(resources, deleted -> result);
    return () -> content;
  }

  /** {@return the operation as it is named in messages} */
  String title() {
    return verb + " " + subject;
  }
}
