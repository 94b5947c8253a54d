package io.fairlead.engine.internal.onnx;

import ai.onnxruntime.MapInfo;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtException.OrtErrorCode;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import io.fairlead.engine.Call;
import io.fairlead.engine.Datatype;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Tensor;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.file.MappedFile;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.format.ModelFormat;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.support.Upkeep;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.reflect.Array;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in an ONNX Runtime session.
 *
 * <p>By default it has no threads of its own: each run computes on its caller's thread. One session with one caller per
 * processor has a higher throughput than several sessions, or than a session that runs each request on several threads.
 */
final class OnnxModel implements TensorModel {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxModel.class);

  private static final Pattern NOISE = Pattern.compile(
      "^Error code - \\w+ - message: |Load model from .* failed:|\\S*onnxruntime_src\\S*:\\d+ .*?\\) (?=[A-Z])");

  private final OrtEnvironment environment;
  private final OrtSession session;
  // What the session reads its weights from if they were not copied: when it is closed or
  // collected,
  // a run ends the JVM.
  private final @Nullable MappedFile mapped;
  private final Upkeep upkeep;
  private final Failures failures;
  private final List<TensorSpec> inputs = new ArrayList<>();
  private final List<TensorSpec> outputs = new ArrayList<>();
  private final Map<String, String> unanswerable = new LinkedHashMap<>();
  // The outputs that are maps with texts as keys.
  private final List<String> tables = new ArrayList<>();
  private OnnxConversions conversions;
  private final AtomicReference<@Nullable Runnable> afterFirstAnswer;

  private OnnxModel(
      OrtEnvironment environment,
      OrtSession session,
      @Nullable MappedFile mapped,
      @Nullable Runnable afterFirstAnswer,
      Upkeep upkeep,
      Failures failures) {
    this.environment = environment;
    this.conversions = new OnnxConversions(environment, OnnxTexts.unknown(), failures);
    this.session = session;
    this.mapped = mapped;
    this.afterFirstAnswer = new AtomicReference<>(afterFirstAnswer);
    this.upkeep = upkeep;
    this.failures = failures;
  }

  /** {@return a model from the cache, or else from its file} */
  static TensorModel open(
      ModelFiles files,
      LoadOptions loadOptions,
      OrtEnvironment environment,
      OnnxCache cache,
      Upkeep upkeep,
      Failures failures) {
    boolean usual = loadOptions.executionProviders().isEmpty()
        && loadOptions.sessionSettings().isEmpty();
    // What a model is optimised to depends on both.
    String name = usual ? cache.nameOf(files, environment).orElse(null) : null;
    OnnxModel model = name == null
        ? null
        : cached(name, loadOptions, environment, cache, upkeep, failures).orElse(null);
    if (model == null) {
      model = uncached(name, files, loadOptions, environment, cache, upkeep, failures);
    }
    try {
      model.describe(files.weights());
      model.checkTexts(files);
      return model;
    } catch (OrtException e) {
      model.close();
      throw notLoaded(files.weights(), e, failures);
    } catch (IOException e) {
      model.close();
      throw notRead(files, e, failures);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private static Optional<OnnxModel> cached(
      String name,
      LoadOptions loadOptions,
      OrtEnvironment environment,
      OnnxCache cache,
      Upkeep upkeep,
      Failures failures) {
    MappedFile mapped = cache.find(name).orElse(null);
    if (mapped == null) {
      return Optional.empty();
    }
    try (OrtSession.SessionOptions options = options(loadOptions)) {
      options.addConfigEntry("session.load_model_format", "ORT");
      options.addConfigEntry("session.use_ort_model_bytes_directly", "1");
      options.addConfigEntry("session.use_ort_model_bytes_for_initializers", "1");
      OrtSession session = environment.createSession(mapped.bytes(), options);
      return Optional.of(new OnnxModel(environment, session, mapped, null, upkeep, failures));
    } catch (OrtException e) {
      LOG.warn("ONNX Runtime does not load {} from the cache, so it is created again", name, e);
      mapped.close();
      cache.remove(name);
      return Optional.empty();
    }
  }

  private static OnnxModel uncached(
      @Nullable String name,
      ModelFiles files,
      LoadOptions loadOptions,
      OrtEnvironment environment,
      OnnxCache cache,
      Upkeep upkeep,
      Failures failures) {
    try (OrtSession.SessionOptions options = options(loadOptions)) {
      OnnxProviders providers = new OnnxProviders(files, failures);
      loadOptions.executionProviders().forEach(provider -> providers.add(provider, options));
      for (Map.Entry<String, String> setting : loadOptions.sessionSettings().entrySet()) {
        options.addConfigEntry(setting.getKey(), setting.getValue());
      }
      OrtSession session = session(files, environment, options);
      // After the first response: writing it takes longer than loading it.
      Runnable keep = name == null ? null : () -> keep(name, files, environment, cache);
      return new OnnxModel(environment, session, null, keep, upkeep, failures);
    } catch (OrtException e) {
      throw notLoaded(files.weights(), e, failures);
    } catch (IOException e) {
      throw notRead(files, e, failures);
    }
  }

  private static ServingException notRead(ModelFiles files, IOException e, Failures failures) {
    return failures.failure(
        ErrorKind.INVALID, files.weights() + " could not be read: " + Failures.reason(e), e);
  }

  /** Writes the optimised model; ONNX Runtime only does that while it creates a session, so this creates another. */
  private static void keep(
      String name, ModelFiles files, OrtEnvironment environment, OnnxCache cache) {
    if (!cache.begin(name)) {
      return;
    }
    cache.keep(name, part -> {
      try (OrtSession.SessionOptions options = options(LoadOptions.DEFAULT)) {
        options.setOptimizedModelFilePath(part.toString());
        options.addConfigEntry("session.save_model_format", "ORT");
        options.addConfigEntry("session.disable_prepacking", "1");
        session(files, environment, options).close();
      } catch (OrtException e) {
        throw new IOException("ONNX Runtime does not write " + files.weights(), e);
      }
      if (!files.weights().isUnchanged()) {
        throw new IOException(files.weights() + " changed meanwhile");
      }
    });
  }

  private static OrtSession session(
      ModelFiles files, OrtEnvironment environment, OrtSession.SessionOptions options)
      throws OrtException, IOException {
    // It would otherwise go by the file's extension, and read what was not checked.
    options.addConfigEntry(
        "session.load_model_format", files.format() == ModelFormat.ORT ? "ORT" : "ONNX");
    Path path = files.weights().path().orElse(null);
    if (path != null && !OnnxTexts.isPlain(path.toString()) && !files.isOneFile()) {
      throw new IOException("ONNX Runtime's Java API takes no path with characters above U+FFFF ("
          + OnnxTexts.shown(path.toString())
          + "), which a model with other files needs: rename the folder or the file");
    }
    return path == null || !OnnxTexts.isPlain(path.toString())
        ? environment.createSession(files.weights().bytes(), options)
        : environment.createSession(path.toString(), options);
  }

  static OrtSession.SessionOptions options(LoadOptions loadOptions) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    try {
      options.setIntraOpNumThreads(loadOptions.threads());
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      // More threads are for lower latency, which they do not bring without spinning.
      options.addConfigEntry(
          "session.intra_op.allow_spinning", loadOptions.threads() > 1 ? "1" : "0");
      // Between runs they would keep a processor from whoever asks for the next one.
      options.addConfigEntry("session.force_spinning_stop", "1");
      options.addConfigEntry("session.inter_op.allow_spinning", "0");
      // An arena keeps what the largest run took, and after one that was too large it asks for as
      // much again for the next small one, which then fails, too.
      options.setCPUArenaAllocator(false);
      // A memory pattern would be kept for each input shape.
      options.setMemoryPatternOptimization(false);
      // Its messages for standard error are in the exceptions.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return options;
    } catch (OrtException | RuntimeException | Error e) {
      options.close();
      throw e;
    }
  }

  private static ServingException notLoaded(ModelFile file, OrtException e, Failures failures) {
    String reason = e.getMessage() == null ? "" : e.getMessage();
    String says = "ONNX Runtime says \"" + reason(e) + "\"";
    if (e.getCode() == OrtErrorCode.ORT_INVALID_PROTOBUF
        || reason.contains("No graph was found")
        || reason.contains("does not have a graph")) {
      return failures.failure(
          ErrorKind.INVALID,
          file
              + " is not a whole ONNX model: it is of another format, or a copy of it was cut off ("
              + says + "); fetch it again and compare its size and SHA-256",
          e);
    }
    if (reason.contains("ONNXType")) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          file
              + " has an input or output of a type that ONNX Runtime's Java API does not have, such as an optional or"
              + " sparse one (" + says + "): export it with tensors as inputs and outputs",
          e);
    }
    if (e.getCode() == OrtErrorCode.ORT_NOT_IMPLEMENTED
        || reason.contains("opset")
        || reason.contains("IR version")) {
      return failures.failure(
          ErrorKind.UNSUPPORTED,
          file + " needs operators or versions of them that ONNX Runtime here does not have ("
              + says + "): export it with an older opset",
          e);
    }
    return failures.failure(
        ErrorKind.INVALID,
        file + " is no model that ONNX Runtime can run (" + says
            + "): check it with onnx.checker where it was made, and that all of its files are beside it",
        e);
  }

  /**
   * The message without its code, the file's name and the place in ONNX Runtime's source; of a character above U+FFFF the
   * API leaves control characters.
   */
  private static String reason(OrtException e) {
    return NOISE
        .matcher(Failures.reason(e))
        .replaceAll("")
        .replaceFirst("\\.$", "")
        .replaceAll("\\p{Cntrl}+|[\\x{80}-\\x{9f}]+", "?");
  }

  private void describe(ModelFile file) throws OrtException {
    for (NodeInfo node : session.getInputInfo().values()) {
      inputs.add(
          inputSpec(node)
              .orElseThrow(
                  () -> failures.failure(
                      ErrorKind.UNSUPPORTED,
                      file + " takes " + described(node.getInfo()) + " as its input '"
                          + node.getName()
                          + "', which a request cannot carry: export it with inputs of another type, such as float")));
    }
    for (NodeInfo node : session.getOutputInfo().values()) {
      outputSpec(node)
          .ifPresentOrElse(
              outputs::add, () -> unanswerable.put(node.getName(), described(node.getInfo())));
      if (node.getInfo() instanceof SequenceInfo info
          && info.isSequenceOfMaps()
          && info.mapInfo.keyType == OnnxJavaType.STRING) {
        tables.add(node.getName());
      }
    }
    if (outputs.isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          file + " has no output that a response can carry (" + listed(unanswerable)
              + "): export it with tensors as outputs");
    }
  }

  /** Refuses texts of the model that cannot be passed, and prepares for those that can be. */
  private void checkTexts(ModelFiles files) throws IOException {
    List<String> names = new ArrayList<>(session.getInputNames());
    names.addAll(session.getOutputNames());
    boolean plainNames =
        names.stream().allMatch(name -> name.chars().allMatch(unit -> unit < 0x80));
    boolean answersTexts = outputs.stream().anyMatch(output -> output.datatype() == Datatype.BYTES)
        || !tables.isEmpty();
    OnnxTexts texts = files.format() != ModelFormat.ONNX || (plainNames && !answersTexts)
        ? OnnxTexts.unknown()
        : OnnxTexts.of(files.weights());
    texts.name().ifPresent(name -> {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          files + " has an input or output with the name '" + OnnxTexts.shown(name)
              + "', and ONNX Runtime's Java API takes no names with characters above U+FFFF or NUL: give it another name");
    });
    texts.label().filter(label -> !tables.isEmpty()).ifPresent(label -> {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          files + " answers with maps for the class '" + OnnxTexts.shown(label)
              + "', and ONNX Runtime's Java API returns no keys with characters above U+FFFF or NUL: export it without"
              + " ZipMap (zipmap=False)");
    });
    conversions = new OnnxConversions(environment, texts, failures);
  }

  private static String listed(Map<String, String> described) {
    return described.entrySet().stream()
        .map(entry -> "'" + entry.getKey() + "' is " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  private static Optional<TensorSpec> inputSpec(NodeInfo node) {
    return node.getInfo() instanceof TensorInfo info
        ? datatype(info.onnxType).map(type -> new TensorSpec(node.getName(), type, shape(info)))
        : Optional.empty();
  }

  private static Optional<TensorSpec> outputSpec(NodeInfo node) {
    if (node.getInfo() instanceof TensorInfo info && isHalf(info)) {
      return Optional.of(new TensorSpec(node.getName(), Datatype.FP32, shape(info)));
    }
    if (node.getInfo() instanceof SequenceInfo info && info.isSequenceOfMaps()) {
      return datatype(TensorInfo.OnnxTensorType.mapFromJavaType(info.mapInfo.valueType))
          .map(type -> new TensorSpec(node.getName(), type, List.of(-1L, -1L)));
    }
    return inputSpec(node);
  }

  private static List<Long> shape(TensorInfo info) {
    return Arrays.stream(info.getShape()).boxed().toList();
  }

  private static boolean isHalf(TensorInfo info) {
    return info.type == OnnxJavaType.FLOAT16 || info.type == OnnxJavaType.BFLOAT16;
  }

  static Optional<Datatype> datatype(TensorInfo.OnnxTensorType type) {
    return Optional.ofNullable(
        switch (type) {
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> Datatype.BOOL;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> Datatype.UINT8;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> Datatype.UINT16;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> Datatype.UINT32;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> Datatype.UINT64;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> Datatype.FP16;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16 -> Datatype.BF16;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> Datatype.INT8;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> Datatype.INT16;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> Datatype.INT32;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> Datatype.INT64;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> Datatype.FP32;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> Datatype.FP64;
          case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING -> Datatype.BYTES;
          default -> null;
        });
  }

  /** {@return the description of an input or output that is not a supported tensor} */
  private static String described(ValueInfo info) {
    if (info instanceof TensorInfo tensor) {
      return "a tensor of "
          + tensor
              .onnxType
              .name()
              .replace("ONNX_TENSOR_ELEMENT_DATA_TYPE_", "")
              .toLowerCase(Locale.ROOT);
    }
    if (info instanceof SequenceInfo) {
      return "a sequence of tensors";
    }
    return info instanceof MapInfo ? "a map" : "no tensor";
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
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try (OrtSession.RunOptions options = new OrtSession.RunOptions();
        OnnxConversions.Opened opened = new OnnxConversions.Opened()) {
      for (Tensor tensor : given) {
        tensors.put(tensor.name(), conversions.toRuntime(tensor, opened));
      }
      try (OrtSession.Result result = run(tensors, wanted, options, call)) {
        call.checkNotStopped(null);
        List<Tensor> answers = new ArrayList<>();
        for (String name : wanted) {
          answers.add(tensor(name, result.get(name).orElseThrow(), opened, call));
        }
        keepAfterFirstAnswer();
        return answers;
      }
    } catch (OrtException e) {
      call.checkNotStopped(e);
      throw failures.ofModel(call, reason(e), e);
    }
  }

  private void keepAfterFirstAnswer() {
    if (afterFirstAnswer.get() != null) {
      Runnable keep = afterFirstAnswer.getAndSet(null);
      if (keep != null) {
        upkeep.add(keep);
      }
    }
  }

  private OrtSession.Result run(
      Map<String, OnnxTensor> tensors,
      List<String> wanted,
      OrtSession.RunOptions options,
      Call call)
      throws OrtException {
    call.enter(() -> terminate(options));
    try {
      return session.run(tensors, new LinkedHashSet<>(wanted), options);
    } finally {
      // Before the options are closed: to touch closed ones ends the JVM.
      call.leave();
    }
  }

  private static void terminate(OrtSession.RunOptions options) {
    try {
      options.setTerminate(true);
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private Tensor tensor(String name, OnnxValue value, OnnxConversions.Opened opened, Call call)
      throws OrtException {
    if (value instanceof OnnxSequence maps) {
      return tensor(name, maps, call);
    }
    OnnxTensor tensor = (OnnxTensor) value;
    TensorInfo info = tensor.getInfo();
    long[] shape = info.getShape();
    Datatype datatype = isHalf(info) ? Datatype.FP32 : datatype(info.onnxType).orElseThrow();
    Object elements = switch (datatype) {
      case BOOL, UINT8, INT8 -> tensor.getByteBuffer().array();
      case INT16, UINT16, FP16, BF16 -> tensor.getShortBuffer().array();
      case INT32, UINT32 -> tensor.getIntBuffer().array();
      case INT64, UINT64 -> tensor.getLongBuffer().array();
      case FP32 -> floats(tensor.getFloatBuffer());
      case FP64 -> tensor.getDoubleBuffer().array();
      case BYTES -> conversions.texts(name, tensor, opened, call);
    };
    return Tensor.of(name, datatype, shape, elements);
  }

  private static float[] floats(FloatBuffer buffer) {
    if (buffer.hasArray()) {
      return buffer.array();
    }
    // What was converted from half precision is outside of the heap.
    float[] floats = new float[buffer.remaining()];
    buffer.get(floats);
    return floats;
  }

  /** A table with a row for each map and a column for each key, as from such classifiers without ZipMap. */
  private Tensor tensor(String name, OnnxSequence sequence, Call call) throws OrtException {
    List<Map<Object, Object>> rows = new ArrayList<>();
    List<? extends OnnxValue> maps = sequence.getValue();
    try {
      for (OnnxValue map : maps) {
        rows.add(new TreeMap<>(((OnnxMap) map).getValue()));
      }
    } finally {
      maps.forEach(OnnxValue::close);
    }
    Set<Object> keys = rows.isEmpty() ? Set.of() : rows.get(0).keySet();
    for (Map<Object, Object> row : rows) {
      if (!row.keySet().equals(keys)) {
        throw failures.failure(
            ErrorKind.MODEL_FAILED,
            "Model '" + call.model() + "' returned maps with different keys as its output '" + name
                + "', which cannot be a table: export it without ZipMap");
      }
    }
    MapInfo info = sequence.getInfo().mapInfo;
    Object[] values = rows.stream().flatMap(row -> row.values().stream()).toArray();
    return column(name, new long[] {rows.size(), keys.size()}, info.valueType, values)
        .withKeys(column(name + ".keys", new long[] {keys.size()}, info.keyType, keys.toArray()));
  }

  private static Tensor column(String name, long[] shape, OnnxJavaType type, Object[] values) {
    Datatype datatype =
        datatype(TensorInfo.OnnxTensorType.mapFromJavaType(type)).orElseThrow();
    Object elements = Array.newInstance(
        switch (datatype) {
          case FP32 -> float.class;
          case FP64 -> double.class;
          case INT64 -> long.class;
          default -> String.class;
        },
        values.length);
    for (int i = 0; i < values.length; i++) {
      Array.set(elements, i, values[i]);
    }
    return Tensor.of(name, datatype, shape, elements);
  }

  @Override
  public void close() {
    conversions.close();
    try {
      session.close();
      if (mapped != null) {
        mapped.close();
      }
    } catch (OrtException e) {
      LOG.warn("A session of ONNX Runtime could not be closed", e);
    } finally {
      Reference.reachabilityFence(mapped);
    }
    upkeep.trimNativeHeap();
  }
}
