package io.fairlead.serverless.internal.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fairlead.engine.Datatype;
import io.fairlead.engine.ExecutionProvider;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.TensorSpec;
import io.fairlead.engine.internal.json.IgnoredParameters;
import io.fairlead.engine.internal.run.LoadedModel;
import io.fairlead.engine.internal.text.TextDescription;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelMetadata;
import io.fairlead.grammar.Options;
import io.fairlead.grammar.Problem;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The encoding of frame bodies: strings and lists are a length of four bytes followed by their elements. */
final class Wire {
  private static final int MAX_CAUSES = 8;
  private static final int MAX_FRAMES = 40;
  private static final int MAX_CAUSE_LENGTH = 4_000;

  private Wire() {}

  /** The body of a load frame for a worker JVM. */
  record Load(
      String platform,
      String cacheFolder,
      ModelArtifact artifact,
      LoadOptions options,
      long memoryBytes,
      int maxRuns) {
    byte[] bytes() {
      return written(out -> {
        write(out, platform);
        write(out, cacheFolder);
        write(out, artifact.code().toString());
        write(out, artifact.weights().toString());
        ModelMetadata metadata = artifact.metadata();
        write(out, metadata.name().orElse(""));
        write(out, metadata.framework().orElse(""));
        write(out, metadata.version().orElse(""));
        write(out, metadata.labels());
        out.writeInt(options.threads());
        out.writeInt(options.maxBatch());
        out.writeBoolean(options.batchDependentAllowed());
        out.writeInt(options.executionProviders().size());
        for (ExecutionProvider provider : options.executionProviders()) {
          write(out, provider.name());
          write(out, provider.settings());
        }
        write(out, options.sessionSettings());
        out.writeLong(memoryBytes);
        out.writeInt(maxRuns);
      });
    }

    static Load of(byte[] body) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
      String platform = string(in);
      String cacheFolder = string(in);
      URI code = URI.create(string(in));
      URI weights = URI.create(string(in));
      Optional<String> name = optional(in);
      Optional<String> framework = optional(in);
      Optional<String> version = optional(in);
      Map<String, String> labels = strings(in);
      return new Load(
          platform,
          cacheFolder,
          new ModelArtifact(
              code,
              weights,
              new ModelMetadata(
                  name, framework, version, Optional.empty(), labels, Options.none())),
          LoadOptions.DEFAULT
              .withThreads(in.readInt())
              .withMaxBatch(in.readInt())
              .withBatchDependentAllowed(in.readBoolean())
              .withExecutionProviders(executionProviders(in))
              .withSessionSettings(strings(in)),
          in.readLong(),
          in.readInt());
    }

