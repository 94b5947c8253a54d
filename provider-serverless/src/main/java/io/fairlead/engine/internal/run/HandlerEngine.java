package io.fairlead.engine.internal.run;

import io.fairlead.engine.InferenceEngine;
import io.fairlead.engine.LoadOptions;
import io.fairlead.engine.ModelHandler;
import io.fairlead.engine.ModelSource;
import io.fairlead.engine.RequestModel;
import io.fairlead.engine.internal.source.HandlerSource;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The engine for models that are Java code; they choose their threads themselves. */
public final class HandlerEngine implements InferenceEngine {
  private final Map<String, ModelHandler> functions;
  private final ClassLoader classLoader;
  private final Failures failures;

  public HandlerEngine(
      Map<String, ModelHandler> functions, ClassLoader classLoader, Failures failures) {
    this.functions = functions;
    this.classLoader = classLoader;
    this.failures = failures;
  }

  @Override
  public String platform() {
    return "java_function";
  }

  @Override
  public boolean claims(ModelSource source) {
    return source instanceof HandlerSource;
  }

  @Override
  public void check(ModelSource source) {
    if (!functions.containsKey(source.name())) {
      constructor(source.name());
    }
  }

  @Override
  public RequestModel open(ModelSource source, LoadOptions options) {
    String name = source.name();
    if (options.maxBatch() > 1) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          "'java:" + name
              + "' is Java code, which takes one request at a time: load it with a maxBatch of 1, which is the"
              + " default");
    }
    if (!options.executionProviders().isEmpty() || !options.sessionSettings().isEmpty()) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          "'java:" + name
              + "' is Java code, and execution providers and session settings are for ONNX models: load it without"
              + " them");
    }
    ModelHandler function = functions.get(name);
    return function != null
        ? new HandlerModel(function, false, failures)
        : new HandlerModel(make(name), true, failures);
  }

  /** {@return the constructor of the class of that name} */
  private Constructor<?> constructor(String name) {
    Class<?> type = find(name);
    if (!ModelHandler.class.isAssignableFrom(type)) {
      throw failures.failure(
          ErrorKind.INVALID,
          "'java:" + name + "' names class " + type.getName() + ", which is no "
              + ModelHandler.class.getName() + ": implement that interface");
    }
    Constructor<?> constructor = constructor(type);
    if (constructor == null || type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
      throw failures.failure(
          ErrorKind.INVALID,
          "'java:" + name + "' names class " + type.getName()
              + ", which cannot be made: it has to be a public class, not abstract, with a public constructor without"
              + " parameters, or register an object of it as a function");
    }
    return constructor;
  }

  private ModelHandler make(String name) {
    Constructor<?> constructor = constructor(name);
    try {
      return (ModelHandler) constructor.newInstance();
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw failures.failure(
          ErrorKind.MODEL_FAILED,
          "'java:" + name + "' did not start, because its constructor failed: "
              + Failures.reason(cause),
          cause);
    } catch (ReflectiveOperationException | LinkageError e) {
      throw failures.failure(
          ErrorKind.MODEL_FAILED, "'java:" + name + "' did not start: " + Failures.reason(e), e);
    }
  }

  private Class<?> find(String name) {
    try {
      return Class.forName(name, false, classLoader);
    } catch (ClassNotFoundException e) {
      throw failures.failure(
          ErrorKind.NOT_FOUND,
          "'java:" + name + "' is neither a registered function ("
              + (functions.isEmpty()
                  ? "there are none"
                  : String.join(", ", new TreeSet<>(functions.keySet())))
              + ") nor a class on the class path: register it, or write the class's full name",
          e);
    } catch (LinkageError e) {
      throw failures.failure(
          ErrorKind.MODEL_FAILED,
          "'java:" + name + "' could not be loaded as a class: " + Failures.reason(e),
          e);
    }
  }

  private static @Nullable Constructor<?> constructor(Class<?> type) {
    try {
      return Modifier.isPublic(type.getModifiers()) ? type.getConstructor() : null;
    } catch (NoSuchMethodException e) {
      return null;
    }
  }
}
