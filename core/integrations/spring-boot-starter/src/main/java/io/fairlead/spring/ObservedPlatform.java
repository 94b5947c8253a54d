package io.fairlead.spring;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import io.fairlead.platform.Platform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A platform that forwards to another, and times its invocations and operations; requests and answers are in no meter.
 *
 * <p>A proxy, because it has the provider's own interface, too, which the application may ask for.
 */
final class ObservedPlatform implements InvocationHandler {
  private static final String SUCCESS = "success";
  private static final String NONE = "none";

  private final Platform<?> platform;
  private final String name;
  private final Supplier<@Nullable MeterRegistry> registry;

  ObservedPlatform(Platform<?> platform, String name, Supplier<@Nullable MeterRegistry> registry) {
    this.platform = platform;
    this.name = name;
    this.registry = registry;
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    if (method.getDeclaringClass() == Object.class && arguments != null) {
      return proxy == arguments[0];
    }
    boolean isInvocation = Response.class.isAssignableFrom(method.getReturnType());
    if (!isInvocation && !Operation.class.isAssignableFrom(method.getReturnType())) {
      return forwarded(method, arguments);
    }
    MeterRegistry meters = registry.get();
    if (meters == null) {
      return forwarded(method, arguments);
    }
    long start = System.nanoTime();
    return isInvocation
        ? invocation(method, arguments, meters, start)
        : operation(method, arguments, meters, start);
  }

  private @Nullable Object invocation(
      Method method, Object @Nullable [] arguments, MeterRegistry meters, long start)
      throws Throwable {
    try {
      Object answer = forwarded(method, arguments);
      Optional<String> variant =
          answer instanceof Response response ? response.variant() : Optional.empty();
      invoked(arguments, variant, SUCCESS, meters, start);
      return answer;
    } catch (Throwable e) {
      Optional<String> variant =
          e instanceof ServingException failure ? failure.variant() : Optional.empty();
      invoked(arguments, variant, outcome(e), meters, start);
      throw e;
    }
  }

  private void invoked(
      Object @Nullable [] arguments,
      Optional<String> variant,
      String outcome,
      MeterRegistry meters,
      long start) {
    String served = NONE;
    Optional<String> asked = Optional.empty();
    if (arguments != null) {
      for (Object argument : arguments) {
        if (argument instanceof Served value) {
          served = value.name();
        } else if (argument instanceof Request request) {
          asked = request.variant();
        }
      }
    }
    Timer.builder("fairlead.invocations")
        .description("Invocations of models")
        .tag("platform", name)
        .tag("name", served)
        .tag("variant", variant.orElse(asked.orElse(NONE)))
        .tag("outcome", outcome)
        .register(meters)
        .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
  }

  private @Nullable Object operation(
      Method method, Object @Nullable [] arguments, MeterRegistry meters, long start)
      throws Throwable {
    String verb = method.getName().equals("packageModel") ? "package" : method.getName();
    try {
      Object operation = forwarded(method, arguments);
      if (operation instanceof Operation<?> running) {
        Object unused = running
            .toFuture()
            .whenComplete((result, failure) ->
                operated(verb, failure == null ? SUCCESS : outcome(failure), meters, start));
      }
      return operation;
    } catch (Throwable e) {
      operated(verb, outcome(e), meters, start);
      throw e;
    }
  }

  private void operated(String verb, String outcome, MeterRegistry meters, long start) {
    Timer.builder("fairlead.operations")
        .description("Operations on platforms, from their call to their end")
        .tag("platform", name)
        .tag("verb", verb)
        .tag("outcome", outcome)
        .register(meters)
        .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
  }

  private @Nullable Object forwarded(Method method, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(platform, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  private static String outcome(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    ErrorKind kind = ErrorKind.UNKNOWN;
    if (cause instanceof ServingException serving) {
      kind = serving.kind();
    } else if (cause instanceof IllegalArgumentException) {
      kind = ErrorKind.INVALID;
    }
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
