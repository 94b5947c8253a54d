package io.fairlead.reconcile;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A cache of read-only calls that is valid between two changes: each remote object is read once.
 *
 * <p>Several resources are often facets of one remote object: an endpoint, its variants and their weights. Their kinds
 * read that object through the look that they receive, so that all of them see the same answer, for one call:
 *
 * <pre>{@code
 * Optional<Endpoint> endpoint = look.once(List.of("endpoint", name), () -> client.find(name));
 * }</pre>
 *
 * <p>Not safe for concurrent use. The {@link Reconciler} creates a new look after each call that changes something and
 * after each pause.
 */
public final class Look {
  private final Map<Object, Object> answers = new HashMap<>();

  /** Creates an empty look. */
  public Look() {}

  /**
   * {@return the answer to a question; only the first equal question makes the call, and a failure is not kept}
   *
   * @param question the key, such as a list of kind and name
   * @param call makes the remote call
   * @param <V> the type of the answer, the same for equal questions
   */
  @SuppressWarnings("unchecked") // equal questions have answers of one type
  public <V> V once(Object question, Supplier<? extends V> call) {
    Object known = answers.get(question);
    if (known != null) {
      return (V) known;
    }
    V answer = call.get();
    answers.put(question, answer);
    return answer;
  }
}
