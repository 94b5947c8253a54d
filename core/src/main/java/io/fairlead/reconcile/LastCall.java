package io.fairlead.reconcile;

import java.time.Duration;
import java.util.Optional;

/**
 * The last call of this run about a resource, and what is known of its effect.
 *
 * <p>A call that was rejected before it had any effect leaves the previous value. Times count from the start of the
 * run.
 *
 * @param <T> the state of the resource
 */
sealed interface LastCall<T> {
  /** The verb of a call. */
  enum Verb {
    CREATE,
    UPDATE,
    DELETE
  }

  /** {@return the state that the call asked for} */
  Optional<T> wanted();

  /** {@return when it was sent, if it may have had an effect that is not visible yet} */
  Optional<Duration> sentAt();

  /** {@return whether the platform accepted a create or an update, and no later call has made that inconclusive} */
  default boolean isAcceptedChange() {
    return false;
  }

  /** {@return whether the platform accepted a delete} */
  default boolean isAcceptedDeletion() {
    return false;
  }

  /** {@return whether it may have created the resource, which is unknown because the answer was lost} */
  default boolean mayHaveCreated() {
    return false;
  }

  /** {@return when the platform accepted it, or its operation ended} */
  default Optional<Duration> acceptedAt() {
    return Optional.empty();
  }

  /** {@return the same call, made inconclusive by a later one that was rejected} */
  default LastCall<T> inconclusive() {
    return this;
  }

  /** No call, or one that has failed, so that no effect of it will appear. */
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

    /** {@return the same call, whose operation ended at this time} */
    Answered<T> endedAt(Duration now) {
      return new Answered<>(verb, wanted, now, now);
    }
  }

  /** A call that was accepted before a later one was rejected. */
  record Inconclusive<T>(Optional<T> wanted, Duration at) implements LastCall<T> {
    @Override
    public Optional<Duration> sentAt() {
      return Optional.of(at);
    }
  }
}