    private static List<ExecutionProvider> executionProviders(DataInputStream in)
        throws IOException {
      List<ExecutionProvider> providers = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        providers.add(new ExecutionProvider(string(in), strings(in)));
      }
      return providers;
    }
  }

  private static void write(DataOutputStream out, Map<String, String> strings) throws IOException {
    out.writeInt(strings.size());
    for (Map.Entry<String, String> entry : strings.entrySet()) {
      write(out, entry.getKey());
      write(out, entry.getValue());
    }
  }

  private static Map<String, String> strings(DataInputStream in) throws IOException {
    Map<String, String> strings = new LinkedHashMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      strings.put(string(in), string(in));
    }
    return strings;
  }

  /** {@return the body of a load frame for a Python worker} */
  static byte[] pickle(String name, String path, String digest) {
    return written(out -> {
      write(out, name);
      write(out, path);
      write(out, digest);
    });
  }

  /** The body of a ready frame: the description of the loaded model. */
  record Ready(
      String name,
      String digest,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      Optional<TextDescription> text) {
    static Ready of(LoadedModel model) {
      return new Ready(model.name(), model.digest(), model.inputs(), model.outputs(), model.text());
    }

    byte[] bytes() {
      return written(out -> {
        write(out, name);
        write(out, digest);
        writeSpecs(out, inputs);
        writeSpecs(out, outputs);
        TextDescription written = text.orElse(null);
        if (written != null) {
          write(out, written.pooling());
          write(out, written.poolingSource());
          out.writeBoolean(written.normalized());
          out.writeInt(written.maxTokens());
          write(out, written.prompt());
        }
      });
    }

    static Ready of(byte[] body) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
      return new Ready(string(in), string(in), specs(in), specs(in), text(in));
    }

    /** Nothing follows for a model without texts, nor from a Python worker. */
    private static Optional<TextDescription> text(DataInputStream in) throws IOException {
      return in.available() == 0
          ? Optional.empty()
          : Optional.of(new TextDescription(
              string(in), string(in), in.readBoolean(), in.readInt(), string(in)));
    }

    private static void writeSpecs(DataOutputStream out, List<TensorSpec> specs)
        throws IOException {
      out.writeInt(specs.size());
      for (TensorSpec spec : specs) {
        write(out, spec.name());
        write(out, spec.datatype().name());
        out.writeInt(spec.shape().size());
        for (long dimension : spec.shape()) {
          out.writeLong(dimension);
        }
      }
    }

    private static List<TensorSpec> specs(DataInputStream in) throws IOException {
      List<TensorSpec> specs = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        String name = string(in);
        Datatype datatype = Datatype.valueOf(string(in));
        List<Long> shape = new ArrayList<>();
        for (int dimensions = in.readInt(); dimensions > 0; dimensions--) {
          shape.add(in.readLong());
        }
        specs.add(new TensorSpec(name, datatype, shape));
      }
      return specs;
    }
  }

  /** {@return the bytes before the body of a request in its frame} */
  static byte[] head(Request request, long timeoutNanos) {
    return written(out -> {
      out.writeLong(timeoutNanos);
      write(out, request.contentType());
      write(out, request.path().orElse(""));
    });
  }

  static Request request(byte[] body) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
    Duration timeout = Duration.ofNanos(in.readLong());
    String contentType = string(in);
    String path = string(in);
    Request request = Request.of(in.readAllBytes(), contentType).withTimeout(timeout);
    return path.isEmpty() ? request : request.withPath(path);
  }

  /** {@return the bytes before the body of a response in its frame} */
  static byte[] head(Response response) {
    List<String> ignored =
        response.find(IgnoredParameters.class).map(IgnoredParameters::names).orElse(List.of());
    return written(out -> {
      write(out, response.contentType());
      out.writeInt(ignored.size());
      for (String name : ignored) {
        write(out, name);
      }
    });
  }

  static Response response(byte[] body) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
    String contentType = string(in);
    List<String> ignored = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      ignored.add(string(in));
    }
    return IgnoredParameters.in(Response.of(in.readAllBytes(), contentType), ignored);
  }

  /** {@return a failure as bytes: 0 and a ServingException, or 1 and an InvalidValueException; then the causes} */
  static byte[] failure(RuntimeException failure) {
    return written(out -> {
      if (failure instanceof InvalidValueException invalid) {
        out.writeByte(1);
        write(out, invalid.subject());
        out.writeInt(invalid.problems().size());
        for (Problem problem : invalid.problems()) {
          write(out, problem.field());
          write(out, problem.rule());
          write(out, problem.value());
        }
      } else {
        ServingException serving = (ServingException) failure;
        out.writeByte(0);
        write(out, serving.kind().name());
        write(out, String.valueOf(serving.getMessage()));
        out.writeBoolean(serving.retryable());
        out.writeLong(serving.retryAfter().map(Wire::nanos).orElse(-1L));
      }
      writeCauses(out, failure.getCause());
    });
  }

  /** {@return the failure that these bytes hold, as one of a platform} */
  static RuntimeException failure(String platform, byte[] body) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
    if (in.readByte() == 1) {
      String subject = string(in);
      List<Problem> problems = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        problems.add(new Problem(string(in), string(in), string(in)));
      }
      return new InvalidValueException(subject, problems, causes(in));
    }
    String kind = string(in);
    ServingException.Builder failure = ServingException.builder(
            platform, kind(kind).orElse(ErrorKind.UNKNOWN), string(in))
        .retryable(in.readBoolean());
    long retryAfter = in.readLong();
    if (retryAfter >= 0) {
      failure.retryAfter(Duration.ofNanos(retryAfter));
    }
    return failure.cause(causes(in)).build();
  }

  private static Optional<ErrorKind> kind(String name) {
    for (ErrorKind kind : ErrorKind.values()) {
      if (kind.name().equals(name)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  private static void writeCauses(DataOutputStream out, @Nullable Throwable first)
      throws IOException {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable cause = first;
        cause != null && causes.size() < MAX_CAUSES;
        cause = cause.getCause()) {
      causes.add(cause);
    }
    out.writeInt(causes.size());
    for (Throwable cause : causes) {
      String text = cause.toString();
      write(
          out,
          text.length() > MAX_CAUSE_LENGTH ? text.substring(0, MAX_CAUSE_LENGTH) + "..." : text);
      StackTraceElement[] trace = cause.getStackTrace();
      int frames = Math.min(trace.length, MAX_FRAMES);
      out.writeInt(frames);
      for (int i = 0; i < frames; i++) {
        write(out, trace[i].getClassName());
        write(out, trace[i].getMethodName());
        write(out, trace[i].getFileName() == null ? "" : trace[i].getFileName());
        out.writeInt(trace[i].getLineNumber());
      }
    }
  }

  private static @Nullable Throwable causes(DataInputStream in) throws IOException {
    List<WorkerCause> causes = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      String text = string(in);
      StackTraceElement[] trace = new StackTraceElement[in.readInt()];
      for (int i = 0; i < trace.length; i++) {
        String type = string(in);
        String method = string(in);
        String file = string(in);
        trace[i] = new StackTraceElement(type, method, file.isEmpty() ? null : file, in.readInt());
      }
      causes.add(new WorkerCause(text, trace));
    }
    WorkerCause cause = null;
    for (int i = causes.size() - 1; i >= 0; i--) {
      if (cause != null) {
        causes.get(i).initCause(cause);
      }
      cause = causes.get(i);
    }
    return cause;
  }

  static long nanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }

  private interface Writing {
    void write(DataOutputStream out) throws IOException;
  }

  private static byte[] written(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writing.write(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(DataOutputStream out, String string) throws IOException {
    byte[] bytes = string.getBytes(UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static Optional<String> optional(DataInputStream in) throws IOException {
    return Optional.of(string(in)).filter(text -> !text.isEmpty());
  }

  private static String string(DataInputStream in) throws IOException {
    int length = in.readInt();
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new IOException(
          "a string of " + length + " bytes was announced, but the frame ends before");
    }
    return new String(bytes, UTF_8);
  }
}
