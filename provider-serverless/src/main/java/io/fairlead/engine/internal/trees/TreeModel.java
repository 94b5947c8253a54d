package io.fairlead.engine.internal.trees;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.lang.reflect.Array;
import java.util.List;

/**
 * A model of boosted trees.
 *
 * <p>Its input has a row for each prediction and a column for each feature; NaN is a missing value. Its output is that
 * of {@code predict} in Python: one column, or one for each class.
 */
abstract class TreeModel implements TensorModel {
  private static final String INPUT = "input";
  private static final String OUTPUT = "output";

  private final Datatype datatype;
  private final int features;
  private final int columns;
  private final Failures failures;

  TreeModel(Datatype datatype, int features, int columns, Failures failures) {
    this.datatype = datatype;
    this.features = features;
    this.columns = columns;
    this.failures = failures;
  }

  /**
   * {@return the exception for a file that its library does not read}
   *
   * @param library the library's name
   * @param version the version of the library
   */
  static ServingException notWhole(
      ModelSource source,
      String library,
      String version,
      String reason,
      Exception e,
      Failures failures) {
    return failures.failure(
        ErrorKind.INVALID,
        source + " is no " + library + " model that can be read (" + reason
            + "): a copy of it was cut off or changed, or it was saved by a later version than "
            + version + "; fetch it again, or save it with that version's Booster.save_model",
        e);
  }

  @Override
  public final List<TensorSpec> inputs() {
    return List.of(new TensorSpec(INPUT, datatype, List.of(-1L, (long) features)));
  }

  @Override
  public final List<TensorSpec> outputs() {
    return List.of(new TensorSpec(OUTPUT, datatype, List.of(-1L, (long) columns)));
  }

  @Override
  public final List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
    Tensor input = inputs.get(0);
    int rows = (int) input.shape()[0];
    Object answer;
    try {
      answer = rows == 0
          ? Array.newInstance(datatype.arrayType().getComponentType(), 0)
          : predict(input, rows);
    } catch (NotPredicted e) {
      throw failures.ofModel(call, String.valueOf(e.getMessage()), e.getCause());
    }
    call.checkNotStopped(null);
    return List.of(Tensor.of(OUTPUT, datatype, new long[] {rows, columns}, answer));
  }

  /** {@return the elements of the output for one row or more} */
  abstract Object predict(Tensor input, int rows) throws NotPredicted;

  /** A library failed; the message is the reason. */
  static final class NotPredicted extends Exception {
    private static final long serialVersionUID = 1;

    NotPredicted(String reason, Exception cause) {
      super(reason, cause);
    }
  }
}
