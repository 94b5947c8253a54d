package io.fairlead.serverless.engine;

import java.util.List;
import java.util.Map;

/** A loaded model that turns tensors into tensors, for any number of callers at the same time. */
interface TensorModel extends AutoCloseable {
  List<TensorSpec> inputs();

  List<TensorSpec> outputs();

  /** {@return the outputs that are no tensors, which cannot be asked for, and what each is} */
  Map<String, String> unanswerable();

  /**
   * {@return the outputs, in the order in which they were asked for}
   *
   * @param inputs a tensor for each input, of its type and shape
   * @param outputs the names of the outputs, one or more of {@link #outputs()}
   * @param call ends it
   * @throws io.fairlead.error.ServingException if the model fails or is stopped
   */
  List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call);

  @Override
  void close();
}
