package io.fairlead.engine.internal.graphs;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngine;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.format.TorchArchive;
import io.fairlead.engine.internal.natives.Djl;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A TorchScript module.
 *
 * <p>Its inputs are the tensor parameters of its method {@code forward}. TorchScript does not keep their types and
 * shapes: they are those in the model's extra file {@code inputs.txt}, or else FP32, or INT64 for token ids and the
 * like, of any shape. A returned tensor is {@code output}, those of a tuple are {@code output0} and so on; their types
 * are known after the run.
 *
 * <p>Each run computes on its caller's thread, and cannot be stopped.
 */
final class TorchscriptModel implements TensorModel {
  private static final String OUTPUT = "output";

  private final PtNDManager manager;
  private final PtSymbolBlock block;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final Failures failures;

  private TorchscriptModel(
      PtNDManager manager,
      PtSymbolBlock block,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      Failures failures) {
    this.manager = manager;
    this.block = block;
    this.inputs = inputs;
    this.outputs = outputs;
    this.failures = failures;
  }

  static TensorModel open(ModelFiles files, Path cacheFolder, Failures failures) {
    TorchArchive.Signature signature;
    try {
      signature = TorchArchive.signature(files.weights());
    } catch (IOException e) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          files + " is a TorchScript model that cannot be invoked, because " + Failures.reason(e)
              + ": wrap it in a module that takes and returns tensors, or export it with torch.onnx.export",
          e);
    }
    PtNDManager manager = manager(cacheFolder);
    try {
      PtSymbolBlock block = load(files, manager);
      return new TorchscriptModel(manager, block, signature.inputs(), outputs(signature), failures);
    } catch (EngineException | IllegalArgumentException | IOException e) {
      manager.close();
      throw failures.failure(
          ErrorKind.INVALID,
          files + " is no TorchScript model that can be read (PyTorch says \"" + reason(e)
              + "\"): a copy of it was changed, or it was saved by a later version than 2.7; fetch it again, or save it"
              + " with torch.jit.save there",
          e);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  private static PtNDManager manager(Path cacheFolder) {
    try {
      return (PtNDManager) Djl.offline(
          cacheFolder,
          "pytorch",
          PtEngine.class.getClassLoader(),
          () -> Engine.getEngine(PtEngine.ENGINE_NAME).newBaseManager(Device.cpu()));
    } catch (Exception e) {
      UnsatisfiedLinkError error = new UnsatisfiedLinkError(Failures.reason(e));
      error.initCause(e);
      throw error;
    }
  }

  private static PtSymbolBlock load(ModelFiles files, PtNDManager manager) throws IOException {
    Path path = files.path().orElse(null);
    if (path != null) {
      return JniUtils.loadModule(manager, path, false, new String[0], new String[0], false);
    }
    try (InputStream in = files.weights().open()) {
      return JniUtils.loadModule(manager, in, false, false);
    }
  }

  private static List<TensorSpec> outputs(TorchArchive.Signature signature) {
    List<TensorSpec> outputs = new ArrayList<>();
    for (int i = 0; i < signature.outputs(); i++) {
      String name = signature.single() ? OUTPUT : OUTPUT + i;
      outputs.add(new TensorSpec(name, Datatype.FP32, List.of()));
    }
    return List.copyOf(outputs);
  }

  /** {@return the last line of PyTorch's message, without source locations} */
  private static String reason(Exception e) {
    String message = e.getMessage() == null ? "" : e.getMessage().strip();
    int last = message.lastIndexOf('\n');
    return last < 0 ? Failures.reason(e) : message.substring(last + 1).strip();
  }

  @Override
  public List<TensorSpec> inputs() {
    return inputs;
  }

  @Override
  public List<TensorSpec> outputs() {
    return outputs;
  }

  @Override
  public List<Tensor> run(List<Tensor> given, List<String> wanted, Call call) {
    // All arrays of a run are freed with its manager.
    try (NDManager run = manager.newSubManager()) {
      NDList arguments = new NDList();
      for (TensorSpec input : inputs) {
        for (Tensor tensor : given) {
          if (tensor.name().equals(input.name())) {
            arguments.add(array(run, tensor));
          }
        }
      }
      NDList answers = block.forward(new ParameterStore(run, false), arguments, false);
      call.checkNotStopped(null);
      if (answers.size() != outputs.size()) {
        throw failures.ofModel(
            call, "it returned " + answers.size() + " tensors, not " + outputs.size(), null);
      }
      List<String> names = outputs.stream().map(TensorSpec::name).toList();
      List<Tensor> tensors = new ArrayList<>();
      for (String name : wanted) {
        tensors.add(tensor(name, answers.get(names.indexOf(name))));
      }
      return tensors;
    } catch (EngineException | IllegalArgumentException | UnsupportedOperationException e) {
      call.checkNotStopped(e);
      throw failures.ofModel(call, reason(e), e);
    }
  }

  private static NDArray array(NDManager manager, Tensor tensor) {
    Shape shape = new Shape(tensor.shape());
    return switch (tensor.datatype()) {
      case BOOL -> manager.create(ByteBuffer.wrap(tensor.bytes()), shape, DataType.BOOLEAN);
      case UINT8 -> manager.create(ByteBuffer.wrap(tensor.bytes()), shape, DataType.UINT8);
      case INT8 -> manager.create(ByteBuffer.wrap(tensor.bytes()), shape, DataType.INT8);
      case INT32 -> manager.create(tensor.ints(), shape);
      case INT64 -> manager.create(tensor.longs(), shape);
      case FP32 -> manager.create(tensor.floats(), shape);
      case FP64 -> manager.create(tensor.doubles(), shape);
      default ->
        throw new IllegalArgumentException(
            "PyTorch does not support " + tensor.datatype() + " as '" + tensor.name() + "' here");
    };
  }

  private static Tensor tensor(String name, NDArray array) {
    long[] shape = array.getShape().getShape();
    return switch (array.getDataType()) {
      case FLOAT32 -> Tensor.of(name, Datatype.FP32, shape, array.toFloatArray());
      case FLOAT64 -> Tensor.of(name, Datatype.FP64, shape, array.toDoubleArray());
      case INT64 -> Tensor.of(name, Datatype.INT64, shape, array.toLongArray());
      case INT32 -> Tensor.of(name, Datatype.INT32, shape, array.toIntArray());
      case INT8 -> Tensor.of(name, Datatype.INT8, shape, array.toByteArray());
      case UINT8 -> Tensor.of(name, Datatype.UINT8, shape, array.toByteArray());
      case BOOLEAN -> {
        boolean[] values = array.toBooleanArray();
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (values[i] ? 1 : 0);
        }
        yield Tensor.of(name, Datatype.BOOL, shape, bytes);
      }
      case FLOAT16, BFLOAT16 ->
        Tensor.of(
            name, Datatype.FP32, shape, array.toType(DataType.FLOAT32, true).toFloatArray());
      default ->
        throw new IllegalArgumentException(
            "its '" + name + "' is of type " + array.getDataType() + ", which no answer has");
    };
  }

  @Override
  public void close() {
    block.close();
    manager.close();
  }
}
