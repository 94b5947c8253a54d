package io.fairlead.engine.internal.run;

import io.fairlead.engine.Call;
import io.fairlead.engine.Model;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A wrapper of a model of a third-party engine that validates its results and maps its exceptions. */
abstract class Guard<M extends Model> {
  private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

  final M model;
  final Failures failures;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;

  /** Creates a guard, which reads the model's inputs and outputs once. */
  Guard(M model, Failures failures) {
    this.model = model;
    this.failures = failures;
    this.inputs = List.copyOf(model.inputs());
    this.outputs = List.copyOf(model.outputs());
  }

  public List<TensorSpec> inputs() {
    return inputs;
  }

  public List<TensorSpec> outputs() {
    return outputs;
  }

  /** {@return the result of a call of the model} */
  <T extends @Nullable Object> T guarded(Call call, Supplier<T> run) {
    T answer;
    try {
      answer = run.get();
    } catch (ServingException | InvalidValueException e) {
      throw e;
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      call.checkNotStopped(e);
      throw failures.ofModel(call, e.getClass().getSimpleName() + ": " + Failures.reason(e), e);
    }
    call.checkNotStopped(null);
    return answer;
  }

  public void close() {
    try {
      model.close();
    } catch (RuntimeException | LinkageError | AssertionError e) {
      LOG.warn("Model {} could not be closed", model.getClass().getName(), e);
    }
  }
}
