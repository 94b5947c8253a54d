package io.fairlead.serverless.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.TensorSpec;
import java.util.List;

/**
 * The metadata of a function.
 *
 * @param platform the platform that runs it, such as {@code onnxruntime_onnx}
 * @param inputs its inputs; empty for code, which does not declare them
 * @param outputs its outputs; empty for code, which does not declare them
 */
public record FunctionDescription(
    String platform, List<TensorSpec> inputs, List<TensorSpec> outputs) {
  public FunctionDescription {
    requireNonNull(platform, "platform");
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
