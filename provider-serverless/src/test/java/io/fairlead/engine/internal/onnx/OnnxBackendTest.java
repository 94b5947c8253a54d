package io.fairlead.engine.internal.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.Engine;
import io.fairlead.engine.internal.Models;
import io.fairlead.engine.internal.run.LeasedModel;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.tensor.RawTensors;
import io.fairlead.engine.internal.tensor.SmallFloat;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * ONNX's own tests of operators, from a folder that is given: {@code -Donnx.tests=FOLDER}.
 *
 * <p>Each of its folders has a {@code model.onnx} and inputs and outputs as {@code test_data_set_0/input_0.pb}. What
 * ONNX Runtime itself passes has to pass through JSON and through binary tensors. Debian has such a folder in {@code
 * libonnx-testdata}, and ONNX's Python package can write one.
 */
final class OnnxBackendTest {
  private static final String FOLDER = "onnx.tests";
  private static final ObjectMapper JSON = new ObjectMapper();
  // Those of ONNX's own runner.
  private static final double RELATIVE = 1e-3;
  private static final double ABSOLUTE = 1e-7;

  private final Map<String, String> failed = new TreeMap<>();
  private final Map<String, String> withoutForm = new TreeMap<>();
  private int passed;
  private int bareOnly;
  private int notBare;

  @Test
  void whatOnnxRuntimePassesPassesThroughJsonAndBinaryTensors() throws Exception {
    String given = System.getProperty(FOLDER, "");
    assumeTrue(!given.isEmpty(), "ONNX's own tests are in the folder of -D" + FOLDER + "=FOLDER");
    List<Path> tests;
    try (Stream<Path> files = Files.walk(Path.of(given))) {
      tests = files
          .filter(file -> file.endsWith("model.onnx"))
          .map(Path::getParent)
          .sorted()
          .toList();
    }
    assertThat(tests).isNotEmpty();

    try (Engine engine = new Engine(
        "local", Map.of(), Models.cacheFolder(), 0, OnnxBackendTest.class.getClassLoader())) {
      OrtEnvironment environment = OnnxLibrary.environment(Models.cacheFolder());
      for (Path test : tests) {
        run(test, environment, engine);
      }
    }

    System.out.printf(
        "%d tests: %d passed, %d not by ONNX Runtime itself, %d of types that a request has no form for%n",
        tests.size(), passed, notBare, bareOnly);
    withoutForm.forEach((test, why) -> System.out.println(test + ": " + why));
    assertThat(failed).isEmpty();
    assertThat(passed).isPositive();
  }

  private void run(Path test, OrtEnvironment environment, Engine engine) throws Exception {
    String name = test.getFileName().toString();
    Path data = test.resolve("test_data_set_0");
    List<byte[]> inputs = files(data, "input_");
    List<byte[]> outputs = files(data, "output_");
    List<Tensor> given = new ArrayList<>();
    List<Expected> expected = new ArrayList<>();
    List<String> names = new ArrayList<>();
    try (OrtSession session = session(environment, test)) {
      try {
        for (byte[] input : inputs) {
          given.add(Pb.tensorOf(input));
        }
        for (byte[] output : outputs) {
          expected.add(Expected.of(Pb.tensorOf(output)));
        }
      } catch (IOException e) {
        bareOnly++;
        withoutForm.put(name, "a tensor of another kind in its data: " + e.getMessage());
        return;
      }
      names.addAll(session.getOutputNames());
      if (!bare(session, environment, given, names, expected)) {
        notBare++;
        return;
      }
    } catch (OrtException e) {
      notBare++;
      return;
    }
    LeasedModel model;
    try {
      model = engine.load(ModelArtifact.of(test.resolve("model.onnx")));
    } catch (ServingException e) {
      if (e.kind() == ErrorKind.UNSUPPORTED) {
        bareOnly++;
        withoutForm.put(name, e.getMessage());
      } else {
        failed.put(name, "load: " + e.getMessage());
      }
      return;
    }
    try (model) {
      String difference = difference(ask(model, given, names, false), expected, names);
      if (difference.isEmpty()) {
        difference = difference(ask(model, given, names, true), expected, names);
      }
      if (difference.isEmpty()) {
        passed++;
      } else {
        failed.put(name, difference);
      }
    } catch (InvalidValueException | ServingException e) {
      failed.put(name, e.getMessage());
    }
  }

  private static OrtSession session(OrtEnvironment environment, Path test) throws OrtException {
    try (OrtSession.SessionOptions options = OnnxModel.options(LoadOptions.DEFAULT)) {
      return environment.createSession(test.resolve("model.onnx").toString(), options);
    }
  }

