package io.fairlead.stateful;

import static java.util.Objects.requireNonNull;

import io.fairlead.grammar.Dependencies;
import io.fairlead.grammar.RuntimeSpec;
import io.fairlead.grammar.Scaling;

/**
 * What models are deployed with on an endpoint platform, beside themselves.
 *
 * @param runtime the runtime of their containers
 * @param dependencies the dependencies of their containers
 * @param scaling the machine type and number of instances of their variants
 */
public record Hosting(RuntimeSpec runtime, Dependencies dependencies, Scaling scaling) {
  public Hosting {
    requireNonNull(runtime, "runtime");
    requireNonNull(dependencies, "dependencies");
    requireNonNull(scaling, "scaling");
  }

  public static Hosting of(RuntimeSpec runtime, Dependencies dependencies, Scaling scaling) {
    return new Hosting(runtime, dependencies, scaling);
  }
}
