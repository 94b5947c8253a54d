package io.fairlead.engine;

import java.util.List;
import java.util.Map;

/**
 * A model with tensors as inputs and outputs.
 *
 * <p>The platform parses requests, validates them against {@link #inputs()} and writes the responses.
 */
public non-sealed interface TensorModel extends Model {
  /** {@return the outputs that are not tensors and cannot be requested, with a description of each} */
  default Map<String, String> unanswerable() {
    return Map.of();
  }

  /**
   * {@return the outputs, in the requested order}
   *
   * <p>Runs on its caller's thread. A model that can be stopped enters the call before the work and leaves it
   * afterwards.
   *
   * @param inputs a tensor for each input, of its type and shape, in the order of {@link #inputs()}
   * @param outputs the names of the outputs, one or more of {@link #outputs()}
   * @param call the call, which stops the work
   * @throws io.fairlead.error.ServingException if the model fails or is stopped; any other exception is reported as a
   *     failure of the model
   */
  List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call);
}
