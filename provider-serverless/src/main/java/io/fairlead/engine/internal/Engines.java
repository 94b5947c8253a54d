package io.fairlead.engine.internal;

import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.Model;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.TensorModel;
import io.fairlead.engine.internal.file.ModelFile;
import io.fairlead.engine.internal.json.JsonModel;
import io.fairlead.engine.internal.run.GuardedRequestModel;
import io.fairlead.engine.internal.run.GuardedTensorModel;
import io.fairlead.engine.internal.source.ModelFiles;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.engine.internal.text.DjlTokenizer;
import io.fairlead.engine.internal.text.TextFiles;
import io.fairlead.engine.internal.text.TextInput;
import io.fairlead.engine.internal.text.TextSettings;
import io.fairlead.engine.internal.text.Tokenizer;
import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.InvalidValueException;
import io.fairlead.provider.Services;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The available engines, and the selection of one for a model.
 *
 * <p>Engines on the class path are discovered when the first model from a file is opened.
 */
public final class Engines {
  private static final Logger LOG = LoggerFactory.getLogger(Engines.class);

  private final List<InferenceEngine> builtIn;
  private final ClassLoader classLoader;
  private final Path cacheFolder;
  private final Failures failures;
  private final ReentrantLock finding = new ReentrantLock();
  private @Nullable Services<InferenceEngine> found;

  public Engines(
      List<InferenceEngine> builtIn, ClassLoader classLoader, Path cacheFolder, Failures failures) {
    this.builtIn = builtIn;
    this.classLoader = classLoader;
    this.cacheFolder = cacheFolder;
    this.failures = failures;
  }

  Path cacheFolder() {
    return cacheFolder;
  }

