package io.fairlead.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.error.ErrorKind;
import io.fairlead.error.ServingException;
import io.fairlead.grammar.FunctionLimits;
import io.fairlead.grammar.ModelArtifact;
import io.fairlead.grammar.ModelFunction;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ObservedPlatformTest {
  private static final ModelFunction IRIS = new ModelFunction(
      ModelArtifact.of(URI.create("java:acme.Iris")).named("iris"), FunctionLimits.DEFAULT);

  private final AtomicLong now = new AtomicLong();
  private final List<Object> told = new ArrayList<>();
  private final PlatformListener listener = new PlatformListener() {
    @Override
    public void invoked(Invocation invocation) {
      told.add(invocation);
    }

    @Override
    public void operated(Operated operation) {
      told.add(operation);
    }
  };

  @Test
  void anInvocationIsToldWithItsVariantAndTime() {
    FunctionPlatform platform = observed(() -> {
      now.addAndGet(Duration.ofMillis(7).toNanos());
      return Response.of(new byte[0], "text/plain").servedBy("blue");
    });

    platform.invoke(IRIS, Request.json("[1]"));

    assertThat(told)
        .singleElement()
        .isInstanceOfSatisfying(PlatformListener.Invocation.class, invocation -> {
          assertThat(invocation.platform()).isEqualTo("mine");
          assertThat(invocation.name()).isEqualTo("iris");
          assertThat(invocation.variant()).contains("blue");
          assertThat(invocation.outcome()).isEqualTo("success");
          assertThat(invocation.duration()).isEqualTo(Duration.ofMillis(7));
        });
  }

  @Test
  void aFailureIsToldAndReachesTheCallerUnchanged() {
    ServingException failure =
        new ServingException("stub", ErrorKind.THROTTLED, "Too many.").withVariant("green");
    FunctionPlatform platform = observed(() -> {
      throw failure;
    });

    assertThatThrownBy(() -> platform.invoke(IRIS, Request.json("[1]"))).isSameAs(failure);
    assertThatThrownBy(() -> platform.undeploy(IRIS)).isSameAs(failure);

    assertThat(told).hasSize(2);
    assertThat(((PlatformListener.Invocation) told.get(0)).variant()).contains("green");
    assertThat(((PlatformListener.Invocation) told.get(0)).outcome()).isEqualTo("throttled");
    assertThat(((PlatformListener.Operated) told.get(1)).verb()).isEqualTo("undeploy");
    assertThat(((PlatformListener.Operated) told.get(1)).outcome()).isEqualTo("throttled");
  }

  @Test
  void whatAListenerThrowsLosesNoAnswer() {
    FunctionPlatform platform = Platforms.observed(
        stub(() -> Response.of(new byte[] {1}, "text/plain")),
        "mine",
        new PlatformListener() {
          @Override
          public void invoked(Invocation invocation) {
            throw new IllegalStateException("the registry is full");
          }
        },
        FunctionPlatform.class);

    assertThat(platform.invoke(IRIS, Request.json("[1]")).body()).containsExactly(1);
  }

  @Test
  void whatIsNoInvocationAndNoOperationIsNotTold() {
    FunctionPlatform platform = observed(List::of);

    assertThat(platform.list(Duration.ofSeconds(1))).isEmpty();
    assertThat(platform.equals(observed(List::of))).isFalse();
    assertThat(told).isEmpty();
  }

  private FunctionPlatform observed(Supplier<Object> answer) {
    return (FunctionPlatform) ObservedPlatform.of(stub(answer), "mine", listener, now::get);
  }

  private static FunctionPlatform stub(Supplier<Object> answer) {
    return (FunctionPlatform) Proxy.newProxyInstance(
        FunctionPlatform.class.getClassLoader(),
        new Class<?>[] {FunctionPlatform.class},
        (proxy, method, arguments) -> answer.get());
  }
}
