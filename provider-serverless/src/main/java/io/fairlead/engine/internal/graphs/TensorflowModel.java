package io.fairlead.engine.internal.graphs;

import static java.util.Objects.requireNonNull;

import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * A TensorFlow SavedModel, by its signature {@code serving_default}, or its only one.
 *
 * <p>Each run computes on its caller's thread, and cannot be stopped.
 */
final class TensorflowModel implements TensorModel {
  private static final String TAG = "serve";
  private static final String SIGNATURE = "serving_default";
  // An output may have the same name as an input.
  private static final String OUTPUT = "output ";
  private static final String NOTHING = "__saved_model_init_op";
  // Below 0, a run stays on its caller's thread.
  private static final int CALLERS_THREAD = -1;

  private final SavedModelBundle bundle;
  private final Map<String, String> names = new HashMap<>();
  private final List<TensorSpec> inputs = new ArrayList<>();
  private final List<TensorSpec> outputs = new ArrayList<>();
  private final Map<String, String> unanswerable = new LinkedHashMap<>();
  private final Failures failures;

  private TensorflowModel(SavedModelBundle bundle, Failures failures) {
    this.bundle = bundle;
    this.failures = failures;
  }

  static TensorModel open(ModelSource source, Path folder, Failures failures) {
    SavedModelBundle bundle;
    try {
      bundle = SavedModelBundle.loader(folder.toString())
          .withTags(TAG)
          .withConfigProto(ConfigProto.newBuilder()
              .setIntraOpParallelismThreads(1)
              .setInterOpParallelismThreads(CALLERS_THREAD)
              .build())
          .load();
    } catch (TensorFlowException e) {
      throw failures.failure(
          ErrorKind.INVALID,
          source + " is no SavedModel that can be read (TensorFlow says \"" + reason(e)
              + "\"): a file of it is missing, cut off or changed, it has no graph with the tag '"
              + TAG
              + "', or it was saved by a later version than 2.18; fetch it again, or save it there with"
              + " tf.saved_model.save",
          e);
    }
    TensorflowModel model = new TensorflowModel(bundle, failures);
    try {
      model.describe(source);
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private static String reason(TensorFlowException e) {
    String message = e.getMessage() == null ? "" : e.getMessage().strip();
    return message.isEmpty()
        ? Failures.reason(e)
        : message.lines().findFirst().orElse("").replaceFirst("\\.$", "");
  }

  private void describe(ModelSource source) {
    SignatureDef signature = signature(source);
    for (Map.Entry<String, TensorInfo> entry : new TreeMap<>(signature.getInputsMap()).entrySet()) {
      Datatype datatype = datatype(entry.getValue())
          .orElseThrow(
              () -> failures.failure(
                  ErrorKind.UNSUPPORTED,
                  source + " takes " + entry.getValue().getDtype() + " as its input '"
                      + entry.getKey()
                      + "', which a request cannot carry: export it with inputs of another type, such as float"));
      inputs.add(new TensorSpec(entry.getKey(), datatype, shape(entry.getValue())));
      names.put(entry.getKey(), entry.getValue().getName());
    }
    for (Map.Entry<String, TensorInfo> entry :
        new TreeMap<>(signature.getOutputsMap()).entrySet()) {
      datatype(entry.getValue())
          .ifPresentOrElse(
              datatype ->
                  outputs.add(new TensorSpec(entry.getKey(), datatype, shape(entry.getValue()))),
              () -> unanswerable.put(
                  entry.getKey(), "a tensor of " + entry.getValue().getDtype()));
      names.put(OUTPUT + entry.getKey(), entry.getValue().getName());
    }
    if (outputs.isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " has no output that a response can carry (" + unanswerable
              + "): export it with tensors of another type as outputs");
    }
  }

  private SignatureDef signature(ModelSource source) {
    Map<String, SignatureDef> signatures =
        new TreeMap<>(bundle.metaGraphDef().getSignatureDefMap());
    signatures.remove(NOTHING);
    SignatureDef signature = signatures.get(SIGNATURE);
    if (signature == null && signatures.size() == 1) {
      signature = signatures.values().iterator().next();
    }
    if (signature == null) {
      throw failures.failure(
          ErrorKind.INVALID,
          source + " has no signature '" + SIGNATURE + "', but "
              + (signatures.isEmpty() ? "none" : String.join(", ", signatures.keySet()))
              + ": save it with one, as tf.saved_model.save(module, folder, signatures=module.call)");
    }
    return signature;
  }

  private static Optional<Datatype> datatype(TensorInfo info) {
    return Optional.ofNullable(
        switch (info.getDtype()) {
          case DT_BOOL -> Datatype.BOOL;
          case DT_UINT8 -> Datatype.UINT8;
          case DT_INT32 -> Datatype.INT32;
          case DT_INT64 -> Datatype.INT64;
          case DT_FLOAT -> Datatype.FP32;
          case DT_DOUBLE -> Datatype.FP64;
          case DT_STRING -> Datatype.BYTES;
          default -> null;
        });
  }

  private static List<Long> shape(TensorInfo info) {
    TensorShapeProto shape = info.getTensorShape();
    return shape.getUnknownRank()
        ? List.of()
        : shape.getDimList().stream().map(TensorShapeProto.Dim::getSize).toList();
  }

  @Override
  public List<TensorSpec> inputs() {
    return List.copyOf(inputs);
  }

  @Override
  public List<TensorSpec> outputs() {
    return List.copyOf(outputs);
  }

  @Override
  public Map<String, String> unanswerable() {
    return Map.copyOf(unanswerable);
  }

  @Override
  public List<Tensor> run(List<Tensor> given, List<String> wanted, Call call) {
    List<org.tensorflow.Tensor> fed = new ArrayList<>();
    try {
      Session.Runner runner = bundle.session().runner();
      for (Tensor tensor : given) {
        org.tensorflow.Tensor made = tensor(tensor);
        fed.add(made);
        runner.feed(requireNonNull(names.get(tensor.name())), made);
      }
      for (String name : wanted) {
        runner.fetch(requireNonNull(names.get(OUTPUT + name)));
      }
      try (Result result = runner.run()) {
        call.checkNotStopped(null);
        List<Tensor> answers = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
          answers.add(tensor(wanted.get(i), result.get(i)));
        }
        return answers;
      }
    } catch (TensorFlowException | IllegalArgumentException | IllegalStateException e) {
      call.checkNotStopped(e);
      String why =
          e instanceof TensorFlowException tensorflow ? reason(tensorflow) : Failures.reason(e);
      throw failures.ofModel(call, why, e);
    } finally {
      fed.forEach(org.tensorflow.Tensor::close);
    }
  }

