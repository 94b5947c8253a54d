package io.fairlead.examples;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.ManagedResource;
import io.fairlead.platform.Platforms;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import io.fairlead.spi.PlatformConfig;
import io.fairlead.spi.PlatformProvider;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A platform that requires a region and has an optional fault; otherwise as {@code local}. */
public final class ElsewhereProvider implements PlatformProvider<EndpointPlatform> {
  public ElsewhereProvider() {}

  @Override
  public String id() {
    return "elsewhere";
  }

  @Override
  public Class<EndpointPlatform> type() {
    return EndpointPlatform.class;
  }

  @Override
  public EndpointPlatform open(PlatformConfig config) {
    config.requiredText("region", "where to serve");
    String habit = config.text("habit").orElse("");
    config.done();
    EndpointPlatform local = Platforms.open("local", EndpointPlatform.class);
    return (EndpointPlatform) Proxy.newProxyInstance(
        ElsewhereProvider.class.getClassLoader(),
        new Class<?>[] {EndpointPlatform.class},
        (proxy, method, arguments) -> {
          Object result = call(local, method, habit, arguments);
          return habit.equals("leaves a disk") && method.getName().equals("inventory")
              ? List.of(new ManagedResource("disk", "d-1", Optional.empty(), Instant.EPOCH, true))
              : result;
        });
  }

  private static Object call(
      EndpointPlatform local, Method method, String habit, Object[] arguments) throws Throwable {
    if (arguments != null && arguments.length == 2 && arguments[1] instanceof Request request) {
      if (habit.equals("cannot pin") && request.variant().isPresent()) {
        throw new ServingException("elsewhere", ErrorKind.UNSUPPORTED, "There is no pinning here.");
      }
      if (habit.equals("always blue")) {
        return Response.json("1").servedBy("blue");
      }
    }
    try {
      return method.invoke(local, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
