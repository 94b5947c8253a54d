package io.fairlead.reconcile;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One look at a platform, in which each remote answer is asked for once.
 *
 * <p>Several resources are often facets of one remote object: an endpoint, its variants and their weights. Their kinds
 * read that object through the look that they are given, so that all of them see one answer and it costs one call:
 *
 * <pre>{@code
 * Optional<Endpoint> endpoint = look.once(List.of("endpoint", name), () -> client.find(name));
 * }</pre>
 *
 * <p>A look belongs to one thread. The {@link Reconciler} begins a new one after each call that changes something and
 * after each pause.
 */
public final class Look {
  private final Map<Object, Object> answers = new HashMap<>();

  /** Begins a look. */
  public Look() {}

  /**
   * {@return the answer to a question, which is asked the first time only; a failure is no answer, and is not kept}
   *
   * @param question what tells this question from others; equal questions have one answer
   * @param call asks it
   * @param <V> the answer's type, which is the same for equal questions
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
