package io.fairlead.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.FunctionPlatform;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A method that is not forwarded would fall back to what the interface does by default. */
class ForwardingPlatformTest {
  private final List<String> called = new ArrayList<>();

  @Test
  void everyMethodOfAnEndpointPlatformIsForwarded() throws ReflectiveOperationException {
    EndpointPlatform forwarding = new ForwardingEndpointPlatform(noting(EndpointPlatform.class)) {};

    assertThat(called(EndpointPlatform.class, forwarding)).isEqualTo(called);
  }

  @Test
  void everyMethodOfAFunctionPlatformIsForwarded() throws ReflectiveOperationException {
    FunctionPlatform forwarding = new ForwardingFunctionPlatform(noting(FunctionPlatform.class)) {};

    assertThat(called(FunctionPlatform.class, forwarding)).isEqualTo(called);
  }

  private <P> P noting(Class<P> type) {
    return type.cast(Proxy.newProxyInstance(
        type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
          called.add(method.getName());
          return null;
        }));
  }

  /** Calls each method once, and tells their names in order. */
  private static <P> List<String> called(Class<P> type, P platform)
      throws ReflectiveOperationException {
    List<String> names = new ArrayList<>();
    for (Method method : type.getMethods()) {
      // What was narrowed is there twice: once as it was before.
      if (!method.isBridge()) {
        Object[] nothing = new Object[method.getParameterCount()];
        Arrays.fill(nothing, null);
        method.invoke(platform, nothing);
        names.add(method.getName());
      }
    }
    assertThat(names).contains("orphans", "preview", "close").hasSizeGreaterThan(10);
    return names;
  }
}
