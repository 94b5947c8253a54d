package io.fairlead.engine.internal.onnx;

import io.fairlead.engine.internal.protobuf.OnnxReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.TreeSet;

/** A reader of the operators of an ONNX model. */
public final class OnnxOperators {
  private OnnxOperators() {}

  /**
   * {@return the names of all operators of a model, those in the bodies of loops and functions included}
   *
   * @throws IOException if it is not a complete ONNX file
   */
  public static Set<String> of(InputStream model) throws IOException {
    Set<String> operators = new TreeSet<>();
    OnnxReader.read(model, new OnnxReader.Listener() {
      @Override
      public void operator(String name) {
        operators.add(name);
      }
    });
    return operators;
  }
}
