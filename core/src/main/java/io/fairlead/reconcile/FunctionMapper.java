package io.fairlead.reconcile;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.PlatformOptions;
import java.util.Set;

/**
 * The pure half of a function provider: from a function to the resources that it comes to on a platform.
 *
 * <p>It makes no remote call, and checks everything that the platform's own rules ask: names, sizes, times, what goes
 * with what. The function that it is given carries this platform's options only. It reports all problems at once in an
 * {@link io.fairlead.grammar.InvalidValueException}.
 */
public interface FunctionMapper {
  /**
   * {@return what a function comes to: what functions may share, named by its content; exactly one {@linkplain
   * Resource#variant variant}, which answers and has the function's name; its parts, or their {@linkplain
   * Resource#noPart absence}}
   *
   * <p>Another model or other limits under the same name are an update of the same variant, so its kind changes in place
   * whatever it can, and what serves goes on until what comes can.
   */
  Mapping function(ModelFunction function);

  /** {@return the option types that this platform knows} */
  Set<Class<? extends PlatformOptions>> options();
}
