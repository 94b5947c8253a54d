package io.fairlead.serverless.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.TensorSpec;
import java.util.List;

/**
 * What a function says of itself.
 *
 * @param platform what runs it, such as {@code onnxruntime_onnx}
 * @param inputs what it takes; empty for code, which does not say
 * @param outputs what it gives; empty for code, which does not say
 */
public record FunctionDescription(
    String platform, List<TensorSpec> inputs, List<TensorSpec> outputs) {
  public FunctionDescription {
    requireNonNull(platform, "platform");
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
