package io.fairlead.serverless.internal.http;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.text.TextDescription;
import java.util.List;
import java.util.Optional;

/**
 * The metadata of a function.
 *
 * @param platform the platform that runs it, such as {@code onnxruntime_onnx}
 * @param inputs its inputs; empty for code, which does not declare them
 * @param outputs its outputs; empty for code, which does not declare them
 * @param text what becomes of its texts; empty if it takes none
 * @param batching whether its requests are batched, {@code on} or {@code off} with the reason; empty if they are not to be
 */
public record FunctionDescription(
    String platform,
    List<TensorSpec> inputs,
    List<TensorSpec> outputs,
    Optional<TextDescription> text,
    Optional<String> batching) {
  public FunctionDescription {
    requireNonNull(platform, "platform");
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    requireNonNull(text, "text");
    requireNonNull(batching, "batching");
  }

  /** Creates the metadata of a function without batching. */
  public FunctionDescription(
      String platform,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      Optional<TextDescription> text) {
    this(platform, inputs, outputs, text, Optional.empty());
  }

  /** Creates the metadata of a function that takes no texts. */
  public FunctionDescription(String platform, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    this(platform, inputs, outputs, Optional.empty());
  }

  /** {@return this metadata with another state of batching} */
  public FunctionDescription withBatching(Optional<String> newBatching) {
    return new FunctionDescription(platform, inputs, outputs, text, newBatching);
  }
}
