package io.fairlead.engine;

import java.util.List;
import java.util.Map;

/**
 * A model that turns tensors into tensors.
 *
 * <p>Requests are read, checked against {@link #inputs()} and answered for it.
 */
public non-sealed interface TensorModel extends Model {
  /** {@return the outputs that are no tensors, which cannot be asked for, and what each is} */
  default Map<String, String> unanswerable() {
    return Map.of();
  }

  /**
   * {@return the outputs, in the order in which they were asked for}
   *
   * <p>Runs on its caller's thread. A model that can be stopped enters and leaves the call around what takes its time.
   *
   * @param inputs a tensor for each input, of its type and shape, in the order of {@link #inputs()}
   * @param outputs the names of the outputs, one or more of {@link #outputs()}
   * @param call ends it
   * @throws io.fairlead.error.ServingException if the model fails or is stopped; what else is thrown is reported as a
   *     failure of the model
   */
  List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call);
}
