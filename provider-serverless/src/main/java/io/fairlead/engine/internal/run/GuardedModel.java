package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A model of an engine that is not of this module: what it throws and gives is made what callers are promised. */
public final class GuardedModel implements TensorModel {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedModel.class);

  private final TensorModel model;
  private final Failures failures;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final Map<String, String> unanswerable;

  /** Makes a guard, which asks the model once what it takes and gives. */
  public GuardedModel(TensorModel model, Failures failures) {
    this.model = model;
    this.failures = failures;
    this.inputs = List.copyOf(model.inputs());
    this.outputs = List.copyOf(model.outputs());
    this.unanswerable = Map.copyOf(model.unanswerable());
  }

  @Override
  public List<TensorSpec> inputs() {
    return inputs;
  }

  @Override
  public List<TensorSpec> outputs() {
    return outputs;
  }

  @Override
  public Map<String, String> unanswerable() {
    return unanswerable;
  }

  @Override
  public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
    List<Tensor> answers;
    try {
      answers = model.run(inputs, outputs, call);
    } catch (ServingException | InvalidValueException e) {
      throw e;
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      call.checkNotStopped(e);
      throw failed(call, e.getClass().getSimpleName() + ": " + Failures.reason(e), e);
    }
    call.checkNotStopped(null);
    if (!names(answers).equals(outputs)) {
      throw failed(
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

  private ServingException failed(Call call, String why, @Nullable Throwable cause) {
    return failures.failure(
        ErrorKind.MODEL_FAILED, "Model '" + call.model() + "' failed: " + why, cause);
  }

  @Override
  public void close() {
    try {
      model.close();
    } catch (RuntimeException | LinkageError | AssertionError e) {
      LOG.warn("Model {} could not be closed", model.getClass().getName(), e);
    }
  }
}
