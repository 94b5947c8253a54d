package io.fairlead.reconcile;

import io.fairlead.grammar.ModelFunction;
import io.fairlead.grammar.PlatformOptions;
import java.util.List;
import java.util.Set;

/**
 * A pure mapping from a function to the resources that represent it on a platform.
 *
 * <p>It makes no remote call, and checks the platform's own rules: names, sizes, times, combinations. The function that
 * it receives has this platform's options only. It reports all problems together in an {@link
 * io.fairlead.grammar.InvalidValueException}.
 */
public interface FunctionMapper {
  /**
   * {@return the resources of a function, in this order: those that functions may share, named by their content;
   * exactly one {@linkplain Resource#variant variant}, which answers and has the function's name; its parts, or their
   * {@linkplain Resource#noPart absence}}
   *
   * <p>Another model or other limits under the same name are an update of the same variant, so its kind updates it in
   * place, and the old model serves until the new one can.
   */
  Mapping function(ModelFunction function);

  /**
   * {@return warnings that depend on the function's model, such as the memory that an instance is given by its size}
   *
   * <p>Called by a deployment and by its preview, before anything is changed. It may read the model, on this machine or
   * remotely.
   *
   * @throws io.fairlead.grammar.InvalidValueException if the values do not fit the model
   */
  default List<String> warnings(ModelFunction function) {
    return List.of();
  }

  /**
   * Reads a function back: the inverse of {@link #function}.
   *
   * <p>{@link #function} of the value that it returns desires what is there already, so deploying it changes nothing.
   *
   * @param name the name of the function
   * @param actual the actual state of the platform's resources
   * @return the function; one whose status is {@code ABSENT} if there is none
   */
  Found<ModelFunction> read(String name, ActualState actual);

  /** {@return the option types that this platform knows} */
  Set<Class<? extends PlatformOptions>> options();
}
