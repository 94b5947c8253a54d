package io.fairlead.engine;

import io.fairlead.grammar.Problems;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A part of ONNX Runtime that runs operators on other hardware, or by another library, than its own code for the CPU.
 *
 * <pre>{@code
 * ExecutionProvider cuda = ExecutionProvider.of("CUDA").with("device_id", "0");
 * }</pre>
 *
 * <p>It has to be in the build of ONNX Runtime that is on the class path: CUDA and TensorRT are in {@code
 * com.microsoft.onnxruntime:onnxruntime_gpu}. Operators that it does not have run on the CPU.
 *
 * @param name its name, as ONNX Runtime has it with or without {@code ExecutionProvider}, in any case: {@code CUDA},
 *     {@code Tensorrt}, {@code OpenVINO}, {@code CoreML}, {@code Dml}, {@code ROCM}, {@code Dnnl}, {@code Xnnpack}, {@code
 *     QNN}, {@code WebGpu}, {@code ACL}
 * @param settings its settings, as its documentation names them, such as {@code device_id}
 */
public record ExecutionProvider(String name, Map<String, String> settings) {
  /** Creates one; the settings are copied. */
  public ExecutionProvider {
    settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    Problems.in("ExecutionProvider")
        .check(name.matches("[A-Za-z0-9]{1,50}"), "name", "must be letters and digits", name)
        .check(
            settings.keySet().stream().noneMatch(String::isBlank),
            "settings",
            "must not have a blank name")
        .throwIfAny();
  }

  /** {@return a provider with the settings that it has by default} */
  public static ExecutionProvider of(String name) {
    return new ExecutionProvider(name, Map.of());
  }

  /** {@return this provider with a setting} */
  public ExecutionProvider with(String setting, String value) {
    Map<String, String> all = new TreeMap<>(settings);
    all.put(setting, value);
    return new ExecutionProvider(name, all);
  }
}
