package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.fairlead.engine.Call;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.internal.support.Failures;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tensors of a model's runs, to ONNX Runtime and back.
 *
 * <p>Its Java API has no unsigned integers of more than 8 bits, and passes texts only if they are {@linkplain
 * OnnxTexts#isPlain plain}. Those are made, and found, by {@linkplain SmallModels small models}, whose tensors are passed
 * from one session to the other.
 */
final class OnnxConversions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxConversions.class);
  private static final String PLAIN = "[\\x01-\\x{FFFF}]*";

  private final OrtEnvironment environment;
  private final OnnxTexts texts;
  private final Failures failures;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, OrtSession> sessions = new HashMap<>();

  OnnxConversions(OrtEnvironment environment, OnnxTexts texts, Failures failures) {
    this.environment = environment;
    this.texts = texts;
    this.failures = failures;
  }

  /** What a run has opened, to be closed after it. */
  static final class Opened implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<String> texts = new ArrayList<>();

    <T extends AutoCloseable> T add(T closeable) {
      opened.push(closeable);
      return closeable;
    }

    @Override
    public void close() {
      for (AutoCloseable closeable : opened) {
        try {
          closeable.close();
        } catch (Exception e) {
          LOG.warn("A tensor of ONNX Runtime could not be closed", e);
        }
      }
    }
  }

  /** A model that is built when it is first needed. */
  private interface Building {
    byte[] model();
  }

  private OrtSession session(String name, Building building) throws OrtException {
    lock.lock();
    try {
      OrtSession session = sessions.get(name);
      if (session == null) {
        session = session(building.model());
        sessions.put(name, session);
      }
      return session;
    } finally {
      lock.unlock();
    }
  }

  private OrtSession session(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = OnnxModel.options(LoadOptions.DEFAULT)) {
      return environment.createSession(model, options);
    }
  }

  /** {@return a tensor for ONNX Runtime, which is closed with what is opened} */
  OnnxTensor toRuntime(Tensor tensor, Opened opened) throws OrtException {
    long[] shape = tensor.shape();
    return switch (tensor.datatype()) {
      case BOOL -> bytes(tensor, OnnxJavaType.BOOL, opened);
      case UINT8 -> bytes(tensor, OnnxJavaType.UINT8, opened);
      case INT8 -> bytes(tensor, OnnxJavaType.INT8, opened);
      case INT16 ->
        opened.add(OnnxTensor.createTensor(environment, ShortBuffer.wrap(tensor.shorts()), shape));
      case FP16 -> halves(tensor, OnnxJavaType.FLOAT16, opened);
      case BF16 -> halves(tensor, OnnxJavaType.BFLOAT16, opened);
      case INT32 -> ints(tensor.ints(), shape, opened);
      case INT64 -> longs(tensor.longs(), shape, opened);
      case UINT16 -> {
        int[] wider = new int[tensor.size()];
        for (int i = 0; i < wider.length; i++) {
          wider[i] = Short.toUnsignedInt(tensor.shorts()[i]);
        }
        yield cast(ints(wider, shape, opened), SmallModels.INT32, SmallModels.UINT16, opened);
      }
      case UINT32 -> {
        long[] wider = new long[tensor.size()];
        for (int i = 0; i < wider.length; i++) {
          wider[i] = Integer.toUnsignedLong(tensor.ints()[i]);
        }
        yield cast(longs(wider, shape, opened), SmallModels.INT64, SmallModels.UINT32, opened);
      }
      case UINT64 ->
        // A cast keeps the bits.
        cast(longs(tensor.longs(), shape, opened), SmallModels.INT64, SmallModels.UINT64, opened);
      case FP32 ->
        opened.add(OnnxTensor.createTensor(environment, FloatBuffer.wrap(tensor.floats()), shape));
      case FP64 ->
        opened.add(
            OnnxTensor.createTensor(environment, DoubleBuffer.wrap(tensor.doubles()), shape));
      case BYTES -> texts(tensor, opened);
    };
  }

  private OnnxTensor bytes(Tensor tensor, OnnxJavaType type, Opened opened) throws OrtException {
    return opened.add(OnnxTensor.createTensor(
        environment, ByteBuffer.wrap(tensor.bytes()), tensor.shape(), type));
  }

  private OnnxTensor halves(Tensor tensor, OnnxJavaType type, Opened opened) throws OrtException {
    return opened.add(OnnxTensor.createTensor(
        environment, ShortBuffer.wrap(tensor.shorts()), tensor.shape(), type));
  }

  private OnnxTensor ints(int[] elements, long[] shape, Opened opened) throws OrtException {
    return opened.add(OnnxTensor.createTensor(environment, IntBuffer.wrap(elements), shape));
  }

  private OnnxTensor longs(long[] elements, long[] shape, Opened opened) throws OrtException {
    return opened.add(OnnxTensor.createTensor(environment, LongBuffer.wrap(elements), shape));
  }

  private OnnxTensor cast(OnnxTensor tensor, int from, int to, Opened opened) throws OrtException {
    OrtSession session = session("cast to " + to, () -> SmallModels.cast(from, to));
    return (OnnxTensor)
        opened.add(session.run(Map.of(SmallModels.INPUT, tensor))).get(0);
  }

  private OnnxTensor texts(Tensor tensor, Opened opened) throws OrtException {
    String[] elements = tensor.strings();
    List<String> others = Arrays.stream(elements)
        .filter(text -> !OnnxTexts.isPlain(text))
        .distinct()
        .toList();
    if (others.isEmpty()) {
      return opened.add(OnnxTensor.createTensor(environment, elements, tensor.shape()));
    }
    opened.texts.addAll(others);
    OrtSession session = opened.add(session(SmallModels.constant(elements, tensor.shape())));
    return (OnnxTensor) opened.add(session.run(Map.of())).get(0);
  }

  /**
   * {@return the texts of an output}
   *
   * @param opened what was opened for the run, with its inputs
   */
  String[] texts(String name, OnnxTensor output, Opened opened, Call call) throws OrtException {
    String[] elements = flat(output.getValue());
    // No operator makes other texts of plain ones.
    if (elements.length == 0 || (opened.texts.isEmpty() && !texts.mayHaveSome())) {
      return elements;
    }
    boolean[] plain = plain(output, elements.length);
    List<String> others =
        Stream.concat(texts.texts().stream(), opened.texts.stream()).distinct().toList();
    long[] indices = indices(output, elements.length, others, opened);
    for (int i = 0; i < elements.length; i++) {
      if (plain[i]) {
        continue;
      }
      if (indices[i] < 0) {
        throw failures.ofModel(
            call,
            "element " + i + " of its output '" + name
                + "' is a text with characters above U+FFFF, or NUL, that ONNX Runtime's Java API cannot return: "
                + (texts.areKnown()
                    ? "it is neither in the model nor in the request; export the model without the operators that make"
                        + " such texts"
                    : "it is not in the request, and the texts of a model in this format cannot be read; deploy the"
                        + " .onnx file that it was made of"),
            null);
      }
      elements[i] = others.get((int) indices[i]);
    }
    return elements;
  }

  private boolean[] plain(OnnxTensor output, int size) throws OrtException {
    OrtSession session = session("plain", () -> SmallModels.matches(PLAIN));
    try (OrtSession.Result result = session.run(Map.of(SmallModels.INPUT, output))) {
      ByteBuffer found = ((OnnxTensor) result.get(0)).getByteBuffer();
      boolean[] plain = new boolean[size];
      for (int i = 0; i < size; i++) {
        plain[i] = found.get(i) != 0;
      }
      return plain;
    }
  }

  /** {@return the index of each text of an output among others; -1 for those that are not among them} */
  private long[] indices(OnnxTensor output, int size, List<String> others, Opened opened)
      throws OrtException {
    long[] indices = new long[size];
    if (others.isEmpty()) {
      Arrays.fill(indices, -1);
      return indices;
    }
    Building building = () -> SmallModels.indexOf(others);
    OrtSession session =
        opened.texts.isEmpty() ? session("index", building) : opened.add(session(building.model()));
    try (OrtSession.Result result = session.run(Map.of(SmallModels.INPUT, output))) {
      ((OnnxTensor) result.get(0)).getLongBuffer().get(indices);
    }
    return indices;
  }

  static String[] flat(Object nested) {
    return nested instanceof Object[] parts
        ? Arrays.stream(parts).flatMap(part -> Arrays.stream(flat(part))).toArray(String[]::new)
        : new String[] {(String) nested};
  }

  @Override
  public void close() {
    for (OrtSession session : sessions.values()) {
      try {
        session.close();
      } catch (OrtException e) {
        LOG.warn("A session of ONNX Runtime could not be closed", e);
      }
    }
  }
}
