package io.fairlead.memory.attic;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.memory.attic.Attic.AtticException;
import java.util.Optional;
import java.util.function.Supplier;

// guide: errors
/** The mapping of the attic's failures; the only class that knows its codes. */
final class AtticErrors {
  private AtticErrors() {}

  /** Makes a call, and names it in the message of its failure. */
  static <T> T call(String what, Supplier<T> call) {
    try {
      return call.get();
    } catch (AtticException e) {
      throw ServingException.builder(AtticProvider.ID, kind(e), what + " failed: " + e.getMessage())
          .cause(e)
          .requestId(e.requestId())
          .build();
    }
  }

  static void run(String what, Runnable call) {
    call(what, () -> {
      call.run();
      return true;
    });
  }

  /** {@return the result of a read; empty if the resource does not exist} */
  static <T> Optional<T> find(String what, Supplier<T> call) {
    try {
      return Optional.of(call(what, call));
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static ErrorKind kind(AtticException e) {
    return switch (e.code()) {
      case "exists" -> ErrorKind.ALREADY_EXISTS;
      case "missing" -> ErrorKind.NOT_FOUND;
      case "in-use", "stale" -> ErrorKind.CONFLICT;
      case "denied" -> ErrorKind.UNAUTHORIZED;
      case "too-many" -> ErrorKind.THROTTLED;
      case "unavailable" -> ErrorKind.UNAVAILABLE;
      default -> ErrorKind.UNKNOWN;
    };
  }
}
// guide end
