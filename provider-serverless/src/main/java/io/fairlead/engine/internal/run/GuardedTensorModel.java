package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.support.Failures;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A wrapper of a {@link TensorModel} of a third-party engine. */
public final class GuardedTensorModel extends Guard<TensorModel> implements TensorModel {
  private final Map<String, String> unanswerable;

  /** Creates a guard, which reads the model's inputs and outputs once. */
  public GuardedTensorModel(TensorModel model, Failures failures) {
    super(model, failures);
    this.unanswerable = Map.copyOf(model.unanswerable());
  }

  @Override
  public Map<String, String> unanswerable() {
    return unanswerable;
  }

  @Override
  public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
    List<Tensor> answers = guarded(call, () -> model.run(inputs, outputs, call));
    if (!names(answers).equals(outputs)) {
      throw failures.ofModel(
          call,
          "its engine was asked for " + outputs + " and gave " + names(answers)
              + ": give the outputs asked for, in that order",
          null);
    }
    return answers;
  }

  private static List<String> names(@Nullable List<Tensor> tensors) {
    return tensors == null ? List.of() : tensors.stream().map(Tensor::name).toList();
  }
}
