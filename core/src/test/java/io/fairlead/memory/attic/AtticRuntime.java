package io.fairlead.memory.attic;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Problems;
import io.fairlead.grammar.RuntimeOptions;

// guide: options
/**
 * The options of a runtime that only the attic has.
 *
 * @param role the role of a model there
 */
public record AtticRuntime(String role) implements RuntimeOptions {
  public AtticRuntime {
    requireNonNull(role, "role");
    Problems.in("AtticRuntime")
        .check(!role.isBlank(), "role", "must not be blank", role)
        .throwIfAny();
  }

  @Override
  public String platform() {
    return "attic";
  }
}
// guide end
