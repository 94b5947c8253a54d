package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import ai.onnxruntime.providers.OrtTensorRTProviderOptions;
import io.fairlead.engine.ExecutionProvider;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The execution providers of a session. */
final class OnnxProviders {
  private static final String SUFFIX = "executionprovider";

  private final ModelFiles files;
  private final Failures failures;

  OnnxProviders(ModelFiles files, Failures failures) {
    this.files = files;
    this.failures = failures;
  }

  /** Adds a provider to the options of a session, after those that were added before. */
  void add(ExecutionProvider provider, OrtSession.SessionOptions options) {
    OrtProvider found = Arrays.stream(OrtProvider.values())
        .filter(one -> key(one.getName()).equals(key(provider.name())))
        .findFirst()
        .orElseThrow(() -> missing(provider));
    if (!OrtEnvironment.getAvailableProviders().contains(found)) {
      throw missing(provider);
    }
    Map<String, String> left = new HashMap<>(provider.settings());
    try {
      switch (found) {
        case CPU -> options.addCPU(flag(left, "use_arena"));
        case CUDA -> {
          try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions()) {
            for (Map.Entry<String, String> setting : left.entrySet()) {
              cuda.add(setting.getKey(), setting.getValue());
            }
            options.addCUDA(cuda);
          }
          left.clear();
        }
        case TENSOR_RT -> {
          try (OrtTensorRTProviderOptions tensorrt = new OrtTensorRTProviderOptions()) {
            for (Map.Entry<String, String> setting : left.entrySet()) {
              tensorrt.add(setting.getKey(), setting.getValue());
            }
            options.addTensorrt(tensorrt);
          }
          left.clear();
        }
        case ROCM -> options.addROCM(number(left, "device_id"));
        case DIRECT_ML -> options.addDirectML(number(left, "device_id"));
        case OPEN_VINO ->
          options.addOpenVINO(Optional.ofNullable(left.remove("device_type")).orElse("CPU"));
        case DNNL -> options.addDnnl(flag(left, "use_arena"));
        case ACL -> options.addACL(flag(left, "enable_fast_math"));
        case CORE_ML -> {
          options.addCoreML(Map.copyOf(left));
          left.clear();
        }
        case XNNPACK -> {
          options.addXnnpack(Map.copyOf(left));
          left.clear();
        }
        case QNN -> {
          options.addQnn(Map.copyOf(left));
          left.clear();
        }
        case WEBGPU -> {
          options.addWebGPU(Map.copyOf(left));
          left.clear();
        }
        default ->
          throw failures.failure(
              ErrorKind.UNSUPPORTED,
              files + " is to run on the execution provider " + provider.name()
                  + ", which ONNX Runtime's Java API cannot add: name another one");
      }
    } catch (OrtException | NumberFormatException e) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          files + " is to run on the execution provider " + provider.name()
              + ", which ONNX Runtime cannot add here (" + Failures.reason(e)
              + "): check its settings, and that the driver and the libraries that this version of it needs are"
              + " installed",
          e);
    }
    if (!left.isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          files + " is to run on the execution provider " + provider.name() + " with "
              + left.keySet()
              + ", which ONNX Runtime's Java API does not take for it: leave it out");
    }
  }

  private ServingException missing(ExecutionProvider provider) {
    Set<String> there = OrtEnvironment.getAvailableProviders().stream()
        .map(one -> one.getName().replace("ExecutionProvider", ""))
        .collect(Collectors.toSet());
    return failures.failure(
        ErrorKind.UNSUPPORTED,
        files + " is to run on the execution provider " + provider.name()
            + ", and ONNX Runtime here has " + there
            + ": put a build of it with that provider on the class path, such as"
            + " com.microsoft.onnxruntime:onnxruntime_gpu in place of onnxruntime, in the same version");
  }

  private static String key(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(SUFFIX) ? lower.substring(0, lower.length() - SUFFIX.length()) : lower;
  }

  private static boolean flag(Map<String, String> settings, String name) {
    String value = settings.remove(name);
    return "1".equals(value) || Boolean.parseBoolean(value);
  }

  private static int number(Map<String, String> settings, String name) {
    String value = settings.remove(name);
    return value == null ? 0 : Integer.parseInt(value);
  }
}