  private static List<byte[]> files(Path data, String prefix) throws IOException {
    List<byte[]> files = new ArrayList<>();
    for (int i = 0; Files.exists(data.resolve(prefix + i + ".pb")); i++) {
      files.add(Files.readAllBytes(data.resolve(prefix + i + ".pb")));
    }
    return files;
  }

  private static boolean bare(
      OrtSession session,
      OrtEnvironment environment,
      List<Tensor> given,
      List<String> names,
      List<Expected> expected) {
    OnnxConversions conversions =
        new OnnxConversions(environment, OnnxTexts.unknown(), new Failures("local"));
    try (conversions;
        OnnxConversions.Opened opened = new OnnxConversions.Opened()) {
      Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
      for (Tensor tensor : given) {
        tensors.put(tensor.name(), conversions.toRuntime(tensor, opened));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        Map<String, Expected> answers = new LinkedHashMap<>();
        for (String name : names) {
          OnnxValue value = result.get(name).orElse(null);
          if (!(value instanceof OnnxTensor tensor)) {
            return false;
          }
          answers.put(name, Expected.of(tensor));
        }
        return difference(answers, expected, names).isEmpty();
      }
    } catch (OrtException | RuntimeException e) {
      return false;
    }
  }

  private static Map<String, Expected> ask(
      LeasedModel model, List<Tensor> given, List<String> names, boolean binary)
      throws IOException {
    ObjectNode body = JSON.createObjectNode();
    ArrayNode inputs = body.putArray("inputs");
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    for (Tensor tensor : given) {
      ObjectNode input = inputs.addObject();
      input.put("name", tensor.name()).put("datatype", tensor.datatype().name());
      ArrayNode shape = input.putArray("shape");
      for (long length : tensor.shape()) {
        shape.add(length);
      }
      if (binary) {
        byte[] elements = RawTensors.write(tensor);
        input.putObject("parameters").put("binary_data_size", elements.length);
        raw.writeBytes(elements);
      } else {
        ArrayNode data = input.putArray("data");
        for (int i = 0; i < tensor.size(); i++) {
          add(data, tensor, i);
        }
      }
    }
    ArrayNode outputs = body.putArray("outputs");
    names.forEach(name -> outputs.addObject().put("name", name));
    if (binary) {
      body.putObject("parameters").put("binary_data_output", true);
    }
    byte[] json = JSON.writeValueAsBytes(body);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(json);
    all.writeBytes(raw.toByteArray());
    Response response = model.invoke(
        binary
            ? Request.of(all.toByteArray(), RawTensors.CONTENT_TYPE + json.length)
            : Request.of(json, "application/json"));
    return answers(response);
  }

