package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RequestOptions;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.util.Optional;

/**
 * How one request uses the cache; an option of a {@code Request}.
 *
 * <pre>{@code
 * Request request = Request.json(body).with(StatefulRequest.DEFAULT.withSession(user));
 * }</pre>
 */
public final class StatefulRequest extends Settings<StatefulRequest.Draft>
    implements RequestOptions {
  /** Answers are shared with all requests, belong to no session, and may come from the cache and be kept in it. */
  public static final StatefulRequest DEFAULT = new StatefulRequest(new Draft());

  static final class Draft extends Settings.Draft {
    @Hidden
    Optional<String> scope = Optional.empty();

    @Hidden
    Optional<String> session = Optional.empty();

    boolean noCache;
    boolean noStore;
  }

  private StatefulRequest(Draft draft) {
    super(draft);
    Problems problems = Problems.in("StatefulRequest");
    draft.scope.ifPresent(
        scope -> problems.check(!scope.isEmpty(), "scope", "must not be empty; leave it out"));
    draft.session.ifPresent(session ->
        problems.check(!session.isEmpty(), "session", "must not be empty; leave it out"));
    problems.throwIfAny();
  }

  @Override
  public String platform() {
    return StatefulProvider.ID;
  }

  /**
   * {@return the scope in which answers are shared, such as a tenant; empty for that of all requests without one}
   *
   * <p>It is part of the key: by its latency, an answer from the cache tells that the same was asked before.
   */
  public Optional<String> scope() {
    return draft().scope;
  }

  /** {@return the session of the request, such as a user or a conversation, by which the next one is predicted} */
  public Optional<String> session() {
    return draft().session;
  }

  /** {@return whether the model is asked even if the cache has the answer, which is then replaced} */
  public boolean noCache() {
    return draft().noCache;
  }

  /** {@return whether neither the request nor its answer is kept} */
  public boolean noStore() {
    return draft().noStore;
  }

  public StatefulRequest withScope(String scope) {
    requireNonNull(scope, "scope");
    return new StatefulRequest(with(draft -> draft.scope = Optional.of(scope)));
  }

  public StatefulRequest withSession(String session) {
    requireNonNull(session, "session");
    return new StatefulRequest(with(draft -> draft.session = Optional.of(session)));
  }

  /** {@return a copy for which the model is asked even if the cache has the answer} */
  public StatefulRequest withNoCache() {
    return new StatefulRequest(with(draft -> draft.noCache = true));
  }

  /** {@return a copy of which neither the request nor its answer is kept} */
  public StatefulRequest withNoStore() {
    return new StatefulRequest(with(draft -> draft.noStore = true));
  }
}
