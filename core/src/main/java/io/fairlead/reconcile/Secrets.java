package io.fairlead.reconcile;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import java.io.Serial;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Values that must not be in any message, though a platform that refuses one may quote it. */
final class Secrets {
  private final Collection<String> values;

  Secrets(Collection<String> values) {
    this.values = values;
  }

  /** {@return a text in which none of them is} */
  String removedFrom(String text) {
    return values.isEmpty() ? text : Redacted.text(text, values);
  }

  /**
   * {@return a failure in whose messages none of them is, nor in those of its causes and suppressed exceptions}
   *
   * <p>Where none was, it is the failure itself. Otherwise each exception that has one is replaced by one that says which
   * class it was of, with the same stack trace.
   */
  Throwable removedFrom(Throwable failure) {
    return values.isEmpty() || !quotes(failure, identitySet())
        ? failure
        : copy(failure, identitySet());
  }

  private static Set<Throwable> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  private boolean quotes(@Nullable Throwable failure, Set<Throwable> seen) {
    if (failure == null || !seen.add(failure)) {
      return false;
    }
    // What it prints, which need not be its message.
    String printed = failure.toString();
    if (!removedFrom(printed).equals(Redacted.text(printed)) || quotes(failure.getCause(), seen)) {
      return true;
    }
    for (Throwable other : failure.getSuppressed()) {
      if (quotes(other, seen)) {
        return true;
      }
    }
    return false;
  }

  private Throwable copy(Throwable failure, Set<Throwable> seen) {
    if (!quotes(failure, identitySet())) {
      return failure;
    }
    seen.add(failure);
    Throwable cause = failure.getCause();
    // Causes may be in a circle.
    Throwable shownCause = cause == null || seen.contains(cause) ? null : copy(cause, seen);
    Throwable copy = failure instanceof ServingException serving
        ? serving.withMessage(removedFrom(String.valueOf(serving.getMessage())), shownCause)
        : new Quoting(removedFrom(failure.toString()), shownCause);
    copy.setStackTrace(failure.getStackTrace());
    for (Throwable other : failure.getSuppressed()) {
      if (!seen.contains(other)) {
        copy.addSuppressed(copy(other, seen));
      }
    }
    return copy;
  }

  /** Stands for an exception whose message quoted a secret. */
  private static final class Quoting extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    Quoting(String printed, @Nullable Throwable cause) {
      super(printed, cause);
    }
  }
}
