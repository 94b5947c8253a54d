package io.fairlead.platform;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.Endpoint;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.Routing;
import io.fairlead.grammar.Served;
import io.fairlead.grammar.Version;
import io.fairlead.operation.Operation;
import io.fairlead.platform.PlatformListener.Call;
import io.fairlead.platform.PlatformListener.Ended;
import io.fairlead.platform.PlatformListener.Running;
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
      return invocation(method, arguments, begun(method, arguments));
    }
    return Operation.class.isAssignableFrom(method.getReturnType())
        ? operation(method, arguments, begun(method, arguments))
        : forwarded(method, arguments);
  }

  /** What was called, who is told, and since when. */
  private record Begun(Call call, Running running, long start) {}

  private Begun begun(Method method, Object @Nullable [] arguments) {
    Call call = call(method, arguments == null ? new Object[0] : arguments);
    Running running = Running.IGNORED;
    try {
      running = listener.started(call);
    } catch (RuntimeException e) {
      // As in told.
    }
    return new Begun(call, running, nanoTime.getAsLong());
  }

  private Call call(Method method, Object[] arguments) {
    String served = "";
    Optional<String> variant = Optional.empty();
    Optional<String> asked = Optional.empty();
    for (Object argument : arguments) {
      Routing routing = routing(argument);
      if (argument instanceof Request request) {
        asked = request.variant();
      } else if (routing != null) {
        served = routing.name();
        variant = Optional.of(routing.variant());
      } else if (served.isEmpty()) {
        served = name(method, argument);
      }
    }
    String verb = isInvocation(method)
        ? "invoke"
        : method.getName().equals("packageModel") ? "package" : method.getName();
    // Which variant answers is the platform's to say, unless the request is pinned.
    return new Call(
        name,
        verb,
        served,
        isInvocation(method) ? asked : variant,
        method.getName().equals("invokeStreaming"));
  }

  private static boolean isInvocation(Method method) {
    return Response.class.isAssignableFrom(method.getReturnType());
  }

  private static @Nullable Routing routing(Object argument) {
    if (argument instanceof Routing routing) {
      return routing;
    }
    if (argument instanceof Version version) {
      return version.endpoint().routing();
    }
    return argument instanceof Endpoint endpoint ? endpoint.routing() : null;
  }

  private static String name(Method method, Object argument) {
    if (argument instanceof Served value) {
      return value.name();
    }
    if (argument instanceof ModelArtifact artifact) {
      return artifact.metadata().name().orElse("");
    }
    return argument instanceof String text && method.getName().equals("undeployAll") ? text : "";
  }

  private @Nullable Object invocation(Method method, Object @Nullable [] arguments, Begun begun)
      throws Throwable {
    try {
      Object answer = forwarded(method, arguments);
      Optional<String> variant =
          answer instanceof Response response ? response.variant() : Optional.empty();
      told(begun.running::returned);
      ended(begun, variant, Optional.empty());
      return answer;
    } catch (Throwable e) {
      Optional<String> variant =
          e instanceof ServingException failure ? failure.variant() : Optional.empty();
      told(begun.running::returned);
      ended(begun, variant, Optional.of(kind(e)));
      throw e;
    }
  }

  private @Nullable Object operation(Method method, Object @Nullable [] arguments, Begun begun)
      throws Throwable {
    try {
      Object operation = forwarded(method, arguments);
      told(begun.running::returned);
      if (operation instanceof Operation<?> running) {
        Object unused = running
            .toFuture()
            .whenComplete((result, failure) -> ended(
                begun,
                Optional.empty(),
                failure == null ? Optional.empty() : Optional.of(kind(failure))));
      }
      return operation;
    } catch (Throwable e) {
      told(begun.running::returned);
      ended(begun, Optional.empty(), Optional.of(kind(e)));
      throw e;
    }
  }

  private void ended(Begun begun, Optional<String> answering, Optional<ErrorKind> failure) {
    Duration duration = Duration.ofNanos(nanoTime.getAsLong() - begun.start);
    Ended end = new Ended(answering.or(begun.call::variant), failure, duration);
    told(() -> begun.running.ended(end));
  }

  private static void told(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      // A metric that cannot be written is no reason to lose an answer.
    }
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
