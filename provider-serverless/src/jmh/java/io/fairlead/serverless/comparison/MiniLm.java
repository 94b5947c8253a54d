package io.fairlead.serverless.comparison;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.fairlead.platform.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The sentence model all-MiniLM-L6-v2, quantised, and one question to it in each form. */
final class MiniLm {
  static final String NAME = "minilm";
  static final String TEXT = "the quick brown fox jumps over the lazy dog in the park";
  private static final List<String> INPUTS =
      List.of("input_ids", "attention_mask", "token_type_ids");

  /** The tokens of {@link #TEXT}. */
  private static final long[] IDS = {
    101, 1996, 4248, 2829, 4419, 14523, 2058, 1996, 13971, 3899, 1999, 1996, 2380, 102
  };

  private MiniLm() {}

  /** Writes the model, and its tokenizer beside it if that is wanted, unless they are there. */
  static Path unpack(Path folder, boolean withTokenizer) throws IOException {
    Files.createDirectories(folder);
    Path model = folder.resolve("model.onnx");
    copy("all-minilm-l6-v2-q.onnx", model);
    if (withTokenizer) {
      copy("all-minilm-l6-v2-q-tokenizer.json", folder.resolve("tokenizer.json"));
    }
    return model;
  }

  private static void copy(String resource, Path file) throws IOException {
    if (Files.notExists(file)) {
      try (InputStream in = MiniLm.class.getResourceAsStream("/" + resource)) {
        Files.copy(in, file);
      }
    }
  }

  static String json() {
    return "{\"inputs\": \"" + TEXT + "\"}";
  }

  static String embeddings() {
    return "{\"model\": \"" + NAME + "\", \"input\": \"" + TEXT + "\"}";
  }

  static Request text() {
    return Request.json(json());
  }

  static Request tensors() {
    return Request.json(INPUTS.stream()
        .map(input -> "{\"name\": \"" + input + "\", \"shape\": [1, " + IDS.length
            + "], \"datatype\": \"INT64\", \"data\": " + Arrays.toString(values(input)) + "}")
        .collect(Collectors.joining(", ", "{\"inputs\": [", "]}")));
  }

  /** The tensors as raw bytes, and the answer asked for as raw bytes. */
  static Request binaryTensors() {
    int size = IDS.length * Long.BYTES;
    byte[] head = INPUTS.stream()
        .map(input -> "{\"name\": \"" + input + "\", \"shape\": [1, " + IDS.length
            + "], \"datatype\": \"INT64\", \"parameters\": {\"binary_data_size\": " + size + "}}")
        .collect(Collectors.joining(
            ", ", "{\"parameters\": {\"binary_data_output\": true}, \"inputs\": [", "]}"))
        .getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(head);
    for (String input : INPUTS) {
      ByteBuffer raw = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
      raw.asLongBuffer().put(values(input));
      body.writeBytes(raw.array());
    }
    return Request.of(
        body.toByteArray(),
        "application/vnd.sagemaker-triton.binary+json;json-header-size=" + head.length);
  }

  private static long[] values(String input) {
    if (input.equals("input_ids")) {
      return IDS.clone();
    }
    long[] values = new long[IDS.length];
    Arrays.fill(values, input.equals("attention_mask") ? 1 : 0);
    return values;
  }

  /** ONNX Runtime with nothing around it. */
  static final class Bare implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, OnnxTensor> tensors;

    Bare(Path model) throws OrtException {
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        session = environment.createSession(model.toString(), options);
      }
      tensors = inputs();
    }

    private Map<String, OnnxTensor> inputs() throws OrtException {
      return Map.of(
          INPUTS.get(0), tensor(INPUTS.get(0)),
          INPUTS.get(1), tensor(INPUTS.get(1)),
          INPUTS.get(2), tensor(INPUTS.get(2)));
    }

    private OnnxTensor tensor(String input) throws OrtException {
      return OnnxTensor.createTensor(
          environment, LongBuffer.wrap(values(input)), new long[] {1, IDS.length});
    }

    /** Runs the session on tensors that are made once for all runs, and does not look at the answer. */
    int run() {
      try (OrtSession.Result result = session.run(tensors)) {
        return result.size();
      } catch (OrtException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() throws OrtException {
      tensors.values().forEach(OnnxTensor::close);
      session.close();
    }
  }
}