  /**
   * {@return the model of a source, loaded}
   *
   * @throws ServingException if there is no engine for it, or it cannot be loaded
   */
  public RequestModel open(ModelSource source, LoadOptions options) {
    if (source instanceof ModelFiles files) {
      files.checkUnchanged(failures);
    }
    Model model = opened(source, options);
    RequestModel requestModel;
    try {
      requestModel = requestModel(model, source);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
    try {
      if (source instanceof ModelFiles files) {
        files.checkUnchanged(failures);
      }
      return requestModel;
    } catch (RuntimeException | Error e) {
      requestModel.close();
      throw e;
    }
  }

  /**
   * Validates a source, as far as possible without loading it.
   *
   * @return the platform of its engine
   * @throws ServingException if there is no engine for it, or its engine refuses it
   */
  String check(ModelSource source) {
    if (source instanceof ModelFiles) {
      for (InferenceEngine engine : found().found()) {
        if (claims(engine, source)) {
          return check(engine, source);
        }
      }
    }
    for (InferenceEngine engine : builtIn) {
      if (engine.claims(source)) {
        return check(engine, source);
      }
    }
    throw refusal(source);
  }

  private String check(InferenceEngine engine, ModelSource source) {
    try {
      engine.check(source);
      return engine.platform();
    } catch (ServingException | InvalidValueException e) {
      throw e;
    } catch (Exception | LinkageError e) {
      throw failures.failure(
          ErrorKind.INVALID, source + " could not be read: " + Failures.reason(e), e);
    }
  }

  private Model opened(ModelSource source, LoadOptions options) {
    if (source instanceof ModelFiles) {
      for (InferenceEngine engine : found().found()) {
        if (claims(engine, source)) {
          return open(engine, source, options);
        }
      }
    }
    for (InferenceEngine engine : builtIn) {
      if (engine.claims(source)) {
        return builtIn(engine, source, options);
      }
    }
    throw refusal(source);
  }

  /** Whether an engine on the class path claims a model; one that throws must not affect the others. */
  private static boolean claims(InferenceEngine engine, ModelSource source) {
    try {
      return engine.claims(source);
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      LOG.warn(
          "Engine {} failed to check {} and is skipped", engine.getClass().getName(), source, e);
      return false;
    }
  }

  private Model open(InferenceEngine engine, ModelSource source, LoadOptions options) {
    String subject = "engine " + engine.getClass().getName();
    Model model = null;
    try {
      model = engine.open(source, options);
      if (model instanceof TensorModel tensors) {
        return new GuardedTensorModel(tensors, failures);
      }
      if (model instanceof RequestModel requests) {
        return new GuardedRequestModel(requests, failures);
      }
    } catch (ServingException | InvalidValueException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failures.failure(
          ErrorKind.CANCELLED, source + " was not loaded: its thread was interrupted", e);
    } catch (LinkageError e) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          source + " cannot be opened by its " + subject
              + ", which is missing a class or a library (" + Failures.reason(e)
              + "): add what that engine needs to the class path",
          e);
    } catch (Exception | AssertionError | StackOverflowError e) {
      if (model != null) {
        model.close();
      }
      throw failures.failure(
          ErrorKind.INVALID,
          source + " could not be opened by its " + subject + ": " + Failures.reason(e),
          e);
    }
    throw failures.failure(
        ErrorKind.INVALID,
        source + " could not be opened by its " + subject + ", which returned no model");
  }

  private Model builtIn(InferenceEngine engine, ModelSource source, LoadOptions options) {
    try {
      return engine.open(source, options);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Exception e) {
      throw failures.failure(
          ErrorKind.INVALID, source + " could not be read: " + Failures.reason(e), e);
    }
  }

  private ServingException refusal(ModelSource source) {
    if (!(source instanceof ModelFiles files)) {
      return failures.failure(
          ErrorKind.UNSUPPORTED, source + " cannot be run here: no engine runs Java code");
    }
    ServingException refusal = files.refusal(failures);
    found().failures().forEach(refusal::addSuppressed);
    return refusal;
  }

  private RequestModel requestModel(Model model, ModelSource source) {
    if (model instanceof RequestModel requests) {
      return requests;
    }
    TensorModel tensors = (TensorModel) model;
    Optional<TextFiles> files = source instanceof ModelFiles of ? of.texts() : Optional.empty();
    boolean takesTokens =
        tensors.inputs().stream().anyMatch(input -> input.name().equals(TextInput.IDS));
    if (!takesTokens || files.isEmpty()) {
      return new JsonModel(tensors, null, null, failures);
    }
    TextSettings settings = TextSettings.of(files.get(), failures);
    Tokenizer tokenizer = tokenizer(files.get().tokenizer(), settings);
    try {
      return new JsonModel(tensors, tokenizer, settings, failures);
    } catch (RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  private Tokenizer tokenizer(ModelFile file, TextSettings settings) {
    try {
      return DjlTokenizer.open(file, settings, cacheFolder, failures);
    } catch (LinkageError e) {
      String second = Failures.ofOtherLoader(e).orElse(null);
      if (second != null) {
        throw failures.failure(
            ErrorKind.UNSUPPORTED,
            "The tokenizer for " + file + " needs a native library " + second,
            e);
      }
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          e instanceof NoClassDefFoundError && Failures.reason(e).contains("ai/djl")
              ? "A model that takes texts needs a tokenizer for " + file
                  + ", which is not on the class path: add ai.djl.huggingface:tokenizers"
              : "The library of ai.djl.huggingface:tokenizers does not load here ("
                  + Failures.rootReason(e)
                  + "): set -DRUST_LIBRARY_PATH to a library file that does",
          e);
    }
  }

  private Services<InferenceEngine> found() {
    finding.lock();
    try {
      Services<InferenceEngine> engines = found;
      if (engines == null) {
        engines = Services.of(ServiceLoader.load(InferenceEngine.class, classLoader));
        engines
            .failures()
            .forEach(
                e -> LOG.warn("An engine on the class path cannot be created and is skipped", e));
        found = engines;
      }
      return engines;
    } finally {
      finding.unlock();
    }
  }
}
