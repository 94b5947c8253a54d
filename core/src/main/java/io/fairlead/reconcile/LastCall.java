package io.fairlead.reconcile;

import java.time.Duration;
import java.util.Optional;

/**
 * The last call that this run sent about a resource, and what is known of it.
 *
 * <p>A call that was refused before it did anything leaves what was known before. Times are those since the run began.
 *
 * @param <T> what the resource is
 */
sealed interface LastCall<T> {
  /** What a call asks for. */
  enum Verb {
    CREATE,
    UPDATE,
    DELETE
  }

  /** {@return what the call asked the resource to be} */
  Optional<T> wanted();

  /** {@return when it was sent, if it may be done and not show yet} */
  Optional<Duration> sentAt();

  /** {@return whether the platform accepted that the resource is created or changed, and nothing has come since} */
  default boolean isAcceptedChange() {
    return false;
  }

  /** {@return whether the platform accepted that the resource goes} */
  default boolean isAcceptedDeletion() {
    return false;
  }

  /** {@return whether it may have created the resource, and nobody knows} */
  default boolean mayHaveCreated() {
    return false;
  }

  /** {@return when the platform accepted it, or its operation ended} */
  default Optional<Duration> acceptedAt() {
    return Optional.empty();
  }

  /** {@return the same call, from which nothing is concluded any more, because a later one was refused} */
  default LastCall<T> inconclusive() {
    return this;
  }

  /** Nothing was sent, or what was sent has failed, so that nothing of it will show. */
  record None<T>() implements LastCall<T> {
    @Override
    public Optional<T> wanted() {
      return Optional.empty();
    }

    @Override
    public Optional<Duration> sentAt() {
      return Optional.empty();
    }
  }

  /** A call whose answer was lost. */
  record Unanswered<T>(Verb verb, Optional<T> wanted, Duration at) implements LastCall<T> {
    @Override
    public Optional<Duration> sentAt() {
      return Optional.of(at);
    }

    @Override
    public boolean mayHaveCreated() {
      return verb == Verb.CREATE;
    }
  }

  /** A call that the platform accepted. */
  record Answered<T>(Verb verb, Optional<T> wanted, Duration at, Duration accepted)
      implements LastCall<T> {
    @Override
    public Optional<Duration> sentAt() {
      return Optional.of(at);
    }

    @Override
    public boolean isAcceptedChange() {
      return verb != Verb.DELETE;
    }

    @Override
    public boolean isAcceptedDeletion() {
      return verb == Verb.DELETE;
    }

    @Override
    public Optional<Duration> acceptedAt() {
      return Optional.of(accepted);
    }

    @Override
    public LastCall<T> inconclusive() {
      return new Inconclusive<>(wanted, at);
    }

    /** {@return the same call, whose operation has ended now} */
    Answered<T> endedAt(Duration now) {
      return new Answered<>(verb, wanted, now, now);
    }
  }

  /** A call that was accepted before another was refused. */
  record Inconclusive<T>(Optional<T> wanted, Duration at) implements LastCall<T> {
    @Override
    public Optional<Duration> sentAt() {
      return Optional.of(at);
    }
  }
}
