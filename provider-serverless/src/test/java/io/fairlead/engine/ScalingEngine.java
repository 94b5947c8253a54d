package io.fairlead.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The engine that the documentation shows: a file "times 2.5" is a model that multiplies by 2.5. */
public final class ScalingEngine implements InferenceEngine {
  public ScalingEngine() {}

  @Override
  public boolean claims(ModelSource source) {
    return new String(source.head(), StandardCharsets.UTF_8).startsWith("times ");
  }

  @Override
  public Model open(ModelSource source, LoadOptions options) throws IOException {
    String text = new String(source.bytes(), StandardCharsets.UTF_8);
    return new Scaling(Float.parseFloat(text.substring("times ".length()).strip()));
  }

  private record Scaling(float factor) implements TensorModel {
    @Override
    public List<TensorSpec> inputs() {
      return List.of(new TensorSpec("x", Datatype.FP32, List.of(-1L, -1L)));
    }

    @Override
    public List<TensorSpec> outputs() {
      return List.of(new TensorSpec("y", Datatype.FP32, List.of(-1L, -1L)));
    }

    @Override
    public List<Tensor> run(List<Tensor> inputs, List<String> outputs, Call call) {
      float[] y = inputs.get(0).floats().clone();
      for (int i = 0; i < y.length; i++) {
        y[i] *= factor;
      }
      return List.of(Tensor.of("y", Datatype.FP32, inputs.get(0).shape(), y));
    }

    @Override
    public void close() {}
  }
}
