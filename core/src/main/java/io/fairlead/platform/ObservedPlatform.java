package io.fairlead.platform;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Served;
import io.fairlead.operation.Operation;
import io.fairlead.platform.PlatformListener.Invocation;
import io.fairlead.platform.PlatformListener.Operated;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A platform that forwards to another, and tells a listener of its invocations and operations.
 *
 * <p>A proxy, because it has the provider's own interface, too, which the caller may ask for.
 */
final class ObservedPlatform implements InvocationHandler {
  private final Platform<?> platform;
  private final String name;
  private final PlatformListener listener;
  private final LongSupplier nanoTime;

  private ObservedPlatform(
      Platform<?> platform, String name, PlatformListener listener, LongSupplier nanoTime) {
    this.platform = platform;
    this.name = name;
    this.listener = listener;
    this.nanoTime = nanoTime;
  }

  static Platform<?> of(
      Platform<?> platform, String name, PlatformListener listener, LongSupplier nanoTime) {
    Set<Class<?>> interfaces = new LinkedHashSet<>();
    for (Class<?> type = platform.getClass(); type != null; type = type.getSuperclass()) {
      Arrays.stream(type.getInterfaces())
          .filter(each -> Modifier.isPublic(each.getModifiers()))
          .forEach(interfaces::add);
    }
    return (Platform<?>) Proxy.newProxyInstance(
        platform.getClass().getClassLoader(),
        interfaces.toArray(Class<?>[]::new),
        new ObservedPlatform(platform, name, listener, nanoTime));
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    if (method.getName().equals("equals") && method.getDeclaringClass() == Object.class) {
      return arguments != null && proxy == arguments[0];
    }
    if (Response.class.isAssignableFrom(method.getReturnType())) {
      return invocation(method, arguments, nanoTime.getAsLong());
    }
    return Operation.class.isAssignableFrom(method.getReturnType())
        ? operation(method, arguments, nanoTime.getAsLong())
        : forwarded(method, arguments);
  }

  private @Nullable Object invocation(Method method, Object @Nullable [] arguments, long start)
      throws Throwable {
    try {
      Object answer = forwarded(method, arguments);
      Optional<String> variant =
          answer instanceof Response response ? response.variant() : Optional.empty();
      invoked(method, arguments, variant, Optional.empty(), start);
      return answer;
    } catch (Throwable e) {
      Optional<String> variant =
          e instanceof ServingException failure ? failure.variant() : Optional.empty();
      invoked(method, arguments, variant, Optional.of(kind(e)), start);
      throw e;
    }
  }

  private void invoked(
      Method method,
      Object @Nullable [] arguments,
      Optional<String> variant,
      Optional<ErrorKind> failure,
      long start) {
    String served = "";
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
    Optional<String> whose = asked;
    Invocation invocation = new Invocation(
        name,
        served,
        variant.or(() -> whose),
        method.getName().equals("invokeStreaming"),
        failure,
        since(start));
    told(() -> listener.invoked(invocation));
  }

  private @Nullable Object operation(Method method, Object @Nullable [] arguments, long start)
      throws Throwable {
    String verb = method.getName().equals("packageModel") ? "package" : method.getName();
    try {
      Object operation = forwarded(method, arguments);
      if (operation instanceof Operation<?> running) {
        Object unused = running
            .toFuture()
            .whenComplete((result, failure) -> operated(
                verb, failure == null ? Optional.empty() : Optional.of(kind(failure)), start));
      }
      return operation;
    } catch (Throwable e) {
      operated(verb, Optional.of(kind(e)), start);
      throw e;
    }
  }

  private void operated(String verb, Optional<ErrorKind> failure, long start) {
    Operated operated = new Operated(name, verb, failure, since(start));
    told(() -> listener.operated(operated));
  }

  private static void told(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      // A metric that cannot be written is no reason to lose an answer.
    }
  }

  private Duration since(long start) {
    return Duration.ofNanos(nanoTime.getAsLong() - start);
  }

  private @Nullable Object forwarded(Method method, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(platform, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  private static ErrorKind kind(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    if (cause instanceof ServingException serving) {
      return serving.kind();
    }
    return cause instanceof IllegalArgumentException ? ErrorKind.INVALID : ErrorKind.UNKNOWN;
  }
}
