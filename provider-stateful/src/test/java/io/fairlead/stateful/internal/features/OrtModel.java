package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** A model in ONNX Runtime, asked with one row at a time on one thread, with answers that show each bit. */
final class OrtModel implements Function<Request, Response>, AutoCloseable {
  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private final OrtSession session;
  private final String input;

  OrtModel(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      session = ENVIRONMENT.createSession(model, options);
      input = session.getInputNames().iterator().next();
    }
  }

  @Override
  public Response apply(Request request) {
    FeatureRow row = FeatureRow.parse(request).orElseThrow();
    return Response.of(answer(row).getBytes(UTF_8), "text/plain");
  }

  /** {@return all outputs as text, of which numbers are their bits} */
  String answer(FeatureRow row) {
    try (OnnxTensor tensor = OnnxTensor.createTensor(ENVIRONMENT, new float[][] {values(row)});
        OrtSession.Result result = session.run(Map.of(input, tensor))) {
      StringBuilder text = new StringBuilder();
      for (Map.Entry<String, OnnxValue> output : result) {
        show(output.getValue().getValue(), text);
      }
      return text.toString();
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** {@return the first output, of one number or several} */
  float[] scores(FeatureRow row) {
    try (OnnxTensor tensor = OnnxTensor.createTensor(ENVIRONMENT, new float[][] {values(row)});
        OrtSession.Result result = session.run(Map.of(input, tensor))) {
      return ((float[][]) result.get(0).getValue())[0];
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static float[] values(FeatureRow row) {
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.value(i);
    }
    return values;
  }

  private static void show(Object value, StringBuilder text) throws OrtException {
    if (value instanceof float[][] rows) {
      for (float each : rows[0]) {
        text.append(Integer.toHexString(Float.floatToRawIntBits(each))).append(' ');
      }
    } else if (value instanceof long[] labels) {
      text.append(labels[0]).append(' ');
    } else if (value instanceof List<?> list) {
      for (Object each : list) {
        show(each, text);
      }
    } else if (value instanceof OnnxValue inner) {
      show(inner.getValue(), text);
    } else if (value instanceof Map<?, ?> map) {
      new TreeMap<>(map)
          .forEach((key, each) -> text.append(key)
              .append(':')
              .append(Integer.toHexString(Float.floatToRawIntBits((Float) each)))
              .append(' '));
    } else {
      throw new IllegalStateException("an output of " + value.getClass());
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
