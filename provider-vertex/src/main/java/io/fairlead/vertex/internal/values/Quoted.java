package io.fairlead.vertex.internal.values;

import io.fairlead.error.ServingException;
import io.fairlead.grammar.Redacted;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Secrets that Google may quote in an error, beside those of a container's environment, which the core removes. */
public final class Quoted {
  /** A shorter value is part of ordinary words. */
  private static final int SHORTEST = 6;

  private Quoted() {}

  /** {@return a failure in which none of the values is; the cause, which quotes them too, is left out then} */
  public static ServingException without(ServingException failure, Collection<String> values) {
    String message = String.valueOf(failure.getMessage());
    return values.stream().anyMatch(message::contains)
        ? failure.withMessage(Redacted.text(message, values), null)
        : failure;
  }

  /** {@return the values among a command's arguments, such as that of {@code --api-key=VALUE}} */
  public static List<String> values(List<String> command, List<String> args) {
    List<String> values = new ArrayList<>();
    List<String> all = new ArrayList<>(command);
    all.addAll(args);
    for (String argument : all) {
      String value =
          argument.startsWith("-") ? argument.substring(argument.indexOf('=') + 1) : argument;
      if (value.length() >= SHORTEST && !value.startsWith("-")) {
        values.add(value);
      }
    }
    return values;
  }
}