  private static void add(ArrayNode data, Tensor tensor, int i) {
    switch (tensor.datatype()) {
      case BOOL -> data.add(tensor.bytes()[i] != 0);
      case BYTES -> data.add(tensor.strings()[i]);
      case UINT64 -> data.add(new BigInteger(Long.toUnsignedString(tensor.longs()[i])));
      case INT64 -> data.add(tensor.longs()[i]);
      default -> {
        double value = Expected.number(tensor, i);
        if (Double.isFinite(value)) {
          if (tensor.datatype() == Datatype.FP32 || tensor.datatype() == Datatype.FP64) {
            data.add(value);
          } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            data.add((long) value);
          } else {
            data.add(value);
          }
        } else {
          data.add(String.valueOf(value));
        }
      }
    }
  }

  private static Map<String, Expected> answers(Response response) throws IOException {
    ByteBuffer body = response.bodyBuffer();
    String type = response.contentType();
    int length = type.startsWith(RawTensors.CONTENT_TYPE)
        ? Integer.parseInt(type.substring(RawTensors.CONTENT_TYPE.length()))
        : body.remaining();
    byte[] json = new byte[length];
    body.get(json);
    Map<String, Expected> answers = new LinkedHashMap<>();
    for (JsonNode output : JSON.readTree(json).path("outputs")) {
      answers.put(output.path("name").asText(), Expected.of(output, body));
    }
    return answers;
  }

  private static String difference(
      Map<String, Expected> answers, List<Expected> expected, List<String> names) {
    for (int i = 0; i < expected.size(); i++) {
      Expected answer = answers.get(names.get(i));
      String difference = answer == null ? "no answer" : answer.difference(expected.get(i));
      if (!difference.isEmpty()) {
        return names.get(i) + ": " + difference;
      }
    }
    return "";
  }

  /** A tensor as numbers or texts. */
  private record Expected(List<Long> shape, List<Double> numbers, List<String> texts) {
    static double number(Tensor tensor, int i) {
      return switch (tensor.datatype()) {
        case BOOL, INT8 -> tensor.bytes()[i];
        case UINT8 -> tensor.bytes()[i] & 0xff;
        case INT16 -> tensor.shorts()[i];
        case UINT16 -> tensor.shorts()[i] & 0xffff;
        case INT32 -> tensor.ints()[i];
        case UINT32 -> Integer.toUnsignedLong(tensor.ints()[i]);
        case INT64 -> tensor.longs()[i];
        case UINT64 -> Double.parseDouble(Long.toUnsignedString(tensor.longs()[i]));
        case FP16 -> SmallFloat.HALF.toFloat(tensor.shorts()[i]);
        case BF16 -> SmallFloat.BFLOAT.toFloat(tensor.shorts()[i]);
        case FP32 -> tensor.floats()[i];
        case FP64 -> tensor.doubles()[i];
        case BYTES -> throw new IllegalArgumentException();
      };
    }

    static Expected of(Tensor tensor) {
      List<Long> shape = new ArrayList<>();
      for (long length : tensor.shape()) {
        shape.add(length);
      }
      if (tensor.datatype() == Datatype.BYTES) {
        return new Expected(shape, List.of(), List.of(tensor.strings()));
      }
      List<Double> numbers = new ArrayList<>();
      for (int i = 0; i < tensor.size(); i++) {
        numbers.add(number(tensor, i));
      }
      return new Expected(shape, numbers, List.of());
    }

    static Expected of(OnnxTensor tensor) throws OrtException {
      long[] shape = tensor.getInfo().getShape();
      Datatype datatype = OnnxModel.datatype(tensor.getInfo().onnxType).orElseThrow();
      Object elements = switch (datatype) {
        case BOOL, INT8, UINT8 -> tensor.getByteBuffer().array();
        case INT16, UINT16, FP16, BF16 -> tensor.getShortBuffer().array();
        case INT32, UINT32 -> tensor.getIntBuffer().array();
        case INT64, UINT64 -> tensor.getLongBuffer().array();
        case FP32 -> tensor.getFloatBuffer().array();
        case FP64 -> tensor.getDoubleBuffer().array();
        case BYTES -> OnnxConversions.flat(tensor.getValue());
      };
      return of(Tensor.of("y", datatype, shape, elements));
    }

    static Expected of(JsonNode output, ByteBuffer raw) throws IOException {
      List<Long> shape = new ArrayList<>();
      output.path("shape").forEach(length -> shape.add(length.asLong()));
      Datatype datatype = Datatype.valueOf(output.path("datatype").asText());
      JsonNode size = output.path("parameters").path("binary_data_size");
      if (!size.isMissingNode()) {
        byte[] elements = new byte[size.asInt()];
        raw.get(elements);
        long[] lengths = shape.stream().mapToLong(Long::longValue).toArray();
        return of(Pb.raw("y", datatype, lengths, elements));
      }
      List<String> texts = new ArrayList<>();
      List<Double> numbers = new ArrayList<>();
      for (JsonNode element : output.path("data")) {
        if (datatype == Datatype.BYTES) {
          texts.add(element.asText());
        } else if (element.isBoolean()) {
          numbers.add(element.asBoolean() ? 1.0 : 0.0);
        } else {
          numbers.add(Double.parseDouble(element.asText()));
        }
      }
      return new Expected(shape, numbers, texts);
    }

    String difference(Expected expected) {
      if (!shape.equals(expected.shape)) {
        return "shape " + shape + ", not " + expected.shape;
      }
      if (!texts.equals(expected.texts)) {
        return texts + ", not " + expected.texts;
      }
      for (int i = 0; i < expected.numbers.size(); i++) {
        double one = numbers.get(i);
        double other = expected.numbers.get(i);
        boolean equal = one == other
            || (Double.isNaN(one) && Double.isNaN(other))
            || Math.abs(one - other) <= ABSOLUTE + RELATIVE * Math.abs(other);
        if (!equal) {
          return "element " + i + " is " + one + ", not " + other;
        }
      }
      return "";
    }
  }

  /** A reader of ONNX's tensors in protobuf. */
  private static final class Pb {
    private final ByteBuffer in;

    private Pb(byte[] bytes) {
      in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static Tensor tensor(byte[] bytes) throws IOException {
      Pb pb = new Pb(bytes);
      List<Long> dims = new ArrayList<>();
      List<Long> longs = new ArrayList<>();
      List<Double> doubles = new ArrayList<>();
      List<String> texts = new ArrayList<>();
      int type = 0;
      String name = "";
      byte[] raw = null;
      while (pb.in.hasRemaining()) {
        long tag = pb.varint();
        int field = (int) (tag >>> 3);
        int wire = (int) (tag & 7);
        switch (field) {
          case 1 -> pb.numbers(wire, dims);
          case 2 -> type = (int) pb.varint();
          case 4 -> pb.floats(wire, doubles, Float.BYTES);
          case 5, 7, 11 -> pb.numbers(wire, longs);
          case 6 -> texts.add(new String(pb.bytes(), UTF_8));
          case 8 -> name = new String(pb.bytes(), UTF_8);
          case 9 -> raw = pb.bytes();
          case 10 -> pb.floats(wire, doubles, Double.BYTES);
          case 12 -> pb.bytes();
          default -> throw new IOException("field " + field);
        }
      }
      Datatype datatype = switch (type) {
        case 1 -> Datatype.FP32;
        case 2 -> Datatype.UINT8;
        case 3 -> Datatype.INT8;
        case 4 -> Datatype.UINT16;
        case 5 -> Datatype.INT16;
        case 6 -> Datatype.INT32;
        case 7 -> Datatype.INT64;
        case 8 -> Datatype.BYTES;
        case 9 -> Datatype.BOOL;
        case 10 -> Datatype.FP16;
        case 11 -> Datatype.FP64;
        case 12 -> Datatype.UINT32;
        case 13 -> Datatype.UINT64;
        case 16 -> Datatype.BF16;
        default -> throw new IOException("type " + type);
      };
      long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
      if (datatype == Datatype.BYTES) {
        return Tensor.of(name, datatype, shape, texts.toArray(String[]::new));
      }
      if (raw == null) {
        int width = datatype == Datatype.FP64 || datatype.arrayType() == long[].class
            ? 8
            : datatype.arrayType() == short[].class
                ? 2
                : datatype.arrayType() == byte[].class ? 1 : 4;
        int count = Math.max(longs.size(), doubles.size());
        ByteBuffer elements = ByteBuffer.allocate(count * width).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
          if (datatype == Datatype.FP32) {
            elements.putFloat(doubles.get(i).floatValue());
          } else if (datatype == Datatype.FP64) {
            elements.putDouble(doubles.get(i));
          } else {
            for (int part = 0; part < width; part++) {
              elements.put((byte) (longs.get(i) >> (8 * part)));
            }
          }
        }
        raw = elements.array();
      }
      return raw(name, datatype, shape, raw);
    }

    static Tensor raw(String name, Datatype datatype, long[] shape, byte[] raw) {
      ByteBuffer bytes = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
      Class<?> array = datatype.arrayType();
      Object elements;
      if (datatype == Datatype.BYTES) {
        List<String> texts = new ArrayList<>();
        while (bytes.hasRemaining()) {
          byte[] text = new byte[bytes.getInt()];
          bytes.get(text);
          texts.add(new String(text, UTF_8));
        }
        elements = texts.toArray(String[]::new);
      } else if (array == short[].class) {
        short[] shorts = new short[raw.length / 2];
        bytes.asShortBuffer().get(shorts);
        elements = shorts;
      } else if (array == int[].class) {
        int[] ints = new int[raw.length / 4];
        bytes.asIntBuffer().get(ints);
        elements = ints;
      } else if (array == long[].class) {
        long[] longs = new long[raw.length / 8];
        bytes.asLongBuffer().get(longs);
        elements = longs;
      } else if (array == float[].class) {
        float[] floats = new float[raw.length / 4];
        bytes.asFloatBuffer().get(floats);
        elements = floats;
      } else if (array == double[].class) {
        double[] doubles = new double[raw.length / 8];
        bytes.asDoubleBuffer().get(doubles);
        elements = doubles;
      } else {
        elements = raw;
      }
      return Tensor.of(name, datatype, shape, elements);
    }

    /** Another kind of message is none of a tensor. */
    static Tensor tensorOf(byte[] bytes) throws IOException {
      try {
        return tensor(bytes);
      } catch (RuntimeException e) {
        throw new IOException("no tensor", e);
      }
    }

    private void numbers(int wire, List<Long> to) {
      if (wire == 0) {
        to.add(varint());
        return;
      }
      int end = (int) varint() + in.position();
      while (in.position() < end) {
        to.add(varint());
      }
    }

    private void floats(int wire, List<Double> to, int width) {
      int end = wire == 2 ? (int) varint() + in.position() : in.position() + width;
      while (in.position() < end) {
        to.add(width == Float.BYTES ? in.getFloat() : in.getDouble());
      }
    }

    private byte[] bytes() {
      byte[] bytes = new byte[(int) varint()];
      in.get(bytes);
      return bytes;
    }

    private long varint() {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = in.get();
        value |= (next & 0x7fL) << shift;
        if (next >= 0) {
          return value;
        }
      }
    }
  }
}