  private static org.tensorflow.Tensor tensor(Tensor tensor) {
    Shape shape = Shape.of(tensor.shape());
    if (tensor.datatype() == Datatype.BYTES) {
      return TString.tensorOf(shape, DataBuffers.ofObjects(tensor.strings()));
    }
    ByteDataBuffer bytes = DataBuffers.of(bytes(tensor));
    return switch (tensor.datatype()) {
      case BOOL -> org.tensorflow.Tensor.of(TBool.class, shape, bytes);
      case UINT8 -> org.tensorflow.Tensor.of(TUint8.class, shape, bytes);
      case INT32 -> org.tensorflow.Tensor.of(TInt32.class, shape, bytes);
      case INT64 -> org.tensorflow.Tensor.of(TInt64.class, shape, bytes);
      case FP32 -> org.tensorflow.Tensor.of(TFloat32.class, shape, bytes);
      case FP64 -> org.tensorflow.Tensor.of(TFloat64.class, shape, bytes);
      default -> throw new IllegalArgumentException("no tensor of " + tensor.datatype());
    };
  }

  private static byte[] bytes(Tensor tensor) {
    if (tensor.datatype().arrayType() == byte[].class) {
      return tensor.bytes();
    }
    int width = tensor.datatype() == Datatype.INT32 || tensor.datatype() == Datatype.FP32 ? 4 : 8;
    ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(tensor.size(), width))
        .order(ByteOrder.nativeOrder());
    switch (tensor.datatype()) {
      case INT32 -> buffer.asIntBuffer().put(tensor.ints());
      case INT64 -> buffer.asLongBuffer().put(tensor.longs());
      case FP32 -> buffer.asFloatBuffer().put(tensor.floats());
      default -> buffer.asDoubleBuffer().put(tensor.doubles());
    }
    return buffer.array();
  }

  private static Tensor tensor(String name, org.tensorflow.Tensor answer) {
    long[] shape = answer.shape().asArray();
    int size = Math.toIntExact(answer.shape().size());
    if (answer instanceof TString strings) {
      List<String> values = new ArrayList<>(size);
      strings.scalars().forEach(value -> values.add(value.getObject()));
      return Tensor.of(name, Datatype.BYTES, shape, values.toArray(String[]::new));
    }
    byte[] raw = new byte[Math.toIntExact(answer.numBytes())];
    answer.asRawTensor().data().read(raw);
    ByteBuffer bytes = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
    return switch (answer.dataType()) {
      case DT_BOOL -> Tensor.of(name, Datatype.BOOL, shape, raw);
      case DT_UINT8 -> Tensor.of(name, Datatype.UINT8, shape, raw);
      case DT_INT32 -> {
        int[] ints = new int[size];
        bytes.asIntBuffer().get(ints);
        yield Tensor.of(name, Datatype.INT32, shape, ints);
      }
      case DT_INT64 -> {
        long[] longs = new long[size];
        bytes.asLongBuffer().get(longs);
        yield Tensor.of(name, Datatype.INT64, shape, longs);
      }
      case DT_FLOAT -> {
        float[] floats = new float[size];
        bytes.asFloatBuffer().get(floats);
        yield Tensor.of(name, Datatype.FP32, shape, floats);
      }
      case DT_DOUBLE -> {
        double[] doubles = new double[size];
        bytes.asDoubleBuffer().get(doubles);
        yield Tensor.of(name, Datatype.FP64, shape, doubles);
      }
      default ->
        throw new IllegalArgumentException(
            "its '" + name + "' is of type " + answer.dataType() + ", which no answer has");
    };
  }

  @Override
  public void close() {
    bundle.close();
  }
}
